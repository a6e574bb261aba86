"""Who may do what: a row a case."""

from __future__ import annotations

import pytest

from coupons.model import Approval, Person, Request, State
from coupons.permissions import (
    Reason,
    may_approve,
    may_ask,
    may_be_trusted,
    may_cancel,
    may_decline,
    may_retry,
)
from coupons.policy import Limit, Policy, Rule, WhenReached
from coupons.rules import Facts, Used, find_rule, terms
from tests.coupons.samples import a_request

LI, SUN, WANG, ZHAO, OUT = "U0LI", "U0SUN", "U0WANG", "U0ZHAO", "U0OUT"
LEADS = frozenset({WANG, ZHAO, LI})


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (Person(user_id=WANG, team="T1"), Reason.ALLOWED),
        (Person(user_id=OUT, team="T2"), Reason.OUTSIDER),
        (Person(user_id=OUT, team="T1", is_outsider=True), Reason.OUTSIDER),
        (Person(user_id="UBOT", team="T1", is_bot=True), Reason.BOT),
        (Person(user_id=WANG, team="T1", is_deactivated=True), Reason.DEACTIVATED),
        (Person(user_id=WANG, team="T1", is_guest=True), Reason.GUEST),
    ],
)
def test_only_active_full_members_of_our_workspace_take_part(person: Person, reason: Reason) -> None:
    assert may_be_trusted(person, "T1").reason is reason


@pytest.mark.parametrize(
    ("agents", "reason"),
    [
        (None, Reason.ALLOWED),
        (frozenset({LI}), Reason.ALLOWED),
        (frozenset({SUN}), Reason.NOT_AGENT),
        (frozenset(), Reason.NOT_AGENT),
    ],
)
def test_agents_ask_and_everyone_does_where_the_role_is_open(
    agents: frozenset[str] | None, reason: Reason
) -> None:
    assert may_ask(LI, agents).reason is reason


@pytest.mark.parametrize(
    ("person", "state", "given", "reason"),
    [
        (WANG, State.PENDING, [], Reason.ALLOWED),
        (WANG, State.PENDING, [ZHAO], Reason.ALLOWED),
        (LI, State.PENDING, [], Reason.SELF),
        (LI, State.SENT, [], Reason.SELF),
        (SUN, State.PENDING, [], Reason.NOT_APPROVER),
        (SUN, State.SENT, [], Reason.NOT_APPROVER),
        (WANG, State.PENDING, [WANG], Reason.ALREADY_APPROVED),
        (WANG, State.APPROVED, [WANG], Reason.ALREADY_APPROVED),
        (WANG, State.APPROVED, [ZHAO], Reason.TOO_LATE),
        (WANG, State.SENDING, [], Reason.TOO_LATE),
        (WANG, State.SENT, [], Reason.TOO_LATE),
        (WANG, State.UNKNOWN, [], Reason.TOO_LATE),
        (WANG, State.REFUSED, [], Reason.TOO_LATE),
        (WANG, State.HELD, [], Reason.TOO_LATE),
        (WANG, State.DECLINED, [], Reason.TOO_LATE),
        (WANG, State.CANCELLED, [], Reason.TOO_LATE),
        (WANG, State.EXPIRED, [], Reason.TOO_LATE),
    ],
)
def test_approving_and_declining_are_for_other_peoples_pending_requests_once_a_person(
    person: str, state: State, given: list[str], reason: Reason
) -> None:
    request = a_request(requester=LI, state=state)
    approvals = [Approval(request.id, name, 0) for name in given]
    assert may_approve(request, person, LEADS, approvals).reason is reason
    assert may_decline(request, person, LEADS, approvals).reason is reason


@pytest.mark.parametrize(
    ("person", "state", "reason"),
    [
        (WANG, State.HELD, Reason.ALLOWED),
        (SUN, State.HELD, Reason.NOT_APPROVER),
        *[(WANG, state, Reason.NOT_HELD) for state in State if state is not State.HELD],
    ],
)
def test_approvers_send_held_requests_again(person: str, state: State, reason: Reason) -> None:
    assert may_retry(a_request(state=state), person, LEADS).reason is reason


