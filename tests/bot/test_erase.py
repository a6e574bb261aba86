"""`coupon-bot erase`: no byte of the openid is left, what was proved stays, nothing open is touched."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from coupons.events import Tag
from coupons.forgetting import Forgetter
from coupons.lifecycle import move
from coupons.masking import keepable, masked
from coupons.model import State
from coupons.ports import Transaction
from coupons.recording import Event
from handlers.bulk.bulk_file import BadLine, Wrong
from handlers.bulk.file_json import left_out
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import sure
from tests.coupons.batch_office import BatchOffice, lines, openid
from tests.storage.records import DAY, NOW, OPENID, Time, a_click, approve, create, open_ledger, rows, send

OTHER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS99"


def typed(*words: object, pasted: str | None = None) -> Result:
    result = CliRunner().invoke(cli, ["erase", *map(str, words)], input=pasted, prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


async def fill(ledger: SqliteLedger) -> None:
    """#1 sent and #2 withdrawn, of one customer; #3 pending, of another."""
    body = b'{"openid":"' + OPENID.encode() + b'"}'
    await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "cb1", body=body))))
    withdrawn = await ledger.write(lambda tx: create(tx, "cb2", body=body))
    await ledger.write(lambda tx: tx.add_click(a_click(request_id=withdrawn.id, reason=f"{OPENID} again")))

    def cancel(tx: Transaction) -> None:
        tx.append(Event(Tag.REQUEST_CANCELLED, "U0LI", withdrawn.id))
        tx.save(withdrawn, move(withdrawn, State.CANCELLED, now=NOW, closed_by="U0LI"))

    await ledger.write(cancel)
    await ledger.write(lambda tx: create(tx, "cb3", openid=OTHER))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"

    async def live() -> None:
        ledger = open_ledger(path)
        await fill(ledger)
        await ledger.close()

    asyncio.run(live())
    return path


def bytes_on_disk(database: Path) -> bytes:
    return b"".join(file.read_bytes() for file in database.parent.glob("coupon.db*"))


def test_no_byte_of_the_openid_is_left_and_the_log_is_whole(database: Path) -> None:
    assert OPENID.encode() in bytes_on_disk(database)
    events = rows(database, "select seq, body, prev, hash from event order by seq")
    result = typed(OPENID, "--database", database, "--yes")
    assert result.exit_code == 0, result.output
    assert "customer 1 is forgotten; 2 requests" in result.stdout
    assert OPENID not in result.output
    assert OPENID.encode() not in bytes_on_disk(database)
    # The other customer is still known.
    assert OTHER.encode() in bytes_on_disk(database)
    assert rows(database, "select openid from customer order by id") == [("erased:1",), (OTHER,)]
    assert rows(database, "select seq, body, prev, hash from event order by seq")[:-1] == events
    [(tag, body)] = rows(database, "select tag, body from event order by seq desc limit 1")
    detail = json.loads(body)["detail"]
    assert (tag, detail["customer"], detail["requests"], detail["where"]) == (
        Tag.CUSTOMER_ERASED,
        1,
        2,
        "command line",
    )
    assert verify(database).rows == len(events) + 1
    again = typed(OPENID, "--database", database, "--yes")
    assert again.exit_code == 1
    assert "no customer has the openid" in again.stderr


async def test_it_works_while_the_bot_runs_and_the_same_openid_can_come_back(database: Path) -> None:
    ledger = open_ledger(database)
    result = await asyncio.to_thread(typed, OPENID, "--database", database, "--yes")
    assert result.exit_code == 0, result.output
    assert (await ledger.read(lambda rows: rows.request(1))).openid == "erased:1"  # type: ignore[union-attr]  # seeded
    back = await ledger.write(lambda tx: create(tx, "cb9"))
    # Another customer from now on: nothing ties the two together.
    assert back.customer != 1
    assert await ledger.read(lambda rows: rows.history_of_customer(OPENID)) is not None
    await ledger.close()
    assert verify(database).rows > 0


def test_what_is_still_open_is_named_and_nothing_is_changed(database: Path) -> None:
    before = rows(database, "select * from customer"), rows(database, "select count(*) from event")
    result = typed(OTHER, "--database", database, "--yes")
    assert result.exit_code == 2
    assert "open requests: #3" in result.stderr
    assert (rows(database, "select * from customer"), rows(database, "select count(*) from event")) == before


