"""Socket Mode with a real Bolt app: payloads in, acks out, and links that close, break or fall silent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import ManualClock, Slack, Twice, Workspace

CARD = [
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve_request",
                "value": "17",
                "style": "primary",
                "text": {"type": "plain_text", "text": "Approve"},
            }
        ],
    }
]


@asynccontextmanager
async def bolt(slack: Slack) -> AsyncIterator[AsyncApp]:
    """A Bolt app connected over Socket Mode; listeners may be added before or after."""
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    app = AsyncApp(name="app", client=client, signing_secret="unused")
    handler = AsyncSocketModeHandler(app, slack.setup.app_token)
    await handler.connect_async()
    await slack.wait_for(lambda: slack.sockets.links)
    try:
        yield app
    finally:
        await handler.close_async()


@asynccontextmanager
async def raw_link(slack: Slack) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare WebSocket that has read its hello: the frames, with no client's help."""
    client = AsyncWebClient(base_url=slack.api_url)
    url = (await client.apps_connections_open(app_token=slack.setup.app_token))["url"]
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


async def test_a_command_reaches_the_app_and_its_ack_is_seen_by_the_person_only() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:
        seen: dict[str, Any] = {}

        @app.command("/coupon")
        async def listener(ack: Callable[..., Any], command: dict[str, Any]) -> None:
            seen.update(command)
            await ack("I read: late delivery")

        answer = await slack.person("U0LI").command("C0SUPPORT", "/coupon send oAbc late-10 a & b")
    assert (answer.text, answer.ephemeral, answer.error) == ("I read: late delivery", True, None)
    assert (seen["text"], seen["user_id"], seen["channel_id"]) == (
        "send oAbc late-10 a &amp; b",
        "U0LI",
        "C0SUPPORT",
    )
    assert [m.text for m in slack.ephemerals("U0LI", "C0SUPPORT")] == ["I read: late delivery"]
    assert slack.ephemerals("U0WANG") == []
    assert slack.messages("C0SUPPORT") == []


async def test_an_ack_in_channel_is_seen_by_everybody_even_where_the_bot_is_no_member() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:

        @app.command("/coupon")
        async def listener(ack: Callable[..., Any]) -> None:
            await ack(text="to all", response_type="in_channel")

        await slack.person("U0LI").command("C0SUPPORT", "/coupon")
    assert [m.text for m in slack.messages("C0SUPPORT")] == ["to all"]


async def test_a_click_opens_a_modal_and_its_submission_closes_it() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:
        reasons: list[str] = []

        @app.action("approve_request")
        async def click(ack: Callable[..., Any], body: dict[str, Any], client: AsyncWebClient) -> None:
            await ack()
            assert body["message"]["text"] == "card"
            typed = {"type": "plain_text_input", "action_id": "text"}
            label = {"type": "plain_text", "text": "Why"}
            await client.views_open(
                trigger_id=body["trigger_id"],
                view={
                    "type": "modal",
                    "callback_id": "decline_reason",
                    "private_metadata": body["actions"][0]["value"],
                    "title": {"type": "plain_text", "text": "Reason"},
                    "submit": {"type": "plain_text", "text": "Go"},
                    "blocks": [{"type": "input", "block_id": "reason", "label": label, "element": typed}],
                },
            )

        @app.view("decline_reason")
        async def submit(ack: Callable[..., Any], view: dict[str, Any]) -> None:
            text = view["state"]["values"]["reason"]["text"]["value"]
            reasons.append(f"{view['private_metadata']}: {text}")
            if len(reasons) == 1:
                await ack(response_action="errors", errors={"reason": "say more"})
            else:
                await ack()

        posted = await app.client.chat_postMessage(channel="C0APPROVE", text="card", blocks=CARD)
        wang = slack.person("U0WANG")
        view = await (await wang.click("C0APPROVE", posted["ts"], "approve_request")).view()
        await wang.submit(view, {"reason": "no"})
        assert (view.open, view.errors) == (True, {"reason": "say more"})
        await wang.submit(view, {"reason": "not covered"})
        assert (view.open, view.ended_by, wang.modal) == (False, "submitted", None)
    assert reasons == ["17: no", "17: not covered"]


