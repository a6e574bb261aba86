"""Files that real programs wrote: LibreOffice Calc and openpyxl."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from handlers.bulk.bulk_file import BulkFile, RemarkKind, Wrong
from tests.handlers.bulk.files import ANN, BEN, COLD, HEAD, LATE, LONG, line, places, read

#: OpenDocument in one XML file: what people do in a spreadsheet, which LibreOffice then saves.
SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
  xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
  xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
  xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
  xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.2"
  office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:automatic-styles>
  <number:date-style style:name="N1">
    <number:year/><number:text>-</number:text><number:month/>
  </number:date-style>
  <style:style style:name="date" style:family="table-cell" style:data-style-name="N1"/>
</office:automatic-styles>
<office:body><office:spreadsheet>
<table:table table:name="list">
  {rows}
  <table:table-row table:number-rows-repeated="1048000">
    <table:table-cell table:number-columns-repeated="4"/>
  </table:table-row>
</table:table>
<table:table table:name="empty"><table:table-row><table:table-cell/></table:table-row></table:table>
</office:spreadsheet></office:body></office:document>
"""
FORMULA = '<table:table-cell table:formula="of:={}"/>'


def row(*cells: str, attributes: str = "") -> str:
    made = [
        cell
        if cell.startswith("<")
        else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        if cell
        else "<table:table-cell/>"
        for cell in cells
    ]
    return f"<table:table-row{attributes}>{''.join(made)}</table:table-row>"


ROWS = [
    row("openid", "批次", "原因", "工单", "price"),
    row(ANN, "late-10", "包裹迟到", "T-1", "5"),
    row(BEN, "", "no stock", ""),
    row(BEN, FORMULA.format("VLOOKUP([.A4];[.A1:.B2];2;0)")),
    row(ANN, FORMULA.format("VLOOKUP([.A5];[.A2:.B2];2;0)")),
    row(BEN, FORMULA.format("IFERROR(VLOOKUP([.A6];[.A1:.B2];2;0);&quot;&quot;)")),
    row(BEN, "cold-20", "hidden", attributes=' table:visibility="collapse"'),
    row(BEN, "cold-20", "filtered out", attributes=' table:visibility="filter"'),
    row(BEN, '<table:table-cell office:value-type="float" office:value="123456789012345678"/>'),
    row(BEN, "123456789012345678"),
    row(
        BEN,
        '<table:table-cell office:value-type="date" office:date-value="2026-12-01" table:style-name="date"/>',
    ),
    row("", "", "", "", FORMULA.format("SUM([.E2:.E11])")),
]


def saved(folder: Path, *forms: str) -> list[BulkFile]:
    """The sheet as LibreOffice saves it, in these forms; it is started for each."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed: what it really writes is not seen (apt: libreoffice-calc)")
    source = folder / "list.fods"
    source.write_text(SHEET.replace("{rows}", "\n".join(ROWS)), encoding="utf-8")
    found = []
    for form in forms:
        command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
        command += ["--convert-to", form, "--outdir", str(folder), str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        found.append(read(source.with_suffix(f".{form.partition(':')[0]}").read_bytes(), stock=COLD))
    return found


def test_libreoffice_s_files(tmp_path: Path, long_form: bool) -> None:
    # A comma, a quotation mark, UTF-8.
    forms = ["xlsx", "csv:Text - txt - csv (StarCalc):44,34,76"]
    book, *rest = saved(tmp_path, *forms[: 2 if long_form else 1])
    assert book.lines == (
        line(2, ANN, LATE, "包裹迟到", "T-1"),
        line(3, BEN, COLD, "no stock"),
        line(5, ANN, LATE),
        line(10, BEN, LONG),
    )
    assert places(book) == [
        (4, "B", Wrong.ERROR),
        (6, "B", Wrong.EMPTY_RESULT),
        (7, "", Wrong.HIDDEN_ROW),
        (8, "", Wrong.HIDDEN_ROW),
        (9, "B", Wrong.LONG_NUMBER),
        (11, "B", Wrong.DATE),
        (12, "A", Wrong.OPENID),
    ]
    assert book.bad[0].read == "#N/A"
    assert {remark.kind: remark.names for remark in book.remarks if remark.names} == {
        RemarkKind.COLUMNS_NOT_READ: ("price",)
    }
    for found in rest:
        # What is hidden and what is a formula cannot be seen in CSV any more; what failed still can.
        assert {each.row for each in (*found.lines, *found.bad)} == set(range(2, len(ROWS) + 1))
        assert {(4, "B", Wrong.ERROR), (9, "B", Wrong.ROUNDED), (11, "B", Wrong.DATE)} <= set(places(found))


def test_openpyxl_s_workbook() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for values in (
        HEAD,
        (ANN, "late-10", "包裹迟到", 881),
        (BEN, "=VLOOKUP(A3,A1:B2,2,0)", "", ""),
        (BEN, None, None, None),
        (BEN, 123456789012345678),
        (BEN, "#N/A"),
        (BEN, "123456789012345678"),
    ):
        sheet.append(values)
    book.create_sheet("notes").sheet_state = "hidden"
    book["notes"].append(("openid", "stock"))
    stream = io.BytesIO()
    book.save(stream)
    found = read(stream.getvalue(), stock=COLD)
    assert found.lines == (
        line(2, ANN, LATE, "包裹迟到", "881"),
        line(4, BEN, COLD),
        line(7, BEN, LONG),
    )
    assert places(found) == [
        (3, "B", Wrong.NOT_COMPUTED),
        (5, "B", Wrong.LONG_NUMBER),
        (6, "B", Wrong.ERROR),
    ]
    assert [remark.names for remark in found.remarks if remark.kind is RemarkKind.HIDDEN_SHEETS] == [
        ("notes",)
    ]
