"""HTTP mode: payloads posted to the app's request URL, signed with the signing secret, acked by the
response."""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.slack.deliveries import DISPATCH_FAILED, OPERATION_TIMEOUT, Delivery, Kind
from sandbox.slack.state import State

FORM = "application/x-www-form-urlencoded"


class RequestUrl:
    def __init__(self, state: State, url: str, ack_seconds: float) -> None:
        self._state = state
        self._url = url
        self._ack_seconds = ack_seconds
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ack_seconds))

    async def close(self) -> None:
        await self._session.close()

    async def verify(self) -> None:
        """Slack's question before it accepts a request URL: a signed challenge to be sent back.

        Raises ValueError when the app does not answer with it.
        """
        challenge = secrets.token_hex(16)
        body = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
        async with self._session.post(
            self._url, data=body, headers=self._headers(body, "application/json")
        ) as answer:
            if answer.status != 200 or challenge not in await answer.text():
                raise ValueError(f"{self._url} answered {answer.status} without the challenge")

    async def deliver(self, delivery: Delivery) -> None:
        started = time.monotonic()
        content_type, body = _encode(delivery)
        headers = self._headers(body, content_type)
        if delivery.retry_attempt:
            headers["X-Slack-Retry-Num"] = str(delivery.retry_attempt)
            headers["X-Slack-Retry-Reason"] = "http_timeout"
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                text = await answer.text()
            if answer.status == 200:
                delivery.answer = _decode(answer.content_type, text)
            else:
                delivery.error = DISPATCH_FAILED
        except TimeoutError:
            delivery.error = OPERATION_TIMEOUT
        except aiohttp.ClientError:
            delivery.error = DISPATCH_FAILED
        delivery.elapsed = time.monotonic() - started

    def _headers(self, body: bytes, content_type: str) -> dict[str, str]:
        timestamp = str(int(self._state.clock()))
        base = b"v0:" + timestamp.encode() + b":" + body
        secret = self._state.setup.signing_secret.encode()
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": "v0=" + hmac.new(secret, base, hashlib.sha256).hexdigest(),
        }


def _encode(delivery: Delivery) -> tuple[str, bytes]:
    match delivery.kind:
        case Kind.COMMAND:
            return FORM, urlencode(delivery.payload).encode()
        case Kind.INTERACTIVE:
            payload = json.dumps(delivery.payload, ensure_ascii=False)
            return FORM, urlencode({"payload": payload}).encode()
        case Kind.EVENT:
            return "application/json", json.dumps(delivery.payload).encode()


def _decode(content_type: str, text: str) -> Any:
    """What the ack says: nothing, an object, or plain text that becomes a message."""
    if not text:
        return None
    if content_type == "application/json":
        try:
            return json.loads(text)
        except ValueError:
            return None
    return {"text": text}
