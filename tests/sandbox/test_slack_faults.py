"""Bad days on demand, and what the real client makes of them."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.slack import (
    ManualClock,
    Slack,
    Workspace,
    api_error,
    cut_after,
    cut_before,
    rate_limited,
    server_error,
    slow,
    slow_answer,
)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve() as running:
        yield running


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])


def texts(slack: Slack) -> list[str]:
    return [message.text for message in slack.messages("C0APPROVE")]


async def test_a_rate_limit_answers_429_and_posts_nothing(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("chat.postMessage", rate_limited(7))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0APPROVE", text="x")
    response = caught.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (
        429,
        "ratelimited",
        "7",
    )
    await client.chat_postMessage(channel="C0APPROVE", text="again")
    assert texts(slack) == ["again"]


async def test_the_sdks_own_rate_limit_handler_understands_it(slack: Slack) -> None:
    slack.faults.next("chat.postMessage", rate_limited(0))
    handler = AsyncRateLimitErrorRetryHandler(max_retry_count=1)
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[handler])
    await client.chat_postMessage(channel="C0APPROVE", text="x")
    assert [call.status for call in slack.calls("chat.postMessage")] == [429, 200]


async def test_a_server_error_posts_nothing(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("chat.postMessage", server_error(503))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0APPROVE", text="x")
    assert (caught.value.response.status_code, texts(slack)) == (503, [])


async def test_an_error_name_can_be_ordered(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("auth.test", api_error("token_revoked"), api_error("account_inactive"))
    for name in ("token_revoked", "account_inactive"):
        with pytest.raises(SlackApiError, match=name):
            await client.auth_test()
    await client.auth_test()


async def test_a_connection_cut_before_leaves_nothing_behind(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("chat.postMessage", cut_before())
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0APPROVE", text="x")
    (call,) = slack.calls("chat.postMessage")
    assert (call.status, call.processed, texts(slack)) == (None, False, [])


async def test_a_connection_cut_after_leaves_the_message_and_loses_the_answer(
    client: AsyncWebClient, slack: Slack
) -> None:
    slack.faults.next("chat.postMessage", cut_after())
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0APPROVE", text="x")
    (call,) = slack.calls("chat.postMessage")
    assert (call.status, call.processed, texts(slack)) == (None, True, ["x"])


async def test_the_sdks_default_retry_posts_twice_when_the_answer_is_lost(slack: Slack) -> None:
    """The trap an outbox has to avoid: this stand-in shows it."""
    slack.faults.next("chat.postMessage", cut_after())
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel="C0APPROVE", text="x")
    assert texts(slack) == ["x", "x"]


async def test_a_slow_call_is_processed_even_when_the_caller_has_gone(slack: Slack) -> None:
    slack.faults.next("chat.postMessage", slow(0.1))
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])
    waiting = asyncio.create_task(client.chat_postMessage(channel="C0APPROVE", text="x"))
    await slack.wait_for(lambda: not slack.faults.waiting)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await slack.wait_for(lambda: texts(slack) == ["x"])


async def test_a_slow_answer_comes_after_the_deed(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("chat.postMessage", slow_answer(30))
    posting = asyncio.create_task(client.chat_postMessage(channel="C0APPROVE", text="x"))
    await slack.wait_for(lambda: texts(slack) == ["x"])
    assert not posting.done()
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting


async def test_faults_wait_for_their_method_and_times(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("chat.postMessage", server_error(), times=2)
    await client.auth_test()
    assert slack.faults.waiting == 2
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await client.chat_postMessage(channel="C0APPROVE", text="x")
    await client.chat_postMessage(channel="C0APPROVE", text="x")
    assert slack.faults.waiting == 0


async def test_a_rate_of_faults_falls_the_same_each_run() -> None:
    async def run(seed: int) -> list[int | None]:
        async with Workspace().serve() as slack:
            slack.faults.rate("*", server_error(), share=0.5, seed=seed)
            client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])
            for _ in range(20):
                try:
                    await client.auth_test()
                except SlackApiError:
                    continue
            return [call.status for call in slack.calls()]

    first, second, other = await run(1), await run(1), await run(2)
    assert first == second != other
    assert set(first) == {200, 500}


async def test_the_post_limit_is_per_channel_and_recovers() -> None:
    clock = ManualClock()
    async with Workspace().serve(clock=clock) as slack:
        slack.faults.limit_posts(per_second=1.0, burst=2)
        client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])
        for _ in range(2):
            await client.chat_postMessage(channel="C0APPROVE", text="x")
        with pytest.raises(SlackApiError, match="ratelimited"):
            await client.chat_postMessage(channel="C0APPROVE", text="x")
        await client.chat_postMessage(channel="C0AUDIT", text="x")
        clock.advance(1)
        await client.chat_postMessage(channel="C0APPROVE", text="x")
        assert len(texts(slack)) == 3


async def test_changes_are_limited_in_any_minute_and_in_all_channels_together() -> None:
    clock = ManualClock()
    async with Workspace().serve(clock=clock) as slack:
        slack.faults.limit_updates(per_minute=2)
        client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])
        posts = [
            await client.chat_postMessage(channel=channel, text="x") for channel in ("C0APPROVE", "C0AUDIT")
        ]
        for post in posts:
            clock.advance(10)
            await client.chat_update(channel=post["channel"], ts=post["ts"], text="y")
        with pytest.raises(SlackApiError, match="ratelimited") as refused:
            await client.chat_update(channel=posts[0]["channel"], ts=posts[0]["ts"], text="z")
        assert refused.value.response.headers["Retry-After"] == "50"
        clock.advance(50)
        await client.chat_update(channel=posts[0]["channel"], ts=posts[0]["ts"], text="z")
        with pytest.raises(SlackApiError, match="ratelimited"):
            await client.chat_update(channel=posts[1]["channel"], ts=posts[1]["ts"], text="z")


async def test_a_response_url_has_bad_days_too(slack: Slack) -> None:
    url = slack._payloads.response_url(slack.state.response_urls.issue("U0LI", "C0SUPPORT"))
    slack.faults.next("response_url", server_error(), cut_after())
    hook = AsyncWebhookClient(url, retry_handlers=[])
    assert (await hook.send(text="x")).status_code == 500
    with pytest.raises(aiohttp.ClientError):
        await hook.send(text="y")
    assert [m.text for m in slack.ephemerals("U0LI")] == ["y"]


async def test_clearing_takes_all_faults_away(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.next("auth.test", server_error(), times=9)
    slack.faults.rate("*", server_error(), share=1.0)
    slack.faults.clear()
    await client.auth_test()


async def test_no_call_goes_through_while_every_call_fails(client: AsyncWebClient, slack: Slack) -> None:
    slack.faults.rate("*", api_error("token_revoked"), share=1.0)
    for call in (client.auth_test(), client.apps_connections_open(app_token=slack.setup.app_token)):
        with pytest.raises(SlackApiError, match="token_revoked"):
            await call
