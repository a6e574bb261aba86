"""The network edge: one signed request out, one checked answer (or one honest failure) back.

Nothing is repeated here: only the caller knows which attempts are open.
"""

from __future__ import annotations

import asyncio
import platform
import re
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, Self

import httpx

from wechatpay.answers import Answer, CameBack, Checked, Failure, FailureKind, plain, plain_request_id
from wechatpay.certificates import CERTIFICATES_TARGET, read_certificates
from wechatpay.errors import BadSetting, Doubtful, UnknownSerial
from wechatpay.explain import SIGNATURE_REFUSED, SignedRequest, explain_sign_error, is_sign_error
from wechatpay.fields import PUBLIC_KEY_PREFIX
from wechatpay.hosts import MAIN_HOST, Hosts, is_loopback
from wechatpay.keyring import PlatformKey
from wechatpay.keys import Merchant
from wechatpay.keystore import Clock, KeyStore
from wechatpay.reading import OK, failed, members_of, refused
from wechatpay.signatures import authorization, fresh_nonce, verify
from wechatpay.signing import Signer
from wechatpay.skew import SkewWatch, Tell, seconds_ahead
from wechatpay.transport import RawRequest, Transport
from wechatpay.trust import TrustWatch, counts, explain_doubt

#: WeChat Pay refuses requests without one.
USER_AGENT = f"wechatpay-busifavor (httpx/{httpx.__version__}; Python/{platform.python_version()})"

#: Without a length some servers wait for a body.
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

#: A page of coupons has some ten kB; more than this is no answer of WeChat Pay's.
_LONGEST_ANSWER = 4 * 1024 * 1024

