"""Which details of an event tell of a person: for docs/privacy.md, and for whoever hands a log on.

Beside these, `actor` is the Slack user id of whoever did it. Customers stand in events by their number only;
whoever that is stands in the table customer, and can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coupons.events import Tag

_NOTHING: Final[tuple[str, ...]] = ()

#: Of each tag, the details that are a person's number, a person's words, or a Slack id.
PERSONAL: Final[Mapping[Tag, tuple[str, ...]]] = {
    Tag.REQUEST_CREATED: ("customer", "reason", "ticket"),
    Tag.APPROVAL_GIVEN: _NOTHING,
    Tag.REQUEST_APPROVED: ("approvals",),
    Tag.REQUEST_DECLINED: ("reason",),
    Tag.REQUEST_CANCELLED: _NOTHING,
    Tag.REQUEST_EXPIRED: _NOTHING,
    Tag.ATTEMPT_STARTED: _NOTHING,
    Tag.ATTEMPT_FINISHED: _NOTHING,
    Tag.COUPON_LOOKED_UP: ("coupon_code",),
    Tag.COUPON_RECEIVED: ("coupon_code",),
    Tag.REQUEST_SENT: ("coupon_code",),
    Tag.REQUEST_REFUSED: _NOTHING,
    Tag.REQUEST_UNKNOWN: _NOTHING,
    Tag.REQUEST_HELD: _NOTHING,
    Tag.REQUEST_RETRIED: _NOTHING,
    Tag.CLICK_REFUSED: _NOTHING,
    Tag.COMMAND_REFUSED: _NOTHING,
    Tag.REQUEST_URGED: _NOTHING,
    Tag.REQUEST_REMINDED: ("mention",),
    Tag.SENDING_PAUSED: ("reason",),
    Tag.SENDING_RESUMED: _NOTHING,
    Tag.BOT_STARTED: _NOTHING,
    Tag.BOT_STOPPED: _NOTHING,
    Tag.SETTINGS_CHANGED: _NOTHING,
    Tag.DATABASE_RESTORED: _NOTHING,
    Tag.AUDIT_CHECKPOINT: _NOTHING,
    Tag.AUDIT_SEARCHED: ("words", "user"),
    Tag.AUDIT_VIEWED: ("user",),
    Tag.AUDIT_EXPORTED: ("words", "user"),
    Tag.AUDIT_REPORTED: ("user",),
    Tag.AUDIT_RECONCILED: ("user",),
    Tag.AUDIT_REFUSED: _NOTHING,
    Tag.OPENID_VIEWED: ("customer", "user"),
    Tag.CUSTOMER_ERASED: ("customer", "user"),
    Tag.CONSOLE_LINK_MADE: _NOTHING,
    Tag.CONSOLE_SIGNED_IN: _NOTHING,
    Tag.CONSOLE_REFUSED: ("person",),
}
