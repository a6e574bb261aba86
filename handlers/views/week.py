"""What a week came to, in words: on Home, and beside the picture in a direct message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coupons.days import beijing_time
from coupons.rules import Used
from coupons.week import Week, WeekLine
from handlers.views.escaping import clip, code, inert, person
from handlers.views.message import Block, Message, actions, button, message, section
from handlers.views.words import Words

#: Of agents, and of stocks, so many are named, in the picture by these marks; the others are summed up.
AGENT_MARKS: Final = "12345"
STOCK_MARKS: Final = "ABCDE"
_NAMED: Final = len(AGENT_MARKS)
_NAME: Final = 60
#: Slack takes 4,000 characters beside a file.
_COMMENT: Final = 3_900
#: The day's own is the last one before the end.
_MS: Final = 1


def blocks(words: Words, week: Week) -> list[Block]:
    """For a lead's Home."""
    shown = [section(f"*{words('The last 7 days')}*\n{_totals(words, week)}")]
    shown += [section(text) for text in _by(words, week)]
    label = words("Send me this as a picture")
    return [*shown, actions(button(label, "home_week_picture", "0"))]


def comment(words: Words, week: Week) -> str:
    """Beside the picture, which has the same figures and no words; mrkdwn."""
    legend = words(
        "In the picture each column is a day, with its value above and the number of its coupons below. The "
        "bars are the agents and stocks by the marks that they have here."
    )
    texts = (_heading(words, week), _totals(words, week), *_by(words, week, marked=True), legend)
    return clip("\n".join(texts), _COMMENT)


def without_picture(words: Words, week: Week) -> Message:
    """Where Slack takes no file."""
    lack = words("The picture of it could not be sent: Slack takes no file from the bot.")
    texts = (_heading(words, week), _totals(words, week), *_by(words, week))
    return message("\n".join((*texts, lack)), *(section(text) for text in texts), section(lack))


def own(words: Words, line: WeekLine | None, used: Used) -> str:
    """What one agent's requests came to in the last 7 days."""
    if line is None:
        sent = words("In the last 7 days nothing was sent for your requests.")
    else:
        sent = words.plural(
            "In the last 7 days 1 coupon ({value}) was sent for your requests.",
            "In the last 7 days {n} coupons ({value}) were sent for your requests.",
            line.count,
            value=words.money(line.fen),
        )
    return words.sentences(sent, _used(words, used))


def _heading(words: Words, week: Week) -> str:
    return words(
        "*What was given from {first} to {last}*", first=_day(week.since), last=_day(week.before - _MS)
    )


def _totals(words: Words, week: Week) -> str:
    sent = words.plural(
        "1 coupon sent, {value}.", "{n} coupons sent, {value}.", week.count, value=words.money(week.fen)
    )
    declined = words.plural("1 request declined.", "{n} requests declined.", week.declined)
    return words.sentences(sent, _used(words, week.used_in_all), declined, _waited(words, week))


def _used(words: Words, used: Used) -> str:
    """Nothing where nobody asks WeChat Pay what became of coupons."""
    if not used.count:
        return ""
    return words.plural(
        "Customers used 1 coupon ({value}) in these days, as far as is known.",
        "Customers used {n} coupons ({value}) in these days, as far as is known.",
        used.count,
        value=words.money(used.fen),
    )


def _waited(words: Words, week: Week) -> str:
    if week.median_ms is None or week.longest_ms is None:
        return ""
    return words(
        "From asking to the last approval: {median} in the middle, {longest} at the longest.",
        median=words.duration(week.median_ms),
        longest=words.duration(week.longest_ms),
    )


def _by(words: Words, week: Week, *, marked: bool = False) -> list[str]:
    agents = [(person(line.name), line) for line in week.agents]
    stocks = [(f"{inert(line.stock_name, _NAME)} ({code(line.name)})", line) for line in week.stocks]
    return [
        "\n".join([f"*{heading}*", *_lines(words, named, marks if marked else "")])
        for heading, named, marks in (
            (words("By agent"), agents, AGENT_MARKS),
            (words("By stock"), stocks, STOCK_MARKS),
        )
        if named
    ]


def _lines(words: Words, named: Sequence[tuple[str, WeekLine]], marks: str) -> list[str]:
    bullets = [f"*{mark}*" for mark in marks] or ["•"] * _NAMED
    shown = [
        f"{bullet} {_line(words, name, line.count, line.fen)}"
        for bullet, (name, line) in zip(bullets, named, strict=False)
    ]
    rest = [line for _, line in named[_NAMED:]]
    if rest:
        others = words.plural("1 other", "{n} others", len(rest))
        count, fen = sum(line.count for line in rest), sum(line.fen for line in rest)
        shown.append(f"• {_line(words, others, count, fen)}")
    return shown


def _line(words: Words, name: str, count: int, fen: int) -> str:
    return words.plural(
        "{name}: 1 coupon, {value}", "{name}: {n} coupons, {value}", count, name=name, value=words.money(fen)
    )


def _day(at: int) -> str:
    """`2026-11-23`, in Beijing: the days that were counted, wherever it is read."""
    return beijing_time(at)[:10]
