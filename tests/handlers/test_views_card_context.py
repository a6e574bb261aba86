"""What stands on a card beside its row, and why it needs what it needs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from coupons.lifecycle import FINAL
from coupons.model import History, Pause, State
from coupons.permissions import Reason
from coupons.rules import Used
from coupons.tickets import TicketSystem
from handlers.views import card
from handlers.views.card_context import Beside
from handlers.views.card_notes import ticket
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.test_views_limits import LINK, check_message, hostile_text
from tests.handlers.test_views_truth import claims
from tests.handlers.views_samples import (
    ABOUT,
    APPROVERS,
    NOW,
    OPENID,
    REQUEST,
    WANG,
    readable,
    request,
    written,
)
from tests.words import CHINESE, ENGLISH

FULL = request(
    ticket="https://desk.example/t/4711?a=1&b=2",
    raised=(Reason.CUSTOMER_LIMIT, Reason.AUTOMATIC_CAP),
    duplicate_of=11,
    follows=10,
    rule=2,
)
PAUSE = Pause("U0LI", NOW, "wrong <!channel> stock")
both = pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])


def drawn(words: Words) -> Message:
    return card.card(words, FULL, [WANG], approvers=APPROVERS, about=replace(ABOUT, pause=PAUSE))


def test_a_whole_card_in_english() -> None:
    message = drawn(ENGLISH)
    assert message.text == snapshot(
        """\
Waiting for approval: request #12 of <@U0AGENT>, ¥10 off, late delivery (¥10.00) for customer `oU…jWeS6o`. Approvals: 1 of 2 (<@U0WANG>). It needs 2 approvals more than its rule asks for: the customer's limit is reached, the day's share of requests without approval is used up. The same was asked for in #11; <@U0AGENT> says that this is another one. It takes the place of #10, which was declined. Ticket: <https://desk.example/t/4711?a=1&amp;b=2|https://desk.example/t/4711?a=1&amp;b=2>. Reason: Parcel came 3 days late
<@U0LI> paused sending (<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>): nothing can be approved until somebody resumes it. Reason: wrong &lt;!channel&gt; stock\
"""
    )
    assert list(written(message.blocks)) == snapshot(
        [
            "Request #12: ¥10.00",
            """\
*Stock*
¥10 off, late delivery (`1212121212`)\
""",
            """\
*Customer*
`oU…jWeS6o`\
""",
            """\
*Asked for by*
<@U0AGENT>\
""",
            """\
*Asked*
<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>\
""",
            """\
*Ticket*
<https://desk.example/t/4711?a=1&amp;b=2|https://desk.example/t/4711?a=1&amp;b=2>\
""",
            "Reason",
            "Parcel came 3 days late",
            """\
*This customer so far*
2 coupons, ¥30.00 together, the last <!date^1795314172^{date_short_pretty} {time}|2026-11-22 02:22 UTC>. Also open: #11.\
""",
            """\
*The agent's 24 hours until then*
3 requests, ¥40.00 together.\
""",
            """\
⏳ *Waiting for approval*
Approvals: 1 of 2 (<@U0WANG>).\
""",
            """\
It needs 2 approvals more than its rule asks for: the customer's limit is reached, the day's share of requests without approval is used up.
The same was asked for in #11; <@U0AGENT> says that this is another one.
It takes the place of #10, which was declined.\
""",
            "⏸️ <@U0LI> paused sending (<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>): nothing can be approved until somebody resumes it. Reason: wrong &lt;!channel&gt; stock",
            "Approve",
            "Approve ¥10.00?",
            "¥10 off, late delivery (¥10.00) for customer oU…jWeS6o. With the last approval needed, the coupon goes out at once and cannot be called back.",
            "Approve",
            "Not yet",
            "Decline",
            "Ask the requester",
            "Take back my approval",
            "Withdraw",
            "Remind the approvers",
            "Is request #12 yours?",
            "Only the requester can withdraw it, which ends it, or remind the approvers, which mentions them, at most every half hour.",
            "Go on",
            "Not yet",
            "May decide, except the requester: <!subteam^S0LEADS>, <@U0WANG>",
            "Does not expire while sending is paused",
        ]
    )


def test_a_whole_card_in_chinese() -> None:
    message = drawn(CHINESE)
    assert message.text == snapshot(
        """\
待审批：<@U0AGENT> 的申请 #12，¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o` 。已批准 1/2（<@U0WANG>）。在规则要求之外还需 2 人批准，原因：该客户已达到上限、当天免审批的额度已用完。#11 已有相同的申请；<@U0AGENT> 确认这是另外一个。它取代已被驳回的 #10。工单：<https://desk.example/t/4711?a=1&amp;b=2|https://desk.example/t/4711?a=1&amp;b=2>。原因：Parcel came 3 days late
<@U0LI> 已暂停发券（<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>）：恢复之前不能批准任何申请。原因：wrong &lt;!channel&gt; stock\
"""
    )
    assert list(written(message.blocks)) == snapshot(
        [
            "申请 #12：¥10.00",
            """\
*批次*
¥10 off, late delivery (`1212121212`)\
""",
            """\
*客户*
`oU…jWeS6o`\
""",
            """\
*申请人*
<@U0AGENT>\
""",
            """\
*申请时间*
<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>\
""",
            """\
*工单*
<https://desk.example/t/4711?a=1&amp;b=2|https://desk.example/t/4711?a=1&amp;b=2>\
""",
            "原因",
            "Parcel came 3 days late",
            """\
*该客户此前*
2 张券，合计 ¥30.00，最近一张：<!date^1795314172^{date_short_pretty} {time}|2026年11月22日 02:22 UTC>。另有未完结的申请：#11。\
""",
            """\
