"""The cards of batches in the approval channel: posted, drawn anew where they stand, told of in threads."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from typing import Final

from coupons.batch_desk import may_decide
from coupons.batch_lines import DRAWN_EVERY_MS
from coupons.batches import BATCH_FINAL, Batch, BatchState
from coupons.lifecycle import FINAL
from coupons.model import State
from coupons.policy import DAY_MS, Policy
from coupons.ports import Clock, Ledger, Reading, Transaction
from coupons.posts import Post, PostKind, WaitingPost
from coupons.presence import Presence
from coupons.recording import Recorded
from handlers.approval_channel import ApprovalChannel
from handlers.directory import Readers
from handlers.post_once import PostOnce
from handlers.views import batch_thread
from handlers.views.batch_card import BEFORE_DAYS, BatchOnCard, batch_card
from handlers.views.batch_standing import Speed
from handlers.web_api import MessageGone, Unreachable

_LARGEST: Final = 5
#: Drawings of cards of batches that run, in a minute: Slack takes some fifty changes a minute in all.
_DRAWINGS_A_MINUTE: Final = 15
_MINUTE_S: Final = 60.0
#: Lines that have ended, or wait for a person.
_ENDED: Final = FINAL | {State.HELD}


class BatchCards:
    """A card is drawn from the rows at the moment of posting."""

    def __init__(
        self,
        *,
        once: PostOnce,
        readers: Readers,
        ledger: Ledger,
        approval_channel: ApprovalChannel,
        policy: Policy,
        presence: Presence,
        steady: Clock,
    ) -> None:
        self._once = once
        self._readers = readers
        self._ledger = ledger
        self._channel = approval_channel
        self._policy = policy
        self._presence = presence
        self._steady = steady
        #: When cards of running batches were drawn last.
        self._drawn: deque[int] = deque(maxlen=_DRAWINGS_A_MINUTE)
        #: By batch: when, by the steady clock, and how many of its lines had ended.
        self._ended: dict[int, deque[tuple[int, int]]] = {}

    async def post(self, waiting: WaitingPost) -> float | None:
        """What a BATCH_CARD promises. Returns the seconds after which it is to be drawn; None: it was.

        Raises SlackError, ChannelLost.
        """
        number = waiting.post.batch or 0
        batch = await self._ledger.read(lambda rows: rows.batch(number))
        if batch is None or batch.state in {BatchState.DRAFT, BatchState.DISCARDED}:
            await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))
            return None
        if batch.state is BatchState.RUNNING and batch.card_ts is not None:
            if rests_s := self._rests_for(batch.id):
                return rests_s
            self._drawn.append(self._steady())
        await self._put_up(waiting, batch)
        return None

    async def step(self, waiting: WaitingPost, event: Recorded) -> bool:
        """A reply in the thread of its card. False: that does not stand yet. Raises as `post`."""
        number = waiting.post.batch or 0
        batch, pause = await self._ledger.read(lambda rows: (rows.batch(number), rows.pause()))
        if batch is None:
            return True
        if batch.card_ts is None or batch.card_channel is None:
            return False
        message = batch_thread.step(
            self._readers.channel,
            event,
            batch,
            approvers=(await self._presence.for_batch(batch)).called,
            paused=pause is not None,
        )
        try:
            await self._once.post(waiting, batch.card_channel, message, thread_ts=batch.card_ts)
        except (MessageGone, Unreachable):
            # Somebody deleted the card, or it stands in a channel that was lost: a fresh one first.
            await self._ledger.write(
                lambda tx: tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=number))
            )
            return False
        return True

    async def _put_up(self, waiting: WaitingPost, batch: Batch) -> None:
        shown = await self._ledger.read(partial(_batch_on_card, batch_id=batch.id))
        message = batch_card(self._readers.channel, await self._with_people(shown))
        if batch.card_ts is not None and batch.card_channel is not None:
            try:
                await self._once.redraw(batch.card_channel, batch.card_ts, message)
            except MessageGone:
                pass
            except Unreachable:
                # Another channel was the approval channel then, and the bot cannot write there any more.
                if batch.card_channel == self._channel.id:
                    raise
            else:
                await self._ledger.write(partial(_drawn_in, waiting=waiting))
                return
        # By this, a start with an older file knows the numbers that its lines were given.
        highest = await self._ledger.read(lambda rows: rows.highest_number())
        channel, ts = await self._once.post(waiting, self._channel.id, message, requests=highest)

        def keep(tx: Transaction) -> None:
            tx.set_batch_card(batch.id, channel, ts)
            if batch.state is BatchState.PENDING:
                # By this channel's name, so that whatever else it waits for waits for no file.
                lines = Post(kind=PostKind.LINES, request_id=None, batch=batch.id, channel=channel)
                tx.post(lines)
            # From where its requester finds it.
            tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=batch.id, person=batch.requester))
            _drawn_in(tx, waiting)

        await self._ledger.write(keep)

    async def _with_people(self, shown: BatchOnCard) -> BatchOnCard:
        there = None
        if shown.batch.state is BatchState.PENDING:
            there = await self._presence.for_batch(shown.batch)
        approvers = may_decide(self._policy, shown.batch)
        return replace(shown, approvers=approvers, there=there, speed=self._speed(shown))

    def _rests_for(self, batch_id: int) -> float:
        """In seconds. What is promised while it is drawn is due at once: a promise's own time does not do."""
        free_ms = [0]
        if before := self._ended.get(batch_id):
            free_ms.append(before[-1][0] + DRAWN_EVERY_MS)
        if len(self._drawn) == _DRAWINGS_A_MINUTE:
            free_ms.append(self._drawn[0] + int(_MINUTE_S * 1000))
        return max(max(free_ms) - self._steady(), 0) / 1000

    def _speed(self, shown: BatchOnCard) -> Speed | None:
        """Measured by this process: after a restart, or a pause, from the second drawing on."""
        batch = shown.batch
        if batch.state is not BatchState.RUNNING:
            self._ended.pop(batch.id, None)
            return None
        now, states = self._steady(), shown.progress.states
        ended = sum(count for state, count in states.items() if State(state) in _ENDED)
        samples = self._ended.setdefault(batch.id, deque())
        samples.append((now, ended))
        while samples[0][0] < now - _MINUTE_S * 1000:
            samples.popleft()
        began, before = samples[0]
        if now == began or ended == before:
            return None
        per_second = (ended - before) * 1000 / (now - began)
        return Speed(per_second, int((shown.progress.total - ended) / per_second * 1000))


