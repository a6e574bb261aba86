"""`/coupon ...`: parse, one durable commit, ack. No network before the ack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from coupons.asking import Ask, Asking, Stopped, Submitted
from coupons.authority import EVERY_ROLE, Authority
from coupons.catalogue import Catalogue
from coupons.coupon_lookups import can_be_looked_up
from coupons.desk import Desk
from coupons.errors import DirectoryUnavailable, StorageUnavailable
from coupons.model import ClickAction, NewClick, Request, Stock
from coupons.permissions import MUST_SAY, Reason
from coupons.ports import Clock, Ledger
from coupons.reasons import Reasons
from coupons.tickets import TicketSystem
from handlers import parsing, payloads
from handlers.absence_command import AbsenceCommand
from handlers.absence_words import Away, Back
from handlers.after_ack import ACK_WITHIN_S
from handlers.approval_channel import ApprovalChannel
from handlers.audit import Audit, View
from handlers.bulk_form import BulkForm
from handlers.directory import Readers
from handlers.form import Form, Prefill
from handlers.form_offers import FormOffers
from handlers.inquiries import of_customer, standing
from handlers.misread import FormWords, Misread, Problem, openid_misread, swapped
from handlers.parsing import (
    Cancel,
    Check,
    Close,
    CustomerCommand,
    Help,
    List,
    OpenBulkForm,
    OpenForm,
    PauseCommand,
    Resume,
    Retry,
    Send,
    Status,
    Stocks,
    TicketQuestion,
    Undo,
    Urge,
    reason_too_long,
)
from handlers.talk_facts import talk_of
from handlers.views import command_replies, failures, inquiry_replies, refusals
from handlers.views.bulk_form import BulkPrefill
from handlers.views.coupon_words import with_coupon
from handlers.views.form_offer import with_form
from handlers.views.help import help_text
from handlers.views.message import Message
from handlers.views.words import Words

_LISTED = 20
#: Of everybody, among which one's own are found.
_MOST_BATCHES = 500


class Commands:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        asking: Asking,
        desk: Desk,
        absences: AbsenceCommand,
        authority: Authority,
        form: Form,
        bulk_form: BulkForm,
        audit: Audit,
        ledger: Ledger,
        readers: Readers,
        catalogue: Catalogue,
        reasons: Reasons,
        tickets: TicketSystem,
        offers: FormOffers,
        approval_channel: ApprovalChannel,
        clock: Clock,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._asking = asking
        self._desk = desk
        self._absences = absences
        self._authority = authority
        self._form = form
        self._bulk_form = bulk_form
        self._audit = audit
        self._ledger = ledger
        self._readers = readers
        self._catalogue = catalogue
        self._reasons = reasons
        self._tickets = tickets
        self._offers = offers
        self._channel = approval_channel
        self._clock = clock
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        app.command("/coupon")(self.on_coupon)

    async def on_coupon(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        words = await self._readers.words(payloads.person(command))
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                answer = await self._answer(words, command)
        except (TimeoutError, StorageUnavailable) as error:
            self._on_trouble(error)
            answer = failures.not_sure_it_was_kept(words, error)
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            answer = failures.slack_did_not_answer(words)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person waits for an honest answer
            answer = failures.something_went_wrong(words, self._on_trouble(error))
        if isinstance(answer, Prefill):
            await ack()
            self._form.open_soon(str(command["trigger_id"]), payloads.person(command), answer)
        elif isinstance(answer, BulkPrefill):
            await ack()
            self._bulk_form.open_soon(str(command["trigger_id"]), payloads.person(command), answer)
        elif isinstance(answer, dict):
            await ack()
            self._audit.open_soon(command, answer)
        else:
            await ack(text=answer.text, blocks=answer.blocks, response_type="ephemeral")

    async def _answer(  # noqa: C901, PLR0911, PLR0912 - one return for each subcommand
        self, words: Words, command: Mapping[str, Any]
    ) -> Message | Prefill | BulkPrefill | View:
        """A Prefill: the form is opened with it. A View is opened as it is."""
        understood, person = parsing.parse(str(command.get("text") or "")), payloads.person(command)
        match understood:
            case Send():
                return await self._send(words, self._as_kept(understood), command)
            case OpenForm(openid=openid):
                return Prefill(openid=openid, channel=payloads.channel(command))
            case OpenBulkForm():
                return BulkPrefill(channel=payloads.channel(command))
            case Check():
                return await self._check(words, understood, command)
            case CustomerCommand(openid=openid):
                return await self._customer(words, openid, command)
            case Stocks():
                return inquiry_replies.catalogue(words, self._catalogue)
            case Status(request=number):
                return await self._status(words, number, command)
            case List():
                return await self._list(words, person)
            case Cancel(request=number):
                return await self._cancel(words, number, person)
            case Urge(request=number):
                return await self._urge(words, number, person)
            case Retry(request=number):
                return await self._act_on(words, ClickAction.RETRY, number, command)
            case Close(request=number, reason=reason):
                return await self._act_on(words, ClickAction.CLOSE, number, command, reason)
            case Undo(request=number, reason=reason):
                return await self._act_on(words, ClickAction.UNDO, number, command, reason)
            case PauseCommand(reason=reason):
                return await self._pause(words, person, pause=True, reason=reason)
            case Resume():
                return await self._pause(words, person, pause=False, reason="")
            case Away():
                return await self._absences.away(words, understood, person)
            case Back():
                return await self._absences.back(words, person)
            case parsing.AuditCommand(words=asked):
                return await self._audit.answer(words, asked, person)
            case TicketQuestion(ticket=ticket):
                return await self._ticket(words, ticket, person)
            case Help():
                return await self._help(words, person)
            case Misread():
                return self._misread(words, understood, person)

    async def _send(self, words: Words, send: Send, command: Mapping[str, Any]) -> Message | Prefill:
        stock, read = self._catalogue.find(send.stock), FormWords(*_read_by(send))
        if stock is None:
            return self._unknown_stock(words, read, "send", payloads.person(command))
        if too_long := reason_too_long(send.reason, "send"):
            return self._misread(words, replace(too_long, form=read), payloads.person(command))
        result = await self._asking.submit(
            _ask(command, send.openid, stock, reason=send.reason, ticket=send.ticket)
        )
        if isinstance(result, Submitted):
            return command_replies.submitted(
                words,
                result.request,
                send.undone,
                approval_channel=self._channel.id,
                lost=self._channel.lost,
                shortened=result.shortened,
            )
        if result.decision.reason is Reason.DUPLICATE:
            return Prefill(
                openid=send.openid,
                stock_id=stock.stock_id,
                reason=send.reason,
                ticket=send.ticket,
                duplicate=result.request,
                channel=payloads.channel(command),
            )
        stopped = refusals.stopped(words, result)
        if result.decision.reason in MUST_SAY:
            return self._with_form(words, stopped, read, payloads.person(command))
        return stopped

    def _as_kept(self, send: Send) -> Send:
        """A short name is the reason it stands for, and a ticket has one spelling."""
        reason, ticket = self._reasons.spelled(send.reason), self._tickets.number(send.ticket)
        return replace(send, reason=reason, ticket=ticket)

    def _misread(self, words: Words, misread: Misread, person: str) -> Message:
        read = misread.form
        is_swapped = misread.problem is Problem.SWAPPED
        # Where what stands first is no stock either, the order is the smaller trouble.
        if is_swapped and read is not None and self._catalogue.find(read.stock) is None:
            return self._unknown_stock(words, read, misread.subcommand, person)
        answer = command_replies.misread(words, misread, self._catalogue)
        return answer if read is None else self._with_form(words, answer, read, person)

    def _with_form(self, words: Words, answer: Message, read: FormWords, person: str) -> Message:
        return with_form(words, answer, self._offers.keep(person, read))

    def _unknown_stock(self, words: Words, read: FormWords, name: str, person: str) -> Message:
        is_swapped = self._catalogue.find(read.openid) is not None
        if is_swapped and openid_misread(read.stock, name) is None:
            # An alias may be as long as an openid.
            return self._misread(words, swapped(read, name), person)
        answer = command_replies.unknown_stock(words, read.stock, self._catalogue)
        return self._with_form(words, answer, read, person)

    async def _check(self, words: Words, check: Check, command: Mapping[str, Any]) -> Message:
        stock = self._catalogue.find(check.stock)
        if stock is None:
            read = FormWords(check.openid, check.stock)
            return self._unknown_stock(words, read, "check", payloads.person(command))
        outlook = await self._asking.outlook(_ask(command, check.openid, stock))
        return inquiry_replies.check(words, check.openid, stock, outlook)

    async def _customer(self, words: Words, openid: str, command: Mapping[str, Any]) -> Message:
        if not await self._authority.may_see(payloads.person(command)):
            return command_replies.may_not_see(words)
        history, requests, coupons = await self._ledger.read(partial(of_customer, openid=openid))
        to_look_up = [each for each in requests if can_be_looked_up(each)]
        if to_look_up:
            await self._look_up(ClickAction.LOOK_UP_CUSTOMER, to_look_up[0].id, command)
        return inquiry_replies.customer(words, openid, history, requests, coupons)

    async def _ticket(self, words: Words, typed: str, person: str) -> Message:
        if not await self._authority.may_see(person):
            return command_replies.may_not_see(words)
        spellings = self._tickets.spellings(typed)
        history, requests = await self._ledger.read(
            lambda rows: (
                rows.history_of_ticket(spellings),
                rows.requests_with_ticket(spellings, inquiry_replies.LISTED),
            )
        )
        return inquiry_replies.ticket(words, typed, history, requests)

    async def _help(self, words: Words, person: str) -> Message:
        try:
            roles = await self._authority.roles(person)
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            roles = EVERY_ROLE
        return help_text(words, self._catalogue, roles, self._reasons)

    async def _look_up(self, action: ClickAction, number: int, command: Mapping[str, Any]) -> None:
        """The question is on the disk before the ack; WeChat Pay is asked after it."""
        await self._desk.keep_click(self._click(action, number, command))

    async def _status(self, words: Words, number: int, command: Mapping[str, Any]) -> Message:
        person = payloads.person(command)
        request, approvals, pause, batch, coupon, undo = await self._ledger.read(
            partial(standing, number=number)
        )
        if request is None:
            return command_replies.no_such_request(words, number)
        # One's own, even after the role was lost; of others only what is one's business.
        if person != request.requester and not await self._authority.may_see(person):
            return command_replies.may_not_see(words)
        if batch is not None:
            shown = command_replies.status_of_line(words, request, approvals, batch, pause=pause, undo=undo)
        else:
            about = await self._ledger.read(lambda rows: talk_of(rows, request))
            shown = command_replies.status(
                words,
                request,
                approvals,
                lost=self._channel.lost,
                pause=pause,
                undo=undo,
                about=about,
            )
        if not can_be_looked_up(request):
            return shown
        await self._look_up(ClickAction.LOOK_UP_COUPON, number, command)
        return with_coupon(words, shown, coupon)

    async def _list(self, words: Words, person: str) -> Message:
        found, batches = await self._ledger.read(
            lambda rows: (
                rows.open_requests_of(person, _LISTED),
                [batch for batch in rows.open_batches(_MOST_BATCHES) if batch.requester == person],
            )
        )
        return command_replies.open_list(words, found, batches)

    async def _cancel(self, words: Words, number: int, person: str) -> Message:
        result = await self._desk.cancel(number, person)
        if isinstance(result, Request):
            return command_replies.cancelled(words, result)
        if result.request is None:
            return command_replies.no_such_request(words, number)
        return command_replies.cannot_cancel(words, result.decision.reason, result.request)

    async def _urge(self, words: Words, number: int, person: str) -> Message:
        result = await self._desk.urge(number, person)
        if isinstance(result, Request):
            return command_replies.urged(words, result, lost=self._channel.lost)
        if result.request is None:
            return command_replies.no_such_request(words, number)
        return command_replies.cannot_urge(words, result.decision.reason, result.request)

    async def _pause(self, words: Words, person: str, *, pause: bool, reason: str) -> Message:
        result = await self._desk.pause(person, pause=pause, reason=reason)
        if isinstance(result, Stopped):
            return command_replies.cannot_pause(words, result.decision.reason)
        return command_replies.paused(words) if pause else command_replies.resumed(words)

    async def _act_on(
        self, words: Words, action: ClickAction, number: int, command: Mapping[str, Any], reason: str = ""
    ) -> Message:
        await self._desk.keep_click(self._click(action, number, command, reason))
        return command_replies.checking(words, number, action, lost=self._channel.lost)

    def _click(
        self, action: ClickAction, number: int, command: Mapping[str, Any], reason: str = ""
    ) -> NewClick:
        return NewClick(
            key=payloads.delivery_key(command, number),
            action=action,
            request_id=number,
            person=payloads.person(command),
            team=payloads.team(command),
            channel=payloads.channel(command),
            reason=reason,
            at=self._clock(),
        )


def _read_by(send: Send) -> tuple[str, str, str, str]:
    return send.openid, send.stock, send.reason, send.ticket


def _ask(command: Mapping[str, Any], openid: str, stock: Stock, *, reason: str = "", ticket: str = "") -> Ask:
    return Ask(
        delivery=payloads.delivery_key(command),
        requester=payloads.person(command),
        team=payloads.team(command),
        openid=openid,
        stock=stock,
        reason=reason,
        ticket=ticket,
    )
