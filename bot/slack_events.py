"""`/slack/events`: what Slack posts in HTTP mode. Anybody may post here; what Slack signed goes further."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.acks import Acks
from bot.logs import Seldom

#: Slack waits 3 seconds for the ack: a body that takes as long is none of Slack's.
_BODY_WITHIN_S = 3.0
#: A payload holds a view of at most 250 KB of JSON, percent-encoded.
_LONGEST = 1024 * 1024
_ACKED = 200
#: `int` would take other scripts' digits, signs and underscores, and raise on the rest.
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
#: Slack's own look at whether the address answers, the one thing that comes unsigned.
_SSL_CHECK = re.compile(r"(?:^|&)ssl_check=1(?:&|$)")


class SlackEvents:
    """The route; before `open` and after `close` it answers 503."""

    def __init__(self, signing_secret: str, *, acks: Acks, logger: structlog.stdlib.BoundLogger) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self._acks = acks
        self._logger = logger
        self._seldom = Seldom()
        self._app: AsyncApp | None = None

    def open(self, app: AsyncApp) -> None:
        self._app = app

    def close(self) -> None:
        self._app = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Bolt's answer, or 401 for what Slack did not sign, whatever it is."""
        if self._app is None:
            return web.Response(status=503, text="the bot is starting")
        asked = await self._read(request)
        if isinstance(asked, web.Response):
            return asked
        return await self._answer(request, self._app, asked)

    async def _read(self, request: web.Request) -> AsyncBoltRequest | web.Response:
        try:
            body = await _body(request)
        except Exception as error:  # noqa: BLE001
            # Whatever a stranger's bytes do to the HTTP parser (cut off, bad chunks, no text) is theirs.
            return self._refuse(400, f"unreadable: {type(error).__name__}")
        if body is None:
            return self._refuse(413, "too large")
        if not self._is_genuine(request.headers, body):
            is_check = _SSL_CHECK.search(body) is not None
            return web.Response() if is_check else self._refuse(401, "not signed by Slack, or too old")
        try:
            # The parsing is Bolt's, and happens when the request is made.
            return AsyncBoltRequest(
                body=body,
                query=request.query_string,
                headers=request.headers,  # type: ignore[arg-type]
            )
        except (ValueError, RecursionError):
            return self._refuse(400, "signed, but not as Slack writes it")

    async def _answer(
        self, request: web.Request, app: AsyncApp, asked: AsyncBoltRequest
    ) -> web.StreamResponse:
        with self._acks.awaited(asked.body) as ack:
            response = await to_aiohttp_response(await app.async_dispatch(asked))
            await response.prepare(request)
            await response.write_eof()
            if response.status == _ACKED:
                ack.on_wire()
        return response

    def _is_genuine(self, headers: Mapping[str, str], body: str) -> bool:
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            return False
        return self._verifier.is_valid(body, timestamp, signature)

    def _refuse(self, status: int, why: str) -> web.Response:
        if self._seldom.may_tell(why):
            self._logger.info("slack_request_refused", status=status, why=why)
        return web.Response(status=status)


async def _body(request: web.Request) -> str | None:
    """None: longer than any of Slack's. Raises what the wire does, and UnicodeDecodeError."""
    body = bytearray()
    async with asyncio.timeout(_BODY_WITHIN_S):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > _LONGEST:
                return None
    return body.decode()
