"""The body of a send: the same bytes for ever, nothing in it that does not belong, and one endpoint."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import Platform
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest
from wechatpay.send_request import CouponType, compose_send, read_send
from wechatpay.send_result import SendState

ASKED = {
    "appid": "wxd678efh567hg6787",
    "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "stock_id": "1290000000000017",
    "out_request_no": "SLK_20260101_0001",
}


def test_without_a_coupon_code_the_member_is_left_out_altogether() -> None:
    assert set(json.loads(compose_send(**ASKED))) == set(ASKED)
    assert json.loads(compose_send(**ASKED, coupon_code="CARE-1"))["coupon_code"] == "CARE-1"


def test_every_wrong_field_is_named_in_one_error_and_no_value_is_shown() -> None:
    with pytest.raises(BadRequest) as error:
        compose_send(appid="", openid="o" * 129, stock_id="1" * 21, out_request_no="a|b", coupon_code="")
    assert error.value.fields == ("openid", "appid", "stock_id", "out_request_no", "coupon_code")
    assert "openid must be 1 to 128 of [0-9A-Za-z_-]; 129 characters were read" in str(error.value)
    assert "oooo" not in str(error.value)
    assert (error.value.outcome_known, error.value.may_repeat) == (True, False)


@pytest.mark.parametrize("field", ["appid", "openid", "stock_id", "out_request_no", "coupon_code"])
@pytest.mark.parametrize("value", ["", " ", "a b", "ａ", "a\n", "é", "a/b", '"', "*"])
def test_a_field_with_a_character_outside_the_plain_ones_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadRequest) as error:
        compose_send(**(ASKED | {field: value}))
    assert error.value.fields == (field,)


BASE = "/v3/marketing/busifavor"
ENDPOINTS = {None: f"{BASE}/coupons/send", CouponType.NORMAL: f"{BASE}/product-coupons/send"}
#: What may stand in any member, the words that tell the endpoints apart among them.
word = st.sampled_from(["coupon_type", "NORMAL", "product-coupons"]) | st.from_regex(
    r"[0-9A-Za-z_-]{1,20}", fullmatch=True
)


@given(appid=word, openid=word, stock_id=word, out_request_no=word, coupon_code=st.none() | word)
def test_what_was_composed_reads_back_is_the_same_every_time_and_names_its_endpoint(
    appid: str, openid: str, stock_id: str, out_request_no: str, coupon_code: str | None
) -> None:
    asked = {"appid": appid, "openid": openid, "stock_id": stock_id, "out_request_no": out_request_no}
    for coupon_type, endpoint in ENDPOINTS.items():
        body = compose_send(**asked, coupon_code=coupon_code, coupon_type=coupon_type)
        assert body == compose_send(**asked, coupon_code=coupon_code, coupon_type=coupon_type)
        sent = read_send(body)
        assert {name: getattr(sent, name) for name in asked} == asked
        assert (sent.coupon_code, sent.coupon_type, sent.target) == (coupon_code, coupon_type, endpoint)


def test_an_openid_is_kept_out_of_reprs() -> None:
    assert ASKED["openid"] not in repr(read_send(compose_send(**ASKED)))


async def test_one_client_sends_to_both_endpoints_byte_for_byte(client: Client, platform: Platform) -> None:
    answer = {name: ASKED[name] for name in ("stock_id", "out_request_no")} | {"coupon_code": "1"}
    platform.says(200, answer)
    bodies = [
        compose_send(**ASKED),
        # Spelt otherwise than we would: stored bytes are never made anew.
        json.dumps(ASKED | {"coupon_type": "NORMAL"}, indent=1).encode(),
    ]
    for body in bodies:
        result = await Busifavor(client, appid="wx1").send(body, earlier_open=False)
        assert (result.state, result.coupon_code) == (SendState.SENT, "1")
    heard = [(target, body) for _, target, _, body in platform.heard]
    assert heard == list(zip(ENDPOINTS.values(), bodies, strict=True))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        json.dumps(ASKED | {"coupon_code": None}).encode(),
        json.dumps(ASKED | {"openid": 7}).encode(),
        json.dumps(ASKED | {"extra": "x"}).encode(),
        json.dumps(ASKED | {"coupon_type": None}).encode(),
        json.dumps(ASKED | {"coupon_type": ""}).encode(),
        json.dumps(ASKED | {"coupon_type": "normal"}).encode(),
        json.dumps(ASKED | {"coupon_type": "MEMBER", "member_card_id": "card-1"}).encode(),
    ],
)
def test_bytes_that_compose_send_does_not_make_are_refused_before_anything_is_sent(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_send(body)
