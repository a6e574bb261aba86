"""What the business needs from storage and from WeChat Pay for what became of coupons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coupons.coupon_states import CouponAnswer, KnownCoupon
    from coupons.model import Click, Request


class CouponRecords(Protocol):
    """Questions."""

    def coupon_states(self, request_ids: Collection[int]) -> Mapping[int, KnownCoupon]:
        """By the request's `id`; of those without a row nobody ever asked."""

    def coupons_to_look_up(self, since: int, tried_before: int, limit: int) -> Sequence[Request]:
        """Sent since then, with a code and a customer who is not erased, not asked about since
        `tried_before`, and of which more can become; the longest sent first."""

    def lookups_wanted(self, limit: int, but: Collection[int] = ()) -> Sequence[Click]:
        """Clicks by which people want to know what became of coupons, oldest first; `but` these ids."""


class CouponChanges(Protocol):
    """Changes."""

    def save_coupon_state(self, known: KnownCoupon) -> None:
        """In place of what was known before."""


class CouponIssuer(Protocol):
    """WeChat Pay, asked about a coupon that it gave."""

    async def coupon(
        self, *, openid: str, stock_id: str, coupon_code: str, out_request_no: str
    ) -> CouponAnswer:
        """Its signed answer about this very coupon. Raises IssuerUnavailable."""
