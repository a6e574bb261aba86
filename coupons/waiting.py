"""When what waits is first called to mind, and from when that is counted where the clock was ahead."""

from __future__ import annotations

from coupons.batch_lines import draw_batch
from coupons.clock_watch import JUMP_MS
from coupons.model import REQUEST_RECORD, Request
from coupons.policy import Policy
from coupons.ports import Records, Transaction
from coupons.posts import Post, PostKind


def first_reminder(rows: Records, policy: Policy, *, waits_from: int, now: int) -> int | None:
    """When what waits since then is first called to mind; None: never.

    While somebody is away, the reminding loop looks at once whether anybody can approve it.
    """
    return now if rows.absences() else next(iter(policy.reminders_from(waits_from)), None)


def reminders_anew(rows: Records, policy: Policy, request: Request, now: int) -> Request:
    """Its reminders are counted from now on, as far as it does not expire before."""
    first = first_reminder(rows, policy, waits_from=now, now=now)
    due = None if first is None or first >= request.expires_at else first
    return REQUEST_RECORD.replace(request, {"reminders_from": now, "remind_at": due})


def set_waiting_right(tx: Transaction, *, now: int) -> int:
    """What waits from a time yet to come has its whole time from `now`, which is believed; returns how many.

    It would else expire, and be called to mind, as much later as the clock was ahead.
    """
    moved = tx.set_waiting_right(now, now + JUMP_MS)
    for request_id in moved:
        # The card says when it expires.
        tx.post(Post(kind=PostKind.CARD, request_id=request_id))
    batches = tx.set_batches_right(now, now + JUMP_MS)
    for batch_id in batches:
        draw_batch(tx, batch_id)
    return len(moved) + len(batches)