*申请人截至当时的 24 小时*
3 个申请，合计 ¥40.00。\
""",
            """\
⏳ *待审批*
已批准 1/2（<@U0WANG>）。\
""",
            """\
在规则要求之外还需 2 人批准，原因：该客户已达到上限、当天免审批的额度已用完。
#11 已有相同的申请；<@U0AGENT> 确认这是另外一个。
它取代已被驳回的 #10。\
""",
            "⏸️ <@U0LI> 已暂停发券（<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>）：恢复之前不能批准任何申请。原因：wrong &lt;!channel&gt; stock",
            "批准",
            "批准 ¥10.00？",
            "¥10 off, late delivery（¥10.00），客户 oU…jWeS6o。所需批准集齐后，券会立即发出，无法收回。",
            "批准",
            "再想想",
            "驳回",
            "询问申请人",
            "撤回我的批准",
            "撤回",
            "提醒审批人",
            "申请 #12 是你提交的吗？",
            "只有申请人可以撤回（申请就此结束）或提醒审批人（会 @ 他们，每半小时最多一次）。",
            "继续",
            "再想想",
            "可审批（申请人本人除外）：<!subteam^S0LEADS>、<@U0WANG>",
            "暂停期间不会过期",
        ]
    )


@both
def test_a_pause_is_told_on_every_card_that_is_not_finished_and_on_no_other(words: Words) -> None:
    for state in State:
        message = card.card(
            words, request(state=state), [], approvers=APPROVERS, about=Beside(pause=Pause("U0SUN", NOW, ""))
        )
        assert ("<@U0SUN>" in "\n".join(written(message.blocks))) is (state not in FINAL)
        assert ("<@U0SUN>" in message.text) is (state not in FINAL)


def test_a_customer_without_coupons_and_an_agents_first_request() -> None:
    about = Beside(history=History(0, 0, None), used=Used(1, 1000))
    shown = list(written(card.card(ENGLISH, REQUEST, [], approvers=APPROVERS, about=about).blocks))
    assert "*This customer so far*\nNo coupon yet." in shown
    assert "*The agent's 24 hours until then*\n1 request, ¥10.00." in shown


def test_a_reason_that_is_not_known_here_is_shown_as_it_stands() -> None:
    assert "asks for: `new_limit`." in readable(
        card.card(ENGLISH, request(raised=("new_limit",)), [], approvers=APPROVERS)
    )


# --- the ticket


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("4711", "4711"),
        ("https://desk.example/t/1", "<https://desk.example/t/1|https://desk.example/t/1>"),
        (
            "HTTPS://desk.example/?a=1&b=2",
            "<HTTPS://desk.example/?a=1&amp;b=2|HTTPS://desk.example/?a=1&amp;b=2>",
        ),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/"),
        ("https://desk.example/a|b", "https://desk.example/a|b"),
        ("https://desk.example/<!here>", "https://desk.example/&lt;!here&gt;"),
        ("https://desk.example/ x", "https://desk.example/ x"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("https://", "https://"),
        ("http://[half", "http://[half"),
        ("https://dеsk.example/", "https://dеsk.example/"),
        (f"https://desk.example/{OPENID}", "https://desk.example/oU…jWeS6o"),
        ("slack://open", "slack://open"),
    ],
)
def test_a_ticket_is_a_link_only_where_the_link_is_what_it_seems(typed: str, shown: str) -> None:
    assert ticket(ENGLISH, request(ticket=typed)) == shown


@given(hostile_text, st.sampled_from(["", "https://", "http://desk.example/"]))
def test_whatever_the_ticket_nothing_but_one_honest_link_is_made_of_it(typed: str, before: str) -> None:
    shown = ticket(ENGLISH, request(ticket=before + typed))
    rest = LINK.sub("", shown)
    assert "<" not in rest
    assert ">" not in rest
    if rest != shown:
        link, _, said = shown[1:-1].partition("|")
        plain = said.translate(str.maketrans("＊＿～｀：", "*_~`:"))
        assert link.startswith(plain.removesuffix("…"))


@given(hostile_text)
def test_a_ticket_of_the_house_leads_where_it_says_and_nowhere_else(typed: str) -> None:
    words = replace(ENGLISH, tickets=TicketSystem(r"(?s).{1,100}", "https://desk.example/t/{ticket}"))
    shown = ticket(words, request(ticket=typed))
    if typed.strip() and len(typed.strip()) <= 100 and typed.isprintable():
        assert re.fullmatch(r"<https://desk\.example/t/[0-9A-Za-z%._~-]+\|[^<>|]*>", shown) or "|" in typed
    assert not re.search(r"<(?!https://desk\.example/t/|https?://)", shown)


@given(
    state=st.sampled_from([state for state in State if state is not State.SENT]),
    raised=st.lists(st.sampled_from(Reason), max_size=5),
    other=st.none() | st.integers(1, 10**9),
    count=st.integers(0, 10**6),
    paused=st.booleans(),
    needed=st.integers(0, 3),
)
def test_nothing_beside_a_card_says_that_this_request_is_sent(
    state: State, raised: list[Reason], other: int | None, count: int, paused: bool, needed: int
) -> None:
    row = request(
        state=state, raised=tuple(raised), duplicate_of=other, follows=other, approvals_needed=needed
    )
    about = Beside(
        history=History(count, count, NOW if count else None),
        used=Used(count, count),
        others=(other,) if other else (),
        pause=PAUSE if paused else None,
        of_ticket=History(count, count, NOW if count else None),
        others_of_ticket=(other,) if other else (),
        warn="<!channel> " * 20,
    )
    message = card.card(ENGLISH, row, [], approvers=APPROVERS, about=about)
    check_message(message)
    assert claims(message) == []
