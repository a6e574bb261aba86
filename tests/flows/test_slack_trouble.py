"""Slack on its bad days: nothing is lost, and nothing stands twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bot.pauses import Pauses
from sandbox.slack import api_error, cut_after, rate_limited, server_error
from sandbox.slack.messages import Message
from sandbox.slack.state import Call
from tests.world import ENGLISH_TEAM, OPENID, World, until, world


@pytest.fixture
def pauses() -> Pauses:
    """What is promised about our own pauses is that they end; Slack's Retry-After is kept as it is."""
    return Pauses(posts_s=(0.1,), no_card_s=0.1, click_s=0.1)


def cards(shop: World, number: int) -> list[Message]:
    """Every message in the channel's main line that is about this request."""
    found = shop.slack.messages("C0APPROVE")
    return [message for message in found if re.search(rf"#{number}\b", message.text)]


def replies(shop: World, number: int, words: str) -> list[str]:
    return [reply for reply in shop.thread(number) if words in reply]


def deliveries(calls: list[Call]) -> list[str]:
    """The delivery ids of posts, in their order."""
    return [call.arguments["metadata"]["event_payload"]["delivery_id"] for call in calls]


def settle_lookup(shop: World) -> list[Call]:
    """Looks for a post whose answer was lost; the start looks through the channel for numbers, too."""
    return [call for call in shop.slack.calls("conversations.history") if "oldest" in call.arguments]


# --- answers that get lost


async def test_a_card_whose_answer_was_cut_after_it_was_posted_stands_once(shop: World) -> None:
    shop.slack.faults.next("chat.postMessage", cut_after())
    number = await shop.ask()
    assert [card.ts for card in cards(shop, number)] == [(await shop.card(number)).ts]
    assert len(shop.slack.calls("chat.postMessage")) == 1
    assert shop.slack.calls("conversations.history")
    # It is the card that works, not a copy beside it.
    await shop.approve(number)
    await shop.state(number, "sent")


async def test_thread_replies_and_direct_messages_whose_answers_were_cut_stand_once(shop: World) -> None:
    number = await shop.ask()
    shop.slack.faults.next("chat.postMessage", cut_after(), times=2)
    await shop.approve(number)
    await shop.state(number, "sent")
    assert shop.slack.faults.waiting == 0
    assert len(replies(shop, number, "approved")) == 1
    assert len(replies(shop, number, "is sent")) == 1
    assert len(shop.slack.dms("U0LI")) == 1
    posts = deliveries(shop.slack.calls("chat.postMessage"))
    assert sorted(posts) == sorted(set(posts))
    assert {call.arguments["channel"] for call in settle_lookup(shop)} == {"D0LI"}
    assert shop.slack.calls("conversations.replies")


async def test_a_post_cut_before_it_was_taken_is_made_again(shop: World) -> None:
    """The bot cannot tell the two cuts apart without looking."""
    shop.slack.faults.next("chat.postMessage", server_error(503))
    number = await shop.ask()
    assert len(cards(shop, number)) == 1
    posts = deliveries(shop.slack.calls("chat.postMessage"))
    assert len(posts) == 2
    assert len(set(posts)) == 1


async def test_while_slack_cannot_be_asked_whether_it_stands_nothing_is_posted_again(shop: World) -> None:
    shop.slack.faults.next("chat.postMessage", cut_after())
    shop.slack.faults.next("conversations.history", server_error())
    number = await shop.ask()
    assert len(cards(shop, number)) == 1
    assert len(settle_lookup(shop)) == 2
    assert len(shop.slack.calls("chat.postMessage")) == 1


async def test_a_lost_post_is_found_on_a_later_page_of_the_history(shop: World) -> None:
    shop.slack.state.page_cap = 1
    shop.slack.faults.next("chat.postMessage", cut_after())
    shop.slack.faults.next("conversations.history", server_error())
    answer = await shop.send(f"send {OPENID} late-10 parcel")
    assert answer.error is None
    await shop.slack.wait_for(lambda: cards(shop, 1) or None)
    for line in ("late again?", "yes", "I ask for one"):
        shop.slack.person("U0WANG").say("C0APPROVE", line)
    await shop.card(1)
    assert len(cards(shop, 1)) == 1
    assert len(shop.slack.calls("conversations.history")) >= 5


