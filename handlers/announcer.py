"""Tells Slack what the outbox promises: one lane for each of Slack's limits, many lanes at a time.

A message is drawn from the rows at the moment of posting, so a late one still tells the truth. A lane keeps
its order, but new cards go before everything else: an approver waits for each. A reply waits for its card.
While the approval channel takes no posts, its whole lane waits behind the first of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp

from coupons.audit_words import BadWord
from coupons.authority import Authority
from coupons.batch_asking import BatchAsking
from coupons.catalogue import Catalogue
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable, StorageUnavailable
from coupons.events import Tag
from coupons.leases import RENEW_MS
from coupons.lifecycle import FINAL
from coupons.loops import Bell, InFlight, Loop, OnTrouble
from coupons.model import Request
from coupons.policy import Policy
from coupons.ports import Ledger, Transaction
from coupons.posts import LONGEST_PAUSE_MS, Post, PostKind, WaitingPost
from coupons.presence import Presence
from coupons.recording import Recorded
from handlers.approval_channel import ApprovalChannel
from handlers.audit_files import AuditFiles
from handlers.batch_cards import BatchCards
from handlers.batch_lines import BatchLines
from handlers.batch_previews import BatchPreviews
from handlers.batch_results import BatchResults
from handlers.card_facts import CardFacts
from handlers.cards import Cards
from handlers.directory import Readers
from handlers.lane_leases import LaneLeases
from handlers.personal_posts import PersonalPosts
from handlers.post_once import ChannelLost, PostOnce, Recalled
from handlers.post_pace import PostPace
from handlers.posting import Poster, requests_by
from handlers.views import thread_replies
from handlers.web_api import Denied, MessageGone, RateLimited, SlackError, Unreachable
from handlers.week_posts import WeekPosts

_LANES = 8
#: Read of the outbox at once, of each kind.
_WINDOW = 200
#: So long a lane works off what it read, before it looks for what is more urgent by now.
_RUN_MS = 1_000
#: Posts that the approval channel refused before those are told who wait for a card.
_REFUSALS_TO_TELL = 4

#: Answers first: somebody is looking at the screen. Then cards: somebody waits for each.
_ORDER = (
    PostKind.ANSWER,
    PostKind.CARD,
    PostKind.PREVIEW,
    PostKind.BATCH_CARD,
    PostKind.DIRECT,
    PostKind.REPLY,
    PostKind.NEWS,
    PostKind.LEFT_OUT,
    PostKind.LINES,
    PostKind.FILE,
    PostKind.RESULT,
    PostKind.WEEK,
    PostKind.REDRAW,
)
#: They tell an event; all others are drawn from rows.
_OF_EVENTS = {PostKind.ANSWER, PostKind.DIRECT, PostKind.REPLY, PostKind.NEWS, PostKind.FILE}
_CREATED = frozenset({Tag.REQUEST_CREATED, Tag.UNDO_CREATED})
#: Steps that call the approvers by name.
_CALLS = frozenset({Tag.REQUEST_URGED, Tag.REQUEST_REMINDED})


class Announcer(Loop):
    """`on_trouble` hears of what an operator must look at; nothing stops the loop.

    `holder` names this start of the bot, and no other one ever. `pauses_s` follow a post that failed, by its
    tries; `no_card_s` a reply whose card does not stand yet.
    """

    def __init__(
        self,
        *,
        poster: Poster,
        readers: Readers,
        files: AuditFiles,
        ledger: Ledger,
        approval_channel: ApprovalChannel,
        workspace_url: str,
        authority: Authority,
        presence: Presence,
        batch_asking: BatchAsking,
        policy: Policy,
        catalogue: Catalogue,
        clock: ClockWatch,
        bell: Bell,
        holder: str,
        pauses_s: Sequence[float],
        no_card_s: float,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._leases = LaneLeases(holder=holder, ledger=ledger, steady=clock.steady)
        self._once = PostOnce(
            poster=poster,
            ledger=ledger,
            leases=self._leases,
            approval_channel=approval_channel,
            clock=clock,
            on_trouble=on_trouble,
        )
        self._cards = Cards(
            once=self._once,
            readers=readers,
            ledger=ledger,
            approval_channel=approval_channel,
            facts=CardFacts(catalogue, readers.channel.tickets),
            presence=presence,
        )
        self._previews = BatchPreviews(
            once=self._once,
            poster=poster,
            readers=readers,
            ledger=ledger,
            asking=batch_asking,
            workspace_url=workspace_url,
            on_trouble=on_trouble,
        )
        self._batch_cards = BatchCards(
            once=self._once,
            readers=readers,
            ledger=ledger,
            approval_channel=approval_channel,
            policy=policy,
            presence=presence,
            steady=clock.steady,
        )
        self._results = BatchResults(
            once=self._once, poster=poster, readers=readers, ledger=ledger, on_trouble=on_trouble
        )
        self._lines = BatchLines(once=self._once, readers=readers, ledger=ledger, on_trouble=on_trouble)
        self._weeks = WeekPosts(
            once=self._once, readers=readers, ledger=ledger, authority=authority, on_trouble=on_trouble
        )
        self._personal = PersonalPosts(
            once=self._once,
            poster=poster,
            readers=readers,
            ledger=ledger,
            approval_channel=approval_channel,
            catalogue=catalogue,
            workspace_url=workspace_url,
            on_trouble=on_trouble,
        )
        self._readers = readers
        self._files = files
        self._ledger = ledger
        self._channel = approval_channel
        self._presence = presence
        self._clock = clock
        self._pauses_s = pauses_s
        self._no_card_s = no_card_s
        #: Those rest that Slack closed for a while by 429, and those behind a post that was refused.
        self._lanes = InFlight[str](_LANES, bell=bell, on_trouble=on_trouble)
        self._pace = PostPace(clock.steady)
        #: The ones that rest because the approval channel is lost.
        self._lost: set[str] = set()

    def register(self, app: AsyncApp) -> None:
        app.event("member_joined_channel")(self.on_joined)

    async def on_joined(self, event: dict[str, Any]) -> None:
        """Perhaps it was the bot that was invited: what waits for the channel needs no longer wait."""
        if event.get("channel") == self._channel.id:
            self.try_channel_now()

    def try_channel_now(self) -> None:
        """What waits for the lost approval channel is posted now, or refused once more."""
        for lane in self._lost:
            self._lanes.wake(lane)
        self._lost.clear()

    async def step(self) -> float | None:
        """Open a lane for each channel and person who is promised something."""
        now = self._clock()
        # Looked at before the outbox: what is read of a lane that ends meanwhile may be told already. Left
        # out there and not here, so that a full lane cannot hide the promises behind it.
        shut = self._lanes.not_now()
        posts, due = await self._due_posts(now, shut)
        new = await self._leases.hold({*self._lanes.under_way, *(each.lane for each in posts)})
        for lane, shut_s in new.items():
            if shut_s:
                self._lanes.rest(lane, shut_s)
        if new:
            # Another process may have told what was read before the lane was ours.
            posts, due = await self._due_posts(now, shut)
        by_lane: dict[str, list[WaitingPost]] = defaultdict(list)
        for waiting in posts:
            by_lane[waiting.lane].append(waiting)
        for lane, theirs in by_lane.items():
            theirs.sort(key=lambda waiting: (_goes_before(waiting), waiting.id))
            if self._leases.holds(lane):
                self._lanes.start(lane, partial(self._run_lane, lane, theirs), name=f"lane-{lane}")
        waits = (
            None if due is None else max((due - now) / 1000, 0.01),
            self._cards.rests_for(),
            RENEW_MS / 1000 if self._lanes.under_way else None,
        )
        return min((each for each in waits if each is not None), default=None)

    async def _due_posts(self, now: int, shut: Collection[str]) -> tuple[list[WaitingPost], int | None]:
        """What is due now, but in these lanes, and when the next is."""
        kinds = [kind for kind in _ORDER if kind is not PostKind.REDRAW or self._cards.rests_for() is None]
        # In one read: each costs several times what it asks, and this one is made at every commit of a post.
        return await self._ledger.read(
            lambda rows: (
                [each for kind in kinds for each in rows.due_posts(kind, now, _WINDOW, shut)],
                rows.next_post_due(now),
            )
        )

    async def drain(self) -> None:
        while not await self._lanes.drain(within_s=RENEW_MS / 1000):
            try:
                await self._leases.hold(self._lanes.under_way)
            except StorageUnavailable as error:
                self._on_trouble(error)

    # --- one lane

    async def _run_lane(self, lane: str, posts: Sequence[WaitingPost]) -> None:
        began = self._clock.steady()
        for waiting in posts:
            if self.stopping or not self._leases.holds(lane) or self._clock.steady() - began > _RUN_MS:
                return
            if waiting.post.kind is PostKind.REDRAW and self._cards.rests_for() is not None:
                return
            try:
                await self._post(waiting)
            except Recalled:
                continue
            except RateLimited as error:
                pause_s = min(error.retry_after, LONGEST_PAUSE_MS / 1000)
                self._pace.refused(lane, pause_s)
                self._lanes.rest(lane, pause_s)
                await self._leases.close(lane, pause_s)
                return
            except ChannelLost as error:
                # The next one would fare no better, and must not overtake this one.
                self._lost.add(lane)
                self._lanes.rest(lane, self._channel.refused(error.loss, post=error.post))
                if self._channel.refusals == _REFUSALS_TO_TELL:
                    await self._tell_those_who_wait()
                return
            except (SlackError, DirectoryUnavailable, OSError) as error:
                # OSError: there is no room for a file, on this machine's disk.
                self._on_trouble(error)
                await self._put_off(waiting, self._pauses_s[min(waiting.tries, len(self._pauses_s) - 1)])
            if pause_s := self._pace.took(lane):
                self._lanes.rest(lane, pause_s)
                return

    async def _post(self, waiting: WaitingPost) -> None:
        post = waiting.post
        if post.kind not in _OF_EVENTS:
            await self._draw(waiting)
            return
        request = await self._request(post.request_id)
        event = await self._ledger.read(lambda rows: rows.event(post.seq or 0))
        if event is None:
            # Nothing to tell of: kept, it would be looked at for ever.
            await self._finish(waiting)
        elif post.kind is PostKind.REPLY and request is not None:
            await self._post_step(waiting, request, event)
        elif post.kind is PostKind.REPLY:
            await self._post_step_of_batch(waiting, event)
        elif post.kind is PostKind.DIRECT and request is not None:
            await self._personal.direct(waiting, request, event)
            await self._finish(waiting)
        elif post.kind is PostKind.DIRECT:
            await self._personal.of_absence(waiting, event)
            await self._finish(waiting)
        elif post.kind is PostKind.NEWS:
            channel = post.channel or self._channel.id
            news = thread_replies.news(self._readers.channel, event)
            await self._once.post(waiting, channel, news, requests=requests_by(event))
            await self._finish(waiting)
        elif post.kind is PostKind.FILE:
            await self._post_file(waiting, event)
        else:
            await self._personal.answer(waiting, request, event)
            await self._finish(waiting)

    async def _draw(self, waiting: WaitingPost) -> None:
        match waiting.post.kind:
            case PostKind.PREVIEW:
                await self._previews.post(waiting)
            case PostKind.BATCH_CARD:
                if rests_s := await self._batch_cards.post(waiting):
                    await self._put_off(waiting, rests_s)
            case PostKind.LEFT_OUT:
                await self._previews.share_left_out(waiting)
            case PostKind.RESULT:
                await self._results.post(waiting)
            case PostKind.LINES:
                await self._lines.post(waiting)
            case PostKind.WEEK:
                await self._weeks.post(waiting)
            case _:
                await self._cards.post(waiting)

    async def _request(self, request_id: int | None) -> Request | None:
        if request_id is None:
            return None
        return await self._ledger.read(lambda rows: rows.request(request_id))

    async def _post_step(self, waiting: WaitingPost, request: Request, event: Recorded) -> None:
        if request.card_ts is None or request.card_channel is None:
            await self._put_off(waiting, self._no_card_s)
            return
        approvers: Sequence[str] = ()
        if event.tag in _CALLS:
            approvers = (await self._presence.for_request(request)).called
        paused = await self._ledger.read(lambda rows: rows.pause()) is not None
        approval_seq = waiting.post.approval_seq
        approval = await self._ledger.read(lambda rows: rows.event(approval_seq)) if approval_seq else None
        message = thread_replies.step(
            self._readers.channel, event, request, approval=approval, approvers=approvers, paused=paused
        )
        try:
            await self._once.post(waiting, request.card_channel, message, thread_ts=request.card_ts)
        except (MessageGone, Unreachable):
            # Somebody deleted the card, or it stands in a channel that was lost before another was named: a
            # fresh one first, then the reply in its thread.
            await self._ledger.write(lambda tx: tx.post(Post(kind=PostKind.CARD, request_id=request.id)))
            await self._put_off(waiting, self._no_card_s)
            return
        await self._finish(waiting)

    async def _post_step_of_batch(self, waiting: WaitingPost, event: Recorded) -> None:
        if await self._batch_cards.step(waiting, event):
            await self._finish(waiting)
        else:
            await self._put_off(waiting, self._no_card_s)

    async def _post_file(self, waiting: WaitingPost, event: Recorded) -> None:
        try:
            await self._files.send(waiting, event, self._once)
        except (Unreachable, Denied, BadWord) as error:
            self._on_trouble(error)
        await self._finish(waiting)

    async def _tell_those_who_wait(self) -> None:
        """Who asked for something before anybody knew was promised a card: told by direct message."""

        def tell(tx: Transaction) -> None:
            for waiting in tx.due_posts(PostKind.CARD, self._clock(), _WINDOW):
                request = tx.request(waiting.post.request_id or 0)
                if request is None or request.card_ts is not None or request.state in FINAL:
                    continue
                made = next(each for each in tx.events_of(request.id) if each.tag in _CREATED)
                tx.post(
                    Post(
                        kind=PostKind.DIRECT,
                        request_id=request.id,
                        seq=made.seq,
                        person=request.requester,
                    )
                )

        await self._ledger.write(tell)

    async def _finish(self, waiting: WaitingPost) -> None:
        await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))

    async def _put_off(self, waiting: WaitingPost, pause_s: float) -> None:
        due_at = self._clock() + int(pause_s * 1000)
        await self._ledger.write(lambda tx: tx.put_post_off(waiting.id, due_at))


def _goes_before(waiting: WaitingPost) -> int:
    """Cards of requests first: an approver waits for each. The card of a batch comes again by itself."""
    first = (PostKind.CARD, PostKind.BATCH_CARD)
    return first.index(waiting.post.kind) if waiting.post.kind in first else len(first)
