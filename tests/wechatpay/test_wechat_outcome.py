"""The outcome of a coupon, row by row: what came back, was it signed, is an earlier attempt open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wechatpay.signing_platform import compact
from wechatpay.answers import Answer, CameBack, Checked, Failure, FailureKind
from wechatpay.codes import Actor, find_code
from wechatpay.errors import BadSignature, Doubtful, Stale, UnknownSerial, Unsigned
from wechatpay.send_request import compose_send, read_send
from wechatpay.send_result import NextStep, SendResult, SendState, judge_send

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
ASKED: dict[str, str] = {
    "appid": "wxd678efh567hg6787",
    "openid": OPENID,
    "stock_id": "1290000000000017",
    "out_request_no": "SLK_20260101_0001",
}
SENT = read_send(compose_send(**ASKED))
CODE = "1290000000000017000042"
FLAT = {"stock_id": ASKED["stock_id"], "out_request_no": ASKED["out_request_no"], "coupon_code": CODE}

HEADERS = {"content-type": "application/json", "request-id": "08F1-268578927"}


def signed(status: int, members: object) -> Checked:
    return Checked(Answer(status, HEADERS, compact(members)), serial_no="7132D7")


def unsigned(status: int, members: object) -> Checked:
    return Checked(Answer(status, HEADERS, compact(members)), doubt=Unsigned("no headers"))


def doubted(status: int, members: object, doubt: Doubtful) -> Checked:
    return Checked(Answer(status, HEADERS, compact(members)), doubt=doubt)


def no(code: str) -> dict[str, str]:
    return {"code": code, "message": "不行"}


def gist(outcome: SendResult) -> tuple[str, str, bool]:
    return outcome.state.value, outcome.next_step.value, outcome.attempt_open


def both(came_back: CameBack) -> tuple[tuple[str, str, bool], tuple[str, str, bool]]:
    """The code_class without, and with, an earlier attempt open."""
    return (
        gist(judge_send(SENT, came_back, earlier_open=False)),
        gist(judge_send(SENT, came_back, earlier_open=True)),
    )


# ---- A genuine success ------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [FLAT, {"send_coupon_result": FLAT}, FLAT | {"new_member": [1]}])
@pytest.mark.parametrize("earlier_open", [False, True])
def test_a_signed_200_with_our_number_and_a_code_is_sent_in_either_shape(
    members: dict[str, Any], earlier_open: bool
) -> None:
    outcome = judge_send(SENT, signed(200, members), earlier_open=earlier_open)
    assert outcome == SendResult(
        state=SendState.SENT,
        verified=True,
        attempt_open=True,
        next_step=NextStep.NONE,
        coupon_code=CODE,
        status=200,
        request_id="08F1-268578927",
        serial_no="7132D7",
    )


LOOKED_UP = ("unknown", "look", True)


@pytest.mark.parametrize(
    ("status", "members"),
    [
        pytest.param(200, {}, id="empty object"),
        pytest.param(200, [FLAT], id="a list"),
        pytest.param(200, "text", id="text"),
        pytest.param(200, FLAT | {"coupon_code": None}, id="code null"),
        pytest.param(200, FLAT | {"coupon_code": ""}, id="code empty"),
        pytest.param(200, FLAT | {"coupon_code": 42}, id="code a number"),
        pytest.param(200, FLAT | {"coupon_code": "A" * 129}, id="code too long"),
        pytest.param(200, FLAT | {"coupon_code": "A\nB"}, id="code with a line break"),
        pytest.param(200, FLAT | {"stock_id": "1290000000000018"}, id="another stock"),
        pytest.param(200, FLAT | {"out_request_no": "SLK_20260101_0002"}, id="another number"),
        pytest.param(200, {"coupon_code": CODE}, id="number and stock missing"),
        pytest.param(200, {"send_coupon_result": {}}, id="wrapped and empty"),
        pytest.param(201, {"result": "ok"}, id="another success"),
    ],
)
def test_a_signed_success_that_lacks_or_changes_a_member_is_looked_into(status: int, members: object) -> None:
    assert both(signed(status, members)) == (LOOKED_UP, LOOKED_UP)
    outcome = judge_send(SENT, signed(status, members), earlier_open=False)
    assert (outcome.verified, outcome.code, outcome.coupon_code) == (True, "MALFORMED", None)


def test_a_signed_204_or_html_is_looked_into() -> None:
    assert both(Checked(Answer(204, {}, b""), serial_no="7132D7")) == (LOOKED_UP, LOOKED_UP)
    html = Answer(200, {"content-type": "text/html"}, compact(FLAT))
    assert both(Checked(html, serial_no="7132D7")) == (LOOKED_UP, LOOKED_UP)


def test_a_code_other_than_the_one_the_merchant_named_is_looked_into() -> None:
    named = read_send(compose_send(**ASKED, coupon_code="CARE-7F3K_0001"))
    assert gist(judge_send(named, signed(200, FLAT), earlier_open=False)) == LOOKED_UP
    same = FLAT | {"coupon_code": "CARE-7F3K_0001"}
    assert judge_send(named, signed(200, same), earlier_open=False).state is SendState.SENT


# ---- Nothing to believe -----------------------------------------------------------------------------------

REPEAT = ("unknown", "repeat", True)


@pytest.mark.parametrize(
    ("came_back", "code"),
    [
        pytest.param(unsigned(200, FLAT), "UNSIGNED", id="unsigned success"),
        pytest.param(doubted(200, FLAT, BadSignature("x")), "BAD_SIGNATURE", id="wrongly signed success"),
        pytest.param(doubted(200, FLAT, Stale("x")), "STALE", id="old success"),
        pytest.param(doubted(200, FLAT, UnknownSerial("1")), "UNKNOWN_SERIAL", id="stranger's success"),
        pytest.param(
            doubted(400, no("RULE_LIMIT"), BadSignature("x")), "BAD_SIGNATURE", id="wrongly signed final no"
        ),
        pytest.param(doubted(403, no("NO_AUTH"), Stale("x")), "STALE", id="old no"),
        pytest.param(
            doubted(429, no("RATE_LIMITED"), UnknownSerial("1")), "UNKNOWN_SERIAL", id="stranger's 429"
        ),
        pytest.param(doubted(400, no("DUPREQUEST"), BadSignature("x")), "BAD_SIGNATURE", id="forged exists"),
        pytest.param(signed(202, FLAT), "HTTP_202", id="202 signed and complete"),
        pytest.param(unsigned(202, {}), "HTTP_202", id="202 unsigned"),
        pytest.param(signed(500, no("SYSTEM_ERROR")), "SYSTEM_ERROR", id="500"),
        pytest.param(unsigned(500, no("SYSTEMERROR")), "SYSTEM_ERROR", id="500 other spelling"),
        pytest.param(signed(400, no("SYSTEM_ERROR")), "SYSTEM_ERROR", id="SYSTEM_ERROR with 400"),
        pytest.param(unsigned(400, no("systemerror")), "SYSTEM_ERROR", id="SYSTEM_ERROR unsigned"),
        pytest.param(signed(429, no("SYSTEM_ERROR")), "SYSTEM_ERROR", id="SYSTEM_ERROR with 429"),
        pytest.param(signed(200, no("SYSTEM_ERROR")), "SYSTEM_ERROR", id="SYSTEM_ERROR with 200"),
        pytest.param(signed(503, no("SERVICE_UNAVAILABLE")), "SERVICE_UNAVAILABLE", id="503"),
        pytest.param(signed(500, no("RULE_LIMIT")), "RULE_LIMIT", id="a final word with 500"),
        pytest.param(signed(503, no("NO_AUTH")), "NO_AUTH", id="an operator's word with 503"),
        pytest.param(unsigned(502, "<html>"), "HTTP_502", id="gateway"),
        pytest.param(unsigned(302, {}), "HTTP_302", id="redirect"),
        pytest.param(unsigned(408, {}), "HTTP_408", id="a gateway's time-out"),
        pytest.param(Failure(FailureKind.AFTER_FIRST_BYTE, "TIMEOUT", "x"), "TIMEOUT", id="time-out"),
        pytest.param(Failure(FailureKind.AFTER_FIRST_BYTE, "LOST", "x"), "LOST", id="reset"),
    ],
)
def test_what_cannot_be_believed_or_is_not_finished_leaves_the_outcome_unknown(
    came_back: CameBack, code: str
) -> None:
    assert both(came_back) == (REPEAT, REPEAT)
    assert judge_send(SENT, came_back, earlier_open=False).code == code


def test_a_request_of_which_no_byte_left_gave_nothing_and_settles_nothing() -> None:
    failure = Failure(FailureKind.NEVER_LEFT, "CONNECT", "ConnectError: refused")
    assert both(failure) == (("refused", "repeat", False), ("unknown", "repeat", False))


@pytest.mark.parametrize(
    ("came_back", "said_no"),
    [
        pytest.param(signed(403, no("RULE_LIMIT")), True, id="final"),
        pytest.param(unsigned(403, no("RULE_LIMIT")), True, id="final, unsigned"),
        pytest.param(doubted(403, no("RULE_LIMIT"), BadSignature("x")), False, id="final, of a forger"),
        pytest.param(signed(500, no("RULE_LIMIT")), False, id="a final word with 500"),
        pytest.param(signed(200, no("RULE_LIMIT")), False, id="a final word with 200"),
        pytest.param(signed(403, no("NO_AUTH")), False, id="an operator's"),
        pytest.param(signed(400, no("RESOURCE_ALREADY_EXISTS")), False, id="used before"),
        pytest.param(signed(429, no("RATELIMIT_EXCEED")), False, id="too fast"),
        pytest.param(Failure(FailureKind.AFTER_FIRST_BYTE, "LOST", "x"), False, id="no answer"),
    ],
)
@pytest.mark.parametrize("earlier_open", [False, True])
def test_whether_a_final_no_was_said_is_kept_whatever_it_settles(
    came_back: CameBack, said_no: bool, earlier_open: bool
) -> None:
    assert judge_send(SENT, came_back, earlier_open=earlier_open).said_no is said_no


# ---- Refusals ---------------------------------------------------------------------------------------------

#: signed | signed, an earlier attempt open | unsigned | unsigned, an earlier attempt open
FINAL = (("refused", "final", False), ("unknown", "look", False), LOOKED_UP, LOOKED_UP)
OPERATOR = (
    ("refused", "operator", False),
    ("unknown", "operator", False),
    ("refused", "operator", True),
    ("unknown", "operator", True),
)
SLOWER = (
    ("refused", "slower", False),
    ("unknown", "slower", False),
    ("refused", "slower", True),
    ("unknown", "slower", True),
)
LATER = (
    ("refused", "repeat", False),
    ("unknown", "repeat", False),
    ("refused", "repeat", True),
    ("unknown", "repeat", True),
)
EXISTS = (LOOKED_UP, LOOKED_UP, LOOKED_UP, LOOKED_UP)

TABLE = [
    (400, "PARAM_ERROR", FINAL, Actor.REQUESTER),
    (400, "INVALID_REQUEST", FINAL, Actor.REQUESTER),
    (404, "RESOURCE_NOT_EXISTS", FINAL, Actor.REQUESTER),
    (404, "NOT_FOUND", FINAL, Actor.REQUESTER),
    (404, "ORDER_NOT_EXIST", FINAL, Actor.REQUESTER),
    (400, "USER_NOT_EXISTS", FINAL, Actor.REQUESTER),
    (400, "USER_GET_FAILED", FINAL, Actor.REQUESTER),
    (403, "USER_ACCOUNT_ABNORMAL", FINAL, Actor.REQUESTER),
    (403, "RULE_LIMIT", FINAL, Actor.REQUESTER),
    (403, "RULELIMIT", FINAL, Actor.REQUESTER),
    (400, "USERLIMIT", FINAL, Actor.REQUESTER),
    (400, "NATURELIMIT", FINAL, Actor.REQUESTER),
    (400, "EXPIRED", FINAL, Actor.REQUESTER),
    (401, "SIGN_ERROR", OPERATOR, Actor.OPERATOR),
    (401, "SIGNERROR", OPERATOR, Actor.OPERATOR),
    (403, "NO_AUTH", OPERATOR, Actor.OPERATOR),
    (403, "NOAUTH", OPERATOR, Actor.OPERATOR),
    (403, "no_auth", OPERATOR, Actor.OPERATOR),
    (403, "REQUEST_BLOCKED", OPERATOR, Actor.OPERATOR),
    (400, "APPID_MCHID_NOT_MATCH", OPERATOR, Actor.OPERATOR),
    (400, "MCH_NOT_EXISTS", OPERATOR, Actor.OPERATOR),
    (403, "NOT_ENOUGH", OPERATOR, Actor.STOCK_OWNER),
    (403, "NOTENOUGH", OPERATOR, Actor.STOCK_OWNER),
    (400, "MAXQUOTA", OPERATOR, Actor.STOCK_OWNER),
    (400, "NOTMONEY", OPERATOR, Actor.STOCK_OWNER),
    (400, "DAYLIMIT", OPERATOR, Actor.STOCK_OWNER),
    (400, "NOTRUNNING", OPERATOR, Actor.STOCK_OWNER),
    (403, "SOMETHING_NEW", OPERATOR, None),
    (405, "", OPERATOR, None),
    (406, "", OPERATOR, None),
    (415, "", OPERATOR, None),
    (404, "", OPERATOR, None),
    (401, "", OPERATOR, None),
    (429, "RATELIMIT_EXCEED", SLOWER, Actor.NOBODY),
    (429, "RATELIMIT_EXCEEDED", SLOWER, Actor.NOBODY),
    (429, "RATE_LIMITED", SLOWER, Actor.NOBODY),
    (403, "FREQUENCY_LIMITED", SLOWER, Actor.NOBODY),
    (400, "FREQUENCYLIMIT", SLOWER, Actor.NOBODY),
    (403, "FREQUENCY_LIMIT_EXCEED", SLOWER, Actor.NOBODY),
    (429, "", SLOWER, None),
    (429, "SOMETHING_NEW", SLOWER, None),
    (400, "STATEMENT_CREATING", LATER, Actor.NOBODY),
    (400, "ALREADY_EXISTS", EXISTS, Actor.NOBODY),
    (400, "RESOURCE_ALREADY_EXISTS", EXISTS, Actor.NOBODY),
    (400, "DUPREQUEST", EXISTS, Actor.NOBODY),
    (400, "DUP_REQUEST", EXISTS, Actor.NOBODY),
]


@pytest.mark.parametrize(("status", "code", "expected", "actor"), TABLE)
def test_a_refusal_by_its_code(
    status: int, code: str, expected: tuple[tuple[str, str, bool], ...], actor: Actor | None
) -> None:
    members: object = no(code) if code else "<html>"
    assert (*both(signed(status, members)), *both(unsigned(status, members))) == expected
    row = find_code(code)
    assert (row.actor if row else None) == actor


def test_the_trap_a_refusal_after_a_time_out_does_not_settle_the_number() -> None:
    """The first attempt timed out *and* gave the coupon; the second finds the allowance used up."""
    timed_out = Failure(FailureKind.AFTER_FIRST_BYTE, "TIMEOUT", "x")
    first = judge_send(SENT, timed_out, earlier_open=False)
    second = judge_send(SENT, signed(403, no("RULE_LIMIT")), earlier_open=first.attempt_open)
    assert (second.state, second.next_step) == (SendState.UNKNOWN, NextStep.LOOK_UP)


def test_after_already_exists_a_later_refusal_does_not_settle_the_number() -> None:
    exists = judge_send(SENT, signed(400, no("RESOURCE_ALREADY_EXISTS")), earlier_open=False)
    later = judge_send(SENT, signed(403, no("RULE_LIMIT")), earlier_open=exists.attempt_open)
    assert later.state is SendState.UNKNOWN


# ---- What is kept of an answer ----------------------------------------------------------------------------


def test_the_codes_usual_spelling_the_request_id_and_the_servers_words_are_kept() -> None:
    outcome = judge_send(SENT, signed(403, {"code": "NOAUTH", "message": "商户无权限"}), earlier_open=False)
    assert (outcome.code, outcome.message, outcome.status) == ("NO_AUTH", "商户无权限", 403)
    assert (outcome.request_id, outcome.serial_no, outcome.verified) == ("08F1-268578927", "7132D7", True)


def test_the_message_names_the_wrong_field_and_never_holds_the_openid() -> None:
    said = {
        "code": "PARAM_ERROR",
        "message": f"openid {OPENID} / {OPENID.upper()} 无效",
        "detail": {"field": "/openid", "issue": f"{OPENID} unknown", "value": OPENID, "location": "body"},
    }
    outcome = judge_send(SENT, signed(400, said), earlier_open=False)
    assert outcome.message == "openid (openid) / (openid) 无效 (/openid: (openid) unknown)"
    assert OPENID.lower() not in repr(outcome).lower()
    assert OPENID not in repr(SENT)


def test_the_message_is_one_printable_line_of_at_most_300_characters() -> None:
    said = {"code": "PARAM_ERROR", "message": "a\nb\x00\ud800c\u202e " + "长" * 400}
    escaped = Answer(400, HEADERS, json.dumps(said).encode())
    message = judge_send(SENT, Checked(escaped), earlier_open=False).message
    assert message.startswith("a b c 长")
    assert message.endswith("…")
    assert len(message) == 300
    message.encode()


@pytest.mark.parametrize("code", [None, 7, "", "no spaces", "A" * 65, "中文", ["X"]])
def test_what_is_no_code_word_becomes_the_status(code: object) -> None:
    outcome = judge_send(SENT, signed(403, {"code": code}), earlier_open=False)
    assert (outcome.code, outcome.next_step) == ("HTTP_403", NextStep.OPERATOR)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999", 3600.0),
        ("-1", None),
        ("1e9", None),
        ("nan", None),
        ("Mon, 23 Nov 2026 00:00:00 GMT", None),
        ("", None),
        ("9" * 40, None),
    ],
)
def test_retry_after_is_seconds_and_nobody_can_silence_us_for_longer_than_an_hour(
    said: str, seconds: float | None
) -> None:
    answer = Answer(429, HEADERS | {"retry-after": said}, b"{}")
    outcome = judge_send(SENT, Checked(answer, doubt=Unsigned("x")), earlier_open=False)
    assert outcome.retry_after == seconds
