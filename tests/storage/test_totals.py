"""What limits count on: a batch that is counted on in memory comes to what request after request comes to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coupons.model import CodeMode, Stock
from coupons.policy import CustomerTotal, DailyCap, Limit, Policy, Rule, WhenReached
from coupons.ports import Transaction
from coupons.rules import Terms
from coupons.totals import Proposal, Scope, Total, counted_on, judge, totals
from storage.database import open_for_writing
from storage.rows import Rows
from storage.totals import _USED
from tests.storage.records import DAY, NOW, a_draft

LIMITS = st.none() | st.builds(
    Limit,
    count=st.none() | st.integers(1, 4),
    fen=st.none() | st.integers(1000, 6000),
    days=st.sampled_from([1, 2, 30]),
    when_reached=st.sampled_from(WhenReached),
)
RULES = st.lists(
    st.builds(
        Rule,
        max_value_fen=st.none() | st.sampled_from([500, 1000]),
        approvals=st.just(1),
        approvers=st.just(()),
        customer_total=st.none() | st.builds(CustomerTotal, fen=st.integers(500, 4000), days=st.just(30)),
    )
    | st.builds(
        Rule,
        max_value_fen=st.just(1000),
        approvals=st.just(0),
        approvers=st.just(()),
        per_day=st.builds(DailyCap, count=st.integers(1, 3), fen=st.just(2000)),
    ),
    max_size=3,
)
POLICIES = st.builds(
    Policy,
    agents=st.just(()),
    approvers=st.just(("U0WANG",)),
    rules=RULES.map(tuple),
    per_customer=LIMITS,
    per_agent=LIMITS,
    per_stock=LIMITS,
    budget=LIMITS,
)
PROPOSALS = st.builds(
    Proposal,
    requester=st.sampled_from(["U0LI", "U0SUN"]),
    openid=st.sampled_from(["oCustomer-AN-000001", "oCustomer-BO-000002"]),
    stock_id=st.sampled_from(["1001", "1002"]),
    value_fen=st.sampled_from([500, 1000, 2000]),
)


def a_proposal(value_fen: int) -> Proposal:
    return Proposal(requester="U0LI", openid="oCustomer-AN-000001", stock_id="1001", value_fen=value_fen)


#: A day's one automatic request, which the one that a person approved does not use up.
ONE_A_DAY = Policy(
    agents=(),
    approvers=("U0WANG",),
    rules=(Rule(1000, 0, (), per_day=DailyCap(1, 5000)),),
)


def make(tx: Transaction, number: int, proposal: Proposal, found: Terms, at: int = NOW) -> None:
    tx.add_requests(
        [
            a_draft(
                f"cb{number}",
                requester=proposal.requester,
                openid=proposal.openid,
                stock=Stock(proposal.stock_id, "", "tea", proposal.value_fen, CodeMode.WECHATPAY_MODE),
                approvals_needed=found.approvals_needed,
                created_at=at,
            )
        ]
    )[0]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_for_writing(tmp_path_factory.mktemp("totals") / "coupon.db")


@example(policy=ONE_A_DAY, before=[], batch=[a_proposal(2000), a_proposal(500), a_proposal(500)])
@given(policy=POLICIES, before=st.lists(PROPOSALS, max_size=4), batch=st.lists(PROPOSALS, max_size=8))
def test_a_batch_is_judged_as_one_request_after_the_other(
    database: Any, policy: Policy, before: Sequence[Proposal], batch: Sequence[Proposal]
) -> None:
    database.execute("begin")
    try:
        tx = Rows(database, lambda: NOW)
        for number, proposal in enumerate(before):
            counts = tx.used(totals(policy, proposal), NOW)
            make(tx, number, proposal, judge(policy, proposal, counts, {}), NOW - number * DAY)
        # All is read once.
        together = dict(tx.used([each for proposal in batch for each in totals(policy, proposal)], NOW))
        for number, proposal in enumerate(batch, len(before)):
            found = judge(policy, proposal, together, {})
            assert found == judge(policy, proposal, tx.used(totals(policy, proposal), NOW), {})
            if found.decision.allowed:
                make(tx, number, proposal, found)
                automatic = found.approvals_needed == 0
                together.update(counted_on(policy, proposal, together, automatic=automatic))
    finally:
        database.rollback()


def test_what_was_not_read_is_never_taken_for_nothing() -> None:
    policy = Policy(agents=(), approvers=("U0WANG",), per_customer=Limit(2, 30))
    proposal = a_proposal(500)
    with pytest.raises(KeyError):
        judge(policy, proposal, {}, {})


def test_who_is_counted_stands_in_no_log() -> None:
    proposal = a_proposal(500)
    assert "AN-000001" not in f"{proposal} {Total(Scope.CUSTOMER, proposal.openid, 1)}"


def test_each_total_is_summed_from_an_index_after_analyze_too(tmp_path: Path) -> None:
    database = open_for_writing(tmp_path / "coupon.db")
    database.execute("begin")
    tx = Rows(database, lambda: NOW)
    for number in range(300):
        tx.add_requests([a_draft(f"cb{number}", openid=f"oCustomer-{number:08d}", created_at=NOW + number)])[
            0
        ]
    database.execute("analyze")
    indexes = {
        Scope.CUSTOMER: "request_by_customer (customer=? AND created_at>?)",
        Scope.AGENT: "request_counted_by_requester (requester=? AND created_at>?)",
        Scope.STOCK: "request_counted_by_stock (stock_id=? AND created_at>?)",
        Scope.ALL: "request_counted (created_at>?)",
        Scope.AUTOMATIC: "request_counted (created_at>?)",
    }
    assert indexes.keys() == _USED.keys()
    for scope, sql in _USED.items():
        values = {"since": NOW - 1, "listed": '["U0LI", "1212121212", "oCustomer-00000001"]'}
        plan = [step["detail"] for step in database.execute(f"explain query plan {sql}", values).fetchall()]
        assert any(step.endswith(indexes[scope]) for step in plan), plan
    database.rollback()
    database.close()
