"""Clicks on the card, and the decline form.

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
from handlers.posting import Poster
from handlers.readers import Readers
from handlers.views import failures, modals, replies
from handlers.views.message import Message
from handlers.web_api import SlackError, ask

_ACK_WITHIN_S = 2.2

_BUTTONS = {
    "approve_request": ClickAction.APPROVE,
    "retry_request": ClickAction.RETRY,
    "close_request": ClickAction.CLOSE,
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
        readers: Readers,
        approval_channel: str,
        clock: Clock,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._desk = desk
        self._client = client
        self._poster = poster
        self._readers = readers
        self._channel = approval_channel
        self._clock = clock
        self._on_trouble = on_trouble
        #: The loop holds tasks weakly; these are ours until done.
        self._opening: set[asyncio.Task[None]] = set()

    def register(self, app: AsyncApp) -> None:
        for action_id in _BUTTONS:
            app.action(action_id)(self.on_button)
        app.action("decline_request")(self.on_decline)
        app.action("more_request")(self.on_more)
        app.view("decline_reason")(self.on_decline_reason)

    async def drain(self) -> None:
        """Wait for the forms being opened."""
        if self._opening:
            await asyncio.wait(self._opening)

    async def on_button(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        number = _request_number(action)
        if number is None:
            await ack()
            return
        click = self._click(
            body,
            _BUTTONS[action["action_id"]],
            number,
            key=_delivery(body, action, number),
            origin=_origin(body, action),
        )
        if await self._keep(click):
            await ack()

    async def on_more(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Withdraw or remind. The thread, or an answer, tells what came of it."""
        value = str((action.get("selected_option") or {}).get("value") or "")
        wish, _, digits = value.partition(":")
        number = _number(digits)
        if wish not in _MENU or number is None:
            await ack()
            return
        key = _delivery(body, action, f"{wish}:{number}")
        click = self._click(body, _MENU[wish], number, key=key, origin=_origin(body, action))
        if await self._keep(click):
            await ack()

    async def on_decline(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        number = _request_number(action)
        if number is not None:
            # After the ack: the trigger is good for three seconds, and Slack's answer may take as long.
            opening = asyncio.create_task(self._open_decline(body, number, _origin(body, action)))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def on_decline_reason(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = str(view["state"]["values"]["reason"]["text"].get("value") or "").strip()
        words = await self._readers.words(str(body["user"]["id"]))
        wrong = replies.decline_reason_problem(words, reason)
        if wrong is not None:
            await ack(response_action="errors", errors={"reason": wrong})
            return
        number = modals.request_of(view)
        # With the words: who corrects them in a form that may have been taken already is heard, too.
        said = hashlib.sha256(reason.encode()).hexdigest()
        key = f"{_team(body)}:{view['id']}:{said}"
        origin = modals.origin_of(view)
        click = self._click(body, ClickAction.DECLINE, number, key=key, origin=origin, reason=reason)
        if await self._keep(click):
            await ack()
        else:
            await ack(response_action="errors", errors={"reason": failures.not_kept_click_again(words).text})

    async def _keep(self, click: NewClick) -> bool:
        try:
            async with asyncio.timeout(_ACK_WITHIN_S):
                await self._desk.keep_click(click)
        except Exception as error:  # noqa: BLE001 - no ack, so that Slack itself shows that it failed
            self._on_trouble(error)
            return False
        return True

    def _click(
        self,
        body: Mapping[str, Any],
        action: ClickAction,
        number: int,
        *,
        key: str,
        origin: modals.Origin,
        reason: str = "",
    ) -> NewClick:
        return NewClick(
            key=key,
            action=action,
            request_id=number,
            person=str(body["user"]["id"]),
            team=_team(body),
            channel=origin.channel or self._place(body),
            reason=reason,
            at=self._clock(),
            message_ts=origin.ts,
            out_request_no=origin.out_request_no,
        )

    def _place(self, body: Mapping[str, Any]) -> str:
        """Where an answer is looked for: where it was clicked. On Home: the person's direct messages."""
        channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id")
        if channel is None:
            on_card = body.get("type") == "view_submission" and not modals.was_opened_from_home(body["view"])
            channel = self._channel if on_card else body["user"]["id"]
        return str(channel)

    async def _open_decline(self, body: Mapping[str, Any], number: int, origin: modals.Origin) -> None:
        user, place = str(body["user"]["id"]), self._place(body)
        words = await self._readers.words(user)
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
            await self._tell(place, user, failures.form_did_not_open(words, number))

    async def _tell(self, place: str, user: str, message: Message) -> None:
        try:
            if place == user:
                # Once: it is about a click that is over.
                await self._poster.post(user, message, delivery_id="")
            else:
                await self._poster.whisper(place, user, message)
        except SlackError as error:
            self._on_trouble(error)


def _request_number(action: Mapping[str, Any]) -> int | None:
    """The button's value, which only a client that is not Slack's could have made anything but a number."""
    return _number(str(action.get("value") or ""))


def _number(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None  # noqa: PLR2004


def _team(body: Mapping[str, Any]) -> str:
    """The clicking person's team, which through Slack Connect may not be ours."""
    user = body.get("user") or {}
    return str(user.get("team_id") or (body.get("team") or {}).get("id") or "")


def _origin(body: Mapping[str, Any], action: Mapping[str, Any]) -> modals.Origin:
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    ts = container.get("message_ts") or (body.get("message") or {}).get("ts")
    if channel and ts:
        return modals.Origin(channel=str(channel), ts=str(ts))
    # Views have no place; those of Home say with each block which request it shows.
    return modals.Origin(out_request_no=str(action.get("block_id") or _NOWHERE))


def _delivery(body: Mapping[str, Any], action: Mapping[str, Any], asked_for: object) -> str:
    """The same for the same Slack delivery; with other data it is another one, and gets its own answer."""
    trigger = body.get("trigger_id") or f"{body['user']['id']}:{action.get('action_ts')}"
    return f"{_team(body)}:{trigger}:{action.get('action_id')}:{asked_for}"
