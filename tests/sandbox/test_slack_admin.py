"""The side for other processes: everything a test in this one can do, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Slack, Workspace

JSON = dict[str, Any]
TITLE = {"type": "plain_text", "text": "Why"}
ASK = {
    "type": "modal",
    "callback_id": "reason",
    "title": TITLE,
    "submit": TITLE,
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": TITLE,
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
CARD = [
    {"type": "actions", "elements": [{"type": "button", "action_id": "ask", "text": TITLE, "value": "7"}]}
]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve(ack_seconds=1.0) as running:
        yield running


@pytest.fixture
async def app(slack: Slack) -> AsyncIterator[AsyncApp]:
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = AsyncApp(name="app", client=client, signing_secret="unused")

    @app.command("/coupon")
    async def command(ack: Callable[..., Any], client: AsyncWebClient) -> None:
        await ack("understood")
        await client.chat_postMessage(channel="C0APPROVE", text="card", blocks=CARD)

    @app.action("ask")
    async def click(ack: Callable[..., Any], body: JSON, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=ASK)
        await ack()

    @app.view("reason")
    async def submit(ack: Callable[..., Any]) -> None:
        await ack()

    handler = AsyncSocketModeHandler(app, slack.setup.app_token)
    await handler.connect_async()
    yield app
    await handler.close_async()


@pytest.fixture
async def http(slack: Slack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=f"{slack.base_url}/_sandbox/") as session:
        yield session


async def do(http: aiohttp.ClientSession, path: str, **body: Any) -> JSON:
    async with http.post(path, json=body) as answer:
        found: JSON = await answer.json()
        assert answer.status == 200, found
        return found


async def read(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_a_request_is_played_from_outside(app: AsyncApp, http: aiohttp.ClientSession) -> None:
    answer = await do(http, "people/U0LI/command", channel="C0SUPPORT", text="/coupon send x y")
    assert (answer["text"], answer["ephemeral"], answer["error"]) == ("understood", True, None)
    seen = 0
    while not (posted := await read(http, "messages?channel=C0APPROVE")):
        seen = (await read(http, f"events?after={seen}"))["last"]
    click = await do(http, "people/U0WANG/click", channel="C0APPROVE", ts=posted[0]["ts"], action_id="ask")
    done = await do(
        http, "people/U0WANG/submit", view_id=click["modal"]["id"], values={"reason": "not covered"}
    )
    assert (done["error"], done["modal"]) == (None, None)
    assert [m["text"] for m in await read(http, "ephemerals?user=U0LI")] == ["understood"]
    assert [v["ended_by"] for v in await read(http, "views?user=U0WANG")] == ["submitted"]
    methods = [call["method"] for call in await read(http, "calls")]
    assert {"chat.postMessage", "views.open"} <= set(methods)
    assert len(await read(http, "deliveries")) == 3
    async with http.get("transcript?channel=C0APPROVE") as page:
        assert "[Why]" in await page.text()


async def test_a_long_poll_wakes_at_the_next_change(slack: Slack, http: aiohttp.ClientSession) -> None:
    last = (await read(http, "workspace"))["last_event"]
    polling = asyncio.create_task(read(http, f"events?after={last}&timeout=20"))
    said = slack.person("U0LI").say("C0SUPPORT", "你好")
    (event,) = (await polling)["events"]
    assert (event["kind"], event["detail"]["ts"], event["seq"]) == ("message_posted", said.ts, last + 1)
    nothing = await read(http, f"events?after={last + 1}&timeout=0.01")
    assert nothing == {"events": [], "last": last + 1}


async def test_a_long_poll_ends_with_the_workspace() -> None:
    async with aiohttp.ClientSession() as http:
        async with Workspace().serve() as slack:
            polling = asyncio.create_task(http.get(f"{slack.base_url}/_sandbox/events?after=0&timeout=60"))
            await asyncio.sleep(0)
            await (await http.get(f"{slack.base_url}/_sandbox/workspace")).read()
        async with await polling as answer:
            assert (await answer.json())["events"][0]["kind"] == "workspace_closing"


async def test_faults_groups_people_and_sockets_are_in_reach(
    slack: Slack, app: AsyncApp, http: aiohttp.ClientSession
) -> None:
    await do(http, "faults", method="auth.test", kind="api_error", error="token_revoked", times=2)
    assert slack.faults.waiting == 2
    async with http.delete("faults"):
        assert slack.faults.waiting == 0
    await do(http, "groups/S0LEADS", members=["U0QIAN"])
    await do(http, "people/U0WANG", deleted=True)
    await do(http, "duplicate", twice="together")
    await do(http, "people/U0LI/say", channel="C0SUPPORT", text="hi")
    await do(http, "sockets", do="cut")
    assert slack.state.directory.groups["S0LEADS"].members == ("U0QIAN",)
    assert slack.state.directory.people["U0WANG"].deleted
    assert slack.duplicate.value == "together"
    await slack.wait_for(lambda: any(c.kind == "socket_closed" for c in slack.state.changes.after(0)))


async def test_the_app_is_removed_invited_and_its_channel_archived(
    slack: Slack, app: AsyncApp, http: aiohttp.ClientSession
) -> None:
    """Only of the invitation the app hears; what it may do follows at once."""
    heard: list[JSON] = []

    async def keep(event: JSON) -> None:
        heard.append(event)

    app.event("member_joined_channel")(keep)

    async def posted() -> str:
        try:
            await app.client.chat_postMessage(channel="C0APPROVE", text="here")
        except SlackApiError as error:
            return str(error.response["error"])
        return "ok"

    assert await posted() == "ok"
    await do(http, "channels/C0APPROVE", do="remove", user="U0BOT")
    assert await posted() == "not_in_channel"
    await do(http, "channels/C0APPROVE", do="invite", user="U0BOT", by="U0WANG")
    assert await posted() == "ok"
    await do(http, "channels/C0APPROVE", do="archive")
    assert await posted() == "is_archived"
    await do(http, "channels/C0APPROVE", do="unarchive")
    assert await posted() == "ok"
    assert [(each["user"], each["channel"], each["inviter"]) for each in heard] == [
        ("U0BOT", "C0APPROVE", "U0WANG")
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("people/U0LI/command", {"channel": "C0AUDIT", "text": "/coupon"}, 409),
        ("people/U0NOBODY/command", {"channel": "C0AUDIT", "text": "/coupon"}, 409),
        ("people/U0LI/dance", {}, 409),
        ("people/U0LI/command", {"channel": "C0SUPPORT"}, 404),
        ("people/U0LI/submit", {"view_id": "V0NONE"}, 404),
        ("faults", {"method": "auth.test", "kind": "meteor"}, 400),
        ("sockets", {"do": "melt"}, 400),
        ("channels/C0APPROVE", {"do": "sink"}, 400),
        ("channels/C0NOWHERE", {"do": "archive"}, 404),
        ("channels/C0APPROVE", {"do": "remove"}, 404),
        ("people/U0LI", {"shoe_size": 40}, 400),
        ("duplicate", {"twice": "thrice"}, 400),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(
    path: str, body: JSON, status: int, http: aiohttp.ClientSession
) -> None:
    async with http.post(path, json=body) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]
