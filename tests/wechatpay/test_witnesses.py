"""The stand-in is a WeChat Pay to clients written by others, in two languages.

Where they cannot be fetched the tests are skipped and say so; see `witness_install` for what CI makes of it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest
from aiohttp import web

from sandbox.wechatpay import (
    DAY_MS,
    Fault,
    FaultKind,
    KeyMaterial,
    KeyMode,
    Stock,
    WeChatPay,
    make_keys,
    rfc3339,
    system_clock,
)
from tests.wechatpay import witness_install

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
STOCK = Stock("1212121212", notify_appid="wx8888888888888888")
Command = list[str]


@cache
def keys() -> KeyMaterial:
    return make_keys()


# Of the module, so that what cannot be fetched is tried once.
@pytest.fixture(scope="module", params=[witness_install.in_python, witness_install.in_node])
def witness(request: pytest.FixtureRequest) -> Command:
    command: Command = request.param()
    return command


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """An address for notifications, and what came there."""
    came: list[dict[str, Any]] = []

    async def take(request: web.BaseRequest) -> web.Response:
        came.append({"headers": dict(request.headers), "body": (await request.read()).decode()})
        return web.Response(status=204)

    runner = web.ServerRunner(web.Server(take))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/wechatpay/notify", came
    finally:
        await runner.cleanup()


def new_stock(mchid: str) -> dict[str, Any]:
    now_ms = system_clock()
    return {
        "stock_name": "八月一日活动券",
        "belong_merchant": mchid,
        "goods_name": "全场商品",
        "stock_type": "NORMAL",
        "coupon_use_rule": {
            "coupon_available_time": {
                "available_begin_time": rfc3339(now_ms - DAY_MS),
                "available_end_time": rfc3339(now_ms + 90 * DAY_MS),
            },
            "fixed_normal_coupon": {"discount_amount": 500, "transaction_minimum": 501},
            "use_method": "OFF_LINE",
        },
        "stock_send_rule": {"max_coupons": 10, "max_coupons_per_user": 2},
        "out_request_no": "S1",
        "coupon_code_mode": "MERCHANT_UPLOAD",
    }


async def ask(command: Command, url: str, mode: KeyMode, notify_url: str, notice: Any) -> tuple[Any, str]:
    """What the witness saw (None where it stopped), and its last words."""
    merchant, certificate = keys().merchant, keys().certificate
    orders = {
        "url": url,
        "mode": mode,
        "merchant": asdict(merchant),
        "certificate_serial": certificate.serial,
        "certificate_pem": certificate.certificate_pem,
        "stock_id": STOCK.stock_id,
        "openid": OPENID,
        "new_stock": new_stock(merchant.mchid),
        "notify_url": notify_url,
        "notice": notice,
    }
    # No proxy between the witness and loopback, whatever the machine is set to.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(60):
            out, words = await process.communicate(json.dumps(orders).encode())
    finally:
        if process.returncode is None:
            process.kill()
    return (json.loads(out) if process.returncode == 0 else None), words.decode()


async def a_notice(pay: WeChatPay) -> dict[str, Any]:
    """A real one, made by the stand-in for the witness to open."""
    async with receiver() as (url, came):
        await pay.notify(pay.ledger.coupons[0], url)
    return came[0]


@pytest.mark.parametrize("mode", [KeyMode.PUBLIC_KEY, KeyMode.CERTIFICATE])
async def test_another_client_does_its_business_with_the_stand_in_and_believes_every_answer(
    witness: Command, mode: KeyMode
) -> None:
    pay = WeChatPay(keys(), stocks=[STOCK], mode=mode, notify_sends=True)
    pay.give(OPENID, STOCK.stock_id, "SEEN")
    notice = await a_notice(pay)
    async with receiver() as (notify_url, came), pay.serve() as running:
        seen, words = await ask(witness, running.url, mode, notify_url, notice)
        async with asyncio.timeout(60):
            await pay.ledger.until(lambda ledger: all(notice.done for notice in ledger.notices))
    assert seen is not None, words
    assert {request.verdict for request in pay.ledger.requests} == {"ok"}

    status, sent = seen["send"]
    assert status == 200
    assert seen["again"] == [200, sent], "the same number gives the same coupon"
    status, page = seen["coupons"]
    assert (status, page["total_count"]) == (200, 2)
    assert sent["coupon_code"] in [coupon["coupon_code"] for coupon in page["data"]]
    assert seen["coupon"][1]["send_request_no"] == sent["out_request_no"]
    assert seen["stock"][1]["send_count_information"]["total_send_num"] == 2
    assert (seen["refused"][0], seen["refused"][1]["code"]) == (404, "RESOURCE_NOT_EXISTS")
    for step in ("associated", "disassociated", "used", "returned", "deactivated"):
        assert seen[step][0] == 200, seen[step]
    assert seen["made"][0] == 200
    assert seen["changed"] == [204, None]
    assert seen["budget"] == [200, {"max_coupons": 20}]
    assert seen["uploaded"][1]["success_codes"] == ["A-1", "A-2"]
    assert seen["sent_of_made"][1]["coupon_code"] in ("A-1", "A-2")
    assert seen["callback_read"] == [
        200,
        {"notify_url": notify_url, "mchid": keys().merchant.mchid},
    ]
    assert seen["notice"]["event_type"] == "COUPON.SEND"
    assert seen["notice"]["resource"]["openid"] == OPENID
    assert seen["notice"]["resource"]["coupon_code"] == pay.ledger.coupons[0].coupon_code
    assert len(came) == 1, "the send after the address was set is told by itself"


async def test_another_client_does_not_believe_a_forged_answer_of_the_stand_in(witness: Command) -> None:
    pay = WeChatPay(keys(), stocks=[STOCK])
    pay.give(OPENID, STOCK.stock_id, "SEEN")
    notice = await a_notice(pay)
    pay.faults.queue(Fault(FaultKind.BAD_SIGNATURE))
    async with pay.serve() as running:
        seen, words = await ask(witness, running.url, KeyMode.PUBLIC_KEY, running.url, notice)
    assert seen is None
    assert "verify" in words.lower()
    assert [request.fault for request in pay.ledger.requests] == ["bad_signature"]
