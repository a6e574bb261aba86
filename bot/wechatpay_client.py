"""The client of WeChat Pay out of the settings: for the bot, and for the commands that ask WeChat Pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.clock import utc_ms
from bot.config.settings import WechatpaySettings
from coupons.ports import Clock
from wechatpay import Client, load_merchant, load_public_key, read_apiv3_key
from wechatpay.errors import BadSetting
from wechatpay.keyring import PlatformKey
from wechatpay.keys import Merchant
from wechatpay.skew import Tell

T = TypeVar("T")


def wechatpay_client(
    settings: WechatpaySettings,
    tell: Tell = lambda _word, _sentence: None,
    *,
    clock: Clock = utc_ms,
    signed_at: Callable[[int], None] = lambda _second: None,
) -> Client:
    """Raises BadSetting: a key or number that cannot be right, named by its setting."""
    merchant, public_keys = wechatpay_keys(settings)
    return Client(
        merchant=merchant,
        apiv3_key=apiv3_key(settings),
        clock=clock,
        public_keys=public_keys,
        base_url=settings.wechatpay_api_url,
        fallback_url=settings.wechatpay_fallback_api_url,
        tell=tell,
        signed_at=signed_at,
    )


def wechatpay_keys(settings: WechatpaySettings) -> tuple[Merchant, list[PlatformKey]]:
    """Who signs, and the WeChat Pay public key if there is one. Raises BadSetting."""
    merchant = _named(
        settings.origin("WECHATPAY_PRIVATE_KEY"),
        lambda: load_merchant(
            mchid=settings.wechatpay_mchid,
            serial_no=settings.wechatpay_serial_no,
            private_key=settings.wechatpay_private_key.get_secret_value(),
        ),
    )
    public_keys = []
    key_id, pem = settings.wechatpay_public_key_id, settings.wechatpay_public_key
    if key_id is not None and pem is not None:
        key = _named(
            settings.origin("WECHATPAY_PUBLIC_KEY"),
            lambda: load_public_key(key_id=key_id, pem=pem.get_secret_value(), merchant=merchant),
        )
        public_keys.append(key)
    return merchant, public_keys


def apiv3_key(settings: WechatpaySettings) -> bytes:
    """32 bytes. Raises BadSetting."""
    return _named(
        settings.origin("WECHATPAY_APIV3_KEY"),
        lambda: read_apiv3_key(settings.wechatpay_apiv3_key.get_secret_value()),
    )


def _named(setting: str, load: Callable[[], T]) -> T:
    try:
        return load()
    except BadSetting as error:
        raise BadSetting(f"{setting}: {error}") from error
