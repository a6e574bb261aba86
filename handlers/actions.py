"""Clicks on the card and under a batch's preview, and the decline form.

A click is kept before the ack and decided after it, from the rows and Slack's word at that moment. What the
message says that it was made on is never read: it may be old, a copy, or forged. Only where it stands is kept
with the click, which counts on the request's own card.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.desk import Desk
from coupons.model import ClickAction, NewClick
from coupons.ports import Clock
from handlers import payloads
from handlers.after_ack import ACK_WITHIN_S, AfterAck
from handlers.languages import Readers
from handlers.posting import Poster
from handlers.views import command_replies, failures, modals
from handlers.web_api import SlackError, ask

_BUTTONS = {
    "approve_request": ClickAction.APPROVE,
    "retry_request": ClickAction.RETRY,
    "close_request": ClickAction.CLOSE,
}
#: Under a batch's preview, and on its card.
_BATCH_BUTTONS = {
    str(action): action
    for action in (
        ClickAction.SUBMIT_BATCH,
        ClickAction.DISCARD_BATCH,
        ClickAction.APPROVE_BATCH,
        ClickAction.PAUSE_BATCH,
        ClickAction.RESUME_BATCH,
        ClickAction.CANCEL_BATCH,
    )
}
#: What the menu of a card, or of one's own request on Home, offers.
_MENU = {"cancel": ClickAction.CANCEL, "urge": ClickAction.URGE}
#: Of a button on what is neither a message nor a view of ours: no request is shown like that.
_NOWHERE = "-"


class Actions:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        desk: Desk,
        client: AsyncWebClient,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        approval_channel: str,
        clock: Clock,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._desk = desk
        self._client = client
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._channel = approval_channel
        self._clock = clock
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        for action_id in _BUTTONS:
            app.action(action_id)(self.on_button)
        for action_id in _BATCH_BUTTONS:
            app.action(action_id)(self.on_batch_button)
        app.action("decline_request")(self.on_decline)
        app.action("more_request")(self.on_more)
        app.view("decline_reason")(self.on_decline_reason)

    async def on_button(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        number, pressed = payloads.number(action.get("value")), str(action["action_id"])
        if number is None:
            await ack()
            return
        key = payloads.delivery_key(body, pressed, number)
        click = self._click(body, _BUTTONS[pressed], number, key=key, origin=_origin(body, action))
        if await self._keep(click):
            await ack()

    async def on_batch_button(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        batch, pressed = payloads.number(action.get("value")), str(action["action_id"])
        if batch is None:
            await ack()
            return
        key = payloads.delivery_key(body, pressed, batch)
        click = self._click(body, _BATCH_BUTTONS[pressed], key=key, origin=_origin(body, action), batch=batch)
        if await self._keep(click):
            await ack()

    async def on_more(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Withdraw or remind. The thread, or an answer, tells what came of it."""
        value = str((action.get("selected_option") or {}).get("value") or "")
        wish, _, digits = value.partition(":")
        number = payloads.number(digits)
        if wish not in _MENU or number is None:
            await ack()
            return
        key = payloads.delivery_key(body, action["action_id"], wish, number)
        click = self._click(body, _MENU[wish], number, key=key, origin=_origin(body, action))
        if await self._keep(click):
            await ack()

    async def on_decline(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        number = payloads.number(action.get("value"))
        if number is not None:
            # After the ack: the trigger is good for three seconds, and Slack's answer may take as long.
            self._after_ack.begin(self._open_decline(body, number, _origin(body, action)))

    async def on_decline_reason(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = str(view["state"]["values"]["reason"]["text"].get("value") or "").strip()
        words = await self._readers.words(payloads.person(body))
        wrong = command_replies.decline_reason_problem(words, reason)
        if wrong is not None:
            await ack(response_action="errors", errors={"reason": wrong})
            return
        number = modals.request_of(view)
        # With the words: who corrects them in a form that may have been taken already is heard, too.
        said = hashlib.sha256(reason.encode()).hexdigest()
        key = payloads.delivery_key(body, said)
        origin = modals.origin_of(view)
        click = self._click(body, ClickAction.DECLINE, number, key=key, origin=origin, reason=reason)
        if await self._keep(click):
            await ack()
        else:
            await ack(response_action="errors", errors={"reason": failures.not_kept_click_again(words).text})

    async def _keep(self, click: NewClick) -> bool:
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                await self._desk.keep_click(click)
        except Exception as error:  # noqa: BLE001 - no ack, so that Slack itself shows that it failed
            self._on_trouble(error)
            return False
        return True

    def _click(
        self,
        body: Mapping[str, Any],
        action: ClickAction,
        number: int = 0,
        *,
        key: str,
        origin: modals.Origin,
        reason: str = "",
        batch: int | None = None,
    ) -> NewClick:
        return NewClick(
            key=key,
            action=action,
            request_id=number,
            person=payloads.person(body),
            team=payloads.team(body),
            channel=origin.channel or self._place(body),
            reason=reason,
            at=self._clock(),
            message_ts=origin.ts,
            out_request_no=origin.out_request_no,
            batch=batch,
        )

    def _place(self, body: Mapping[str, Any]) -> str:
        """Where an answer is looked for: where it was clicked. On Home: the person's direct messages."""
        if channel := payloads.channel(body):
            return channel
        on_card = body.get("type") == "view_submission" and not modals.was_opened_from_home(body["view"])
        return self._channel if on_card else payloads.person(body)

    async def _open_decline(self, body: Mapping[str, Any], number: int, origin: modals.Origin) -> None:
        person = payloads.person(body)
        words = await self._readers.words(person)
        try:
            await ask(
                self._client,
                "views.open",
                as_json=True,
                trigger_id=body["trigger_id"],
                view=modals.decline_modal(words, number, origin),
            )
        except SlackError as error:
            self._on_trouble(error)
            await self._poster.tell(self._place(body), person, failures.form_did_not_open(words, number))


def _origin(body: Mapping[str, Any], action: Mapping[str, Any]) -> modals.Origin:
    channel = payloads.channel(body)
    ts = (body.get("container") or {}).get("message_ts") or (body.get("message") or {}).get("ts")
    if channel and ts:
        return modals.Origin(channel=channel, ts=str(ts))
    # Views have no place; those of Home say with each block which request it shows.
    return modals.Origin(out_request_no=str(action.get("block_id") or _NOWHERE))