@pytest.mark.parametrize(
    ("person", "state", "attempts", "reason"),
    [
        (LI, State.PENDING, 0, Reason.ALLOWED),
        (LI, State.APPROVED, 0, Reason.ALLOWED),
        (LI, State.APPROVED, 1, Reason.SENDING_BEGAN),
        (LI, State.SENDING, 1, Reason.SENDING_BEGAN),
        (LI, State.UNKNOWN, 1, Reason.SENDING_BEGAN),
        (LI, State.HELD, 1, Reason.SENDING_BEGAN),
        (LI, State.SENT, 1, Reason.TOO_LATE),
        (LI, State.REFUSED, 1, Reason.TOO_LATE),
        (LI, State.DECLINED, 0, Reason.TOO_LATE),
        (LI, State.CANCELLED, 0, Reason.TOO_LATE),
        (LI, State.EXPIRED, 0, Reason.TOO_LATE),
        (WANG, State.PENDING, 0, Reason.NOT_REQUESTER),
    ],
)
def test_the_requester_withdraws_until_sending_begins(
    person: str, state: State, attempts: int, reason: Reason
) -> None:
    request: Request = a_request(requester=LI, state=state, attempts=attempts)
    assert may_cancel(request, person).reason is reason


RULES = (Rule(2000, 1, ()), Rule(10000, 2, ("S0MANAGERS",)), Rule(None, 3, ("U0BOSS",)))


@pytest.mark.parametrize(
    ("value_fen", "approvals", "approvers"),
    [
        (1, 1, ("S0LEADS",)),
        (2000, 1, ("S0LEADS",)),
        (2001, 2, ("S0MANAGERS",)),
        (10000, 2, ("S0MANAGERS",)),
        (10001, 3, ("U0BOSS",)),
    ],
)
def test_the_first_rule_that_fits_decides(value_fen: int, approvals: int, approvers: tuple[str, ...]) -> None:
    policy = Policy(agents=(), approvers=("S0LEADS",), rules=RULES)
    found = terms(policy, Facts(value_fen=value_fen, stock_id="1", requester=LI), {})
    assert (found.approvals_needed, found.approvers) == (approvals, approvers)


def test_without_a_rule_one_approver_decides() -> None:
    policy = Policy(agents=(), approvers=("S0LEADS",), rules=(Rule(2000, 2, ()),))
    facts = Facts(value_fen=2001, stock_id="1", requester=LI)
    assert find_rule(policy, facts, {}) == (0, None)
    found = terms(policy, facts, {})
    assert (found.place, found.approvals_needed, found.approvers) == (0, 1, ("S0LEADS",))


REFUSE, APPROVE = WhenReached.REFUSE, WhenReached.APPROVE


@pytest.mark.parametrize(
    ("per_customer", "per_agent", "used", "reason", "needed"),
    [
        (None, None, (99, 99), Reason.ALLOWED, 1),
        (Limit(2, 30), None, (1, 0), Reason.ALLOWED, 1),
        (Limit(2, 30), None, (2, 0), Reason.CUSTOMER_LIMIT, 1),
        (Limit(2, 30, APPROVE), None, (2, 0), Reason.ALLOWED, 2),
        (Limit(2, 30, APPROVE), Limit(5, 1, APPROVE), (2, 5), Reason.ALLOWED, 3),
        (Limit(2, 30, APPROVE), Limit(5, 1), (2, 5), Reason.AGENT_LIMIT, 2),
        (None, Limit(5, 1), (0, 4), Reason.ALLOWED, 1),
        (None, Limit(5, 1), (0, 5), Reason.AGENT_LIMIT, 1),
    ],
)
def test_a_reached_limit_refuses_or_asks_for_one_approval_more(
    per_customer: Limit | None, per_agent: Limit | None, used: tuple[int, int], reason: Reason, needed: int
) -> None:
    policy = Policy(agents=(), approvers=("S0LEADS",), per_customer=per_customer, per_agent=per_agent)
    facts = Facts(
        value_fen=1000, stock_id="1", requester=LI, by_customer=Used(used[0]), by_agent=Used(used[1])
    )
    found = terms(policy, facts, {})
    assert (found.decision.reason, found.approvals_needed) == (reason, needed)
