"""What a batch comes to: sums, limits that count the file's own lines, and the stricter of two rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.batch import BatchLine
from coupons.batch_preview import LARGEST, RECENT_DAYS, BatchPreview, StockSum, preview, totals_of
from coupons.permissions import Reason
from coupons.policy import CustomerTotal, DailyCap, Limit, Policy, Rule, WhenReached
from coupons.rules import NOTHING, Used
from coupons.totals import Scope, Total
from tests.coupons.test_batch import ANN, BEN, COLD, LATE, lines

AGENT = "U0AGENT"
MEMBERS = {"S0LEADS": frozenset({"U0WANG", "U0LI", AGENT}), "S0MANAGERS": frozenset({"U0ZHAO"})}
POLICY = Policy(agents=(), approvers=("S0LEADS",))


def seen(policy: Policy, asked: list[BatchLine], before: dict[Total, Used] | None = None) -> BatchPreview:
    counts = dict.fromkeys(totals_of(policy, AGENT, asked), NOTHING) | (before or {})
    return preview(policy, AGENT, asked, counts, MEMBERS)


def needs(policy: Policy, asked: list[BatchLine], before: dict[Total, Used] | None = None) -> tuple[int, int]:
    """Approvals, and the place of the rule."""
    found = seen(policy, asked, before).terms
    assert found is not None
    return found.approvals_needed, found.place


def rule(approvals: int, **rest: Any) -> Rule:
    return Rule(**{"max_value_fen": None, "approvers": (), "approvals": approvals} | rest)


def test_sums_are_by_stock_and_customer_the_largest_first() -> None:
    found = seen(
        POLICY,
        lines((ANN, LATE), (BEN, LATE), (ANN, COLD), (BEN, LATE), (BEN, LATE)),
        {Total(Scope.CUSTOMER, BEN, RECENT_DAYS): Used(2, 700)},
    )
    assert (len(found.lines), found.fen, found.customers, found.customers_before) == (5, 6000, 2, 1)
    assert found.by_stock == (StockSum(LATE, 4, 4000), StockSum(COLD, 1, 2000))
    assert [(each.openid, each.count, each.fen, each.before) for each in found.largest] == [
        (ANN, 2, 3000, NOTHING),
        (BEN, 3, 3000, Used(2, 700)),
    ]
    assert ANN not in repr(found.largest)


def test_a_few_customers_are_named_and_all_are_counted() -> None:
    asked = [BatchLine(row, f"oCustomer{row:020d}", LATE, "", "") for row in range(2, 40)]
    found = seen(POLICY, asked)
    assert (len(found.largest), found.customers) == (LARGEST, 38)


def test_limits_count_the_file_s_own_lines_and_refused_ones_are_in_no_sum() -> None:
    policy = replace(POLICY, per_customer=Limit(2, 7))
    asked = lines((ANN, LATE), (BEN, LATE), (ANN, COLD), (ANN, LATE))
    found = seen(policy, asked, {Total(Scope.CUSTOMER, BEN, 7): Used(2, 0)})
    assert [(each.line.row, each.reason, each.limit) for each in found.refused] == [
        (3, Reason.CUSTOMER_LIMIT, policy.per_customer),
        (5, Reason.CUSTOMER_LIMIT, policy.per_customer),
    ]
    assert ([line.row for line in found.lines], found.fen, found.customers) == ([2, 4], 3000, 1)


def test_a_budget_takes_what_still_fits() -> None:
    policy = replace(POLICY, budget=Limit(None, 30, fen=3500))
    found = seen(policy, lines((ANN, COLD), (BEN, COLD), (BEN, LATE)))
    assert ([line.row for line in found.lines], [each.line.row for each in found.refused]) == ([2, 4], [3])


def test_no_line_that_may_be_asked_for_has_no_rule() -> None:
    found = seen(replace(POLICY, budget=Limit(0, 30)), lines((ANN, LATE)))
    assert (found.terms, found.fen, found.left, found.largest) == (None, 0, (), ())


def test_what_is_left_is_left_after_the_batch() -> None:
    policy = replace(
        POLICY,
        per_customer=Limit(9, 1),
        per_agent=Limit(5, 1),
        per_stock=Limit(None, 1, fen=9000),
        budget=Limit(None, 30, fen=10_000),
    )
    found = seen(
        policy,
        lines((ANN, LATE), (BEN, LATE), (BEN, COLD)),
        {Total(Scope.STOCK, "1313131313", 1): Used(1, 500)},
    )
    assert [(each.stock_id, each.left.reason, each.left.count, each.left.fen) for each in found.left] == [
        ("1212121212", Reason.STOCK_LIMIT, None, 7000),
        ("1313131313", Reason.STOCK_LIMIT, None, 6500),
        ("", Reason.AGENT_LIMIT, 2, None),
        ("", Reason.BUDGET_LIMIT, None, 6000),
    ]


# --- the stricter decides


BY_VALUE = replace(POLICY, rules=(rule(1, max_value_fen=2000), rule(2, approvers=("S0MANAGERS",))))


def test_many_small_ones_need_what_their_sum_needs() -> None:
    assert needs(BY_VALUE, lines((ANN, LATE), (BEN, LATE))) == (1, 1)
    assert needs(BY_VALUE, lines((ANN, LATE), (BEN, COLD))) == (2, 2)


def test_one_line_may_need_more_than_the_sum() -> None:
    policy = replace(POLICY, rules=(rule(3, stock_ids=(COLD.stock_id,), max_value_fen=2000), rule(1)))
    assert needs(policy, lines((ANN, LATE), (BEN, LATE))) == (1, 2)
    assert needs(policy, lines((ANN, LATE), (BEN, COLD))) == (3, 1)


def test_of_as_many_approvals_those_of_fewer_people_are_stricter() -> None:
    policy = replace(POLICY, rules=(rule(1, max_value_fen=2000, approvers=("S0MANAGERS",)), rule(1)))
    assert needs(policy, lines((ANN, LATE), (BEN, COLD))) == (1, 1)
    found = seen(policy, lines((ANN, LATE), (BEN, COLD))).terms
    assert found is not None
    assert found.approvers == ("S0MANAGERS",)


def test_the_requester_is_none_of_those_who_can_approve() -> None:
    first, second = (
        rule(1, max_value_fen=2000, approvers=("U0ZHAO", AGENT)),
        rule(1, approvers=("U0LI", "U0SUN")),
    )
    assert needs(replace(POLICY, rules=(first, second)), lines((ANN, LATE), (BEN, COLD))) == (1, 1)


def test_the_sum_is_judged_under_each_of_its_stocks() -> None:
    policy = replace(
        POLICY, rules=(rule(1, max_value_fen=2000), rule(3, stock_ids=(COLD.stock_id,)), rule(2))
    )
    assert needs(policy, lines((ANN, LATE), (BEN, LATE), (BEN, LATE))) == (2, 3)
    assert needs(policy, lines((ANN, LATE), (BEN, COLD))) == (3, 2)


def test_what_limits_count_is_a_customer_s_and_not_the_sum() -> None:
    policy = replace(POLICY, per_customer=Limit(None, 7, fen=1500))
    found = seen(policy, lines((ANN, LATE), (BEN, LATE)))
    assert found.refused == ()
    assert found.terms is not None
    assert found.terms.decision.allowed


def test_a_reached_limit_that_asks_for_one_more_asks_it_of_the_batch() -> None:
    policy = replace(POLICY, per_customer=Limit(1, 7, when_reached=WhenReached.APPROVE))
    assert needs(policy, lines((ANN, LATE), (BEN, LATE))) == (1, 0)
    found = seen(policy, lines((ANN, LATE), (BEN, LATE), (BEN, LATE))).terms
    assert found is not None
    assert (found.approvals_needed, found.raised) == (2, (Reason.CUSTOMER_LIMIT,))


@pytest.mark.parametrize(
    ("cap", "before", "needed"),
    [
        (DailyCap(2, 9000), Used(), 0),
        (DailyCap(2, 9000), Used(1, 0), 1),
        (DailyCap(9, 2000), Used(), 0),
        (DailyCap(9, 2000), Used(1, 1), 1),
        (DailyCap(1, 9000), Used(), 1),
    ],
)
def test_nothing_is_automatic_beyond_the_day_s_cap(cap: DailyCap, before: Used, needed: int) -> None:
    policy = replace(POLICY, rules=(rule(0, max_value_fen=9000, per_day=cap),))
    asked = lines((ANN, LATE), (BEN, LATE))
    assert needs(policy, asked, {Total(Scope.AUTOMATIC, "", 1): before})[0] == needed


@pytest.mark.parametrize(("line_cap", "sum_cap", "needed"), [(2, 2, 0), (1, 9, 1), (9, 1, 1)])
def test_the_caps_of_both_rules_hold(line_cap: int, sum_cap: int, needed: int) -> None:
    first = rule(0, max_value_fen=1000, per_day=DailyCap(line_cap, 9000))
    policy = replace(POLICY, rules=(first, rule(0, per_day=DailyCap(sum_cap, 9000))))
    assert needs(policy, lines((ANN, LATE), (BEN, LATE)))[0] == needed


def test_a_sum_is_not_automatic_where_only_its_parts_are() -> None:
    policy = replace(POLICY, rules=(rule(0, max_value_fen=1000, per_day=DailyCap(99, 99_000)), rule(1)))
    assert needs(policy, lines((ANN, LATE)))[0] == 0
    assert needs(policy, lines((ANN, LATE), (BEN, LATE))) == (1, 2)


def test_a_customer_s_total_is_the_highest_customer_s_and_not_the_batch_s() -> None:
    policy = replace(POLICY, rules=(rule(1, customer_total=CustomerTotal(3000, 7)), rule(2)))
    assert needs(policy, lines((ANN, LATE), (BEN, LATE), (ANN, COLD), (BEN, COLD))) == (1, 1)
    assert needs(policy, lines((ANN, LATE), (BEN, LATE), (ANN, COLD), (ANN, LATE))) == (2, 2)
    assert needs(policy, lines((ANN, LATE)), {Total(Scope.CUSTOMER, ANN, 7): Used(1, 2500)}) == (2, 2)


def test_a_count_that_was_not_read_is_never_taken_for_nothing() -> None:
    policy = replace(POLICY, per_agent=Limit(5, 1))
    with pytest.raises(KeyError):
        preview(policy, AGENT, lines((ANN, LATE)), {}, MEMBERS)


@given(
    st.lists(st.tuples(st.sampled_from([ANN, BEN]), st.sampled_from([LATE, COLD])), max_size=12),
    st.integers(0, 4),
    st.integers(0, 9000),
)
def test_each_line_is_taken_or_refused_and_no_limit_is_passed(
    asked: list[tuple[str, Any]], count: int, fen: int
) -> None:
    policy = replace(POLICY, per_customer=Limit(count, 7), budget=Limit(None, 7, fen=fen))
    found = seen(policy, lines(*asked))
    rows = sorted([line.row for line in found.lines] + [each.line.row for each in found.refused])
    assert rows == list(range(2, 2 + len(asked)))
    assert found.fen == sum(each.fen for each in found.by_stock) <= fen
    assert all(each.count <= count for each in found.largest)
    assert sum(each.fen for each in found.largest) == found.fen
