"""From `/coupon send` to a coupon code, as people see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.slack.deliveries import Twice
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from tests.world import BIG, LATE, OPENID, World, until, world


async def test_an_approved_request_gives_one_coupon_and_tells_everybody(shop: World) -> None:
    answer = await shop.send(f"send {OPENID} late-10 parcel four days late")
    assert answer.ephemeral
    assert "#1" in answer.text
    assert "oU…jWeS6o" in answer.text
    assert "¥10.00" in answer.text
    assert OPENID not in answer.text

    card = await shop.card(1)
    assert card.channel == "C0APPROVE"
    assert "parcel four days late" in card.words()
    assert OPENID not in card.words()
    assert card.element("approve_request", "1")
    assert card.element("decline_request", "1")

    clicked = await shop.approve(1)
    assert clicked.confirm is not None
    await shop.state(1, "sent")

    [coupon] = shop.wechatpay.ledger.coupons
    row = shop.row(1)
    assert row is not None
    assert (coupon.openid, coupon.stock_id) == (OPENID, LATE)
    assert (row["coupon_code"], row["out_request_no"]) == (coupon.coupon_code, coupon.out_request_no)
    [reply] = shop.thread(1)
    assert "approved (1 of 1)" in reply
    assert coupon.coupon_code in reply
    [dm] = shop.slack.dms("U0LI")
    assert coupon.coupon_code in dm.words()
    card = await shop.card(1)
    assert not card.element("approve_request")
    assert not card.element("decline_request")
    assert shop.tags(1) == [
        "request:created",
        "approval:given",
        "request:approved",
        "attempt:started",
        "attempt:finished",
        "request:sent",
    ]


async def test_no_full_openid_stands_anywhere_in_slack(shop: World) -> None:
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    seen = [call.arguments for call in shop.slack.calls()]
    assert OPENID not in repr(seen)
    assert OPENID not in repr([m.words() for m in shop.slack.ephemerals()])


async def test_two_approvals_come_from_two_people(shop: World) -> None:
    number = await shop.ask("sorry-50")
    await shop.approve(number, "U0WANG")
    await shop.reply(number, "1 of 2")
    assert shop.wechatpay.ledger.coupons == []
    await shop.approve(number, "U0WANG", stale=True)
    await shop.whisper("U0WANG", f"#{number}")
    assert shop.wechatpay.ledger.coupons == []
    await shop.approve(number, "U0ZHAO")
    await shop.state(number, "sent")
    assert [coupon.stock_id for coupon in shop.wechatpay.ledger.coupons] == [BIG]
    assert shop.tags(number).count("approval:given") == 2
    assert shop.tags(number).count("request:approved") == 1


async def test_nobody_approves_the_own_request(shop: World) -> None:
    number = await shop.ask(who="U0WANG")
    await shop.approve(number, "U0WANG")
    await shop.whisper("U0WANG", f"#{number}")
    row = shop.row(number)
    assert row is not None
    assert row["state"] == "pending"
    refused = [event for event in shop.events(number) if event["tag"] == "click:refused"]
    assert [(event["actor"], event["detail"]["reason"]) for event in refused] == [("U0WANG", "self")]
    assert shop.wechatpay.ledger.coupons == []


@pytest.mark.parametrize(
    ("who", "reason"),
    [("U0SUN", "not_approver"), ("U0OUT", "outsider"), ("U0GUEST", "guest"), ("U0FIN", "not_approver")],
)
async def test_who_may_not_approve_is_told_so_and_it_is_an_event(shop: World, who: str, reason: str) -> None:
    number = await shop.ask()
    await shop.approve(number, who)
    await shop.whisper(who, "Nothing has changed")
    events = [event for event in shop.events() if event["tag"] == "click:refused"]
    assert [(event["actor"], event["detail"]["reason"]) for event in events] == [(who, reason)]
    row = shop.row(number)
    assert row is not None
    assert row["state"] == "pending"


async def test_membership_counts_at_the_click_and_not_when_the_card_was_posted(shop: World) -> None:
    number = await shop.ask()
    shop.slack.set_group("S0LEADS", ["U0ZHAO", "U0QIAN"])
    await shop.stop()
    await shop.start()
    await shop.approve(number, "U0WANG")
    await shop.whisper("U0WANG", f"#{number}")
    assert shop.wechatpay.ledger.coupons == []


async def test_a_declined_request_tells_why_and_gives_nothing(shop: World) -> None:
    number = await shop.ask()
    await shop.decline(number, "the parcel was on time")
    await shop.state(number, "declined")
    assert any("the parcel was on time" in reply for reply in shop.thread(number))
    [dm] = shop.slack.dms("U0LI")
    assert "the parcel was on time" in dm.words()
    await shop.approve(number, "U0ZHAO", stale=True)
    await shop.whisper("U0ZHAO", f"#{number}")
    assert shop.wechatpay.ledger.coupons == []


async def test_the_requester_withdraws_and_nobody_else(shop: World) -> None:
    number = await shop.ask()
    other = await shop.send(f"cancel {number}", "U0SUN")
    assert f"#{number}" in other.text
    row = shop.row(number)
    assert row is not None
    assert row["state"] == "pending"
    mine = await shop.send(f"cancel {number}")
    assert f"#{number}" in mine.text
    await shop.state(number, "cancelled")
    late = await shop.send(f"cancel {number}")
    assert f"#{number}" in late.text


async def test_status_and_list_say_where_requests_stand(shop: World) -> None:
    number = await shop.ask()
    assert f"#{number}" in (await shop.send("list")).text + "".join(
        map(str, (await shop.send("list")).blocks)
    )
    assert f"#{number}" in (await shop.send(f"status {number}")).text
    missing = await shop.send("status 999")
    assert "999" in missing.text


@pytest.mark.parametrize("twice", [Twice.TOGETHER, Twice.IN_ORDER])
async def test_the_same_deliveries_twice_make_one_request_and_one_coupon(shop: World, twice: Twice) -> None:
    shop.slack.duplicate = twice
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    assert shop.newest() == number == 1
    assert len(shop.wechatpay.ledger.coupons) == 1
    assert shop.tags(number).count("request:created") == shop.tags(number).count("approval:given") == 1
    assert [event for event in shop.events() if event["tag"] == "click:refused"] == []


@pytest.mark.parametrize("mode", [KeyMode.PUBLIC_KEY, KeyMode.CERTIFICATE])
@pytest.mark.parametrize("wrapped", [False, True])
async def test_both_key_modes_and_both_shapes_of_the_answer(
    tmp_path: Path, mode: KeyMode, *, wrapped: bool
) -> None:
    async with world(tmp_path, mode=mode, wrapped_answer=wrapped) as shop:
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
        assert len(shop.wechatpay.ledger.coupons) == 1


@pytest.mark.parametrize("alias", ["own-10", "uploaded-10"])
async def test_the_other_code_modes(shop: World, alias: str) -> None:
    number = await shop.ask(alias)
    await shop.approve(number)
    await shop.state(number, "sent")
    [coupon] = shop.wechatpay.ledger.coupons
    row = shop.row(number)
    assert row is not None
    assert row["coupon_code"] == coupon.coupon_code


async def test_an_agent_without_the_role_is_told_and_nothing_is_made(shop: World) -> None:
    answer = await shop.send(f"send {OPENID} late-10 for myself", "U0FIN")
    assert answer.ephemeral
    assert shop.rows("select * from request") == []
    [event] = [event for event in shop.events() if event["tag"] == "command:refused"]
    assert (event["actor"], event["detail"]["reason"]) == ("U0FIN", "not_agent")


async def test_bad_input_gets_one_sentence_and_nothing_is_kept(shop: World) -> None:
    unknown = await shop.send(f"send {OPENID} late-1 parcel")
    assert "late-10" in unknown.text
    damaged = await shop.send("send oUpF8uMuAJO—M2pxb1Q9zNjWeS6o late-10 parcel")
    assert "EM DASH" in damaged.text
    halved = await shop.send("check")
    assert "/coupon check" in halved.text
    assert shop.rows("select * from request") == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.LOST_ANSWER),
        Fault(FaultKind.CUT_BEFORE),
        Fault(FaultKind.SYSTEM_ERROR_400, given=True),
        Fault(FaultKind.SYSTEM_ERROR_400),
        Fault(FaultKind.SYSTEM_ERROR_500, given=True),
        Fault(FaultKind.SYSTEM_ERROR_500),
        Fault(FaultKind.ACCEPTED_202, given=True),
        Fault(FaultKind.HTML_502, given=True),
        Fault(FaultKind.UNSIGNED),
        Fault(FaultKind.BAD_SIGNATURE),
        Fault(FaultKind.SIGNTEST),
        Fault(FaultKind.WRONG_SERIAL),
        Fault(FaultKind.STALE),
        Fault(FaultKind.RATE_LIMITED, seconds=0),
    ],
    ids=lambda fault: fault.label(),
)
async def test_after_any_trouble_on_the_way_one_coupon_is_given_and_the_bytes_repeat(
    shop: World, fault: Fault
) -> None:
    shop.wechatpay.faults.queue(fault, times=2)
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    [coupon] = shop.wechatpay.ledger.coupons
    sends = shop.wechatpay.ledger.sends_of(coupon.out_request_no)
    assert len(sends) == 3
    assert len({send.body for send in sends}) == 1
    row = shop.row(number)
    assert row is not None
    assert row["coupon_code"] == coupon.coupon_code
    tags = shop.tags(number)
    assert tags.count("attempt:started") == tags.count("attempt:finished") == 3


async def test_a_lost_answer_is_called_unknown_until_it_is_settled(shop: World) -> None:
    shop.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    tags = shop.tags(number)
    assert tags.index("request:unknown") < tags.index("request:sent")
    assert await shop.reply(number, "not known")


async def test_a_repeat_refused_as_existing_is_settled_by_looking_at_the_coupons(tmp_path: Path) -> None:
    async with world(tmp_path, repeats_refused=True) as shop:
        shop.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER))
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
        [sent] = [event for event in shop.events(number) if event["tag"] == "request:sent"]
        assert sent["detail"]["by"] == "look"


async def test_a_signed_final_no_is_told_as_refused(shop: World) -> None:
    shop.wechatpay.faults.queue(Fault(FaultKind.USER_REJECTED))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "refused")
    assert shop.wechatpay.ledger.coupons == []
    assert len(shop.slack.dms("U0LI")) == 1


@pytest.mark.parametrize("kind", [FaultKind.NO_AUTH, FaultKind.SIGN_ERROR, FaultKind.NOT_ENOUGH])
async def test_what_a_person_must_fix_is_held_and_sent_again_with_the_same_number(
    shop: World, kind: FaultKind
) -> None:
    shop.wechatpay.faults.queue(Fault(kind))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "held")
    card = await shop.card(number)
    assert card.element("retry_request", str(number))
    await shop.slack.person("U0LI").click(card.channel, card.ts, "retry_request")
    await shop.whisper("U0LI", f"#{number}")
    await shop.slack.person("U0WANG").click(card.channel, card.ts, "retry_request")
    await shop.state(number, "sent")
    [coupon] = shop.wechatpay.ledger.coupons
    sends = shop.wechatpay.ledger.sends_of(coupon.out_request_no)
    assert len(sends) == 2
    assert len({send.body for send in sends}) == 1


async def test_retry_by_command_needs_an_approver(shop: World) -> None:
    shop.wechatpay.faults.queue(Fault(FaultKind.NO_AUTH))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "held")
    await shop.send(f"retry {number}", "U0SUN")
    # The bot is not in #support, so its answer comes as a direct message.
    await until(lambda: [dm for dm in shop.slack.dms("U0SUN") if f"#{number}" in dm.words()] or None)
    await shop.send(f"retry {number}", "U0WANG")
    await shop.state(number, "sent")
