"""What the outbox promises to one person: news of their requests, and answers to clicks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coupons.catalogue import Catalogue
from coupons.events import Tag
from coupons.model import Request
from coupons.ports import Ledger
from coupons.posts import WaitingPost
from coupons.recording import Recorded
from handlers.approval_channel import ApprovalChannel
from handlers.directory import Readers
from handlers.post_once import PostOnce
from handlers.posting import Poster
from handlers.views import absence_replies, batch_answers, direct_messages, ephemerals
from handlers.views.coupon_words import coupon_answer
from handlers.views.event_words import numbers_of, text_of
from handlers.views.for_customer import to_paste
from handlers.views.message import Message
from handlers.views.words import Words
from handlers.web_api import Denied, Unreachable

#: What the language of a message that nobody waits for may cost.
_LANGUAGE_WITHIN_S: Final = 3.0


class PersonalPosts:
    """`on_trouble` hears of whom Slack takes no message for: that must not block the rest.

    What it raises is to be tried again.
    """

    def __init__(
        self,
        *,
        once: PostOnce,
        poster: Poster,
        readers: Readers,
        ledger: Ledger,
        approval_channel: ApprovalChannel,
        catalogue: Catalogue,
        workspace_url: str,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._once = once
        self._poster = poster
        self._readers = readers
        self._ledger = ledger
        self._channel = approval_channel
        self._catalogue = catalogue
        self._workspace_url = workspace_url
        self._on_trouble = on_trouble

    async def direct(self, waiting: WaitingPost, request: Request, event: Recorded) -> None:
        """To the requester, whom the thread of the card tells the same. Raises SlackError."""
        lost = self._channel.lost
        of_made = event.tag in {Tag.REQUEST_CREATED, Tag.UNDO_CREATED} and event.request_id == request.id
        if of_made and (lost is None or request.card_ts is not None):
            # It was to say that the card does not stand.
            return
        words = await self._readers.words(request.requester, within_s=_LANGUAGE_WITHIN_S)
        ready: tuple[str, ...] = ()
        if coupon_code := text_of(event, "coupon_code"):
            stock = self._catalogue.find(request.stock_id)
            ready = to_paste(self._readers.languages, request, stock, coupon_code)
        if of_made and lost is not None:
            message = direct_messages.no_card(words, request, lost)
        else:
            message = direct_messages.to_requester(words, event, request, to_paste=ready)
        try:
            await self._once.post(waiting, request.requester, message)
        except (Unreachable, Denied) as error:
            self._on_trouble(error)

    async def of_absence(self, waiting: WaitingPost, event: Recorded) -> None:
        """To whoever stands in for somebody, or whose own absence ended. Raises SlackError."""
        person = waiting.post.person or ""
        words = await self._readers.words(person, within_s=_LANGUAGE_WITHIN_S)
        try:
            await self._once.post(waiting, person, absence_replies.to_person(words, event, person))
        except (Unreachable, Denied) as error:
            self._on_trouble(error)

    async def answer(self, waiting: WaitingPost, request: Request | None, event: Recorded) -> None:
        """Whispered where they clicked, else as a direct message. Raises SlackError."""
        person, channel = waiting.post.person or "", waiting.post.channel or ""
        words = await self._readers.words(person, within_s=_LANGUAGE_WITHIN_S)
        number = waiting.post.batch
        if event.tag == Tag.COUPON_VIEWED:
            message = await self._coupons(words, event)
        elif number is None:
            message = ephemerals.answer(words, event, request, workspace_url=self._workspace_url)
        else:
            batch = await self._ledger.read(lambda rows: rows.batch(number))
            message = batch_answers.answer(words, event, batch, workspace_url=self._workspace_url)
        try:
            if not await self._poster.whisper(channel, person, message):
                await self._once.post(waiting, person, message)
        except (Unreachable, Denied) as error:
            self._on_trouble(error)

    async def _coupons(self, words: Words, event: Recorded) -> Message:
        """What the rows say by now of the coupons that somebody asked about: newer, never older."""
        numbers = numbers_of(event, "requests")
        requests, known = await self._ledger.read(
            lambda rows: (rows.requests(numbers), rows.coupon_states(numbers))
        )
        listed = [requests[number] for number in sorted(numbers, reverse=True) if number in requests]
        return coupon_answer(words, listed, known)
