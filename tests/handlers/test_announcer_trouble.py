"""Posts that cannot be made, for a while or ever, and lanes that are stopped."""

from __future__ import annotations

import asyncio

from coupons.events import Tag
from coupons.ports import Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Event
from handlers.views.channel_loss import ChannelLoss, Lost
from sandbox.slack import api_error, cut_after, rate_limited, slow_answer
from tests.handlers.announcer_desk import CHANNEL, Desk, desk, drawn, refused
from tests.world import until

__all__ = ["desk"]


async def test_stop_lets_the_post_on_the_wire_finish_and_keeps_the_rest(desk: Desk) -> None:
    desk.slack.faults.next("chat.postMessage", slow_answer(0.5))
    first = await desk.new("cb1")
    second = await desk.new("cb2")
    desk.go()
    await drawn(desk, lambda: desk.slack.faults.waiting)
    await desk.stop()
    assert (await desk.now(first.id)).card_ts is not None
    assert (await desk.now(second.id)).card_ts is None
    assert await desk.outbox() == ["card"]
    assert len(desk.slack.messages(CHANNEL)) == 1


async def test_a_promise_about_an_event_that_is_not_there_is_dropped(desk: Desk) -> None:
    request = await desk.new()
    nowhere = Post(kind=PostKind.DIRECT, request_id=request.id, seq=999, person="U0LI")
    await desk.ledger.write(lambda tx: tx.post(nowhere))
    desk.go()
    await desk.quiet()
    assert desk.slack.dms("U0LI") == []


async def test_a_promise_whose_words_cannot_be_made_holds_up_nobody_else(desk: Desk) -> None:
    """A bug in one drawing must not silence the channel."""
    request, other = await desk.new("cb1"), await desk.new("cb2", requester="U0SUN")
    desk.go()
    await desk.quiet()
    bad = Event(Tag.REQUEST_SENT, "system", request.id, {"coupon_code": ["not", "text"]})
    await desk.tell(PostKind.DIRECT, request, bad, person="U0LI")
    good = Event(Tag.REQUEST_EXPIRED, "system", other.id)
    await desk.tell(PostKind.DIRECT, other, good, person="U0SUN")
    await desk.slack.wait_for(lambda: desk.slack.dms("U0SUN") or None)


async def test_with_a_token_that_may_not_read_history_a_lost_post_is_told_again(desk: Desk) -> None:
    """Twice is better than never; the start has warned of it."""
    desk.slack.faults.next("chat.postMessage", cut_after())
    desk.slack.faults.next("conversations.history", api_error("missing_scope"))
    request = await desk.new()
    desk.go()
    await desk.quiet()
    cards = desk.slack.messages(CHANNEL)
    assert len(cards) == 2
    assert (await desk.now(request.id)).card_ts == cards[1].ts
    assert "missing_scope" in [str(trouble) for trouble in desk.troubles]


