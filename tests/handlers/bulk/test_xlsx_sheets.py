"""Sheets, rows and columns of an .xlsx file: nothing hidden is read in silence, and nobody is left out."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.bulk.bulk_file import RemarkKind, WholeFile, Wrong
from tests.handlers.bulk.files import (
    ANN,
    BEN,
    GOOD,
    HEAD,
    LONG,
    SHEET,
    WORKBOOK,
    kinds,
    line,
    places,
    read,
    refusal,
    table,
    text_cell,
    with_row,
    with_xml,
    workbook,
)

# --- hidden things


@pytest.mark.parametrize("hidden", [' hidden="1"', ' hidden="true"', ' ht="0" customHeight="1"'])
def test_hidden_rows_are_bad_lines(hidden: str) -> None:
    found = read(with_row(text_cell("A3", BEN) + text_cell("B3", "late-10"), hidden))
    assert places(found) == [(3, "", Wrong.HIDDEN_ROW)]
    assert found.lines == (GOOD,)


def test_filtered_out_rows_are_bad_lines() -> None:
    def make(book: Any, sheet: Any) -> None:
        for row, stock in enumerate(("late-10", "cold-20", "late-10"), start=1):
            sheet.write_row(row, 0, (ANN, stock))
        sheet.autofilter("A1:B4")
        sheet.filter_column("B", "x == late-10")
        sheet.set_row(2, options={"hidden": True})

    found = read(workbook(make))
    assert places(found) == [(3, "", Wrong.HIDDEN_ROW)]
    assert len(found.lines) == 2


def test_a_filter_that_hides_nothing_yet_is_said() -> None:
    def make(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (ANN, "cold-20"))
        sheet.autofilter("A1:B2")
        sheet.filter_column("B", "x == late-10")

    assert kinds(read(workbook(make))) == {RemarkKind.FILTER}


@pytest.mark.parametrize("options", [{"hidden": True}, {}])
def test_hidden_columns_that_are_read_are_said(options: dict[str, bool]) -> None:
    def make(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (ANN, "cold-20"))
        sheet.set_column("B:B", None if options else 0, None, options)

    found = read(workbook(make))
    assert [(each.kind, each.names) for each in found.remarks] == [(RemarkKind.HIDDEN_COLUMNS, ("stock",))]


@pytest.mark.parametrize("very", [False, True])
def test_a_hidden_sheet_is_not_read_even_when_it_is_the_first(very: bool) -> None:
    def make(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (BEN, "cold-20"))
        shown = book.add_worksheet("shown")
        shown.write_row(0, 0, HEAD)
        shown.write_row(1, 0, (ANN, "late-10"))
        shown.activate()
        shown.set_first_sheet()
        (sheet.very_hidden if very else sheet.hide)()

    found = read(workbook(make))
    assert (found.lines, found.sheet) == ((line(2, ANN),), "shown")
    assert [(each.kind, each.names) for each in found.remarks] == [(RemarkKind.HIDDEN_SHEETS, ("Sheet1",))]


def test_several_visible_sheets_with_content_are_refused_and_empty_ones_are_none() -> None:
    def two(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (ANN, "late-10"))
        book.add_worksheet("more").write("B7", "x")

    refused = refusal(workbook(two))
    assert (refused.why, refused.names) == (WholeFile.SEVERAL_SHEETS, ("Sheet1", "more"))

    def empty(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (ANN, "late-10"))
        book.add_worksheet("empty").write_blank("B7", None, book.add_format({"bold": True}))
        book.add_chartsheet("chart").set_chart(_chart(book))

    assert read(workbook(empty)).lines == (line(2, ANN),)


def _chart(book: Any) -> Any:
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Sheet1!$A$1:$A$2"})
    return chart


def test_a_file_whose_content_is_all_hidden_is_refused() -> None:
    def make(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (ANN, "late-10"))
        book.add_worksheet("empty").activate()
        sheet.hide()

    refused = refusal(workbook(make))
    assert (refused.why, refused.names) == (WholeFile.NO_VISIBLE_SHEET, ("Sheet1",))


# --- rows


def test_a_row_has_the_sheet_s_own_number_wherever_the_sheet_begins() -> None:
    def make(book: Any, sheet: Any) -> None:
        for column, name in enumerate(HEAD):
            sheet.write_string(4, column + 2, name)
        sheet.write_row(6, 2, (ANN, "late-10"))
        sheet.write_row(8, 2, (BEN, "nothing"))

    found = read(workbook(make, head=()))
    assert found.lines == (line(7, ANN),)
    assert places(found) == [(9, "D", Wrong.UNKNOWN_STOCK)]


def test_a_size_that_the_file_states_wrongly_leaves_nobody_out() -> None:
    raw = table(*((ANN, "late-10") for _ in range(100)))
    for stale in ("A1:D50", "A1", "A1:XFD1048576"):
        assert len(read(with_xml(raw, SHEET, {'ref="A1:D101"': f'ref="{stale}"'})).lines) == 100


def test_no_type_is_guessed_from_the_first_rows() -> None:
    rows: list[tuple[Any, ...]] = [(ANN, 1212121212) for _ in range(300)]
    found = read(table(*rows, (BEN, "123456789012345678", "S9876543")))
    assert found.lines[-1] == line(302, BEN, LONG, "S9876543")
    assert found.bad == ()


def test_formulas_filled_down_whose_result_is_empty_are_padding() -> None:
    cells = "".join(f'<c r="{column}3" t="str"><f>IF(X3="","",X3)</f><v></v></c>' for column in "ABC")
    found = read(with_row(cells))
    assert (found.lines, found.bad, found.remarks) == ((GOOD,), (), ())


def test_rows_of_nothing_but_uncomputed_formulas_are_not_lost() -> None:
    found = read(with_row('<c r="A3"><f>X1</f></c><c r="B3"><f>X2</f></c>'))
    assert places(found) == [(3, "A", Wrong.NOT_COMPUTED), (3, "B", Wrong.NOT_COMPUTED)]


def test_cells_without_references_are_counted() -> None:
    cells = f'<c t="inlineStr"><is><t>{BEN}</t></is></c><c t="inlineStr"><is><t>late-10</t></is></c>'
    raw = with_xml(
        table((ANN, "late-10", "late")), SHEET, {"</sheetData>": f"<row>{cells}</row></sheetData>"}
    )
    assert read(raw).lines == (GOOD, line(3, BEN))


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="3"><c r="A4"><v>1</v></c></row>',
        '<row r="3"><c r="B3"><v>1</v></c><c r="A3"><v>1</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c><c r="A3"><v>2</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v><v>2</v></c></row>',
        '<row r="3"><c r="a3"><v>1</v></c></row>',
        '<row r="3"><c r="A0"><v>1</v></c></row>',
        '<row r="x"><c r="A3"><v>1</v></c></row>',
        '<row r="3"><c r="A3" t="s"><v>999</v></c></row>',
        '<row r="3"><c r="A3" t="?"><v>1</v></c></row>',
        '<c r="A3"><v>1</v></c>',
    ],
)
def test_a_sheet_that_no_program_writes_is_not_read_by_guess(row: str) -> None:
    raw = with_xml(table((ANN, "late-10")), SHEET, {"</sheetData>": f"{row}</sheetData>"})
    assert refusal(raw).why is WholeFile.DAMAGED


def test_strict_office_open_xml_is_read() -> None:
    raw = table((ANN, "late-10"))
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    loose = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    for part in (SHEET, WORKBOOK, "xl/sharedStrings.xml"):
        raw = with_xml(raw, part, {loose: strict})
    assert read(raw).lines == (line(2, ANN),)
