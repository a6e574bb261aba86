"""`--format xlsx`: every text is a text cell, and what a sheet cannot hold is refused."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.workbook import write_sheet
from coupons.spreadsheet import COLUMNS, EVENT_COLUMNS, MONTH_COLUMNS, Cell
from handlers import workbook
from storage.errors import ExportRefused
from tests.bot.audit_shop import make_shop, typed

LONG = "3564492952157993399296"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
#: How the format writes what XML has no room for: `_x000B_`, and `_x005F_` for the sign it begins with.
_ESCAPED = re.compile("_x([0-9A-F]{4})_")


def cells_of(raw: bytes) -> list[list[tuple[str, str]]]:
    """Kind and text of each cell; no formula is in any."""
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        tree = ET.fromstring(file.read("xl/worksheets/sheet1.xml"))
    assert list(tree.iter(f"{_MAIN}f")) == []
    return [
        [
            (
                each.get("t", "n"),
                _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "".join(each.itertext())),
            )
            for each in row
        ]
        for row in tree.iter(f"{_MAIN}row")
    ]


def sheet(rows: list[tuple[Cell, ...]]) -> list[list[tuple[str, str]]]:
    stream = io.TextIOWrapper(io.BytesIO())
    write_sheet(stream, ("head",), rows)
    raw = stream.buffer.getvalue()  # type: ignore[attr-defined]
    return cells_of(raw)[1:]


@pytest.mark.parametrize(
    "text",
    [LONG, "0012", "1E5", "1/2", "=1+1", "+1", "-1", "@A1", "{=1}", "https://desk.example/1", "true", " 12 "],
)
def test_every_text_is_text(text: str) -> None:
    assert sheet([(text,)]) == [[("inlineStr", text)]]


def test_numbers_are_numbers_as_long_as_a_sheet_holds_them() -> None:
    assert sheet([(12, Decimal("1000.50"), None, 10**15)]) == [
        [("n", "12"), ("n", "1000.5"), ("inlineStr", str(10**15))]
    ]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufffe\uffff"), min_size=1))
def test_whatever_is_written_is_read_again(text: str) -> None:
    assert sheet([(text,)]) == [[("inlineStr", text)]]


def test_what_a_sheet_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would leave it out, or cut it, and only return a number."""
    with pytest.raises(ExportRefused, match="row 2 has a cell of 32,768 characters"):
        sheet([("a" * 32_768,)])
    assert sheet([("a" * 32_767,)])[0][0][1] == "a" * 32_767
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    assert len(sheet([(1,), (2,)])) == 2
    with pytest.raises(ExportRefused, match="a sheet holds 3 rows"):
        sheet([(1,), (2,), (3,)])


@pytest.mark.parametrize(
    ("words", "head"),
    [
        (("search", "--output"), COLUMNS),
        (("search", "tag:request:created", "--output"), EVENT_COLUMNS),
        (("report", "--month", "2026-11", "--output"), MONTH_COLUMNS),
    ],
    ids=str,
)
def test_each_command_that_writes_csv_writes_a_workbook(
    tmp_path: Path, words: tuple[str, ...], head: tuple[str, ...]
) -> None:
    database, file = tmp_path / "coupon.db", tmp_path / "found.xlsx"
    make_shop(database)
    result = typed(*words, file, "--format", "xlsx", "--database", database)
    assert result.exit_code == 0, result.stderr
    first, *others = cells_of(file.read_bytes())
    assert [text for _, text in first] == list(head)
    assert len(others) >= 1
    as_csv = typed(*words, "-", "--format", "csv", "--database", database).stdout
    assert as_csv.removeprefix("\ufeff").startswith(",".join(head))


@pytest.mark.parametrize(
    "words",
    [("show", "1"), ("show",), ("reconcile", "--file")],
    ids=str,
)
def test_to_standard_output_goes_the_workbook_and_nothing_else(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    database, bill = tmp_path / "coupon.db", tmp_path / "bill.csv"
    make_shop(database)
    bill.write_text("批次号,券code\n1212121212,CODE1\n", encoding="utf-8")
    more = [bill] if words[-1] == "--file" else []
    result = typed(*words, *more, "--format", "xlsx", "--database", database)
    assert len(cells_of(result.stdout_bytes)) >= 2
