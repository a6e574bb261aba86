"""Asks WeChat Pay something that gives nothing, so that `/readyz` tells the truth without a send."""

from __future__ import annotations

import asyncio

from bot.needs import Need
from bot.readiness import Readiness, until_reached
from bot.troubles import Troubles
from wechatpay.answers import Failure
from wechatpay.certificates import CERTIFICATES_TARGET
from wechatpay.client import Client
from wechatpay.errors import NoAnswer

_EVERY_S = 30.0


async def prove_answers(wechatpay: Client, *, every_s: float = _EVERY_S) -> None:
    """While answers cannot be verified, until it is cancelled. Any genuine answer will do, a refusal too."""
    while True:
        await asyncio.sleep(every_s)
        if wechatpay.trust.problem is not None:
            await wechatpay.call("GET", CERTIFICATES_TARGET)


async def reach_wechatpay(wechatpay: Client, readiness: Readiness, troubles: Troubles) -> None:
    """Until it answers. Nothing needs downloading in public-key mode: this only tells `/readyz`."""

    async def probe() -> None:
        came_back = await wechatpay.call("GET", CERTIFICATES_TARGET)
        # Any answer will do: merchants with only the public key get a 404 here.
        if isinstance(came_back, Failure):
            raise NoAnswer(came_back.code, came_back.message)

    await until_reached(
        probe,
        need=Need.WECHATPAY,
        sentence="WeChat Pay does not answer",
        healing=(NoAnswer,),
        readiness=readiness,
        troubles=troubles,
    )
