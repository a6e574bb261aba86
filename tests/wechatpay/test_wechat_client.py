"""The network edge over real sockets: what leaves, what is believed, and what a broken wire is called."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from signing_platform import NOW, Platform, compact, listed, sign, vector_key

from wechatpay.answers import Answer, Checked, Failure, FailureKind
from wechatpay.client import MAIN_HOST, SECOND_HOST, Client, Timeouts
from wechatpay.errors import (
    BadSetting,
    BadSignature,
    Malformed,
    NoAnswer,
    NotSent,
    Refused,
    Trouble,
    UnknownSerial,
    Unsigned,
)
from wechatpay.keyring import PlatformKey
from wechatpay.keys import Merchant

SEND = "/v3/marketing/busifavor/coupons/send"
ODD = "/v3/x/AB%20C%2F1%3D2%7C3%5C4?appid=wx1&b=%E5%88%B8&a=+&a=~"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

Build = Callable[..., Client]


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


def assert_signed_by_us(method: str, target: str, headers: dict[str, str], body: bytes) -> None:
    """Check the Authorization header as WeChat Pay would, from what arrived on the wire."""
    scheme, _, fields = headers["Authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    parts = dict(re.findall(r'([a-z_]+)="([^"]*)"', fields))
    assert (parts["mchid"], parts["serial_no"]) == (
        vector_key("merchant")["mchid"],
        vector_key("merchant")["serial_no"],
    )
    assert len(parts["timestamp"]) == 10
    assert re.fullmatch(r"[0-9A-Za-z]{32}", parts["nonce_str"])
    message = f"{method}\n{target}\n{parts['timestamp']}\n{parts['nonce_str']}\n".encode() + body + b"\n"
    ours: Any = load_pem_public_key(vector_key("merchant")["public_key_pem"].encode())
    ours.verify(base64.b64decode(parts["signature"]), message, padding.PKCS1v15(), hashes.SHA256())


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
    assert any("HTTP Request: GET" in line for line in lines)  # httpx does log; it must not know
    sent = re.findall('signature="([^"]*)"', platform.heard[0][2]["Authorization"])[0]
    for text in (*lines, str(error.value), repr(error.value), repr(client)):
        assert OPENID not in text
        assert sent not in text


async def test_a_stand_in_on_loopback_is_never_behind_the_company_s_proxy(
    platform: Platform, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://{await free_address()}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, nobody)
        monkeypatch.setenv(name.lower(), nobody)
    platform.says(200, {})
    assert isinstance(await build(base_url=platform.url).call("GET", ODD), Checked)
    found = await failure(build(base_url=MAIN_HOST))  # the public host is: nobody there, and nothing left
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")


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
    now = NOW * 1000
    platform.signer = "platform"
    by_path(platform, listed("platform"))
    client = build(public_keys=[], base_url=platform.url, clock=lambda: now)
    await client.keys.refresh()
    platform.signer = "platform_next"
    by_path(platform, listed("platform", "platform_next"), signer="platform_next")
    now += 200_000  # still inside the pause: the answer stays in doubt
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert isinstance(came_back.doubt, UnknownSerial)
    now = NOW * 1000 + 300_000
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


# ---- A broken wire ----------------------------------------------------------------------------------------


@asynccontextmanager
async def raw_server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server of bytes, to break the protocol with; connections are cut when `answer` returns."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def free_address() -> str:
    """Where nobody listens."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"127.0.0.1:{port}"


async def failure(client: Client) -> Failure:
    came_back = await client.call("POST", SEND, b"{}")
    assert isinstance(came_back, Failure)
    return came_back


async def test_a_refused_connection_proves_that_nothing_left(build: Build) -> None:
    found = await failure(build(base_url=f"http://{await free_address()}"))
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")
    assert found.message.startswith("ConnectError")


