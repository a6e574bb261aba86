"""Somebody changes the file beneath the bot: a coupon goes to nobody but the one it was asked for."""

from __future__ import annotations

from storage.proof import verify
from tests.storage.records import broken, connect
from tests.world import OPENID, World, until

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
    await shop.told(number, "Somebody changed this request in the database")
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
