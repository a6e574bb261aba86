"""The end of the last platform certificate is told a month before, as long as no successor is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.clock import utc_ms
from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import load_settings
from bot.service import Service
from bot.wechatpay_client import wechatpay_client
from tests.world import COUPON_TOML, keys
from wechatpay.keyring import PlatformKey

DAY = 86_400
KEY = PlatformKey("0A", rsa.generate_private_key(65537, 2048).public_key(), begins=0)


@pytest.mark.parametrize(
    ("days", "expected"),
    [([31], False), ([29], True), ([29, 400], False), ([29, None], False), ([2, 29], True), ([], False)],
)
async def test_a_month_before_the_last_certificate_ends_the_operator_is_told(
    tmp_path: Path, days: Sequence[int | None], expected: bool
) -> None:
    merchant = keys().merchant
    (tmp_path / "coupon.toml").write_text(COUPON_TOML)
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "WECHATPAY_MCHID": merchant.mchid,
            "WECHATPAY_APPID": merchant.appid,
            "WECHATPAY_SERIAL_NO": merchant.serial_no,
            "WECHATPAY_PRIVATE_KEY": merchant.private_key_pem,
            "WECHATPAY_APIV3_KEY": merchant.apiv3_key,
        }
    )
    lines: list[dict[str, object]] = []

    def keep(_logger: object, _level: str, event: structlog.typing.EventDict) -> str:
        lines.append(dict(event))
        raise structlog.DropEvent

    logger = structlog.wrap_logger(None, processors=[keep], wrapper_class=structlog.stdlib.BoundLogger)
    service = Service(settings, load_coupon_toml(tmp_path / "coupon.toml"), logger=logger)
    now = utc_ms() // 1000
    async with wechatpay_client(settings) as client:
        client.keys.fix(
            replace(KEY, serial_no=f"0{at}", ends=None if day is None else now + day * DAY)
            for at, day in enumerate(days)
        )
        service._warn_of_the_end(client)
    assert [line["event"] for line in lines] == (["certificate_ends"] if expected else [])
