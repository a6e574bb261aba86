"""What the outbox promises gets told: in order, once, and by itself when Slack is well again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from coupons.events import Tag
from coupons.leases import SAFE_MS
from coupons.lifecycle import move
from coupons.model import State
from coupons.ports import Transaction
from coupons.posts import Post, PostKind, WaitingPost
from coupons.recording import Event
from coupons.replies import reply
from sandbox.slack import rate_limited, slow, slow_answer
from tests.clocks import SetClock
from tests.handlers.announcer_desk import CHANNEL, Desk, desk, desk_of, drawn, now_ms, posted, refused
from tests.storage.records import approve, create, send
from tests.world import ENGLISH_TEAM

__all__ = ["desk"]


async def test_what_was_promised_before_the_start_is_told_in_its_order(desk: Desk) -> None:
    request = await desk.new()
    await desk.tell(PostKind.REPLY, request, Event(Tag.APPROVAL_GIVEN, "U0WANG", request.id, {"count": 1}))
    await desk.tell(PostKind.REPLY, request, Event(Tag.REQUEST_RETRIED, "U0WANG", request.id))
    desk.go()
    await desk.quiet()
    [card] = desk.slack.messages(CHANNEL)
    messages = [reply.text for reply in desk.slack.messages(CHANNEL, thread_ts=card.ts)]
    assert ["approved" in messages[0], "back to work" in messages[1]] == [True, True]
    assert desk.troubles == []


async def test_a_new_card_goes_before_the_replies_of_other_requests(desk: Desk) -> None:
    """An approver waits for a card; a reply tells what has happened anyway. Each thread keeps its order."""
    first = await desk.new("cb1")
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.postMessage", rate_limited(1))
    for tag in (Tag.REQUEST_RETRIED, Tag.REQUEST_EXPIRED):
        await desk.tell(PostKind.REPLY, first, Event(tag, "U0WANG", first.id))
    await drawn(desk, lambda: desk.slack.faults.waiting)
    second = await desk.new("cb2")
    await desk.quiet()
    assert [delivery.partition(".")[2] for delivery in posted(desk)] == [
        f"card:{first.id}",
        f"card:{second.id}",
        "step:2",
        "step:3",
    ]


async def test_a_lane_with_much_to_tell_looks_for_new_cards_every_second(tmp_path: Path) -> None:
    steady = SetClock(0)
    async with desk_of(tmp_path, ENGLISH_TEAM, steady=steady) as desk:
        first = await desk.new("cb1")
        desk.go()
        await desk.quiet()
        desk.slack.faults.next("chat.postMessage", slow_answer(0.3))

        def promise(tx: Transaction) -> None:
            for _ in range(3):
                seq = tx.append(Event(Tag.REQUEST_EXPIRED, "system", first.id))
                tx.post(Post(kind=PostKind.REPLY, request_id=first.id, seq=seq))

        await desk.ledger.write(promise)
        await drawn(desk, lambda: desk.slack.faults.waiting)
        second = await desk.new("cb2")
        steady.now += 1_001
        await desk.quiet()
        assert [delivery.partition(".")[2].partition(":")[0] for delivery in posted(desk)] == [
            "card",
            "step",
            "card",
            "step",
            "step",
        ]
        assert (await desk.now(second.id)).card_ts is not None


async def test_what_another_process_told_before_a_lane_was_ours_is_not_told_again(desk: Desk) -> None:
    """The outbox was read while the lane was another's."""
    request = await desk.new()
    desk.go()
    await desk.quiet()
    desk.reader.gate.clear()
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0SUN")
    await desk.reader.held.wait()

    def finish(tx: Transaction) -> None:
        [answer] = tx.due_posts(PostKind.ANSWER, now_ms(), 9)
        tx.finish_post(answer.id, answer.version)

    await desk.ledger.write(finish)
    desk.reader.gate.set()
    await desk.tell(PostKind.ANSWER, request, refused(request), person="U0LI")
    await desk.quiet()
    assert len(desk.slack.ephemerals("U0LI")) == 1
    assert desk.slack.ephemerals("U0SUN") == []


