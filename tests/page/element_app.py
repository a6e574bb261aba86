"""A small app on Bolt that uses what our bot does not yet, or not everywhere: all that the page can draw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Slack

JSON = dict[str, Any]
#: Nobody must ever be asked for it.
OUTSIDE_PICTURE = "https://pictures.example.com/cake.png"
HOSTILE = (
    "&lt;!channel&gt; <script>window.broken = 1</script> <img src=x onerror=window.broken=1> "
    "<javascript:window.broken=1|a link> *bold \u202e backwards "
) + "🎂" * 50


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def options(*names: str) -> list[JSON]:
    return [{"text": plain(name.title()), "value": name} for name in names]


def menu(kind: str, action_id: str, **more: Any) -> JSON:
    return {"type": kind, "action_id": action_id, "placeholder": plain(action_id.replace("_", " ")), **more}


ELEMENTS: dict[str, JSON] = {
    "line": {"type": "plain_text_input"},
    "lines": {"type": "plain_text_input", "multiline": True},
    "number": {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"},
    "email": {"type": "email_text_input"},
    "url": {"type": "url_text_input"},
    "one": {"type": "static_select", "options": options("red", "green", "blue")},
    "many": {"type": "multi_static_select", "options": options("north", "south", "west")},
    "found": {"type": "external_select", "min_query_length": 2},
    "all_found": {"type": "multi_external_select", "min_query_length": 0},
    "person": {"type": "users_select"},
    "people": {"type": "multi_users_select"},
    "channel": {"type": "channels_select"},
    "place": {"type": "conversations_select"},
    "radio": {"type": "radio_buttons", "options": options("cash", "coupon")},
    "ticks": {"type": "checkboxes", "options": options("late", "broken")},
    "day": {"type": "datepicker"},
    "hour": {"type": "timepicker"},
    "file": {"type": "file_input", "filetypes": ["csv"], "max_files": 2},
}


def field(name: str, element: JSON) -> JSON:
    made = {"action_id": "value", **element}
    return {"type": "input", "block_id": name, "label": plain(name), "element": made, "optional": True}


def form(*fields: str, said: str = "As it was opened") -> JSON:
    buttons = [
        {"type": "button", "action_id": "deeper", "text": plain("Deeper")},
        {"type": "button", "action_id": "change", "text": plain("Change")},
    ]
    return {
        "type": "modal",
        "callback_id": "everything",
        "title": plain("Everything"),
        "submit": plain("Hand in"),
        "blocks": [
            {"type": "section", "block_id": "said", "text": plain(said)},
            {"type": "actions", "block_id": "buttons", "elements": buttons},
            *(field(name, ELEMENTS[name]) for name in fields),
        ],
    }


def page_two() -> JSON:
    return {
        "type": "modal",
        "callback_id": "two",
        "title": plain("Page two"),
        "submit": plain("Go on"),
        "blocks": [field("deep", ELEMENTS["line"])],
    }


def home(pressed: str) -> JSON:
    button = {"type": "button", "action_id": "home_button", "value": "pressed", "text": plain("Press me")}
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain(f"Last: {pressed}")},
            {"type": "actions", "block_id": "home", "elements": [button]},
            {"type": "divider"},
            field("note", ELEMENTS["line"] | {"action_id": "note"}) | {"dispatch_action": True},
        ],
    }


def gallery() -> list[JSON]:
    """A message of everything that is drawn."""
    sure = {
        "title": plain("Sure?"),
        "text": {"type": "mrkdwn", "text": "It costs *¥10*"},
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    mrkdwn = (
        "*bold* _slanted_ ~gone~ `code` :birthday: <https://example.com|a page> <@U0LI> <#C0SUPPORT>\n> said"
    )
    when = "<!date^1795435200^Due {date_num} {time}|Due soon>"
    cells = [
        [{"type": "raw_text", "text": "Stock"}, {"type": "raw_text", "text": "Left"}],
        [{"type": "raw_text", "text": "late-10"}, {"type": "raw_text", "text": "198"}],
    ]
    return [
        {"type": "header", "text": plain("A gallery")},
        {
            "type": "section",
            "block_id": "words",
            "text": {"type": "mrkdwn", "text": mrkdwn},
            "fields": [{"type": "mrkdwn", "text": "*Left*\n1"}, {"type": "mrkdwn", "text": "*Right*\n2"}],
            "accessory": {"type": "image", "image_url": OUTSIDE_PICTURE, "alt_text": "a cake"},
        },
        {"type": "context", "block_id": "when", "elements": [{"type": "mrkdwn", "text": when}]},
        {"type": "divider"},
        {"type": "image", "block_id": "picture", "image_url": OUTSIDE_PICTURE, "alt_text": "the cake, whole"},
        {"type": "section", "block_id": "hostile", "text": {"type": "mrkdwn", "text": HOSTILE}},
        {"type": "table", "block_id": "stocks", "rows": cells},
        {
            "type": "actions",
            "block_id": "acts",
            "elements": [
                {
                    "type": "button",
                    "action_id": "pay",
                    "value": "10",
                    "text": plain("Pay"),
                    "style": "danger",
                    "confirm": sure,
                },
                menu("static_select", "pick_one", options=options("red", "green")),
                menu("external_select", "pick_found", min_query_length=1),
                {"type": "overflow", "action_id": "more", "options": options("archive", "forward")},
            ],
        },
    ]


class ElementApp:
    """`heard` gives each click and each submission in turn; `files` is what people uploaded, by name."""

    def __init__(self, slack: Slack) -> None:
        self._token = slack.setup.bot_token
        self.client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
        self.app = AsyncApp(name="app", client=self.client, signing_secret=slack.setup.signing_secret)
        self.heard: asyncio.Queue[JSON] = asyncio.Queue()
        self.files: dict[str, bytes] = {}
        #: What the next form asks for.
        self.fields: tuple[str, ...] = ("line",)
        self._register()

    def _register(self) -> None:
        app = self.app
        app.command("/coupon")(self._open)
        app.action("deeper")(self._deeper)
        app.action("change")(self._change)
        for action in ("pay", "pick_one", "pick_found", "more"):
            app.action(action)(self._keep)
        for action in ("value", "pick_found"):
            app.options(action)(self._options)
        app.view("everything")(self._handed_in)
        app.view("two")(self._gone_on)
        app.event("app_home_opened")(self._home)
        app.action("home_button")(self._home_pressed)
        app.action("note")(self._home_pressed)

    async def _keep(self, ack: AsyncAck, body: JSON) -> None:
        self.heard.put_nowait(body)
        await ack()

    async def _open(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form(*self.fields))

    async def _deeper(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=page_two())

    async def _change(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await ack()
        await client.views_update(
            view_id=body["view"]["id"], view=form(*self.fields, said="Changed by the app")
        )

    async def _options(self, ack: AsyncAck, body: JSON) -> None:
        names = ("apple", "apricot", "pear")
        await ack(options=options(*(name for name in names if name.startswith(body["value"].lower()))))

    async def _handed_in(self, ack: AsyncAck, body: JSON) -> None:
        values = body["view"]["state"]["values"]
        line = values.get("line", {}).get("value", {}).get("value")
        if line == "wrong":
            await ack(response_action="errors", errors={"line": "That is wrong."})
            return
        await ack()
        for file in values.get("file", {}).get("value", {}).get("files", []):
            self.files[file["name"]] = await self._download(file["url_private"])
        self.heard.put_nowait(body)

    async def _download(self, url: str) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
            return await answer.read()

    async def _gone_on(self, ack: AsyncAck, body: JSON) -> None:
        self.heard.put_nowait(body)
        deep = body["view"]["state"]["values"]["deep"]["value"]["value"]
        await ack(response_action="update", view=page_two() | {"title": plain(f"Heard {deep}")})

    async def _home(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await ack()
        await client.views_publish(user_id=body["event"]["user"], view=home("nothing"))

    async def _home_pressed(self, ack: AsyncAck, body: JSON, client: AsyncWebClient) -> None:
        await self._keep(ack, body)
        await client.views_publish(user_id=body["user"]["id"], view=home(body["actions"][0]["value"]))

    async def hears(self) -> JSON:
        """The next click or submission."""
        async with asyncio.timeout(60):
            return await self.heard.get()


@asynccontextmanager
async def element_app(slack: Slack) -> AsyncGenerator[ElementApp]:
    """Connected by Socket Mode."""
    running = ElementApp(slack)
    handler = AsyncSocketModeHandler(running.app, slack.setup.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack-bolt has no types here
    try:
        await slack.wait_for(lambda: slack.sockets.links)
        yield running
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # same
