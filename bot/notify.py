"""`/wechatpay/notify`: WeChat Pay tells us that a customer received a coupon. Anybody may post here.

The answer comes after one durable commit and before any work: WeChat Pay waits 5 seconds, and sends again
what was not answered with 200 or 204.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from bot.logs import Seldom
from bot.metrics import Heard
from coupons.notifications import Notifications, Received
from coupons.ports import Clock
from wechatpay import WechatPayError, read_notification
from wechatpay.errors import UnknownSerial
from wechatpay.fields import PUBLIC_KEY_PREFIX
from wechatpay.keystore import KeyStore
from wechatpay.notifications import LONGEST_NOTIFICATION, CouponReceived, Other

PATH = "/wechatpay/notify"

#: Seconds for the body to arrive: who trickles bytes is not WeChat Pay.
_BODY_WITHIN_S = 3.0
#: Seconds that an answer waits for new certificates; they are fetched to the end all the same, and
#: WeChat Pay sends its notification again a minute later.
_KEYS_WITHIN_S = 2.0

_REFUSED: Mapping[Heard, int] = {
    Heard.TOO_LARGE: 413,
    Heard.UNREADABLE: 400,
    Heard.UNSIGNED: 401,
    Heard.STALE: 401,
    Heard.UNKNOWN_SERIAL: 401,
    Heard.BAD_SIGNATURE: 401,
    # Genuine, and the fault may be ours (a wrong APIv3 key): a later repeat may find it mended.
    Heard.UNDECRYPTABLE: 500,
    Heard.MALFORMED: 500,
    Heard.NOT_KEPT: 503,
}
#: The rest is what strangers do, and WeChat Pay too, to test merchants: nothing to wake anybody for.
_OURS_TO_MEND = frozenset({Heard.UNDECRYPTABLE, Heard.MALFORMED})


class Notify:
    """`count` hears what each POST was taken for; `on_trouble` of what the database refused."""

    def __init__(
        self,
        *,
        keys: KeyStore,
        apiv3_key: bytes,
        notifications: Notifications,
        clock: Clock,
        count: Callable[[Heard], None],
        on_trouble: Callable[[BaseException], object],
        logger: structlog.stdlib.BoundLogger,
    ) -> None:
        self._keys = keys
        self._apiv3_key = apiv3_key
        self._notifications = notifications
        self._clock = clock
        self._count = count
        self._on_trouble = on_trouble
        self._logger = logger
        self._seldom = Seldom()
        self._refreshing: asyncio.Task[None] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        """204, or an error that makes WeChat Pay send it again."""
        try:
            body = await _body(request)
        except Exception as error:  # noqa: BLE001
            # Whatever a stranger's bytes do to the HTTP parser (cut off, bad chunks, bad gzip) is theirs.
            return self._refuse(Heard.UNREADABLE, type(error).__name__)
        if body is None:
            return self._refuse(Heard.TOO_LARGE)
        try:
            notification = await self._read(request.headers, body)
        except WechatPayError as error:
            return self._refuse(Heard(error.code.lower()), str(error))
        return await self._keep(notification)

    async def aclose(self) -> None:
        """End a download that nobody waits for any more."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait({self._refreshing})

    # --- reading

    async def _read(self, headers: Mapping[str, str], body: bytes) -> CouponReceived | Other:
        try:
            return self._understand(headers, body)
        except UnknownSerial as unknown:
            # Certificates change. Ids of public keys are configured and cannot be downloaded.
            if unknown.serial_no.startswith(PUBLIC_KEY_PREFIX):
                raise
            await self._refresh()
        return self._understand(headers, body)

    def _understand(self, headers: Mapping[str, str], body: bytes) -> CouponReceived | Other:
        return read_notification(
            headers, body, keys=self._keys.ring, apiv3_key=self._apiv3_key, now=self._clock() // 1000
        )

    async def _refresh(self) -> None:
        """One download for all who wait; the key store allows one in some minutes, whoever asks."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._keys.refresh_for_stranger(), name="notify-keys")
        await asyncio.wait({self._refreshing}, timeout=_KEYS_WITHIN_S)

    # --- answering

    async def _keep(self, notification: CouponReceived | Other) -> web.Response:
        if isinstance(notification, Other):
            self._logger.info("notification_of_something_else", event_type=notification.event_type)
            return self._accept(Heard.OTHER)
        try:
            new = await self._notifications.hear(
                Received(
                    event=notification.event_type,
                    stock_id=notification.stock_id,
                    coupon_code=notification.coupon_code,
                    send_channel=notification.send_channel,
                    send_time=notification.send_time,
                    openid=notification.openid,
                )
            )
        except Exception as error:  # noqa: BLE001
            # Whatever it was, it is not known to be kept: WeChat Pay must send it again.
            self._on_trouble(error)
            return self._refuse(Heard.NOT_KEPT)
        self._logger.info(
            "notification",
            notification_id=notification.notification_id,
            stock_id=notification.stock_id,
            new=new,
        )
        return self._accept(Heard.RECEIVED if new else Heard.DUPLICATE)

    def _accept(self, heard: Heard) -> web.Response:
        self._count(heard)
        return web.Response(status=204)

    def _refuse(self, heard: Heard, why: str = "") -> web.Response:
        self._count(heard)
        # Counted each time, told once a minute: anybody may post here, as often as they like.
        if self._seldom.may_tell(heard):
            log = self._logger.warning if heard in _OURS_TO_MEND else self._logger.info
            log("notification_refused", reason=heard, why=why)
        # Our word and nothing of theirs: who forges learns no more than that it failed.
        return web.json_response({"code": "FAIL", "message": heard}, status=_REFUSED[heard])


async def _body(request: web.Request) -> bytes | None:
    """The raw bytes, never held further than they may be long; None: longer. Raises what the wire does."""
    body = bytearray()
    async with asyncio.timeout(_BODY_WITHIN_S):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > LONGEST_NOTIFICATION:
                return None
    return bytes(body)
