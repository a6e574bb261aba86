"""The merchant of the vectors, the other end of the wire, and a client between them on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.wechatpay.signing_platform import NOW, Build, Platform, vector_key
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
async def build(merchant: Merchant, public_key: PlatformKey, apiv3_key: bytes) -> AsyncIterator[Build]:
    """Clients that differ in one thing from the usual one; closed at the end."""
    built: list[Client] = []

    def make(**changed: Any) -> Client:
        usual = {
            "merchant": merchant,
            "apiv3_key": apiv3_key,
            "public_keys": [public_key],
            "clock": lambda: NOW * 1000,
        }
        built.append(Client(**(usual | changed)))
        return built[-1]

    yield make
    for client in built:
        await client.aclose()


@pytest.fixture
def client(build: Build, platform: Platform) -> Client:
    """The usual client, talking to `platform`."""
    built: Client = build(base_url=platform.url)
    return built