async def test_what_a_lane_told_while_the_outbox_was_being_read_is_not_told_again(desk: Desk) -> None:
    """A lane may end between the look at the outbox and the start of its next run: that look is stale."""
    request = await desk.new()
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.postEphemeral", slow_answer(0.3))
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0SUN")
    await drawn(desk, lambda: desk.slack.faults.waiting)
    # The answer is on the wire. Another commit wakes the loop, and its look at the outbox takes long.
    desk.reader.gate.clear()
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0LI")
    await desk.reader.held.wait()
    async with asyncio.timeout(60):
        while await desk.outbox() == ["answer", "answer"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    desk.reader.gate.set()
    await desk.quiet()
    assert len(desk.slack.ephemerals("U0SUN")) == 1
    assert len(desk.slack.ephemerals("U0LI")) == 1


async def test_a_plain_no_is_not_looked_for(desk: Desk) -> None:
    desk.slack.faults.next("chat.postMessage", api_error("restricted_action"))
    await desk.new()
    desk.go()
    await desk.quiet()
    assert len(desk.slack.messages(CHANNEL)) == 1
    assert desk.slack.calls("conversations.history") == []
    assert desk.changes == [Lost(CHANNEL, ChannelLoss.POSTING_RULES), None]


async def test_a_channel_that_takes_changes_and_no_posts_is_lost_until_it_takes_a_post(desk: Desk) -> None:
    standing = await desk.new("cb1")
    desk.go()
    await desk.quiet()
    desk.slack.faults.rate("chat.postMessage", api_error("restricted_action"), 1.0)
    await desk.new("cb2")
    await desk.slack.wait_for(lambda: desk.channel.lost)
    await desk.ledger.write(lambda tx: tx.post(Post(kind=PostKind.CARD, request_id=standing.id)))
    await desk.slack.wait_for(lambda: desk.slack.calls("chat.update") or None)
    tried = len(desk.slack.calls("chat.postMessage"))
    await desk.slack.wait_for(lambda: len(desk.slack.calls("chat.postMessage")) > tried or None)
    assert desk.changes == [Lost(CHANNEL, ChannelLoss.POSTING_RULES)]
    desk.slack.faults.clear()
    await desk.quiet()
    assert desk.changes[1:] == [None]


async def test_what_only_changes_were_refused_for_is_over_when_a_change_is_taken(desk: Desk) -> None:
    standing = await desk.new()
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.update", api_error("missing_scope"))
    await desk.ledger.write(lambda tx: tx.post(Post(kind=PostKind.CARD, request_id=standing.id)))
    await desk.quiet()
    assert desk.changes == [Lost(CHANNEL, ChannelLoss.NO_ACCESS), None]


async def test_nobody_is_told_that_a_card_does_not_stand_which_stands_by_now(desk: Desk) -> None:
    """Promised while the channel was lost; the card came, and the channel was lost once more."""
    request = await desk.new()
    desk.go()
    await desk.quiet()
    desk.channel.refused(ChannelLoss.ARCHIVED)

    def promise(tx: Transaction) -> None:
        made = tx.events_of(request.id)[0]
        notice = PostKind.DIRECT
        tx.post(Post(kind=notice, request_id=request.id, seq=made.seq, person=request.requester))

    await desk.ledger.write(promise)
    await desk.quiet()
    assert desk.slack.dms(request.requester) == []


async def test_an_answer_is_whispered_and_where_it_cannot_be_it_comes_as_a_direct_message(desk: Desk) -> None:
    request = await desk.new()
    desk.go()
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0SUN")
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0SUN", channel="C0SUPPORT")
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0GONE", channel="C0SUPPORT")
    await desk.quiet()
    assert len(desk.slack.ephemerals("U0SUN")) == 1
    [dm] = desk.slack.dms("U0SUN")
    assert "Nothing has changed" in dm.text
    # Who can be reached in no way is noted, and keeps nothing waiting.
    assert "user_disabled" in [str(trouble) for trouble in desk.troubles]


async def test_a_person_whom_slack_makes_wait_holds_up_neither_the_channel_nor_other_people(
    desk: Desk,
) -> None:
    first, second = await desk.new("cb1"), await desk.new("cb2", requester="U0SUN")
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.postMessage", rate_limited(30))
    expired = Event(Tag.REQUEST_EXPIRED, "system", first.id)
    await desk.tell(PostKind.DIRECT, first, expired, person="U0LI")
    await drawn(desk, lambda: desk.slack.faults.waiting)
    await desk.tell(PostKind.REPLY, first, expired)
    await desk.tell(PostKind.DIRECT, second, Event(Tag.REQUEST_EXPIRED, "system", second.id), person="U0SUN")
    await desk.slack.wait_for(lambda: desk.slack.dms("U0SUN") or None)
    ts = (await desk.now(first.id)).card_ts
    assert ts is not None
    await desk.slack.wait_for(lambda: desk.slack.messages(CHANNEL, thread_ts=ts) or None)
    assert desk.slack.dms("U0LI") == []
    async with asyncio.timeout(60):
        while await desk.outbox() != ["notice"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_a_full_window_of_one_person_does_not_starve_the_others(desk: Desk) -> None:
    """More promises to one closed lane than are read at once: the one behind them is still seen."""
    crowd, other = await desk.new("cb1"), await desk.new("cb2", requester="U0SUN")
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.postMessage", rate_limited(30))
    expired = Event(Tag.REQUEST_EXPIRED, "system", crowd.id)

    def many(tx: Transaction) -> None:
        for _ in range(250):
            seq = tx.append(expired)
            tx.post(Post(kind=PostKind.DIRECT, request_id=crowd.id, seq=seq, person="U0LI"))

    await desk.ledger.write(many)
    await drawn(desk, lambda: desk.slack.faults.waiting)
    await desk.tell(PostKind.DIRECT, other, Event(Tag.REQUEST_EXPIRED, "system", other.id), person="U0SUN")
    await desk.slack.wait_for(lambda: desk.slack.dms("U0SUN") or None)


async def test_the_metadata_and_the_text_of_what_is_posted_tell_no_openid(desk: Desk) -> None:
    request = await desk.new(reason="for oUpF8uMuAJO_M2pxb1Q9zNjWeS6o, who waited")
    sent = Event(Tag.REQUEST_SENT, "system", request.id, {"coupon_code": "CODE1", "by": "answer"})
    desk.go()
    await desk.tell(PostKind.REPLY, request, sent)
    await desk.tell(PostKind.DIRECT, request, sent, person="U0LI")
    await desk.quiet()
    assert len(desk.slack.calls("chat.postMessage")) == 3
    assert request.openid not in repr([call.arguments for call in desk.slack.calls()])


async def test_a_rate_limit_word_without_its_status_is_a_rate_limit_all_the_same(desk: Desk) -> None:
    desk.slack.faults.next("chat.postMessage", api_error("message_limit_exceeded"))
    await desk.new()
    desk.go()
    await until(lambda: desk.slack.messages(CHANNEL) or None)
    assert desk.troubles == []
