"""Shortcuts, external options and plain messages: what the app hears over both transports, and what Slack's
client does not let people do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError

from sandbox.slack import CannotDoError, FieldsError, ManualClock, Slack, View, Workspace
from tests.sandbox.small_app import SHORTCUTS, SmallApp, card, field, form, plain, small_app

JSON = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace(shortcuts=SHORTCUTS).serve(ack_seconds=0.5) as running:
        yield running


@pytest.fixture(params=["socket mode", "http mode"])
async def app(request: pytest.FixtureRequest, slack: Slack) -> AsyncIterator[SmallApp]:
    """The same app behind either transport."""
    async with AsyncExitStack() as stack:
        if request.param == "socket mode":
            yield await stack.enter_async_context(small_app(slack))
            return
        running = SmallApp(slack)

        async def handler(asked: web.Request) -> web.Response:
            return await to_aiohttp_response(await running.app.async_dispatch(await to_bolt_request(asked)))

        server = web.Application()
        server.router.add_post("/slack/events", handler)
        runner = web.AppRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await slack.use_request_url(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield running


async def test_a_global_shortcut_opens_a_form_from_anywhere(slack: Slack, app: SmallApp) -> None:
    answer = await slack.person("U0LI").shortcut("send_coupon")
    view = await answer.view()
    assert (view.callback_id, view.user, answer.error) == ("send_form", "U0LI", None)
    (heard,) = app.heard
    assert (heard["type"], heard["callback_id"], heard["user"]["id"]) == ("shortcut", "send_coupon", "U0LI")
    assert heard["trigger_id"] == answer.trigger_id
    assert not {"channel", "message", "response_url"} & set(heard)


async def test_a_message_shortcut_brings_the_message_and_a_way_to_answer(slack: Slack, app: SmallApp) -> None:
    said = slack.person("U0WANG").say("C0SUPPORT", "late & dented, @li")
    answer = await slack.person("U0LI").message_shortcut("compensate", "C0SUPPORT", said.ts)
    view = await answer.view()
    (heard,) = app.heard
    assert heard["type"] == "message_action"
    assert (heard["message_ts"], heard["channel"]) == (said.ts, {"id": "C0SUPPORT", "name": "support"})
    assert heard["message"]["text"] == "late &amp; dented, <@U0LI|li>"
    assert heard["response_url"] == answer.response_url
    assert view.values["reason"]["value"]["value"] == "late &amp; dented, <@U0LI|li>"
    link = await app.client.chat_getPermalink(channel="C0SUPPORT", message_ts=said.ts)
    assert said.ts.replace(".", "") in link["permalink"]


async def test_a_shortcuts_trigger_is_spent_once_and_soon(app: SmallApp) -> None:
    clock = ManualClock()
    async with Workspace(shortcuts=SHORTCUTS).serve(clock=clock) as slack, small_app(slack) as other:
        first = await slack.person("U0LI").shortcut("send_coupon")
        await first.view()
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await other.client.views_open(trigger_id=first.trigger_id, view=form())
        late = slack.state.triggers.issue("U0LI")
        clock.advance(3.1)
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await other.client.views_open(trigger_id=late.id, view=form())


async def test_only_what_the_manifest_lists_is_in_the_menus(slack: Slack, app: SmallApp) -> None:
    li, said = slack.person("U0LI"), slack.person("U0LI").say("C0SUPPORT", "x")
    for callback_id in ("nothing", "compensate"):
        with pytest.raises(CannotDoError, match="no global shortcut"):
            await li.shortcut(callback_id)
    with pytest.raises(CannotDoError, match="no message shortcut"):
        await li.message_shortcut("send_coupon", "C0SUPPORT", said.ts)
    assert app.heard == []


async def test_outsiders_strangers_to_the_channel_and_ephemerals_have_no_shortcuts(
    slack: Slack, app: SmallApp
) -> None:
    seen = await app.client.chat_postMessage(channel="C0APPROVE", text="x")
    hidden = await app.client.chat_postMessage(channel="C0AUDIT", text="x")
    alone = await app.client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="x")
    for user, channel, ts in (
        ("U0OUT", "C0APPROVE", seen["ts"]),
        ("U0LI", "C0AUDIT", hidden["ts"]),
        ("U0LI", "C0APPROVE", alone["message_ts"]),
        ("U0SUN", "C0APPROVE", alone["message_ts"]),
    ):
        with pytest.raises(CannotDoError):
            await slack.person(user).message_shortcut("compensate", channel, ts)
    with pytest.raises(CannotDoError, match="another workspace"):
        await slack.person("U0OUT").shortcut("send_coupon")
    assert app.heard == []


# --- external options


async def test_options_are_asked_for_as_typed_from_the_least_length_on(slack: Slack, app: SmallApp) -> None:
    view = await (await slack.person("U0LI").shortcut("send_coupon")).view()
    li = slack.person("U0LI")
    assert await li.suggest(view, "value", "", block_id="stock") == {"options": []}
    found = await li.suggest(view, "value", "lo", block_id="stock")
    assert [option["value"] for option in found["options"]] == ["lost"]
    asked = app.heard[1:]
    assert [(a["type"], a["value"], a["block_id"], a["action_id"]) for a in asked] == [
        ("block_suggestion", "lo", "stock", "value")
    ]
    assert asked[0]["view"]["id"] == view.id


async def test_an_external_select_waits_for_three_characters_unless_told_otherwise(slack: Slack) -> None:
    definition = form()
    del definition["blocks"][1]["element"]["min_query_length"]
    async with small_app(slack) as running:
        view = slack.state.views.open("U0LI", definition, "trigger")
        li = slack.person("U0LI")
        assert await li.suggest(view, "value", "la", block_id="stock") == {"options": []}
        assert running.heard == []
        assert (await li.suggest(view, "value", "lat", block_id="stock"))["options"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"options": [{"text": plain("x" * 76), "value": "x"}]},
        {"options": [{"text": plain("x"), "value": "x"}] * 101},
        {"options": [{"text": "x", "value": "x"}]},
        {"option_groups": [{"label": plain("x"), "options": []}]},
    ],
    ids=["nothing", "text too long", "101 options", "no text object", "empty group"],
)
async def test_options_slack_would_not_take_leave_the_menu_empty_with_its_words(
    slack: Slack, answer: JSON
) -> None:
    async with small_app(slack) as running:

        async def answering(ack: AsyncAck) -> None:
            await ack(**answer)

        running.app._async_listeners.clear()
        running.app.options("value")(answering)
        view = slack.state.views.open("U0LI", form(), "trigger")
        with pytest.raises(CannotDoError, match="could not be loaded"):
            await slack.person("U0LI").suggest(view, "value", "l", block_id="stock")


async def test_option_groups_are_handed_on(slack: Slack) -> None:
    groups = [{"label": plain("Late"), "options": [{"text": plain("x"), "value": "x"}]}]
    async with small_app(slack) as running:

        async def answering(ack: AsyncAck) -> None:
            await ack(option_groups=groups)

        running.app._async_listeners.clear()
        running.app.options("stock")(answering)
        sent = await running.client.chat_postMessage(channel="C0APPROVE", text="x", blocks=card("1"))
        found = await slack.person("U0LI").suggest_in_message("C0APPROVE", sent["ts"], "stock", "x")
        assert found == {"option_groups": groups}


# --- what the client checks by itself


def opened(slack: Slack, element: JSON) -> View:
    return slack.state.views.open("U0LI", {**form(), "blocks": [field("f", element)]}, "trigger")


@pytest.mark.parametrize(
    ("element", "wrong", "right"),
    [
        ({"type": "number_input", "is_decimal_allowed": True}, "ten", "10.5"),
        ({"type": "email_text_input"}, "nobody", "li@shop.example"),
        ({"type": "url_text_input"}, "shop", "https://shop.example/1"),
        ({"type": "datepicker"}, "tomorrow", "2026-11-24"),
        ({"type": "timepicker"}, "noon", "12:00"),
    ],
)
async def test_the_client_sends_only_what_fits_the_input(
    slack: Slack, element: JSON, wrong: str, right: str
) -> None:
    async with small_app(slack) as running:
        view = opened(slack, element)
        with pytest.raises(FieldsError) as refused:
            await slack.person("U0LI").submit(view, {"f": wrong})
        assert list(refused.value.fields) == ["f"]
        assert running.heard == []
        view.definition["callback_id"] = "other"
        await slack.person("U0LI").submit(view, {"f": right})
        assert next(iter(view.values["f"]["value"].values())) == element["type"]
        assert right in view.values["f"]["value"].values()


async def test_people_say_what_slack_lets_them(slack: Slack) -> None:
    li = slack.person("U0LI")
    parent = li.say("C0SUPPORT", "see https://x.cn/a <now>")
    assert parent.text == "see <https://x.cn/a> &lt;now&gt;"
    reply = li.say("C0SUPPORT", "yes", thread_ts=parent.ts)
    for text, thread_ts in ((" \n", None), ("x", "1.000000"), ("x", reply.ts)):
        with pytest.raises(CannotDoError):
            li.say("C0SUPPORT", text, thread_ts=thread_ts)
    with pytest.raises(CannotDoError):
        li.say("C0AUDIT", "x")
    slack.archive("C0SUPPORT")
    with pytest.raises(CannotDoError, match="archived"):
        li.say("C0SUPPORT", "x")
    assert slack.deliveries == []


async def test_the_direct_message_can_be_written_to_unless_it_is_turned_off() -> None:
    async with Workspace().serve() as slack:
        assert slack.person("U0LI").say("D0LI", "hello").channel == "D0LI"
        with pytest.raises(CannotDoError):
            slack.person("U0SUN").say("D0LI", "hello")
    async with Workspace(messages_tab_enabled=False).serve() as slack:
        with pytest.raises(CannotDoError, match="turned off"):
            slack.person("U0LI").say("D0LI", "hello")