#: Raised before the first byte of the request: name lookup, connect, TLS, a proxy's CONNECT, our own pool.
#: A request that failed with anything else may have been carried out.
_NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. `whole` bounds one exchange from start to last byte, also when bytes keep trickling in."""

    connect: float = 5.0
    write: float = 10.0
    read: float = 15.0
    pool: float = 5.0
    whole: float = 30.0


class Client:
    """Signs, sends once, checks. Build it once: it keeps connections and keys. Building raises BadSetting.

    `public_keys` empty: platform certificates are downloaded. `fallback_url` gets the same signed request
    when the first host could not be reached at all, and is tried first for a minute after a call to the
    first host failed. `tell` hears what the operator should know: a word and a sentence; `signed_at` the
    Unix second at which each genuine answer was signed. A `transport` of one's own must obey httpx's `target`
    request extension: by it the path goes out as it was signed, and its URL, which libraries log, holds no
    openid.
    """

    def __init__(
        self,
        *,
        merchant: Merchant,
        apiv3_key: bytes,
        clock: Clock,
        public_keys: Sequence[PlatformKey] = (),
        base_url: str = MAIN_HOST,
        fallback_url: str | None = None,
        user_agent: str = USER_AGENT,
        timeouts: Timeouts | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        tell: Tell = lambda _word, _sentence: None,
        signed_at: Callable[[int], None] = lambda _second: None,
    ) -> None:
        self.merchant = merchant
        self.keys = KeyStore(public_keys, download=self._download_certificates, clock=clock)
        self._apiv3_key = apiv3_key
        self._clock = clock
        hosts = [_host(url) for url in (base_url, fallback_url) if url is not None]
        self._hosts = Hosts(hosts, clock=clock)
        self._tell = tell
        self._signed_at = signed_at
        #: How far our clock is off, as WeChat Pay's answers tell.
        self.skew = SkewWatch(tell)
        #: Whether answers can be verified, as the last one showed.
        self.trust = TrustWatch(tell)
        limits = timeouts or Timeouts()
        self._whole = limits.whole
        self._timeout = {
            "connect": limits.connect,
            "write": limits.write,
            "read": limits.read,
            "pool": limits.pool,
        }
        self._headers = [
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip"),
            (b"User-Agent", user_agent.encode("latin-1")),
        ]
        # Called without httpx.AsyncClient around it, whose redirects, cookies, authentication and mounts a
        # signed request has no use for: they cost a fifth of each send.
        # Companies reach the internet through HTTPS_PROXY; a stand-in on loopback is never behind one.
        self._transport = transport or _transport(hosts)
        self._signer = Signer()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        self._signer.close()
        await self._transport.aclose()

    def rekey(self, *, merchant: Merchant, public_keys: Sequence[PlatformKey]) -> None:
        """From the next call on, sign as this merchant and trust these public keys: all at once.

        Certificates that were downloaded stay. Try the keys with another Client first.
        """
        self.merchant = merchant
        self.keys.fix(public_keys)

    async def call(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        place: AbstractAsyncContextManager[None] | None = None,
    ) -> CameBack:
        """One attempt: `body` is signed and sent as it is. Never raises for what the wire or WeChat Pay does.

        `target` is path and query, percent-escaped, exactly as they are to be signed and sent. `place` is
        entered once it is signed, and before a byte leaves; what that raises is raised on.
        """
        serial_no = self.keys.ring.preferred(now=self._now())
        if serial_no is None:
            await self.keys.refresh_for_answer(None)
            serial_no = self.keys.ring.preferred(now=self._now())
        if serial_no is None:
            # Sending now would buy an answer that nobody can check: an unknown outcome for certain.
            why = f": {self.keys.trouble}" if self.keys.trouble else ""
            return Failure(FailureKind.NEVER_LEFT, "NO_KEYS", f"no key to check answers with{why}"[:300])
        came_back = await self._exchange(method, target, body, serial_no, place=place or nullcontext())
        return came_back if isinstance(came_back, Failure) else await self._check(came_back)

    async def get(self, target: str, *, hide: str = "") -> dict[str, Any]:
        """The members of a genuine 200. `hide` is an openid to keep out of error texts.

        Raises NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed.
        """
        return members_of(await self.call("GET", target), hide=hide)

    async def _check(self, answer: Answer) -> Checked:
        now = self._now()
        checked = self._verdict(answer, now)
        # A certificate we have not seen: WeChat Pay changes them, and a merchant moving to the public key
        # gets answers signed with either. Ids of public keys are configured and cannot be downloaded.
        if isinstance(checked.doubt, UnknownSerial) and not checked.doubt.serial_no.startswith(
            PUBLIC_KEY_PREFIX
        ):
            await self.keys.refresh_for_answer(checked.doubt.serial_no)
            checked = self._verdict(answer, now)
        if checked.doubt is None:
            self.trust.verified()
        elif counts(checked):
            self._doubted(checked.doubt, answer, now)
        return checked

    def _doubted(self, doubt: Doubtful, answer: Answer, now: int) -> None:
        why = explain_doubt(
            doubt,
            keys=self.keys.ring,
            serial_no=answer.headers.get("wechatpay-serial", ""),
            trouble=self.keys.trouble,
            # Of this very answer: what was seen last may be of before the clock was set.
            ahead=seconds_ahead(answer.headers, now=now),
        )
        self.trust.doubted(doubt, why, now=now)

    def _verdict(self, answer: Answer, now: int) -> Checked:
        try:
            key = verify(answer.headers, answer.body, keys=self.keys.ring, now=now)
        except Doubtful as doubt:
            return Checked(answer, doubt=doubt)
        self._signed_at(int(answer.headers["wechatpay-timestamp"]))
        return Checked(answer, serial_no=key.serial_no)

    async def _download_certificates(self) -> tuple[PlatformKey, ...]:
        came_back = await self._exchange("GET", CERTIFICATES_TARGET, b"", None, place=nullcontext())
        if isinstance(came_back, Failure):
            raise failed(came_back)
        if came_back.status != OK:
            error = refused(came_back, verified=False, hide="")
            if came_back.status == httpx.codes.NOT_FOUND:
                # The first thing a merchant number opened since autumn 2024 meets in certificate mode.
                error.message += " (newer merchant numbers have no certificates: configure the public key)"
            raise error
        now = self._now()
        try:
            return read_certificates(came_back, apiv3_key=self._apiv3_key, now=now)
        except Doubtful as doubt:
            self._doubted(doubt, came_back, now)
            raise

    async def _exchange(
        self,
        method: str,
        target: str,
        body: bytes,
        serial_no: str | None,
        *,
        place: AbstractAsyncContextManager[None],
    ) -> Answer | Failure:
        merchant, timestamp, nonce = self.merchant, self._now(), fresh_nonce()
        signed = await self._signer.sign(
            partial(authorization, merchant, method, target, body, timestamp=timestamp, nonce=nonce)
        )
        # All of them: nobody fills in the rest.
        headers = [*self._headers, (b"Authorization", signed.encode("ascii"))]
        if serial_no is not None:
            # Asks for an answer signed with a key that we hold; without it a merchant who has both kinds gets
            # certificate signatures.
            headers.append((b"Wechatpay-Serial", serial_no.encode("ascii")))
        if body:
            headers.append((b"Content-Type", b"application/json"))
        if body or method in _WITH_BODY:
            headers.append((b"Content-Length", str(len(body)).encode("ascii")))
        async with place:
            came_back = await self._sent(method, target, body, headers)
        if isinstance(came_back, Answer):
            self.skew.check(came_back.headers, now=self._now())
            if is_sign_error(came_back):
                return self._explained(came_back, SignedRequest(method, target, body, signed))
        return came_back

    async def _sent(
        self, method: str, target: str, body: bytes, headers: Sequence[tuple[bytes, bytes]]
    ) -> Answer | Failure:
        """To the first host, and to the second one where nothing left for the first."""
        extensions = {"target": target.encode("ascii"), "timeout": self._timeout}
        came_back: Answer | Failure
        hosts = self._hosts.in_order()
        host = hosts[0]
        try:
            async with asyncio.timeout(self._whole):
                for host in hosts:
                    request = RawRequest(
                        method,
                        host,
                        raw_headers=[(b"Host", host.netloc), *headers],
                        body=body,
                        extensions=extensions,
                    )
                    came_back = await self._send_once(request)
                    if isinstance(came_back, Answer):
                        self._hosts.answered(host)
                        break
                    self._hosts.failed(host)
                    if came_back.kind is not FailureKind.NEVER_LEFT:
                        break
        except TimeoutError:
            self._hosts.failed(host)
            return Failure(FailureKind.AFTER_FIRST_BYTE, "TIMEOUT", f"no whole answer within {self._whole} s")
        return came_back

    def _explained(self, answer: Answer, sent: SignedRequest) -> Answer:
        platform_serials = {key.serial_no for key in self.keys.ring}
        hint = explain_sign_error(answer, sent, platform_serials=platform_serials, now=self._now())
        self._tell(SIGNATURE_REFUSED, hint)
        return replace(answer, hint=hint)

    async def _send_once(self, request: httpx.Request) -> Answer | Failure:
        body, headers = bytearray(), dict[str, str]()
        try:
            response = await self._transport.handle_async_request(request)
            headers = _headers(response)
            try:
                async for chunk in _body(response, headers):
                    body += chunk
                    if len(body) > _LONGEST_ANSWER:
                        return _lost("TOO_LONG", "the answer never ends", headers)
            finally:
                await _close(response)
        except _NOTHING_LEFT as error:
            return Failure(FailureKind.NEVER_LEFT, "CONNECT", _words(error))
        except httpx.TimeoutException as error:
            return _lost("TIMEOUT", _words(error), headers)
        except Exception as error:  # noqa: BLE001
            # Whatever else a transport throws, bytes may have left: this must become "unknown", and an error
            # that nobody expected must not leave the attempt without a verdict.
            return _lost("LOST", _words(error), headers)
        return Answer(response.status_code, headers, bytes(body))

    def _now(self) -> int:
        """Unix seconds."""
        return self._clock() // 1000


def _headers(response: httpx.Response) -> dict[str, str]:
    """Names in lower case; values of one name joined. httpx's own mapping decodes everything at each look."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = _name(raw_name), raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


