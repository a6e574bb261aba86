"""The views in Simplified Chinese: whole, true, and as a support team in China would say it."""

from __future__ import annotations

import re
from functools import cache

import pytest

from coupons.events import Tag
from coupons.model import State
from handlers.views import (
    card,
    modals,
    problems,
)
from handlers.views.message import Message
from tests.handlers.test_views_limits import marked
from tests.handlers.test_views_truth import CODES, rows, shown
from tests.handlers.views_samples import (
    APPROVERS,
    LI,
    NOW,
    STOCKS,
    WANG,
    event_messages,
    events,
    every_message,
    now_messages,
    other_messages,
    readable,
    request,
    written,
)
from tests.words import CHINESE

DOUBT = "客户是否拿到了券"
#: Words that claim a coupon.
CLAIMS = re.compile(r"已发券|已发放|发放成功|已发出|已到账|已领取|拿到|得到券|已确认发券")
NO_COUPON = "客户不会因这个申请得到券"
#: Letters that belong to both languages: tokens of Slack, code, settings, WeChat Pay's fields, names.
COMMON = re.compile(
    r"<[^>]*>|`[^`]*`|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:_[a-z]+)+|attempt:finished|coupon\.toml|openid|AppID"
    r"|Request-ID|Slack|oU…jWeS6o|cb[0-9a-f]{30}|UTC"
)
CHINESE_ROW = {
    "stock_name": "满减券",
    "reason": "包裹晚到",
    "decline_reason": "已退款",
}


def english_left(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]{2,}", COMMON.sub(" ", text))


@cache
def everything() -> tuple[Message, ...]:
    return tuple(
        message
        for state in State
        for problem in ("", "NO_AUTH", "WHO_KNOWS")
        for message in every_message(
            CHINESE,
            request(state=state, attempts=1, problem=problem, closed_at=NOW, **CHINESE_ROW),
            [WANG, LI],
            "七",
        )
    )


def test_no_english_is_left_in_any_message() -> None:
    left = {
        (tuple(words), text)
        for message in everything()
        for text in [message.text, *written(message.blocks)]
        # The customer may read English, whatever the agent reads.
        if not text.startswith("We have put a coupon")
        if (words := english_left(text.replace(STOCKS[0].name, "").replace(STOCKS[1].name, "")))
    }
    assert left == set()


@pytest.mark.parametrize("tell", [problems.for_agent, problems.for_operator])
def test_no_english_is_left_in_any_advice(tell: object) -> None:
    assert callable(tell)
    for code in [*problems._ADVICE, "", "HTTP_418"]:
        assert not english_left(tell(CHINESE, code)), code


def test_no_english_is_left_in_the_decline_form() -> None:
    form = modals.decline_modal(CHINESE, 12, modals.Origin("C0APPROVE", "5.000100"))
    assert not [text for text in written(form) if english_left(text)]


def test_what_formats_stands_free_of_chinese_letters() -> None:
    # Right beside a letter Slack leaves `*粗体*` and code as they are, marks and all.
    stuck = re.compile(r"[\u4e00-\u9fff](`[^`\n]+`|\*[^*\n]+\*)|(`[^`\n]+`|\*[^*\n]+\*)[\u4e00-\u9fff]")
    found: set[str] = set()
    for message in everything():
        for text in [message.text, *marked(message.blocks)]:
            spans = re.sub(r"(`[^`\n]+`|\*[^*\n]+\*)", "\x01", text)
            found |= set(re.findall(r"[\u4e00-\u9fff]\x01|\x01[\u4e00-\u9fff]", spans)) and {text}
    assert stuck.search("请*确认*金额")
    assert found == set()


def test_sentences_follow_one_another_as_in_chinese() -> None:
    for message in everything():
        assert not re.search(r"[。？！，：；] (?=[\u4e00-\u9fff])", message.text)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENT])
def test_no_state_but_sent_says_that_the_customer_has_the_coupon(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        for message in shown(CHINESE, row):
            text = readable(message).replace(DOUBT, "").replace(NO_COUPON, "")
            assert CLAIMS.findall(text.replace("否则客户可能得到两张券", "")) == []


def test_no_other_message_about_a_request_that_is_not_sent_claims_it() -> None:
    tags = [each for each in events() if each.tag not in {Tag.REQUEST_SENT, Tag.UNDO_DONE}]
    for state in State:
        if state is not State.SENT:
            row = request(state=state, attempts=1, open_attempts=1)
            for message in [
                *now_messages(CHINESE, row, [WANG]),
                *event_messages(CHINESE, row, tags),
                *other_messages(CHINESE, row, "word"),
            ]:
                text = readable(message).replace(DOUBT, "").replace(NO_COUPON, "")
                assert CLAIMS.findall(text) == []


@pytest.mark.parametrize("state", [State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD])
def test_where_an_attempt_may_have_given_the_coupon_that_is_said(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        on_the_wire = 1 if state is State.SENDING and row.running else 0
        if row.unknown_at is not None or row.open_attempts > on_the_wire or state is State.UNKNOWN:
            text = card.card(CHINESE, row, [], approvers=APPROVERS).text
            assert DOUBT in text
            assert "请勿另行申请" in text


def test_advice_for_a_final_no_is_not_given_while_it_is_not_known() -> None:
    for code in CODES:
        for state in (State.UNKNOWN, State.SENDING, State.APPROVED, State.HELD):
            row = request(state=state, problem=code, attempts=2, open_attempts=2, unknown_at=NOW)
            for message in shown(CHINESE, row):
                assert "换一个批次" not in readable(message)
