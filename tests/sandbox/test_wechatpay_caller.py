"""The client by hand, by which the stand-in is tested, signs like other SDKs."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.sandbox.wechatpay_caller import REQUEST_VECTORS, Caller, vector_keys


@pytest.mark.parametrize("vector", REQUEST_VECTORS, ids=lambda vector: vector["id"])
async def test_the_caller_of_these_tests_signs_like_the_other_sdks(vector: dict[str, Any]) -> None:
    given, wanted = vector["input"], vector["expect"]
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, "", vector_keys().merchant, lambda: given["timestamp"] * 1000)
    authorization = caller.authorization(
        given["method"], wanted["signed_url"], given["body"].encode(), nonce_str=given["nonce_str"]
    )
    assert f'signature="{wanted["authorization_fields"]["signature"]}"' in authorization
