"""Errors are data: each code has a class, somebody who must act, and a sentence for each who reads."""

from __future__ import annotations

import re

import pytest

from wechatpay import errors
from wechatpay.answers import Answer, Checked, Failure, FailureKind
from wechatpay.codes import CODES, Actor, Code, CodeClass, find_code, judge, meaning
from wechatpay.errors import BadRequest, NoAnswer, NotSent, Refused, Trouble, WechatPayError
from wechatpay.reading import failed, refused
from wechatpay.send_request import SendRequest
from wechatpay.send_result import SendResult, SendState, judge_send

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SENT = SendRequest(openid=OPENID, appid="wx8888888888888888", stock_id="1", out_request_no="R1")
FALLBACKS = [judge(503, "NEW"), judge(408, "NEW"), judge(429, "NEW"), judge(403, "NEW")]
#: What raises it, by the file that names it: all that can be the code of an error or an outcome of ours.
OURS = {
    "CONNECT",
    "NO_KEYS",
    "TIMEOUT",
    "LOST",
    "TOO_LONG",
    "HTTP_404",
    errors.Malformed.code,
    errors.Undecryptable.code,
}
OURS |= {errors.BadSetting.code, errors.BadRequest.code}
OURS |= {kind.code for kind in errors.Doubtful.__subclasses__()}


def row(name: str) -> Code:
    [found] = [code for code in CODES if code.name == name]
    return found


@pytest.mark.parametrize("code", [*CODES, *FALLBACKS], ids=lambda code: code.name)
def test_each_code_has_two_different_whole_sentences(code: Code) -> None:
    for sentence in (code.agent, code.operator):
        assert re.fullmatch(r"[A-Z].*[^.]\.", sentence)
        assert "  " not in sentence
    assert code.agent != code.operator


@pytest.mark.parametrize("code", [*CODES, *FALLBACKS], ids=lambda code: code.name)
def test_who_must_act_is_told_to(code: Code) -> None:
    """After a final no the requester can do something; before a retry under the same number, nothing."""
    choose = re.search(r"Choose|Check|Compensate", code.agent)
    if code.code_class is CodeClass.FINAL:
        assert choose
        assert code.actor is Actor.REQUESTER
    else:
        # The request is not over: an agent who chose something else would give two coupons.
        assert not choose
    if code.code_class is CodeClass.OPERATOR:
        assert code.actor in {Actor.OPERATOR, Actor.STOCK_OWNER}
    if code.code_class in {CodeClass.UNKNOWN, CodeClass.EXISTS}:
        assert re.search(r"may have the coupon|probably has the coupon|nobody can prove", code.agent)


def test_no_two_rows_of_another_meaning_share_an_operators_sentence() -> None:
    by_sentence: dict[str, set[str]] = {}
    for code in CODES:
        by_sentence.setdefault(code.operator, set()).add(code.name)
    for names in by_sentence.values():
        kin = next(iter(names))
        assert names == {kin, *row(kin).variants}


@pytest.mark.parametrize(
    ("name", "variants"),
    [
        ("SYSTEM_ERROR", {"SERVICE_UNAVAILABLE"}),
        ("RATE_LIMITED", {"RATELIMIT_EXCEED", "RATELIMIT_EXCEEDED", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT"}),
        ("DUP_REQUEST", {"ALREADY_EXISTS", "RESOURCE_ALREADY_EXISTS"}),
        ("NOT_FOUND", {"RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST"}),
        ("MAX_QUOTA", {"NOT_ENOUGH"}),
        ("USER_LIMIT", {"RULE_LIMIT"}),
        ("SIGN_ERROR", set()),
    ],
)
def test_a_code_knows_its_variants_and_keeps_the_word_that_was_said(name: str, variants: set[str]) -> None:
    found = find_code(name.replace("_", "").lower())
    assert found is not None
    assert found.name == name
    assert variants <= set(found.variants)
    for variant in found.variants:
        assert row(variant).operator == found.operator


def test_every_code_of_ours_is_in_the_table_and_cannot_be_said_by_a_server() -> None:
    said = {code.name for code in CODES if find_code(code.name) is None}
    assert said == OURS
    # A forged "TIMEOUT" is a refusal that nobody knows, and settles nothing.
    assert judge(400, "TIMEOUT").code_class is CodeClass.OPERATOR


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (403, "NOAUTH", "NO_AUTH"),
        (400, "SYSTEM_ERROR", "SYSTEM_ERROR"),
        (None, "TIMEOUT", "TIMEOUT"),
        (200, "UNSIGNED", "UNSIGNED"),
        (403, "BAD_SIGNATURE", "BAD_SIGNATURE"),
    ],
)
def test_a_code_means_what_its_row_says(status: int | None, name: str, expected: str) -> None:
    assert meaning(status, name) == row(expected)


