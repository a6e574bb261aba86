"""Whatever comes back: nothing crashes, and nothing is `sent` or settled without a valid signature."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import NOW, compact, lower, sign, vector_key
from wechatpay.answers import Answer, Checked, Failure, FailureKind
from wechatpay.errors import Doubtful, WechatPayError
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.keys import load_merchant, load_public_key
from wechatpay.reading import members_of
from wechatpay.send_request import compose_send, read_send
from wechatpay.send_result import NextStep, SendState, judge_send
from wechatpay.signatures import verify

OURS, THEIRS = vector_key("merchant"), vector_key("wechatpay_public_key")
MERCHANT = load_merchant(
    mchid=OURS["mchid"], serial_no=OURS["serial_no"], private_key=OURS["private_key_pkcs8_pem"]
)
RING = KeyRing([load_public_key(key_id=THEIRS["id"], pem=THEIRS["public_key_pem"], merchant=MERCHANT)])
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SENT = read_send(
    compose_send(
        appid="wxd678efh567hg6787",
        openid=OPENID,
        stock_id="1290000000000017",
        out_request_no="SLK_20260101_0001",
    )
)
GOOD = {
    "stock_id": SENT.stock_id,
    "out_request_no": SENT.out_request_no,
    "coupon_code": "1290000000000017000042",
}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
near_json = st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from(["SYSTEM_ERROR", "RULE_LIMIT", "NO_AUTH", "DUPREQUEST", OPENID]) | any_json,
        "message": st.text() | st.just(f"bad {OPENID}") | any_json,
        "detail": st.dictionaries(st.sampled_from(["field", "issue"]), any_json) | any_json,
        "stock_id": st.just(SENT.stock_id) | any_json,
        "out_request_no": st.just(SENT.out_request_no) | any_json,
        "coupon_code": st.text() | any_json,
        "send_coupon_result": st.just(GOOD) | any_json,
    },
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.just(compact(GOOD)),
    st.just(b"[" * 100_000),
    st.just(b'{"code":' + b"9" * 5000 + b"}"),
    (near_json | any_json).map(lambda value: json.dumps(value).encode()),
)
statuses = st.sampled_from([200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503])
genuine_headers = lower(sign("wechatpay_public_key", compact(GOOD)))
header_values = st.text(max_size=40) | st.just(str(NOW)) | st.just(THEIRS["id"]) | st.just("AAAA")
fuzzed_headers = st.dictionaries(
    st.sampled_from([*genuine_headers, "content-type", "request-id", "retry-after"]), header_values
)


def check(headers: dict[str, str], status: int, body: bytes) -> Checked:
    answer = Answer(status, headers, body)
    try:
        key: PlatformKey = verify(headers, body, keys=RING, now=NOW)
    except Doubtful as doubt:
        return Checked(answer, doubt=doubt)
    return Checked(answer, serial_no=key.serial_no)


@given(
    headers=fuzzed_headers, kept=st.sets(st.sampled_from([*genuine_headers])), status=statuses, body=bodies
)
def test_without_a_valid_signature_nothing_is_sent_settled_or_closed(
    headers: dict[str, str], kept: set[str], status: int, body: bytes
) -> None:
    headers |= {name: genuine_headers[name] for name in kept}
    checked = check(headers, status, body)
    outcome = judge_send(SENT, checked, earlier_open=False)
    if checked.verified:  # all four genuine headers, and the body they were made for
        assert body == compact(GOOD)
    else:
        assert outcome.state is not SendState.SENT
        assert outcome.next_step not in (NextStep.NONE, NextStep.FINAL)
        assert outcome.attempt_open
        assert outcome.coupon_code is None


@given(status=statuses, body=bodies, verified=st.booleans(), earlier_open=st.booleans())
def test_the_outcome_keeps_its_promises_for_any_answer(
    status: int, body: bytes, verified: bool, earlier_open: bool
) -> None:
    headers = {"content-type": "application/json"}
    answer = Answer(status, headers, body)
    doubt = None if verified else Doubtful("x")
    outcome = judge_send(SENT, Checked(answer, doubt=doubt), earlier_open=earlier_open)
    assert (
        (outcome.state is SendState.SENT)
        == (outcome.coupon_code is not None)
        == (outcome.next_step is NextStep.NONE)
    )
    if outcome.state is SendState.SENT:
        assert verified
        assert status in (200, 201, 204)
    if outcome.state is SendState.REFUSED:
        assert not earlier_open
    if outcome.next_step is NextStep.FINAL:
        assert verified
        assert outcome.state is SendState.REFUSED
    assert OPENID.lower() not in outcome.message.lower()
    assert len(outcome.message) <= 300
    (outcome.message + outcome.code + (outcome.coupon_code or "")).encode()


@given(headers=fuzzed_headers, status=statuses, body=bodies)
def test_a_look_gives_members_or_one_of_our_errors(headers: dict[str, str], status: int, body: bytes) -> None:
    raised: WechatPayError | None = None
    try:
        members_of(check(headers, status, body), hide=OPENID)
    except WechatPayError as error:
        raised = error
    assert raised is not None or status == 200
    assert OPENID.lower() not in str(raised).lower()


def test_a_failure_is_never_sent() -> None:
    for kind in FailureKind:
        for earlier_open in (False, True):
            outcome = judge_send(SENT, Failure(kind, "X", "x"), earlier_open=earlier_open)
            assert outcome.state is not SendState.SENT
            assert outcome.attempt_open == (kind is FailureKind.AFTER_FIRST_BYTE)


def test_the_fuzzed_answers_include_a_genuine_one_that_is_sent() -> None:
    """Else the promises above could hold for the wrong reason."""
    headers = genuine_headers | {"content-type": "application/json"}
    assert judge_send(SENT, check(headers, 200, compact(GOOD)), earlier_open=False).state is SendState.SENT
