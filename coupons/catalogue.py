"""The stocks that may be given. WeChat Pay lists no merchant's stocks, so people write them down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from coupons.model import Stock


class Catalogue:
    """Looks a stock up by `stock_id` or alias, letter case aside for the alias."""

    def __init__(self, stocks: Iterable[Stock]) -> None:
        self._stocks = tuple(stocks)
        self._by_word = {stock.alias.casefold(): stock for stock in self._stocks}
        self._by_word |= {stock.stock_id: stock for stock in self._stocks}

    def __iter__(self) -> Iterator[Stock]:
        return iter(self._stocks)

    def find(self, word: str) -> Stock | None:
        return self._by_word.get(word) or self._by_word.get(word.casefold())

    def smaller_than(self, value_fen: int) -> Sequence[Stock]:
        """Worth less, the most valuable first."""
        found = (stock for stock in self._stocks if stock.value_fen < value_fen)
        return sorted(found, key=lambda stock: stock.value_fen, reverse=True)

    def stock_id(self, word: str) -> str | None:
        """Of the stock that is called so; None: there is none."""
        stock = self.find(word)
        return stock.stock_id if stock else None
