"""httpx's wire over aiohttp's connections: httpx's own pool costs the square of its connections.

aiohttp finds the host, connects, speaks TLS, goes through proxies, keeps connections and reads answers. What
goes out is written here, for two proofs. A connect error means that no byte of the request left: it is raised
by the connector alone, never guessed from the class of an error. And a request is written once: aiohttp's
own session would write an idempotent one again when a kept connection dies under it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache
from typing import Any, Final

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from aiohttp.tracing import Trace
from yarl import URL

from wechatpay.proxies import EnvironmentProxies

#: As in httpx. WeChat Pay does not say how long it keeps a connection; the shorter, the rarer is a POST
#: written to one that is just being closed.
_KEPT_S = 5.0
_CONNECTIONS = 100
#: Path and query as they are signed. A fragment or a bare "?" would be dropped on the way by some.
_TARGET: Final = re.compile(rb"/[!-\"$->@-~]*(?:\?[!-\"$-~]+)?")
#: An answer may be preceded by hints of these (RFC 9110, 15.2), but for 101, which ends HTTP.
_HINTS: Final = frozenset(range(100, 200)) - {101}
#: What aiohttp raises for a connection that stood. TimeoutError is an OSError.
_BROKEN: Final = (aiohttp.ClientError, HttpProcessingError, OSError)
_EXTENSIONS: Final = {"http_version": b"HTTP/1.1"}
_Limits = Mapping[str, float | None]


class RawHeaders(httpx.Headers):
    """Bytes, as they stand. httpx would look at the type of each name and value, and then copy them."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._list = [(name, name.lower(), value) for name, value in raw]
        self._encoding = None


class RawRequest(httpx.Request):
    """With the headers that are given and no others; `extensions` are shared. A fifth of httpx's own cost."""

    def __init__(
        self,
        method: str,
        url: httpx.URL,
        *,
        raw_headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        extensions: dict[str, Any],
    ) -> None:
        self.method = method
        self.url = url
        self.headers = RawHeaders(raw_headers)
        self.extensions = extensions
        self.stream = httpx.ByteStream(body)


class Transport(httpx.AsyncBaseTransport):
    """Sends a request once, its `target` extension byte for byte; raises errors of httpx. No redirects.

    `trust_env`: proxies are those of the environment, read here.
    `https` False: only ever http, as to a stand-in on this machine; the certificates that are trusted are
    then not loaded, which takes as long as all the rest of a start. Otherwise they are loaded here and not
    at the first call, which must not be the one to find them missing.
    """

    def __init__(
        self, *, ssl_context: ssl.SSLContext | None = None, trust_env: bool = False, https: bool = True
    ) -> None:
        if ssl_context is None and https:
            ssl_context = httpx.create_ssl_context(trust_env=trust_env)
        self._ssl_context = ssl_context
        self._proxies = EnvironmentProxies() if trust_env else None
        self._connector: _Connector | None = None
        #: What the connector is told of each host.
        self._doors: dict[tuple[str, bytes], aiohttp.ClientRequest] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        head, limits = _head(request), request.extensions.get("timeout", {})
        stream = request.stream
        body = b"".join(stream) if isinstance(stream, httpx.ByteStream) else await request.aread()
        connection = await self._connected(request, limits)
        try:
            return await _exchange(connection, head + body, limits)
        except _BROKEN as error:
            connection.close()
            raise _as_httpx(error) from None
        except BaseException:
            # Cancelled, for example: what comes on it now would be taken for the answer to the next request.
            connection.close()
            raise

    def proxy_of(self, address: str) -> URL | None:
        """Through which proxy requests to it go. Raises BadSetting for one that is not HTTP."""
        return None if self._proxies is None else self._proxies.of(address)

    async def aclose(self) -> None:
        if self._connector is not None:
            await self._connector.close()

    async def _connected(self, request: httpx.Request, limits: _Limits) -> Connection:
        door, connector = self._door(request), self._opened()
        bounds = _timeout(limits.get("pool"), limits.get("connect"))
        while True:
            connection = await connector.connect(door, [], bounds)
            protocol = connection.protocol
            if protocol is None or not protocol.should_close:
                return connection
            # Something came on it that nobody had asked for: it is no answer to this request.
            connection.close()

    def _door(self, request: httpx.Request) -> aiohttp.ClientRequest:
        """It is never sent. Raises UnsupportedProtocol."""
        scheme, netloc = request.url.scheme, request.url.netloc
        door = self._doors.get((scheme, netloc))
        if door is None:
            url = URL(f"{scheme}://{netloc.decode('ascii')}", encoded=True)
            proxy = self.proxy_of(str(url))
            if self._ssl_context is None and (scheme != "http" or proxy is not None):
                raise httpx.UnsupportedProtocol("this client was made for http alone", request=request)
            if scheme not in {"http", "https"} or (scheme == "http" and proxy is not None):
                raise httpx.UnsupportedProtocol("only https goes through a proxy", request=request)
            door = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop(), proxy=proxy)
            self._doors[scheme, netloc] = door
        return door

    def _opened(self) -> _Connector:
        # aiohttp ties connections to the running loop; clients are built before there is one.
        if self._connector is None:
            self._connector = _Connector(
                ssl=self._ssl_context or True, limit=_CONNECTIONS, keepalive_timeout=_KEPT_S
            )
        return self._connector


