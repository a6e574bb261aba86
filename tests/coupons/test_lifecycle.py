"""The transition table is the drawing in the design, and nothing else moves a request."""

from __future__ import annotations

import re

import pytest

from coupons.errors import ForbiddenMove
from coupons.lifecycle import FINAL, MOVES, SENDABLE, UNCOUNTED, move
from coupons.model import State
from coupons.request_number import out_request_no
from tests.coupons.samples import a_request

DRAWN = {
    ("pending", "approved"),
    ("pending", "declined"),
    ("pending", "cancelled"),
    ("pending", "expired"),
    ("approved", "sending"),
    ("approved", "cancelled"),
    ("approved", "held"),
    ("sending", "sent"),
    ("sending", "unknown"),
    ("sending", "refused"),
    ("sending", "held"),
    ("unknown", "sent"),
    ("unknown", "refused"),
    ("unknown", "held"),
    ("held", "approved"),
    ("held", "closed"),
    ("held", "sent"),
}


#: An undo ends undone, and is refused where it is held and its coupon was found to be used.
OF_UNDO = {(before, "undone" if after == "sent" else after) for before, after in DRAWN} | {
    ("held", "refused")
}


@pytest.mark.parametrize("undoes", [None, 4])
@pytest.mark.parametrize("before", State)
def test_exactly_the_drawn_moves_are_possible(before: State, undoes: int | None) -> None:
    request = a_request(state=before, undoes=undoes)
    for after in State:
        if (before, after) in (DRAWN if undoes is None else OF_UNDO):
            assert move(request, after, now=7).state is after
        else:
            with pytest.raises(ForbiddenMove):
                move(request, after, now=7)


def test_nothing_leaves_a_final_state_and_everything_else_can_reach_one() -> None:
    without = {State.REFUSED, State.DECLINED, State.CANCELLED, State.EXPIRED, State.CLOSED}
    assert {State.SENT, State.UNDONE} | without == FINAL
    assert without == UNCOUNTED
    for start in State:
        reached, todo = {start}, [start]
        while todo:
            for following in MOVES[todo.pop()] - reached:
                reached.add(following)
                todo.append(following)
        assert reached & FINAL
    assert not SENDABLE & FINAL


def test_what_was_tried_once_cannot_be_withdrawn_after_a_hold() -> None:
    with pytest.raises(ForbiddenMove):
        move(a_request(state=State.APPROVED, attempts=1), State.CANCELLED, now=7)


def test_a_final_state_says_when_and_stops_the_loop() -> None:
    done = move(a_request(state=State.SENDING, due_at=5), State.SENT, now=7)
    assert (done.closed_at, done.due_at) == (7, None)


def test_a_delivery_names_its_number_for_ever_and_no_other_does() -> None:
    number = out_request_no("T1:123.456.abc")
    # Written out: a changed derivation would give a second coupon after a restore.
    assert number == "cbea985ceb0064b471cd413d3e9b3444"
    assert re.fullmatch(r"[0-9A-Za-z_-]{32}", number)
    others = {out_request_no("T1:123.456.abd"), out_request_no("T1:123.456.abc", 1), out_request_no("")}
    assert len(others | {number}) == 4
