"""Block Kit limits: at the limit it goes, one over it does not, with Slack's error name and a pointer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import ConfirmObject
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Slack, Workspace

JSON = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve() as running:
        yield running


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])


def plain(length: int) -> JSON:
    return {"type": "plain_text", "text": "字" * length}


def mrkdwn(length: int) -> JSON:
    return {"type": "mrkdwn", "text": "字" * length}


def section(length: int) -> JSON:
    return {"type": "section", "text": mrkdwn(length)}


def button(**fields: Any) -> JSON:
    return {"type": "actions", "elements": [{"type": "button", "text": plain(3), **fields}]}


def buttons(count: int) -> JSON:
    elements = [{"type": "button", "action_id": f"a{n}", "text": plain(1)} for n in range(count)]
    return {"type": "actions", "elements": elements}


def confirm(title: int, text: int, yes: int, no: int) -> JSON:
    return {"title": plain(title), "text": mrkdwn(text), "confirm": plain(yes), "deny": plain(no)}


def select(count: int, *, text: int = 5, value: int = 5) -> JSON:
    options = [{"text": plain(text), "value": f"{n:0{value}d}"} for n in range(count)]
    return {"type": "actions", "elements": [{"type": "static_select", "options": options}]}


AT_AND_OVER = {
    "section text": (section(3000), section(3001), "/blocks/0/text/text"),
    "section fields": (
        {"type": "section", "fields": [mrkdwn(1)] * 10},
        {"type": "section", "fields": [mrkdwn(1)] * 11},
        "/blocks/0/fields",
    ),
    "a field": (
        {"type": "section", "fields": [mrkdwn(2000)]},
        {"type": "section", "fields": [mrkdwn(2001)]},
        "/blocks/0/fields/0/text",
    ),
    "header": (
        {"type": "header", "text": plain(150)},
        {"type": "header", "text": plain(151)},
        "/blocks/0/text/text",
    ),
    "context": (
        {"type": "context", "elements": [mrkdwn(1)] * 10},
        {"type": "context", "elements": [mrkdwn(1)] * 11},
        "/blocks/0/elements",
    ),
    "actions": (buttons(25), buttons(26), "/blocks/0/elements"),
    "block_id": (
        {"type": "divider", "block_id": "b" * 255},
        {"type": "divider", "block_id": "b" * 256},
        "/blocks/0/block_id",
    ),
    "action_id": (
        button(action_id="a" * 255),
        button(action_id="a" * 256),
        "/blocks/0/elements/0/action_id",
    ),
    "button label": (button(text=plain(75)), button(text=plain(76)), "/blocks/0/elements/0/text/text"),
    "button value": (button(value="v" * 2000), button(value="v" * 2001), "/blocks/0/elements/0/value"),
    "button style": (button(style="danger"), button(style="default"), "/blocks/0/elements/0/style"),
    "confirm title": (
        button(confirm=confirm(100, 300, 30, 30)),
        button(confirm=confirm(101, 300, 30, 30)),
        "/blocks/0/elements/0/confirm/title/text",
    ),
    "confirm text": (
        button(confirm=confirm(1, 300, 1, 1)),
        button(confirm=confirm(1, 301, 1, 1)),
        "/blocks/0/elements/0/confirm/text/text",
    ),
    "confirm button": (
        button(confirm=confirm(1, 1, 30, 30)),
        button(confirm=confirm(1, 1, 30, 31)),
        "/blocks/0/elements/0/confirm/deny/text",
    ),
    "options": (select(100), select(101), "/blocks/0/elements/0/options"),
    "option text": (select(1, text=75), select(1, text=76), "/blocks/0/elements/0/options/0/text/text"),
    "option value": (select(1, value=150), select(1, value=151), "/blocks/0/elements/0/options/0/value"),
}


@pytest.mark.parametrize("name", AT_AND_OVER)
async def test_a_block_at_its_limit_goes_and_one_over_does_not(
    name: str, client: AsyncWebClient, slack: Slack
) -> None:
    at, over, pointer = AT_AND_OVER[name]
    await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[at])
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[over])
    body = caught.value.response
    assert body["error"] == "invalid_blocks"
    assert any(line.endswith(f"[json-pointer:{pointer}]") for line in body["response_metadata"]["messages"])
    assert len(slack.messages("C0APPROVE")) == 1


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        {"type": "section"},
        {"type": "sectoin", "text": mrkdwn(1)},
        {"type": "section", "text": mrkdwn(1), "colour": "red"},
        {"type": "section", "text": "bare"},
        {"type": "header", "text": mrkdwn(1)},
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]},
        {"type": "actions", "elements": [{"type": "button", "text": plain(1), "value": 7}]},
        {"type": "actions", "elements": [{"type": "button", "text": mrkdwn(1)}]},
        {"type": "actions", "elements": [{"type": "static_select"}]},
        {
            "type": "actions",
            "elements": [
                {
                    "type": "static_select",
                    "options": [{"text": plain(1), "value": "a"}],
                    "initial_option": {"text": plain(1), "value": "b"},
                }
            ],
        },
        {"type": "input", "label": plain(1), "element": {"type": "file_input"}},
        {"type": "input", "label": plain(1), "element": {"type": "number_input", "action_id": "n"}},
        {"type": "video"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "user"}]}]},
        "divider",
    ],
)
async def test_what_slack_would_not_draw_is_refused(block: Any, client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[block])
    assert caught.value.response["error"] == "invalid_blocks"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": ""}, "no_text"),
        ({"text": " \n"}, "no_text"),
        ({}, "no_text"),
        ({"text": "t" * 40_001}, "msg_too_long"),
        ({"text": "t", "blocks": "nonsense"}, "invalid_blocks_format"),
        ({"text": "t", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"text": "t", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "divider", "block_id": "b"}] * 2}, "invalid_blocks"),
        ({"text": "t", "blocks": [section(2900)] * 5}, "msg_blocks_too_long"),
        ({"text": "t", "metadata": {"event_type": "x", "payload": {}}}, "invalid_metadata_format"),
        ({"text": "t", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
        (
            {"text": "t", "metadata": {"event_type": "x", "event_payload": {"a": "b" * 9000}}},
            "metadata_too_large",
        ),
    ],
)
async def test_a_message_over_a_limit_has_slacks_error(
    fields: JSON, expected: str, client: AsyncWebClient, slack: Slack
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json={"channel": "C0APPROVE", **fields})
    assert caught.value.response["error"] == expected
    assert slack.messages("C0APPROVE") == []


async def test_fifty_blocks_and_thirteen_thousand_characters_go(client: AsyncWebClient, slack: Slack) -> None:
    await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[{"type": "divider"}] * 50)
    await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[section(2900)] * 4)
    await client.chat_postMessage(channel="C0APPROVE", text="t" * 40_000)
    assert len(slack.messages("C0APPROVE")) == 3


async def test_an_update_takes_four_thousand_characters(client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C0APPROVE", text="t"))["ts"]
    await client.chat_update(channel="C0APPROVE", ts=ts, text="t" * 4000)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_update(channel="C0APPROVE", ts=ts, text="t" * 4001)


async def test_lengths_count_characters_as_sent_so_an_escaped_ampersand_counts_five(
    client: AsyncWebClient,
) -> None:
    fits = {"type": "section", "text": {"type": "mrkdwn", "text": "&amp;" * 600}}
    await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[fits])
    over = {"type": "section", "text": {"type": "mrkdwn", "text": "&amp;" * 600 + "x"}}
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=[over])


async def test_blocks_as_json_text_in_a_form_are_read_too(client: AsyncWebClient, slack: Slack) -> None:
    form = {"channel": "C0APPROVE", "text": "t", "blocks": '[{"type": "divider"}]'}
    await client.api_call("chat.postMessage", data=form)
    assert slack.messages("C0APPROVE")[0].blocks[0]["type"] == "divider"


def a_view(**fields: Any) -> JSON:
    return {"type": "modal", "title": plain(5), "blocks": [section(1)], **fields}


VIEWS = {
    "title": (a_view(title=plain(24)), a_view(title=plain(25)), "/view/title/text"),
    "close": (a_view(close=plain(24)), a_view(close=plain(25)), "/view/close/text"),
    "private_metadata": (
        a_view(private_metadata="m" * 3000),
        a_view(private_metadata="m" * 3001),
        "/view/private_metadata",
    ),
    "callback_id": (a_view(callback_id="c" * 255), a_view(callback_id="c" * 256), "/view/callback_id"),
    "blocks": (
        a_view(blocks=[{"type": "divider"}] * 100),
        a_view(blocks=[{"type": "divider"}] * 101),
        "/view/blocks",
    ),
}


@pytest.mark.parametrize("name", VIEWS)
async def test_a_view_at_its_limit_opens_and_one_over_does_not(
    name: str, client: AsyncWebClient, slack: Slack
) -> None:
    at, over, pointer = VIEWS[name]
    trigger = slack.state.triggers.issue("U0LI")
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=trigger.id, view=over)
    body = caught.value.response
    assert body["error"] == "invalid_arguments"
    assert f"[json-pointer:{pointer}]" in body["response_metadata"]["messages"][0]
    await client.views_open(trigger_id=trigger.id, view=at)


async def test_a_view_of_more_than_250_kilobytes_is_too_large(client: AsyncWebClient, slack: Slack) -> None:
    trigger = slack.state.triggers.issue("U0LI")
    with pytest.raises(SlackApiError, match="view_too_large"):
        await client.views_open(trigger_id=trigger.id, view=a_view(blocks=[section(3000)] * 30))


async def test_a_form_with_inputs_needs_a_submit_button(client: AsyncWebClient, slack: Slack) -> None:
    typed = {"type": "input", "label": plain(1), "element": {"type": "plain_text_input", "action_id": "t"}}
    trigger = slack.state.triggers.issue("U0LI")
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=trigger.id, view=a_view(blocks=[typed]))
    assert "missing required field: submit" in caught.value.response["errors"][0]


async def test_what_the_sdks_own_builders_make_is_accepted(client: AsyncWebClient, slack: Slack) -> None:
    """A second opinion on field names: the published models and these shapes agree."""
    dialog = ConfirmObject(title="Sure?", text=MarkdownTextObject(text="*Really*"), confirm="Yes", deny="No")
    blocks = [
        HeaderBlock(text=PlainTextObject(text="Head")),
        SectionBlock(
            text="body", fields=["a", "b"], accessory=ButtonElement(text="b", action_id="b", value="1")
        ),
        DividerBlock(),
        ContextBlock(elements=[MarkdownTextObject(text="c")]),
        ActionsBlock(
            elements=[ButtonElement(text="Go", action_id="go", value="1", style="primary", confirm=dialog)]
        ),
    ]
    await client.chat_postMessage(channel="C0APPROVE", text="t", blocks=blocks)
    menu = StaticSelectElement(
        action_id="m", placeholder="Choose", options=[Option(text="One", value="1", description="first")]
    )
    form = View(
        type="modal",
        callback_id="c",
        title="Title",
        submit="Go",
        close="Cancel",
        notify_on_close=True,
        blocks=[
            InputBlock(
                block_id="i", label="L", hint="h", element=PlainTextInputElement(action_id="t", max_length=9)
            ),
            InputBlock(block_id="s", label="S", optional=True, element=menu),
        ],
    )
    await client.views_open(trigger_id=slack.state.triggers.issue("U0LI").id, view=form)
    assert len(slack.messages("C0APPROVE")) == 1
    assert slack.views("U0LI")[0].values["i"] == {"t": {"type": "plain_text_input", "value": None}}
