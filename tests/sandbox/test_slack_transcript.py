"""The transcript shows what people see: names, threads, buttons, who alone sees what."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from inline_snapshot import snapshot

from sandbox.slack import ManualClock, Slack, Workspace
from sandbox.slack.mrkdwn import Reader
from sandbox.slack.state import Draft
from sandbox.slack.terminal_text import Style, width, wrap
from sandbox.slack.transcript import Transcript

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> JSON:
    return {"type": "mrkdwn", "text": text}


def button(text: str, style: str) -> JSON:
    return {"type": "button", "text": plain(text), "style": style, "action_id": text, "value": "17"}


CARD = [
    {"type": "header", "text": plain("Coupon request 17")},
    {
        "type": "section",
        "fields": [
            mrkdwn("*Requester*\n<@U0LI>"),
            mrkdwn("*Customer*\n`oUpF…vqk`"),
            mrkdwn("*Reason*\n外卖迟到了四十分钟，客户很不高兴，已经核实订单号 20261123-8891 与骑手记录"),
            mrkdwn("*Expires*\n<!date^1795400572^{date_num} {time}|soon>"),
        ],
    },
    {"type": "actions", "elements": [button("Approve", "primary"), button("Decline", "danger")]},
    {"type": "context", "elements": [mrkdwn(":hourglass: waiting for <!subteam^S0LEADS>")]},
]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve(clock=ManualClock(1_795_400_572.0)) as running:
        yield running


def post(slack: Slack, text: str, channel: str = "C0APPROVE", user: str = "U0BOT", **more: Any) -> str:
    return slack.state.post(Draft(slack.conversation(channel), user, text, **more)).ts


async def test_a_channel_reads_as_it_looks(slack: Slack) -> None:
    ts = post(slack, "fallback nobody sees", blocks=CARD)
    post(slack, "only leads may approve", visible_to="U0LI")
    post(slack, "coupon_code `7788`", thread_ts=ts)
    post(slack, "was it late? &lt;3", user="U0OUT", source="person")
    slack.state.edit(slack.message("C0APPROVE", ts), text="x", blocks=CARD, metadata=None)
    shown = Transcript(slack, columns=72).channel("C0APPROVE")
    assert shown == snapshot("""\
━━ #coupon-approvals ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━

10:22  Coupon Bot APP
       Coupon request 17
       Requester                       Customer
       @Li                             oUpF…vqk
       Reason                          Expires
       外卖迟到了四十分钟，客户很不    2026-11-23 10:22
       高兴，已经核实订单号
       20261123-8891 与骑手记录
       [Approve]  [Decline]
       :hourglass: waiting for @support-leads
       (edited)

       ↳ 10:22  Coupon Bot APP
                coupon_code 7788

10:22  Coupon Bot APP  · only visible to Li
       only leads may approve

10:22  Alex (Partner Ltd) (external)
       was it late? <3
""")


async def test_a_viewer_sees_no_ephemeral_of_another(slack: Slack) -> None:
    post(slack, "for li", visible_to="U0LI")
    assert "for li" in Transcript(slack, viewer="U0LI").channel("C0APPROVE")
    assert "for li" not in Transcript(slack, viewer="U0WANG").channel("C0APPROVE")


async def test_only_what_is_new_can_be_shown(slack: Slack) -> None:
    old = post(slack, "parent")
    post(slack, "reply", thread_ts=old)
    shown = Transcript(slack, after=old).channel("C0APPROVE")
    assert "parent" not in shown
    assert "reply" in shown


async def test_a_deleted_message_goes_unless_a_thread_hangs_on_it(slack: Slack) -> None:
    lonely, parent = post(slack, "lonely"), post(slack, "parent")
    post(slack, "reply", thread_ts=parent)
    for ts in (lonely, parent):
        slack.delete_message("C0APPROVE", ts)
    shown = Transcript(slack).channel("C0APPROVE")
    assert "lonely" not in shown
    assert "This message was deleted." in shown
    assert "reply" in shown


async def test_direct_messages_and_a_form_with_an_error_are_drawn(slack: Slack) -> None:
    slack.state.conversations.direct("U0LI")
    post(slack, "<https://shop.example/c|Details> for <@U0LI>", channel="D0LI")
    view = slack.state.views.open(
        "U0LI",
        {
            "type": "modal",
            "title": plain("Send a coupon"),
            "submit": plain("Ask"),
            "blocks": [
                {
                    "type": "input",
                    "block_id": "openid",
                    "label": plain("客户 openid"),
                    "element": {
                        "type": "plain_text_input",
                        "action_id": "value",
                        "placeholder": plain("oUpF…"),
                    },
                }
            ],
        },
        "trigger",
    )
    view.errors = {"openid": "必须是 16 到 64 个字符"}
    transcript = Transcript(slack, columns=50)
    assert transcript.everything() + transcript.view(view) == snapshot("""\
━━ Direct message: Li and Coupon Bot ━━━━━━━━━━━━━

10:22  Coupon Bot APP
       Details (https://shop.example/c) for @Li
╭─ Li's screen ──────────────────────────────────╮
│ Send a coupon                                  │
│                                                │
│ 客户 openid                                    │
│ [oUpF…]                                        │
│ ! 必须是 16 到 64 个字符                       │
│                                                │
│ [Cancel]  [Ask]                                │
╰────────────────────────────────────────────────╯
""")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~gone~ `code`", "bold it gone code"),
        ("请*确认*金额", "请*确认*金额"),
        ("请 *确认* 金额", "请 确认 金额"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("<@U0LI> <#C0SUPPORT> <!here> <@U0NOBODY>", "@Li #support @here @U0NOBODY"),
        ("&lt;@U0LI&gt; &amp;amp;", "<@U0LI> &amp;"),
        ("<!date^1795400572^{date_short_pretty} {time}|x>", "Nov 23, 2026 10:22"),
        ("<!date^1795400572^{ago}|fallback>", "fallback"),
        ("`*not bold* <@U0LI>`", "*not bold* @Li"),
        ("&gt; quoted", "┃ quoted"),
        (":white_check_mark:", ":white_check_mark:"),
    ],
)
async def test_mrkdwn_reads_as_slack_shows_it(text: str, shown: str, slack: Slack) -> None:
    transcript = Transcript(slack)
    assert isinstance(transcript._reader, Reader)
    assert transcript._reader.read(text) == shown


def test_lines_never_grow_wider_than_the_terminal() -> None:
    text = (
        "客户 oUpF8uMuAJO_M2pxb1Q9zNjWeS6o 说：外卖迟到了四十分钟，要求赔偿。order 20261123-8891 " + "x" * 50
    )
    for columns in (10, 17, 24, 40):
        lines = wrap(text, columns)
        # A closing mark may hang over by its own width rather than begin a line.
        assert all(width(line) <= columns + 2 for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert not any(line.startswith(("，", "。", "：")) for line in lines)


def test_colours_take_no_room() -> None:
    assert width(Style(on=True).bold("优惠券")) == 6
    assert Style(on=False).bold("x") == "x"
