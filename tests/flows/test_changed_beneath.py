"""Somebody changes the file beneath the bot: a coupon goes to nobody but the one it was asked for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from storage.proof.verify import verify
from tests.storage.records import broken, connect
from tests.world import OPENID, World, until, world

THIEF = "oThief0000000000000000000000"


def redirect(shop: World, number: int, before: str = OPENID, after: str = THIEF) -> None:
    connection = connect(shop.folder / "coupon.db")
    connection.execute(
        "update request set body = cast(replace(cast(body as text), ?, ?) as blob) where id = ?",
        (before, after, number),
    )
    connection.close()


async def test_bytes_that_were_changed_while_it_waited_are_never_sent(shop: World) -> None:
    number = await shop.ask()
    redirect(shop, number)
    await shop.approve(number)
    await shop.state(number, "held")
    assert shop.wechatpay.ledger.coupons == []
    assert [tag for tag in shop.tags(number) if tag.startswith("attempt:")] == []
    await shop.reply(number, "Somebody changed this request in the database")
    # To retry it changes nothing: it is held again, and nothing goes out.
    await shop.send(f"retry {number}", "U0WANG")
    await until(lambda: shop.tags(number).count("request:held") == 2 or None)
    assert shop.wechatpay.ledger.coupons == []
    await shop.stop()
    assert broken(shop.folder / "coupon.db", thorough=True) == (
        "body",
        f"request #{number} holds other bytes than its events tell of",
    )
    redirect(shop, number, THIEF, OPENID)


async def test_put_back_it_is_sent_under_its_number(shop: World) -> None:
    number = await shop.ask()
    redirect(shop, number)
    await shop.approve(number)
    await shop.state(number, "held")
    redirect(shop, number, THIEF, OPENID)
    await shop.send(f"retry {number}", "U0WANG")
    await shop.state(number, "sent")
    [coupon] = shop.wechatpay.ledger.coupons
    assert coupon.openid == OPENID
    await shop.stop()
    verify(shop.folder / "coupon.db", thorough=True)


#: What somebody with the file may write to have a coupon given.
CLAIMS = {
    "approved": "update request set state = 'approved', due_at = 0 where id = ?",
    "with an approval beside it": (
        "insert into approval (request_id, approver, at) values (1, 'U0WANG', 1);"
        "update request set state = 'approved', due_at = 0 where id = ?"
    ),
    "none needed": "update request set state = 'approved', approvals_needed = 0, due_at = 0 where id = ?",
    "in doubt": (
        "update request set state = 'unknown', due_at = 0, open_attempts = 1, attempts = 1 where id = ?"
    ),
    "on the wire": "update request set state = 'sending', running = 1, attempts = 1, due_at = 0 where id = ?",
}


def claim(forged: World, number: int, statements: str) -> None:
    connection = connect(forged.folder / "coupon.db")
    for statement in statements.split(";"):
        connection.execute(statement, (number,) if "?" in statement else ())
    connection.close()


@pytest.fixture
async def forged(tmp_path: Path) -> AsyncGenerator[World]:
    """Nobody expects the log to hold at its end."""
    async with world(tmp_path) as here:
        yield here


@pytest.mark.parametrize("name", CLAIMS)
async def test_a_row_that_claims_an_approval_gives_no_coupon(forged: World, name: str) -> None:
    number = await forged.ask()
    claim(forged, number, CLAIMS[name])
    # The loop looks at its rows at each commit.
    other = await forged.ask("sorry-50")
    await forged.state(number, "held")
    assert forged.wechatpay.ledger.coupons == []
    assert [tag for tag in forged.tags(number) if tag == "attempt:started"] == []
    [held] = [event for event in forged.events(number) if event["tag"] == "request:held"]
    assert held["detail"]["code"] == "NOT_APPROVED"
    await forged.reply(number, "its events show no such approval")
    await forged.send(f"retry {number}", "U0WANG")
    await until(lambda: forged.tags(number).count("request:held") == 2 or None)
    assert forged.wechatpay.ledger.coupons == []
    # Others go on.
    for who in ("U0WANG", "U0ZHAO"):
        await forged.approve(other, who)
    await forged.state(other, "sent")
    await forged.stop()
    # And `audit verify` says so.
    assert broken(forged.folder / "coupon.db") is not None


async def test_one_approval_of_two_that_are_needed_is_not_enough(forged: World) -> None:
    number = await forged.ask("sorry-50")
    await forged.approve(number)
    await until(lambda: "approval:given" in forged.tags(number) or None)
    claim(
        forged, number, "update request set state = 'approved', approvals_needed = 1, due_at = 0 where id = ?"
    )
    await forged.ask()
    await forged.state(number, "held")
    assert forged.wechatpay.ledger.coupons == []


async def test_what_was_declined_or_withdrawn_is_not_sent_by_a_row_that_says_so(forged: World) -> None:
    declined, cancelled = await forged.ask(), await forged.ask()
    await forged.decline(declined, "on time")
    await forged.send(f"cancel {cancelled}")
    for number, state in ((declined, "declined"), (cancelled, "cancelled")):
        await forged.state(number, state)
        claim(
            forged, number, "update request set state = 'approved', due_at = 0, closed_at = null where id = ?"
        )
    await forged.ask()
    for number in (declined, cancelled):
        await forged.state(number, "held")
    assert forged.wechatpay.ledger.coupons == []
