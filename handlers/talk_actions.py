"""Questions to the requester, their answers, and smaller coupons that are offered: buttons and forms.

As with all clicks: kept before the ack, and decided after it by what is true then.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.catalogue import Catalogue
from coupons.errors import StorageUnavailable
from coupons.model import ClickAction, NewClick, Request
from coupons.offers import TALK_TAGS, ApproverQuestion, questions
from coupons.ports import Ledger
from handlers import payloads
from handlers.after_ack import AfterAck
from handlers.clicks import Clicks, origin_of
from handlers.directory import Readers
from handlers.posting import Poster
from handlers.views import failures, inputs, modals, talk_modals
from handlers.views.inputs import metadata_of, value_of
from handlers.views.modals import Origin
from handlers.web_api import SlackError, open_view

_WORDS = {"accept_offer": ClickAction.ACCEPT_OFFER, "decline_offer": ClickAction.DECLINE_OFFER}


class TalkActions:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        clicks: Clicks,
        ledger: Ledger,
        catalogue: Catalogue,
        client: AsyncWebClient,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._clicks = clicks
        self._ledger = ledger
        self._catalogue = catalogue
        self._client = client
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        for action_id in ("ask_requester", "offer_smaller", "answer_question"):
            app.action(action_id)(self.on_form)
        for action_id in _WORDS:
            app.action(action_id)(self.on_word)
        app.view("question_form")(self.on_question)
        app.view("offer_form")(self.on_offer)
        app.view("answer_form")(self.on_answer)

    async def on_form(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        number, seq = _numbers(action)
        if number is not None:
            # After the ack: the trigger is good for three seconds, and Slack's answer may take as long.
            self._after_ack.begin(self._open(body, action, number, seq))

    async def on_word(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """The requester takes an offer, or not, by one click."""
        (number, seq), pressed = _numbers(action), str(action["action_id"])
        if number is None or seq is None:
            await ack()
            return
        click = self._clicks.click(
            body,
            _WORDS[pressed],
            number,
            key=payloads.delivery_key(body, pressed, number, seq),
            origin=origin_of(body, action),
            reason=str(seq),
        )
        if await self._clicks.keep(click):
            await ack()

    async def on_question(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        asked = str(value_of(view, "question") or "").strip()
        await self._keep(ack, body, view, "question", ClickAction.ASK, asked, missing=not asked)

    async def on_offer(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        chosen = str((value_of(view, "offer", "selected_option") or {}).get("value") or "")
        why = str(value_of(view, "reason") or "").strip()
        offered = f"{chosen} {why}".strip()
        await self._keep(ack, body, view, "offer", ClickAction.OFFER, offered, missing=not chosen)

    async def _keep(
        self,
        ack: AsyncAck,
        body: dict[str, Any],
        view: dict[str, Any],
        block: str,
        action: ClickAction,
        said: str,
        *,
        missing: bool,
    ) -> None:
        click = self._clicks.click(
            body,
            action,
            modals.request_of(view),
            # With the words: who corrects them in a form that may have been taken already is heard, too.
            key=payloads.delivery_key(body, hashlib.sha256(said.encode()).hexdigest()),
            origin=modals.origin_of(view),
            reason=said,
        )
        await self._take(ack, body, block, click, missing=missing)

    async def on_answer(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        carried, said = metadata_of(view), str(value_of(view, "answer") or "").strip()
        number, seq = carried.get("request"), carried.get("seq")
        if not isinstance(number, int) or not isinstance(seq, int):
            await ack()
            return
        click = self._clicks.click(
            body,
            ClickAction.ANSWER,
            number,
            key=payloads.delivery_key(body, hashlib.sha256(said.encode()).hexdigest()),
            # To the person: whoever answers looks at the direct messages.
            origin=Origin(channel=payloads.person(body), out_request_no=str(carried.get("number"))),
            reason=f"{seq} {said}",
        )
        await self._take(ack, body, "answer", click, missing=not said)

    async def _take(
        self, ack: AsyncAck, body: Mapping[str, Any], block: str, click: NewClick, *, missing: bool
    ) -> None:
        """Errors stand at the field, and the form stays open."""
        words = await self._readers.words(payloads.person(body))
        if missing:
            nothing = inputs.choose_a_coupon(words) if block == "offer" else words("Please write something.")
            await ack(response_action="errors", errors={block: nothing})
        elif await self._clicks.keep(click):
            await ack()
        else:
            await ack(response_action="errors", errors={block: failures.not_kept_click_again(words).text})

    async def _open(
        self, body: Mapping[str, Any], action: Mapping[str, Any], number: int, seq: int | None
    ) -> None:
        person, pressed, origin = payloads.person(body), str(action["action_id"]), origin_of(body, action)
        words = await self._readers.words(person)
        try:
            request, asked = await self._read(number, seq)
            if pressed == "ask_requester":
                view = talk_modals.question_form(words, number, origin)
            elif pressed == "offer_smaller" and request is not None:
                smaller = self._catalogue.smaller_than(request.value_fen)
                if not smaller:
                    await self._poster.tell(
                        self._clicks.place(body), person, failures.nothing_smaller(words, number)
                    )
                    return
                view = talk_modals.offer_form(words, request, smaller, origin)
            elif (
                request is not None and asked is not None and origin.out_request_no == request.out_request_no
            ):
                view = talk_modals.answer_form(words, request, asked)
            else:
                await self._poster.tell(
                    self._clicks.place(body), person, failures.nothing_to_answer(words, number)
                )
                return
            await open_view(self._client, body["trigger_id"], view)
        except (SlackError, StorageUnavailable) as error:
            self._on_trouble(error)
            await self._poster.tell(
                self._clicks.place(body), person, failures.talk_form_did_not_open(words, number)
            )

    async def _read(self, number: int, seq: int | None) -> tuple[Request | None, ApproverQuestion | None]:
        """The request, and the question of it that this event asked."""
        async with asyncio.timeout(1.0):
            request, events = await self._ledger.read(
                lambda rows: (rows.request(number), rows.events_of(number, TALK_TAGS))
            )
        return request, next((each for each in questions(events) if each.seq == seq), None)


def _numbers(action: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Of the request and of the event that a button is about."""
    number, _, seq = str(action.get("value") or "").partition(":")
    return payloads.number(number), payloads.number(seq)