async def test_after_a_restart_a_post_whose_answer_was_lost_is_still_looked_for(shop: World) -> None:
    shop.slack.faults.next("chat.postMessage", cut_after())
    await shop.send(f"send {OPENID} late-10 parcel")
    await until(lambda: shop.rows("select 1 from outbox where maybe_posted = 1 and tries = 1") or None)
    await shop.stop()
    await shop.start()
    await shop.card(1)
    assert len(cards(shop, 1)) == 1
    assert len(shop.slack.calls("chat.postMessage")) == 1


async def test_with_every_fifth_answer_lost_each_request_has_one_card_one_reply_each_and_one_dm(
    shop: World,
) -> None:
    shop.slack.faults.rate("chat.postMessage", cut_after(), share=0.2, seed=20261123)

    async def whole(place: int) -> int:
        # Not all from one agent: each direct message is a lane of its own.
        who = ("U0LI", "U0SUN", "U0WANG")[place % 3]
        answer = await shop.send(f"send oCust{place:024d} late-10 parcel {place}", who)
        found = re.search(r"#(\d+)", answer.text)
        assert found, answer.text
        number = int(found[1])
        await shop.approve(number, "U0ZHAO")
        return number

    numbers = await asyncio.gather(*(whole(place) for place in range(15)))
    await asyncio.gather(*(shop.state(number, "sent") for number in numbers))
    lost = [call for call in shop.slack.calls("chat.postMessage") if call.fault]
    assert len(lost) >= 5
    assert sorted(numbers) == list(range(1, 16))
    for number in numbers:
        assert len(cards(shop, number)) == 1
        messages = shop.thread(number)
        assert [len(replies(shop, number, words)) for words in ("approved", "is sent")] == [1, 1], messages
        # One reply for both, unless WeChat Pay took too long.
        assert len(messages) in {1, 2}
    dms = [dm for who in ("U0LI", "U0SUN", "U0WANG") for dm in shop.slack.dms(who)]
    about = Counter(match[1] for dm in dms if (match := re.search(r"#(\d+)", dm.text)))
    assert about == {str(number): 1 for number in numbers}
    posts = shop.slack.messages("C0APPROVE")
    ids = [message.metadata["event_payload"]["delivery_id"] for message in posts if message.metadata]
    assert len(set(ids)) == len(ids) == 15


# --- Slack says no, or not now


async def test_errors_and_rate_limits_delay_everything_and_lose_nothing(shop: World) -> None:
    shop.slack.faults.next("chat.postMessage", server_error(), rate_limited(1))
    shop.slack.faults.next("chat.update", server_error(), rate_limited(1))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    assert shop.slack.faults.waiting == 0
    assert len(cards(shop, number)) == 1
    assert [len(replies(shop, number, words)) for words in ("approved", "is sent")] == [1, 1]
    assert len(shop.slack.dms("U0LI")) == 1
    assert not (await shop.card(number)).element("approve_request")


async def test_retry_after_is_obeyed_for_the_whole_channel(shop: World) -> None:
    """Nothing more goes to the channel in the meantime, another card neither."""
    shop.slack.faults.next("chat.postMessage", rate_limited(1))
    await shop.send(f"send {OPENID} late-10 first")
    await shop.slack.wait_for(lambda: shop.slack.calls("chat.postMessage") or None)
    await shop.send(f"send {OPENID} late-10 second")
    for number in (1, 2):
        await shop.card(number)
    limited, *later = shop.slack.calls("chat.postMessage")
    assert limited.status == 429
    assert len(later) == 2
    # Slack's own records of when it was called, not how long we waited.
    assert all(call.at - limited.at >= 1.0 for call in later)


async def test_a_closed_channel_does_not_hold_up_another_person(shop: World) -> None:
    number = await shop.ask()
    shop.slack.faults.next("chat.update", rate_limited(30))
    await shop.approve(number)
    assert "is sent" in (await shop.slack.wait_for(lambda: shop.slack.dms("U0LI") or None))[0].text
    assert replies(shop, number, "is sent") == []


async def test_a_deleted_card_is_replaced_by_a_fresh_one_at_the_next_change(shop: World) -> None:
    number = await shop.ask()
    first = await shop.card(number)
    shop.slack.delete_message(first.channel, first.ts)
    await shop.send(f"cancel {number}")
    await shop.state(number, "cancelled")
    [fresh] = cards(shop, number)
    assert fresh.ts != first.ts
    row = shop.row(number)
    assert row is not None
    assert row["card_ts"] == fresh.ts
    assert not fresh.element("approve_request")
    assert len(replies(shop, number, "withdrew")) == 1


