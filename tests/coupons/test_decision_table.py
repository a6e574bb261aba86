"""Every decision of the house as a table: a row a case, with the reason that goes to card and log."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coupons.asking import Stopped, Submitted
from coupons.events import Tag
from coupons.model import State
from coupons.permissions import Decision, Reason
from coupons.policy import CustomerTotal, DailyCap, Limit, Policy, Rule, WhenReached
from coupons.rules import Facts, Used, limits_left, terms
from tests.coupons.office import Office, a_stock

R, S = Reason, State
LI, SUN, MA, WANG, ZHAO, BOSS = "U0LI", "U0SUN", "U0MA", "U0WANG", "U0ZHAO", "U0BOSS"
TEA, LATE, TV = "1001", "1002", "1003"
MEMBERS = {
    "S0SENIORS": frozenset({LI}),
    "S0TRAINEES": frozenset({SUN}),
    "S0LEADS": frozenset({WANG, ZHAO, LI}),
    "S0MANAGERS": frozenset({BOSS}),
}
LEADS, MANAGERS = ("S0LEADS",), ("S0MANAGERS", WANG)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    here = Office(tmp_path / "coupon.db")
    yield here
    await here.ledger.close()


#: What the rule rows are decided by; the place of a rule is its number here.
RULES = (
    # 1: tea for a senior's customer who had little: nobody looks, three a day and ¥12 at most.
    Rule(500, 0, (), (TEA,), ("S0SENIORS", MA), CustomerTotal(3000, 30), DailyCap(3, 1200)),
    # 2: a trainee's request is seen by two.
    Rule(None, 2, (), (), ("S0TRAINEES",)),
    # 3: small, and the customer's total stays small.
    Rule(2000, 1, (), (), (), CustomerTotal(6000, 30)),
    # 4: television sets are the managers' affair.
    Rule(None, 2, MANAGERS, (TV,)),
    # 5: middling.
    Rule(10_000, 2, ()),
)
HOUSE = Policy(agents=(), approvers=LEADS, rules=RULES)
CAP = R.AUTOMATIC_CAP

#: value, stock, requester, customer's total before, automatic today (count, fen)
#: -> rule, approvals, raised, who may
BY_RULE = [
    # the automatic rule: each of its four conditions, at its edge and past it
    ((500, TEA, LI, 0, (0, 0)), (1, 0, [], LEADS)),
    ((501, TEA, LI, 0, (0, 0)), (3, 1, [], LEADS)),
    ((500, LATE, LI, 0, (0, 0)), (3, 1, [], LEADS)),
    ((500, TEA, MA, 0, (0, 0)), (1, 0, [], LEADS)),  # named by user id
    ((500, TEA, ZHAO, 0, (0, 0)), (3, 1, [], LEADS)),  # in no group that is named
    ((500, TEA, LI, 2500, (0, 0)), (1, 0, [], LEADS)),
    ((500, TEA, LI, 2501, (0, 0)), (3, 1, [], LEADS)),
    # its cap: by count, by value, at the edge
    ((500, TEA, LI, 0, (2, 700)), (1, 0, [], LEADS)),
    ((500, TEA, LI, 0, (3, 300)), (1, 1, [CAP], LEADS)),
    ((500, TEA, LI, 0, (4, 300)), (1, 1, [CAP], LEADS)),
    ((500, TEA, LI, 0, (2, 701)), (1, 1, [CAP], LEADS)),
    ((1, TEA, LI, 0, (1, 1200)), (1, 1, [CAP], LEADS)),
    ((501, TEA, LI, 0, (9, 9999)), (3, 1, [], LEADS)),  # no other rule asks how much was automatic
    # the requester's group
    ((500, TEA, SUN, 0, (0, 0)), (2, 2, [], LEADS)),
    ((99_999, TV, SUN, 0, (0, 0)), (2, 2, [], LEADS)),  # the first that fits, not the strictest
    ((500, TEA, "U0NEW", 0, (0, 0)), (3, 1, [], LEADS)),
    # the value
    ((2000, LATE, LI, 0, (0, 0)), (3, 1, [], LEADS)),
    ((2001, LATE, LI, 0, (0, 0)), (5, 2, [], LEADS)),
    ((10_000, LATE, LI, 0, (0, 0)), (5, 2, [], LEADS)),
    # the customer's total, this one counted
    ((2000, LATE, LI, 4000, (0, 0)), (3, 1, [], LEADS)),
    ((2000, LATE, LI, 4001, (0, 0)), (5, 2, [], LEADS)),
    ((1, LATE, LI, 6000, (0, 0)), (5, 2, [], LEADS)),
    # the stock
    ((2001, TV, LI, 0, (0, 0)), (4, 2, [], MANAGERS)),
    ((2000, TV, LI, 0, (0, 0)), (3, 1, [], LEADS)),  # rule 3 stands before it
    ((2000, TV, LI, 5000, (0, 0)), (4, 2, [], MANAGERS)),
    # nothing fits
    ((10_001, LATE, LI, 0, (0, 0)), (0, 1, [], LEADS)),
]


@pytest.mark.parametrize(("asked", "expected"), BY_RULE)
def test_the_first_rule_that_fits_says_how_many_and_who(
    asked: tuple[int, str, str, int, tuple[int, int]],
    expected: tuple[int, int, list[Reason], tuple[str, ...]],
) -> None:
    value, stock, who, total, automatic = asked
    facts = Facts(
        value_fen=value,
        stock_id=stock,
        requester=who,
        customer_fen={30: total},
        automatic=Used(*automatic),
    )
    found = terms(HOUSE, facts, MEMBERS)
    assert found.decision.reason is R.ALLOWED
    assert (found.place, found.approvals_needed, [*found.raised], found.approvers) == expected


def test_a_rule_without_approvals_and_without_a_cap_is_never_automatic() -> None:
    policy = Policy(agents=(), approvers=LEADS, rules=(Rule(None, 0, ()),))
    found = terms(policy, Facts(value_fen=1, stock_id=TEA, requester=LI), {})
    assert (found.approvals_needed, found.raised) == (1, (CAP,))


def test_a_group_of_which_nothing_is_known_has_no_members() -> None:
    facts = Facts(value_fen=500, stock_id=TEA, requester=LI, customer_fen={30: 0})
    assert terms(HOUSE, facts, {}).place == 3


# --- limits

ASK = WhenReached.APPROVE
CUSTOMER, AGENT, STOCK, BUDGET = (
    ("per_customer", "by_customer", R.CUSTOMER_LIMIT),
    ("per_agent", "by_agent", R.AGENT_LIMIT),
    ("per_stock", "by_stock", R.STOCK_LIMIT),
    ("budget", "by_all", R.BUDGET_LIMIT),
)

#: limit, its numbers, what was used (count, fen)
#: -> reason, raised, left (count, fen) before this request of 1000
BY_LIMIT = [
    row
    for kind in (CUSTOMER, AGENT, STOCK, BUDGET)
    for row in (
        (kind, Limit(2, 30), (0, 0), R.ALLOWED, [], (2, None)),
        (kind, Limit(2, 30), (1, 9_999_999), R.ALLOWED, [], (1, None)),
        (kind, Limit(2, 30), (2, 0), kind[2], [], (0, None)),
        (kind, Limit(2, 30), (3, 0), kind[2], [], (0, None)),
        (kind, Limit(2, 30, ASK), (1, 0), R.ALLOWED, [], (1, None)),
        (kind, Limit(2, 30, ASK), (2, 0), R.ALLOWED, [kind[2]], (0, None)),
        (kind, Limit(None, 1, fen=3000), (99, 2000), R.ALLOWED, [], (None, 1000)),
        (kind, Limit(None, 1, fen=3000), (1, 2001), kind[2], [], (None, 999)),
        (kind, Limit(None, 1, fen=999), (0, 0), kind[2], [], (None, 999)),
        (kind, Limit(None, 1, ASK, 3000), (1, 2001), R.ALLOWED, [kind[2]], (None, 999)),
        (kind, Limit(2, 1, fen=3000), (2, 0), kind[2], [], (0, 3000)),
        (kind, Limit(2, 1, fen=3000), (1, 3000), kind[2], [], (1, 0)),
        (kind, Limit(2, 1, ASK, 3000), (2, 3000), R.ALLOWED, [kind[2]], (0, 0)),  # once, not twice
    )
]


@pytest.mark.parametrize(("kind", "limit", "used", "reason", "raised", "remaining"), BY_LIMIT)
def test_a_limit_that_is_reached_refuses_or_raises_by_one(
    kind: tuple[str, str, Reason],
    limit: Limit,
    used: tuple[int, int],
    reason: Reason,
    raised: list[Reason],
    remaining: tuple[int | None, int | None],
) -> None:
    setting, fact, _ = kind
    policy = Policy(agents=(), approvers=LEADS, **{setting: limit})  # type: ignore[arg-type]  # by name
    facts = Facts(value_fen=1000, stock_id=LATE, requester=LI, **{fact: Used(*used)})  # type: ignore[arg-type]  # by name
    found = terms(policy, facts, {})
    assert (found.decision.reason, found.raised, found.approvals_needed) == (
        reason,
        tuple(raised),
        1 + len(raised),
    )
    assert found.limit == (None if reason is R.ALLOWED else limit)
    [stays] = limits_left(policy, facts)
    assert (stays.count, stays.fen) == remaining


FULL = Used(9, 9000)
ONE, ONE_MORE = Limit(1, 1), Limit(1, 1, ASK)

#: the rule's approvals, the limits that are all reached -> reason, approvals, raised
AT_ONCE = [
    # every limit that asks for one more adds its own
    (1, {"per_customer": ONE_MORE, "budget": ONE_MORE}, R.ALLOWED, 3, [R.CUSTOMER_LIMIT, R.BUDGET_LIMIT]),
    (2, {"per_agent": ONE_MORE, "per_stock": ONE_MORE}, R.ALLOWED, 4, [R.AGENT_LIMIT, R.STOCK_LIMIT]),
    # one that refuses is stronger, whichever stands first
    (1, {"per_customer": ONE_MORE, "budget": ONE}, R.BUDGET_LIMIT, 2, []),
    (1, {"per_customer": ONE, "budget": ONE_MORE}, R.CUSTOMER_LIMIT, 1, []),
    # of two that refuse, the one nearer to the customer is told
    (1, {"per_agent": ONE, "per_stock": ONE}, R.AGENT_LIMIT, 1, []),
    # what would be automatic is lifted by its cap, and by each limit beside it
    (0, {}, R.ALLOWED, 1, [CAP]),
    (0, {"per_stock": ONE_MORE}, R.ALLOWED, 2, [CAP, R.STOCK_LIMIT]),
    (0, {"per_stock": ONE}, R.STOCK_LIMIT, 1, []),
]


@pytest.mark.parametrize(("approvals", "limits", "reason", "needed", "raised"), AT_ONCE)
def test_several_limits_at_once(
    approvals: int, limits: dict[str, Limit], reason: Reason, needed: int, raised: list[Reason]
) -> None:
    rule = Rule(None, approvals, (), per_day=None if approvals else DailyCap(9, 9000))
    policy = Policy(agents=(), approvers=LEADS, rules=(rule,), **limits)  # type: ignore[arg-type]  # by name
    facts = Facts(
        value_fen=1000,
        stock_id=LATE,
        requester=LI,
        by_customer=FULL,
        by_agent=FULL,
        by_stock=FULL,
        by_all=FULL,
        automatic=FULL,
    )
    found = terms(policy, facts, {})
    assert (found.decision.reason, found.approvals_needed, found.raised) == (reason, needed, tuple(raised))


# --- duplicates, over a real ledger

HOUR = 3_600_000
AN, BO = "oCustomer-AN-000001", "oCustomer-BO-000002"
DUP = R.DUPLICATE

#: window in hours; what was asked before: hours ago, customer, stock, ticket, its state
#: -> asked now: customer, stock, ticket -> reason
BY_LIKENESS = [
    (24, (1, AN, LATE, "", S.PENDING), (AN, LATE, ""), DUP),
    (24, (1, AN, LATE, "", S.SENT), (AN, LATE, ""), DUP),
    (24, (1, AN, LATE, "", S.HELD), (AN, LATE, ""), DUP),
    (24, (24, AN, LATE, "", S.SENT), (AN, LATE, ""), DUP),  # at the very edge
    (24, (25, AN, LATE, "", S.SENT), (AN, LATE, ""), R.ALLOWED),
    (24, (-2, AN, LATE, "", S.SENT), (AN, LATE, ""), DUP),  # the clock was set back since
    (0, (1, AN, LATE, "", S.PENDING), (AN, LATE, ""), R.ALLOWED),  # switched off
    (1, (2, AN, LATE, "", S.PENDING), (AN, LATE, ""), R.ALLOWED),
    # nothing was given, and nothing can be any more
    (24, (1, AN, LATE, "", S.DECLINED), (AN, LATE, ""), R.ALLOWED),
    (24, (1, AN, LATE, "", S.CANCELLED), (AN, LATE, ""), R.ALLOWED),
    (24, (1, AN, LATE, "", S.EXPIRED), (AN, LATE, ""), R.ALLOWED),
    (24, (1, AN, LATE, "", S.REFUSED), (AN, LATE, ""), R.ALLOWED),
    # another customer, another stock
    (24, (1, AN, LATE, "", S.PENDING), (BO, LATE, ""), R.ALLOWED),
    (24, (1, AN, LATE, "", S.PENDING), (AN, TEA, ""), R.ALLOWED),
    # the same ticket, whoever and whatever; no ticket is no likeness
    (24, (1, AN, LATE, "T-1", S.PENDING), (BO, TEA, "T-1"), DUP),
    (24, (1, AN, LATE, "T-1", S.PENDING), (BO, TEA, "T-2"), R.ALLOWED),
    (24, (1, AN, LATE, "T-1", S.DECLINED), (BO, TEA, "T-1"), R.ALLOWED),
    (24, (25, AN, LATE, "T-1", S.SENT), (BO, TEA, "T-1"), R.ALLOWED),
    (24, (1, AN, LATE, "", S.PENDING), (BO, TEA, ""), R.ALLOWED),
    (24, (1, AN, LATE, "T-1", S.PENDING), (AN, LATE, "T-2"), DUP),
]


#: What a delivery that made a request comes with again -> what becomes of it
BY_DELIVERY: list[tuple[dict[str, Any], Reason]] = [
    ({}, R.ALLOWED),
    ({"confirmed": True}, R.ALLOWED),
    ({"openid": BO}, R.OTHER_DATA),
    ({"stock": a_stock(TEA)}, R.OTHER_DATA),
    ({"reason": "broken"}, R.OTHER_DATA),
    ({"ticket": "T-2"}, R.OTHER_DATA),
    ({"requester": "U0SUN"}, R.OTHER_DATA),
    ({"follows": 1}, R.OTHER_DATA),
]


@pytest.mark.parametrize(("changes", "reason"), BY_DELIVERY)
async def test_the_same_delivery_with_other_data_is_told_and_makes_nothing(
    office: Office, changes: dict[str, Any], reason: Reason
) -> None:
    asking = office.asking(Policy(agents=(), approvers=(WANG,)))
    first = await asking.submit(office.ask("once", AN, LATE, "T-1"))
    again = await asking.submit(replace(office.ask("once", AN, LATE, "T-1"), **changes))
    assert isinstance(first, Submitted)
    assert await office.requests() == 1
    if reason is R.ALLOWED:
        assert isinstance(again, Submitted)
        assert (again.request, again.is_new) == (first.request, False)
        return
    assert again == Stopped(Decision(reason), first.request)
    head, _ = await office.ledger.read(lambda rows: rows.head())
    event = await office.ledger.read(lambda rows: rows.event(head))
    assert event is not None
    assert (event.tag, event.detail["reason"]) == (Tag.COMMAND_REFUSED, R.OTHER_DATA)


@pytest.mark.parametrize(("hours", "before", "now", "reason"), BY_LIKENESS)
async def test_the_like_of_a_short_time_ago_is_asked_about_once_and_then_said_on_the_request(
    office: Office,
    hours: int,
    before: tuple[int, str, str, str, State],
    now: tuple[str, str, str],
    reason: Reason,
) -> None:
    ago, customer, stock, ticket, state = before
    office.clock.now -= ago * HOUR
    old = await office.put(customer, stock, ticket, state)
    office.clock.now += ago * HOUR
    asking = office.asking(Policy(agents=(), approvers=(WANG,), duplicate_ms=hours * HOUR))
    found = await asking.submit(office.ask("new", *now))
    if reason is R.ALLOWED:
        assert isinstance(found, Submitted)
        assert found.request.duplicate_of is None
        return
    assert isinstance(found, Stopped)
    assert (found.decision.reason, found.request) == (reason, old)
    assert await office.requests() == 1, "nothing is made before it is confirmed"
    sure = await asking.submit(replace(office.ask("new", *now), confirmed=True))
    assert isinstance(sure, Submitted)
    assert sure.request.duplicate_of == old.id
