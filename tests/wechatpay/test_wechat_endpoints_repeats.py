"""Every endpoint in trouble, against the stand-in: a number repeated, an answer lost, a lie, a plain no.

One table names each endpoint with a call of ours; a test below holds it complete.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from asked import TIME, new_stock, pay_body, return_body
from real_wire import OWN_CODES, UPLOADED, USUAL, Wire, wire

from sandbox.wechatpay.errors import OTHER_DATA
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import Coupon, CouponState, Endpoint
from tests.world import OPENID
from wechatpay.callback_address import compose_callback
from wechatpay.coupon_life import compose_deactivate, compose_order, compose_return, compose_use
from wechatpay.errors import BadSignature, NoAnswer, Refused, Stale, Trouble, UnknownSerial, Unsigned
from wechatpay.outcome import Kind, Outcome, Remedy
from wechatpay.product_coupons import CouponType, compose_product_send
from wechatpay.send_request import compose_send
from wechatpay.stocks import compose_budget, compose_patch
from wechatpay.uploaded_codes import compose_upload


@pytest.fixture
async def here() -> AsyncGenerator[Wire]:
    async with wire() as standing:
        yield standing


@dataclass(frozen=True, slots=True)
class Step:
    """`act` is one call of an endpoint; `other`, if there is a number, the same number with other data."""

    act: Callable[[], Awaitable[object]]
    other: Callable[[], Awaitable[object]] | None = None


def used(here: Wire) -> Coupon:
    coupon = here.coupon()
    here.wechatpay.mark(coupon, CouponState.USED)
    return coupon


def _send(here: Wire, *, product: bool) -> Step:
    def body(openid: str) -> bytes:
        asked = {"appid": here.appid, "openid": openid, "stock_id": USUAL, "out_request_no": "N1"}
        return (
            compose_product_send(**asked, coupon_type=CouponType.NORMAL) if product else compose_send(**asked)
        )

    return Step(
        lambda: here.busifavor.send(body(OPENID), earlier_open=False),
        lambda: here.busifavor.send(body("oSOMEBODY_ELSE"), earlier_open=False),
    )


def _use(here: Wire) -> Step:
    codes = here.coupon("N1").coupon_code, here.coupon("N2").coupon_code
    first, other = (
        compose_use(coupon_code=code, appid=here.appid, use_time=TIME, use_request_no="U1") for code in codes
    )
    return Step(lambda: here.busifavor.life.use(first), lambda: here.busifavor.life.use(other))


def _return(here: Wire) -> Step:
    code, another = used(here).coupon_code, here.coupon("N2").coupon_code

    def give_back(coupon_code: str) -> Awaitable[object]:
        body = compose_return(coupon_code=coupon_code, stock_id=USUAL, return_request_no="R1")
        return here.busifavor.life.give_back(body)

    return Step(lambda: give_back(code), lambda: give_back(another))


def _deactivate(here: Wire) -> Step:
    code = here.coupon().coupon_code

    def deactivate(reason: str) -> Awaitable[object]:
        body = compose_deactivate(
            coupon_code=code, stock_id=USUAL, deactivate_request_no="D1", deactivate_reason=reason
        )
        return here.busifavor.life.deactivate(body)

    return Step(lambda: deactivate("发错"), lambda: deactivate("错发"))


def _order(here: Wire, *, tie: bool) -> Step:
    life, code = here.busifavor.life, here.coupon("N1", OWN_CODES, "OWN-1").coupon_code

    def body(order: str, number: str) -> bytes:
        return compose_order(stock_id=OWN_CODES, coupon_code=code, out_trade_no=order, out_request_no=number)

    async def untie(order: str) -> object:
        await life.associate(body("T1", "TIED"))
        return await life.disassociate(body(order, "A1"))

    if tie:
        return Step(lambda: life.associate(body("T1", "A1")), lambda: life.associate(body("T2", "A1")))
    return Step(lambda: untie("T1"), lambda: untie("T2"))


def _make(here: Wire) -> Step:
    body = new_stock(here)
    return Step(
        lambda: here.busifavor.stocks.create(body),
        lambda: here.busifavor.stocks.create(body.replace("售后".encode(), b"x")),
    )


def _patch(here: Wire) -> Step:
    def patch(comment: str) -> Awaitable[object]:
        return here.busifavor.stocks.patch(USUAL, compose_patch(out_request_no="P1", comment=comment))

    return Step(lambda: patch("a"), lambda: patch("b"))


def _budget(here: Wire) -> Step:
    def raise_to(target: int) -> Awaitable[object]:
        body = compose_budget(
            modify_budget_request_no="B1", target_max_coupons=target, current_max_coupons=1_000_000
        )
        return here.busifavor.stocks.budget(USUAL, body)

    return Step(lambda: raise_to(2_000_000), lambda: raise_to(3_000_000))


def _upload(here: Wire) -> Step:
    def upload(code: str) -> Awaitable[object]:
        body = compose_upload(coupon_code_list=[code], upload_request_no="UP1")
        return here.busifavor.codes.upload(UPLOADED, body)

    return Step(lambda: upload("A-1"), lambda: upload("A-2"))


def _delete(here: Wire) -> Step:
    here.wechatpay.upload_codes(UPLOADED, ["A-1", "A-2"])
    codes = here.busifavor.codes
    return Step(
        lambda: codes.delete(UPLOADED, "A-1", delete_request_no="DEL-1"),
        lambda: codes.delete(UPLOADED, "A-2", delete_request_no="DEL-1"),
    )


def _pay(here: Wire) -> Step:
    body = pay_body(here, used(here).coupon_code)
    return Step(
        lambda: here.busifavor.subsidies.pay(body),
        lambda: here.busifavor.subsidies.pay(body.replace(b'"amount":500', b'"amount":501')),
    )


async def _paid(here: Wire) -> str:
    """A receipt that is settled."""
    paid = await here.busifavor.subsidies.pay(pay_body(here, used(here).coupon_code))
    await here.busifavor.subsidies.get(paid.subsidy_receipt_id)
    return paid.subsidy_receipt_id


async def _take_back(here: Wire) -> Step:
    await _paid(here)
    body = return_body(here, here.wechatpay.ledger.coupons[0].coupon_code)
    return Step(
        lambda: here.busifavor.subsidies.give_back(body),
        lambda: here.busifavor.subsidies.give_back(body.replace(b'"amount":200', b'"amount":201')),
    )


async def _returned(here: Wire) -> Step:
    await (await _take_back(here)).act()
    receipts = here.wechatpay.subsidies._returned
    return Step(lambda: here.busifavor.subsidies.get_return(next(iter(receipts))))


async def _receipt(here: Wire) -> Step:
    receipt_id = await _paid(here)
    return Step(lambda: here.busifavor.subsidies.get(receipt_id))


async def _receipts(here: Wire) -> Step:
    await _paid(here)
    code = here.wechatpay.ledger.coupons[0].coupon_code
    return Step(lambda: here.busifavor.subsidies.find(stock_id=USUAL, coupon_code=code))


async def _callback(here: Wire) -> Step:
    url = "https://merchant.example/n"
    await here.busifavor.callback.set(compose_callback(mchid=here.mchid, notify_url=url))
    return Step(here.busifavor.callback.get)


def _set_callback(here: Wire) -> Step:
    body = compose_callback(mchid=here.mchid, notify_url="https://merchant.example/n")

    async def put() -> object:
        return (await here.busifavor.callback.set(body)).notify_url

    return Step(put)


def _coupon(here: Wire) -> Step:
    code = here.coupon().coupon_code
    return Step(lambda: here.busifavor.coupon(openid=OPENID, coupon_code=code))


STEPS: dict[Endpoint, Callable[[Wire], Step | Awaitable[Step]]] = {
    Endpoint.SEND: lambda here: _send(here, product=False),
    Endpoint.PRODUCT_SEND: lambda here: _send(here, product=True),
    Endpoint.COUPONS: lambda here: Step(lambda: here.busifavor.coupon_page(openid=OPENID)),
    Endpoint.COUPON: _coupon,
    Endpoint.USE: _use,
    Endpoint.RETURN: _return,
    Endpoint.DEACTIVATE: _deactivate,
    Endpoint.ASSOCIATE: lambda here: _order(here, tie=True),
    Endpoint.DISASSOCIATE: lambda here: _order(here, tie=False),
    Endpoint.MAKE_STOCK: _make,
    Endpoint.STOCK: lambda here: Step(lambda: here.busifavor.stock(USUAL)),
    Endpoint.PATCH_STOCK: _patch,
    Endpoint.BUDGET: _budget,
    Endpoint.UPLOAD_CODES: _upload,
    Endpoint.CODES: lambda here: Step(lambda: here.busifavor.codes.page(UPLOADED)),
    Endpoint.CODE: lambda here: Step(lambda: here.busifavor.codes.get(UPLOADED, "UP-1")),
    Endpoint.DELETE_CODE: _delete,
    Endpoint.SET_CALLBACK: _set_callback,
    Endpoint.CALLBACK: _callback,
    Endpoint.PAY_SUBSIDY: _pay,
    Endpoint.SUBSIDIES: _receipts,
    Endpoint.SUBSIDY: _receipt,
    Endpoint.RETURN_SUBSIDY: _take_back,
    Endpoint.RETURNED_SUBSIDY: _returned,
}
#: Their outcome is a value, never an error.
SENDS = (Endpoint.SEND, Endpoint.PRODUCT_SEND)
#: Those whose number makes a repeat safe; the rest only read, or let the last one count.
NUMBERED = (
    *SENDS,
    Endpoint.USE,
    Endpoint.RETURN,
    Endpoint.DEACTIVATE,
    Endpoint.ASSOCIATE,
    Endpoint.DISASSOCIATE,
    Endpoint.MAKE_STOCK,
    Endpoint.PATCH_STOCK,
    Endpoint.BUDGET,
    Endpoint.UPLOAD_CODES,
    Endpoint.DELETE_CODE,
    Endpoint.PAY_SUBSIDY,
    Endpoint.RETURN_SUBSIDY,
)
#: The error of each kind of trouble; may the same call be made again without a person?
TROUBLES = {
    FaultKind.LOST_ANSWER: (NoAnswer, True),
    FaultKind.CUT_BEFORE: (NoAnswer, True),
    FaultKind.UNSIGNED: (Unsigned, True),
    FaultKind.BAD_SIGNATURE: (BadSignature, True),
    FaultKind.SIGNTEST: (BadSignature, True),
    FaultKind.WRONG_SERIAL: (UnknownSerial, True),
    FaultKind.STALE: (Stale, True),
    FaultKind.SYSTEM_ERROR_400: (Trouble, True),
    FaultKind.SYSTEM_ERROR_500: (Trouble, True),
    FaultKind.ACCEPTED_202: (Trouble, True),
    FaultKind.HTML_502: (Trouble, True),
    FaultKind.RATE_LIMITED: (Refused, True),
    FaultKind.NO_AUTH: (Refused, False),
    FaultKind.SIGN_ERROR: (Refused, False),
}


async def step_of(here: Wire, endpoint: Endpoint) -> Step:
    made = STEPS[endpoint](here)
    return made if isinstance(made, Step) else await made


def said(result: object) -> object:
    """Each answer has a Request-ID of its own; all else must be the same."""
    return replace(result, request_id="") if isinstance(result, Outcome) else result


def test_no_endpoint_of_the_product_is_left_out() -> None:
    assert set(STEPS) == set(Endpoint) - {Endpoint.CERTIFICATES}


@pytest.mark.parametrize("endpoint", STEPS)
async def test_a_repeat_gives_the_first_result_by_the_same_bytes(here: Wire, endpoint: Endpoint) -> None:
    step = await step_of(here, endpoint)
    first = said(await step.act())
    coupons = len(here.wechatpay.ledger.coupons)
    assert said(await step.act()) == first
    one, again = here.heard(endpoint)[-2:]
    assert (one.method, one.url, one.body) == (again.method, again.url, again.body)
    assert (one.status, again.status) == ((204, 204) if first is None else (200, 200))
    assert len(here.wechatpay.ledger.coupons) == coupons


@pytest.mark.parametrize("endpoint", NUMBERED)
async def test_after_a_lost_answer_the_repeat_tells_what_was_done_and_does_nothing(
    here: Wire, endpoint: Endpoint
) -> None:
    step = await step_of(here, endpoint)
    here.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER), endpoint=endpoint)
    if endpoint in SENDS:
        lost = await step.act()
        assert (lost.kind, lost.attempt_open, lost.remedy) == (Kind.UNKNOWN, True, Remedy.REPEAT)
    else:
        with pytest.raises(NoAnswer) as error:
            await step.act()
        assert (error.value.outcome_known, error.value.may_repeat) == (False, True)
    told = said(await step.act())
    assert said(await step.act()) == told
    assert len(here.wechatpay.ledger.coupons_of("N1")) <= 1


@pytest.mark.parametrize("endpoint", NUMBERED)
async def test_a_number_with_other_data_is_refused(here: Wire, endpoint: Endpoint) -> None:
    step = await step_of(here, endpoint)
    assert step.other is not None
    await step.act()
    if endpoint in SENDS:
        outcome = await step.other()
        assert (outcome.kind, outcome.code) == (Kind.REFUSED, "INVALID_REQUEST")
        request_id = outcome.request_id
    else:
        with pytest.raises(Refused) as error:
            await step.other()
        assert (error.value.code, error.value.verified) == ("INVALID_REQUEST", True)
        request_id = error.value.request_id
    assert request_id.endswith(f"-{OTHER_DATA}")


@pytest.mark.parametrize("endpoint", [each for each in STEPS if each not in SENDS])
async def test_all_trouble_comes_out_as_the_error_that_names_it(here: Wire, endpoint: Endpoint) -> None:
    step = await step_of(here, endpoint)
    for kind, (error, may_repeat) in TROUBLES.items():
        here.wechatpay.faults.queue(Fault(kind, seconds=0), endpoint=endpoint)
        with pytest.raises(error) as raised:
            await step.act()
        assert type(raised.value) is error, kind
        assert raised.value.may_repeat == may_repeat, kind
        assert OPENID not in str(raised.value), kind
        # A refusal is known; what is unsigned, like SIGN_ERROR, is not.
        assert raised.value.outcome_known == (kind in {FaultKind.RATE_LIMITED, FaultKind.NO_AUTH}), kind
    await step.act()


@pytest.mark.parametrize("endpoint", SENDS)
async def test_after_all_trouble_together_a_number_has_one_coupon(here: Wire, endpoint: Endpoint) -> None:
    step = await step_of(here, endpoint)
    for kind in TROUBLES:
        here.wechatpay.faults.queue(Fault(kind, seconds=0), endpoint=endpoint)
    for kind in TROUBLES:
        outcome = await step.act()
        assert outcome.kind is not Kind.SENT, kind
        assert OPENID not in outcome.message, kind
    assert (await step.act()).kind is Kind.SENT
    assert len(here.wechatpay.ledger.coupons_of("N1")) == 1
    assert len({sent.body for sent in here.wechatpay.ledger.sends_of("N1")}) == 1
