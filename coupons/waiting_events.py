"""What the log tells of a request while it waits for its approvals, beside these."""

from __future__ import annotations

from coupons.events import Tag
from coupons.recording import Payload, Personal


class ApprovalWithdrawn(Payload, tag=Tag.APPROVAL_WITHDRAWN):
    """Taken back by who had given it, while others were missing: `count` of `needed` are left.

    `approver`: whose it was, where the bot took it back, since it was given to another coupon.
    """

    count: int
    needed: int
    approver: Personal[str | None] = None
