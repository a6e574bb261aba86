"""Lookups of the customer's coupons: after an attempt, because a notification says that one was received, or
because somebody wants to close what is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from coupons.attempts import is_due
from coupons.clock_watch import ClockWatch
from coupons.errors import IssuerUnavailable
from coupons.model import Request, State
from coupons.ports import DueWork, Issuer, Ledger, Transaction
from coupons.settlement_posts import write_settlement
from coupons.settling import Lookup, LookupResult, Pace, settle_lookup

#: A lookup that a dead process began is begun again after this time.
_LEASE_MS = 120_000
#: What the state of its coupon says of an undo, in WeChat Pay's words.
_OF_UNDO = {
    "SENDED": LookupResult.ABSENT,
    "DEACTIVATED": LookupResult.FOUND,
    "USED": LookupResult.USED,
    "EXPIRED": LookupResult.EXPIRED,
    "DELETED": LookupResult.DELETED,
}
#: Looked up without an attempt.
_STATES = frozenset({State.UNKNOWN, State.HELD})


class Lookups:
    """Nothing can be given by looking: such a lookup needs no event before it, and no approval."""

    def __init__(self, *, ledger: Ledger, issuer: Issuer, clock: ClockWatch, pace: Pace) -> None:
        self._ledger = ledger
        self._issuer = issuer
        self._clock = clock
        self._pace = pace
        self._longest_ms = max(_LEASE_MS, pace.longest_ms, pace.lookup_pause_ms)

    async def look_up(self, request: Request) -> Lookup:
        if request.undoes is not None:
            return await self._look_up_undo(request.undoes)
        try:
            code = await self._issuer.find_coupon(
                openid=request.openid,
                stock_id=request.stock_id,
                out_request_no=request.out_request_no,
            )
        except IssuerUnavailable:
            return Lookup(LookupResult.UNAVAILABLE)
        return Lookup(LookupResult.ABSENT) if code is None else Lookup(LookupResult.FOUND, code)

    async def _look_up_undo(self, sent_request: int) -> Lookup:
        """By what the coupon is now. Whoever deactivated it: it cannot be used."""
        sent = await self._ledger.read(lambda rows: rows.request(sent_request))
        if sent is None or sent.coupon_code is None:
            return Lookup(LookupResult.UNAVAILABLE)
        try:
            answer = await self._issuer.coupon(
                openid=sent.openid,
                stock_id=sent.stock_id,
                coupon_code=sent.coupon_code,
                out_request_no=sent.out_request_no,
            )
        except IssuerUnavailable:
            return Lookup(LookupResult.UNAVAILABLE)
        return Lookup(_OF_UNDO.get(answer.state, LookupResult.UNAVAILABLE))

    def due(self, rows: DueWork, limit: int) -> Sequence[Request]:
        """Those that have no attempt on the wire."""
        now = self._clock()
        return rows.requests_to_look_up(now, limit, now + self._longest_ms)

    async def run(self, request_id: int) -> None:
        """One, unless it is not due any more."""
        request = await self._ledger.write(partial(self._begin, request_id=request_id))
        if request is not None:
            lookup = await self.look_up(request)
            await self._ledger.write(partial(self._finish, begun=request, lookup=lookup))

    def _begin(self, tx: Transaction, *, request_id: int) -> Request | None:
        before = tx.request(request_id)
        now = self._clock()
        if before is None or before.state not in _STATES or before.running:
            return None
        if not is_due(before.look_at, now, self._longest_ms):
            return None
        return tx.save(before, replace(before, look_at=now + _LEASE_MS))

    def _finish(self, tx: Transaction, *, begun: Request, lookup: Lookup) -> None:
        request = tx.request(begun.id)
        if request is None or request.state not in _STATES or request.running:
            return
        same = (begun.state, begun.attempts) == (request.state, request.attempts)
        if request.state is State.HELD and not same and lookup.result is not LookupResult.FOUND:
            # Held since, perhaps after another attempt: what was not there then says nothing of now.
            return
        now = self._clock()
        settlement = settle_lookup(
            request,
            lookup,
            now=now,
            earliest=self._clock.earliest(),
            latest=self._clock.latest(),
            pace=self._pace,
        )
        if settlement.after.state is request.state and request.look_at != begun.look_at:
            # Notified again meanwhile: that coupon may be one this lookup was too early for.
            settlement = replace(
                settlement,
                after=replace(settlement.after, look_at=request.look_at, absent_looks=request.absent_looks),
            )
        write_settlement(tx, request, settlement, now=now)
