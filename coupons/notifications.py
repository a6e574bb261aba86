"""What notifications of received coupons make of the requests.

A notification names no request: it is a witness, never the proof. It only makes the sending loop look, and
the verified list of the customer's coupons decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from coupons.events import CouponReceived
from coupons.model import Request, State
from coupons.ports import Clock, Ledger, Transaction
from coupons.recording import SYSTEM

#: What a coupon given by the merchant's own call is notified as.
OWN_CHANNEL = "BUSICOUPON_SEND_CHANNEL_API"

#: One lookup for a burst: without an openid each coupon that anybody gets of the stock may be ours.
_GATHER_MS = 1_000
#: Candidates for one notification; those left out are found by their ordinary repeats.
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A customer received a coupon, says WeChat Pay; genuine, maybe told before."""

    #: COUPON.SEND. With stock and code it names the notification.
    event: str
    stock_id: str
    coupon_code: str
    send_channel: str
    #: RFC 3339, as it came.
    send_time: str
    #: None when the stock has no `notify_appid`.
    openid: str | None = field(repr=False)


class Notifications:
    """Keeps each notification once: its event and the requests that it wakes are one transaction."""

    def __init__(self, *, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def hear(self, received: Received) -> bool:
        """Durable when this returns; False: it was heard before, and nothing was done.

        Raises StorageUnavailable: WeChat Pay must be asked to send it again.
        """
        return await self._ledger.write(partial(self._hear, received=received))

    def _hear(self, tx: Transaction, *, received: Received) -> bool:
        now = self._clock()
        new = tx.add_notification(
            stock_id=received.stock_id, coupon_code=received.coupon_code, event=received.event, at=now
        )
        if not new:
            return False
        known = tx.request_by_coupon(received.stock_id, received.coupon_code)
        woken = [] if known else self._candidates(tx, received)
        for request in woken:
            self._wake(tx, request, now if received.openid else now + _GATHER_MS)
        event = CouponReceived(
            event=received.event,
            stock_id=received.stock_id,
            coupon_code=received.coupon_code,
            send_channel=received.send_channel,
            send_time=received.send_time,
            matched=known is not None,
            woke=[request.id for request in woken],
        )
        tx.append(event.done_by(SYSTEM, known.id if known else None))
        return True

    def _candidates(self, tx: Transaction, received: Received) -> list[Request]:
        # Without an openid, what customers picked up elsewhere says nothing about our sends.
        if received.openid is None and received.send_channel != OWN_CHANNEL:
            return []
        return list(tx.doubtful_requests(received.stock_id, received.openid, _MOST))

    def _wake(self, tx: Transaction, request: Request, look_at: int) -> None:
        if request.state is State.HELD:
            # The coupon may show any moment: what was not there before lets nobody close it.
            request = tx.save(request, replace(request, absent_looks=0))
        if request.look_at is None or request.look_at > look_at:
            tx.save(request, replace(request, look_at=look_at))
