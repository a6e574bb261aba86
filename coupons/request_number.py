"""`out_request_no`: the only thing that keeps WeChat Pay from giving a second coupon."""

from __future__ import annotations

import hashlib


def out_request_no(delivery: str, row: int = 0) -> str:
    """The number for one row of one Slack delivery (its trigger or view id), the same for ever.

    Derived and not drawn: a delivery repeated by Slack, or redone after a restore of the database, names the
    same coupon. 32 characters, because WeChat Pay lists coupons by a `send_request_no` of at most 32; lower
    hexadecimal, so that no letter case can be lost on the way.
    """
    return "cb" + hashlib.sha256(f"{delivery}\n{row}".encode()).hexdigest()[:30]
