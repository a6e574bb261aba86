"""Asks WeChat Pay something that gives nothing, so that `/readyz` tells the truth without a send."""

from __future__ import annotations

import asyncio
from functools import partial

from bot.needs import Need
from bot.readiness import Readiness, until_reached
from bot.troubles import Troubles
from wechatpay import Client, WechatPayError
from wechatpay.answers import Failure, complaint
from wechatpay.certificates import CERTIFICATES_TARGET
from wechatpay.errors import NoAnswer

_EVERY_S = 30.0
#: What a 404 without a code of WeChat Pay's is called.
NOT_THERE = "HTTP_404"
WRONG_ADDRESS = (
    "what answers at WECHATPAY_API_URL says 404 (not found), and nothing that WeChat Pay would say: correct "
    "the address, or take the proxy out of the way"
)


async def prove_answers(wechatpay: Client, *, every_s: float = _EVERY_S) -> None:
    """While answers cannot be verified, until it is cancelled. Any genuine answer will do, a refusal too."""
    while True:
        await asyncio.sleep(every_s)
        if wechatpay.trust.problem is not None:
            await wechatpay.call("GET", CERTIFICATES_TARGET)


def why_not(error: Exception, *, otherwise: str) -> str:
    """For `/readyz`: a wrong address is no outage that ends by waiting."""
    return WRONG_ADDRESS if isinstance(error, WechatPayError) and error.code == NOT_THERE else otherwise


async def reach_wechatpay(wechatpay: Client, readiness: Readiness, troubles: Troubles) -> None:
    """Until it answers. Nothing needs downloading in public-key mode: this only tells `/readyz`."""

    async def probe() -> None:
        came_back = await wechatpay.call("GET", CERTIFICATES_TARGET)
        # Any answer of WeChat Pay's will do: merchants with only the public key get a 404 with a code here.
        if isinstance(came_back, Failure):
            raise NoAnswer(came_back.code, came_back.message)
        if complaint(came_back.answer, hide="").code == NOT_THERE:
            raise NoAnswer(NOT_THERE, WRONG_ADDRESS)

    await until_reached(
        probe,
        need=Need.WECHATPAY,
        sentence=partial(why_not, otherwise="WeChat Pay does not answer"),
        healing=(NoAnswer,),
        readiness=readiness,
        troubles=troubles,
    )
