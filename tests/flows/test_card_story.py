"""The card from asking to the end, as requester, approvers and the channel see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.slack.answers import Answer
from tests.flows.test_time_and_limits import shop_with
from tests.world import COUPON_TOML, World, until, world

#: Three quarters of a second, and twice that.
REMINDERS = '\n[reminders]\nhours = [0.0002]\nescalate_hours = 0.0004\nescalate_to = "U0ZHAO"\n'
AUTOMATIC = """
[[rule]]
max_value_fen = 1000
approvals = 0
per_day = { count = 1, fen = 5000 }

"""


async def more(shop: World, number: int, wish: str, who: str, **options: Any) -> Answer:
    card = await shop.card(number)
    person, value = shop.slack.person(who), f"{wish}:{number}"
    return await person.click(card.channel, card.ts, "more_request", value, **options)


def words_of(shop: World, number: int) -> str:
    card = shop.card_now(number)
    assert card is not None
    return card.words()


async def test_the_card_counts_the_approvals_and_names_who_gave_them(shop: World) -> None:
    number = await shop.ask("sorry-50")
    await shop.approve(number, "U0WANG")
    await shop.reply(number, "1 of 2")
    await shop.quiet()
    assert "Approvals: 1 of 2 (" in words_of(shop, number)
    assert (await shop.card(number)).element("approve_request")
    await shop.approve(number, "U0ZHAO")
    await shop.state(number, "sent")
    assert "Approvals: 2 of 2 (" in words_of(shop, number)
    assert not (await shop.card(number)).element("approve_request")
    assert not (await shop.card(number)).element("more_request")


async def test_the_requester_calls_the_approvers_once_in_half_an_hour(shop: World) -> None:
    number = await shop.ask()
    answer = await more(shop, number, "urge", "U0LI")
    assert answer.confirm is not None
    message = await shop.reply(number, "asks for a decision")
    assert "#1" in message
    [event] = [event for event in shop.events(number) if event["tag"] == "request:urged"]
    assert event["actor"] == "U0LI"
    await more(shop, number, "urge", "U0LI")
    await shop.whisper("U0LI", "the next can be from")
    assert shop.tags(number) == ["request:created", "request:urged", "click:refused"]
    assert len([reply for reply in shop.thread(number) if "asks for a decision" in reply]) == 1


async def test_a_call_mentions_those_who_may_approve_so_that_slack_tells_them(shop: World) -> None:
    number = await shop.ask()
    await more(shop, number, "urge", "U0LI")
    await shop.reply(number, "asks for a decision")
    card = await shop.card(number)
    [reply] = shop.slack.messages(card.channel, thread_ts=card.ts)
    assert "<!subteam^S0LEADS>" in reply.text


async def test_the_requester_withdraws_by_the_menu_and_nobody_else_can(shop: World) -> None:
    number = await shop.ask()
    for who in ("U0WANG", "U0SUN"):
        await more(shop, number, "cancel", who)
        await shop.whisper(who, "is not yours: only")
    assert shop.tags(number) == ["request:created", "click:refused", "click:refused"]
    await more(shop, number, "cancel", "U0LI", twice=True)
    await shop.state(number, "cancelled")
    assert "Withdrawn" in words_of(shop, number)
    assert not (await shop.card(number)).element("more_request")
    # Delivered twice it is one click.
    assert shop.tags(number).count("click:refused") == 2
    assert shop.wechatpay.ledger.coupons == []


async def test_nobody_but_the_requester_urges(shop: World) -> None:
    number = await shop.ask()
    await more(shop, number, "urge", "U0SUN")
    await shop.whisper("U0SUN", "can remind the approvers of it")
    assert "request:urged" not in shop.tags(number)


async def test_a_waiting_request_is_called_to_mind_by_the_clock_and_later_others_too(tmp_path: Path) -> None:
    async with shop_with(tmp_path, REMINDERS) as shop:
        number = await shop.ask()
        await shop.reply(number, "has waited")
        await shop.reply(number, "please see to it")
        details = [
            event["detail"]["mention"] for event in shop.events(number) if event["tag"] == "request:reminded"
        ]
        assert details == [None, "U0ZHAO"]
        card = await shop.card(number)
        calls = [reply.text for reply in shop.slack.messages(card.channel, thread_ts=card.ts)]
        assert all("<!subteam^S0LEADS>" in call for call in calls)
        assert ["<@U0ZHAO>" in call for call in calls] == [False, True]


async def test_a_pause_is_told_once_refuses_approvals_honestly_and_ends(shop: World) -> None:
    assert shop.service is not None
    earlier = await shop.ask()
    await pause(shop, "U0WANG", pause=True, reason="wrong stock <!channel>")
    number = await shop.ask(openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS7p")
    await shop.quiet()
    for each in (number, earlier):
        assert "paused sending" in words_of(shop, each)
        assert "Does not expire while sending is paused" in words_of(shop, each)
    await shop.approve(number)
    await shop.whisper("U0WANG", "Sending is paused")
    assert shop.tags(number) == ["request:created", "click:refused"]
    await pause(shop, "U0WANG", pause=False)
    await shop.quiet()
    for each in (number, earlier):
        assert "paused sending" not in words_of(shop, each)
        assert "Expires" in words_of(shop, each)
    said = [message.text for message in shop.slack.messages("C0APPROVE")]
    assert len([text for text in said if text.startswith("⏸️")]) == 1
    assert len([text for text in said if text.startswith("▶️")]) == 1
    assert not any("<!channel>" in text for text in said)
    await shop.approve(number)
    await shop.state(number, "sent")
    assert "paused sending" not in words_of(shop, number)


async def pause(shop: World, who: str, **wanted: Any) -> None:
    word = "pause" if wanted["pause"] else "resume"
    await shop.send(f"{word} {wanted.get('reason', '')}".strip(), who)
    await until(lambda: any(event["tag"] == f"sending:{word}d" for event in shop.events()) or None)


async def test_what_needs_no_approval_goes_out_and_the_card_says_by_which_rule(tmp_path: Path) -> None:
    (tmp_path / "coupon.toml").write_text(COUPON_TOML.replace("[[rule]]", AUTOMATIC + "[[rule]]", 1))
    async with world(tmp_path) as shop:
        number = await shop.ask()
        await shop.state(number, "sent")
        card = words_of(shop, number)
        assert "Automatic: no approval needed by rule 1." in card
        assert not (await shop.card(number)).element("approve_request")
        capped = await shop.ask(openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS7p")
        await shop.quiet()
        assert "share of requests without approval is used up" in words_of(shop, capped)
        assert (await shop.card(capped)).element("approve_request")
        shop.audit_holds()


async def test_the_second_card_of_a_customer_tells_of_the_first(shop: World) -> None:
    first = await shop.ask("sorry-50")
    assert "No coupon yet." in words_of(shop, first)
    await shop.approve(first, "U0WANG")
    await shop.approve(first, "U0ZHAO")
    await shop.state(first, "sent")
    second, third = await shop.ask("late-10"), await shop.ask("own-10")
    await shop.quiet()
    assert "1 coupon, ¥50.00" in words_of(shop, second)
    assert f"Also open: #{second}." in words_of(shop, third)
    # The earlier one tells of the later one, too, and of what becomes of it.
    assert f"Also open: #{third}." in words_of(shop, second)
    assert "2 requests, ¥60.00 together" in words_of(shop, second)
    assert "3 requests, ¥70.00 together" in words_of(shop, third)
    await shop.approve(third)
    await shop.state(third, "sent")
    assert "2 coupons, ¥60.00 together" in words_of(shop, second)
    assert "Also open" not in words_of(shop, second)
    # What the agent had asked for by then never changes.
    assert "2 requests, ¥60.00 together" in words_of(shop, second)


async def test_with_the_code_the_agent_gets_the_words_for_the_customer(shop: World) -> None:
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    row = shop.row(number)
    assert row is not None
    [dm] = shop.slack.dms("U0LI")
    assert f"Its code is {row['coupon_code']}." in dm.words()
    assert f"券码：{row['coupon_code']}。" in dm.words()


@pytest.mark.parametrize("how", ["declined", "expired"])
async def test_who_was_declined_can_edit_and_send_again(tmp_path: Path, how: str) -> None:
    soon = "\n[expiry]\nhours = 0.0004\n" if how == "expired" else ""
    async with shop_with(tmp_path, soon) as shop:
        number = await shop.ask()
        if how == "declined":
            await shop.decline(number, "on time")
        await shop.state(number, how)
        [dm] = shop.slack.dms("U0LI")
        found = dm.element("edit_request")
        assert found is not None
        assert found[1]["value"] == str(number)
