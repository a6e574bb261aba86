"""What events become: in the thread, to the requester, to somebody whose click changed nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from coupons.events import Tag
from coupons.model import ClickAction, State
from coupons.permissions import Reason
from coupons.recording import Recorded
from handlers.views import direct_messages, ephemerals, thread_replies
from tests.handlers.views_samples import NOW, REQUEST, event, readable, refused_click, request
from tests.words import ENGLISH

HELD = request(state=State.HELD, attempts=1, problem="NO_AUTH")


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        (event(Tag.APPROVAL_GIVEN, "U0WANG", count=1, needed=2), "<@U0WANG> approved (1 of 2)."),
        (
            event(Tag.APPROVAL_GIVEN, "U0LI", count=2, needed=2),
            "<@U0LI> approved (2 of 2). The bot asks WeChat Pay for the coupon next.",
        ),
        (
            event(Tag.REQUEST_APPROVED, "U0LI", approvals=["U0WANG", "U0LI"]),
            "Request #12 has the approvals it needs: <@U0WANG>, <@U0LI>.",
        ),
        (
            event(Tag.REQUEST_DECLINED, "U0LI", reason="Refunded *already*"),
            (
                "<@U0LI> declined request #12. The customer gets no coupon from this request. Reason: "
                "Refunded ＊already＊"
            ),
        ),
        (
            event(Tag.REQUEST_CANCELLED, "U0AGENT"),
            "<@U0AGENT> withdrew request #12. The customer gets no coupon from this request.",
        ),
        (
            event(Tag.REQUEST_EXPIRED),
            (
                "Request #12 expired: it did not get its approvals in time. The customer gets no coupon from "
                "this request."
            ),
        ),
        (
            event(Tag.REQUEST_UNKNOWN, code="TIMEOUT"),
            (
                "Request #12: It is not known yet whether the customer got the coupon. The bot is finding "
                "out, with the same out_request_no. Please do not ask for another one meanwhile: "
                "that could give "
                "the customer two. Last attempt: no whole answer came in time."
            ),
        ),
        (
            event(Tag.REQUEST_RETRIED, "U0WANG"),
            (
                "<@U0WANG> put request #12 back to work. The same out_request_no is used again, "
                "so that there can be "
                "only one coupon."
            ),
        ),
        (
            event(Tag.REQUEST_REFUSED, code="RULE_LIMIT", verified=True),
            (
                "WeChat Pay refused request #12. The customer gets no coupon from this request. This "
                "customer already has as many coupons of this stock as WeChat Pay allows. Choose another "
                "stock."
            ),
        ),
        (
            event(Tag.REQUEST_SENT, coupon_code="7777", by="answer"),
            (
                "The coupon of request #12 is sent. WeChat Pay confirmed it with a signed answer. "
                "Coupon code: "
                "`7777`"
            ),
        ),
        (
            event(Tag.REQUEST_SENT, coupon_code="7777", by="look"),
            (
                "The coupon of request #12 is sent. The coupon stands in the customer's list at WeChat Pay, "
                "under this request's out_request_no. Coupon code: `7777`"
            ),
        ),
    ],
)
def test_the_thread_tells_each_step_in_a_sentence(expected: Recorded, sentence: str) -> None:
    assert thread_replies.step(ENGLISH, expected, REQUEST).text == sentence


def test_the_thread_tells_the_operator_what_to_do_about_a_hold() -> None:
    found = thread_replies.step(
        ENGLISH, event(Tag.REQUEST_HELD, code="SIGN_ERROR", not_known=False), HELD
    ).text
    assert found.startswith("Request #12 is held: an operator must put something right first.\n")
    assert "*For the operator* (`SIGN_ERROR`): WeChat Pay does not accept our signature." in found


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (event(Tag.REQUEST_SENT, coupon_code="7777", by="answer"), "The coupon of your request #12 is sent."),
        (event(Tag.REQUEST_DECLINED, "U0LI", reason="Refunded"), "<@U0LI> declined your request #12."),
        (event(Tag.REQUEST_REFUSED, code="RULE_LIMIT"), "WeChat Pay refused your request #12."),
        (event(Tag.REQUEST_EXPIRED), "ask again with `/coupon send`"),
        (event(Tag.REQUEST_HELD, code="NOT_ENOUGH", not_known=False), "This stock is used up for now."),
        (event(Tag.REQUEST_UNKNOWN, code="TIMEOUT"), "It is not known yet"),
        (event(Tag.REQUEST_CANCELLED, "U0AGENT"), "<@U0AGENT> withdrew your request #12."),
    ],
)
def test_a_direct_message_names_stock_value_and_masked_customer(expected: Recorded, words: str) -> None:
    text = direct_messages.to_requester(ENGLISH, expected, HELD).text
    assert words in text
    assert "#12" in text
    assert "Stock: ¥10 off, late delivery (¥10.00). Customer: `oU…jWeS6o`." in text


def test_a_held_request_must_not_be_asked_for_again() -> None:
    # It cannot be withdrawn, goes on once it is retried, and a second one would be a second coupon.
    text = direct_messages.to_requester(
        ENGLISH, event(Tag.REQUEST_HELD, code="NOT_ENOUGH", not_known=False), HELD
    ).text
    assert "do not ask for another one" in text
    assert "another stock" not in text


REASONS: list[tuple[Reason, ClickAction, dict[str, Any], str]] = [
    (Reason.OUTSIDER, ClickAction.APPROVE, {}, "another company"),
    (Reason.GUEST, ClickAction.APPROVE, {}, "guest"),
    (Reason.BOT, ClickAction.APPROVE, {}, "bot"),
    (Reason.DEACTIVATED, ClickAction.APPROVE, {}, "deactivated"),
    (Reason.SELF, ClickAction.APPROVE, {}, "To withdraw it, type `/coupon cancel 12`."),
    (Reason.SELF, ClickAction.DECLINE, {"state": State.EXPIRED}, "Where it stands: Expired."),
    (Reason.NOT_APPROVER, ClickAction.APPROVE, {}, "The card names who may."),
    (
        Reason.NOT_APPROVER,
        ClickAction.RETRY,
        {},
        "may retry or close it while it is held. Its card names them. Where it stands: Waiting",
    ),
    (Reason.ALREADY_APPROVED, ClickAction.APPROVE, {}, "your approval counts once"),
    (Reason.ALREADY_APPROVED, ClickAction.DECLINE, {}, "you cannot decline it too"),
    (Reason.NO_APPROVAL, ClickAction.WITHDRAW_APPROVAL, {}, "There is no approval of yours on request #12."),
    (
        Reason.TOO_LATE,
        ClickAction.WITHDRAW_APPROVAL,
        {"state": State.SENDING},
        "cannot be taken back any more: it no longer waits for approvals. Where it stands: Sending",
    ),
    (
        Reason.TOO_LATE,
        ClickAction.APPROVE,
        {"state": State.DECLINED, "closed_by": "U0LI"},
        "came too late. Where it stands: Declined. <@U0LI> declined it.",
    ),
    (
        Reason.TOO_LATE,
        ClickAction.DECLINE,
        {"state": State.SENT, "closed_at": NOW},
        "came too late. Where it stands: Sent. WeChat Pay has confirmed the coupon",
    ),
    (
        Reason.NOT_HELD,
        ClickAction.RETRY,
        {"state": State.SENDING, "running": True},
        "Only a held request can be retried or closed, and #12 is not.",
    ),
    (Reason.NOT_HELD, ClickAction.CLOSE, {"state": State.CLOSED}, "Where it stands: Closed."),
    (Reason.NOT_APPROVER, ClickAction.CLOSE, {"state": State.HELD}, "can remind them: `/coupon urge 12`"),
    (
        Reason.MAY_BE_GIVEN,
        ClickAction.CLOSE,
        {"state": State.HELD, "open_attempts": 1, "absent_looks": 1},
        "2 times, 10 minutes apart; 1 of these are done",
    ),
]


@pytest.mark.parametrize(("reason", "action", "changes", "words"), REASONS)
def test_a_click_that_changed_nothing_is_answered_with_the_reason(
    reason: Reason, action: ClickAction, changes: dict[str, Any], words: str
) -> None:
    text = ephemerals.answer(ENGLISH, refused_click(reason, action), request(**changes)).text
    # The looks that a close asks for first are begun.
    assert text.startswith("Nothing has changed. ") is (reason is not Reason.MAY_BE_GIVEN)
    assert words in text


def test_each_kind_of_refused_click_has_an_answer_of_its_own() -> None:
    texts = [
        ephemerals.answer(ENGLISH, refused_click(reason, action), request(**changes)).text
        for reason, action, changes, _ in REASONS
    ]
    assert Counter(texts).most_common(1)[0][1] == 1


def test_a_click_on_a_request_that_is_not_there_names_its_number() -> None:
    click = event(
        Tag.CLICK_REFUSED, "U0X", action="approve", reason=Reason.NO_SUCH_REQUEST, state=None, asked_for=99
    )
    assert ephemerals.answer(ENGLISH, click, None).text == "Nothing has changed. There is no request #99."


def test_an_outsider_learns_nothing_about_the_request() -> None:
    for row in (REQUEST, request(state=State.SENT, closed_at=NOW)):
        sentence = readable(ephemerals.answer(ENGLISH, refused_click(Reason.OUTSIDER), row))
        assert "#12" not in sentence
        assert "oUpF" not in sentence
        assert "Where it stands" not in sentence