async def test_an_ack_too_late_is_a_failure_the_person_sees_and_the_app_works_on() -> None:
    async with Workspace().serve(ack_seconds=0.1) as slack, bolt(slack) as app:
        event = asyncio.Event()

        @app.command("/coupon")
        async def listener(ack: Callable[..., Any]) -> None:
            await event.wait()
            await ack("too late")

        answer = await slack.person("U0LI").command("C0SUPPORT", "/coupon")
        event.set()
        (delivery,) = answer.deliveries
        await slack.wait_for(lambda: delivery.late_after)
        assert (answer.error, answer.text) == ("operation_timeout", "")
        (words,) = slack.ephemerals("U0LI")
        assert words.text == '/coupon failed with the error "operation_timeout"'
        assert words.source == "slack"


async def test_a_listener_that_raises_acknowledges_nothing() -> None:
    async with Workspace().serve(ack_seconds=0.1) as slack, bolt(slack) as app:

        @app.action("approve_request")
        async def listener() -> None:
            raise RuntimeError("broken")

        posted = await app.client.chat_postMessage(channel="C0APPROVE", text="card", blocks=CARD)
        answer = await slack.person("U0WANG").click("C0APPROVE", posted["ts"], "approve_request")
        assert answer.error == "operation_timeout"
        assert "did not answer" in slack.ephemerals("U0WANG")[0].text


async def test_the_same_delivery_twice_has_the_same_ids() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:
        bodies: list[dict[str, Any]] = []

        @app.command("/coupon")
        async def listener(ack: Callable[..., Any], body: dict[str, Any]) -> None:
            bodies.append(body)
            await ack("ok")

        li = slack.person("U0LI")
        for twice in (True, Twice.IN_ORDER):
            answer = await li.command("C0SUPPORT", "/coupon send x y", twice=twice)
            assert [d.error for d in answer.deliveries] == [None, None]
            assert answer.deliveries[0].id == answer.deliveries[1].id
            first, second = bodies
            assert first["trigger_id"] == second["trigger_id"] == answer.trigger_id
            assert first["response_url"] == second["response_url"]
            bodies.clear()
        slack.duplicate = True
        await li.command("C0SUPPORT", "/coupon")
        await li.command("C0SUPPORT", "/coupon", twice=False)
    assert len(bodies) == 3


async def test_two_links_share_the_payloads_and_each_goes_to_one_only() -> None:
    async with Workspace().serve() as slack, bolt(slack) as one, bolt(slack) as two:
        heard: list[str] = []

        def listen(app: AsyncApp, name: str) -> None:
            @app.command("/coupon")
            async def listener(ack: Callable[..., Any]) -> None:
                heard.append(name)
                await ack()

        listen(one, "one")
        listen(two, "two")
        for _ in range(12):
            await slack.person("U0LI").command("C0SUPPORT", "/coupon")
    assert len(heard) == 12
    assert set(heard) == {"one", "two"}


async def test_a_payload_waits_for_the_next_link_to_open() -> None:
    async with Workspace().serve() as slack:
        typing = asyncio.create_task(slack.person("U0LI").command("C0SUPPORT", "/coupon"))
        await slack.wait_for(lambda: slack.deliveries)
        async with raw_link(slack) as socket:
            envelope = await socket.receive_json()
            await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "hi"}})
            assert (await typing).text == "hi"


async def test_a_payload_nobody_comes_for_times_out() -> None:
    async with Workspace().serve(ack_seconds=0.05) as slack:
        answer = await slack.person("U0LI").command("C0SUPPORT", "/coupon")
        assert answer.error == "operation_timeout"


async def test_an_envelope_looks_as_slacks_and_an_ack_counts_once() -> None:
    async with Workspace().serve() as slack, raw_link(slack) as socket:
        typing = asyncio.create_task(slack.person("U0LI").command("C0SUPPORT", "/coupon"))
        envelope = await socket.receive_json()
        assert set(envelope) == {"type", "envelope_id", "accepts_response_payload", "payload"}
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        for _ in range(2):
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await typing).error is None
        await slack.wait_for(lambda: any(c.kind == "stray_ack" for c in slack.state.changes.after(0)))


async def test_an_ack_on_another_link_does_not_count() -> None:
    async with (
        Workspace().serve(ack_seconds=0.2) as slack,
        raw_link(slack) as one,
        raw_link(slack) as two,
    ):
        typing = asyncio.create_task(slack.person("U0LI").command("C0SUPPORT", "/coupon"))
        await slack.wait_for(lambda: slack.deliveries and slack.deliveries[0].link)
        right, wrong = (one, two) if slack.deliveries[0].link == 1 else (two, one)
        envelope = await right.receive_json()
        await wrong.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await typing).error == "operation_timeout"


