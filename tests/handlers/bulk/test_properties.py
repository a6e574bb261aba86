"""What holds for every table: what was written comes back, and nothing but our own refusals is raised."""

from __future__ import annotations

import contextlib
import re

from hypothesis import given
from hypothesis import strategies as st

from coupons.model import Stock
from handlers.bulk.bulk_file import FileRefused
from handlers.bulk.columns import letters
from tests.handlers.bulk.files import CATALOGUE, HEAD, csv_of, line, of_csv, read, table

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
#: What would be an escape of the .xlsx format is asked about.
OPENIDS = st.text(ALPHABET, min_size=16, max_size=64).filter(
    lambda text: not re.search("_x[0-9A-Fa-f]{4}_", text)
)
#: Words as people write them: what is undone or read as a ticket has tests of its own.
REASONS = st.lists(
    st.text("迟到漏餐包裹abcXYZ019,;\t!?。，+=&<>|…\U0001f600", min_size=1, max_size=6), max_size=5
).map(lambda words: " ".join(" ".join(words).split()))
TICKETS = st.text("TABC-019/#", max_size=12).filter(lambda text: not re.fullmatch(r"#{3,}", text))
STOCKS = st.sampled_from([word for stock in CATALOGUE for word in (stock.alias, stock.stock_id)])
ROWS = st.lists(st.tuples(OPENIDS, STOCKS, REASONS, TICKETS), min_size=1, max_size=12)
ORDERS = st.permutations(range(4))


def found_stock(word: str) -> Stock:
    stock = CATALOGUE.find(word)
    assert stock is not None
    return stock


@given(
    ROWS,
    ORDERS,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_any_table_of_good_lines_comes_back_from_csv(
    rows: list[tuple[str, str, str, str]], order: list[int], delimiter: str, encoding: str
) -> None:
    laid = [[row[place] for place in order] for row in (HEAD, *rows)]
    found = read(of_csv(csv_of(laid, delimiter).decode(), encoding))
    assert found.bad == ()
    assert list(found.lines) == [
        line(number, openid, found_stock(word), reason, ticket)
        for number, (openid, word, reason, ticket) in enumerate(rows, start=2)
    ]


@given(ROWS)
def test_any_table_of_good_lines_comes_back_from_a_workbook(rows: list[tuple[str, str, str, str]]) -> None:
    found = read(table(*rows))
    assert found.bad == ()
    assert list(found.lines) == [
        line(number, openid, found_stock(word), reason, ticket)
        for number, (openid, word, reason, ticket) in enumerate(rows, start=2)
    ]


PIECES = st.sampled_from(
    [
        *[
            "openid",
            "stock",
            "批次",
            ",",
            ";",
            "\t",
            "\n",
            "\r\n",
            "\r",
            '"',
            '""',
            "late-10",
            "#N/A",
            "1E+17",
        ],
        *[
            "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
            "`",
            "'",
            "=",
            "\0",
            "\u200b",
            "　",
            "１２",
            "合计",
            "sep=",
            "—",
            "\ufeff",
        ],
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join)


@given(TEXTS, st.sampled_from(["utf-8", "utf-16", "gb18030"]), st.booleans())
def test_any_text_is_read_or_refused(text: str, encoding: str, has_head: bool) -> None:
    raw = (("openid,stock,reason\n" if has_head else "") + text).encode(encoding, "ignore")
    with contextlib.suppress(FileRefused):
        found = read(raw)
        for each in found.lines:
            assert re.fullmatch(r"[0-9A-Za-z_-]{16,64}", each.openid)
            assert len(each.reason) <= 500
            (each.reason + each.ticket).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(FileRefused):
        read(raw)


@given(st.integers(0, 20_000))
def test_columns_are_called_as_spreadsheets_call_them(place: int) -> None:
    value = 0
    for letter in letters(place):
        value = value * 26 + ord(letter) - ord("A") + 1
    assert value == place + 1
