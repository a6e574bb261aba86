"""What a request needs: the first rule that fits, and what the limits leave.

Pure: the facts are gathered before, in the transaction that makes the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from coupons.needs import PLAIN, Needs
from coupons.permissions import YES, Decision, Reason
from coupons.policy import DailyCap, Limit, Policy, Rule, WhenReached


@dataclass(frozen=True, slots=True)
class Used:
    """Requests that were not declined, cancelled, expired, refused or closed."""

    count: int = 0
    fen: int = 0


NOTHING = Used()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One request, and what was asked for before it, in the periods of the limits."""

    value_fen: int
    stock_id: str
    requester: str
    #: What this customer was promised before, in fen, by days (those of the rules' customer totals).
    customer_fen: Mapping[int, int] = field(default_factory=dict)
    by_customer: Used = NOTHING
    by_agent: Used = NOTHING
    by_stock: Used = NOTHING
    by_all: Used = NOTHING
    #: Without any approval, in a day, whichever rule gave leave.
    automatic: Used = NOTHING


@dataclass(frozen=True, slots=True)
class Left:
    """What a limit leaves before this request; None: not limited in that way."""

    reason: Reason
    limit: Limit
    count: int | None
    fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a new request needs, or why there can be none."""

    decision: Decision
    approvals_needed: int
    #: Place of the rule in coupon.toml, from 1; 0: none fitted.
    place: int = 0
    #: User and group ids that may approve.
    approvers: tuple[str, ...] = ()
    #: Why it needs more approvals than its rule asks for, each one more.
    raised: tuple[Reason, ...] = ()
    #: The limit that refused it.
    limit: Limit | None = None
    #: Whose approvals, where several groups are asked: with those of `raised`.
    needs: Needs = PLAIN


def find_rule(policy: Policy, facts: Facts, members: Mapping[str, frozenset[str]]) -> tuple[int, Rule | None]:
    """The first rule that fits, with its place from 1. `members`: who is in each group that is named."""
    for place, rule in enumerate(policy.rules, start=1):
        if _fits(rule, facts, members):
            return place, rule
    return 0, None


def terms(policy: Policy, facts: Facts, members: Mapping[str, frozenset[str]]) -> Terms:
    """The approvals that a request needs now, limits included."""
    place, rule = find_rule(policy, facts, members)
    needed = 1 if rule is None else rule.approvals
    raised: list[Reason] = []
    if rule is not None and needed == 0 and _cap_reached(rule.per_day, facts):
        needed += 1
        raised.append(Reason.AUTOMATIC_CAP)
    approvers = policy.approvers_of(rule)
    for reason, limit, used in _limits(policy, facts):
        if not _reached(limit, used, facts.value_fen):
            continue
        if limit.when_reached is WhenReached.REFUSE:
            return Terms(
                decision=Decision(reason),
                approvals_needed=needed,
                place=place,
                approvers=approvers,
                limit=limit,
            )
        needed += 1
        raised.append(reason)
    return Terms(
        decision=YES,
        approvals_needed=needed,
        place=place,
        approvers=approvers,
        raised=tuple(raised),
        needs=PLAIN if rule is None else rule.needs.raised(len(raised)),
    )


def limits_left(policy: Policy, facts: Facts) -> Sequence[Left]:
    """What each limit leaves, this request not counted."""
    return [
        Left(
            reason,
            limit,
            None if limit.count is None else max(limit.count - used.count, 0),
            None if limit.fen is None else max(limit.fen - used.fen, 0),
        )
        for reason, limit, used in _limits(policy, facts)
    ]


def people(ids: Sequence[str], members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """User ids as they are, groups (S...) as their members."""
    found: set[str] = set()
    for entry in ids:
        found |= members.get(entry, frozenset()) if entry.startswith("S") else {entry}
    return frozenset(found)


def _limits(policy: Policy, facts: Facts) -> Iterator[tuple[Reason, Limit, Used]]:
    for reason, limit, used in (
        (Reason.CUSTOMER_LIMIT, policy.per_customer, facts.by_customer),
        (Reason.AGENT_LIMIT, policy.per_agent, facts.by_agent),
        (Reason.STOCK_LIMIT, policy.per_stock, facts.by_stock),
        (Reason.BUDGET_LIMIT, policy.budget, facts.by_all),
    ):
        if limit is not None:
            yield reason, limit, used


def _cap_reached(cap: DailyCap | None, facts: Facts) -> bool:
    # Without a cap nothing is automatic: whoever builds a rule by hand must not open the till.
    if cap is None:
        return True
    return facts.automatic.count >= cap.count or facts.automatic.fen + facts.value_fen > cap.fen


def _reached(limit: Limit, used: Used, value_fen: int) -> bool:
    if limit.count is not None and used.count >= limit.count:
        return True
    return limit.fen is not None and used.fen + value_fen > limit.fen


def _fits(rule: Rule, facts: Facts, members: Mapping[str, frozenset[str]]) -> bool:
    if rule.max_value_fen is not None and facts.value_fen > rule.max_value_fen:
        return False
    if rule.stock_ids and facts.stock_id not in rule.stock_ids:
        return False
    if rule.requesters and facts.requester not in people(rule.requesters, members):
        return False
    total = rule.customer_total
    return total is None or facts.customer_fen.get(total.days, 0) + facts.value_fen <= total.fen
