"""What spreadsheets put into an .xlsx file besides texts, each trap: a bad line, a remark, or a refusal."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coupons.catalogue import Catalogue
from coupons.model import CodeMode, Stock
from handlers.bulk import xlsx_rows
from handlers.bulk.bulk_file import RemarkKind, WholeFile, Wrong
from handlers.bulk.cells import Odd
from handlers.bulk.reading import read_lines
from handlers.bulk.xlsx_scan import SheetScan
from tests.handlers.bulk.files import (
    ANN,
    BEN,
    COLD,
    GOOD,
    HEAD,
    LATE,
    LONG,
    SHEET,
    ZEROS,
    csv_of,
    line,
    only,
    places,
    read,
    refusal,
    table,
    text_cell,
    with_row,
    with_xml,
    workbook,
)


def test_texts_and_small_numbers_are_read() -> None:
    found = read(
        table((ANN, "late-10", "包裹 <b>&amp; 迟到", "T-1"), (BEN, 1212121212, 5, 881), (BEN, "0012345678"))
    )
    assert found.lines == (
        line(2, ANN, LATE, "包裹 <b>&amp; 迟到", "T-1"),
        line(3, BEN, LATE, "5", "881"),
        line(4, BEN, ZEROS),
    )
    assert (found.bad, found.remarks, found.sheet) == ((), (), "Sheet1")


# --- the worst: a cell that only looks empty must not take the form's stock


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"])
def test_an_error_is_a_bad_line_and_takes_no_stock_of_the_form(error: str) -> None:
    cells = text_cell("A3", BEN) + f'<c r="B3" t="e"><f>VLOOKUP(A3,x,2,0)</f><v>{error}</v></c>'
    found = read(with_row(cells), stock=COLD)
    assert places(found) == [(3, "B", Wrong.ERROR)]
    assert only(found).read == error
    assert found.lines == (GOOD,)


@pytest.mark.parametrize("column", ["A", "B", "C", "D"])
def test_an_error_is_bad_in_every_column_that_is_read(column: str) -> None:
    cells = [text_cell("A3", BEN), text_cell("B3", "late-10"), text_cell("C3", "x"), text_cell("D3", "T")]
    cells["ABCD".index(column)] = f'<c r="{column}3" t="e"><v>#N/A</v></c>'
    assert places(read(with_row("".join(cells)))) == [(3, column, Wrong.ERROR)]


def test_an_error_in_a_column_that_is_not_read_is_nobody_s() -> None:
    cells = text_cell("A3", BEN) + text_cell("B3", "late-10") + '<c r="F3" t="e"><v>#N/A</v></c>'
    found = read(with_row(cells))
    assert found.lines == (GOOD, line(3, BEN))
    assert [(each.kind, each.names) for each in found.remarks] == [(RemarkKind.COLUMNS_NOT_READ, ("F",))]


def test_an_error_that_the_reader_of_workbooks_does_not_know_is_named() -> None:
    refused = refusal(with_row(text_cell("A3", BEN) + '<c r="B3" t="e"><v>#SPILL!</v></c>'), stock=COLD)
    assert (refused.why, refused.row, refused.read) == (WholeFile.STRANGE_CELL, 3, "#SPILL!")


@pytest.mark.parametrize(
    "formula", ["<f>X1</f>", "<f>X1</f><v/>", "<f>X1</f><v></v>", '<f t="shared" si="0"/>']
)
def test_a_formula_that_was_never_computed_is_a_bad_line(formula: str) -> None:
    found = read(with_row(text_cell("A3", BEN) + f'<c r="B3">{formula}</c>'), stock=COLD)
    assert places(found) == [(3, "B", Wrong.NOT_COMPUTED)]


def test_formulas_of_a_program_that_computes_none_are_bad_lines() -> None:
    """XlsxWriter writes 0 for their result, and asks whoever opens the file to compute."""

    def make(book: Any, sheet: Any) -> None:
        sheet.write_string("A2", ANN)
        sheet.write_formula("B2", "=VLOOKUP(A2,x,2,0)")
        sheet.write_string("A3", BEN)
        sheet.write_string("B3", "late-10")
        sheet.write_formula("C3", '="late"', None, "late")
        sheet.write_formula("D3", "=X1")

    assert places(read(workbook(make), stock=COLD)) == [
        (2, "B", Wrong.NOT_COMPUTED),
        (3, "D", Wrong.NOT_COMPUTED),
    ]


def test_a_computed_formula_is_its_result() -> None:
    cells = (
        text_cell("A3", BEN)
        + '<c r="B3" t="str"><f>X1</f><v>cold-20</v></c><c r="D3"><f>X2</f><v>881</v></c>'
    )
    assert read(with_row(cells)).lines == (GOOD, line(3, BEN, COLD, "", "881"))


def test_a_formula_whose_result_is_empty_takes_no_stock_of_the_form() -> None:
    cells = text_cell("A3", BEN) + '<c r="B3" t="str"><f>IFERROR(VLOOKUP(A3,x,2,0),"")</f><v></v></c>'
    assert places(read(with_row(cells), stock=COLD)) == [(3, "B", Wrong.EMPTY_RESULT)]


def test_an_array_formula_that_was_never_computed_leaves_cells_without_any_sign_of_their_own() -> None:
    rows = (
        f'<row r="3">{text_cell("A3", BEN)}<c r="B3"><f t="array" ref="B3:B4">X1:X2</f></c></row>'
        f'<row r="4">{text_cell("A4", BEN)}</row><row r="5">{text_cell("A5", BEN)}</row></sheetData>'
    )
    raw = with_xml(table((ANN, "late-10", "late")), SHEET, {"</sheetData>": rows})
    found = read(raw, stock=COLD)
    assert places(found) == [(3, "B", Wrong.NOT_COMPUTED), (4, "B", Wrong.NOT_COMPUTED)]
    assert found.lines == (GOOD, line(5, BEN, COLD))


def test_merged_cells_have_their_value_in_the_first_one_only() -> None:
    def make(book: Any, sheet: Any) -> None:
        for row in (1, 2, 3):
            sheet.write_string(row, 0, ANN)
        sheet.merge_range("B2:B3", "late-10")

    found = read(workbook(make), stock=COLD)
    assert places(found) == [(3, "B", Wrong.MERGED)]
    assert found.lines == (line(2, ANN), line(4, ANN, COLD))


def test_a_cell_with_a_space_is_not_empty() -> None:
    assert places(read(table((ANN, " "), (BEN, None)), stock=COLD)) == [(2, "B", Wrong.ONLY_BLANKS)]


# --- numbers, dates, texts


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (123456789012345678, Wrong.LONG_NUMBER),
        (1e15, Wrong.LONG_NUMBER),
        (999999999999999, Wrong.UNKNOWN_STOCK),
        (12345678, Wrong.ZEROS_LOST),
        (1212121212.5, Wrong.NOT_WHOLE),
        (-1212121212, Wrong.UNKNOWN_STOCK),
        (True, Wrong.LOGICAL),
        ("1.23457E+17", Wrong.ROUNDED),
        ("`1212121212", Wrong.GUARD),
        ("12345678", Wrong.ZEROS_LOST),
    ],
)
def test_a_number_is_judged_by_its_type_and_not_by_its_looks(value: Any, wrong: Wrong) -> None:
    assert places(read(table((ANN, value), (BEN, None)), stock=COLD)) == [(2, "B", wrong)]


def test_a_stock_whose_zeros_may_be_gone_is_sure_in_a_text_cell_only() -> None:
    bare = Stock("12345678", "bare", "¥5 off", 500, CodeMode.WECHATPAY_MODE)
    catalogue = Catalogue((ZEROS, bare))
    text = read_lines(table((ANN, "12345678"), (ANN, "0012345678"), (ANN, "bare")), catalogue=catalogue)
    assert [each.stock for each in text.lines] == [bare, ZEROS, bare]
    for raw in (table((ANN, 12345678)), csv_of([HEAD, (ANN, "12345678", "", "")])):
        found = read_lines(raw, catalogue=catalogue)
        assert places(found) == [(2, "B", Wrong.ZEROS_LOST)]
        assert only(found).nearest == ("0012345678",)


def test_a_long_stock_is_read_from_a_text_cell() -> None:
    assert read(table((ANN, "123456789012345678"))).lines == (line(2, ANN, LONG),)


@pytest.mark.parametrize("column", range(4))
def test_a_long_number_is_wrong_in_every_column(column: int) -> None:
    row: list[Any] = [ANN, "late-10", "late", "T-1"]
    row[column] = 3564492952157993
    wrong = Wrong.LONG_NUMBER
    assert places(read(table(row, (BEN, "late-10")))) == [(2, "ABCD"[column], wrong)]


def test_a_number_is_no_openid() -> None:
    assert places(read(table((123456789012345, "late-10"), (BEN, "late-10")))) == [
        (2, "A", Wrong.OPENID_NUMBER)
    ]


@pytest.mark.parametrize("column", range(4))
def test_a_date_is_a_bad_line_in_every_column(column: int) -> None:
    def make(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, (ANN, "late-10", "late", "T-1"))
        sheet.write_datetime(1, column, date(2026, 12, 1), book.add_format({"num_format": 14}))

    assert places(read(workbook(make))) == [(2, "ABCD"[column], Wrong.DATE)]


@pytest.mark.parametrize("number_format", [31, "yyyy-mm-dd", "h:mm", "[h]:mm"])
def test_a_stock_in_a_cell_that_is_formatted_as_a_date_is_a_bad_line(number_format: int | str) -> None:
    def make(book: Any, sheet: Any) -> None:
        sheet.write_string("A2", ANN)
        sheet.write_number("B2", 46000, book.add_format({"num_format": number_format}))

    assert places(read(workbook(make), stock=COLD)) == [(2, "B", Wrong.DATE)]


@pytest.mark.parametrize(
    "text",
    [
        f"<r><t>{BEN[:5]}</t></r><r><t> {BEN[5:]}</t></r>",
        f"<t>{BEN[:5]}_x0041_{BEN[6:]}</t>",
        f"<t>{BEN[:5]}_x005F_x0041_{BEN[6:]}</t>",
    ],
)
def test_text_that_the_reader_puts_together_or_decodes_is_no_openid(text: str) -> None:
    cells = f'<c r="A3" t="inlineStr"><is>{text}</is></c>' + text_cell("B3", "late-10")
    assert places(read(with_row(cells))) == [(3, "A", Wrong.IN_PARTS)]


def test_the_result_of_a_formula_may_be_decoded_too() -> None:
    cells = f'<c r="A3" t="str"><f>X1</f><v>{BEN[:5]}_x0041_{BEN[6:]}</v></c>' + text_cell("B3", "late-10")
    assert places(read(with_row(cells))) == [(3, "A", Wrong.IN_PARTS)]


def test_shared_texts_are_looked_at_too() -> None:
    raw = with_xml(
        table((ANN, "late-10", "late"), (BEN, "late-10", "one")),
        "xl/sharedStrings.xml",
        {
            f"<t>{BEN}</t>": f"<r><t>{BEN[:5]}</t></r><r><t> {BEN[5:]}</t></r>",
            "<t>one</t>": "<t>one_x000A_two</t>",
        },
    )
    assert places(read(raw)) == [(3, "A", Wrong.IN_PARTS)]


def test_a_text_in_several_colours_and_with_its_reading_beside_it_is_whole() -> None:
    text = f"<r><t>{BEN[:5]}</t></r><r><t>{BEN[5:]}</t></r><rPh sb='0' eb='1'><t> x </t></rPh>"
    cells = f'<c r="A3" t="inlineStr"><is>{text}</is></c>' + text_cell("B3", "late-10")
    assert read(with_row(cells)).lines == (GOOD, line(3, BEN))


def test_a_reason_may_be_in_parts() -> None:
    cells = text_cell("A3", BEN) + text_cell("B3", "late-10") + text_cell("C3", "one_x000A_two")
    assert read(with_row(cells)).lines == (GOOD, line(3, BEN, LATE, "one two"))


def test_the_character_zero_is_a_bad_line() -> None:
    cells = text_cell("A3", BEN) + text_cell("B3", "late-10") + text_cell("C3", "one_x0000_two")
    assert places(read(with_row(cells))) == [(3, "C", Wrong.ZERO_CHARACTER)]


def test_what_two_readings_do_not_agree_on_is_not_read() -> None:
    cells = text_cell("A3", BEN) + '<c r="B3"><v>abc</v></c>'
    assert places(read(with_row(cells), stock=COLD)) == [(3, "B", Wrong.UNSURE)]
    # No file is known that has the one and not the other; a newer reader may.
    row = xlsx_rows._row(SheetScan(kinds={2: "t"}, width=2), 2, 0, [BEN, "late-10"])
    assert row.cells == (BEN, Odd(Wrong.UNSURE, "late-10"))
    sheet = xlsx_rows.find_sheet(table((ANN, "late-10"), (BEN, "late-10")))
    del sheet.scan.kinds[2]
    assert [row.number for row in xlsx_rows.read_rows(sheet)] == [1, 2, 3]
