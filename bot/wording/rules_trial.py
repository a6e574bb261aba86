"""What rules tried on the past came to, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.wording.terminal_table import plain, width
from coupons.permissions import Reason
from coupons.policy import Policy
from coupons.rules_trial import TrialSum, TrialVerdict, Tried
from handlers.views.words import N_, Words

_VERDICTS: Mapping[TrialVerdict, str] = {
    TrialVerdict.SAME: N_("the same as then"),
    TrialVerdict.MORE: N_("more approvals"),
    TrialVerdict.FEWER: N_("fewer approvals"),
    TrialVerdict.OTHER_PEOPLE: N_("as many, by other people"),
    TrialVerdict.PEOPLE_NOT_KNOWN: N_("as many, by whom is not known without Slack"),
    TrialVerdict.RULE_NOT_KNOWN: N_("which rule fits is not known without Slack"),
    TrialVerdict.REFUSED: N_("refused"),
    TrialVerdict.NO_STOCK: N_("its stock is not in the file"),
}
_LIMITS: Mapping[Reason, str] = {
    Reason.CUSTOMER_LIMIT: N_("the customer's limit"),
    Reason.AGENT_LIMIT: N_("the requester's limit"),
    Reason.STOCK_LIMIT: N_("the limit of the stock"),
    Reason.BUDGET_LIMIT: N_("the budget"),
    Reason.REASON_REQUIRED: N_("no reason stated"),
    Reason.TICKET_REQUIRED: N_("no ticket named"),
    Reason.BOTH_REQUIRED: N_("neither reason nor ticket"),
}
_NOTHING = TrialSum()


def tables(words: Words, policy: Policy, found: Tried, *, groups_known: bool) -> Iterator[str]:
    """Line by line: what becomes of the requests, by verdict and by rule."""
    yield words.plural(
        "1 request of the log ({sum}), by the new rules:",
        "{n} requests of the log ({sum}), by the new rules:",
        found.requests.count,
        sum=words.money(found.requests.fen),
    )
    yield from _table([*_heads(words, words("verdict")), words("for example")], list(_verdicts(words, found)))
    yield ""
    yield words("By rule, of those that were not refused:")
    yield from _table(
        [*_heads(words, words("rule")), words("nobody could approve")], list(_rules(words, policy, found))
    )
    yield ""
    yield words("What these rules refuse counts in no limit after it. Values and ends are those of then.")
    if groups_known:
        yield words("Who is in which group was asked of Slack now; it may have been otherwise then.")
    else:
        yield words("Slack was not asked who is in which group; with --slack it is.")


def document(found: Tried, policy: Policy, *, groups_known: bool) -> Mapping[str, object]:
    """The same for programs: values in fen."""
    rules = [*range(1, len(policy.rules) + 1), 0]
    return {
        "requests": _sum(found.requests),
        "verdicts": {str(verdict): _sum(found.verdicts.get(verdict, _NOTHING)) for verdict in TrialVerdict},
        "refused": {str(reason): _sum(found.refused.get(reason, _NOTHING)) for reason in _LIMITS},
        "rules": [
            {
                "rule": place,
                "max_value_fen": policy.rules[place - 1].max_value_fen if place else None,
                **_sum(found.by_rule.get(place, _NOTHING)),
                "nobody_could_approve": _sum(found.nobody.get(place, _NOTHING)),
            }
            for place in rules
        ],
        "groups_known": groups_known,
    }


def _sum(found: TrialSum) -> dict[str, object]:
    return {"count": found.count, "fen": found.fen, "examples": [*found.numbers]}


def _heads(words: Words, first: str) -> list[str]:
    return [first, words("requests"), words("yuan")]


def _verdicts(words: Words, found: Tried) -> Iterator[Sequence[str]]:
    for verdict, label in _VERDICTS.items():
        yield _row(words, words(label), found.verdicts.get(verdict, _NOTHING))
        if verdict is TrialVerdict.REFUSED:
            for reason, limit in _LIMITS.items():
                if reason in found.refused:
                    yield _row(words, f"  {words(limit)}", found.refused[reason])


def _row(words: Words, label: str, found: TrialSum) -> Sequence[str]:
    numbers = words.list(f"#{number}" for number in found.numbers)
    return [label, words.number(found.count), words.money(found.fen), numbers]


def _rules(words: Words, policy: Policy, found: Tried) -> Iterator[Sequence[str]]:
    for place, rule in enumerate(policy.rules, start=1):
        band = words("any value")
        if rule.max_value_fen is not None:
            band = words("up to {value}", value=words.money(rule.max_value_fen))
        yield _rule(words, words("rule {place}, {band}", place=place, band=band), found, place)
    yield _rule(words, words("the usual rule"), found, 0)


def _rule(words: Words, label: str, found: Tried, place: int) -> Sequence[str]:
    *cells, _ = _row(words, label, found.by_rule.get(place, _NOTHING))
    nobody = found.nobody.get(place, _NOTHING)
    numbers = words.list(f"#{number}" for number in nobody.numbers)
    return [*cells, f"{words.number(nobody.count)} {numbers}".strip()]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    cells = [[plain(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    for name, count, fen, last in cells:
        middle = [" " * (most - width(cell)) + cell for cell, most in ((count, widths[1]), (fen, widths[2]))]
        yield "  ".join((name + " " * (widths[0] - width(name)), *middle, last)).rstrip()