async def test_a_reply_whose_card_was_deleted_under_it_is_told_at_a_fresh_card(shop: World) -> None:
    """Deleted after it was redrawn and before the reply came: the promise of the reply must not hang."""
    number = await shop.ask()
    first = await shop.card(number)
    # Room for the call; the reply about the coupon must wait a second.
    shop.slack.faults.limit_posts(per_second=1.0, burst=1)
    await shop.send(f"urge {number}")
    await shop.reply(number, "asks for a decision")
    await shop.approve(number)
    await shop.slack.wait_for(lambda: [c for c in shop.slack.calls() if c.status == 429] or None)
    assert replies(shop, number, "is sent") == []
    shop.slack.delete_message(first.channel, first.ts)
    shop.slack.faults.clear()
    await shop.quiet()
    [fresh] = cards(shop, number)
    assert fresh.ts != first.ts
    assert len(replies(shop, number, "is sent")) == 1


async def test_after_a_restart_nothing_is_tried_before_slack_said(
    shop: World,
) -> None:
    number = await shop.ask()
    shop.slack.faults.next("chat.postMessage", rate_limited(2))
    await shop.send(f"cancel {number}")
    await shop.slack.wait_for(lambda: shop.slack.faults.waiting == 0 or None)
    await until(lambda: shop.rows("select 1 from lease where closed_until > 0") or None)
    await shop.stop()
    await shop.start()
    other = await shop.send(f"send {OPENID} late-10 parcel")
    assert other.error is None
    await shop.quiet()
    [refused] = [call for call in shop.slack.calls("chat.postMessage") if call.error == "ratelimited"]
    later = [call for call in shop.slack.calls("chat.postMessage") if call.at > refused.at]
    assert len(later) == 2
    assert later[0].at - refused.at >= 2.0


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("chat.postMessage", "invalid_blocks"),
        ("chat.postMessage", "msg_blocks_too_long"),
        ("chat.update", "invalid_blocks"),
        ("chat.update", "invalid_blocks_format"),
    ],
)
async def test_blocks_that_slack_refuses_leave_the_plain_sentence(
    shop: World, method: str, error: str
) -> None:
    if method == "chat.postMessage":
        shop.slack.faults.next(method, api_error(error))
        number = await shop.ask()
    else:
        number = await shop.ask()
        shop.slack.faults.next(method, api_error(error))
        await shop.send(f"cancel {number}")
        await shop.state(number, "cancelled")
    [card] = cards(shop, number)
    assert card.blocks == []
    assert f"#{number}" in card.text
    assert "oU…jWeS6o" in card.text
    assert shop.slack.faults.waiting == 0


async def test_with_the_bot_out_of_the_channel_nothing_is_lost_and_all_is_told_once_it_is_back(
    shop: World,
) -> None:
    shop.slack.leave("C0APPROVE", "U0BOT")
    answer = await shop.send(f"send {OPENID} late-10 parcel")
    assert "#1" in answer.text
    await shop.slack.wait_for(
        lambda: (
            [call for call in shop.slack.calls("chat.postMessage") if call.error == "not_in_channel"] or None
        )
    )
    assert cards(shop, 1) == []
    shop.slack.join("C0APPROVE", "U0BOT")
    await shop.approve(1)
    await shop.state(1, "sent")
    assert len(cards(shop, 1)) == 1
    assert len(replies(shop, 1, "is sent")) == 1


async def test_a_requester_whose_account_is_gone_blocks_nobody_else(shop: World) -> None:
    first, second = await shop.ask(), await shop.ask(who="U0SUN")
    shop.slack.set_person("U0LI", deleted=True)
    await shop.approve(first)
    await shop.approve(second)
    await shop.state(first, "sent")
    await shop.state(second, "sent")
    assert [call.error for call in _posts_to(shop, "U0LI")] == ["user_disabled"]
    assert len(replies(shop, first, "is sent")) == 1
    assert len(shop.slack.dms("U0SUN")) == 1


async def test_where_direct_messages_are_switched_off_the_thread_still_tells(
    tmp_path: Path, pauses: Pauses
) -> None:
    workspace = replace(ENGLISH_TEAM, messages_tab_enabled=False)
    async with world(tmp_path, workspace=workspace, pauses=pauses) as shop:
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
        assert [call.error for call in _posts_to(shop, "U0LI")] == ["messages_tab_disabled"]
        assert len(replies(shop, number, "is sent")) == 1


def _posts_to(shop: World, channel: str) -> list[Call]:
    return [call for call in shop.slack.calls("chat.postMessage") if call.arguments["channel"] == channel]
