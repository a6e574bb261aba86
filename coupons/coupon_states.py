"""What became of a coupon that was sent: used, expired, deleted or deactivated, as WeChat Pay said last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from coupons.coupon_events import CouponChanged


class CouponState(StrEnum):
    """WeChat Pay's `coupon_state`. A word that is not known here stays as it came."""

    #: The customer can use it.
    SENDED = "SENDED"
    #: It may become SENDED again, where the merchant returns it.
    USED = "USED"
    EXPIRED = "EXPIRED"
    #: By the customer.
    DELETED = "DELETED"
    #: By the merchant.
    DEACTIVATED = "DEACTIVATED"


#: Nothing follows these, so nobody needs to ask again.
ENDED: Final = frozenset({CouponState.EXPIRED, CouponState.DELETED, CouponState.DEACTIVATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponAnswer:
    """WeChat Pay's signed answer about one coupon. Times in UTC milliseconds, None: not said."""

    state: str
    #: When it was used or deactivated.
    happened_at: int | None
    valid_until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCoupon:
    """The row of `coupon_state`: what is known of the coupon of a sent request. Times in UTC milliseconds."""

    request_id: int
    #: Empty: WeChat Pay never told.
    state: str = ""
    happened_at: int | None = None
    valid_until: int | None = None
    #: When we learned of it, by the event that tells so.
    changed_at: int | None = None
    #: When WeChat Pay last said so.
    known_at: int | None = None
    #: When WeChat Pay was last asked.
    tried_at: int = 0
    #: Why the last question had no answer that can be believed; empty: it had one.
    problem: str = ""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def last_answer(self) -> CouponAnswer:
        return CouponAnswer(state=self.state, happened_at=self.happened_at, valid_until=self.valid_until)


def answered(
    before: KnownCoupon, answer: CouponAnswer, *, now: int
) -> tuple[KnownCoupon, CouponChanged | None]:
    """What is known after WeChat Pay's answer, and the event for what is new in it; None: nothing is."""
    after = replace(before, known_at=now, tried_at=now, problem="")
    if answer == before.last_answer:
        return after, None
    changed = CouponChanged(
        state=answer.state,
        before=before.state,
        happened_at=answer.happened_at,
        valid_until=answer.valid_until,
    )
    after = replace(
        after,
        state=answer.state,
        happened_at=answer.happened_at,
        valid_until=answer.valid_until,
        changed_at=now,
    )
    return after, changed


def unanswered(before: KnownCoupon, problem: str, *, now: int) -> KnownCoupon:
    """What was known stays known; that nobody answered now stands beside it."""
    return replace(before, tried_at=now, problem=problem)
