"""What the events of coupons that were sent tell. Their tags stand among all others in `coupons.events`."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.events import Tag
from coupons.recording import Payload, Personal


class CouponChanged(Payload, tag=Tag.COUPON_CHANGED):
    """WeChat Pay says something new of a coupon that was sent: its `coupon_state`, `before` as it was known
    until then (empty: nothing was), when it was used or deactivated, and until when it is valid, in UTC ms.
    """

    state: str
    before: str
    happened_at: int | None
    valid_until: int | None


class CouponViewed(Payload, tag=Tag.COUPON_VIEWED):
    """Somebody was answered what became of the coupons of these `requests`; of those in `failed` WeChat Pay
    said nothing just then. `customer`: they asked for all of a customer's.
    """

    requests: Sequence[int]
    failed: Sequence[int]
    customer: Personal[int | None] = None