def _batch_on_card(rows: Reading, *, batch_id: int) -> BatchOnCard:
    batch = rows.batch(batch_id)
    assert batch is not None  # noqa: S101 - rows of batches are never deleted
    customers = None
    if batch.state is BatchState.PENDING:
        until = batch.submitted_at or batch.asked_at
        customers = rows.customers_of_batch(
            batch_id, since=until - BEFORE_DAYS * DAY_MS, until=until, largest=_LARGEST
        )
    stocks, held = rows.stocks_of_batch(batch_id), rows.held_lines_of_batch(batch_id)
    elsewhere: set[str] = set()
    if batch.state in {BatchState.RUNNING, BatchState.PAUSED}:
        elsewhere = {*rows.stopped_stocks()} - {lines.stock_id for lines in held}
    return BatchOnCard(
        batch=batch,
        approvals=rows.batch_approvals(batch_id),
        progress=rows.progress_of_batch(batch_id),
        stocks=stocks,
        held=held,
        stopped=[stock for stock in stocks if stock.stock_id in elsewhere],
        customers=customers,
        pause=rows.pause() if batch.state not in BATCH_FINAL else None,
    )


def _drawn_in(tx: Transaction, waiting: WaitingPost) -> None:
    if not tx.finish_post(waiting.id, waiting.version):
        # As with the card of a request: changed meanwhile, or drawn by a process that was frozen.
        tx.post(waiting.post)
