"""The life of a request: the one table of transitions.

pending -> approved -> sending -> sent
   |           |          |-> unknown -> sent | refused | held
   |           |          |-> refused
   |           |          '-> held -> approved | closed | sent (a lookup found it)
   '-> declined | cancelled | expired      approved -> cancelled (before the first attempt) | held

An undo lives the same life, and ends undone where the others end sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coupons.errors import ForbiddenMove
from coupons.model import REQUEST_RECORD, Request, State

MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.APPROVED, State.DECLINED, State.CANCELLED, State.EXPIRED}),
    # Held at once where its bytes are not those that were approved.
    State.APPROVED: frozenset({State.SENDING, State.CANCELLED, State.HELD}),
    State.SENDING: frozenset({State.SENT, State.UNKNOWN, State.REFUSED, State.HELD}),
    State.UNKNOWN: frozenset({State.SENT, State.REFUSED, State.HELD}),
    # Sent where a lookup finds the coupon: closing it would be a lie, and another attempt is not needed.
    State.HELD: frozenset({State.APPROVED, State.CLOSED, State.SENT}),
    State.SENT: frozenset(),
    State.REFUSED: frozenset(),
    State.DECLINED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CLOSED: frozenset(),
    State.UNDONE: frozenset(),
}
#: The same for an undo. One that is held is refused where a lookup finds that the coupon was used meanwhile.
MOVES_OF_UNDO: Mapping[State, frozenset[State]] = {
    **{
        state: following - {State.SENT} | {State.UNDONE} if State.SENT in following else following
        for state, following in MOVES.items()
    },
    State.HELD: frozenset({State.APPROVED, State.CLOSED, State.UNDONE, State.REFUSED}),
}

FINAL = frozenset(state for state, following in MOVES.items() if not following)

#: States in which the sending loop has something to do once `due_at` has come.
SENDABLE = frozenset({State.APPROVED, State.SENDING, State.UNKNOWN})

#: What limits do not count: nothing was given, and nothing can be any more.
UNCOUNTED = frozenset({State.DECLINED, State.CANCELLED, State.EXPIRED, State.REFUSED, State.CLOSED})


def counts(request: Request) -> bool:
    """For limits: an undo gives nothing, and what was taken back is not given any more."""
    return request.state not in UNCOUNTED and request.undoes is None and request.undone_by is None


def move(request: Request, to: State, *, now: int, **changes: Any) -> Request:
    """The request in its next state; `closed_at` is set by itself on a final one.

    Raises ForbiddenMove: the caller read a state that allows no such step, and must look again.
    """
    moves = MOVES if request.undoes is None else MOVES_OF_UNDO
    if to not in moves[request.state]:
        raise ForbiddenMove(request.id, request.state, to)
    if request.state is State.APPROVED and to is State.CANCELLED and request.attempts:
        # Released from a hold: an attempt under this number may have given the coupon.
        raise ForbiddenMove(request.id, request.state, to)
    if to in FINAL:
        changes = {"closed_at": now, "due_at": None, "look_at": None, "remind_at": None, **changes}
    return REQUEST_RECORD.replace(request, {"state": to, **changes})
