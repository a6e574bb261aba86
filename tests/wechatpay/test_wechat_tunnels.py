"""TLS and proxies over real sockets: until a trusted server stands there, nothing of a request leaves."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.wechatpay.raw_server import genuine, read_request, server, tls_for
from tests.wechatpay.signing_platform import Build
from wechatpay.answers import CameBack, Checked, Failure, FailureKind
from wechatpay.client import Timeouts
from wechatpay.errors import BadSetting
from wechatpay.hosts import MAIN_HOST
from wechatpay.transport import Transport

SEND = "/v3/marketing/busifavor/coupons/send"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
HOST = MAIN_HOST.removeprefix("https://")


def assert_nothing_left(came_back: CameBack) -> None:
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.code) == (FailureKind.NEVER_LEFT, "CONNECT")


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(genuine())
    await writer.drain()


async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    pytest.fail("something came through")


# ---- TLS --------------------------------------------------------------------------------------------------


async def test_a_server_that_is_trusted_gets_the_request(build: Build, tmp_path: Path) -> None:
    """Without this the tests below would prove nothing."""
    serving, trusting = tls_for("127.0.0.1", tmp_path)
    async with server(answers, serving) as address:
        client = build(base_url=f"https://{address}", transport=Transport(ssl_context=trusting))
        assert isinstance(await client.call("POST", SEND, b"{}"), Checked)


async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    build: Build, tmp_path: Path
) -> None:
    serving, _ = tls_for("127.0.0.1", tmp_path)
    async with server(never, serving) as address:
        came_back = await build(base_url=f"https://{address}").call("POST", SEND, b"{}")
    assert_nothing_left(came_back)
    assert isinstance(came_back, Failure)
    assert "certificate verify failed" in came_back.message.lower()


async def test_a_server_with_a_good_certificate_of_another_name_gets_nothing(
    build: Build, tmp_path: Path
) -> None:
    serving, trusting = tls_for(HOST, tmp_path)
    async with server(never, serving) as address:
        client = build(base_url=f"https://{address}", transport=Transport(ssl_context=trusting))
        assert_nothing_left(await client.call("POST", SEND, b"{}"))


async def test_a_server_that_shows_no_certificate_gets_nothing(build: Build) -> None:
    async with server(never, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as address:
        assert_nothing_left(await build(base_url=f"https://{address}").call("POST", SEND, b"{}"))


# ---- Proxies ----------------------------------------------------------------------------------------------


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_is_told_the_host_and_no_more_and_its_refusal_proves_that_nothing_left(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with server(proxy) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://us%40er:secret@{address}")
        came_back = await build(base_url=MAIN_HOST).call("POST", f"/v3/users/{OPENID}", b'{"a":1}')
    assert isinstance(came_back, Failure)
    assert came_back.kind is FailureKind.NEVER_LEFT
    assert "secret" not in came_back.message
    [connect] = heard
    assert connect.startswith(b"CONNECT api.mch.weixin.qq.com:443 HTTP/1.1\r\n")
    assert b"proxy-authorization: basic dxnadxI6".lower()[:28] in connect.lower()
    for kept in (OPENID.encode(), b"WECHATPAY2", b'{"a":1}'):
        assert kept not in connect


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"])
def test_a_proxy_that_is_not_http_is_a_bad_setting_by_its_name_and_its_password_is_not_quoted(
    build: Build, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "socks5://user:secret@127.0.0.1:1080")
    with pytest.raises(BadSetting, match=f"{name} names a socks5 proxy") as error:
        build(base_url=MAIN_HOST)
    assert "secret" not in str(error.value)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("text", ["http://", "http://proxy:port", "http://user:secret@proxy:99999", "::"])
def test_a_proxy_that_is_no_address_is_a_bad_setting_and_is_not_quoted(
    build: Build, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", text)
    with pytest.raises(BadSetting, match="HTTPS_PROXY is no address") as error:
        build(base_url=MAIN_HOST)
    assert "secret" not in str(error.value)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({"https_proxy": "http://a:1", "all_proxy": "socks5://b:2"}, "http://a:1"),
        ({"all_proxy": "http://b:2"}, "http://b:2"),
        ({"http_proxy": "http://c:3"}, None),
        ({"all_proxy": "socks5://b:2", "no_proxy": ".weixin.qq.com"}, None),
        ({"https_proxy": "http://a:1", "no_proxy": f"{HOST}:443"}, None),
        ({"https_proxy": "http://a:1", "no_proxy": "*"}, None),
        ({"https_proxy": "a:1"}, "http://a:1"),
        ({"https_proxy": ""}, None),
    ],
)
def test_only_the_proxy_that_would_be_used_counts(
    build: Build, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None
) -> None:
    """Clash and its kin set both variables: programs that know socks take the one, the others the other."""
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    client = build(base_url=MAIN_HOST)
    found = client._transport.proxy_of(MAIN_HOST)
    assert (None if found is None else str(found)) == proxy


@asynccontextmanager
async def tunnel(to: str, heard: list[bytes]) -> AsyncIterator[str]:
    """A proxy that leads every CONNECT to `to`, and keeps what the client wrote."""
    there_host, there_port = to.split(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keep: bool) -> None:
        try:
            while some := await reader.read(65536):
                if keep:
                    heard.append(some)
                writer.write(some)
                await writer.drain()
        finally:
            writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        there_reader, there_writer = await asyncio.open_connection(there_host, int(there_port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(
            pump(reader, there_writer, keep=True),
            pump(there_reader, writer, keep=False),
            return_exceptions=True,
        )

    async with server(proxy) as address:
        yield address


@pytest.mark.usefixtures("no_proxies")
async def test_through_a_tunnel_the_answer_arrives_and_the_proxy_reads_nothing(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serving, trusting = tls_for(HOST, tmp_path)
    heard: list[bytes] = []
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await read_request(reader))[0])
        writer.write(genuine())
        await writer.drain()

    async with server(talk, serving) as address, tunnel(address, heard) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        client = build(base_url=MAIN_HOST, transport=Transport(ssl_context=trusting, trust_env=True))
        came_back = await client.call("POST", SEND, f'{{"openid":"{OPENID}"}}'.encode())
        await client.aclose()
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert asked == [f"POST {SEND} HTTP/1.1".encode()]
    assert heard[0].startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n".encode())
    for kept in (OPENID.encode(), b"WECHATPAY2", SEND.encode()):
        assert kept not in b"".join(heard)


@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_that_plays_wechat_pay_itself_gets_nothing(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A company's proxy that opens TLS, with a certificate that this machine does not trust."""
    serving, _ = tls_for(HOST, tmp_path)
    async with server(never, serving) as address, tunnel(address, []) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        assert_nothing_left(await build(base_url=MAIN_HOST).call("POST", SEND, b"{}"))


