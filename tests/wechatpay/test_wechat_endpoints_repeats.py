"""Every endpoint in trouble, against the stand-in: a number repeated, an answer lost, a lie, a plain no.

One table names each endpoint with a call of ours; the README's test says that those are all we call.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from sandbox.wechatpay.errors import OTHER_DATA
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import Endpoint
from tests.wechatpay.real_wire import UPLOADED, USUAL, Wire, wire
from tests.world import OPENID
from wechatpay.callback_address import compose_callback
from wechatpay.deactivation import compose_deactivate
from wechatpay.errors import BadSignature, NoAnswer, Refused, Stale, Trouble, UnknownSerial, Unsigned
from wechatpay.send_request import CouponType, compose_send
from wechatpay.send_result import NextStep, SendResult, SendState
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


def _send(here: Wire, *, product: bool) -> Step:
    def body(openid: str) -> bytes:
        asked = {"appid": here.appid, "openid": openid, "stock_id": USUAL, "out_request_no": "N1"}
        return compose_send(**asked, coupon_type=CouponType.NORMAL if product else None)

    return Step(
        lambda: here.busifavor.send(body(OPENID), earlier_open=False),
        lambda: here.busifavor.send(body("oSOMEBODY_ELSE"), earlier_open=False),
    )


def _deactivate(here: Wire) -> Step:
    code = here.coupon().coupon_code

    def deactivate(reason: str) -> Awaitable[object]:
        body = compose_deactivate(
            coupon_code=code, stock_id=USUAL, deactivate_request_no="D1", deactivate_reason=reason
        )
        return here.busifavor.deactivate(body)

    return Step(lambda: deactivate("发错"), lambda: deactivate("错发"))


def _upload(here: Wire) -> Step:
    def upload(code: str) -> Awaitable[object]:
        body = compose_upload(coupon_code_list=[code], upload_request_no="UP1")
        return here.busifavor.upload_codes(UPLOADED, body)

    return Step(lambda: upload("A-1"), lambda: upload("A-2"))


async def _callback(here: Wire) -> Step:
    url = "https://merchant.example/n"
    await here.busifavor.set_callback(compose_callback(mchid=here.mchid, notify_url=url))
    return Step(here.busifavor.callback)


def _set_callback(here: Wire) -> Step:
    body = compose_callback(mchid=here.mchid, notify_url="https://merchant.example/n")

    async def put() -> object:
        return (await here.busifavor.set_callback(body)).notify_url

    return Step(put)


def _coupon(here: Wire) -> Step:
    code = here.coupon().coupon_code
    return Step(lambda: here.busifavor.coupon(openid=OPENID, coupon_code=code))


STEPS: dict[Endpoint, Callable[[Wire], Step | Awaitable[Step]]] = {
    Endpoint.SEND: lambda here: _send(here, product=False),
    Endpoint.PRODUCT_SEND: lambda here: _send(here, product=True),
    Endpoint.COUPONS: lambda here: Step(lambda: here.busifavor.coupon_page(openid=OPENID)),
    Endpoint.COUPON: _coupon,
    Endpoint.DEACTIVATE: _deactivate,
    Endpoint.STOCK: lambda here: Step(lambda: here.busifavor.stock(USUAL)),
    Endpoint.UPLOAD_CODES: _upload,
    Endpoint.SET_CALLBACK: _set_callback,
    Endpoint.CALLBACK: _callback,
}
#: Their outcome is a value, never an error.
SENDS = (Endpoint.SEND, Endpoint.PRODUCT_SEND)
#: Those whose number makes a repeat safe; the rest only read, or let the last one count.
NUMBERED = (*SENDS, Endpoint.DEACTIVATE, Endpoint.UPLOAD_CODES)
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
    return replace(result, request_id="") if isinstance(result, SendResult) else result


@pytest.mark.parametrize("endpoint", STEPS)
async def test_a_repeat_gives_the_first_result_by_the_same_bytes(here: Wire, endpoint: Endpoint) -> None:
    step = await step_of(here, endpoint)
    first = said(await step.act())
    coupons = len(here.wechatpay.ledger.coupons)
    assert said(await step.act()) == first
    one, again = here.heard(endpoint)[-2:]
    assert (one.method, one.url, one.body) == (again.method, again.url, again.body)
    assert (one.status, again.status) == (200, 200)
    assert len(here.wechatpay.ledger.coupons) == coupons


@pytest.mark.parametrize("endpoint", NUMBERED)
async def test_after_a_lost_answer_the_repeat_tells_what_was_done_and_does_nothing(
    here: Wire, endpoint: Endpoint
) -> None:
    step = await step_of(here, endpoint)
    here.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER), endpoint=endpoint)
    if endpoint in SENDS:
        lost = await step.act()
        assert (lost.state, lost.attempt_open, lost.next_step) == (SendState.UNKNOWN, True, NextStep.REPEAT)
    else:
        with pytest.raises(NoAnswer) as error:
            await step.act()
        assert (error.value.outcome_known, error.value.may_repeat) == (False, True)
    sentence = said(await step.act())
    assert said(await step.act()) == sentence
    assert len(here.wechatpay.ledger.coupons_of("N1")) <= 1


@pytest.mark.parametrize("endpoint", NUMBERED)
async def test_a_number_with_other_data_is_refused(here: Wire, endpoint: Endpoint) -> None:
    step = await step_of(here, endpoint)
    assert step.other is not None
    await step.act()
    if endpoint in SENDS:
        outcome = await step.other()
        assert (outcome.state, outcome.code) == (SendState.REFUSED, "INVALID_REQUEST")
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
        assert outcome.state is not SendState.SENT, kind
        assert OPENID not in outcome.message, kind
    assert (await step.act()).state is SendState.SENT
    assert len(here.wechatpay.ledger.coupons_of("N1")) == 1
    assert len({sent.body for sent in here.wechatpay.ledger.sends_of("N1")}) == 1
