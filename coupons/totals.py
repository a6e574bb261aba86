"""What limits and rules count on: read once, then counted on in memory, request after request of one batch.

Pure: `Records.used` reads the counts, in the transaction that makes the requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from coupons.model import Request
from coupons.policy import DAY_MS, Limit, Policy
from coupons.rules import NOTHING, Facts, Terms, Used, terms


class Scope(StrEnum):
    """Whose requests a total sums."""

    CUSTOMER = "customer"
    AGENT = "agent"
    STOCK = "stock"
    ALL = "all"
    #: Without any approval, whichever rule gave leave.
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Total:
    """The counted requests of `days` days, the present moment backwards."""

    scope: Scope
    #: openid, user id or stock_id; empty where all are summed.
    key: str = field(repr=False)
    days: int


Counts = Mapping[Total, Used]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A request that is not made yet, or never will be."""

    requester: str
    openid: str = field(repr=False)
    stock_id: str
    value_fen: int


_AUTOMATIC = Total(Scope.AUTOMATIC, "", days=1)


def totals(policy: Policy, proposal: Proposal) -> frozenset[Total]:
    """All that must be read before this is judged."""
    found = {
        Total(scope, key, limit.days)
        for scope, key, limit in (
            (Scope.CUSTOMER, proposal.openid, policy.per_customer),
            (Scope.AGENT, proposal.requester, policy.per_agent),
            (Scope.STOCK, proposal.stock_id, policy.per_stock),
            (Scope.ALL, "", policy.budget),
        )
        if limit is not None
    }
    found.update(Total(Scope.CUSTOMER, proposal.openid, days) for days in customer_days(policy))
    if any(rule.per_day for rule in policy.rules):
        found.add(_AUTOMATIC)
    return frozenset(found)


def facts(policy: Policy, proposal: Proposal, counts: Counts) -> Facts:
    """`counts` has all `totals`: one that was not read raises KeyError, and is never taken for nothing."""

    def used(scope: Scope, key: str, limit: Limit | None) -> Used:
        return NOTHING if limit is None else counts[Total(scope, key, limit.days)]

    return Facts(
        value_fen=proposal.value_fen,
        stock_id=proposal.stock_id,
        requester=proposal.requester,
        customer_fen={
            days: counts[Total(Scope.CUSTOMER, proposal.openid, days)].fen for days in customer_days(policy)
        },
        by_customer=used(Scope.CUSTOMER, proposal.openid, policy.per_customer),
        by_agent=used(Scope.AGENT, proposal.requester, policy.per_agent),
        by_stock=used(Scope.STOCK, proposal.stock_id, policy.per_stock),
        by_all=used(Scope.ALL, "", policy.budget),
        automatic=counts[_AUTOMATIC] if any(rule.per_day for rule in policy.rules) else NOTHING,
    )


def judge(policy: Policy, proposal: Proposal, counts: Counts, members: Mapping[str, frozenset[str]]) -> Terms:
    """What it needs, or why there can be none. `members`: who is in each group that is named."""
    return terms(policy, facts(policy, proposal, counts), members)


def counted_on(policy: Policy, proposal: Proposal, counts: Counts, *, automatic: bool) -> Counts:
    """Its totals once this is made, `automatic` without any approval: so the next of a batch is judged.

    Only these: `counts.update(counted_on(...))` keeps the others as they are.
    """
    return {
        total: Used(counts[total].count + 1, counts[total].fen + proposal.value_fen)
        for total in totals(policy, proposal)
        if automatic or total.scope is not Scope.AUTOMATIC
    }


def without(policy: Policy, request: Request, counts: Counts, now: int) -> Counts:
    """As if this request, which they count and which waits for approvals, had not been made."""
    own = Proposal(
        requester=request.requester,
        openid=request.openid,
        stock_id=request.stock_id,
        value_fen=request.value_fen,
    )
    mine = {
        total
        for total in totals(policy, own)
        if total.scope is not Scope.AUTOMATIC and request.created_at >= now - total.days * DAY_MS
    }
    return {
        total: Used(used.count - 1, used.fen - request.value_fen) if total in mine else used
        for total, used in counts.items()
    }


def customer_days(policy: Policy) -> frozenset[int]:
    """The periods in which rules look at a customer's total."""
    return frozenset(rule.customer_total.days for rule in policy.rules if rule.customer_total)