async def test_a_ticket_lets_one_link_in_and_only_soon() -> None:
    clock = ManualClock()
    async with Workspace().serve(clock=clock) as slack, aiohttp.ClientSession() as http:
        client = AsyncWebClient(base_url=slack.api_url)

        async def ticket() -> str:
            return str((await client.apps_connections_open(app_token=slack.setup.app_token))["url"])

        used, late = await ticket(), await ticket()

        async def refused(url: str) -> bool:
            async with http.get(url.replace("ws://", "http://")) as answer:
                return answer.status == 404

        async with http.ws_connect(used):
            pass
        assert await refused(used)
        clock.advance(120)
        assert await refused(late)


async def test_the_eleventh_link_is_one_too_many() -> None:
    async with Workspace().serve() as slack, aiohttp.ClientSession() as http:
        client = AsyncWebClient(base_url=slack.api_url)
        opened = []
        for _ in range(11):
            url = (await client.apps_connections_open(app_token=slack.setup.app_token))["url"]
            opened.append(await http.ws_connect(url))
        frames = [(await socket.receive_json())["type"] for socket in opened]
        assert frames == ["hello"] * 10 + ["disconnect"]
        for socket in opened:
            await socket.close()


async def answers_after(slack: Slack, app: AsyncApp, trouble: Callable[[], Any]) -> None:
    @app.command("/coupon")
    async def listener(ack: Callable[..., Any]) -> None:
        await ack("still here")

    before = slack.sockets.links[0].number
    result = trouble()
    if asyncio.iscoroutine(result):
        await result
    await slack.wait_for(lambda: slack.sockets.links and slack.sockets.links[0].number > before)
    answer = await slack.person("U0LI").command("C0SUPPORT", "/coupon")
    assert answer.text == "still here"


async def test_bolt_comes_back_after_a_refresh() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:
        await answers_after(slack, app, slack.sockets.disconnect)


async def test_bolt_leaves_a_link_it_was_warned_about() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:
        await answers_after(slack, app, lambda: slack.sockets.disconnect("warning"))


async def test_a_cut_link_loses_the_ack_of_what_was_on_it() -> None:
    async with Workspace().serve(ack_seconds=0.2) as slack, raw_link(slack) as socket:
        typing = asyncio.create_task(slack.person("U0LI").command("C0SUPPORT", "/coupon"))
        await socket.receive_json()
        slack.sockets.cut()
        assert (await typing).error == "operation_timeout"
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_silent_link_stays_open_and_carries_nothing() -> None:
    async with Workspace().serve(ack_seconds=0.1) as slack, bolt(slack) as app:
        heard: list[str] = []

        @app.command("/coupon")
        async def listener(ack: Callable[..., Any]) -> None:
            heard.append("a command")
            await ack()

        slack.sockets.silence()
        answer = await slack.person("U0LI").command("C0SUPPORT", "/coupon")
        assert (answer.error, heard) == ("operation_timeout", [])
        assert [link.socket.closed for link in slack.sockets.links] == [False]


async def test_an_event_that_was_missed_comes_again_with_its_attempt() -> None:
    async with Workspace().serve(ack_seconds=0.05) as slack, raw_link(slack) as socket:
        await slack.person("U0LI").open_home()
        first, second = await socket.receive_json(), await socket.receive_json()
        assert (first["retry_attempt"], second["retry_attempt"], second["retry_reason"]) == (0, 1, "timeout")
        assert first["payload"]["event"]["type"] == "app_home_opened"
        assert first["payload"]["event_id"] == second["payload"]["event_id"]


async def test_opening_the_home_tab_and_pressing_a_button_in_it() -> None:
    async with Workspace().serve() as slack, bolt(slack) as app:
        pressed: list[dict[str, Any]] = []

        @app.event("app_home_opened")
        async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": CARD})

        @app.action("approve_request")
        async def press(ack: Callable[..., Any], body: dict[str, Any]) -> None:
            pressed.append(body)
            await ack()

        li = slack.person("U0LI")
        await li.open_home()
        home = await slack.wait_for(lambda: li.home)
        await li.press(home, "approve_request")
    assert pressed[0]["actions"][0]["value"] == "17"
    assert "response_url" not in pressed[0]
    assert json.dumps(pressed[0]["view"]["blocks"])
