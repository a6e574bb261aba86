"""The merchant of the vectors, the other end of the wire, and a client between them on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from signing_platform import NOW, Platform, vector_key

from wechatpay.client import Client
from wechatpay.keyring import PlatformKey
from wechatpay.keys import Merchant, load_merchant, load_public_key, read_apiv3_key

PUBLIC = vector_key("wechatpay_public_key")


@pytest.fixture(scope="session")
def merchant() -> Merchant:
    ours = vector_key("merchant")
    return load_merchant(
        mchid=ours["mchid"], serial_no=ours["serial_no"], private_key=ours["private_key_pkcs8_pem"]
    )


@pytest.fixture(scope="session")
def public_key(merchant: Merchant) -> PlatformKey:
    return load_public_key(key_id=PUBLIC["id"], pem=PUBLIC["public_key_pem"], merchant=merchant)


@pytest.fixture(scope="session")
def apiv3_key() -> bytes:
    return read_apiv3_key(vector_key("apiv3_key"))


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    """WeChat Pay on loopback, in public-key mode."""
    async with Platform(signer="wechatpay_public_key") as started:
        yield started


@pytest.fixture
async def client(
    platform: Platform, merchant: Merchant, public_key: PlatformKey, apiv3_key: bytes
) -> AsyncIterator[Client]:
    async with Client(
        merchant=merchant,
        apiv3_key=apiv3_key,
        public_keys=[public_key],
        base_url=platform.url,
        clock=lambda: NOW * 1000,
    ) as built:
        yield built
