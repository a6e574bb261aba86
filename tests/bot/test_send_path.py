"""WECHATPAY_SEND_PATH: what it may say, and what it decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.config.settings import SettingsProblems, load_settings
from coupons.model import CodeMode
from wechatpay.busifavor import Busifavor
from wechatpay.errors import BadRequest
from wechatpay.issuer import WechatPayIssuer
from wechatpay.send_request import read_send

BASE = "/v3/marketing/busifavor"
USUAL, OTHER = f"{BASE}/coupons/send", f"{BASE}/product-coupons/send"
NEEDED = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "WECHATPAY_MCHID": "1900000001",
    "WECHATPAY_APPID": "wxd678efh567hg6787",
    "WECHATPAY_SERIAL_NO": "3775B6A45ACD588826D15E583A95F5DD0123ABCD",
    "WECHATPAY_PRIVATE_KEY": "PEM",
    "WECHATPAY_APIV3_KEY": "k" * 32,
}


@pytest.mark.parametrize(
    ("given", "path"),
    [({}, USUAL), ({"WECHATPAY_SEND_PATH": ""}, USUAL)]
    + [({"WECHATPAY_SEND_PATH": path}, path) for path in (USUAL, OTHER)],
)
def test_it_is_one_of_two_paths_and_the_usual_one_when_nothing_is_said(
    given: dict[str, str], path: str
) -> None:
    assert load_settings(NEEDED | given).wechatpay_send_path == path


@pytest.mark.parametrize(
    "path",
    [OTHER + "/", OTHER.upper(), "product-coupons/send", f"https://api.mch.weixin.qq.com{USUAL}", "coupons"],
)
def test_anything_else_is_one_problem_in_one_sentence(path: str) -> None:
    with pytest.raises(SettingsProblems) as error:
        load_settings(NEEDED | {"WECHATPAY_SEND_PATH": path})
    assert error.value.problems == (
        f"WECHATPAY_SEND_PATH reads {path[:60]!a}{'...' * (len(path) > 60)}; it must be {USUAL} or {OTHER}",
    )


def composed(path: str, code_mode: CodeMode) -> bytes:
    # Composing needs no wire.
    busifavor: Any = None
    issuer = WechatPayIssuer(busifavor, appid="wxd678efh567hg6787", send_path=path)
    return issuer.compose(out_request_no="N1", openid="oUpF8uMuAJO", stock_id="1212", code_mode=code_mode)


@pytest.mark.parametrize("code_mode", CodeMode)
def test_the_other_path_has_one_member_more_and_never_a_card(code_mode: CodeMode) -> None:
    usual, other = (json.loads(composed(path, code_mode)) for path in (USUAL, OTHER))
    assert other == usual | {"coupon_type": "NORMAL"}
    assert ("coupon_code" in usual) == (code_mode is CodeMode.MERCHANT_API)


@pytest.mark.parametrize("path", [USUAL, OTHER])
def test_bytes_say_themselves_what_they_were_composed_for(path: str) -> None:
    sent = read_send(composed(path, CodeMode.WECHATPAY_MODE))
    assert (sent.target, sent.out_request_no) == (path, "N1")


@pytest.mark.parametrize(
    "body", [b'{"coupon_type":"NORMAL"}', b'{"note":"coupon_type"}', b"", b'["coupon_type"]']
)
async def test_bytes_of_neither_way_go_nowhere(body: bytes) -> None:
    no_wire: Any = None
    with pytest.raises(BadRequest):
        await Busifavor(no_wire, appid="wx1").send(body, earlier_open=True)
