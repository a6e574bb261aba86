"""A month's report as a page to print: A4, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from bot.wording.month import COLUMNS, NOTES, TABLES, cells, span_of, tied_to
from coupons.month import Month, MonthLine
from handlers.views.words import Words

_STYLE: Final = """
@page { size: A4 landscape; margin: 14mm }
body { font: 10.5pt/1.45 "Helvetica Neue", Arial, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif;
       color: #1d1c1d; max-width: 62em; margin: 2em auto; padding: 0 1em }
h1 { font-size: 19pt; margin: 0 0 .2em } h2 { font-size: 13pt; margin: 1.6em 0 .4em }
p { margin: .2em 0 } .about { color: #555 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
thead { display: table-header-group } tr { break-inside: avoid }
th, td { padding: .32em .6em; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap }
th { border-bottom: 1.5px solid #555; font-weight: 600; font-size: 9pt }
th:first-child, td:first-child { text-align: left; white-space: normal }
tfoot td { border-top: 1.5px solid #555; border-bottom: 0; font-weight: 600 }
.none { color: #aaa } .name { color: #555; font-size: 9pt }
ul { padding-left: 1.2em; color: #555; font-size: 9pt; margin-top: 2em } code { font-size: 8.5pt }
"""


def page(words: Words, month: Month, label: str) -> str:
    """The whole document."""
    return "\n".join(_lines(words, month, label)) + "\n"


def _lines(words: Words, month: Month, label: str) -> Iterator[str]:
    title = words("WeChat Pay coupons, {month}", month=label)
    yield "<!doctype html>"
    yield f'<html lang="{words.language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f'<h1>{escape(title)}</h1><p class="about">{escape(span_of(words, month))}</p>'
    for heading, first, lines in (
        (TABLES[0], words("agent").capitalize(), month.agents),
        (TABLES[1], words("stock").capitalize(), month.stocks),
        (TABLES[2], words("approver").capitalize(), month.approvers),
    ):
        yield f"<h2>{words(heading)}</h2>"
        yield from _table(words, first, lines, month.total if lines is not month.approvers else None)
    yield "<ul>" + "".join(f"<li>{escape(words(note))}</li>" for note in NOTES)
    yield f"<li><code>{escape(tied_to(words, month))}</code></li></ul></body></html>"


def _table(words: Words, first: str, lines: Sequence[MonthLine], total: MonthLine | None) -> Iterator[str]:
    if not lines:
        yield f'<p class="none">{words("Nothing in this month.")}</p>'
        return
    names = "".join(f"<th>{escape(name)}</th>" for name in (first, *map(words, COLUMNS)))
    yield f"<table><thead><tr>{names}</tr></thead><tbody>"
    for line in lines:
        stock_name = f' <span class="name">{escape(line.stock_name)}</span>' if line.stock_name else ""
        yield f"<tr><td>{escape(line.name)}{stock_name}</td>{_numbers(words, line)}</tr>"
    yield "</tbody>"
    if total is not None:
        yield f"<tfoot><tr><td>{words('All')}</td>{_numbers(words, total)}</tr></tfoot>"
    yield "</table>"


def _numbers(words: Words, line: MonthLine) -> str:
    return "".join(
        f'<td class="none">{cell}</td>' if cell in {"0", "–"} else f"<td>{cell}</td>"
        for cell in cells(words, line)
    )
