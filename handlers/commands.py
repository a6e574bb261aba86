"""`/coupon ...`: parse, one durable commit, ack. No network before the ack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from coupons.catalogue import Catalogue
from coupons.desk import Ask, Desk, Submitted
from coupons.errors import CouponsError, DirectoryUnavailable, StorageUnavailable
from coupons.model import ClickAction, NewClick, Request
from coupons.ports import Clock, Ledger
from handlers import parsing
from handlers.parsing import Cancel, Help, List, Misread, Retry, Send, Status
from handlers.views import replies
from handlers.views.message import Message

#: Slack shows an error after 3 seconds, the way there and back included.
_ACK_WITHIN_S = 2.2
_LISTED = 20


class Commands:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        desk: Desk,
        ledger: Ledger,
        catalogue: Catalogue,
        approval_channel: str,
        clock: Clock,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._desk = desk
        self._ledger = ledger
        self._catalogue = catalogue
        self._channel = approval_channel
        self._clock = clock
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        app.command("/coupon")(self.on_coupon)

    async def on_coupon(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(_ACK_WITHIN_S):
                answer = await self._answer(command)
        except (TimeoutError, StorageUnavailable) as error:
            self._on_trouble(error)
            answer = replies.not_sure_it_was_kept()
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            answer = replies.slack_did_not_answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, a person waits for an honest answer
            answer = replies.something_went_wrong(self._on_trouble(error))
        await ack(text=answer.text, blocks=answer.blocks, response_type="ephemeral")

    async def _answer(  # noqa: PLR0911 - one return for each subcommand
        self, command: Mapping[str, Any]
    ) -> Message:
        understood = parsing.parse(str(command.get("text") or ""))
        match understood:
            case Send():
                return await self._send(understood, command)
            case Status(request=number):
                return await self._status(number)
            case List():
                return await self._list(str(command["user_id"]))
            case Cancel(request=number):
                return await self._cancel(number, str(command["user_id"]))
            case Retry(request=number):
                return await self._retry(number, command)
            case Help():
                return replies.help_text(self._catalogue)
            case Misread():
                return replies.misread(understood, self._catalogue)

    async def _send(self, send: Send, command: Mapping[str, Any]) -> Message:
        stock = self._catalogue.find(send.stock)
        if stock is None:
            return replies.unknown_stock(send.stock, self._catalogue)
        result = await self._desk.submit(
            Ask(
                delivery=_delivery(command),
                requester=str(command["user_id"]),
                team=str(command["team_id"]),
                openid=send.openid,
                stock=stock,
                reason=send.reason,
            )
        )
        if isinstance(result, Submitted):
            return replies.submitted(result.request, send.undone, approval_channel=self._channel)
        return replies.command_refused(result.decision.reason, limit=result.limit)

    async def _status(self, number: int) -> Message:
        request, approvals = await self._ledger.read(
            lambda look: (look.request(number), look.approvals(number))
        )
        if request is None:
            return replies.no_such_request(number)
        return replies.status(request, approvals)

    async def _list(self, person: str) -> Message:
        return replies.open_list(await self._ledger.read(lambda look: look.open_requests_of(person, _LISTED)))

    async def _cancel(self, number: int, person: str) -> Message:
        result = await self._desk.cancel(number, person)
        if isinstance(result, Request):
            return replies.cancelled(result)
        if result.request is None:
            return replies.no_such_request(number)
        return replies.cannot_cancel(result.decision.reason, result.request)

    async def _retry(self, number: int, command: Mapping[str, Any]) -> Message:
        await self._desk.keep_click(
            NewClick(
                key=_delivery(command),
                action=ClickAction.RETRY,
                request_id=number,
                person=str(command["user_id"]),
                team=str(command["team_id"]),
                channel=str(command["channel_id"]),
                reason="",
                at=self._clock(),
            )
        )
        return replies.checking(number)


def _delivery(command: Mapping[str, Any]) -> str:
    """What names this delivery for ever: Slack gives each its own trigger."""
    trigger = command.get("trigger_id")
    if not trigger:
        raise CouponsError("Slack sent a command without a trigger_id")
    return f"{command['team_id']}:{trigger}"