async def test_a_card_goes_before_direct_messages_when_not_all_can_go_at_once(desk: Desk) -> None:
    desk.slack.faults.rate("chat.postMessage", slow_answer(0.3), share=1.0)
    people = [*desk.slack.state.directory.people][:9]
    requests = [await desk.ledger.write(lambda tx, p=who: create(tx, p, requester=p)) for who in people]  # type: ignore[misc]

    def promise(tx: Transaction) -> None:
        for about in requests:
            seq = tx.append(Event(Tag.REQUEST_EXPIRED, "system", about.id))
            tx.post(Post(kind=PostKind.DIRECT, request_id=about.id, seq=seq, person=about.requester))
        tx.post(Post(kind=PostKind.CARD, request_id=requests[0].id))

    await desk.ledger.write(promise)
    desk.go()
    await desk.quiet()
    channels = [call.arguments["channel"] for call in desk.slack.calls("chat.postMessage")]
    assert CHANNEL in channels[:8]
    assert len(channels) == 10


async def test_two_processes_on_one_database_tell_each_post_once_and_in_its_order(desk: Desk) -> None:
    """Each lane is one process's at a time; whoever comes second to it leaves it alone."""
    requests = [await desk.new(f"cb{place}", requester=("U0LI", "U0SUN")[place % 2]) for place in range(4)]

    def promise(tx: Transaction) -> None:
        for place in range(48):
            about = requests[place % 4]
            seq = tx.append(Event(Tag.REQUEST_EXPIRED, "system", about.id))
            tx.post(Post(kind=PostKind.REPLY, request_id=about.id, seq=seq))
            tx.post(Post(kind=PostKind.DIRECT, request_id=about.id, seq=seq, person=about.requester))

    await desk.ledger.write(promise)
    second = desk.another("second")
    both = asyncio.gather(desk.announcer.run(), second.run())
    await desk.quiet(within_s=60.0)
    for announcer in (desk.announcer, second):
        announcer.stop()
    await both
    assert len(posted(desk)) == len(set(posted(desk))) == 4 + 48 + 48
    threads = defaultdict[tuple[str, str | None], list[int]](list)
    for call in desk.slack.calls("chat.postMessage"):
        number = int(call.arguments["metadata"]["event_payload"]["delivery_id"].partition(".")[0])
        threads[call.arguments["channel"], call.arguments.get("thread_ts")].append(number)
    assert len(threads) == 1 + 4 + 2
    assert all(found == sorted(found) for found in threads.values())
    assert desk.troubles == []


async def test_a_card_drawn_late_by_who_was_frozen_is_drawn_again(desk: Desk) -> None:
    """Another process drew it meanwhile, as it is now, and kept the promise."""
    request = await desk.new()
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.update", slow(0.3))
    await desk.ledger.write(lambda tx: tx.post(Post(kind=PostKind.CARD, request_id=request.id)))
    await drawn(desk, lambda: desk.slack.faults.waiting)

    def drawn_by_another(tx: Transaction) -> None:
        latest = tx.request(request.id)
        assert latest is not None
        tx.append(Event(Tag.REQUEST_CANCELLED, "U0LI", request.id))
        tx.save(latest, move(latest, State.CANCELLED, now=now_ms(), closed_by="U0LI"))
        [card] = tx.due_posts(PostKind.CARD, now_ms(), 9)
        assert tx.finish_post(card.id, card.version)

    await desk.ledger.write(drawn_by_another)
    await desk.slack.wait_for(lambda: len(desk.slack.calls("chat.update")) == 2 or None)
    await desk.quiet()
    assert len(desk.slack.calls("chat.update")) == 2
    [card] = desk.slack.messages(CHANNEL)
    assert not card.element("approve_request")


