"""What an attempt to give a coupon, or to take one back, told us: a request is decided by it
(`coupons.settling`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is known about the coupon of a number."""

    SENT = "sent"
    #: Of an undo, in the place of sent: the coupon was taken back.
    UNDONE = "undone"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Remedy(StrEnum):
    """What to do next."""

    #: Nothing: it was given.
    NONE = "none"
    #: Nothing: a verified, final no.
    FINAL = "final"
    #: The same number again, later.
    REPEAT = "repeat"
    #: The same number again, slower (`retry_after` if it was said).
    SLOWER = "slower"
    #: A person must put something right, then the same number again.
    OPERATOR = "operator"
    #: Look at the customer's coupons before believing anything.
    LOOK_UP = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt told us, judged together with the attempts before it."""

    kind: Kind
    #: WeChat Pay's signature was there and good.
    verified: bool
    #: This attempt may have given the coupon.
    attempt_open: bool
    remedy: Remedy
    #: With OPERATOR: it is said of the merchant, and so would be said of every request.
    of_merchant: bool = False
    #: The answer was a final no, signed or not; whether it counts is said by the other members.
    said_no: bool = False
    coupon_code: str | None = None
    #: HTTP status; None when no answer came.
    status: int | None = None
    #: WeChat Pay's code, or ours when there was none.
    code: str = ""
    #: The server's words, safe to log.
    message: str = ""
    #: WeChat Pay's Request-ID: support asks for it.
    request_id: str = ""
    #: Serial of the key that verified the answer.
    serial_no: str = ""
    #: Seconds.
    retry_after: float | None = None
