"""Every sentence about a bulk file, in both languages, as people read it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from inline_snapshot import external_file

from coupons.batch_preview import RefusedLine
from coupons.policy import Limit, Reason
from handlers.bulk.bulk_file import BadLine, FileRefused, Remark, RemarkKind, WholeFile, Wrong
from handlers.cleaning import Undone
from handlers.parsing import Misread, read_openid
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
    said += [bulk_file.bad_lines_csv(ENGLISH, found.bad), repr(found), repr(found.bad)]
    said.append(bulk_file.refused(ENGLISH, FileRefused(WholeFile.NO_HEAD, row=1, read=f"{ANN}, late-10")))
    for text in said:
        assert ANN not in text


def test_the_file_of_bad_lines_is_by_row_and_column_and_no_spreadsheet_ruins_it() -> None:
    found = read(csv_of([("openid", "stock"), (ANN, "=1+1"), (ANN, "1.23457E+17"), ("x", "late-10")]))
    text = bulk_file.bad_lines_csv(ENGLISH, found.bad)
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    assert rows[0] == ["Row", "Column", "Name", "Read", "What is wrong"]
    assert [row[:4] for row in rows[1:]] == [
        ["2", "B", "stock", "'=1+1"],
        ["3", "B", "stock", "`1.23457E+17"],
        ["4", "A", "openid", "x"],
    ]
    assert rows[3][4].startswith("I read the customer x…, which has only 1 of")
    assert "`" not in rows[3][4]


def test_lines_that_a_limit_refuses_stand_in_the_same_file_in_its_order() -> None:
    found = read(csv_of([("openid", "stock"), (ANN, "late-10"), (ANN, "nothing"), (ANN, "late-10")]))
    refused = [RefusedLine(line, Reason.CUSTOMER_LIMIT, Limit(1, 30)) for line in found.lines]
    text = bulk_file.bad_lines_csv(ENGLISH, found.bad, refused)
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    assert [row[:4] for row in rows[1:]] == [
        ["2", "", "", "oUpF…eS6o"],
        ["3", "B", "stock", "nothing"],
        ["4", "", "", "oUpF…eS6o"],
    ]
    assert rows[1][4].startswith("This customer has reached the limit of 1 in 30 days")
