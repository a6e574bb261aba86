"""What became of a coupon: WeChat Pay's word alone, how old it is, and nobody waits for it."""

from __future__ import annotations

from pathlib import Path

from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import CouponState, Endpoint
from tests.world import COUPON_TOML, OPENID, World, until, world

USED = "The customer used the coupon <!date^"
USABLE = "The customer has not used the coupon yet, and can until <!date^"


async def sent(shop: World, openid: str = OPENID) -> int:
    number = await shop.ask(openid=openid)
    await shop.approve(number)
    await shop.state(number, "sent")
    return number


def known(shop: World, number: int) -> str:
    rows = shop.rows("select state from coupon_state where request_id = :id", id=number)
    return rows[0]["state"] if rows else "never asked"


async def answered(shop: World, who: str, words: str) -> str:
    """Whispered, or where the bot is not in the channel of the command, in a direct message."""
    return await until(
        lambda: next(
            (
                each.words()
                for each in [*shop.slack.dms(who), *shop.slack.ephemerals(who)]
                if words in each.words() and each.source != "ack"
            ),
            None,
        )
    )


async def click(shop: World, number: int, who: str) -> None:
    card = await shop.card(number)
    await shop.slack.person(who).click(card.channel, card.ts, "look_up_coupon")


async def test_what_became_of_it_is_answered_from_the_row_first_and_then_by_wechat_pay(shop: World) -> None:
    number = await sent(shop)
    await click(shop, number, "U0LI")
    assert USABLE in await shop.whisper("U0LI", f"*#{number}*")
    await shop.quiet()
    assert USABLE in (await shop.card(number)).words()
    shop.wechatpay.mark(shop.wechatpay.ledger.coupons[0], CouponState.USED)
    answer = await shop.send(f"status {number}")
    assert USABLE in answer.text
    assert "WeChat Pay is being asked now; its answer follows." in answer.text
    assert USED in await answered(shop, "U0LI", USED)
    await shop.quiet()
    assert USED in (await shop.card(number)).words()
    # A customer's: the newest of each, in one answer, to whoever may see it.
    answer = await shop.send(f"customer {OPENID}", "U0WANG")
    assert USED in answer.text
    assert USED in await answered(shop, "U0WANG", USED)
    # What nobody vouches for is not believed, and what was known before stays, with its age.
    for kind in (FaultKind.BAD_SIGNATURE, FaultKind.SYSTEM_ERROR_500, FaultKind.CUT_BEFORE):
        shop.wechatpay.faults.clear()
        shop.wechatpay.faults.rate(Fault(kind), 1.0, endpoint=Endpoint.COUPON)
        before = len(shop.tags(number))
        await click(shop, number, "U0LI")
        await until(lambda n=before: len(shop.tags(number)) > n or None)  # type: ignore[misc]  # bound now
        assert shop.tags(number)[-1] == "coupon:viewed"
        assert shop.events(number)[-1]["detail"]["failed"] == [number]
    assert "Not known whether that has changed" in await shop.whisper("U0LI", "Not known whether")
    assert known(shop, number) == "USED"
    changes = [each["detail"] for each in shop.events(number) if each["tag"] == "coupon:changed"]
    assert [(each["before"], each["state"]) for each in changes] == [("", "SENDED"), ("SENDED", "USED")]
    shop.audit_holds()


async def test_a_slow_answer_keeps_nobody_waiting_and_the_question_outlives_the_bot(shop: World) -> None:
    number = await sent(shop)
    shop.wechatpay.faults.queue(Fault(FaultKind.SLOW, seconds=20.0), times=9, endpoint=Endpoint.COUPON)
    for _ in range(9):
        answer = await shop.send(f"status {number}")
        assert "Not known: WeChat Pay was not asked yet what became of the coupon." in answer.text
    # More questions than are ever on the wire: approvals and sends go on beside them.
    other = await sent(shop, "oUpF8uMuAJO_M2pxb1Q9zNjWeS9x")
    assert "coupon:viewed" not in shop.tags(number)
    assert shop.rows("select count(*) as n from click where done = 0") == [{"n": 9}]
    shop.wechatpay.faults.clear()
    await click(shop, other, "U0WANG")
    assert known(shop, other) == "never asked"


async def test_once_a_day_by_itself_where_it_is_wanted_and_nobody_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "coupon.toml").write_text(COUPON_TOML + "\n[coupon_states]\ndaily = true\n")
    async with world(tmp_path) as shop:
        number = await sent(shop)
        await shop.stop()
        await shop.start()
        await until(lambda: known(shop, number) == "SENDED" or None)
        assert shop.tags(number)[-1] == "coupon:changed"
        for who, words in (("U0FIN", "Only people who may ask"), ("U0GUEST", "guest")):
            await click(shop, number, who)
            assert words in await shop.whisper(who, words)
        assert "coupon:viewed" not in shop.tags(number)
