"""`COUPON.SEND` notifications: "a user received a coupon", posted to the merchant until they are taken."""

import asyncio
import json
import secrets
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from io import BytesIO
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.wechatpay.callbacks import is_loopback
from sandbox.wechatpay.clock import Clock, rfc3339
from sandbox.wechatpay.keyring import KeyRing, signed_headers
from sandbox.wechatpay.keys import PlatformKey
from sandbox.wechatpay.ledger import Attempt, Coupon, Ledger, Notice
from sandbox.wechatpay.lies import STALE_SECONDS, forge, name_nobody, probe
from sandbox.wechatpay.stocks import Stocks

_OVERSIZED_BYTES = 2 * 1024 * 1024
_ANSWER_KEPT_BYTES = 1000


class NoticeFault(StrEnum):
    """What is wrong with a delivery. Those after the signatures are signed as they should be."""

    FORGED_SIGNATURE = "forged_signature"
    SIGNTEST = "signtest"
    STALE = "stale"
    WRONG_SERIAL = "wrong_serial"
    UNSIGNED = "unsigned"
    TRUNCATED = "truncated"  # on the way: the signature covers all of it
    WRONG_APIV3_KEY = "wrong_apiv3_key"
    OVERSIZED = "oversized"


@dataclass(frozen=True, slots=True)
class Repeats:
    """How long the platform waits for an answer, and how often it comes back: every minute, eleven times in
    all. Tests take a shorter pause."""

    pause_s: float = 60.0
    most: int = 11
    answer_within_s: float = 5.0


class Notices:
    def __init__(
        self,
        *,
        apiv3_key: str,
        stocks: Stocks,
        keys: KeyRing,
        ledger: Ledger,
        clock: Clock,
        repeats: Repeats,
    ) -> None:
        self._apiv3_key = apiv3_key.encode()
        self._stocks = stocks
        self._keys = keys
        self._ledger = ledger
        self._clock = clock
        self._repeats = repeats
        self._tasks: set[asyncio.Task[Notice]] = set()

    def soon(self, coupon: Coupon, url: str) -> None:
        """Tells in the background, with repeats. An address beyond this machine is written in the ledger and
        told nothing: a stand-in's notification looks real enough to do harm there."""
        if not is_loopback(url):
            attempt = Attempt(self._clock(), None, error="not an address of this machine, nothing was sent")
            self._ledger.notices.append(Notice(coupon, url, [attempt], done=True))
            self._ledger.changed()
            return
        task = asyncio.get_running_loop().create_task(
            self.tell(coupon, url, repeat=True, fault=None, serial=None)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Repeats still due are dropped."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def tell(
        self, coupon: Coupon, url: str, *, repeat: bool, fault: NoticeFault | None, serial: str | None
    ) -> Notice:
        """Raises ValueError for an address beyond this machine, RefusedError for a serial of nobody's."""
        if not is_loopback(url):
            raise ValueError(f"url is {url}; the stand-in notifies loopback addresses only")
        key = self._keys.key_for(serial)
        notice = Notice(coupon, url)
        self._ledger.notices.append(notice)
        honest = self._body(coupon, self._apiv3_key)
        timeout = aiohttp.ClientTimeout(total=self._repeats.answer_within_s)
        try:
            async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
                for at in range(self._repeats.most if repeat else 1):
                    if at:
                        await asyncio.sleep(self._repeats.pause_s)
                    fault_now = fault if at == 0 else None
                    body = self._bent_body(coupon, honest, fault_now)
                    headers = _headers(key, signed_headers(key, self._seconds(fault_now), body), fault_now)
                    if fault_now is NoticeFault.TRUNCATED:
                        body = body[: len(body) // 2]
                    notice.attempts.append(await self._post(session, url, headers, body, fault_now))
                    self._ledger.changed()
                    if notice.received:
                        break
        finally:
            notice.done = True
            self._ledger.changed()
        return notice

    async def _post(
        self,
        session: aiohttp.ClientSession,
        url: str,
        headers: dict[str, str],
        body: bytes,
        fault: NoticeFault | None,
    ) -> Attempt:
        at_ms = self._clock()
        try:
            # Nobody's certificate is good for a loopback address.
            async with session.post(
                url, data=BytesIO(body), headers=headers, allow_redirects=False, ssl=False
            ) as heard:
                answer = await heard.content.read(_ANSWER_KEPT_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Attempt(at_ms, fault, error=type(error).__name__)
        return Attempt(at_ms, fault, status=heard.status, answer=answer)

    def _seconds(self, fault: NoticeFault | None) -> int:
        return self._clock() // 1000 - (STALE_SECONDS if fault is NoticeFault.STALE else 0)

    def _bent_body(self, coupon: Coupon, honest: bytes, fault: NoticeFault | None) -> bytes:
        if fault is NoticeFault.WRONG_APIV3_KEY:
            return self._body(coupon, secrets.token_bytes(32))
        if fault is NoticeFault.OVERSIZED:
            return honest[:-1] + b',"padding":"' + b"x" * _OVERSIZED_BYTES + b'"}'
        return honest

    def _body(self, coupon: Coupon, apiv3_key: bytes) -> bytes:
        nonce = secrets.token_hex(6)
        plain = json.dumps(self._resource(coupon), ensure_ascii=False).encode()
        sealed = AESGCM(apiv3_key).encrypt(nonce.encode(), plain, b"coupon")
        name = sha256(f"{coupon.stock_id}\n{coupon.coupon_code}".encode()).hexdigest()
        envelope = {
            # The same for every notification of one coupon: a receiver can tell a repeat by it.
            "id": f"EV-{name[:32]}",
            "create_time": rfc3339(coupon.given_at_ms),
            "event_type": "COUPON.SEND",
            "resource_type": "encrypt-resource",
            "summary": "商家券领券通知",
            "resource": {
                "original_type": "coupon",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": b64encode(sealed).decode(),
                "nonce": nonce,
                "associated_data": "coupon",
            },
        }
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()

    def _resource(self, coupon: Coupon) -> dict[str, Any]:
        resource = {
            "event_type": "EVENT_TYPE_BUSICOUPON_SEND",
            "coupon_code": coupon.coupon_code,
            "stock_id": coupon.stock_id,
            "send_time": rfc3339(coupon.given_at_ms),
            "send_channel": "BUSICOUPON_SEND_CHANNEL_API",
            "send_merchant": self._stocks.mchid,
        }
        terms = self._stocks.terms(self._stocks.by_id[coupon.stock_id])
        if terms.get("notify_config", {}).get("notify_appid") == coupon.appid:
            resource["openid"] = coupon.openid
        return resource


def _headers(key: PlatformKey, signed: dict[str, str], fault: NoticeFault | None) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "*/*",
        "Request-ID": f"08{secrets.token_hex(18).upper()}-0",
    }
    if fault is NoticeFault.UNSIGNED:
        return headers
    headers |= signed
    if fault is NoticeFault.FORGED_SIGNATURE:
        forge(headers)
    elif fault is NoticeFault.SIGNTEST:
        probe(headers)
    elif fault is NoticeFault.WRONG_SERIAL:
        name_nobody(headers, key)
    return headers
