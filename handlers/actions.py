"""Clicks on the card, and the decline form.

A click is kept before the ack and decided after it, from the rows and Slack's word at that moment. What the
message says that it was made on is never read: it may be old, a copy, or forged. Only where it stands is kept
with the click, which counts on the request's own card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.model import ClickAction
from coupons.reasons import Wording
from handlers import payloads
from handlers.after_ack import AfterAck
from handlers.clicks import Clicks, origin_of
from handlers.directory import Readers
from handlers.posting import Poster
from handlers.views import command_replies, failures, modals
from handlers.views.modals import decline_templates
from handlers.web_api import SlackError, open_view

_BUTTONS = {
    "approve_request": ClickAction.APPROVE,
    "retry_request": ClickAction.RETRY,
    "close_request": ClickAction.CLOSE,
    "look_up_coupon": ClickAction.LOOK_UP_COUPON,
    "withdraw_approval": ClickAction.WITHDRAW_APPROVAL,
    "undo_request": ClickAction.UNDO,
}
#: What the menu of a card, or of one's own request on Home, offers.
_MENU = {"cancel": ClickAction.CANCEL, "urge": ClickAction.URGE}


class Actions:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        clicks: Clicks,
        client: AsyncWebClient,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        templates: Sequence[Wording],
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._clicks = clicks
        self._client = client
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._templates = templates
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        for action_id in _BUTTONS:
            app.action(action_id)(self.on_button)
        app.action("decline_request")(self.on_decline)
        app.action("more_request")(self.on_more)
        app.view("decline_reason")(self.on_decline_reason)

    async def on_button(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        number, pressed = payloads.number(action.get("value")), str(action["action_id"])
        if number is None:
            await ack()
            return
        key = payloads.delivery_key(body, pressed, number)
        click = self._clicks.click(body, _BUTTONS[pressed], number, key=key, origin=origin_of(body, action))
        if await self._clicks.keep(click):
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
        click = self._clicks.click(body, _MENU[wish], number, key=key, origin=origin_of(body, action))
        if await self._clicks.keep(click):
            await ack()

    async def on_decline(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        number = payloads.number(action.get("value"))
        if number is not None:
            # After the ack: the trigger is good for three seconds, and Slack's answer may take as long.
            self._after_ack.begin(self._open_decline(body, number, origin_of(body, action)))

    async def on_decline_reason(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = modals.declined_because(self._readers.channel, view)
        words = await self._readers.words(payloads.person(body))
        wrong = command_replies.decline_reason_problem(words, reason)
        if wrong is not None:
            await ack(response_action="errors", errors={"reason": wrong})
            return
        batch = modals.batch_of(view)
        # With the words: who corrects them in a form that may have been taken already is heard, too.
        said = hashlib.sha256(reason.encode()).hexdigest()
        key = payloads.delivery_key(body, said)
        origin = modals.origin_of(view)
        click = self._clicks.click(
            body,
            ClickAction.DECLINE if batch is None else ClickAction.DECLINE_BATCH,
            modals.request_of(view) if batch is None else batch,
            key=key,
            origin=origin,
            reason=reason,
            of_batch=batch is not None,
        )
        if await self._clicks.keep(click):
            await ack()
        else:
            await ack(response_action="errors", errors={"reason": failures.not_kept_click_again(words).text})

    async def _open_decline(self, body: Mapping[str, Any], number: int, origin: modals.Origin) -> None:
        person = payloads.person(body)
        words = await self._readers.words(person)
        try:
            templates = decline_templates(self._templates, words, self._readers.channel)
            view = modals.decline_modal(words, number, origin, templates)
            await open_view(self._client, body["trigger_id"], view)
        except SlackError as error:
            self._on_trouble(error)
            await self._poster.tell(
                self._clicks.place(body), person, failures.form_did_not_open(words, number)
            )