@pytest.mark.usefixtures("no_proxies")
async def test_a_tunnel_that_breaks_after_the_request_is_unknown(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serving, trusting = tls_for(HOST, tmp_path)

    async def hears_and_goes(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    async with server(hears_and_goes, serving) as address, tunnel(address, []) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        client = build(base_url=MAIN_HOST, transport=Transport(ssl_context=trusting, trust_env=True))
        came_back = await client.call("POST", SEND, b"{}")
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.code) == (FailureKind.AFTER_FIRST_BYTE, "LOST")


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", id="not allowed"),
        pytest.param(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n:(", id="no way there"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", id="login"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="no proxy"),
        pytest.param(b"", id="closes"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nno TLS follows", id="opens and talks plain"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="opens and closes"),
    ],
)
async def test_a_tunnel_that_never_stands_proves_that_nothing_left(
    build: Build, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with server(proxy) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        assert_nothing_left(await build(base_url=MAIN_HOST).call("POST", SEND, b"{}"))


@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_that_never_answers_is_given_up_and_nothing_left(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with server(silent) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        client = build(base_url=MAIN_HOST, timeouts=Timeouts(connect=0.05, pool=0.05, read=0.05))
        async with asyncio.timeout(60):
            assert_nothing_left(await client.call("POST", SEND, b"{}"))
