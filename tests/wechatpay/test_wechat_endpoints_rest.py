"""Uploaded codes and callback address, against the stand-in; and what any endpoint says no to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

import pytest

from sandbox.wechatpay.ledger import CouponState
from tests.wechatpay.real_wire import ODD_CODE, UPLOADED, USUAL, Wire, wire
from tests.world import OPENID
from wechatpay.callback_address import compose_callback
from wechatpay.deactivation import compose_deactivate
from wechatpay.errors import Refused
from wechatpay.reading import members_of
from wechatpay.records import read
from wechatpay.send_request import compose_send
from wechatpay.send_result import NextStep, SendState
from wechatpay.uploaded_codes import Upload, compose_upload


@pytest.fixture
async def here() -> AsyncGenerator[Wire]:
    async with wire() as standing:
        yield standing


# ---- Uploaded codes ---------------------------------------------------------------------------------------


async def test_each_uploaded_code_is_judged_by_itself(here: Wire) -> None:
    upload = await here.busifavor.upload_codes(
        UPLOADED, compose_upload(coupon_code_list=[ODD_CODE, "A", "A", "UP-1"], upload_request_no="UP1")
    )
    assert (upload.stock_id, upload.total_count, upload.success_count, upload.fail_count) == (
        UPLOADED,
        3,
        2,
        0,
    )
    assert (upload.success_codes, upload.exist_codes, upload.duplicate_codes) == (
        (ODD_CODE, "A"),
        ("UP-1",),
        ("A",),
    )
    assert upload.fail_codes == ()


async def test_a_code_that_is_not_taken_says_why(here: Wire) -> None:
    """Only another client uploads a code that is too long: ours are checked before."""
    place = f"/v3/marketing/busifavor/stocks/{UPLOADED}/couponcodes"
    body = b'{"coupon_code_list":["A","' + b"x" * 33 + b'"],"upload_request_no":"UP1"}'
    upload = read(Upload, members_of(await here.client.call("POST", place, body), hide=""))
    assert (upload.success_codes, upload.fail_count) == (("A",), 1)
    [failed] = upload.fail_codes
    assert (failed.coupon_code, failed.code, bool(failed.message)) == ("x" * 33, "LENGTH_LIMIT", True)


# ---- Callback address -------------------------------------------------------------------------------------


async def test_the_callback_address_is_the_last_one_that_was_set(here: Wire) -> None:
    for path in ("old", "new"):
        url = f"https://merchant.example/{path}"
        put = await here.busifavor.set_callback(compose_callback(mchid=here.mchid, notify_url=url))
        assert (put.notify_url, put.mchid, bool(put.update_time)) == (url, here.mchid, True)
    now = await here.busifavor.callback()
    assert (now.notify_url, now.mchid) == ("https://merchant.example/new", here.mchid)


# ---- What is refused --------------------------------------------------------------------------------------

NOBODY = "9999999999"


def _twice(here: Wire) -> Awaitable[object]:
    here.wechatpay.mark(here.coupon(), CouponState.DEACTIVATED)
    code = here.wechatpay.ledger.coupons[0].coupon_code
    return here.busifavor.deactivate(
        compose_deactivate(coupon_code=code, stock_id=USUAL, deactivate_request_no="D1")
    )


REFUSALS: dict[str, tuple[Callable[[Wire], Awaitable[object]], int, str]] = {
    "a stock of nobody": (lambda here: here.busifavor.stock(NOBODY), 404, "RESOURCE_NOT_EXISTS"),
    "a coupon of nobody": (
        lambda here: here.busifavor.coupon(openid=OPENID, coupon_code="NONE"),
        404,
        "RESOURCE_NOT_EXISTS",
    ),
    "a second deactivation": (_twice, 400, "INVALID_REQUEST"),
    "codes for a stock of another mode": (
        lambda here: here.busifavor.upload_codes(
            USUAL, compose_upload(coupon_code_list=["A"], upload_request_no="UP1")
        ),
        400,
        "INVALID_REQUEST",
    ),
    "an address that was not set": (
        lambda here: here.busifavor.callback(),
        404,
        "RESOURCE_NOT_EXISTS",
    ),
    "an address for another merchant": (
        lambda here: here.busifavor.set_callback(
            compose_callback(mchid="1900000999", notify_url="https://merchant.example/n")
        ),
        400,
        "MCH_NOT_EXISTS",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_no_is_a_signed_refusal_with_wechat_pays_code(here: Wire, what: str) -> None:
    act, status, code = REFUSALS[what]
    with pytest.raises(Refused) as error:
        await act(here)
    said = error.value
    assert (said.status, said.code, said.verified, said.outcome_known) == (status, code, True, True)
    assert said.request_id == here.wechatpay.ledger.requests[-1].request_id
    assert OPENID not in str(said)


async def test_a_refused_send_says_what_wechat_pay_says(here: Wire) -> None:
    here.wechatpay.stocks[USUAL] = replace(here.wechatpay.stocks[USUAL], max_coupons_per_user=1)
    here.coupon()
    body = compose_send(appid=here.appid, openid=OPENID, stock_id=USUAL, out_request_no="N2")
    outcome = await here.busifavor.send(body, earlier_open=False)
    assert (outcome.state, outcome.next_step, outcome.code) == (
        SendState.REFUSED,
        NextStep.FINAL,
        "RULE_LIMIT",
    )
    assert len(here.wechatpay.ledger.coupons) == 1
    stranger = compose_send(appid=here.appid, openid=OPENID, stock_id=NOBODY, out_request_no="N3")
    outcome = await here.busifavor.send(stranger, earlier_open=False)
    assert (outcome.state, outcome.status, outcome.code) == (SendState.REFUSED, 404, "RESOURCE_NOT_EXISTS")
