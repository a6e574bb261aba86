"""People at their screens: what they can do, what they cannot, and what Slack hands on for them."""

import ast
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

import sandbox.slack
from sandbox.slack import CannotDoError, Slack, Workspace

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("This pays ¥10."),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}
BUTTON = {
    "type": "button",
    "action_id": "approve_request",
    "value": "17",
    "text": plain("Approve"),
    "confirm": CONFIRM,
}
CARD = [{"type": "actions", "elements": [BUTTON]}]


def field(block_id: str, element: JSON, **more: Any) -> JSON:
    element = {"action_id": "value", **element}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


OPTIONS = [{"text": plain("Late"), "value": "late-10"}, {"text": plain("Lost"), "value": "lost-20"}]
FORM = {
    "type": "modal",
    "callback_id": "send_form",
    "title": plain("Send"),
    "submit": plain("Ask"),
    "notify_on_close": True,
    "blocks": [
        field("openid", {"type": "plain_text_input", "max_length": 64, "min_length": 4}),
        field("stock", {"type": "static_select", "options": OPTIONS}),
        field("who", {"type": "users_select"}, optional=True),
        field("codes", {"type": "file_input"}, optional=True),
    ],
}


@asynccontextmanager
async def heard_by_bolt(slack: Slack) -> AsyncIterator[list[JSON]]:
    """An app that acks everything and keeps the bodies."""
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    app = AsyncApp(name="app", client=client, signing_secret="unused")
    bodies: list[JSON] = []

    async def keep(ack: Callable[..., Any], body: JSON) -> None:
        bodies.append(body)
        await ack()

    app.command("/coupon")(keep)
    app.action({"type": "block_actions", "action_id": "approve_request"})(keep)
    app.view("send_form")(keep)
    app.view_closed("send_form")(keep)
    handler = AsyncSocketModeHandler(app, slack.setup.app_token)
    await handler.connect_async()
    try:
        yield bodies
    finally:
        await handler.close_async()


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve() as running:
        yield running


@pytest.fixture
async def bodies(slack: Slack) -> AsyncIterator[list[JSON]]:
    async with heard_by_bolt(slack) as heard:
        yield heard


async def post(slack: Slack, blocks: list[JSON] | None = None, **more: Any) -> str:
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    sent = await client.chat_postMessage(channel="C0APPROVE", text="card", blocks=blocks or CARD, **more)
    return str(sent["ts"])


def form(slack: Slack, user: str = "U0LI") -> Any:
    return slack.state.views.open(user, FORM, "trigger")


async def test_typed_text_arrives_escaped_with_mentions_and_links_resolved(
    slack: Slack, bodies: list[JSON]
) -> None:
    typed = "/coupon send a<b @wang @support-leads #support @nobody https://x.cn/a?b=1&c=2"
    await slack.person("U0LI").command("C0SUPPORT", typed)
    assert bodies[0]["text"] == (
        "send a&lt;b <@U0WANG|wang> <!subteam^S0LEADS|@support-leads> <#C0SUPPORT|support> @nobody "
        "<https://x.cn/a?b=1&amp;c=2>"
    )


async def test_without_should_escape_names_stay_names() -> None:
    async with Workspace(should_escape=False).serve() as slack, heard_by_bolt(slack) as heard:
        await slack.person("U0LI").command("C0SUPPORT", "/coupon @wang & co")
        assert heard[0]["text"] == "@wang &amp; co"


async def test_a_person_cannot_command_where_they_are_not_or_what_is_not_there(slack: Slack) -> None:
    for user, channel, text in (
        ("U0LI", "C0AUDIT", "/coupon"),
        ("U0LI", "C0NOWHERE", "/coupon"),
        ("U0LI", "C0SUPPORT", "/voucher"),
        ("U0OUT", "C0APPROVE", "/coupon"),
    ):
        with pytest.raises(CannotDoError):
            await slack.person(user).command(channel, text)
    with pytest.raises(CannotDoError):
        slack.person("U0NOBODY")
    assert slack.deliveries == []