async def test_who_was_frozen_when_it_had_begun_a_post_looks_for_it_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may have had the lane meanwhile, and have posted it."""
    await desk.new()
    leases = desk.announcer._leases
    begins, steady = leases.begins, leases._steady

    def begins_and_freezes(tx: Transaction, waiting: WaitingPost) -> bool:
        monkeypatch.setattr(leases, "_steady", lambda: steady() + SAFE_MS)
        monkeypatch.setattr(leases, "begins", begins)
        return begins(tx, waiting)

    monkeypatch.setattr(leases, "begins", begins_and_freezes)
    desk.go()
    await desk.quiet()
    methods = [call.method for call in desk.slack.calls() if call.method != "auth.test"]
    assert methods.index("conversations.history") < methods.index("chat.postMessage")
    assert len(desk.slack.messages(CHANNEL)) == 1


async def test_nothing_is_tried_that_is_known_to_be_too_early(desk: Desk) -> None:
    desk.slack.faults.limit_posts(per_second=1.0, burst=1)
    for number in ("cb1", "cb2", "cb3"):
        await desk.new(number)
    desk.go()
    await desk.quiet()
    assert len(desk.slack.messages(CHANNEL)) == 3
    refused = [call for call in desk.slack.calls("chat.postMessage") if call.error == "ratelimited"]
    assert len(refused) == 1


async def test_cards_that_may_not_be_changed_for_a_while_hold_up_no_new_card(desk: Desk) -> None:
    first = await desk.new("cb1")
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.update", rate_limited(30))
    await desk.ledger.write(lambda tx: tx.post(Post(kind=PostKind.CARD, request_id=first.id)))
    await drawn(desk, lambda: desk.slack.faults.waiting)
    await desk.new("cb2")
    await desk.slack.wait_for(lambda: len(desk.slack.messages(CHANNEL)) == 2 or None)


async def test_a_reply_that_another_one_tells_by_now_is_not_posted(desk: Desk) -> None:
    """The result came while the lane was on its way to the reply about the approval."""
    request = await desk.new()
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.postMessage", slow_answer(0.3))
    given = Event(Tag.APPROVAL_GIVEN, "U0WANG", request.id, {"count": 1, "needed": 1})

    def promise(tx: Transaction) -> None:
        """In one commit, so that the lane has read both."""
        for event in (Event(Tag.REQUEST_RETRIED, "U0WANG", request.id), given):
            tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=tx.append(event)))

    await desk.ledger.write(promise)
    await drawn(desk, lambda: desk.slack.faults.waiting)
    sent = Event(Tag.REQUEST_SENT, "system", request.id, {"coupon_code": "CODE1", "by": "answer"})
    await desk.ledger.write(lambda tx: reply(tx, request.id, tx.append(sent)))
    await desk.quiet()
    [card] = desk.slack.messages(CHANNEL)
    messages = [each.text for each in desk.slack.messages(CHANNEL, thread_ts=card.ts)]
    assert len(messages) == 2
    assert "approved (1 of 1). The coupon" in messages[1]
    assert "CODE1" in messages[1]


async def test_a_late_card_is_drawn_as_things_are_now(desk: Desk) -> None:
    """Not as they were when it was promised: nobody may be asked to approve what is done."""
    request = await desk.new()
    await desk.ledger.write(lambda tx: send(tx, approve(tx, request)))
    desk.go()
    await desk.quiet()
    [card] = desk.slack.messages(CHANNEL)
    assert not card.element("approve_request")


async def test_many_changes_while_one_drawing_is_on_the_wire_become_one_more_drawing(desk: Desk) -> None:
    request = await desk.new()
    desk.go()
    await desk.quiet()
    desk.slack.faults.next("chat.update", slow_answer(0.5))
    card = Post(kind=PostKind.CARD, request_id=request.id)
    await desk.ledger.write(lambda tx: tx.post(card))
    await drawn(desk, lambda: desk.slack.faults.waiting)

    def cancel(tx: Transaction) -> None:
        latest = tx.request(request.id)
        assert latest is not None
        tx.append(Event(Tag.REQUEST_CANCELLED, "U0LI", request.id))
        tx.save(latest, move(latest, State.CANCELLED, now=now_ms(), closed_by="U0LI"))
        tx.post(card)

    await desk.ledger.write(cancel)
    for _ in range(5):
        await desk.ledger.write(lambda tx: tx.post(card))
    await desk.quiet()
    assert len(desk.slack.calls("chat.update")) == 2
    [shown] = desk.slack.messages(CHANNEL)
    assert not shown.element("approve_request")
    assert "withdr" in shown.text.lower()


async def test_a_request_cancelled_while_its_card_is_being_posted_has_one_card_that_says_so(
    desk: Desk,
) -> None:
    desk.slack.faults.next("chat.postMessage", slow_answer(0.5))
    desk.go()
    request = await desk.new()
    await drawn(desk, lambda: desk.slack.faults.waiting)

    def cancel(tx: Transaction) -> None:
        latest = tx.request(request.id)
        assert latest is not None
        tx.append(Event(Tag.REQUEST_CANCELLED, "U0LI", request.id))
        tx.save(latest, move(latest, State.CANCELLED, now=now_ms(), closed_by="U0LI"))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))

    await desk.ledger.write(cancel)
    await desk.quiet()
    [card] = desk.slack.messages(CHANNEL)
    assert not card.element("approve_request")
    latest = await desk.now(request.id)
    assert (latest.card_channel, latest.card_ts) == (CHANNEL, card.ts)
