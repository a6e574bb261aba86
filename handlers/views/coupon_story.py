"""What became of a coupon that was sent, as short sentences of the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from coupons.coupon_states import CouponState
from coupons.events import Tag
from handlers.views.rendering import EventWords
from handlers.views.translations import N_

_CHANGED: Final[Mapping[str, tuple[str, ...]]] = {
    CouponState.SENDED: (
        N_("WeChat Pay says that the customer can use the coupon, until {valid_until}"),
        N_("WeChat Pay says that the customer can use the coupon"),
    ),
    CouponState.USED: (
        N_("WeChat Pay says that the customer used the coupon, on {happened_at}"),
        N_("WeChat Pay says that the customer used the coupon"),
    ),
    CouponState.EXPIRED: (
        N_("WeChat Pay says that the coupon expired unused, on {valid_until}"),
        N_("WeChat Pay says that the coupon expired unused"),
    ),
    CouponState.DELETED: (N_("WeChat Pay says that the customer deleted the coupon"),),
    CouponState.DEACTIVATED: (
        N_("WeChat Pay says that the coupon was deactivated, on {happened_at}"),
        N_("WeChat Pay says that the coupon was deactivated"),
    ),
}


def _changed(words: EventWords) -> str:
    state = words.text("state")
    if (words.text("before"), state) == (CouponState.USED, CouponState.SENDED):
        return words("WeChat Pay says that the coupon was returned: the customer can use it again")
    if state in _CHANGED:
        return words.first(_CHANGED[state])
    return words("WeChat Pay says of the coupon: {state}")


def _viewed(words: EventWords) -> str:
    about = words("{who} asked what became of the coupon")
    if words.whole("customer"):
        about = words("{who} asked what became of the coupons of customer {customer}")
    failed = words.list(f"#{number}" for number in words.names("failed"))
    return (
        words("{sentence}; WeChat Pay did not say of {requests}", sentence=about, requests=failed)
        if failed
        else about
    )


#: As the table of `handlers.views.story`, of which it is a part.
SENTENCES: Mapping[str, tuple[str, ...] | Callable[[EventWords], str]] = {
    Tag.COUPON_CHANGED: _changed,
    Tag.COUPON_VIEWED: _viewed,
}
