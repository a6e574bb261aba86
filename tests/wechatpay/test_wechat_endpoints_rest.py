"""Uploaded codes, callback address and subsidy, against the stand-in; and what any endpoint says no to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

import pytest
from asked import TIME, new_stock, pay_body, return_body
from real_wire import ODD_CODE, REFUND, UPLOADED, USUAL, Wire, wire

from sandbox.wechatpay.ledger import CouponState
from tests.world import OPENID
from wechatpay import subsidy
from wechatpay.callback_address import compose_callback
from wechatpay.coupon_life import compose_deactivate, compose_order, compose_return, compose_use
from wechatpay.errors import Refused
from wechatpay.outcome import Kind, Remedy
from wechatpay.reading import members_of
from wechatpay.records import read
from wechatpay.send_request import compose_send
from wechatpay.stocks import compose_budget, compose_patch
from wechatpay.uploaded_codes import CodeStatus, Upload, compose_upload


@pytest.fixture
async def here() -> AsyncGenerator[Wire]:
    async with wire() as standing:
        yield standing


# ---- Uploaded codes ---------------------------------------------------------------------------------------


async def test_each_uploaded_code_is_judged_by_itself(here: Wire) -> None:
    upload = await here.busifavor.codes.upload(
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


async def test_codes_are_listed_by_pages_and_state_and_one_by_one(here: Wire) -> None:
    coupon = here.coupon("N1", UPLOADED)
    here.wechatpay.upload_codes(UPLOADED, [ODD_CODE, "A-2"])
    codes = here.busifavor.codes
    first = await codes.page(UPLOADED, limit=2)
    rest = await codes.page(UPLOADED, offset=2, limit=2)
    assert (first.total_count, first.offset, first.limit, first.stock_id) == (3, 0, 2, UPLOADED)
    assert [each.code for each in (*first.data, *rest.data)] == ["UP-1", ODD_CODE, "A-2"]
    free = await codes.page(UPLOADED, status=CodeStatus.AVAILABLE)
    assert [(each.code, each.code_status) for each in free.data] == [
        (ODD_CODE, CodeStatus.AVAILABLE),
        ("A-2", CodeStatus.AVAILABLE),
    ]
    given = await codes.get(UPLOADED, "UP-1")
    assert (given.code_status, given.openid, given.coupon_code) == (
        CodeStatus.DISPATCHED,
        OPENID,
        coupon.coupon_code,
    )
    assert given.coupon is not None
    assert (given.coupon.send_request_no, given.coupon.coupon_state) == ("N1", "SENDED")
    assert OPENID not in repr(given)
    lone = await codes.get(UPLOADED, ODD_CODE)
    assert (lone.code, lone.coupon, lone.dispatched_time) == (ODD_CODE, None, None)


async def test_a_free_code_is_deleted(here: Wire) -> None:
    here.wechatpay.upload_codes(UPLOADED, [ODD_CODE])
    deleted = await here.busifavor.codes.delete(UPLOADED, ODD_CODE, delete_request_no="DEL-1")
    assert (deleted.stock_id, bool(deleted.delete_time)) == (UPLOADED, True)
    assert [each.code for each in (await here.busifavor.codes.page(UPLOADED)).data] == ["UP-1"]


# ---- Callback address, subsidy ----------------------------------------------------------------------------


async def test_the_callback_address_is_the_last_one_that_was_set(here: Wire) -> None:
    for path in ("old", "new"):
        url = f"https://merchant.example/{path}"
        put = await here.busifavor.callback.set(compose_callback(mchid=here.mchid, notify_url=url))
        assert (put.notify_url, put.mchid, bool(put.update_time)) == (url, here.mchid, True)
    now = await here.busifavor.callback.get()
    assert (now.notify_url, now.mchid) == ("https://merchant.example/new", here.mchid)


async def test_a_subsidy_is_paid_settled_found_and_taken_back(here: Wire) -> None:
    code = here.coupon().coupon_code
    here.wechatpay.mark(here.wechatpay.ledger.coupons[0], CouponState.USED)
    subsidies = here.busifavor.subsidies
    paid = await subsidies.pay(pay_body(here, code))
    assert (paid.status, paid.amount) == (subsidy.PayReceiptStatus.ACCEPTED, 500)
    settled = await subsidies.get(paid.subsidy_receipt_id)
    assert (settled.status, bool(settled.success_time)) == (subsidy.PayReceiptStatus.SUCCESS, True)
    for number, found in ((None, (settled,)), ("SUB-1", (settled,)), ("SUB-2", ())):
        assert await subsidies.find(stock_id=USUAL, coupon_code=code, out_subsidy_no=number) == found, number
    back = await subsidies.give_back(return_body(here, code))
    assert (back.status, back.subsidy_receipt_id) == (
        subsidy.ReturnReceiptStatus.ACCEPTED,
        paid.subsidy_receipt_id,
    )
    assert back.subsidy_return_receipt_id is not None
    done = await subsidies.get_return(back.subsidy_return_receipt_id)
    assert (done.status, done.refund_id) == (subsidy.ReturnReceiptStatus.SUCCESS, REFUND)
    after = await subsidies.get(paid.subsidy_receipt_id)
    assert after.status is subsidy.PayReceiptStatus.PARTIAL_RETURN


async def test_a_subsidy_that_failed_says_why(here: Wire) -> None:
    code = here.coupon().coupon_code
    here.wechatpay.mark(here.wechatpay.ledger.coupons[0], CouponState.USED)
    here.wechatpay.subsidies.failures.append(subsidy.FailReason.PAY_INSUFFICIENT_BALANCE)
    paid = await here.busifavor.subsidies.pay(pay_body(here, code))
    failed = await here.busifavor.subsidies.get(paid.subsidy_receipt_id)
    assert (failed.status, failed.fail_reason) == (
        subsidy.PayReceiptStatus.FAIL,
        subsidy.FailReason.PAY_INSUFFICIENT_BALANCE,
    )


# ---- What is refused --------------------------------------------------------------------------------------

NOBODY = "9999999999"


def _of_unused(here: Wire) -> Awaitable[object]:
    return here.busifavor.subsidies.pay(pay_body(here, here.coupon().coupon_code))


def _twice(here: Wire) -> Awaitable[object]:
    here.wechatpay.mark(here.coupon(), CouponState.DEACTIVATED)
    code = here.wechatpay.ledger.coupons[0].coupon_code
    return here.busifavor.life.deactivate(
        compose_deactivate(coupon_code=code, stock_id=USUAL, deactivate_request_no="D1")
    )


def _given_code(here: Wire) -> Awaitable[object]:
    here.coupon("N1", UPLOADED)
    return here.busifavor.codes.delete(UPLOADED, "UP-1", delete_request_no="DEL-1")


def _use(here: Wire, *, appid: str, openid: str = OPENID) -> Awaitable[object]:
    code = here.coupon().coupon_code
    return here.busifavor.life.use(
        compose_use(coupon_code=code, appid=appid, use_time=TIME, use_request_no="U1", openid=openid)
    )


REFUSALS: dict[str, tuple[Callable[[Wire], Awaitable[object]], int, str]] = {
    "a stock of nobody": (lambda here: here.busifavor.stock(NOBODY), 404, "RESOURCE_NOT_EXISTS"),
    "a stock for another merchant": (
        lambda here: here.busifavor.stocks.create(new_stock(here, belong_merchant="1900000999")),
        400,
        "MCH_NOT_EXISTS",
    ),
    "a patch of nobody's stock": (
        lambda here: here.busifavor.stocks.patch(NOBODY, compose_patch(out_request_no="P1")),
        404,
        "RESOURCE_NOT_EXISTS",
    ),
    "a raise from what the budget is not": (
        lambda here: here.busifavor.stocks.budget(
            USUAL,
            compose_budget(modify_budget_request_no="B1", target_max_coupons=9, current_max_coupons=8),
        ),
        400,
        "INVALID_REQUEST",
    ),
    "a coupon of nobody": (
        lambda here: here.busifavor.coupon(openid=OPENID, coupon_code="NONE"),
        404,
        "RESOURCE_NOT_EXISTS",
    ),
    "a use with an AppID of somebody else's": (
        lambda here: _use(here, appid="wx0000000000000000"),
        400,
        "APPID_MCHID_NOT_MATCH",
    ),
    "a use by another customer": (
        lambda here: _use(here, appid=here.appid, openid="oSOMEBODY_ELSE"),
        400,
        "INVALID_REQUEST",
    ),
    "a second deactivation": (_twice, 400, "INVALID_REQUEST"),
    "untying what is not tied": (
        lambda here: here.busifavor.life.disassociate(
            compose_order(
                stock_id=USUAL,
                coupon_code=here.coupon().coupon_code,
                out_trade_no="T1",
                out_request_no="A1",
            )
        ),
        400,
        "INVALID_REQUEST",
    ),
    "giving back what was not used": (
        lambda here: here.busifavor.life.give_back(
            compose_return(coupon_code=here.coupon().coupon_code, stock_id=USUAL, return_request_no="R1")
        ),
        400,
        "INVALID_REQUEST",
    ),
    "codes for a stock of another mode": (
        lambda here: here.busifavor.codes.upload(
            USUAL, compose_upload(coupon_code_list=["A"], upload_request_no="UP1")
        ),
        400,
        "INVALID_REQUEST",
    ),
    "a code that is not there": (
        lambda here: here.busifavor.codes.get(UPLOADED, "NONE"),
        404,
        "RESOURCE_NOT_EXISTS",
    ),
    "deleting a code that was given": (_given_code, 400, "INVALID_REQUEST"),
    "an address that was not set": (
        lambda here: here.busifavor.callback.get(),
        404,
        "RESOURCE_NOT_EXISTS",
    ),
    "an address for another merchant": (
        lambda here: here.busifavor.callback.set(
            compose_callback(mchid="1900000999", notify_url="https://merchant.example/n")
        ),
        400,
        "MCH_NOT_EXISTS",
    ),
    "a subsidy for a coupon that was not used": (_of_unused, 400, "INVALID_REQUEST"),
    "a receipt of nobody": (lambda here: here.busifavor.subsidies.get("1"), 404, "RESOURCE_NOT_EXISTS"),
    "a return receipt of nobody": (
        lambda here: here.busifavor.subsidies.get_return("1"),
        404,
        "RESOURCE_NOT_EXISTS",
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
    assert (outcome.kind, outcome.remedy, outcome.code) == (Kind.REFUSED, Remedy.FINAL, "RULE_LIMIT")
    assert len(here.wechatpay.ledger.coupons) == 1
    stranger = compose_send(appid=here.appid, openid=OPENID, stock_id=NOBODY, out_request_no="N3")
    outcome = await here.busifavor.send(stranger, earlier_open=False)
    assert (outcome.kind, outcome.status, outcome.code) == (Kind.REFUSED, 404, "RESOURCE_NOT_EXISTS")
