"""One request from its bytes to its answer: verify, meet a fault, carry out, sign."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import formatdate

from aiohttp import web

from sandbox.wechatpay.answers import Answer, bent, good, refused, signature_of
from sandbox.wechatpay.clock import Clock
from sandbox.wechatpay.errors import RefusedError, invalid_request
from sandbox.wechatpay.faults import Fault, FaultKind, Faults
from sandbox.wechatpay.keyring import KeyRing
from sandbox.wechatpay.ledger import Endpoint, Ledger, Received
from sandbox.wechatpay.request_numbers import Result
from sandbox.wechatpay.routes import Asked, Target, route
from sandbox.wechatpay.signatures import Judgement, UnsignedError, Verifier

_CUTS = (FaultKind.LOST_ANSWER, FaultKind.CUT_BEFORE)


class Pipeline:
    def __init__(
        self,
        *,
        verifier: Verifier,
        keys: KeyRing,
        faults: Faults,
        ledger: Ledger,
        clock: Clock,
        carry_out: Callable[[Endpoint, Asked], Result],
    ) -> None:
        self._verifier = verifier
        self._keys = keys
        self._faults = faults
        self._ledger = ledger
        self._clock = clock
        self._carry_out = carry_out
        self._released = asyncio.Event()

    def release(self) -> None:
        """Answers held back by `slow` leave now."""
        self._released.set()
        self._released = asyncio.Event()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        target = route(request.method, request.raw_path.partition("?")[0])
        received = Received(
            seq=len(self._ledger.requests) + 1,
            at_ms=self._clock(),
            endpoint=target.endpoint,
            method=request.method,
            url=request.raw_path,
            body=body,
            request_id=f"08{secrets.token_hex(18).upper()}",
        )
        self._ledger.requests.append(received)
        self._ledger.changed()
        try:
            return await self._serve(request, received, target)
        finally:
            received.done, received.done_at_ms = True, self._clock()
            self._ledger.changed()

    async def _serve(self, request: web.BaseRequest, received: Received, target: Target) -> web.Response:
        headers = request.headers
        try:
            self._verifier.check(headers.get("Authorization"), received.method, received.url, received.body)
        except UnsignedError as error:
            received.verdict = error.verdict
            return self._response(received, refused(error), {})
        received.verdict = Judgement.OK
        fault = self._faults.draw(target.endpoint) if target.endpoint is not None else None
        received.fault = fault.label() if fault is not None else None
        key, honest = self._keys.usual, None
        try:
            key = self._keys.key_for(headers.get("Wechatpay-Serial"))
            check_headers(headers, received.method)
            if fault is None or fault.acts:
                query = received.url.partition("?")[2]
                asked = Asked(target.names, query, received.body, self._clock())
                honest = good(self._carry_out(target.served(), asked))
        except RefusedError as error:
            honest = refused(error)
        if fault is not None and fault.kind in _CUTS:
            return _cut(request)
        if fault is not None and fault.kind is FaultKind.SLOW:
            await self._hold(fault)
        answer = bent(fault, honest)
        return self._response(received, answer, signature_of(answer, key, self._clock(), fault))

    async def _hold(self, fault: Fault) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(fault.seconds):
                await self._released.wait()

    def _response(self, received: Received, answer: Answer, signature: dict[str, str]) -> web.Response:
        headers = {**answer.headers, **signature}
        # The platform's own clock: a client may measure how far its own is off by it.
        headers["Date"] = formatdate(self._clock() / 1000, usegmt=True)
        if answer.number is not None:
            received.request_id = f"{received.request_id}-{answer.number}"
            headers["Request-ID"] = received.request_id
        received.status, received.code = answer.status, answer.code
        return web.Response(status=answer.status, body=answer.body, headers=headers)


def check_headers(headers: Mapping[str, str], method: str) -> None:
    """Raises RefusedError: 400 without Accept or User-Agent, 406 and 415 where JSON is not what they say."""
    accept = headers.get("Accept")
    if not accept or not headers.get("User-Agent"):
        raise invalid_request("Http头缺少Accept或User-Agent")
    if "application/json" not in accept and "*/*" not in accept:
        raise RefusedError(406, "INVALID_REQUEST", "Http头Accept须为application/json")
    if method in ("POST", "PATCH") and not headers.get("Content-Type", "").startswith("application/json"):
        raise RefusedError(415, "INVALID_REQUEST", "Http头Content-Type须为application/json")


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # written to a connection that is gone: nobody gets it
