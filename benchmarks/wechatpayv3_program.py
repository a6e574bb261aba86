"""Run by a Python that has wechatpayv3: sends coupons from 64 threads, prints how many a second.

Reads one JSON object on standard input; knows nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

_THREADS = 64


def main() -> None:
    """`url`, `certificate_pem`, the merchant's account, `stock_id`, and how many `sends`."""
    asked = json.load(sys.stdin)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as trusted:
        trusted.write(asked["certificate_pem"])
        trusted.flush()
        os.environ["REQUESTS_CA_BUNDLE"] = trusted.name
        print(_sends_per_second(asked))


def _sends_per_second(asked: dict[str, str | int]) -> float:
    # After the environment is set, and not at all where only the type checker looks.
    from wechatpayv3 import WeChatPay, WeChatPayType  # noqa: PLC0415
    from wechatpayv3.type import RequestType  # noqa: PLC0415

    sdk = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=asked["mchid"],
        private_key=asked["private_key"],
        cert_serial_no=asked["serial_no"],
        appid=asked["appid"],
        apiv3_key=asked["apiv3_key"],
        public_key=asked["public_key"],
        public_key_id=asked["public_key_id"],
        timeout=10,
    )
    # It has neither busifavor's send nor a setting for the host; its own request does all the work.
    sdk._core._gate_way = asked["url"]  # noqa: SLF001

    def send(number: int) -> None:
        status, text = sdk._core.request(  # noqa: SLF001
            "/v3/marketing/busifavor/coupons/send",
            method=RequestType.POST,
            data={
                "openid": f"oUpF8uMuAJO_M2pxb1Q9{number:08d}",
                "appid": asked["appid"],
                "stock_id": asked["stock_id"],
                "out_request_no": f"v3-{number:024d}",
            },
        )
        if status != 200:
            raise RuntimeError(f"wechatpayv3's send was answered {status}: {text}")

    sends = int(asked["sends"])
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(send, range(_THREADS)))  # connections first
        started = time.perf_counter()
        list(pool.map(send, range(_THREADS, _THREADS + sends)))
        return sends / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