@lru_cache(maxsize=64)
def _name(raw: bytes) -> str:
    """All answers bring the same ones."""
    return raw.decode("latin-1").lower()


def _lost(code: str, message: str, headers: Mapping[str, str]) -> Failure:
    """`headers`: of the answer, when it began."""
    return Failure(
        FailureKind.AFTER_FIRST_BYTE, code, message, plain_request_id(headers.get("request-id", ""))
    )


def _body(response: httpx.Response, headers: Mapping[str, str]) -> AsyncIterable[bytes]:
    """gzip undone, nothing decoded. Where nothing is packed, httpx's iterators only cost time."""
    if "content-encoding" not in headers and isinstance(response.stream, httpx.AsyncByteStream):
        return response.stream
    return response.aiter_bytes()


async def _close(response: httpx.Response) -> None:
    # What httpx does around it is for a client of its own.
    if isinstance(response.stream, httpx.AsyncByteStream):
        await response.stream.aclose()


def _words(error: Exception) -> str:
    # Texts of httpx speak of sockets; those of strangers may quote anything.
    text = f": {error}" if isinstance(error, httpx.HTTPError) and str(error) else ""
    return plain(f"{type(error).__name__}{text}", hide="")


def _host(address: str) -> httpx.URL:
    """Scheme and host of WeChat Pay. Raises BadSetting."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise BadSetting(
            f"the address of WeChat Pay reads {address[:80]!a}; it must be like {MAIN_HOST}"
        ) from None
    bare = not (url.userinfo or url.query or url.fragment) and url.path == "/"
    if not bare or not re.fullmatch(r"[0-9A-Za-z.:-]+", url.host):
        raise BadSetting(
            f"the address of WeChat Pay must be scheme and host only, like {MAIN_HOST}; the paths are "
            "signed and nothing can stand before them"
        )
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise BadSetting(f"the address of WeChat Pay must begin with https://; {url.scheme[:10]!a} was read")
    return url


def _transport(hosts: Sequence[httpx.URL]) -> Transport:
    """Raises BadSetting where a proxy that would be used cannot be."""
    transport = Transport(
        trust_env=not is_loopback(hosts[0].host), https=any(host.scheme == "https" for host in hosts)
    )
    for host in hosts:
        transport.proxy_of(str(host))
    return transport
