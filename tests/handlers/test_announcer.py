"""What the outbox promises gets told: in order, once, and by itself when Slack is well again."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.pauses import Pauses
from bot.slack_app import session, web_client
from coupons.authority import Authority
from coupons.batch_asking import BatchAsking
from coupons.catalogue import Catalogue
from coupons.events import Tag
from coupons.leases import SAFE_MS
from coupons.lifecycle import move
from coupons.loops import Bell
from coupons.model import Request, State
from coupons.policy import Policy
from coupons.ports import Clock, Reading, Topic, Transaction
from coupons.posts import Post, PostKind, WaitingPost
from coupons.recording import Event, Json
from coupons.replies import reply
from handlers.announcer import Announcer
from handlers.approval_channel import ApprovalChannel
from handlers.audit_files import AuditFiles
from handlers.directory import Readers, SlackDirectory
from handlers.posting import Poster
from handlers.views.channel_loss import ChannelLoss, Lost
from sandbox.slack import Workspace, api_error, cut_after, rate_limited, slow, slow_answer
from sandbox.slack.running import Slack
from storage.ledger import SqliteLedger
from tests.clocks import SetClock, sure
from tests.empty_database import empty_database
from tests.storage.records import approve, create, send
from tests.words import LANGUAGES
from tests.world import ENGLISH_TEAM, until

CHANNEL = "C0APPROVE"
#: What is promised about our own pauses is that they end.
PAUSES = Pauses(posts_s=(0.1,), lost_channel_s=(0.1,))

POLICY = Policy(
    agents=(),
    approvers=("S0LEADS",),
    auditors=(),
    rules=(),
    per_customer=None,
    per_agent=None,
    expiry_ms=86_400_000,
)

T = TypeVar("T")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class LateReader:
    """The ledger, whose deliveries may be old by the time they are used: threads promise no order."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.gate, self.held = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def read(self, query: Callable[[Reading], T]) -> T:
        found = await self._ledger.read(query)
        deliveries = found[0] if isinstance(found, tuple) else None
        if isinstance(deliveries, list) and deliveries and not self.gate.is_set():
            self.held.set()
            await self.gate.wait()
        return found

    async def write(self, change: Callable[[Transaction], T], *, later: bool = False) -> T:
        return await self._ledger.write(change, later=later)


@dataclass(slots=True)
class Desk:
    """An announcer over a real outbox, beside a real Slack."""

    slack: Slack
    ledger: SqliteLedger
    reader: LateReader
    announcer: Announcer
    troubles: list[BaseException]
    #: What was heard of the approval channel.
    changes: list[Lost | None]
    channel: ApprovalChannel
    #: Of another process on the same database.
    another: Callable[[str], Announcer]
    running: asyncio.Task[None] | None = None

    def go(self) -> None:
        self.running = asyncio.create_task(self.announcer.run())

    async def stop(self) -> None:
        self.announcer.stop()
        if self.running is not None:
            await self.running

    async def outbox(self) -> list[str]:
        """The kinds still waiting, however far off."""
        due = await self.ledger.read(
            lambda rows: [each for kind in PostKind for each in rows.due_posts(kind, 2**62, 1000)]
        )
        return [str(each.post.kind) for each in due]

    async def quiet(self, within_s: float = 60.0) -> None:
        async with asyncio.timeout(within_s):
            while await self.outbox():  # noqa: ASYNC110 - rows tell nobody when they change
                await asyncio.sleep(0.01)

    async def new(self, number: str = "cb1", **changes: Any) -> Request:
        """A pending request with its card promised."""

        def write(tx: Transaction) -> Request:
            request = create(tx, number, **changes)
            tx.post(Post(kind=PostKind.CARD, request_id=request.id))
            return request

        return await self.ledger.write(write)

    async def now(self, request_id: int) -> Request:
        found = await self.ledger.read(lambda rows: rows.request(request_id))
        assert found is not None
        return found

    async def tell(
        self,
        kind: PostKind,
        request: Request,
        event: Event,
        person: str | None = None,
        channel: str = CHANNEL,
    ) -> None:
        def write(tx: Transaction) -> None:
            place = channel if kind is PostKind.ANSWER else None
            seq = tx.append(event)
            tx.post(Post(kind=kind, request_id=request.id, seq=seq, person=person, channel=place))

        await self.ledger.write(write)


def refused(request: Request) -> Event:
    """A click that did not count."""
    detail: dict[str, Json] = {"action": "approve", "reason": "not_approver", "state": "pending"}
    return Event(Tag.CLICK_REFUSED, "U0SUN", request.id, detail)


@asynccontextmanager
async def desk_of(folder: Path, workspace: Workspace, *, steady: Clock = now_ms) -> AsyncGenerator[Desk]:
    bells: list[Bell] = []

    def on_commit(topics: frozenset[Topic]) -> None:
        for bell in bells if Topic.POSTS in topics else ():
            bell.ring()

    async with workspace.serve() as slack, session() as http:
        troubles: list[BaseException] = []
        changes: list[Lost | None] = []
        channel = ApprovalChannel(CHANNEL, pauses_s=PAUSES.lost_channel_s, on_change=changes.append)
        ledger = SqliteLedger(empty_database(folder / "coupon.db"), clock=now_ms, on_commit=on_commit)
        reader = LateReader(ledger)
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        directory = SlackDirectory(client, team="T0SHOP", clock=now_ms)
        poster = Poster(client)
        readers = Readers(directory, LANGUAGES, language="en", on_trouble=troubles.append)

        authority = Authority(policy=POLICY, directory=directory, ledger=ledger, team="T0SHOP")
        clock = sure(now_ms, steady=steady)
        batch_asking = BatchAsking(
            ledger=reader,
            authority=authority,
            policy=POLICY,
            catalogue=Catalogue(()),
            team="T0SHOP",
            clock=clock,
        )

        def announcer(holder: str) -> Announcer:
            bells.append(Bell())
            return Announcer(
                poster=poster,
                readers=readers,
                files=AuditFiles(ledger=reader, catalogue=Catalogue(()), poster=poster, readers=readers),
                ledger=reader,
                approval_channel=channel,
                workspace_url="https://shop.slack.com/",
                authority=authority,
                batch_asking=batch_asking,
                policy=POLICY,
                catalogue=Catalogue(()),
                clock=clock,
                bell=bells[-1],
                holder=holder,
                pauses_s=PAUSES.posts_s,
                no_card_s=PAUSES.no_card_s,
                on_trouble=troubles.append,
            )

        here = Desk(slack, ledger, reader, announcer("first"), troubles, changes, channel, announcer)
        try:
            yield here
        finally:
            await here.stop()
            await ledger.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with desk_of(tmp_path, ENGLISH_TEAM) as here:
        yield here


def posted(desk: Desk) -> list[str]:
    """The delivery ids of the posts that Slack took, in their order."""
    return [
        call.arguments["metadata"]["event_payload"]["delivery_id"]
        for call in desk.slack.calls("chat.postMessage")
        if call.error is None
    ]


async def drawn(desk: Desk, fault_of: Callable[[], int]) -> None:
    """Until the queued faults were met: the call is on the wire."""
    await desk.slack.wait_for(lambda: fault_of() == 0 or None)


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
