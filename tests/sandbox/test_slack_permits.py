"""What an interaction permits: five posts in thirty minutes, one modal in three seconds, three deep."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.slack import ManualClock, Slack, Workspace
from sandbox.slack.setup import Channel

MODAL = {
    "type": "modal",
    "callback_id": "c",
    "title": {"type": "plain_text", "text": "T"},
    "blocks": [{"type": "divider"}],
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_795_400_572.0)


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[Slack]:
    async with Workspace().serve(clock=clock) as running:
        yield running


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])


def hook(slack: Slack, *, message_ts: str | None = None, channel: str = "C0SUPPORT") -> AsyncWebhookClient:
    url = slack.state.response_urls.issue("U0LI", channel, message_ts=message_ts)
    return AsyncWebhookClient(slack._payloads.response_url(url))


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_response_url_takes_five_posts_and_no_sixth(slack: Slack) -> None:
    url = hook(slack)
    answers = [await url.send(text=str(number)) for number in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body
    assert [m.text for m in slack.ephemerals("U0LI")] == ["0", "1", "2", "3", "4"]


async def test_a_response_url_dies_after_thirty_minutes(slack: Slack, clock: ManualClock) -> None:
    url = hook(slack)
    clock.advance(30 * 60)
    assert (await url.send(text="in time")).status_code == 200
    clock.advance(1)
    late = await url.send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_a_response_url_posts_for_the_channel_when_asked_to(slack: Slack) -> None:
    await hook(slack).send(text="all", response_type="in_channel")
    assert [m.text for m in slack.messages("C0SUPPORT")] == ["all"]


async def test_a_bad_response_says_why_and_uses_nothing_up(slack: Slack) -> None:
    url = hook(slack)
    bad = await url.send(text="", blocks=[])
    assert (bad.status_code, "no_text" in bad.body) == (400, True)
    async with aiohttp.ClientSession() as http, http.post(url.url, data=b"nonsense") as answer:
        assert (await answer.json())["error"] == "invalid_payload"
    assert [(await url.send(text="x")).status_code for _ in range(5)] == [200] * 5


async def test_the_clicked_message_can_be_replaced_and_deleted(slack: Slack, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C0APPROVE", text="old"))["ts"]
    url = hook(slack, message_ts=ts, channel="C0APPROVE")
    await url.send(text="new", replace_original=True)
    assert [m.text for m in slack.messages("C0APPROVE")] == ["new"]
    await url.send(delete_original=True)
    assert slack.messages("C0APPROVE") == []


async def test_a_clicked_ephemeral_can_be_replaced_and_not_by_chat_update(
    slack: Slack, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="old"))["message_ts"]
    assert await error(client.chat_update(channel="C0APPROVE", ts=ts, text="new")) == "message_not_found"
    await hook(slack, message_ts=ts, channel="C0APPROVE").send(text="new", replace_original=True)
    assert [m.text for m in slack.ephemerals("U0LI")] == ["new"]


async def test_a_trigger_opens_one_modal_once(slack: Slack, client: AsyncWebClient) -> None:
    trigger = slack.state.triggers.issue("U0LI").id
    await client.views_open(trigger_id=trigger, view=MODAL)
    assert await error(client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
    assert await error(client.views_open(trigger_id="1.2.3", view=MODAL)) == "invalid_trigger_id"


async def test_a_trigger_lives_three_seconds_from_the_click(
    slack: Slack, client: AsyncWebClient, clock: ManualClock
) -> None:
    fresh, stale = (slack.state.triggers.issue("U0LI").id for _ in range(2))
    clock.advance(3.0)
    await client.views_open(trigger_id=fresh, view=MODAL)
    clock.advance(0.1)
    assert await error(client.views_open(trigger_id=stale, view=MODAL)) == "expired_trigger_id"


async def test_modals_stack_three_deep(slack: Slack, client: AsyncWebClient) -> None:
    def trigger() -> str:
        return slack.state.triggers.issue("U0LI").id

    assert await error(client.views_push(trigger_id=trigger(), view=MODAL)) == "not_found"
    root = (await client.views_open(trigger_id=trigger(), view=MODAL))["view"]
    second = (await client.views_push(trigger_id=trigger(), view=MODAL))["view"]
    assert (second["root_view_id"], second["previous_view_id"]) == (root["id"], root["id"])
    await client.views_push(trigger_id=trigger(), view=MODAL)
    assert await error(client.views_push(trigger_id=trigger(), view=MODAL)) == "push_limit_reached"


async def test_an_update_with_an_old_hash_conflicts(slack: Slack, client: AsyncWebClient) -> None:
    view = (await client.views_open(trigger_id=slack.state.triggers.issue("U0LI").id, view=MODAL))["view"]
    newer = (await client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL))["view"]
    old = client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)
    assert await error(old) == "hash_conflict"
    await client.views_update(view_id=view["id"], hash=newer["hash"], view=MODAL)
    assert await error(client.views_update(view_id="V0NONE", view=MODAL)) == "not_found"


async def test_a_closed_modal_cannot_be_updated(slack: Slack, client: AsyncWebClient) -> None:
    view = (await client.views_open(trigger_id=slack.state.triggers.issue("U0LI").id, view=MODAL))["view"]
    await slack.person("U0LI").close(slack.views("U0LI")[0])
    assert await error(client.views_update(view_id=view["id"], view=MODAL)) == "not_found"


async def test_an_external_id_is_unique_and_names_the_view(slack: Slack, client: AsyncWebClient) -> None:
    named = {**MODAL, "external_id": "request-7"}
    await client.views_open(trigger_id=slack.state.triggers.issue("U0LI").id, view=named)
    again = client.views_open(trigger_id=slack.state.triggers.issue("U0SUN").id, view=named)
    assert await error(again) == "duplicate_external_id"
    await client.views_update(external_id="request-7", view=named)


async def test_a_home_is_published_for_anybody_of_this_workspace(
    slack: Slack, client: AsyncWebClient
) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = (await client.views_publish(user_id="U0LI", view=home))["view"]
    second = (await client.views_publish(user_id="U0LI", view=home, hash=first["hash"]))["view"]
    assert second["id"] == first["id"]
    assert await error(client.views_publish(user_id="U0LI", view=home, hash=first["hash"])) == "hash_conflict"
    assert await error(client.views_publish(user_id="U0OUT", view=home)) == "invalid_arguments"
    assert await error(client.views_publish(user_id="U0LI", view=MODAL)) == "invalid_arguments"


async def test_an_app_without_a_home_tab_publishes_nothing() -> None:
    channel = Channel("C0APPROVE", "approvals", ("U0BOT",))
    async with Workspace(home_tab_enabled=False, channels=(channel,)).serve() as slack:
        client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
        home = {"type": "home", "blocks": [{"type": "divider"}]}
        assert await error(client.views_publish(user_id="U0LI", view=home)) == "not_enabled"