async def test_a_command_can_be_typed_in_the_dm_with_the_app(slack: Slack, bodies: list[JSON]) -> None:
    await slack.person("U0LI").command("U0LI", "/coupon list")
    assert (bodies[0]["channel_id"], bodies[0]["channel_name"]) == ("D0LI", "directmessage")


async def test_a_confirm_dialog_is_shown_and_saying_no_sends_nothing(
    slack: Slack, bodies: list[JSON]
) -> None:
    ts = await post(slack)
    wang = slack.person("U0WANG")
    no = await wang.click("C0APPROVE", ts, "approve_request", confirm=False)
    assert (no.confirm, no.deliveries, bodies) == (CONFIRM, (), [])
    yes = await wang.click("C0APPROVE", ts, "approve_request")
    assert (yes.confirm, bodies[0]["actions"][0]["value"]) == (CONFIRM, "17")
    assert "confirm" not in bodies[0]["actions"][0]


async def test_only_what_the_message_shows_can_be_pressed_unless_the_screen_is_stale(
    slack: Slack, bodies: list[JSON]
) -> None:
    ts = await post(slack)
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    await client.chat_update(channel="C0APPROVE", ts=ts, text="done", blocks=[])
    wang = slack.person("U0WANG")
    with pytest.raises(CannotDoError, match="shows no"):
        await wang.click("C0APPROVE", ts, "approve_request")
    await wang.click("C0APPROVE", ts, "approve_request", stale=True)
    assert (bodies[0]["actions"][0]["value"], bodies[0]["message"]["text"]) == ("17", "done")


async def test_of_two_buttons_with_one_action_id_the_value_chooses(slack: Slack, bodies: list[JSON]) -> None:
    blocks = [
        {"type": "actions", "elements": [{**BUTTON, "value": value}], "block_id": value}
        for value in ("17", "18")
    ]
    ts = await post(slack, blocks)
    wang = slack.person("U0WANG")
    await wang.click("C0APPROVE", ts, "approve_request", "18")
    assert bodies[0]["actions"][0]["block_id"] == "18"
    with pytest.raises(CannotDoError):
        await wang.click("C0APPROVE", ts, "approve_request", "19")


async def test_an_outsiders_click_names_their_own_team(slack: Slack, bodies: list[JSON]) -> None:
    ts = await post(slack)
    await slack.person("U0OUT").click("C0APPROVE", ts, "approve_request")
    assert (bodies[0]["user"]["team_id"], bodies[0]["team"]["id"]) == ("T0PARTNER", "T0SHOP")


async def test_a_private_channel_or_anothers_ephemeral_cannot_be_clicked(slack: Slack) -> None:
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    hidden = await client.chat_postMessage(channel="C0AUDIT", text="x", blocks=CARD)
    secret = await client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="x", blocks=CARD)
    for channel, ts in (("C0AUDIT", hidden["ts"]), ("C0APPROVE", secret["message_ts"])):
        with pytest.raises(CannotDoError):
            await slack.person("U0SUN").click(channel, ts, "approve_request")


async def test_a_click_on_an_ephemeral_carries_no_message(slack: Slack, bodies: list[JSON]) -> None:
    client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
    ephemeral = await client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="x", blocks=CARD)
    await slack.person("U0LI").click("C0APPROVE", ephemeral["message_ts"], "approve_request")
    assert bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in bodies[0]


async def test_a_form_is_filled_in_and_arrives_as_state_values(slack: Slack, bodies: list[JSON]) -> None:
    view = form(slack)
    await slack.person("U0LI").submit(view, {"openid": "oAbcd", "stock": "Lost", "who": "U0SUN"})
    values = bodies[0]["view"]["state"]["values"]
    assert values["openid"] == {"value": {"type": "plain_text_input", "value": "oAbcd"}}
    assert values["stock"]["value"]["selected_option"] == OPTIONS[1]
    assert values["who"]["value"]["selected_user"] == "U0SUN"
    assert not view.open


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"openid": "oAbcd"}, "complete these required fields: stock"),
        ({"openid": "oAb", "stock": "late-10"}, "3 characters"),
        ({"openid": "o" * 65, "stock": "late-10"}, "65 characters"),
        ({"openid": "oAbcd", "stock": "gold"}, "no option 'gold'"),
        ({"reason": "x"}, "no input 'reason'"),
        ({"openid": {"other": "x"}}, "has the action 'value' only"),
    ],
)
async def test_slacks_client_does_not_submit_what_the_form_does_not_allow(
    values: JSON, complaint: str, slack: Slack
) -> None:
    view = form(slack)
    with pytest.raises(CannotDoError, match=complaint):
        await slack.person("U0LI").submit(view, values)
    assert slack.deliveries == []