class _Connector(aiohttp.TCPConnector):
    """Until it returns, nothing but the name of the host has left, whatever the error."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as aiohttp has it
    ) -> Connection:
        try:
            return await super().connect(req, traces, timeout)
        except TimeoutError:
            raise httpx.ConnectTimeout("") from None
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(str(error)) from None  # host and reason
        except (aiohttp.ClientError, OSError) as error:
            # The text may hold the address; the class says enough.
            raise httpx.ConnectError(type(error).__name__) from None


async def _exchange(connection: Connection, data: bytes, limits: _Limits) -> httpx.Response:
    """Write it, once, and wait for the head of the answer."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")
    if protocol.read_timeout is None:
        # Once for a connection: its parser is ready for the next answer after each. 0: aiohttp sets no clock
        # of its own, which it would wind twice for each answer.
        protocol.set_response_params(read_until_eof=True, auto_decompress=False, read_timeout=0)
    transport.write(data)
    if protocol.writing_paused:
        await _written(protocol, limits.get("write"))
    read_s = limits.get("read")
    clock = read_s and asyncio.get_running_loop().call_later(read_s, _no_answer, protocol)
    try:
        message, payload = await protocol.read()
        while message.code in _HINTS:
            message, payload = await protocol.read()
    finally:
        if clock:
            clock.cancel()
    return httpx.Response(
        message.code,
        headers=RawHeaders(message.raw_headers),
        stream=_Body(connection, payload, read_s),
        extensions=_EXTENSIONS,
    )


def _no_answer(protocol: ResponseHandler) -> None:
    protocol.set_exception(aiohttp.SocketTimeoutError())


async def _written(protocol: ResponseHandler, within_s: float | None) -> None:
    """aiohttp bounds connecting and reading, but not writing."""
    try:
        async with asyncio.timeout(within_s):
            await protocol._drain_helper()  # noqa: SLF001 - as aiohttp's own writer
    except TimeoutError:
        raise httpx.WriteTimeout("") from None


class _Body(httpx.AsyncByteStream):
    """As it came, still compressed; to be read once."""

    def __init__(self, connection: Connection, payload: StreamReader, read_s: float | None) -> None:
        self._connection = connection
        self._payload = payload
        self._read_s = read_s

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        payload = self._payload
        try:
            if payload.is_eof():
                chunk = payload.read_nowait()
            else:
                async with asyncio.timeout(self._read_s):
                    chunk = await payload.readany()
        except _BROKEN as error:
            raise _as_httpx(error) from None
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        # A connection whose answer was read to the end is kept; any other has no use.
        if self._payload.is_eof():
            self._connection.release()
        else:
            self._connection.close()


def _head(request: httpx.Request) -> bytes:
    """Raises UnsupportedProtocol for what could not go out as it was signed."""
    target = request.extensions["target"]
    if not _TARGET.fullmatch(target):
        raise httpx.UnsupportedProtocol("the target cannot be sent as it was signed", request=request)
    headers = request.headers.raw
    if (b"Transfer-Encoding", b"chunked") in headers:  # as httpx.AsyncClient writes it
        raise httpx.UnsupportedProtocol("a body goes out whole, with its length", request=request)
    lines = [b"%b: %b" % header for header in headers]
    together = b"".join(lines)
    if b"\n" in together or b"\r" in together:
        raise httpx.UnsupportedProtocol("a header holds a line break", request=request)
    start = b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target)
    return b"\r\n".join([start, *lines, b"", b""])


def _as_httpx(error: BaseException) -> httpx.TransportError:
    """Only of what happens once a connection stands. aiohttp's texts quote the URL, and so the openid."""
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout("")
    if isinstance(error, HttpProcessingError):
        # As aiohttp's own session calls it.
        return httpx.RemoteProtocolError(aiohttp.ClientResponseError.__name__)
    return httpx.RemoteProtocolError(type(error).__name__)


@cache
def _timeout(pool: float | None, connect: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        # The caller bounds the whole; aiohttp's own limit would not say whether anything had left.
        total=None,
        # Waiting for a free connection, name lookup and all addresses together.
        connect=None if pool is None or connect is None else pool + connect,
        sock_connect=connect,
    )