async def test_a_failed_tls_handshake_proves_that_nothing_left(build: Build) -> None:
    async def no_tls(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with raw_server(no_tls) as address:
        found = await failure(build(base_url=f"https://{address}"))
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")


async def cut_after_request(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def cut_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def cut_in_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\n{"code":"RULE')
    await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await writer.drain()


async def bad_gzip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
    await writer.drain()


@pytest.mark.parametrize("broken", [cut_after_request, cut_at_once, cut_in_the_answer, no_http, bad_gzip])
async def test_whatever_breaks_after_the_connection_stands_leaves_the_outcome_unknown(
    build: Build, broken: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> None:
    async with raw_server(broken) as address:
        found = await failure(build(base_url=f"http://{address}"))
    assert (found.kind, found.code) == (FailureKind.AFTER_FIRST_BYTE, "LOST")


async def test_an_answer_that_never_begins_is_a_time_out(build: Build) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with raw_server(silent) as address:
        found = await failure(build(base_url=f"http://{address}", timeouts=Timeouts(read=0.05)))
    assert (found.kind, found.code, found.message) == (FailureKind.AFTER_FIRST_BYTE, "TIMEOUT", "ReadTimeout")


async def test_an_answer_that_trickles_for_ever_hits_the_whole_deadline(build: Build) -> None:
    """Each byte arrives in time, so no single time-out of httpx would ever fire."""
    gone = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async with raw_server(trickle) as address:
        async with asyncio.timeout(20):  # a broken deadline must fail this test, not hang it
            found = await failure(build(base_url=f"http://{address}", timeouts=Timeouts(whole=0.1)))
        await gone.wait()  # and the connection was given up, not left behind
    assert (found.kind, found.code) == (FailureKind.AFTER_FIRST_BYTE, "TIMEOUT")
    assert "0.1 s" in found.message


async def test_an_answer_that_never_ends_is_given_up(build: Build) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65536)
            await writer.drain()

    async with raw_server(flood) as address:
        found = await failure(build(base_url=f"http://{address}"))
    assert (found.kind, found.code) == (FailureKind.AFTER_FIRST_BYTE, "TOO_LONG")


async def test_no_free_connection_proves_that_nothing_left(build: Build) -> None:
    class Busy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.PoolTimeout("", request=request)

    found = await failure(build(transport=Busy()))
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")


@pytest.mark.parametrize("error", [RuntimeError("secret"), OSError(5, "secret"), ValueError("secret")])
async def test_whatever_else_a_transport_throws_becomes_unknown_and_is_not_quoted(
    build: Build, error: Exception
) -> None:
    class Odd(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise error

    found = await failure(build(transport=Odd()))
    assert (found.kind, found.code, found.message) == (
        FailureKind.AFTER_FIRST_BYTE,
        "LOST",
        type(error).__name__,
    )


async def test_looking_over_a_broken_wire_raises_and_says_whether_anything_left(build: Build) -> None:
    with pytest.raises(NotSent):
        await build(base_url=f"http://{await free_address()}").get(ODD)
    async with raw_server(cut_after_request) as address:
        with pytest.raises(NoAnswer):
            await build(base_url=f"http://{address}").get(ODD)


async def test_a_cancelled_call_ends_at_once_and_leaves_the_client_usable(
    client: Client, platform: Platform
) -> None:
    arrived, released = asyncio.Event(), asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        arrived.set()
        await released.wait()
        return web.Response()

    platform.answers[:] = [hang, platform.signed(200, b"{}")]
    call = asyncio.create_task(client.call("GET", ODD))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    released.set()
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.verified


# ---- The second host --------------------------------------------------------------------------------------


async def test_when_the_first_host_cannot_be_reached_the_second_gets_the_same_signed_request(
    platform: Platform, build: Build
) -> None:
    platform.says(200, {})
    client = build(base_url=f"http://{await free_address()}", fallback_url=platform.url)
    came_back = await client.call("POST", SEND, b'{"a":1}')
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert_signed_by_us(*platform.heard[0])


async def test_when_bytes_may_have_left_the_second_host_gets_nothing(
    platform: Platform, build: Build
) -> None:
    platform.says(200, {})
    async with raw_server(cut_after_request) as address:
        found = await failure(build(base_url=f"http://{address}", fallback_url=platform.url))
    assert found.kind is FailureKind.AFTER_FIRST_BYTE
    assert platform.heard == []


async def test_an_answer_of_the_first_host_is_an_answer_also_when_it_is_trouble(
    platform: Platform, build: Build
) -> None:
    platform.says(503, {}, signer=None)
    await build(base_url=platform.url, fallback_url=platform.url).call("GET", ODD)
    assert platform.targets == [ODD]


# ---- Addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://api.mch.weixin.qq.com", "must begin with https://; 'http' was read"),
        ("https://gateway.example/wechat", "scheme and host only"),
        ("https://user:pass@api.mch.weixin.qq.com", "scheme and host only"),
        ("https://api.mch.weixin.qq.com/?a=b", "scheme and host only"),
        ("api.mch.weixin.qq.com", "scheme and host only"),
        ("", "scheme and host only"),
        ("https://[", "scheme and host only"),
        ("https://api.mch.weixin.qq.com:https", "must be like https://api.mch.weixin.qq.com"),
        ("http://10.0.0.1:8080", "must begin with https://"),
    ],
)
def test_an_address_that_cannot_be_right_gets_one_sentence(build: Build, address: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence) as error:
        build(base_url=address)
    assert "pass" not in str(error.value)
    with pytest.raises(BadSetting):
        build(fallback_url=address)


@pytest.mark.parametrize(
    "address", [MAIN_HOST, SECOND_HOST, f"{MAIN_HOST}/", "http://localhost:1", "http://[::1]:1"]
)
async def test_public_hosts_and_stand_ins_on_loopback_are_accepted(build: Build, address: str) -> None:
    build(base_url=address)


async def test_a_transport_of_ones_own_gets_the_signed_target_by_httpx_s_extension(build: Build) -> None:
    targets: list[bytes] = []

    class Own(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            targets.append(request.extensions["target"])
            return httpx.Response(200, content=b"{}", headers=sign("wechatpay_public_key", b"{}"))

    came_back = await build(transport=Own()).call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert isinstance(came_back.answer, Answer)
    assert targets == [ODD.encode()]
