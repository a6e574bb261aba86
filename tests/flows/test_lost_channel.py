"""The approval channel is lost: nobody is told otherwise, nothing is lost with it, and it heals by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.needs import Need
from bot.pauses import Pauses
from sandbox.slack import api_error
from tests.world import COUPON_TOML, OPENID, World, until, world

BOT, CHANNEL = "U0BOT", "C0APPROVE"
#: Long enough that only an invitation, or the test's own patience, ends the wait.
_LONG = (600.0,)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses(lost_channel_s=(0.05,), channel_check_s=600.0)


def cards(shop: World) -> list[int]:
    """Numbers of the requests whose cards stand in the channel, in their order there."""
    found = (re.search(r"#(\d+)", message.text) for message in shop.slack.messages(CHANNEL))
    return [int(match[1]) for match in found if match]


def why(shop: World) -> str | None:
    """The line of `/readyz` about the channel."""
    assert shop.service is not None
    return shop.service.readiness.why(Need.APPROVAL_CHANNEL)


async def lost(shop: World) -> str:
    return await until(lambda: why(shop))


async def found(shop: World) -> None:
    await until(lambda: (why(shop) is None) or None)


async def send(shop: World, reason: str = "parcel", who: str = "U0LI") -> str:
    return (await shop.send(f"send {OPENID} late-10 {reason}", who)).text


async def test_what_is_promised_is_said_as_a_promise(shop: World) -> None:
    """Nobody knows yet that the channel is lost: what is said must be true all the same."""
    number = await shop.ask()
    shop.slack.leave(CHANNEL, BOT)
    said = await send(shop), (await shop.send(f"urge {number}")).text
    for text in said:
        assert "will be" in text
        assert not re.search(r"\bI called\b|goes to|is posted in|were called", text)


async def test_while_it_is_lost_every_answer_says_so_and_why_and_what_helps(shop: World) -> None:
    number = await shop.ask()
    shop.slack.leave(CHANNEL, BOT)
    await send(shop)
    line = await lost(shop)
    assert line.startswith("The bot is not in C0APPROVE: ")
    not_in = "The bot is not in <#C0APPROVE>: somebody who is has to type `/invite`"
    kept = "It is kept, and is posted by itself after that."
    asked = await send(shop, "another")
    assert re.search(r"Request #3 needs 1 approval\. Its card cannot be posted yet\.", asked)
    for text in (
        asked,
        (await shop.send(f"urge {number}")).text,
        (await shop.send("status 3")).text,
        (await shop.send("retry 3", "U0WANG")).text,
    ):
        assert not_in in text
        assert kept in text
    # The card of the first one stands: of it nothing is missing.
    assert not_in not in (await shop.send(f"status {number}")).text
    # Asking again for the same is no cure: the limit of reminders holds, and says only what is so.
    again = (await shop.send(f"urge {number}")).text
    assert "You asked for a reminder of request #1 less than half an hour ago." in again


async def test_the_form_and_home_say_it_too(shop: World) -> None:
    shop.slack.leave(CHANNEL, BOT)
    await send(shop)
    await lost(shop)
    person = shop.slack.person("U0SUN")
    opened = await person.command("C0SUPPORT", "/coupon send")
    await person.submit(await opened.view(), {"openid": OPENID, "stock": "1212121212"})
    # The bot is not in #support either: the answer comes as a direct message.
    [result] = await shop.slack.wait_for(lambda: shop.slack.dms("U0SUN") or None)
    assert "Request #2 needs 1 approval. Its card cannot be posted yet." in result.text
    assert "The bot is not in <#C0APPROVE>" in result.text
    await person.open_home()
    shown = await shop.slack.wait_for(lambda: person.home)
    assert "Cards and their threads cannot be posted at the moment." in str(shown.definition)
    await shop.slack.invite(CHANNEL, BOT, by="U0WANG")
    await shop.slack.wait_for(
        lambda: "cannot be posted" not in str(person.home and person.home.definition) or None
    )


@pytest.mark.parametrize("pauses", [Pauses(lost_channel_s=_LONG, channel_check_s=600.0)])
async def test_at_the_invitation_all_is_posted_at_once_and_in_its_order(shop: World) -> None:
    first = await shop.ask()
    shop.slack.leave(CHANNEL, BOT)
    # The channel's own line is told first, and then waits; people whose card stands can still decide.
    for reason in ("one", "two", "three"):
        await send(shop, reason)
    await lost(shop)
    await shop.send(f"urge {first}")
    await shop.approve(first)
    await until(lambda: ((row := shop.row(first)) and row["state"] == "sent") or None)
    assert cards(shop) == [1]
    await shop.slack.invite(CHANNEL, BOT, by="U0WANG")
    await shop.quiet()
    await found(shop)
    assert cards(shop) == [1, 2, 3, 4]
    assert [
        next(word for word in ("asks for a decision", "is sent", "approved", "Sent") if word in reply)
        for reply in shop.thread(first)
    ][-1] == "is sent"
    assert len({(card.channel, card.ts) for card in shop.slack.messages(CHANNEL)}) == 4


async def test_one_post_is_tried_at_a_time_while_it_is_lost(shop: World) -> None:
    """Two hundred waiting cards must not be two hundred refused calls at each pause, nor overtake."""
    shop.slack.leave(CHANNEL, BOT)
    for place in range(4):
        await send(shop, str(place))
    await lost(shop)
    await shop.slack.wait_for(lambda: len(_refused(shop)) >= 4 or None)
    deliveries = {call.arguments["metadata"]["event_payload"]["delivery_id"] for call in _refused(shop)}
    assert len(deliveries) == 1
    shop.slack.join(CHANNEL, BOT)
    await shop.quiet()
    assert cards(shop) == [1, 2, 3, 4]


def _refused(shop: World) -> list[object]:
    calls = shop.slack.calls("chat.postMessage")
    return [call for call in calls if call.error == "not_in_channel"]


async def test_who_was_promised_a_card_is_told_after_some_tries_and_once(shop: World) -> None:
    shop.slack.leave(CHANNEL, BOT)
    await send(shop)
    [result] = await shop.slack.wait_for(lambda: shop.slack.dms("U0LI") or None)
    assert "The card of your request #1 does not stand yet, so nobody can see or decide it." in result.text
    assert "The bot is not in <#C0APPROVE>" in result.text
    # Who asks now is told at once, and not a second time.
    assert "cannot be posted yet" in await send(shop, "later", "U0SUN")
    tries = len(_refused(shop))
    await shop.slack.wait_for(lambda: len(_refused(shop)) >= tries + 4 or None)
    assert len(shop.slack.dms("U0LI")) == 1
    assert shop.slack.dms("U0SUN") == []
    shop.slack.join(CHANNEL, BOT)
    await shop.quiet()
    assert len(shop.slack.dms("U0LI")) == 1
    assert cards(shop) == [1, 2]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("channel_not_found", "Slack shows the bot no channel C0APPROVE"),
        ("is_archived", "C0APPROVE is archived"),
        ("restricted_action", "Slack lets the bot post nothing in C0APPROVE"),
        ("restricted_action_read_only_channel", "Slack lets the bot post nothing in C0APPROVE"),
        ("missing_scope", "Slack refuses the bot's own access"),
        ("account_inactive", "Slack refuses the bot's own access"),
        ("token_revoked", "Slack refuses the bot's own access"),
        ("invalid_auth", "Slack refuses the bot's own access"),
    ],
)
async def test_each_way_of_losing_it_has_its_sentence_and_heals(shop: World, code: str, line: str) -> None:
    shop.slack.faults.rate("chat.postMessage", api_error(code), share=1.0)
    await send(shop)
    assert line in await lost(shop)
    shop.slack.faults.clear()
    await shop.quiet()
    assert why(shop) is None
    assert cards(shop) == [1]


async def test_an_archived_channel_is_noticed_by_redraws_and_heals(shop: World) -> None:
    number = await shop.ask()
    shop.slack.archive(CHANNEL)
    await shop.send(f"cancel {number}")
    assert "C0APPROVE is archived" in await lost(shop)
    shop.slack.unarchive(CHANNEL)
    await shop.quiet()
    assert why(shop) is None
    assert not (await shop.card(number)).element("approve_request")


async def test_in_quiet_hours_a_look_notices_it_and_that_it_is_back(tmp_path: Path) -> None:
    """Nobody posts anything: `/readyz` falls all the same, before the first agent needs the channel."""
    async with world(tmp_path, pauses=Pauses(lost_channel_s=_LONG, channel_check_s=0.05)) as shop:
        shop.slack.leave(CHANNEL, BOT)
        assert "The bot is not in C0APPROVE" in await lost(shop)
        assert "cannot be posted yet" in await send(shop)
        await shop.slack.wait_for(lambda: _refused(shop) or None)
        # No event of the invitation arrives: the manifest is an older one.
        shop.slack.join(CHANNEL, BOT)
        await found(shop)
        await shop.quiet()
        assert cards(shop) == [1]


async def test_with_the_token_refused_what_people_are_told_waits_with_it(shop: World) -> None:
    """The coupon code is told to the requester when Slack takes the token again, not dropped."""
    number = await shop.ask()
    shop.slack.faults.rate("chat.postMessage", api_error("token_revoked"), share=1.0)
    shop.slack.faults.rate("chat.update", api_error("token_revoked"), share=1.0)
    await shop.approve(number)
    await until(lambda: ((row := shop.row(number)) and row["state"] == "sent") or None)
    await lost(shop)
    await shop.slack.wait_for(
        lambda: (
            [call for call in shop.slack.calls("chat.postMessage") if call.arguments["channel"] == "U0LI"]
            or None
        )
    )
    assert shop.slack.dms("U0LI") == []
    shop.slack.faults.clear()
    await shop.quiet()
    [result] = shop.slack.dms("U0LI")
    assert f"The coupon of your request #{number} is sent." in result.text


async def test_with_another_channel_named_a_card_of_the_lost_one_stands_anew(tmp_path: Path) -> None:
    """An archived channel's buttons are dead: the cure is another one in coupon.toml, and a reminder."""
    async with world(tmp_path) as shop:
        number = await shop.ask()
        shop.slack.archive(CHANNEL)
        await shop.stop()
        config = COUPON_TOML.replace(CHANNEL, "C0AUDIT")
        (tmp_path / "coupon.toml").write_text(config)
        shop.slack.join("C0AUDIT", BOT)
        await shop.start()
        await shop.send(f"urge {number}")
        await until(lambda: ((row := shop.row(number)) and row["card_channel"] == "C0AUDIT") or None)
        await shop.quiet()
        card = await shop.card(number)
        assert card.element("approve_request")
        assert any("asks for a decision" in reply for reply in shop.thread(number))
        await shop.approve(number)
        await shop.state(number, "sent")
        shop.audit_holds()
