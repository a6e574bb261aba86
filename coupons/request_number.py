"""`out_request_no`: the only thing that keeps WeChat Pay from giving a second coupon."""

from __future__ import annotations

import hashlib

#: Ends the number of an undo.
_UNDO = "-d"


def out_request_no(delivery: str, row: int = 0) -> str:
    """The number for one row of one Slack delivery (its trigger or view id), the same for ever.

    Derived and not drawn: a delivery repeated by Slack, or redone after a restore of the database, names the
    same coupon. 32 characters, because WeChat Pay lists coupons by a `send_request_no` of at most 32; lower
    hexadecimal, so that no letter case can be lost on the way.
    """
    return "cb" + hashlib.sha256(f"{delivery}\n{row}".encode()).hexdigest()[:30]


def undo_number(number: str, times_before: int) -> str:
    """Of an undo of the request with this `out_request_no`, which was asked to be undone so often before.

    The first is `<number>-d`. A later one is made only where nothing under the earlier numbers can have taken
    the coupon back (`coupons.permissions.may_undo`), and is a new request: `<number>-d2`.
    """
    return f"{number}{_UNDO}{times_before + 1 if times_before else ''}"
