from __future__ import annotations

from pathlib import Path

from coupons.events import Tag
from coupons.model import Click, ClickAction
from coupons.recording import Event
from storage.ledger import SqliteLedger
from tests.storage.records import DAY, NOW, Time, a_click, open_ledger, rows


async def test_a_delivery_repeated_by_slack_is_one_click(ledger: SqliteLedger) -> None:
    assert await ledger.write(lambda tx: tx.add_click(a_click("same"))) is True
    assert await ledger.write(lambda tx: tx.add_click(a_click("same", person="U0ELSE"))) is False
    [click] = await ledger.read(lambda rows: rows.open_clicks(9))
    assert click == Click(
        id=1,
        action=ClickAction.APPROVE,
        request_id=1,
        person="U0WANG",
        team="T0SHOP",
        channel="C0APPROVE",
        reason="",
        at=NOW,
    )


async def test_a_delivery_repeated_after_its_decision_is_not_decided_again(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: tx.add_click(a_click("same")))
    assert await ledger.write(lambda tx: tx.close_click(1)) is True
    assert await ledger.write(lambda tx: tx.close_click(1)) is False
    assert await ledger.write(lambda tx: tx.add_click(a_click("same"))) is False
    assert await ledger.read(lambda rows: rows.open_clicks(9)) == []


async def test_clicks_are_decided_in_the_order_they_came(ledger: SqliteLedger) -> None:
    for person in ("U3", "U1", "U2"):
        await ledger.write(lambda tx, p=person: tx.add_click(a_click(p, person=p)))
    assert [click.person for click in await ledger.read(lambda rows: rows.open_clicks(2))] == ["U3", "U1"]


async def test_a_start_forgets_decided_clicks_after_a_day_and_open_ones_never(
    path: Path, clock: Time
) -> None:
    ledger = open_ledger(path, clock)
    await ledger.write(lambda tx: [tx.add_click(a_click(key)) for key in ("decided", "open")])
    await ledger.write(lambda tx: tx.close_click(1))
    await ledger.close()

    async def left(at: int, log_at: int | None = None) -> list[str]:
        clock.now = at if log_at is None else log_at
        again = open_ledger(path, clock)
        await again.write(lambda tx: tx.append(Event(Tag.BOT_STOPPED, "system")))
        await again.close()
        clock.now = at
        await open_ledger(path, clock).close()
        return [key for (key,) in rows(path, "select key from click order by id")]

    assert await left(NOW + DAY) == ["decided", "open"]
    # A clock that is ahead of all that the log knows says nothing.
    assert await left(NOW + 1000 * DAY, log_at=NOW + DAY) == ["decided", "open"]
    assert await left(NOW + DAY + 1) == ["open"]
    assert await left(NOW + 1000 * DAY) == ["open"]
