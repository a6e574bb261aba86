"""The network edge over real sockets: what leaves, what is believed, and with which keys."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from aiohttp import web

from tests.wechatpay.signing_platform import (
    NOW,
    Build,
    Platform,
    assert_signed_by_us,
    compact,
    listed,
    sign,
    vector_key,
)
from wechatpay.answers import Checked, Failure, FailureKind
from wechatpay.client import Client
from wechatpay.errors import (
    BadSignature,
    Malformed,
    NotSent,
    Refused,
    Trouble,
    UnknownSerial,
    Unsigned,
)
from wechatpay.keyring import PlatformKey

SEND = "/v3/marketing/busifavor/coupons/send"
ODD = "/v3/x/AB%20C%2F1%3D2%7C3%5C4?appid=wx1&b=%E5%88%B8&a=+&a=~"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

# ---- What leaves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target", "body"), [("POST", SEND, b'{"a": "\xe5\x88\xb8"}'), ("GET", ODD, b"")]
)
async def test_the_bytes_on_the_wire_are_the_bytes_that_were_signed(
    client: Client, platform: Platform, method: str, target: str, body: bytes
) -> None:
    platform.says(200, {})
    await client.call(method, target, body)
    [(heard_method, heard_target, headers, heard_body)] = platform.heard
    assert (heard_method, heard_target, heard_body) == (method, target, body)
    assert_signed_by_us(heard_method, heard_target, headers, heard_body)


async def test_each_request_carries_the_headers_without_which_wechat_pay_refuses(
    client: Client, platform: Platform, public_key: PlatformKey
) -> None:
    platform.says(200, {})
    await client.call("POST", SEND, b"{}")
    await client.call("GET", ODD)
    (_, _, post, _), (_, _, get, _) = platform.heard
    for headers in (post, get):
        assert headers["Accept"] == "application/json"
        assert headers["Wechatpay-Serial"] == public_key.serial_no
        assert "httpx" in headers["User-Agent"]
    assert post["Content-Type"] == "application/json"
    assert "Content-Type" not in get


async def test_a_repeat_has_a_fresh_nonce_and_no_cookie(client: Client, platform: Platform) -> None:
    platform.says(200, {}, headers={"Set-Cookie": "a=b"})
    await client.call("GET", ODD)
    await client.call("GET", ODD)
    first, second = (re.findall('nonce_str="([^"]*)"', heard[2]["Authorization"]) for heard in platform.heard)
    assert first != second
    assert "Cookie" not in platform.heard[1][2]


async def test_nothing_is_repeated_inside_and_a_redirect_is_not_followed(
    client: Client, platform: Platform
) -> None:
    for status in (302, 429, 500, 503):
        platform.heard.clear()
        platform.answers.clear()
        platform.says(status, {}, signer=None, headers={"Location": f"{platform.url}/v3/elsewhere"})
        came_back = await client.call("POST", SEND, b"{}")
        assert isinstance(came_back, Checked)
        assert came_back.answer.status == status
        assert platform.targets == [SEND]


async def test_no_log_line_of_any_library_holds_an_openid_or_a_signature(
    client: Client, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.says(404, {"code": "RESOURCE_NOT_EXISTS", "message": OPENID})
    with pytest.raises(Refused) as error:
        await client.get(f"/v3/marketing/busifavor/users/{OPENID}/coupons", hide=OPENID)
    lines = [record.getMessage() for record in caplog.records]
    sent = re.findall('signature="([^"]*)"', platform.heard[0][2]["Authorization"])[0]
    for text in (*lines, str(error.value), repr(error.value), repr(client)):
        assert OPENID not in text
        assert sent not in text


# ---- What is believed -------------------------------------------------------------------------------------


async def test_a_genuine_answer_is_verified_over_its_raw_bytes_after_gzip(
    client: Client, platform: Platform, public_key: PlatformKey
) -> None:
    platform.says(200, {"stock_name": "售后关怀券" * 50}, gzip=True)
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert came_back.answer.headers["content-encoding"] == "gzip"
    assert came_back.serial_no == public_key.serial_no
    assert came_back.answer.request_id == "08F1A2-268578927"


async def test_an_unsigned_success_is_kept_with_its_doubt_and_raises_when_read(
    client: Client, platform: Platform
) -> None:
    platform.says(200, {"stock_id": "1"}, signer=None)
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert isinstance(came_back.doubt, Unsigned)
    with pytest.raises(Unsigned) as error:
        await client.get(ODD)
    assert (error.value.status, error.value.request_id) == (200, "08F1A2-268578927")
    assert (error.value.outcome_known, error.value.may_repeat) == (False, True)


async def test_a_wrong_signature_raises_also_on_a_refusal(client: Client, platform: Platform) -> None:
    platform.says(404, {"code": "RESOURCE_NOT_EXISTS"}, headers=sign("wechatpay_public_key", b"other"))
    with pytest.raises(BadSignature):
        await client.get(ODD)


async def test_a_refusal_says_code_words_request_id_and_whether_it_was_signed(
    client: Client, platform: Platform
) -> None:
    for signer, verified in (("wechatpay_public_key", True), (None, False)):
        platform.answers.clear()
        platform.says(403, {"code": "NOAUTH", "message": "商户无权限"}, signer=signer)
        with pytest.raises(Refused) as error:
            await client.get(ODD)
        refused = error.value
        assert (refused.status, refused.code, refused.verified) == (403, "NO_AUTH", verified)
        assert (refused.outcome_known, refused.may_repeat) == (verified, False)
        assert "商户无权限" in str(refused)
        assert "08F1A2-268578927" in str(refused)


async def test_too_fast_may_be_repeated_and_trouble_leaves_the_outcome_unknown(
    client: Client, platform: Platform
) -> None:
    platform.says(429, {"code": "RATE_LIMITED"})
    with pytest.raises(Refused) as slow:
        await client.get(ODD)
    assert slow.value.may_repeat
    platform.answers.clear()
    platform.says(400, {"code": "SYSTEM_ERROR"})
    with pytest.raises(Trouble) as trouble:
        await client.get(ODD)
    assert (trouble.value.outcome_known, trouble.value.may_repeat) == (False, True)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"a":'])
async def test_a_genuine_answer_without_a_json_object_is_malformed(
    client: Client, platform: Platform, body: bytes
) -> None:
    platform.answers.append(platform.signed(200, body))
    with pytest.raises(Malformed) as error:
        await client.get(ODD)
    assert error.value.verified


# ---- Certificate mode -------------------------------------------------------------------------------------


def by_path(platform: Platform, certificates: bytes, **options: Any) -> None:
    """Answer the certificate download with these, everything else with `{}` signed by `platform.signer`."""
    status, signer = options.get("status", 200), options.get("signer", "platform")
    download = platform.signed(status, certificates, signer=signer)

    async def route(request: web.Request) -> web.StreamResponse:
        if request.path == "/v3/certificates":
            return await download(request)
        return await platform.signed(200, b"{}")(request)

    platform.answers[:] = [route]


async def test_without_a_public_key_certificates_are_downloaded_before_the_first_request(
    platform: Platform, build: Build
) -> None:
    platform.signer = "platform"
    by_path(platform, listed("platform", "platform_next"))
    client = build(public_keys=[], base_url=platform.url)
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.serial_no == vector_key("platform")["serial_no"]
    await client.call("GET", ODD)
    assert platform.targets == ["/v3/certificates", ODD, ODD]
    assert platform.heard[1][2]["Wechatpay-Serial"] in {key.serial_no for key in client.keys.ring}


async def test_a_new_certificate_is_fetched_when_an_answer_is_signed_with_it(
    platform: Platform, build: Build
) -> None:
    platform.signer = "platform"
    by_path(platform, listed("platform"))
    client = build(public_keys=[], base_url=platform.url)
    await client.keys.refresh()
    platform.signer = "platform_next"
    by_path(platform, listed("platform", "platform_next"), signer="platform_next")
    # Right after a download: a send that waited for it longer would be unknown for as long.
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.serial_no == vector_key("platform_next")["serial_no"]


async def test_a_merchant_in_transition_believes_certificates_beside_the_public_key(
    platform: Platform, build: Build, public_key: PlatformKey
) -> None:
    platform.signer = "platform"
    by_path(platform, listed("platform"))
    client = build(base_url=platform.url)
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert client.keys.ring.preferred(now=NOW) == public_key.serial_no


async def test_an_unknown_public_key_id_downloads_nothing(platform: Platform, build: Build) -> None:
    platform.says(200, {}, headers={"Wechatpay-Serial": "PUB_KEY_ID_0"})
    client = build(base_url=platform.url)
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert isinstance(came_back.doubt, UnknownSerial)
    assert platform.targets == [ODD]


async def test_without_any_key_to_check_the_answer_nothing_is_sent(platform: Platform, build: Build) -> None:
    by_path(platform, compact({"code": "RESOURCE_NOT_EXISTS", "message": "无可用的平台证书"}), status=404)
    client = build(public_keys=[], base_url=platform.url)
    came_back = await client.call("POST", SEND, b"{}")
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.code) == (FailureKind.NEVER_LEFT, "NO_KEYS")
    assert "无可用的平台证书" in came_back.message
    assert "configure the public key" in came_back.message
    assert platform.targets == ["/v3/certificates"]
    with pytest.raises(NotSent):
        await client.get(ODD)


async def test_a_forged_certificate_list_leaves_the_old_keys_in_place(
    platform: Platform, build: Build
) -> None:
    by_path(platform, listed("platform"))
    client = build(public_keys=[], base_url=platform.url)
    await client.keys.refresh()
    by_path(platform, listed("platform_next"), signer="platform")
    with pytest.raises(UnknownSerial):
        await client.keys.refresh()
    assert [key.serial_no for key in client.keys.ring] == [vector_key("platform")["serial_no"]]
