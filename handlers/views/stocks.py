"""Stocks of the catalogue, shown to people who have to choose one."""

from __future__ import annotations

from collections.abc import Iterable

from coupons.model import Stock
from handlers.nearest_names import nearest
from handlers.views.escaping import code, inert
from handlers.views.words import Words

#: So many are all shown; of more, only the nearest.
_FEW = 10
_NEAREST = 6
#: A section takes 3,000 characters; a sentence stands above the list.
_SECTION = 2_500


def line(words: Words, stock: Stock) -> str:
    """`late-10`: ¥10 off, late delivery (¥10.00, 1212121212)."""
    return words(
        "• {alias}: {name} ({value}, {stock_id})",
        alias=code(stock.alias),
        name=inert(stock.name),
        value=words.money(stock.value_fen),
        stock_id=code(stock.stock_id),
    )


def example_word(catalogue: Iterable[Stock]) -> str:
    """What to type for a stock, in an example."""
    return next((stock.alias for stock in catalogue), "late-10")


def choice(word: str, catalogue: Iterable[Stock]) -> list[Stock]:
    """The nearest ones first; all of them where they are few."""
    stocks = list(catalogue)
    by_name: dict[str, Stock] = {}
    for stock in stocks:
        for name in (stock.alias, stock.stock_id, stock.name):
            by_name.setdefault(name, stock)
    near = [by_name[name] for name in nearest(word, by_name, _NEAREST)]
    rest = stocks if len(stocks) <= _FEW else []
    return list({stock.stock_id: stock for stock in [*near[:_NEAREST], *rest]}.values())


def search(words: Words, typed: str, catalogue: Iterable[Stock]) -> list[Stock]:
    """Those with `typed` in a name or the value; without any, those with a name like it."""
    wanted, stocks = typed.casefold(), list(catalogue)

    def searched_in(stock: Stock) -> str:
        return f"{stock.name} {stock.alias} {stock.stock_id} {words.money(stock.value_fen)}".casefold()

    found = [stock for stock in stocks if wanted in searched_in(stock)]
    if found:
        return found
    by_name = {name: stock for stock in stocks for name in (stock.alias, stock.stock_id, stock.name)}
    near = [by_name[name] for name in nearest(typed, by_name, _NEAREST)]
    return list({stock.stock_id: stock for stock in near}.values())


def listing(words: Words, stocks: Iterable[Stock]) -> str:
    """One line each, as many as one section holds; then how many more there are."""
    lines = [line(words, stock) for stock in stocks]
    shown = 0
    room = _SECTION
    while shown < len(lines) and len(lines[shown]) < room:
        room -= len(lines[shown]) + 1
        shown += 1
    rest = len(lines) - shown
    return "\n".join(lines[:shown]) + (f"\n(+{rest})" if rest else "")
