"""What a batch comes to before anybody approves it: sums, what limits refuse, the rule that decides. Pure.

The counts are read once, for all `totals_of` the lines; line after line is then counted on in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from coupons.batch import BatchLine
from coupons.model import Stock
from coupons.needs import Needs
from coupons.permissions import Reason
from coupons.policy import Limit, Policy
from coupons.rules import NOTHING, Facts, Left, Terms, Used, limits_left, people, terms
from coupons.totals import Counts, Proposal, Scope, Total, counted_on, customer_days, facts, judge, totals

#: How far back the preview looks for what customers got already.
RECENT_DAYS: Final = 30
#: Customers that are shown by themselves.
LARGEST: Final = 10


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that a limit refuses, the lines before it in the file counted."""

    line: BatchLine
    reason: Reason
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class StockSum:
    stock: Stock
    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class CustomerSum:
    """`before`: what was asked for in the last RECENT_DAYS."""

    openid: str = field(repr=False)
    count: int
    fen: int
    before: Used


@dataclass(frozen=True, slots=True)
class LimitLeft:
    """What a limit leaves after the batch; `stock_id` where the limit is a stock's."""

    left: Left
    stock_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPreview:
    """Of the lines that may be asked for; those that a limit refuses stand apart, and in no sum."""

    lines: tuple[BatchLine, ...]
    refused: tuple[RefusedLine, ...]
    fen: int
    #: The largest sums first.
    by_stock: tuple[StockSum, ...]
    customers: int
    #: Of these, how many were asked for in the last RECENT_DAYS.
    customers_before: int
    #: The first LARGEST, the largest sums first.
    largest: tuple[CustomerSum, ...]
    #: Of the agent, of each stock and of the budget, where these are limited.
    left: tuple[LimitLeft, ...]
    #: What the batch needs as a whole; None: no line may be asked for.
    terms: Terms | None


def totals_of(policy: Policy, requester: str, lines: Iterable[BatchLine]) -> frozenset[Total]:
    """All that must be read before `preview`."""
    found: set[Total] = set()
    for openid, stock in {(line.openid, line.stock.stock_id): line.stock for line in lines}.items():
        found |= totals(policy, _proposal(requester, openid[0], stock))
        found.add(_recent(openid[0]))
    return frozenset(found)


def preview(
    policy: Policy,
    requester: str,
    lines: Sequence[BatchLine],
    counts: Counts,
    members: Mapping[str, frozenset[str]],
) -> BatchPreview:
    """`counts` has all `totals_of` the lines. `members`: who is in each group that is named."""
    counted = dict(counts)
    taken: list[BatchLine] = []
    refused: list[RefusedLine] = []
    needed: set[Terms] = set()
    for line in lines:
        proposal = _proposal(requester, line.openid, line.stock)
        found = judge(policy, proposal, counted, members)
        if not found.decision.allowed:
            refused.append(RefusedLine(line, found.decision.reason, found.limit))
            continue
        counted |= counted_on(policy, proposal, counted, automatic=not found.approvals_needed)
        taken.append(line)
        needed.add(found)
    by_customer = _by_customer(taken, counts)
    whole = _terms_of_total(policy, requester, taken, counts, counted, members)
    return BatchPreview(
        lines=tuple(taken),
        refused=tuple(refused),
        fen=sum(line.stock.value_fen for line in taken),
        by_stock=_by_stock(taken),
        customers=len(by_customer),
        customers_before=sum(each.before.count > 0 for each in by_customer),
        largest=tuple(by_customer[:LARGEST]),
        left=tuple(_limits(policy, requester, taken, counted)),
        terms=_strictest([*whole, *needed], requester, members),
    )


def _proposal(requester: str, openid: str, stock: Stock) -> Proposal:
    return Proposal(requester=requester, openid=openid, stock_id=stock.stock_id, value_fen=stock.value_fen)


def _recent(openid: str) -> Total:
    return Total(Scope.CUSTOMER, openid, RECENT_DAYS)


def _by_stock(lines: Iterable[BatchLine]) -> tuple[StockSum, ...]:
    counts: dict[str, tuple[Stock, int]] = {}
    for line in lines:
        _, count = counts.get(line.stock.stock_id, (line.stock, 0))
        counts[line.stock.stock_id] = line.stock, count + 1
    sums = (StockSum(stock, count, count * stock.value_fen) for stock, count in counts.values())
    return tuple(sorted(sums, key=lambda each: -each.fen))


def _by_customer(lines: Iterable[BatchLine], counts: Counts) -> list[CustomerSum]:
    used: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        used[line.openid].append(line.stock.value_fen)
    sums = (
        CustomerSum(openid, len(values), sum(values), counts[_recent(openid)])
        for openid, values in used.items()
    )
    return sorted(sums, key=lambda each: -each.fen)


def _limits(
    policy: Policy, requester: str, lines: Iterable[BatchLine], counted: Counts
) -> Iterable[LimitLeft]:
    """Each limit once; a customer's says nothing about a batch."""
    common: dict[Reason, Left] = {}
    for stock_id, line in {line.stock.stock_id: line for line in lines}.items():
        proposal = _proposal(requester, line.openid, line.stock)
        for each in limits_left(policy, facts(policy, proposal, counted)):
            if each.reason is Reason.STOCK_LIMIT:
                yield LimitLeft(each, stock_id)
            elif each.reason is not Reason.CUSTOMER_LIMIT:
                common[each.reason] = each
    yield from map(LimitLeft, common.values())


def _terms_of_total(
    policy: Policy,
    requester: str,
    lines: Sequence[BatchLine],
    counts: Counts,
    counted: Counts,
    members: Mapping[str, frozenset[str]],
) -> list[Terms]:
    """What one request of the total value would need, for each of the stocks: rules may name some.

    Without the limits: they were counted line by line.
    """
    unlimited = replace(policy, per_customer=None, per_agent=None, per_stock=None, budget=None)
    fen = sum(line.stock.value_fen for line in lines)
    openids = {line.openid for line in lines}
    worst = {
        days: max((counted[Total(Scope.CUSTOMER, openid, days)].fen for openid in openids), default=0)
        for days in customer_days(policy)
    }
    automatic = counts.get(Total(Scope.AUTOMATIC, "", 1), NOTHING)
    return [
        terms(
            unlimited,
            Facts(
                value_fen=fen,
                stock_id=stock_id,
                requester=requester,
                # A rule adds the value to what the customer had: no customer gets all of it.
                customer_fen={days: most - fen for days, most in worst.items()},
                # As if all but one were made.
                automatic=Used(automatic.count + len(lines) - 1, automatic.fen),
            ),
            members,
        )
        for stock_id in sorted({line.stock.stock_id for line in lines})
    ]


def _strictest(found: Sequence[Terms], requester: str, members: Mapping[str, frozenset[str]]) -> Terms | None:
    """Of those as strict as each other the ones of the total."""
    return max(
        found,
        key=lambda each: strictness(each.approvals_needed, each.approvers, each.needs, requester, members),
        default=None,
    )


def strictness(
    needed: int,
    approvers: Sequence[str],
    needs: Needs,
    requester: str,
    members: Mapping[str, frozenset[str]],
) -> tuple[int, int, bool, int]:
    """The most approvals; of as many those of more groups, of these the ones in order, and of these the ones
    that fewer people can give. A rule that names no parts asks one group, whomever it lists.
    """
    groups = len(needs.parts) or 1
    return needed, groups, needs.in_order, -len(people(approvers, members) - {requester})
