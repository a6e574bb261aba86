"""Every sentence about a bulk file, in both languages, as people read it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from inline_snapshot import external_file

from coupons.batches import ERASED, MORE_APPROVALS, STOCK_GONE, LeftOut
from coupons.permissions import Reason
from handlers.bulk import file_json
from handlers.bulk.bulk_file import BadLine, FileRefused, Remark, RemarkKind, WholeFile, Wrong
from handlers.cleaning import Undone
from handlers.misread import Misread
from handlers.parsing import read_openid
from handlers.views import bulk_file
from handlers.views.words import Words
from tests.handlers.bulk.files import ANN, csv_of, read
from tests.words import CHINESE, ENGLISH

FOLDER = Path(__file__).parent / "read_aloud"


def bad(wrong: Wrong) -> BadLine:
    read_as = {Wrong.ERROR: "#N/A", Wrong.SUM: "合计", Wrong.ROUNDED: "1.23457E+17", Wrong.OPENID: ""}
    return BadLine(
        row=17,
        column="B",
        head="批次",
        wrong=wrong,
        read=read_as.get(wrong, "12345678"),
        nearest=("late-10", "1212121212"),
        count=5,
        limit=3,
    )


def misread(text: str) -> BadLine:
    found = read_openid(text)
    assert isinstance(found, Misread)
    return BadLine(row=17, column="A", head="openid", wrong=Wrong.OPENID, read=text, misread=found)


def sentences(words: Words) -> Iterator[str]:
    for wrong in Wrong:
        yield f"{wrong}: {bulk_file.place(words, bad(wrong))}: {bulk_file.wrong(words, bad(wrong))}"
    lonely = BadLine(row=17, wrong=Wrong.UNKNOWN_STOCK, read="nothing")
    yield f"{lonely.wrong}: {bulk_file.place(words, lonely)}: {bulk_file.wrong(words, lonely)}"
    for text in ("oShort", ANN * 3, ANN.replace("_", "—"), ANN.replace("_", "!"), f"{ANN} x"):
        yield bulk_file.wrong(words, misread(text))
    for why in WholeFile:
        refused = FileRefused(why, row=17, read="B7", names=("Sheet1", "名单"), limit=50_000)
        yield f"{why}: {bulk_file.refused(words, refused)}"
    for kind in RemarkKind:
        for undone in Undone if kind is RemarkKind.UNDONE else (None,):
            remark = Remark(
                kind=kind,
                count=25,
                rows=(2, 3),
                groups=((2, 5), tuple(range(3, 13))),
                names=("C",),
                undone=undone,
            )
            yield f"{kind}: {bulk_file.remark(words, remark)}"


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_people_read_what_was_read_aloud(words: Words) -> None:
    mark = "zh" if words is CHINESE else "en"
    assert "\n".join(sentences(words)) + "\n" == external_file(str(FOLDER / f"bulk_file.{mark}.txt"))


def test_what_a_cell_holds_formats_and_mentions_nothing() -> None:
    found = read(csv_of([("openid", "stock"), (ANN, "<!channel>*x*`"), (f"<@U1>{ANN}", "late-10")]))
    for each in found.bad:
        assert "<" not in bulk_file.wrong(ENGLISH, each)


def test_openids_are_masked_wherever_they_stand() -> None:
    rows = [("openid", "stock"), (f"{ANN}!", ANN), ("", f"late-10 {ANN}"), (f"{ANN} {ANN}", "late-10")]
    found = read(csv_of(rows))
    assert len(found.bad) == 5
    said = [bulk_file.wrong(ENGLISH, each) for each in found.bad]
    left_out = list(file_json.left_out(found.bad))
    said += [bulk_file.left_out_csv(ENGLISH, left_out), repr(found), repr(found.bad), repr(left_out)]
    said += [f"{each.read} {each.facts}" for each in left_out]
    said.append(bulk_file.refused(ENGLISH, FileRefused(WholeFile.NO_HEAD, row=1, read=f"{ANN}, late-10")))
    for text in said:
        assert ANN not in text


def test_the_file_of_bad_lines_is_by_row_and_column_and_no_spreadsheet_ruins_it() -> None:
    found = read(csv_of([("openid", "stock"), (ANN, "=1+1"), (ANN, "1.23457E+17"), ("x", "late-10")]))
    text = bulk_file.left_out_csv(ENGLISH, file_json.left_out(found.bad))
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    assert rows[0] == ["Row", "Column", "Name", "Read", "What is wrong"]
    assert [row[:4] for row in rows[1:]] == [
        ["2", "B", "stock", "'=1+1"],
        ["3", "B", "stock", "`1.23457E+17"],
        ["4", "A", "openid", "x"],
    ]
    assert rows[3][4].startswith("I read the customer x…, which has only 1 of")
    assert "`" not in rows[3][4]


def test_lines_for_which_nothing_is_left_stand_in_the_same_file_in_its_order() -> None:
    found = read(csv_of([("openid", "stock"), (ANN, "late-10"), (ANN, "nothing")]))
    left_out = [
        LeftOut(row=2, column="", read="", problem=Reason.CUSTOMER_LIMIT),
        *file_json.left_out(found.bad),
        LeftOut(row=4, column="", read="", problem=ERASED),
        LeftOut(row=5, column="", read="", problem=STOCK_GONE),
        LeftOut(row=6, column="", read="", problem=MORE_APPROVALS),
    ]
    text = bulk_file.left_out_csv(ENGLISH, left_out)
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    assert [row[:4] for row in rows[1:]] == [
        ["2", "", "", ""],
        ["3", "B", "stock", "nothing"],
        ["4", "", "", ""],
        ["5", "", "", ""],
        ["6", "", "", ""],
    ]
    whys = ["reached the limit", "no stock of mine", "was erased", "is no longer among", "more approvals"]
    assert [why in row[4] for why, row in zip(whys, rows[1:], strict=True)] == [True] * 5


def test_an_openid_that_is_misspelt_is_masked_in_rows_and_reads_the_same() -> None:
    """Erasing finds in rows what is spelt right; this would outlast it."""
    misspelt = [ANN.replace("_", "—"), ANN.replace("_", "!"), f"{ANN}{ANN}{ANN}", ANN[:14], f"{ANN} extra"]
    found = read(csv_of([("openid", "stock"), *((each, "late-10") for each in misspelt)]))
    left_out = list(file_json.left_out(found.bad))
    assert len(left_out) == len(misspelt)
    for line, bad, typed in zip(left_out, found.bad, misspelt, strict=True):
        assert typed not in line.read + line.facts
        [kept] = file_json.bad_lines(line.facts)
        assert bulk_file.wrong(ENGLISH, kept) == bulk_file.wrong(ENGLISH, bad)
