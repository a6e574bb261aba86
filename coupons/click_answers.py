"""Whoever clicked is told in the channel of the click, seen by nobody else; what was refused is an event."""

from __future__ import annotations

from coupons.events import ClickRefused
from coupons.model import Click, Request
from coupons.permissions import Decision
from coupons.ports import Transaction
from coupons.posts import Post, PostKind


def refuse_click(tx: Transaction, click: Click, request: Request | None, decision: Decision) -> None:
    """The event, and its answer. None: there is no request of the number that the click named."""
    request_id, state = (request.id, request.state) if request else (None, None)
    refused = ClickRefused(
        action=click.action, reason=decision.reason, state=state, asked_for=click.request_id
    )
    answer_click(tx, click, request_id, tx.append(refused.done_by(click.person, request_id)))


def answer_click(tx: Transaction, click: Click, request_id: int | None, seq: int) -> None:
    """What the event tells is promised to whoever clicked."""
    tx.post(
        Post(
            kind=PostKind.ANSWER,
            request_id=request_id,
            seq=seq,
            person=click.person,
            channel=click.channel,
        )
    )
