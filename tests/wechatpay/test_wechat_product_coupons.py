"""The other way of sending: its body, and that no bytes belong to both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import Platform
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest
from wechatpay.outcome import Kind
from wechatpay.product_coupons import (
    PRODUCT_COUPONS_SEND,
    SENDINGS,
    CouponType,
    compose_product_send,
    read_product_send,
    sending_of,
)
from wechatpay.send_request import COUPONS_SEND, compose_send, read_send

ASKED: dict[str, Any] = {
    "appid": "wxd678efh567hg6787",
    "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "stock_id": "1290000000000017",
    "out_request_no": "SLK_20260101_0001",
}
WRONG: dict[str, list[Any]] = {
    "openid": ["", "o" * 129, "o é"],
    "appid": ["", "w" * 33],
    "stock_id": ["", "1" * 21],
    "out_request_no": ["", "N" * 33, "a|b"],
    "coupon_code": ["", "x" * 33, "a/b"],
    "coupon_type": ["", "normal", "VIP", 1],
    "member_card_id": ["", "c" * 33, "a b"],
}


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, bad in WRONG.items() for value in bad])
def test_a_value_beyond_its_limit_is_named(field: str, value: Any) -> None:
    asked = ASKED | {"coupon_type": CouponType.MEMBER, "member_card_id": "card-1", field: value}
    with pytest.raises(BadRequest) as error:
        compose_product_send(**asked)
    assert error.value.fields == (field,)


def test_all_wrong_values_stand_in_one_error_that_shows_none() -> None:
    with pytest.raises(BadRequest) as error:
        compose_product_send(**{name: bad[1] for name, bad in WRONG.items()})
    assert error.value.fields == tuple(WRONG)
    assert "ooo" not in str(error.value)
    assert "ccc" not in str(error.value)


def test_a_card_is_kept_out_of_reprs() -> None:
    body = compose_product_send(**ASKED, coupon_type=CouponType.MEMBER, member_card_id="card-1")
    sent = read_product_send(body)
    assert (sent.member_card_id, sent.coupon_type) == ("card-1", CouponType.MEMBER)
    assert "card-1" not in repr(sent)
    assert ASKED["openid"] not in repr(sent)


#: What may stand in any member, the words that tell the ways apart among them.
word = st.sampled_from(["coupon_type", "NORMAL", "product-coupons"]) | st.from_regex(
    r"[0-9A-Za-z_-]{1,20}", fullmatch=True
)


@given(openid=word, stock_id=word, number=word, code=st.none() | word)
def test_whatever_is_asked_for_the_bytes_name_their_way_and_fit_no_other(
    openid: str, stock_id: str, number: str, code: str | None
) -> None:
    asked = {"appid": "wx1", "openid": openid, "stock_id": stock_id, "out_request_no": number}
    for sending in SENDINGS.values():
        body = sending.compose(**asked, coupon_code=code)
        assert sending_of(body) is sending
        assert sending.read(body).coupon_code == code
    with pytest.raises(BadRequest):
        read_send(PRODUCT_COUPONS_SEND.compose(**asked))
    with pytest.raises(BadRequest):
        read_product_send(COUPONS_SEND.compose(**asked))


async def test_one_client_sends_both_each_to_its_own_endpoint_byte_for_byte(
    client: Client, platform: Platform
) -> None:
    answer = {name: ASKED[name] for name in ("stock_id", "out_request_no")} | {"coupon_code": "1"}
    platform.says(200, answer)
    bodies = [
        compose_send(**ASKED),
        # Spelt otherwise than we would: stored bytes are never made anew.
        json.dumps(ASKED | {"coupon_type": "NORMAL"}, indent=1).encode(),
    ]
    for body in bodies:
        outcome = await Busifavor(client, appid="wx1").send(body, earlier_open=False)
        assert (outcome.kind, outcome.coupon_code) == (Kind.SENT, "1")
    assert [(target, body) for _, target, _, body in platform.heard] == list(
        zip(SENDINGS, bodies, strict=True)
    )
