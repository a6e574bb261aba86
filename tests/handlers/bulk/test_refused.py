"""What is refused as a whole, and that nothing in a file makes the bot read for long or fill its memory."""

from __future__ import annotations

import contextlib
import io
import random
import tracemalloc
import zipfile
from typing import Any

import pytest

from handlers.bulk import reading, xlsx_package, xlsx_places
from handlers.bulk.bulk_file import FileRefused, WholeFile
from tests.handlers.bulk.files import (
    ANN,
    BEN,
    HEAD,
    LATE,
    SHEET,
    csv_of,
    line,
    of_csv,
    read,
    refusal,
    table,
    with_row,
    with_xml,
)

COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")


def archive(**parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, text in parts.items():
            target.writestr(name, text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("raw", "why", "text"),
    [
        (b"", WholeFile.EMPTY, ""),
        (b" \r\n\t\n", WholeFile.EMPTY, ""),
        (b"\xef\xbb\xbf\r\n", WholeFile.EMPTY, ""),
        (b",,,\n,,\n", WholeFile.EMPTY, ""),
        (COMPOUND + bytes(512) + "Workbook".encode("utf-16-le"), WholeFile.XLS, ""),
        (COMPOUND + bytes(512) + "EncryptedPackage".encode("utf-16-le"), WholeFile.PASSWORD, ""),
        (b"%PDF-1.7\n", WholeFile.OTHER_FORMAT, ".pdf"),
        (b"\x89PNG\r\n\x1a\n", WholeFile.OTHER_FORMAT, ".png"),
        (b"<html><table><tr><td>openid</td></tr></table>", WholeFile.OTHER_FORMAT, ".html"),
        (archive(**{"word/document.xml": "<x/>"}), WholeFile.OTHER_FORMAT, ".docx"),
        (archive(**{"xl/workbook.bin": "x"}), WholeFile.OTHER_FORMAT, ".xlsb"),
        (archive(**{"mimetype": "x", "content.xml": "<x/>"}), WholeFile.OTHER_FORMAT, ".ods"),
        (archive(**{"list.csv": "openid"}), WholeFile.OTHER_FORMAT, ".zip"),
        (bytes(range(128, 256)) * 9, WholeFile.UNKNOWN_FORMAT, ""),
        ("openid,stock\n".encode("utf-16-le"), WholeFile.ENCODING, ""),
        (b"PK\x03\x04" + bytes(60), WholeFile.DAMAGED, ""),
        (table((ANN, "late-10"))[:-40], WholeFile.DAMAGED, ""),
    ],
)
def test_the_first_bytes_choose_the_sentence(raw: bytes, why: WholeFile, text: str) -> None:
    refused = refusal(raw)
    assert refused.why is why
    assert refused.read == text


def test_no_column_of_openids_is_no_head() -> None:
    refused = refusal(of_csv(f"\ncustomer,stock\n{ANN},late-10\n"))
    assert (refused.why, refused.row, refused.read) == (WholeFile.NO_HEAD, 2, "customer, stock")
    assert ANN not in str(refused)
    assert refusal(of_csv(f"{ANN},late-10\n")).why is WholeFile.NO_HEAD


def test_two_columns_of_one_meaning_are_refused() -> None:
    refused = refusal(of_csv(f"openid,stock,批次\n{ANN},late-10,cold-20\n"))
    assert (refused.why, refused.names) == (WholeFile.COLUMN_TWICE, ("stock", "批次"))


def test_a_file_without_stocks_needs_the_form_s() -> None:
    raw = of_csv(f"openid\n{ANN}\n")
    assert refusal(raw).why is WholeFile.NO_STOCK
    assert read(raw, stock=LATE).lines == (line(2, ANN),)


def test_nothing_under_the_head() -> None:
    assert refusal(of_csv("openid,stock\n,,\n")).why is WholeFile.NO_LINES
    assert refusal(table()).why is WholeFile.NO_LINES


@pytest.mark.parametrize("make", [lambda rows: csv_of([HEAD, *rows]), lambda rows: table(*rows)])
def test_the_most_lines_are_taken_and_one_more_is_not(make: Any) -> None:
    rows = [(ANN, "late-10", "", ""), (BEN, "nothing", "", "")] * 5
    assert len(read(make(rows), most_lines=10).lines) == 5
    refused = refusal(make([*rows, rows[0]]), most_lines=10)
    assert (refused.why, refused.limit) == (WholeFile.TOO_MANY_LINES, 10)


def test_blank_rows_are_no_lines_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOST_BLANK", 20)
    text = f"openid,stock\n{ANN},late-10\n"
    assert len(read(of_csv(text + ",\n" * 20)).lines) == 1
    assert refusal(of_csv(text + ",\n" * 21)).why is WholeFile.TOO_MANY_LINES


def test_a_file_that_is_too_big_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = of_csv(f"openid,stock\n{ANN},late-10\n")
    monkeypatch.setattr(reading, "MOST_BYTES", len(raw))
    assert len(read(raw).lines) == 1
    assert refusal(raw + b"\n").why is WholeFile.TOO_BIG


@pytest.mark.parametrize(("row", "place"), [(1048576, "D1048576"), (1048576, "XFD1048576"), (200, "XFD200")])
def test_a_cell_far_out_does_not_take_the_process_down(row: int, place: str) -> None:
    """The reader makes room for each place between: for the second of these it asks for 400 GB."""
    cells = f'<row r="{row}"><c r="{place}"><v>1</v></c></row></sheetData>'
    refused = refusal(with_xml(table((ANN, "late-10")), SHEET, {"</sheetData>": cells}))
    assert (refused.why, refused.read) == (WholeFile.TOO_WIDE, place)


def test_formatted_rows_without_content_are_no_lines() -> None:
    rows = "".join(f'<row r="{row}" s="1" customFormat="1"/>' for row in range(3, 30_000))
    raw = with_xml(table((ANN, "late-10")), SHEET, {"</sheetData>": f"{rows}</sheetData>"})
    assert read(raw).lines == (line(2, ANN),)


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_given_up(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_package, "_MOST_BYTES", 2_000_000)
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(table((ANN, "late-10")))) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in source.infolist():
            data = source.read(info)
            if info.filename == part:
                at = data.rindex(b"</")
                data = data[:at] + b" " * 10_000_000 + data[at:]
            target.writestr(info.filename, data)
    raw = stream.getvalue()
    del stream, data
    tracemalloc.start()
    try:
        refused = refusal(raw)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.why is WholeFile.TOO_BIG
    assert most < 8_000_000