def test_it_asks_first_and_the_openid_may_come_from_standard_input(database: Path) -> None:
    refused = typed(OPENID, "--database", database, pasted="n\n")
    assert refused.exit_code == 1
    assert rows(database, "select openid from customer where id = 1") == [(OPENID,)]
    assert masked(OPENID) in refused.stderr
    assert typed("-", "--database", database, "--yes", pasted=f"{OPENID}\n").exit_code == 0


@pytest.mark.parametrize("openid", ["erased:1", "nobody-has-this-openid"])
def test_who_is_not_known_is_told_with_status_1(database: Path, openid: str) -> None:
    assert typed(openid, "--database", database, "--yes").exit_code == 1


@pytest.mark.parametrize(("days_later", "forgotten"), [(29, []), (31, [1])])
async def test_retention_forgets_who_has_nothing_new_and_nothing_open(
    tmp_path: Path, days_later: int, forgotten: list[int]
) -> None:
    clock = Time()
    ledger = open_ledger(tmp_path / "coupon.db", clock)
    await fill(ledger)
    clock.now = NOW + days_later * DAY
    troubles: list[BaseException] = []
    forgetter = Forgetter(ledger=ledger, days=30, clock=sure(clock), on_trouble=troubles.append)
    assert await forgetter._forget(30) is False
    # A second look finds nothing more to do.
    assert await forgetter._forget(30) is False
    details = [
        json.loads(body)["detail"]
        for (body,) in rows(tmp_path / "coupon.db", "select body from event where tag = 'customer:erased'")
    ]
    assert [(each["customer"], each["why"], each["days"]) for each in details] == [
        (customer, "retention", 30) for customer in forgotten
    ]
    await ledger.close()
    assert troubles == []
    assert verify(tmp_path / "coupon.db").rows > 0


async def test_without_the_setting_the_loop_waits_and_ends_when_told(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "coupon.db")
    forgetter = Forgetter(ledger=ledger, days=None, clock=sure(Time()), on_trouble=print)
    running = asyncio.create_task(forgetter.run())
    await asyncio.sleep(0)
    assert not running.done()
    forgetter.stop()
    await running
    await ledger.close()


@pytest.mark.parametrize(
    ("typed_", "kept"),
    [
        (f"sent to {OPENID}, twice", "sent to oU…jWeS6o, twice"),
        (f"should have been {OTHER}.", "should have been oU…jWeS99."),
        ("no openid here: original-packaging-was-open", "no openid here: original-packaging-was-open"),
        ("openid short_one_16_char", "openid sh…6_char"),
    ],
)
def test_no_openid_is_kept_in_a_persons_own_words(typed_: str, kept: str) -> None:
    assert keepable(typed_, "short_one_16_char" if "short" in typed_ else OPENID) == kept


async def test_who_stands_in_a_file_alone_is_forgotten_too(tmp_path: Path) -> None:
    """Nobody has asked for anything for them yet: they have no number."""
    office = BatchOffice(tmp_path / "coupon.db")
    [bad] = left_out([BadLine(row=9, wrong=Wrong.UNKNOWN_STOCK, column="B", read="x")])
    bad = replace(bad, read=f"{openid(3)} late-10", facts=f'[{{"read": "{openid(3)}"}}]')
    await office.draft([*lines(2), replace(lines(1)[0], row=8, reason=f"as {openid(3)}")], [bad])
    await office.ledger.close()
    result = await asyncio.to_thread(typed, openid(3), "--database", office.path, "--yes")
    assert result.exit_code == 0, result.output
    assert "of the lines of files 3 named it" in result.stdout
    assert openid(3).encode() not in bytes_on_disk(office.path)
    assert rows(office.path, "select row, problem from batch_line where openid = '' order by row") == [
        (3, "erased"),
        (9, "unknown_stock"),
    ]
    again = await asyncio.to_thread(typed, openid(3), "--database", office.path, "--yes")
    assert (again.exit_code, "nothing was changed" in again.stderr) == (1, True)
