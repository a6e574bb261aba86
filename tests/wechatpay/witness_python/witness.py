"""Does the merchant's business with wechatpayv3, found in the folder named by the only argument.

Orders come as JSON on stdin; what it saw goes out on stdout.

Its own promise is in what it raises: an answer whose signature does not hold ends this process with an error.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.type import RequestType

BUSIFAVOR = "/v3/marketing/busifavor"


def client(orders: dict[str, Any], folder: Path) -> WeChatPay:
    merchant = orders["merchant"]
    settings: dict[str, Any] = {"timeout": 10}
    if orders["mode"] == "public_key":
        settings |= {
            "public_key": merchant["public_key_pem"],
            "public_key_id": merchant["public_key_id"],
        }
    else:
        # It would download before its gateway can be set; a file spares it that. The download comes below.
        (folder / "platform.pem").write_text(orders["certificate_pem"], encoding="utf-8")
        settings["cert_dir"] = str(folder)
    made = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=merchant["mchid"],
        private_key=merchant["private_key_pem"],
        cert_serial_no=merchant["serial_no"],
        appid=merchant["appid"],
        apiv3_key=merchant["apiv3_key"],
        **settings,
    )
    made._core._gate_way = orders["url"]
    if orders["mode"] != "public_key":
        made._core._update_certificates()
        if len(made._core._certificates) != 1:
            raise RuntimeError("no certificate came of the download")
    return made


def main() -> None:
    orders = json.loads(sys.stdin.read())
    merchant, stock_id, openid = orders["merchant"], orders["stock_id"], orders["openid"]
    with tempfile.TemporaryDirectory() as folder:
        pay = client(orders, Path(folder))

    def send(number: str, stock: str) -> tuple[int, Any]:
        members = {
            "openid": openid,
            "appid": merchant["appid"],
            "stock_id": stock,
            "out_request_no": number,
        }
        status, text = pay._core.request(f"{BUSIFAVOR}/coupons/send", method=RequestType.POST, data=members)
        return status, json.loads(text)

    def answered(answer: tuple[int, Any]) -> tuple[int, Any]:
        status, text = answer
        return status, json.loads(text) if text else None

    seen: dict[str, Any] = {"send": send("PY_1", stock_id), "again": send("PY_1", stock_id)}
    code = seen["send"][1]["coupon_code"]
    seen["coupons"] = answered(
        pay.marketing_busifavor_user_coupon(openid, stock_id=stock_id, creator_merchant=merchant["mchid"])
    )
    seen["coupon"] = answered(pay.marketing_busifavor_coupon_detail(code, openid))
    seen["stock"] = answered(pay.marketing_busifavor_stock_query(stock_id))
    seen["refused"] = send("PY_2", "99")
    seen["associated"] = answered(pay.marketing_busifavor_coupon_associate(stock_id, code, "T1", "A1"))
    seen["disassociated"] = answered(pay.marketing_busifavor_coupon_disassociate(stock_id, code, "T1", "D1"))
    seen["used"] = answered(
        pay.marketing_busifavor_coupon_use(code, "2026-01-01T00:00:00+08:00", "U1", stock_id=stock_id)
    )
    seen["returned"] = answered(pay.marketing_busifavor_coupon_return(code, stock_id, "R1"))
    seen["deactivated"] = answered(
        pay.marketing_busifavor_coupon_deactivate(code, stock_id, "X1", "sent in error")
    )
    seen["made"] = answered(pay.marketing_busifavor_stock_create(**orders["new_stock"]))
    made = seen["made"][1]["stock_id"]
    seen["changed"] = answered(pay.marketing_busifavor_stock_modify(made, "M1", comment="changed"))
    seen["budget"] = answered(
        pay.marketing_busifavor_stock_budget(made, "B1", target_max_coupons=20, current_max_coupons=10)
    )
    seen["uploaded"] = answered(pay.marketing_busifavor_couponcode_upload(made, "UP1", ["A-1", "A-2"]))
    seen["callback"] = answered(pay.marketing_busifavor_callback_update(notify_url=orders["notify_url"]))
    seen["callback_read"] = answered(pay.marketing_busifavor_callback_query())
    seen["sent_of_made"] = send("PY_3", made)
    notice = orders["notice"]
    seen["notice"] = pay.callback(notice["headers"], notice["body"])
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
