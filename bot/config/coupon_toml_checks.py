"""What belongs together in coupon.toml: problems that no single value has."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from bot.config.coupon_toml_tables import ReasonTable, RemindersTable, RuleTable, StockTable
from coupons.needs import PLAIN, NeedPart, Needs, enough_people


class Several(ValueError):
    """Carries whole sentences through pydantic."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = problems


def tell(problems: list[str]) -> None:
    """Raises Several when there are any."""
    if problems:
        raise Several(problems)


def stock_problems(stocks: Sequence[StockTable]) -> list[str]:
    """A word in a command must mean one stock only; letter case does not tell aliases apart."""
    problems = []
    numbered = list(enumerate(stocks, start=1))
    for (first, one), (second, other) in itertools.combinations(numbered, 2):
        if one.stock_id == other.stock_id:
            problems.append(
                f"[[stock]] {first} and [[stock]] {second} have the same stock_id {one.stock_id!r}; each "
                "must stand there once"
            )
        if one.alias.casefold() == other.alias.casefold():
            problems.append(
                f"[[stock]] {first} and [[stock]] {second} have the same alias {other.alias!r}; each must "
                "have its own, in more than letter case"
            )
    for (place, stock), (of, other) in itertools.permutations(numbered, 2):
        if stock.alias.casefold() == other.stock_id.casefold():
            problems.append(
                f"[[stock]] {place} alias reads {stock.alias!r}, which is the stock_id of [[stock]] {of}; "
                "it must be another word"
            )
    return problems


def reason_problems(reasons: Sequence[ReasonTable]) -> list[str]:
    """What people type as a reason's name must mean one reason only."""
    problems, owners = [], dict[str, int]()
    for place, reason in enumerate(reasons, start=1):
        words = [word.casefold() for word in (reason.name, reason.en, reason.zh)]
        if known := [word for word in words if word in owners]:
            problems.append(
                f"[[reason]] {owners[known[0]]} and [[reason]] {place} are both called {known[0]!r}; each "
                "must have its own name and words, in more than letter case"
            )
        owners.update(dict.fromkeys(words, place))
    return problems


def ticket_problems(pattern: str | None) -> list[str]:
    """An address without a pattern would never be used."""
    if pattern is not None:
        return []
    return ["ticket_url has no ticket_pattern beside it; both must be there, or neither"]


def unknown_stock_problems(rules: Sequence[RuleTable], stocks: Iterable[StockTable]) -> list[str]:
    """A rule names its stocks as people do."""
    known = {word.casefold() for stock in stocks for word in (stock.alias, stock.stock_id)}
    return [
        f"[[rule]] {place} stocks reads {word[:60]!r}, which is no [[stock]]'s alias or stock_id; "
        "it must be one"
        for place, rule in enumerate(rules, start=1)
        for word in rule.stocks
        if word.casefold() not in known
    ]


def order_problems(rules: Sequence[RuleTable]) -> list[str]:
    """The first rule that fits decides, so one that only fits what an earlier one fits is never asked."""
    problems = []
    for place, rule in enumerate(rules, start=1):
        for before, earlier in enumerate(rules[: place - 1], start=1):
            if _covers(earlier, rule):
                problems.append(
                    f"[[rule]] {place} is never reached, since [[rule]] {before} stands before it and fits "
                    "all its values; it must stand before that one"
                )
                break
    return problems


def _covers(earlier: RuleTable, rule: RuleTable) -> bool:
    """Whether `earlier` surely fits everything that `rule` fits."""
    widest, value = earlier.max_value_fen, rule.max_value_fen
    if widest is not None and (value is None or value > widest):
        return False
    stocks, theirs = ({word.casefold() for word in each.stocks} for each in (earlier, rule))
    if stocks and not (theirs and theirs <= stocks):
        return False
    if earlier.requesters and not (rule.requesters and {*rule.requesters} <= {*earlier.requesters}):
        return False
    return earlier.max_customer_total in (None, rule.max_customer_total)


