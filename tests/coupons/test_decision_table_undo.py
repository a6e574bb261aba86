"""Who may ask a coupon back, when, and who may approve that: one row for each case."""

from __future__ import annotations

from typing import Any, Final

import pytest

from coupons.model import Request, State
from coupons.needs import NeedPart, Needs
from coupons.permissions import Reason, may_approve, may_ask_for_undo, may_undo
from tests.coupons.samples import a_request

R = Reason
LI, SUN, WANG, ZHAO = "U0LI", "U0SUN", "U0WANG", "U0ZHAO"
AGENTS, LEADS = frozenset({SUN}), frozenset({WANG, ZHAO})
_SENT: Final = {"state": State.SENT, "coupon_code": "C", "requester": LI}


def sent(**changes: Any) -> Request:
    return a_request(**{**_SENT, **changes})


def undo(state: State, open_attempts: int = 0) -> Request:
    return a_request(state=state, undoes=1, open_attempts=open_attempts)


#: Who asks, whether only agents may, and whether they may.
ASKS = [
    (SUN, AGENTS, R.ALLOWED),
    (LI, AGENTS, R.ALLOWED),
    (WANG, AGENTS, R.ALLOWED),
    ("U0OUT", AGENTS, R.NOT_AGENT),
    ("U0OUT", None, R.ALLOWED),
]
#: The request, its undos so far, and whether its coupon can be asked back.
UNDOING = [
    *[(sent(state=state, coupon_code=None), [], R.NOT_SENT) for state in State if state is not State.SENT],
    (sent(), [], R.ALLOWED),
    (sent(undone_by=7), [undo(State.UNDONE)], R.UNDONE),
    (sent(openid="erased:3"), [], R.ERASED),
    *[
        (sent(), [undo(state)], R.UNDO_OPEN)
        for state in (State.PENDING, State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD)
    ],
    *[
        (sent(), [undo(state)], R.ALLOWED)
        for state in (State.DECLINED, State.CANCELLED, State.EXPIRED, State.REFUSED, State.CLOSED)
    ],
    (sent(), [undo(State.CLOSED, 1), undo(State.DECLINED)], R.UNDO_IN_DOUBT),
]
#: Who approves an undo that Sun asked for, of a coupon that Li or Wang had asked for.
APPROVES = [(SUN, LI, R.SELF), (WANG, WANG, R.SELF), (ZHAO, WANG, R.ALLOWED), (LI, WANG, R.NOT_APPROVER)]


@pytest.mark.parametrize(("person", "agents", "reason"), ASKS)
def test_agents_approvers_and_who_asked_for_it_may_ask_it_back(
    person: str, agents: frozenset[str] | None, reason: R
) -> None:
    assert may_ask_for_undo(person, LI, agents, LEADS).reason is reason


@pytest.mark.parametrize(("request_", "undos", "reason"), UNDOING)
def test_one_undo_at_a_time_of_what_was_sent_and_never_a_second_number_in_doubt(
    request_: Request, undos: list[Request], reason: R
) -> None:
    assert may_undo(request_, undos).reason is reason


#: Leads first and then finance, of whom Wang is one, too.
IN_ORDER = Needs((NeedPart(("S0LEADS",)), NeedPart(("S0FINANCE",))), in_order=True)
BY_PART = (LEADS, frozenset({WANG, LI}))


#: Who had asked for the coupon, and what comes of an approval by Wang.
@pytest.mark.parametrize(("asked_before", "reason"), [(ZHAO, R.ALLOWED), (LI, R.NEEDED_LATER)])
def test_who_had_asked_for_the_coupon_is_not_counted_on_for_a_later_part(
    asked_before: str, reason: R
) -> None:
    waiting = a_request(requester=SUN, undoes=1, needs=IN_ORDER, approvals_needed=2)
    found = may_approve(waiting, WANG, LEADS | {LI}, [], by_part=BY_PART, asked_before=asked_before)
    assert found.reason is reason


@pytest.mark.parametrize(("person", "asked_before", "reason"), APPROVES)
def test_nobody_approves_who_asked_for_the_coupon_or_for_the_undo(
    person: str, asked_before: str, reason: R
) -> None:
    waiting = a_request(requester=SUN, undoes=1)
    assert may_approve(waiting, person, LEADS, [], asked_before=asked_before).reason is reason
