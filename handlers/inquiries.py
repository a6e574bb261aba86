"""What the answers about one request, and about a customer, are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from coupons.batches import Batch
from coupons.coupon_states import KnownCoupon
from coupons.model import Approval, History, Pause, Request
from coupons.ports import Reading
from handlers.card_facts import open_undo_of
from handlers.views import inquiry_replies


def standing(
    rows: Reading, *, number: int
) -> tuple[
    Request | None, Sequence[Approval], Pause | None, Batch | None, KnownCoupon | None, Request | None
]:
    """The request with its approvals: those of a line are its batch's, and so is its time; what became of its
    coupon, and its undo."""
    request, pause = rows.request(number), rows.pause()
    batch = rows.batch(request.batch) if request is not None and request.batch is not None else None
    coupon = rows.coupon_states([number]).get(number)
    if request is None or batch is None:
        undo = None if request is None else open_undo_of(rows, request)
        return request, rows.approvals(number), pause, None, coupon, undo
    given = [Approval(number, each.approver, each.at) for each in rows.batch_approvals(batch.id)]
    request = replace(request, expires_at=batch.expires_at or request.expires_at)
    return request, given, pause, batch, coupon, open_undo_of(rows, request)


def of_customer(
    rows: Reading, *, openid: str
) -> tuple[History, Sequence[Request], Mapping[int, KnownCoupon]]:
    requests = rows.requests_of_customer(openid, inquiry_replies.LISTED)
    known = rows.coupon_states([request.id for request in requests])
    return rows.history_of_customer(openid), requests, known
