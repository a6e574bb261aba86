"""httpx's wire over aiohttp's connections: httpx's own pool costs the square of its connections.

Two proofs are kept here. A connect error means that no byte of the request left: it is raised by the
connector alone, never guessed from the class of an error. And a request is written once: aiohttp would write
an idempotent one again when a kept connection dies under it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
from yarl import URL

from wechatpay.proxies import EnvironmentProxies

#: As in httpx. WeChat Pay does not say how long it keeps a connection; the shorter, the rarer is a POST
#: written to one that is just being closed.
_KEPT_S = 5.0
_CONNECTIONS = 100


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
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.extensions["target"].decode("ascii")
        url = URL(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}{target}", encoded=True)
        if url.raw_path_qs != target:
            # A fragment or a bare "?" would be dropped, and the signature would no longer fit.
            raise httpx.UnsupportedProtocol("the target cannot be sent as it was signed", request=request)
        proxy = self.proxy_of(str(url.origin()))
        if self._ssl_context is None and (url.scheme != "http" or proxy is not None):
            raise httpx.UnsupportedProtocol("this client was made for http alone", request=request)
        limits = request.extensions.get("timeout", {})
        with _as_httpx():
            response = await self._opened().request(
                request.method,
                url,
                headers=[
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
                ],
                data=await request.aread() or None,
                allow_redirects=False,
                proxy=proxy,
                timeout=_timeout(limits),
                middlewares=(_Once(limits.get("write")),),
            )
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            extensions={"http_version": b"HTTP/1.1"},
        )

    def proxy_of(self, address: str) -> URL | None:
        """Through which proxy requests to it go. Raises BadSetting for one that is not HTTP."""
        return None if self._proxies is None else self._proxies.of(address)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        # aiohttp ties a session to the running loop; clients are built before there is one.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(
                    ssl=self._ssl_context or True, limit=_CONNECTIONS, keepalive_timeout=_KEPT_S
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                request_class=_Request,
            )
        return self._session


class _Connector(aiohttp.TCPConnector):
    """Until it returns, nothing but the name of the host has left, whatever the error."""

    async def connect(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().connect(*args, **options)
        except TimeoutError:
            raise httpx.ConnectTimeout("") from None
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(str(error)) from None  # host and reason
        except (aiohttp.ClientError, OSError) as error:
            # The text may hold the address; the class says enough.
            raise httpx.ConnectError(type(error).__name__) from None


class _Once:
    """Stands inside aiohttp's loop of repeats, which knows only its own errors and so never turns."""

    def __init__(self, write_s: float | None) -> None:
        self._write_s = write_s

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if isinstance(request, _Request):
            request.write_s = self._write_s
        with _as_httpx():
            return await handler(request)


class _Request(aiohttp.ClientRequest):
    """aiohttp bounds connecting and reading, but not writing."""

    write_s: float | None = None

    async def write_bytes(self, writer: Any, conn: Any, content_length: int | None = None) -> None:
        protocol = conn.protocol
        try:
            async with asyncio.timeout(self.write_s):
                await super().write_bytes(writer, conn, content_length)
        except TimeoutError:
            # Nobody awaits this task's result; whoever waits for the answer must hear of it.
            protocol.set_exception(httpx.WriteTimeout(""))


class _Body(httpx.AsyncByteStream):
    """As it came, still compressed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        # A connection read to the end is kept already; any other has no use.
        self._response.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Only for what happens once a connection stands. aiohttp's texts quote the URL, and so the openid."""
    try:
        yield
    except TimeoutError:
        raise httpx.ReadTimeout("") from None
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.RemoteProtocolError(type(error).__name__) from None


def _timeout(limits: dict[str, float | None]) -> aiohttp.ClientTimeout:
    pool, connect = limits.get("pool"), limits.get("connect")
    return aiohttp.ClientTimeout(
        # The caller bounds the whole; aiohttp's own limit would not say whether anything had left.
        total=None,
        # Waiting for a free connection, name lookup and all addresses together.
        connect=None if pool is None or connect is None else pool + connect,
        sock_connect=connect,
        sock_read=limits.get("read"),
    )
