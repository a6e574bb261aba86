"""WeChat Pay is asked what became of coupons, and what it says is kept beside their requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from coupons.coupon_ports import CouponIssuer
from coupons.coupon_states import CouponAnswer, CouponState, KnownCoupon, answered, unanswered
from coupons.errors import IssuerUnavailable
from coupons.masking import ERASED
from coupons.model import Request, State
from coupons.ports import Clock, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM

#: On the wire at once, whoever asks: sends have the other places.
_AT_ONCE: Final = 4
#: Our own word, where WeChat Pay's client names no reason.
NO_ANSWER: Final = "NO_CLEAR_ANSWER"


def can_be_looked_up(request: Request) -> bool:
    """Only what was sent has a coupon, which is found by its code and its customer's openid."""
    return request.state is State.SENT and bool(request.coupon_code) and not request.openid.startswith(ERASED)


class CouponLookups:
    """Nothing can be given by asking: no event before it, and no approval. `on_lookup` hears of each: whether
    it was answered."""

    def __init__(self, *, issuer: CouponIssuer, clock: Clock, on_lookup: Callable[[bool], None]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._on_lookup = on_lookup
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def look_up(self, request: Request) -> CouponAnswer | str:
        """WeChat Pay's signed answer, or the code of why there is none. Of what `can_be_looked_up`."""
        try:
            async with self._places:
                answer = await self._issuer.coupon(
                    openid=request.openid,
                    stock_id=request.stock_id,
                    coupon_code=request.coupon_code or "",
                    out_request_no=request.out_request_no,
                )
        except IssuerUnavailable as error:
            self._on_lookup(False)
            return error.code or NO_ANSWER
        self._on_lookup(True)
        return answer

    def keep(self, tx: Transaction, found: Mapping[int, CouponAnswer | str]) -> Sequence[int]:
        """By the request's `id`; what is new becomes an event, and is drawn on its card. Returns those that
        WeChat Pay said nothing of."""
        known, requests, now = tx.coupon_states(found), tx.requests(found), self._clock()
        failed = []
        for number, answer in found.items():
            before = known.get(number, KnownCoupon(request_id=number))
            if isinstance(answer, str):
                tx.save_coupon_state(unanswered(before, answer, now=now))
                failed.append(number)
                continue
            if _keep_answer(tx, before, answer, now=now) and requests[number].batch is None:
                tx.post(Post(kind=PostKind.REDRAW, request_id=number))
        return failed


def coupon_was_taken_back(tx: Transaction, request_id: int, *, now: int) -> None:
    """By an undo, as WeChat Pay's signed answer to it says: nobody needs to ask."""
    before = tx.coupon_states([request_id]).get(request_id, KnownCoupon(request_id=request_id))
    if before.state != CouponState.DEACTIVATED:
        taken_back = replace(before.last_answer, state=CouponState.DEACTIVATED, happened_at=None)
        _keep_answer(tx, before, taken_back, now=now)


def _keep_answer(tx: Transaction, before: KnownCoupon, answer: CouponAnswer, *, now: int) -> bool:
    """Whether there is something new in it."""
    after, changed = answered(before, answer, now=now)
    tx.save_coupon_state(after)
    if changed is not None:
        tx.append(changed.done_by(SYSTEM, before.request_id))
    return changed is not None
