"""What a send told the client is what the business decides by: nothing is lost or changed between the two."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import fields

import pytest

from coupons.coupon_states import CouponAnswer
from coupons.errors import IssuerUnavailable
from coupons.model import CodeMode
from coupons.outcome import Kind, Outcome, Remedy
from tests.wechatpay.signing_platform import Platform
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.issuer import WechatPayIssuer, _outcome
from wechatpay.send_result import NextStep, SendResult, SendState


def test_both_sides_have_the_same_words() -> None:
    # What an undo comes to is the same answer, of another call.
    assert [kind.value for kind in Kind if kind is not Kind.UNDONE] == [state.value for state in SendState]
    assert {remedy.value for remedy in Remedy} == {step.value for step in NextStep}
    renamed = {"state": "kind", "next_step": "remedy"}
    ours = {field.name for field in fields(Outcome)}
    # The hint is about our signature, for who calls by hand.
    theirs = {renamed.get(field.name, field.name) for field in fields(SendResult)} - {"hint"}
    # Read off what the code means.
    assert theirs | {"of_merchant"} == ours


@pytest.mark.parametrize(
    ("code", "of_merchant"), [("SIGN_ERROR", True), ("NO_AUTH", True), ("NOT_ENOUGH", False)]
)
def test_what_every_request_would_be_refused_with_is_said_to_be_of_the_merchant(
    code: str, of_merchant: bool
) -> None:
    refused = SendResult(
        state=SendState.REFUSED,
        verified=True,
        attempt_open=False,
        next_step=NextStep.OPERATOR,
        status=403,
        code=code,
    )
    assert _outcome(refused).of_merchant is of_merchant
    given = SendResult(
        state=SendState.SENT, verified=True, attempt_open=True, next_step=NextStep.NONE, coupon_code="C1"
    )
    assert _outcome(given).of_merchant is False


@pytest.mark.parametrize(
    ("status", "answer", "signed", "outcome"),
    [
        (403, {"code": "RULE_LIMIT"}, True, (Kind.REFUSED, Remedy.FINAL, True, False, True)),
        (403, {"code": "RULE_LIMIT"}, False, (Kind.UNKNOWN, Remedy.LOOK_UP, False, True, True)),
        (403, {"code": "NO_AUTH"}, True, (Kind.REFUSED, Remedy.OPERATOR, True, False, False)),
        (
            200,
            {"stock_id": "1212", "out_request_no": "N1", "coupon_code": "C1"},
            True,
            (Kind.SENT, Remedy.NONE, True, True, False),
        ),
    ],
)
async def test_an_answer_becomes_an_outcome(
    client: Client,
    platform: Platform,
    status: int,
    answer: dict[str, str],
    signed: bool,
    outcome: tuple[Kind, Remedy, bool, bool, bool],
) -> None:
    platform.says(status, answer, **({} if signed else {"signer": None}))
    issuer = WechatPayIssuer(Busifavor(client, appid="wx1"), appid="wx1")
    body = issuer.compose(
        out_request_no="N1", openid="oUpF8uMuAJO", stock_id="1212", code_mode=CodeMode.WECHATPAY_MODE
    )
    found = await issuer.send(body, earlier_open=False, place=nullcontext())
    assert (found.kind, found.remedy, found.verified, found.attempt_open, found.said_no) == outcome
    assert (found.status, found.code, found.coupon_code) == (
        status,
        answer.get("code", ""),
        answer.get("coupon_code"),
    )
    assert found.request_id
    assert bool(found.serial_no) is signed


_USED = {
    "coupon_code": "C1",
    "stock_id": "1212",
    "send_request_no": "N1",
    "coupon_state": "USED",
    "use_time": "2026-11-23T12:00:00+08:00",
    "expire_time": "2026-12-23T23:59:59+08:00",
}
_AT, _UNTIL = 1_795_406_400_000, 1_798_041_599_000


@pytest.mark.parametrize(
    ("status", "answer", "signed", "expected"),
    [
        (200, _USED, True, CouponAnswer(state="USED", happened_at=_AT, valid_until=_UNTIL)),
        # used and returned: when it was used is no time of what it is now
        (
            200,
            {**_USED, "coupon_state": "SENDED"},
            True,
            CouponAnswer(state="SENDED", happened_at=None, valid_until=_UNTIL),
        ),
        # a word of tomorrow's, and times that are none
        (
            200,
            {**_USED, "coupon_state": "FROZEN", "expire_time": "soon"},
            True,
            CouponAnswer(state="FROZEN", happened_at=None, valid_until=None),
        ),
        (
            200,
            {**_USED, "use_time": ""},
            True,
            CouponAnswer(state="USED", happened_at=None, valid_until=_UNTIL),
        ),
        # of another request, stock or code; of nothing; of nobody
        (200, {**_USED, "send_request_no": "N2"}, True, "MALFORMED"),
        (200, {**_USED, "stock_id": "1313"}, True, "MALFORMED"),
        (200, {**_USED, "coupon_code": "C2"}, True, "MALFORMED"),
        (200, {**_USED, "coupon_state": ""}, True, "MALFORMED"),
        (200, _USED, False, "UNSIGNED"),
        (404, {"code": "RESOURCE_NOT_EXISTS"}, True, "RESOURCE_NOT_EXISTS"),
    ],
)
async def test_what_became_of_a_coupon_is_believed_of_this_very_one_alone(
    client: Client,
    platform: Platform,
    status: int,
    answer: dict[str, str],
    signed: bool,
    expected: CouponAnswer | str,
) -> None:
    platform.says(status, answer, **({} if signed else {"signer": None}))
    issuer, words = WechatPayIssuer(Busifavor(client, appid="wx1"), appid="wx1"), ""
    try:
        found: CouponAnswer | str = await issuer.coupon(
            openid="oUpF8uMuAJO", stock_id="1212", coupon_code="C1", out_request_no="N1"
        )
    except IssuerUnavailable as error:
        found, words = error.code, str(error)
    assert found == expected
    assert "oUpF8uMuAJO" not in words
