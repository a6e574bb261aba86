"""The form: opened from a command, a shortcut, a message, a declined request or Home; checked; submitted.

Nothing is kept before it is submitted. Its view id names the request for ever, so a submission that Slack
delivers twice makes one request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.asking import Ask, Asking, Stopped, Submitted
from coupons.catalogue import Catalogue
from coupons.errors import CouponsError, DirectoryUnavailable, StorageUnavailable
from coupons.model import Request, Stock
from coupons.permissions import MUST_SAY, Reason
from coupons.ports import Ledger
from coupons.reasons import Reasons
from handlers import parsing, payloads
from handlers.after_ack import ACK_WITHIN_S, AfterAck
from handlers.approval_channel import ApprovalChannel
from handlers.directory import Readers
from handlers.form_facts import FormFacts
from handlers.form_offers import FormOffers
from handlers.misread import FormWords, Misread
from handlers.posting import Poster
from handlers.views import command_replies, failures, form, inputs, misreads, refusals, stocks
from handlers.views.form import Filled
from handlers.views.form_offer import ACTION as OFFER
from handlers.views.form_offer import NOT_KEPT
from handlers.views.inputs import field_of, metadata_of, value_of
from handlers.views.message import Message
from handlers.views.words import Words
from handlers.web_api import SlackError, open_view, update_view

_FAVOURITE = re.compile(r"favourite_\d")
#: In a message that is made the reason of a request: a word that can only be an openid.
_OPENID = re.compile(r"(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])")
_STOCK: dict[str, str | re.Pattern[str]] = {
    # With a turn behind it in a form into which a favourite was put.
    "block_id": re.compile(r"^stock(:\d+)?$"),
    "action_id": "value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """What is known already when the form is opened."""

    openid: str = ""
    stock_id: str = ""
    reason: str = ""
    ticket: str = ""
    #: The declined request that this one takes the place of.
    follows: int | None = None
    #: The like that was asked for a short time ago: the form then asks about it.
    duplicate: Request | None = None
    #: Where the answer goes; empty: to the direct messages.
    channel: str = ""
    #: A sentence above the fields.
    note: str = ""


class Form:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        asking: Asking,
        ledger: Ledger,
        catalogue: Catalogue,
        reasons: Reasons,
        offers: FormOffers,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        approval_channel: ApprovalChannel,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._client = client
        self._asking = asking
        self._facts = FormFacts(ledger=ledger, catalogue=catalogue, on_trouble=on_trouble)
        self._catalogue = catalogue
        self._reasons = reasons
        self._offers = offers
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._channel = approval_channel
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        app.shortcut("compensate_customer")(self.on_shortcut)
        app.shortcut("compensate_from_message")(self.on_message)
        app.action("edit_request")(self.on_edit)
        app.action(OFFER)(self.on_offer)
        app.action(_FAVOURITE)(self.on_favourite)
        app.options(_STOCK)(self.on_search)
        app.action(_STOCK)(self.on_stock)
        app.view("send_form")(self.on_submit)

    def open_soon(self, trigger_id: str, user: str, prefill: Prefill) -> None:
        """After the ack: the trigger is good for three seconds."""
        self._after_ack.begin(self.open(trigger_id, user, prefill))

    async def open(self, trigger_id: str, user: str, prefill: Prefill) -> None:
        """Says so to the person when it does not open."""
        words = await self._readers.words(user)
        filled = self._filled(prefill)
        favourites, of_ticket = await self._facts.beside(words, user, filled)
        view = form.send_form(
            words,
            replace(filled, of_ticket=of_ticket, note=words(prefill.note) if prefill.note else ""),
            duplicate=prefill.duplicate,
            reasons=self._reasons,
            favourites=favourites,
        )
        try:
            await open_view(self._client, trigger_id, view)
        except SlackError as error:
            self._on_trouble(error)
            await self._poster.tell(prefill.channel, user, failures.send_form_did_not_open(words))

    # --- ways in

    async def on_shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self.open_soon(body["trigger_id"], payloads.person(body), Prefill())

    async def on_message(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The message's words are the reason; its address is the ticket where they name none."""
        await ack()
        message, channel = body.get("message") or {}, payloads.channel(body)
        text = parsing.message_words(str(message.get("text") or ""))
        openids = set(_OPENID.findall(text))
        reason, ticket = parsing.reason_and_ticket(text)
        ticket = ticket or self._readers.channel.tickets.find(text)
        prefill = Prefill(
            openid=openids.pop() if len(openids) == 1 else "",
            reason=reason,
            ticket=ticket or payloads.permalink(body, channel, str(message.get("ts") or "")),
            channel=channel,
        )
        self.open_soon(body["trigger_id"], payloads.person(body), prefill)

    async def on_offer(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Under a command that was misread: what was read of it stands in the form."""
        await ack()
        person = payloads.person(body)
        known = self._offers.find(payloads.number(action.get("value")), person)
        read = known or FormWords()
        stock = self._catalogue.find(read.stock)
        prefill = Prefill(
            openid=read.openid,
            stock_id=stock.stock_id if stock is not None else "",
            reason=read.reason,
            ticket=read.ticket,
            channel=payloads.channel(body),
            note="" if known else NOT_KEPT,
        )
        self.open_soon(body["trigger_id"], person, prefill)

    async def on_edit(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        user, number = payloads.person(body), payloads.number(action.get("value")) or 0
        words = await self._readers.words(user)
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                found = await self._asking.edit(
                    number, user, out_request_no=str(action.get("block_id") or "")
                )
        except (TimeoutError, StorageUnavailable) as error:
            self._on_trouble(error)
            return
        await ack()
        if isinstance(found, Stopped):
            self._after_ack.begin(
                self._poster.tell("", user, command_replies.cannot_edit(words, found.decision.reason, number))
            )
            return
        follows = found.id if found.state == "declined" else None
        prefill = Prefill(
            openid=found.openid,
            stock_id=found.stock_id,
            reason=found.reason,
            ticket=found.ticket,
            follows=follows,
        )
        self.open_soon(body["trigger_id"], user, prefill)

    # --- while it is open

    async def on_search(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        words = await self._readers.words(payloads.person(body))
        typed = str(body.get("value") or "").strip()
        known = list(self._catalogue)
        found = stocks.search(words, typed, known) if typed else known
        await ack(options=inputs.stock_options(words, found))

    async def on_stock(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self._after_ack.begin(self._show_hint(body, self._read(body["view"])))

    async def on_favourite(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        stock_id, reason = form.favourite_of(action.get("value"))
        named, reason = self._reasons.apart(reason[: parsing.REASON_LONGEST])
        filled = self._read(body["view"])
        taken = replace(
            filled,
            stock=self._stock(stock_id),
            reason=reason,
            named=named,
            turn=filled.turn + 1,
        )
        self._after_ack.begin(self._show_hint(body, taken))

    async def _show_hint(self, body: Mapping[str, Any], filled: Filled) -> None:
        view, user = body["view"], payloads.person(body)
        words = await self._readers.words(user)
        if filled.stock is None:
            return
        asked = self._ask(body, filled, openid=_openid(filled.openid) or "", confirmed=False)
        try:
            outlook = await self._asking.outlook(asked)
            shown = self._form(words, filled, view, hint=form.hint(words, outlook))
            await update_view(self._client, view, shown)
        except (CouponsError, SlackError) as error:
            # It is a hint: the form works without, and may have been closed or changed meanwhile.
            self._on_trouble(error)

    def _form(self, words: Words, filled: Filled, view: Mapping[str, Any], **shown: Any) -> dict[str, Any]:
        """The form as it is open, with what stands in it."""
        favourites = form.favourites_in(view)
        return form.send_form(words, filled, reasons=self._reasons, favourites=favourites, **shown)

    # --- submitting

    async def on_submit(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        user = payloads.person(body)
        words = await self._readers.words(user)
        filled = self._read(view)
        openid = parsing.read_openid(filled.openid)
        wrong = self._wrong(words, view, filled, openid)
        if wrong or isinstance(openid, Misread):
            await ack(response_action="errors", errors=wrong)
            return
        confirmed = bool(value_of(view, "confirm", "selected_options"))
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                result = await self._asking.submit(
                    self._ask(body, filled, openid=openid, confirmed=confirmed)
                )
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            await self._refuse(ack, view, failures.slack_did_not_answer(words))
        except (TimeoutError, StorageUnavailable) as error:
            self._on_trouble(error)
            await self._refuse(ack, view, failures.not_sure_it_was_kept(words, error))
        except Exception as error:  # noqa: BLE001 - whatever it is, a person waits for an honest answer
            await self._refuse(ack, view, failures.something_went_wrong(words, self._on_trouble(error)))
        else:
            await self._answer(ack, words, body, filled, result)

    async def _answer(
        self,
        ack: AsyncAck,
        words: Words,
        body: Mapping[str, Any],
        filled: Filled,
        result: Submitted | Stopped,
    ) -> None:
        view, user = body["view"], payloads.person(body)
        if isinstance(result, Submitted):
            await ack()
            answer = command_replies.submitted(
                words,
                result.request,
                (),
                approval_channel=self._channel.id,
                lost=self._channel.lost,
                shortened=result.shortened,
            )
            self._after_ack.begin(self._poster.tell(filled.channel, user, answer))
        elif result.decision.reason is Reason.DUPLICATE:
            await ack(
                response_action="update", view=self._form(words, filled, view, duplicate=result.request)
            )
        elif result.decision.reason in MUST_SAY:
            why = refusals.refusal(words, result.decision.reason, None)
            lacks = {Reason.REASON_REQUIRED: ("reason",), Reason.TICKET_REQUIRED: ("ticket",)}
            names = lacks.get(result.decision.reason, ("reason", "ticket"))
            await ack(response_action="errors", errors={field_of(view, name): why for name in names})
        else:
            await self._refuse(ack, view, refusals.stopped(words, result))

    @staticmethod
    async def _refuse(ack: AsyncAck, view: Mapping[str, Any], message: Message) -> None:
        """Nothing in particular is wrong with a field: it stands under the one that everything hangs on."""
        await ack(response_action="errors", errors={field_of(view, "stock"): message.text[:2000]})

    def _wrong(
        self, words: Words, view: Mapping[str, Any], filled: Filled, openid: str | Misread
    ) -> dict[str, str]:
        wrong = {}
        if isinstance(openid, Misread):
            wrong["openid"] = misreads.wrong(words, openid)
        if filled.stock is None:
            wrong[field_of(view, "stock")] = inputs.choose_a_coupon(words)
        if too_long := parsing.reason_too_long(self._reason(filled), "send"):
            wrong[field_of(view, "reason")] = misreads.wrong(words, too_long)
        return wrong

    def _reason(self, filled: Filled) -> str:
        """As it is kept: the chosen one, or the one whose short name stands first, in its own words."""
        if filled.named:
            return self._reasons.written(filled.named, filled.reason)
        return self._reasons.spelled(filled.reason)

    # --- what stands in it

    def _ask(self, body: Mapping[str, Any], filled: Filled, *, openid: str, confirmed: bool) -> Ask:
        if filled.stock is None:
            raise CouponsError("a form without a coupon was taken further")
        return Ask(
            delivery=payloads.delivery_key(body),
            requester=payloads.person(body),
            team=payloads.team(body),
            openid=openid,
            stock=filled.stock,
            reason=self._reason(filled),
            ticket=self._readers.channel.tickets.number(filled.ticket),
            confirmed=confirmed,
            follows=filled.follows,
        )

    def _filled(self, prefill: Prefill) -> Filled:
        named, reason = self._reasons.apart(self._reasons.spelled(prefill.reason))
        return Filled(
            openid=prefill.openid,
            stock=self._catalogue.find(prefill.stock_id) if prefill.stock_id else None,
            reason=reason,
            named=named,
            ticket=prefill.ticket,
            follows=prefill.follows,
            channel=prefill.channel,
        )

    def _read(self, view: Mapping[str, Any]) -> Filled:
        known = metadata_of(view)
        chosen = value_of(view, "stock", "selected_option") or {}
        follows, turn = known.get("follows"), known.get("turn")
        reason, ticket = parsing.reason_and_ticket(
            str(value_of(view, "reason") or ""), str(value_of(view, "ticket") or "")
        )
        return Filled(
            openid=str(value_of(view, "openid") or ""),
            stock=self._stock(str(chosen.get("value") or "")),
            reason=reason,
            ticket=ticket,
            follows=follows if isinstance(follows, int) else None,
            channel=str(known.get("channel") or ""),
            named=str((value_of(view, "listed_reason", "selected_option") or {}).get("value") or ""),
            turn=turn if isinstance(turn, int) else 0,
            of_ticket=str(known.get("of_ticket") or ""),
        )

    def _stock(self, stock_id: str) -> Stock | None:
        return self._catalogue.find(stock_id) if stock_id else None


def _openid(text: str) -> str | None:
    found = parsing.read_openid(text)
    return found if isinstance(found, str) else None