async def test_what_was_typed_survives_an_update_only_under_the_same_ids(slack: Slack) -> None:
    view = form(slack)
    view.values["openid"]["value"]["value"] = "oAbcd"
    renamed = [field("customer", {"type": "plain_text_input"}), *FORM["blocks"][1:]]
    slack.state.views.update(view, {**FORM, "blocks": FORM["blocks"]}, None)
    assert view.values["openid"]["value"]["value"] == "oAbcd"
    slack.state.views.update(view, {**FORM, "blocks": renamed}, None)
    assert view.values["customer"]["value"]["value"] is None


async def test_closing_is_told_where_the_app_asked_for_it(slack: Slack, bodies: list[JSON]) -> None:
    view = form(slack)
    await slack.person("U0LI").close(view)
    assert (bodies[0]["type"], bodies[0]["is_cleared"], view.ended_by) == ("view_closed", False, "closed")
    with pytest.raises(CannotDoError, match="not have the view"):
        await slack.person("U0LI").submit(view, {})


async def test_errors_for_a_block_that_is_no_input_are_a_failure(slack: Slack) -> None:
    view = form(slack)
    delivery = sandbox.slack.Delivery("e", sandbox.slack.Kind.INTERACTIVE, {}, accepts_answer=True, at=0)
    delivery.answer = {"response_action": "errors", "errors": {"nowhere": "x"}}
    from sandbox.slack.acks import apply_submission_ack

    apply_submission_ack(slack.state, delivery, view)
    assert (view.open, view.errors, delivery.error) == (True, {}, "invalid_errors")
    assert view.problem is not None


async def test_an_uploaded_file_is_downloaded_with_the_token_only(slack: Slack, bodies: list[JSON]) -> None:
    li = slack.person("U0LI")
    file = li.upload("codes.csv", "openid,stock\noAbcd,迟到\n".encode())
    await li.submit(form(slack), {"openid": "oAbcd", "stock": "late-10", "codes": [file]})
    (sent,) = bodies[0]["view"]["state"]["values"]["codes"]["value"]["files"]
    headers = {"Authorization": f"Bearer {slack.setup.bot_token}"}
    async with aiohttp.ClientSession() as http:
        async with http.get(sent["url_private_download"], headers=headers) as answer:
            assert (answer.content_type, await answer.text()) == ("text/csv", "openid,stock\noAbcd,迟到\n")
        async with http.get(sent["url_private_download"]) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")


async def test_the_ready_made_workspace_has_the_people_of_the_story(slack: Slack) -> None:
    groups = {group.id: group.members for group in slack.state.directory.groups.values()}
    assert groups == {
        "S0AGENTS": ("U0LI", "U0SUN"),
        "S0LEADS": ("U0WANG", "U0ZHAO", "U0QIAN"),
        "S0MANAGERS": ("U0ZHAO",),
    }
    bot_in = {c.id for c in slack.state.conversations if "U0BOT" in c.members}
    assert bot_in == {"C0APPROVE", "C0AUDIT"}


def test_the_stand_in_shares_no_code_with_the_client_it_is_tested_with() -> None:
    imported: set[str] = set()
    for path in Path(sandbox.slack.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert "aiohttp" in imported
    assert imported.isdisjoint(
        {"slack_sdk", "slack_bolt", "bot", "coupons", "handlers", "storage", "wechatpay"}
    )
