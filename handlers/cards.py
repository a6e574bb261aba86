"""The cards of requests: posted in the approval channel, and drawn anew where they stand."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from functools import partial
from weakref import WeakValueDictionary

from coupons.model import Request, State
from coupons.ports import Ledger, Transaction
from coupons.posts import Post, PostKind, WaitingPost
from coupons.presence import Presence
from handlers.approval_channel import ApprovalChannel
from handlers.card_facts import CardFacts
from handlers.directory import Readers
from handlers.post_once import PostOnce
from handlers.views import card
from handlers.web_api import MessageGone, Unreachable

#: Cards drawn anew in a minute because of what stands beside them: Slack takes some fifty changes a minute in
#: all, and those of a row that has changed go before.
_REDRAWS_A_MINUTE = 30
_MINUTE_S = 60.0


class Cards:
    """A card is drawn from the rows at the moment of posting."""

    def __init__(
        self,
        *,
        once: PostOnce,
        readers: Readers,
        ledger: Ledger,
        approval_channel: ApprovalChannel,
        facts: CardFacts,
        presence: Presence,
    ) -> None:
        self._once = once
        self._readers = readers
        self._ledger = ledger
        self._channel = approval_channel
        self._facts = facts
        self._presence = presence
        #: When the last ones were drawn anew, by the event loop's own clock.
        self._redrawn: deque[float] = deque(maxlen=_REDRAWS_A_MINUTE)
        #: One drawing of a card at a time, from reading the rows to Slack's answer: two lanes may want it.
        self._drawing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def rests_for(self) -> float | None:
        """For how many seconds no more cards are drawn anew; None: they are."""
        if len(self._redrawn) < _REDRAWS_A_MINUTE or _passed() - self._redrawn[0] >= _MINUTE_S:
            return None
        return self._redrawn[0] + _MINUTE_S - _passed()

    async def post(self, waiting: WaitingPost) -> None:
        """What a CARD or a REDRAW promises. Raises SlackError, ChannelLost, DirectoryUnavailable."""
        async with self._drawing.setdefault(waiting.post.request_id or 0, asyncio.Lock()):
            await self._draw(waiting)

    async def _draw(self, waiting: WaitingPost) -> None:
        number = waiting.post.request_id
        request = None if number is None else await self._ledger.read(lambda rows: rows.request(number))
        if request is None:
            await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))
        elif waiting.post.kind is PostKind.CARD:
            await self._put_up(waiting, request)
        elif request.card_ts is None:
            await self._leave_to_card(waiting, request)
        else:
            self._redrawn.append(_passed())
            await self._put_up(waiting, request)

    async def _put_up(self, waiting: WaitingPost, request: Request) -> None:
        given, about = await self._ledger.read(
            lambda rows: (rows.approvals(request.id), self._facts.beside(rows, request))
        )
        there = await self._presence.for_request(request)
        message = card.card(
            self._readers.channel,
            request,
            given,
            approvers=there.named,
            about=replace(about, there=there if request.state is State.PENDING else None),
        )
        if request.card_ts is not None and request.card_channel is not None:
            try:
                await self._once.redraw(request.card_channel, request.card_ts, message)
            except MessageGone:
                # Somebody deleted the card, or the workspace forbids edits: a fresh one takes its place.
                pass
            except Unreachable:
                # Another channel was the approval channel then, and the bot cannot write there any more.
                if request.card_channel == self._channel.id:
                    raise
            else:
                await self._drawn(waiting, request)
                return
        if waiting.post.kind is not PostKind.CARD:
            await self._leave_to_card(waiting, request)
            return
        channel, ts = await self._once.post(waiting, self._channel.id, message)

        def keep(tx: Transaction) -> None:
            tx.set_card(request.id, channel, ts)
            self._drawn_in(tx, waiting, request)

        await self._ledger.write(keep)

    async def _leave_to_card(self, waiting: WaitingPost, request: Request) -> None:
        """One promise alone posts a card: by its name a lost post is found again, and its number known."""

        def leave(tx: Transaction) -> None:
            tx.finish_post(waiting.id, waiting.version)
            tx.post(Post(kind=PostKind.CARD, request_id=request.id))

        await self._ledger.write(leave)

    async def _drawn(self, waiting: WaitingPost, request: Request) -> None:
        await self._ledger.write(partial(self._drawn_in, waiting=waiting, request=request))

    def _drawn_in(self, tx: Transaction, waiting: WaitingPost, request: Request) -> None:
        if not tx.finish_post(waiting.id, waiting.version):
            # Changed meanwhile; or this process was frozen, another one took the lane and kept the promise,
            # and what was drawn here came later and is older.
            tx.post(waiting.post)
        if waiting.post.kind is not PostKind.CARD:
            return
        # The cards of the same customer, and of the same ticket, say what else was given and what is open.
        for other in self._facts.redrawn_with(tx, request):
            tx.post(Post(kind=PostKind.REDRAW, request_id=other.id))


def _passed() -> float:
    """Seconds that nobody can set."""
    return asyncio.get_running_loop().time()
