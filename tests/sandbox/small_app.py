"""A small app on Bolt with what the page draws: a card, a form, Home, shortcuts, external options."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Shortcut, ShortcutType, Slack

JSON = dict[str, Any]
SHORTCUTS = (
    Shortcut("send_coupon", "Send a coupon", ShortcutType.GLOBAL, "Opens the form"),
    Shortcut("compensate", "Compensate customer", ShortcutType.MESSAGE, "With this message as the reason"),
)


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def option(name: str) -> JSON:
    return {"text": plain(name.title()), "value": name}


def card(value: str) -> list[JSON]:
    button = {"type": "button", "action_id": "approve", "value": value, "text": plain("Approve")}
    stocks = {"type": "external_select", "action_id": "stock", "min_query_length": 1}
    return [
        {"type": "section", "block_id": "said", "text": {"type": "mrkdwn", "text": f"Request *{value}*"}},
        {"type": "actions", "block_id": f"buttons-{value}", "elements": [button, stocks]},
    ]


def field(block_id: str, element: JSON, **more: Any) -> JSON:
    element = {"action_id": "value", **element}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


def form(reason: str = "") -> JSON:
    typed: JSON = {"type": "plain_text_input", "min_length": 4}
    return {
        "type": "modal",
        "callback_id": "send_form",
        "title": plain("Send"),
        "submit": plain("Ask"),
        "blocks": [
            field("openid", typed),
            field("stock", {"type": "external_select", "min_query_length": 1}, dispatch_action=True),
            field("reason", {"type": "plain_text_input", "initial_value": reason}, optional=True),
            field("codes", {"type": "file_input", "max_files": 1}, optional=True),
        ],
    }


def home(count: int) -> JSON:
    more = {"type": "button", "action_id": "more", "text": plain("More")}
    elements = [{"type": "actions", "block_id": "home", "elements": [more]}]
    title = {"type": "header", "text": plain(f"Opened {count} times")}
    return {"type": "home", "blocks": [title, *elements]}


class SmallApp:
    """`heard` is every payload, oldest first."""

    def __init__(self, slack: Slack) -> None:
        self.client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
        self.app = AsyncApp(name="app", client=self.client, signing_secret=slack.setup.signing_secret)
        self.heard: list[JSON] = []
        self.opened = 0
        self._register()

    def _register(self) -> None:
        app = self.app
        app.command("/coupon")(self._command)
        app.action("approve")(self._approve)
        app.action("more")(self._more)
        app.action("value")(self._keep)
        app.action("stock")(self._keep)
        app.options("value")(self._stocks)
        app.options("stock")(self._stocks)
        app.shortcut("send_coupon")(self._form)
        app.shortcut("compensate")(self._form)
        app.view("send_form")(self._submitted)
        app.event("app_home_opened")(self._home)

    async def _keep(self, ack: AsyncAck, body: JSON) -> None:
        self.heard.append(body)
        await ack()

    async def _command(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        self.heard.append(body)
        if body["text"] == "form":
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=form())
        elif body["text"] != "silence":
            await ack(f"You said {body['text']}")

    async def _approve(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await self._keep(ack, body)
        channel, ts = body["channel"]["id"], body["message"]["ts"]
        await client.chat_update(channel=channel, ts=ts, text="Approved", blocks=[])

    async def _stocks(self, ack: AsyncAck, body: JSON) -> None:
        self.heard.append(body)
        names = [name for name in ("late", "lost", "broken") if name.startswith(body["value"])]
        await ack(options=[option(name) for name in names])

    async def _form(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await self._keep(ack, body)
        reason = body.get("message", {}).get("text", "")
        await client.views_open(trigger_id=body["trigger_id"], view=form(reason))

    async def _submitted(self, ack: AsyncAck, body: JSON) -> None:
        self.heard.append(body)
        openid = body["view"]["state"]["values"]["openid"]["value"]["value"]
        if openid == "oNobody":
            await ack(response_action="errors", errors={"openid": "Nobody has this openid."})
        elif openid != "oSilence":
            await ack()

    async def _home(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await self._keep(ack, body)
        self.opened += 1
        await client.views_publish(user_id=body["event"]["user"], view=home(self.opened))

    async def _more(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await self._keep(ack, body)
        self.opened += 1
        await client.views_publish(user_id=body["user"]["id"], view=home(self.opened))


@asynccontextmanager
async def small_app(slack: Slack) -> AsyncGenerator[SmallApp]:
    """Connected by Socket Mode."""
    running = SmallApp(slack)
    handler = AsyncSocketModeHandler(running.app, slack.setup.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack-bolt has no types here
    try:
        await slack.wait_for(lambda: slack.sockets.links)
        yield running
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # same