def test_entities_that_grow_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet '
    raw = with_xml(table((ANN, "late-10")), SHEET, {"<worksheet ": bomb})
    assert refusal(raw).why is WholeFile.DAMAGED


def test_two_parts_of_one_name_are_refused() -> None:
    stream = io.BytesIO(table((ANN, "late-10")))
    with zipfile.ZipFile(stream, "a") as target:
        target.writestr(SHEET.upper(), "<worksheet/>")
    assert refusal(stream.getvalue()).why is WholeFile.DAMAGED


def test_more_parts_than_any_workbook_has_are_not_even_listed() -> None:
    assert refusal(archive(**{str(part): "" for part in range(5_001)})).why is WholeFile.DAMAGED


def test_a_part_that_needs_a_password_says_so() -> None:
    raw = table((ANN, "late-10"))
    at = raw.rindex(b"PK\x01\x02", 0, raw.rindex(SHEET.encode()))
    assert raw[at + 46 :].startswith(SHEET.encode())
    assert refusal(raw[: at + 8] + b"\x01" + raw[at + 9 :]).why is WholeFile.PASSWORD


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_way_of_packing_that_cannot_be_unpacked_in_pieces_is_refused(way: int) -> None:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(table((ANN, "late-10")))) as source,
        zipfile.ZipFile(stream, "w", way) as target,
    ):
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    assert refusal(stream.getvalue()).why is WholeFile.DAMAGED


def test_ranges_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_places, "_MOST_RANGES", 10)
    merges = "<mergeCells>" + '<mergeCell ref="A9:C9"/>' * 4 + "</mergeCells>"
    raw = with_xml(table((ANN, "late-10")), SHEET, {"</sheetData>": f"</sheetData>{merges}"})
    assert refusal(raw).why is WholeFile.TOO_WIDE


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/_rels/workbook.xml.rels", "sheet1.xml", "sheet9.xml"),
        ("xl/_rels/workbook.xml.rels", 'Id="rId1"', 'Id="rId9"'),
        ("xl/workbook.xml", ' r:id="rId1"', ""),
        ("xl/workbook.xml", ' name="Sheet1"', ""),
    ],
)
def test_a_sheet_that_the_workbook_names_and_nobody_sent(part: str, old: str, new: str) -> None:
    assert refusal(with_xml(table((ANN, "late-10")), part, {old: new})).why is WholeFile.DAMAGED


def test_any_damage_to_a_workbook_is_a_refusal_or_changes_nothing_that_is_read() -> None:
    """Single bytes and stretches of a real file changed: only our own errors come out."""
    good = with_row('<c r="A3" t="str"><f>X1</f><v>x</v></c>', ' hidden="1"')
    dice = random.Random(20_261_201)
    for _ in range(150):
        raw = bytearray(good)
        for _ in range(dice.choice((1, 1, 3))):
            at = dice.randrange(len(raw))
            raw[at : at + dice.choice((1, 1, 8))] = dice.randbytes(dice.choice((0, 1, 1, 8)))
        with contextlib.suppress(FileRefused):
            read(bytes(raw))


def test_any_damage_to_the_xml_is_a_refusal_or_a_bad_line() -> None:
    with zipfile.ZipFile(io.BytesIO(table((ANN, "late-10", "late"), (BEN, "cold-20", 5)))) as source:
        parts = {info.filename: source.read(info) for info in source.infolist()}
    dice = random.Random(1)
    names = [SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"]
    words = [
        b'"',
        b"<",
        b">",
        b"/",
        b'<c r="A9"/>',
        b"<v>",
        b"</v>",
        b' t="e"',
        b' t="s"',
        b"9",
        b"A",
        b"\xff",
        b"",
    ]
    for _ in range(200):
        changed = dict(parts)
        name = dice.choice(names)
        data = changed[name]
        at = dice.randrange(len(data))
        changed[name] = data[:at] + dice.choice(words) + data[at + dice.choice((0, 0, 1, 5)) :]
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as target:
            for part, content in changed.items():
                target.writestr(part, content)
        try:
            found = read(stream.getvalue(), stock=LATE)
        except FileRefused:
            continue
        assert all(each.openid in {ANN, BEN} or name == "xl/sharedStrings.xml" for each in found.lines)