@pytest.mark.parametrize(
    ("status", "name", "code_class", "actor"),
    [
        (503, "NO_AUTH", CodeClass.UNKNOWN, Actor.NOBODY),
        (429, "NO_AUTH", CodeClass.SLOWER, Actor.NOBODY),
        (418, "NEW", CodeClass.OPERATOR, Actor.OPERATOR),
        (None, "NEW", CodeClass.UNKNOWN, Actor.NOBODY),
    ],
)
def test_the_status_can_make_a_code_mean_less(
    status: int | None, name: str, code_class: CodeClass, actor: Actor
) -> None:
    found = meaning(status, name)
    assert (found.name, found.code_class, found.actor) == (name, code_class, actor)


def answer(status: int, code: str) -> Answer:
    return Answer(status, {"request-id": "08F1"}, f'{{"code":"{code}","message":"x"}}'.encode())


@pytest.mark.parametrize(
    ("error", "kind", "name"),
    [
        (refused(answer(403, "NOAUTH"), verified=True, hide=""), Refused, "NO_AUTH"),
        (refused(answer(403, "USERLIMIT"), verified=False, hide=""), Refused, "USER_LIMIT"),
        (refused(answer(500, "SYSTEMERROR"), verified=True, hide=""), Trouble, "SYSTEM_ERROR"),
        (failed(Failure(FailureKind.NEVER_LEFT, "CONNECT", "x")), NotSent, "CONNECT"),
        (failed(Failure(FailureKind.AFTER_FIRST_BYTE, "LOST", "x")), NoAnswer, "LOST"),
        (BadRequest([("openid", "is empty")]), BadRequest, "BAD_REQUEST"),
        *((kind("x"), kind, kind.code) for kind in (errors.Unsigned, errors.Stale, errors.BadSignature)),
        (errors.UnknownSerial("7132"), errors.UnknownSerial, "UNKNOWN_SERIAL"),
        (errors.Malformed("x"), errors.Malformed, "MALFORMED"),
        (errors.BadSetting("x"), errors.BadSetting, "BAD_SETTING"),
        (errors.Undecryptable("x"), errors.Undecryptable, "UNDECRYPTABLE"),
    ],
)
def test_every_error_carries_who_must_act_and_both_sentences(
    error: WechatPayError, kind: type[WechatPayError], name: str
) -> None:
    assert type(error) is kind
    assert (error.actor, error.operator) == (row(name).actor, row(name).operator)
    assert error.agent == meaning(error.status, name, known=error.outcome_known).agent


@pytest.mark.parametrize(
    "code", [code.name for code in CODES if code.code_class is CodeClass.FINAL and code.name not in OURS]
)
def test_a_no_that_may_not_be_the_last_word_tells_the_agent_to_give_nothing_else(code: str) -> None:
    for no in (
        refused(answer(403, code), verified=False, hide=""),
        judge_send(SENT, Checked(answer(403, code)), earlier_open=True).meaning,
        judge_send(SENT, Checked(answer(403, code), doubt=errors.Unsigned("x")), earlier_open=False).meaning,
    ):
        assert no is not None
        assert no.agent.endswith("Give nothing else.")
        assert no.operator == row(code).operator
    assert refused(answer(403, code), verified=True, hide="").agent == row(code).agent


def test_an_outcome_carries_its_row_unless_the_coupon_was_given() -> None:
    refusal = judge_send(SENT, Checked(answer(403, "RULELIMIT")), earlier_open=False)
    assert refusal.meaning == row("RULE_LIMIT")
    unclear = judge_send(SENT, Failure(FailureKind.AFTER_FIRST_BYTE, "TIMEOUT", "x"), earlier_open=False)
    assert unclear.meaning == row("TIMEOUT")
    given = SendResult(
        state=SendState.SENT, verified=True, attempt_open=True, next_step=refusal.next_step, coupon_code="C"
    )
    assert given.meaning is None
