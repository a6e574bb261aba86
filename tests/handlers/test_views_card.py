"""The card in every state: what a lead, an agent and an auditor read on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coupons.model import Pause, State
from handlers.views import card, command_replies
from handlers.views.card_context import Beside
from handlers.views.message import Message
from tests.handlers.views_samples import APPROVERS, LI, NOW, REQUEST, WANG, readable, request, written
from tests.words import ENGLISH

AT_NOW = "<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>"
TOMORROW = "<!date^1795486972^{date_short_pretty} {time}|2026-11-24 02:22 UTC>"


def buttons(message: Message) -> list[dict[str, Any]]:
    return [button for block in message.blocks if block["type"] == "actions" for button in block["elements"]]


def small_print(message: Message) -> list[str]:
    return [text for block in message.blocks if block["type"] == "context" for text in written(block)]


def drawn(**changes: Any) -> Message:
    return card.card(ENGLISH, request(**changes), [WANG, LI], approvers=APPROVERS)


def test_a_waiting_card_tells_who_what_for_whom_why_and_until_when() -> None:
    message = card.card(ENGLISH, REQUEST, [WANG], approvers=APPROVERS)
    assert message.text == (
        "Waiting for approval: request #12 of <@U0AGENT>, ¥10 off, late delivery (¥10.00) for customer "
        "`oU…jWeS6o`. Approvals: 1 of 2 (<@U0WANG>). Reason: Parcel came 3 days late"
    )
    shown = list(written(message.blocks))
    assert shown[0] == "Request #12: ¥10.00"
    assert "*Stock*\n¥10 off, late delivery (`1212121212`)" in shown
    assert "*Customer*\n`oU…jWeS6o`" in shown
    assert "*Asked for by*\n<@U0AGENT>" in shown
    assert f"*Asked*\n{AT_NOW}" in shown
    assert "Parcel came 3 days late" in shown
    assert "⏳ *Waiting for approval*\nApprovals: 1 of 2 (<@U0WANG>)." in shown
    assert small_print(message) == [
        "May decide, except the requester: <!subteam^S0LEADS>, <@U0WANG>",
        f"Expires {TOMORROW}",
    ]


def test_only_a_waiting_card_can_be_approved_or_declined() -> None:
    approve, decline, _, _ = buttons(card.card(ENGLISH, REQUEST, [], approvers=APPROVERS))
    assert (approve["action_id"], approve["value"], approve["style"]) == ("approve_request", "12", "primary")
    assert (decline["action_id"], decline["value"], decline["style"]) == ("decline_request", "12", "danger")
    for state in set(State) - {State.PENDING, State.HELD, State.SENT}:
        assert buttons(drawn(state=state)) == []


def test_a_sent_coupon_can_be_asked_back_until_somebody_does() -> None:
    row = request(state=State.SENT, coupon_code="7777", closed_at=NOW)
    undo = request(id=13, undoes=12)
    for shown in (
        card.card(ENGLISH, row, [], approvers=APPROVERS),
        command_replies.status(ENGLISH, row, []),
    ):
        assert ("undo_request", "12") in [(each["action_id"], each["value"]) for each in buttons(shown)]
    for gone in (
        card.card(ENGLISH, row, [], approvers=APPROVERS, about=Beside(undo=undo)),
        command_replies.status(ENGLISH, row, [], undo=undo),
        card.card(ENGLISH, replace(row, undone_by=13), [], approvers=APPROVERS),
    ):
        assert "undo_request" not in [each["action_id"] for each in buttons(gone)]


def test_approving_asks_once_more_with_amount_and_customer() -> None:
    approve = buttons(card.card(ENGLISH, REQUEST, [], approvers=APPROVERS))[0]
    assert approve["confirm"]["title"]["text"] == "Approve ¥10.00?"
    assert approve["confirm"]["text"]["text"] == (
        "¥10 off, late delivery (¥10.00) for customer oU…jWeS6o. With the last approval needed, the coupon "
        "goes out at once and cannot be called back."
    )


def test_a_held_card_tells_the_operator_what_to_do_and_offers_a_retry() -> None:
    message = drawn(state=State.HELD, attempts=1, problem="NOT_ENOUGH")
    assert "Raise its max_coupons" in readable(message)
    assert "(`NOT_ENOUGH`)" in readable(message)
    retry, close = buttons(message)
    assert (retry["action_id"], retry["value"]) == ("retry_request", "12")
    assert (close["action_id"], close["value"]) == ("close_request", "12")
    assert "looks for" not in close["confirm"]["text"]["text"]
    assert "The same out_request_no is used again." in retry["confirm"]["text"]["text"]
    assert small_print(message)[0] == "May retry or close it: <!subteam^S0LEADS>, <@U0WANG>"


def test_retrying_what_is_not_known_says_so_before_the_click_counts() -> None:
    retry, close = buttons(drawn(state=State.HELD, attempts=1, open_attempts=1, problem="NO_CLEAR_ANSWER"))
    assert "It is not known whether the customer got the coupon." in retry["confirm"]["text"]["text"]
    assert "The bot looks for the coupon at WeChat Pay first." in close["confirm"]["text"]["text"]


@pytest.mark.parametrize(
    ("changes", "headline", "details"),
    [
        ({"state": State.APPROVED}, "Approved", "The bot asks WeChat Pay for the coupon next."),
        (
            {"state": State.APPROVED, "attempts": 1},
            "Approved, to be tried again",
            "An approver released it: the bot asks WeChat Pay again, with the same out_request_no.",
        ),
        (
            {"state": State.SENDING, "attempts": 1, "open_attempts": 1, "running": True},
            "Sending",
            "The bot is asking WeChat Pay for the coupon now.",
        ),
        (
            {"state": State.SENDING, "attempts": 1, "problem": "RATE_LIMITED"},
            "Sending",
            (
                "WeChat Pay has not said yes yet: WeChat Pay said `RATE_LIMITED`. The bot asks again, with "
                "the same out_request_no."
            ),
        ),
        (
            {
                "state": State.UNKNOWN,
                "attempts": 1,
                "open_attempts": 1,
                "unknown_at": NOW,
                "problem": "TIMEOUT",
            },
            "Not known yet",
            (
                "It is not known yet whether the customer got the coupon. The bot is finding out, with the "
                "same out_request_no. Please do not ask for another one meanwhile: that could give the "
                "customer two."
            ),
        ),
        (
            {"state": State.HELD, "attempts": 1, "problem": "NO_AUTH"},
            "Held",
            (
                "An operator must put something right first. "
                "Then an approver retries it, or closes it; until then it waits. "
                "Please do not ask for another one meanwhile: that could give the customer two."
            ),
        ),
        (
            {"state": State.HELD, "attempts": 9, "open_attempts": 1, "problem": "NO_CLEAR_ANSWER"},
            "Held",
            (
                "It is not known whether the customer got the coupon. An operator must look into it first. "
                "Then an approver retries it, or closes it; until then it waits. "
                "Please do not ask for another one meanwhile: that could give the customer two."
            ),
        ),
        (
            {"state": State.SENT, "attempts": 1, "closed_at": NOW, "coupon_code": "7"},
            "Sent",
            f"WeChat Pay has confirmed the coupon ({AT_NOW}). Look for its code in the card's thread.",
        ),
        (
            {"state": State.REFUSED, "attempts": 1, "closed_at": NOW, "problem": "RULE_LIMIT"},
            "Refused by WeChat Pay",
            (
                "The customer gets no coupon from this request. This customer already has as many coupons of "
                "this stock as WeChat Pay allows. Choose another stock."
            ),
        ),
        (
            {
                "state": State.DECLINED,
                "closed_at": NOW,
                "closed_by": "U0LI",
                "decline_reason": "Refunded already",
            },
            "Declined",
            "<@U0LI> declined it. The customer gets no coupon from this request.",
        ),
        (
            {"state": State.CANCELLED, "closed_at": NOW, "closed_by": "U0AGENT"},
            "Withdrawn",
            "<@U0AGENT> withdrew it. The customer gets no coupon from this request.",
        ),
        (
            {"state": State.EXPIRED, "closed_at": NOW},
            "Expired",
            f"It did not get its approvals by {TOMORROW}. The customer gets no coupon from this request.",
        ),
    ],
)
def test_each_state_is_told_in_the_card_and_in_its_notification(
    changes: dict[str, Any], headline: str, details: str
) -> None:
    message = drawn(**changes)
    assert message.text.startswith(f"{headline}: request #12 of <@U0AGENT>, ")
    assert details in message.text
    assert any(text.endswith(f"*{headline}*\n{details}") for text in written(message.blocks))
    assert "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>)." in small_print(message)


def test_why_it_was_declined_stands_on_the_card_in_the_approvers_words() -> None:
    message = drawn(state=State.DECLINED, closed_by="U0LI", decline_reason="*Refunded* already <!here>")
    assert "*Refunded* already <!here>" in [
        element["text"]
        for block in message.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        for element in part["elements"]
    ]
    assert "<!here>" not in message.text


def test_a_number_that_went_to_wechat_pay_can_be_looked_up_there() -> None:
    number = "out_request_no: `cb0123456789abcdef0123456789abcd`"
    assert number in small_print(drawn(state=State.UNKNOWN, attempts=1))
    assert number not in small_print(drawn(state=State.APPROVED))


def test_the_code_of_the_last_no_stands_in_the_small_print() -> None:
    assert "Last attempt: WeChat Pay said `RULE_LIMIT`" in small_print(
        drawn(state=State.REFUSED, attempts=1, problem="RULE_LIMIT")
    )


def test_a_request_without_a_reason_says_so() -> None:
    message = card.card(ENGLISH, request(reason=""), [], approvers=APPROVERS)
    assert "*Reason*\nNone stated." in list(written(message.blocks))
    assert "Reason" not in message.text


def test_a_rule_without_approvers_is_shown_as_such() -> None:
    message = card.card(ENGLISH, REQUEST, [], approvers=())
    assert "nobody, because coupon.toml names no approvers" in small_print(message)[0]


def test_status_is_the_card_without_buttons() -> None:
    for state in set(State) - {State.SENT}:
        message = command_replies.status(ENGLISH, request(state=state), [WANG])
        assert message.text == card.card(ENGLISH, request(state=state), [WANG], approvers=APPROVERS).text
        assert buttons(message) == []


@pytest.mark.parametrize("state", [State.PENDING, State.HELD])
def test_a_card_drawn_anew_keeps_the_block_of_its_buttons(state: State) -> None:
    """Without an id Slack gives a block a new one each time, and a click being confirmed gets lost."""
    about = Beside(pause=Pause("U0LI", NOW, ""))
    drawn = [
        card.card(ENGLISH, request(state=state), [], approvers=APPROVERS),
        card.card(ENGLISH, request(state=state), [], approvers=APPROVERS, about=about),
    ]
    ids = [block.get("block_id") for each in drawn for block in each.blocks if block["type"] == "actions"]
    assert ids == [request().out_request_no] * 2
