"""HTTP mode: signed posts to a real Bolt app behind a real port."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Slack, Workspace


@asynccontextmanager
async def listening(handler: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    server = web.Application()
    server.router.add_post("/slack/events", handler)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def bolt(slack: Slack, signing_secret: str) -> tuple[AsyncApp, Callable[[web.Request], Any]]:
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    app = AsyncApp(name="app", client=client, signing_secret=signing_secret)

    async def handler(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return app, handler


async def test_a_signed_command_and_a_modal_work_over_http() -> None:
    async with Workspace().serve() as slack:
        app, handler = bolt(slack, slack.setup.signing_secret)

        @app.command("/coupon")
        async def command(ack: Callable[..., Any], body: dict[str, Any], client: AsyncWebClient) -> None:
            await ack(f"你好 {body['text']}")
            blocks = [
                {
                    "type": "input",
                    "block_id": "reason",
                    "label": {"type": "plain_text", "text": "Why"},
                    "element": {"type": "plain_text_input", "action_id": "text"},
                }
            ]
            title = {"type": "plain_text", "text": "T"}
            view = {"type": "modal", "callback_id": "f", "title": title, "submit": title, "blocks": blocks}
            await client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.view("f")
        async def submit(ack: Callable[..., Any]) -> None:
            await ack(response_action="errors", errors={"reason": "更多"})

        async with listening(handler) as url:
            await slack.use_request_url(url)
            li = slack.person("U0LI")
            answer = await li.command("C0SUPPORT", "/coupon 客户")
            assert (answer.text, answer.ephemeral) == ("你好 客户", True)
            view = await answer.view()
            await li.submit(view, {"reason": "x"})
            assert view.errors == {"reason": "更多"}


async def test_an_app_with_another_signing_secret_refuses_and_the_person_is_told() -> None:
    async with Workspace().serve() as slack:
        _, handler = bolt(slack, "another secret")
        async with listening(handler) as url:
            with pytest.raises(ValueError, match="without the challenge"):
                await slack.use_request_url(url)
            await slack.use_request_url(url, verify=False)
            answer = await slack.person("U0LI").command("C0SUPPORT", "/coupon")
            assert answer.error == "dispatch_failed"
            assert slack.ephemerals("U0LI")[0].text.endswith('error "dispatch_failed"')


async def test_an_app_that_is_not_there_is_a_failed_dispatch() -> None:
    async with Workspace().serve() as slack:
        _, handler = bolt(slack, slack.setup.signing_secret)
        async with listening(handler) as url:
            pass
        await slack.use_request_url(url, verify=False)
        assert (await slack.person("U0LI").command("C0SUPPORT", "/coupon")).error == "dispatch_failed"


async def test_a_slow_answer_times_out_and_a_missed_event_is_repeated_with_its_headers() -> None:
    async with Workspace().serve(ack_seconds=0.1) as slack:
        attempts: list[str | None] = []

        async def handler(request: web.Request) -> web.Response:
            attempts.append(request.headers.get("X-Slack-Retry-Num"))
            if len(attempts) == 1:
                return web.Response(status=500)
            return web.Response()

        async with listening(handler) as url:
            await slack.use_request_url(url, verify=False)
            await slack.person("U0LI").open_home()
            await slack.wait_for(lambda: len(slack.deliveries) == 2 and slack.deliveries[1].done)
    assert attempts == [None, "1"]
    assert [d.error for d in slack.deliveries] == ["dispatch_failed", None]
    assert slack.deliveries[0].id == slack.deliveries[1].id
