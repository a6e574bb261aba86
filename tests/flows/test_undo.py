"""A sent coupon is taken back: asked for, approved by somebody else, said when WeChat Pay has said it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bot.clock import utc_ms
from coupons.auditing import story_of
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import CouponState, Endpoint
from storage.database import open_for_reading
from storage.report import month
from storage.store import Store
from tests.flows import batches
from tests.world import COUPON_TOML, OPENID, World, until, world


async def sent(shop: World, **asked: str) -> int:
    number = await shop.ask(**asked)
    await shop.approve(number)
    await shop.state(number, "sent")
    return number


async def undo(shop: World, number: int, reason: str = "wrong customer", who: str = "U0SUN") -> int:
    """The number of the undo, its card standing."""
    newest = shop.newest()
    await shop.send(f"undo {number} {reason}", who)
    made = await until(lambda: shop.newest() if shop.newest() > newest else None)
    assert (shop.row(made) or {})["undoes"] == number
    await shop.card(made)
    return made


def coupon_state(shop: World, number: int) -> CouponState:
    code = (shop.row(number) or {})["coupon_code"]
    [coupon] = [each for each in shop.wechatpay.ledger.coupons if each.coupon_code == code]
    return shop.wechatpay.state_of(coupon)


def deactivations(shop: World) -> list[bytes]:
    return [each.body for each in shop.wechatpay.ledger.requests if each.endpoint is Endpoint.DEACTIVATE]


async def test_it_is_asked_for_approved_by_another_taken_back_and_told_on_both_cards(shop: World) -> None:
    first = await sent(shop)
    second = await undo(shop, first)
    row = shop.row(second)
    assert row is not None
    assert row["out_request_no"] == f"{(shop.row(first) or {})['out_request_no']}-d"
    await shop.quiet()
    assert "asks to take this coupon back" in (await shop.card(first)).words()
    assert deactivations(shop) == []
    await shop.approve(second)
    await shop.state(second, "undone")
    assert coupon_state(shop, first) is CouponState.DEACTIVATED
    assert (shop.row(first) or {})["undone_by"] == second
    for number in (first, second):
        card = await shop.card(number)
        assert card.words().startswith("Taken back")
    assert any("is taken back" in reply for reply in shop.thread(first))
    with Store(shop.folder / "coupon.db", clock=utc_ms).read() as rows:
        story = story_of(rows, request_id=first)
    assert story is not None
    assert {"undo:created", "undo:done"} <= {event.tag for event in story.events}
    assert shop.tags(second)[0] == "undo:created"
    assert shop.tags(second)[-1] == "undo:done"
    # Known without another question.
    became = [each["detail"] for each in shop.events(first) if each["tag"] == "coupon:changed"]
    assert [(each["before"], each["state"]) for each in became] == [("", "DEACTIVATED")]
    assert "The coupon was deactivated" in (await shop.card(first)).words()
    shop.audit_holds()


async def test_neither_who_asked_for_the_coupon_nor_who_asks_it_back_approves_that(shop: World) -> None:
    first = await shop.ask(who="U0WANG")
    await shop.approve(first, "U0ZHAO")
    await shop.state(first, "sent")
    card = await shop.card(first)
    await shop.slack.person("U0QIAN").click(card.channel, card.ts, "undo_request")
    second = int(
        (await until(lambda: shop.rows("select id from request where undoes is not null") or None))[0]["id"]
    )
    await until(
        lambda: [dm for dm in shop.slack.dms("U0WANG") if "coupon of your request" in dm.words()] or None
    )
    for person in ("U0WANG", "U0QIAN"):
        await shop.approve(second, person)
        assert "somebody else must decide" in await shop.whisper(person, "Undo #")
    # Once more, while the first is not decided.
    await shop.send(f"undo {first}", "U0LI")
    await until(lambda: [dm for dm in shop.slack.dms("U0LI") if "is not finished" in dm.words()] or None)
    assert deactivations(shop) == []
    assert shop.tags(second).count("click:refused") == 2
    # The approver of the coupon may.
    await shop.approve(second, "U0ZHAO")
    await shop.state(second, "undone")
    await shop.send(f"undo {first}", "U0LI")
    await until(
        lambda: [dm for dm in shop.slack.dms("U0LI") if "was taken back already" in dm.words()] or None
    )
    assert len(deactivations(shop)) == 1
    shop.audit_holds()


async def test_what_the_customer_used_meanwhile_is_not_taken_back_and_nobody_says_so(shop: World) -> None:
    first = await sent(shop)
    second = await undo(shop, first)
    [coupon] = shop.wechatpay.ledger.coupons
    shop.wechatpay.mark(coupon, CouponState.USED)
    await shop.approve(second)
    await shop.state(second, "refused")
    assert "has used it already" in await shop.reply(first, "is not taken back")
    assert (await shop.card(first)).words().startswith("Sent")
    await until(lambda: [dm for dm in shop.slack.dms("U0SUN") if "has used it already" in dm.words()] or None)
    assert [event["detail"]["code"] for event in shop.events(second) if event["tag"] == "undo:refused"] == [
        "COUPON_USED"
    ]
    # That number did nothing, by a signed answer: who asks anew gets the next.
    shop.wechatpay.mark(coupon, CouponState.SENDED)
    third = await undo(shop, first)
    assert (shop.row(third) or {})["out_request_no"].endswith("-d2")
    await shop.approve(third)
    await shop.state(third, "undone")
    shop.audit_holds()


@pytest.mark.parametrize("repeats_refused", [False, True])
async def test_after_lost_answers_it_is_found_out_under_the_same_number(
    tmp_path: Path, *, repeats_refused: bool
) -> None:
    async with world(tmp_path, repeats_refused=repeats_refused) as shop:
        first = await sent(shop)
        second = await undo(shop, first)
        for kind in (
            FaultKind.CUT_BEFORE,
            FaultKind.LOST_ANSWER,
            FaultKind.UNSIGNED,
            FaultKind.BAD_SIGNATURE,
        ):
            shop.wechatpay.faults.queue(Fault(kind), endpoint=Endpoint.DEACTIVATE)
        await shop.approve(second)
        await shop.state(second, "undone")
        assert coupon_state(shop, first) is CouponState.DEACTIVATED
        assert len(set(deactivations(shop))) == 1
        assert shop.tags(second).count("undo:done") == 1
        shop.audit_holds()


async def test_what_was_taken_back_counts_for_no_limit_and_in_no_history(tmp_path: Path) -> None:
    toml = tmp_path / "coupon.toml"
    toml.write_text(f"{COUPON_TOML}\n[limits]\nper_customer = {{ count = 1, days = 30 }}\n", encoding="utf-8")
    async with world(tmp_path) as shop:
        first = await sent(shop)
        assert "No request was made" in (await shop.send(f"send {OPENID} late-10 again")).text
        second = await undo(shop, first)
        assert "No request was made" in (await shop.send(f"send {OPENID} late-10 again")).text
        await shop.approve(second)
        await shop.state(second, "undone")
        assert "No coupon yet" in (await shop.send(f"customer {OPENID}")).text
        await shop.ask()
        with closing(open_for_reading(tmp_path / "coupon.db")) as database:
            total = month(database, since=0, before=2**53).total
        assert (total.asked, total.sent, total.fen, total.ended) == (2, 0, 0, 1)


async def test_one_line_of_a_batch_is_asked_back_and_its_card_and_limits_count_the_others(
    tmp_path: Path,
) -> None:
    toml = tmp_path / "coupon.toml"
    toml.write_text(f"{COUPON_TOML}\n[limits]\nper_customer = {{ count = 1, days = 30 }}\n", encoding="utf-8")
    async with world(tmp_path) as shop:
        batch = await batches.running(shop, batches.lines(2))
        await batches.state(shop, batch, "done")
        customer, other = batches.openid(2), batches.openid(3)
        [line] = shop.rows("select id from request where batch = :batch and batch_row = 2", batch=batch)
        taken = await undo(shop, line["id"])
        await shop.approve(taken)
        await shop.state(taken, "undone")
        card = await batches.card(shop, batch)
        await until(lambda: "1 sent, 1 taken back. Sent so far: ¥10.00." in card.words() or None)
        assert "2 of 2" in card.words()
        assert "Taken back" in (await shop.send(f"status {line['id']}")).text
        assert len(deactivations(shop)) == 1
        # The other line's coupon is as it was, and only it counts.
        assert [shop.wechatpay.state_of(each).value for each in shop.wechatpay.ledger.coupons] == [
            "DEACTIVATED" if each.openid == customer else "SENDED" for each in shop.wechatpay.ledger.coupons
        ]
        assert "No request was made" in (await shop.send(f"send {other} late-10 again")).text
        await shop.ask(openid=customer)
        shop.audit_holds()
