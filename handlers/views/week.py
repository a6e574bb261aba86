"""What a week came to, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coupons.week import Week, WeekLine
from handlers.views.escaping import code, inert, person
from handlers.views.message import Block, section
from handlers.views.words import Words

#: Of agents, and of stocks, by name; the others are summed up in a line.
_NAMED: Final = 5
_NAME: Final = 60


def blocks(words: Words, week: Week) -> list[Block]:
    """For a lead's Home."""
    totals = section(f"*{words('The last 7 days')}*\n{_totals(words, week)}")
    return [totals, *(section(text) for text in _by(words, week))]


def own(words: Words, line: WeekLine | None) -> str:
    """What one agent's requests came to in the last 7 days."""
    if line is None:
        return words("In the last 7 days nothing was sent for your requests.")
    return words.plural(
        "In the last 7 days 1 coupon ({value}) was sent for your requests.",
        "In the last 7 days {n} coupons ({value}) were sent for your requests.",
        line.count,
        value=words.money(line.fen),
    )


def _totals(words: Words, week: Week) -> str:
    sent = words.plural(
        "1 coupon sent, {value}.", "{n} coupons sent, {value}.", week.count, value=words.money(week.fen)
    )
    declined = words.plural("1 request declined.", "{n} requests declined.", week.declined)
    return words.sentences(sent, declined, _waited(words, week))


def _waited(words: Words, week: Week) -> str:
    if week.median_ms is None or week.longest_ms is None:
        return ""
    return words(
        "From asking to the last approval: {median} in the middle, {longest} at the longest.",
        median=words.duration(week.median_ms),
        longest=words.duration(week.longest_ms),
    )


def _by(words: Words, week: Week) -> list[str]:
    agents = [(person(line.name), line) for line in week.agents]
    stocks = [(f"{inert(line.stock_name, _NAME)} ({code(line.name)})", line) for line in week.stocks]
    return [
        "\n".join([f"*{heading}*", *_lines(words, named)])
        for heading, named in ((words("By agent"), agents), (words("By stock"), stocks))
        if named
    ]


def _lines(words: Words, named: Sequence[tuple[str, WeekLine]]) -> list[str]:
    shown = [_line(words, name, line.count, line.fen) for name, line in named[:_NAMED]]
    rest = [line for _, line in named[_NAMED:]]
    if rest:
        others = words.plural("1 other", "{n} others", len(rest))
        count, fen = sum(line.count for line in rest), sum(line.fen for line in rest)
        shown.append(_line(words, others, count, fen))
    return shown


def _line(words: Words, name: str, count: int, fen: int) -> str:
    return words.plural(
        "• {name}: 1 coupon, {value}",
        "• {name}: {n} coupons, {value}",
        count,
        name=name,
        value=words.money(fen),
    )