def cap_problems(rules: Sequence[RuleTable]) -> list[str]:
    """What nobody looks at is capped; what somebody approves needs no cap of that kind."""
    problems = []
    for place, rule in enumerate(rules, start=1):
        if rule.needed == 0 and rule.per_day is None:
            problems.append(
                f"[[rule]] {place} asks for no approval and has no per_day; it must say how much may be "
                "given so in a day, like per_day = { count = 20, fen = 20000 }"
            )
        if rule.needed and rule.per_day is not None:
            problems.append(
                f"[[rule]] {place} has per_day, which is only for approvals = 0; limits for all stand "
                "in [limits]"
            )
    return problems


def approver_problems(rules: Sequence[RuleTable], role: Sequence[str]) -> list[str]:
    """Rules that nobody could satisfy, as far as the file shows it."""
    problems = []
    for place, rule in enumerate(rules, start=1):
        if rule.parts:
            problems += _parts_problems(place, rule)
            continue
        if rule.in_order:
            problems.append(
                f"[[rule]] {place} has in_order, which is only for approvals of several groups, like "
                'approvals = [{ of = ["S0LEADS"] }, { of = ["S0FINANCE"] }]'
            )
        people = set(rule.approvers or role)
        if not people:
            problems.append(
                f"[[rule]] {place} has no approvers, and [roles] approvers is empty; one of them must "
                "name a user or a user group"
            )
        # How many a group has is seen in Slack only.
        elif len(people) < rule.needed and not any(person.startswith("S") for person in people):
            problems.append(
                f"[[rule]] {place} asks for {rule.needed} approvals, but only {len(people)} could be "
                f"given ({', '.join(sorted(people))}); it must name more people or ask for fewer approvals"
            )
    if not role and not any(_fits_all(rule) for rule in rules):
        problems.append(
            "[roles] approvers is empty, so nobody could approve what no [[rule]] fits; it must name a "
            "user or a user group, or the last [[rule]] must be without max_value_fen and name approvers"
        )
    return problems


def needs_of_table(rule: RuleTable) -> Needs:
    """What it asks of several groups; of one group, nothing beside the number."""
    parts = tuple(NeedPart(tuple(dict.fromkeys(part.of)), part.count) for part in rule.parts)
    return Needs(parts, in_order=rule.in_order) if parts else PLAIN


def _parts_problems(place: int, rule: RuleTable) -> list[str]:
    problems = []
    if rule.approvers:
        problems.append(
            f"[[rule]] {place} has approvers beside approvals that name their own people; it must have one "
            "of them"
        )
    needs = needs_of_table(rule)
    # How many a group has is seen in Slack only: as many as are asked for.
    known = [{one for entry in part.of for one in _as_people(entry, needs.total)} for part in needs.parts]
    if not enough_people(needs, known):
        problems.append(
            f"[[rule]] {place} asks for {needs.total} approvals, each by another person, and its parts name "
            f"too few ({', '.join(needs.entries)}); they must name more people or ask for fewer approvals"
        )
    return problems


def _as_people(entry: str, most: int) -> Iterable[str]:
    return (f"{entry}-{number}" for number in range(most)) if entry.startswith("S") else (entry,)


def _fits_all(rule: RuleTable) -> bool:
    return rule.max_value_fen is None and not (rule.stocks or rule.requesters or rule.max_customer_total)


def reminder_problems(reminders: RemindersTable, expiry_hours: float | None) -> list[str]:
    """Times grow, and lie before the request expires."""
    problems = []
    hours = reminders.hours
    if any(later <= earlier for earlier, later in itertools.pairwise(hours)):
        problems.append(
            f"[reminders] hours reads {hours}; each must be later than the one before, like [1, 4, 12]"
        )
    if (reminders.escalate_hours is None) is not (reminders.escalate_to is None):
        problems.append(
            "[reminders] has only one of escalate_hours and escalate_to; it must have both or neither"
        )
    if expiry_hours is not None:
        times = [*hours, *([reminders.escalate_hours] if reminders.escalate_hours else [])]
        problems += [
            f"[reminders] names {time:g} hours, but a request expires after {expiry_hours:g}; it must be "
            "sooner"
            for time in times
            if time >= expiry_hours
        ]
    return problems
