"""CSV as people's programs save it: what is the same comes out the same, what is not sure is named."""

from __future__ import annotations

import pytest

from handlers.bulk.bulk_file import RemarkKind, WholeFile, Wrong
from handlers.cleaning import Undone
from tests.handlers.bulk.files import (
    ANN,
    BEN,
    COLD,
    LATE,
    LONG,
    ZEROS,
    csv_of,
    kinds,
    line,
    of_csv,
    only,
    places,
    read,
    refusal,
)

TEXT = f"openid,批次,原因,工单\r\n{ANN},late-10,包裹迟到三天,T-1\r\n{BEN},1313131313,餐凉了,\r\n"
LINES = (line(2, ANN, LATE, "包裹迟到三天", "T-1"), line(3, BEN, COLD, "餐凉了"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_each_way_of_saving_gives_the_same_lines(encoding: str, delimiter: str, ending: str) -> None:
    text = TEXT.replace(",", delimiter).replace("\r\n", ending)
    assert read(of_csv(text, encoding)).lines == LINES


def test_what_nothing_in_the_file_says_is_remarked() -> None:
    assert RemarkKind.READ_AS_GB18030 in kinds(read(of_csv(TEXT, "gb18030")))
    assert kinds(read(of_csv(TEXT))) == set()


def test_utf8_with_a_byte_gone_is_not_read_as_other_chinese_characters() -> None:
    raw = of_csv(TEXT).replace("三".encode(), "三".encode()[:2])
    refused = refusal(raw)
    assert (refused.why, refused.row) == (WholeFile.ENCODING, 2)


def test_half_a_character_of_utf16_is_named() -> None:
    assert refusal(of_csv(TEXT, "utf-16")[:-1]).why is WholeFile.ENCODING


@pytest.mark.parametrize(
    "head",
    [
        "openid,stock,reason,ticket",
        "OpenID,Stock,REASON,Ticket",
        "ｏｐｅｎｉｄ, 批次 ,原因,工单",
        "\ufeffopenid,批次号,原因,工单号",
    ],
)
def test_heads_are_known_in_both_languages_and_any_case(head: str) -> None:
    assert read(of_csv(f"{head}\n{ANN},late-10,late,T-1\n")).lines == (line(2, ANN, LATE, "late", "T-1"),)


def test_columns_stand_in_any_order_and_others_are_said() -> None:
    found = read(of_csv(f"name,ticket,stock,city,openid\nAnn,T-1,late-10,北京,{ANN}\n"))
    assert found.lines == (line(2, ANN, LATE, "", "T-1"),)
    assert [(each.kind, each.names) for each in found.remarks] == [
        (RemarkKind.COLUMNS_NOT_READ, ("name", "city"))
    ]


def test_a_quoted_cell_may_have_line_breaks_and_rows_keep_the_line_they_begin_on() -> None:
    found = read(of_csv(f'openid,stock,reason\n{ANN},late-10,"late,\nand cold"\n{BEN},nothing,x\n'))
    assert found.lines == (line(2, ANN, LATE, "late, and cold"),)
    assert only(found).row == 4


def test_an_unquoted_comma_is_found_by_the_count_of_cells() -> None:
    found = read(of_csv(f"openid,stock,reason\n{ANN},late-10,late, and cold\n{BEN},late-10,ok\n"))
    assert places(found) == [(2, "", Wrong.TOO_MANY_CELLS)]
    assert (only(found).count, only(found).limit) == (4, 3)
    assert found.lines == (line(3, BEN, LATE, "ok"),)


def test_empty_cells_at_the_end_are_padding() -> None:
    found = read(of_csv(f"openid,stock,,\n{ANN},late-10,,,,\n,,,\n,,,\n"))
    assert found.lines == (line(2, ANN),)
    assert found.remarks == ()


def test_a_spreadsheet_leaves_out_separators_at_the_end_but_not_the_stock_s() -> None:
    """Excel does so, sixteen rows at a time (its note 77295)."""
    found = read(of_csv(f"openid,stock,reason,ticket\n{ANN},late-10\n{BEN}\n"), stock=COLD)
    assert found.lines == (line(2, ANN),)
    assert places(found) == [(3, "", Wrong.TOO_FEW_CELLS)]


def test_a_quotation_mark_that_is_not_closed_ends_the_reading() -> None:
    refused = refusal(of_csv(f'openid,stock,reason\n{ANN},late-10,"late\n{BEN},late-10,ok\n'))
    assert (refused.why, refused.row) == (WholeFile.QUOTATION, 2)
    refused = refusal(of_csv(f'openid,stock,reason\n{ANN},late-10,"late" he said\n'))
    assert (refused.why, refused.row) == (WholeFile.QUOTATION, 2)


def test_lines_that_a_quotation_mark_took_along_are_not_lost_in_silence() -> None:
    text = (
        f'openid,stock,reason\n{ANN},late-10,"late\n{BEN},late-10,cold\n{BEN},cold-20,he said "\n'
        f"{ANN},cold-20,\n"
    )
    found = read(of_csv(text))
    assert places(found) == [(2, "", Wrong.SWALLOWED_LINES)]
    assert only(found).count == 3
    assert found.lines == (line(5, ANN, COLD),)


def test_lines_taken_along_are_found_without_an_openid_too() -> None:
    found = read(of_csv(f'openid,stock,reason\n{ANN},late-10,"late\nshort,late-10,"\n'))
    assert places(found) == [(2, "", Wrong.SWALLOWED_LINES)]


def test_a_reason_of_several_lines_and_commas_is_one() -> None:
    found = read(of_csv(f'openid,reason\n{ANN},"late, cold,\nvery, angry, again"\n'), stock=LATE)
    assert found.lines == (line(2, ANN, LATE, "late, cold, very, angry, again"),)


def test_titles_above_the_head_are_said_and_lines_there_are_not_lost() -> None:
    found = read(of_csv(f"Outage of 1 December\n{BEN},late-10\n\nopenid,stock\n{ANN},late-10\n"))
    assert found.lines == (line(5, ANN),)
    assert places(found) == [(2, "", Wrong.ABOVE_HEAD)]
    assert [(each.kind, each.rows) for each in found.remarks] == [(RemarkKind.ROWS_ABOVE_HEAD, (1,))]


def test_the_note_of_excel_about_its_separator_is_no_row() -> None:
    found = read(of_csv(f"sep=;\r\nopenid;stock\r\n{ANN};late-10\r\n"))
    assert (found.lines, found.remarks) == ((line(3, ANN),), ())


def test_files_that_were_joined() -> None:
    found = read(of_csv(f"openid,stock\n{ANN},late-10\nopenid,stock\n{BEN},late-10\n"))
    assert found.lines == (line(2, ANN), line(4, BEN))
    assert [(each.kind, each.rows) for each in found.remarks] == [(RemarkKind.HEAD_AGAIN, (3,))]
    refused = refusal(of_csv(f"openid,stock,reason\n{ANN},late-10,\nopenid,reason,stock\n{BEN},,late-10\n"))
    assert (refused.why, refused.row) == (WholeFile.OTHER_HEAD, 3)


def test_sums_at_the_end_are_named() -> None:
    found = read(of_csv(f"openid,stock,reason\n{ANN},late-10,\n合计,1,\n,,Total: 1\n"))
    assert places(found) == [(3, "", Wrong.SUM), (4, "", Wrong.SUM)]
    openid = "total-00000000000000001"
    assert read(of_csv(f"name,openid,stock\nSum,{openid},late-10\n")).lines == (line(2, openid),)


def test_blank_rows_between_lines_are_said_and_at_the_end_are_not() -> None:
    found = read(of_csv(f"openid,stock\n{ANN},late-10\n\n , \n{BEN},late-10\n\n\n\x1a"))
    assert found.lines == (line(2, ANN), line(5, BEN))
    assert [(each.kind, each.rows) for each in found.remarks] == [(RemarkKind.BLANK_ROWS, (3, 4))]


@pytest.mark.parametrize(
    ("stock", "wrong"),
    [
        ("#N/A", Wrong.ERROR),
        ("#VALUE!", Wrong.ERROR),
        ("Err:502", Wrong.ERROR),
        ("########", Wrong.ERROR),
        ("1.23457E+17", Wrong.ROUNDED),
        ("1,23457E+17", Wrong.ROUNDED),
        ("12345678", Wrong.ZEROS_LOST),
        ("`1212121212", Wrong.GUARD),
        ("'1212121212", Wrong.GUARD),
        ('="1212121212"', Wrong.GUARD),
        ("late–10", Wrong.UNKNOWN_STOCK),
        ("late-10 x", Wrong.WORDS_AFTER_STOCK),
        ("2026/12/1", Wrong.DATE),
        ("12月10日", Wrong.DATE),
        ("10-Dec", Wrong.DATE),
        (" ", Wrong.ONLY_BLANKS),
        ("\u200b", Wrong.ONLY_BLANKS),
        ("1212121212\0", Wrong.ZERO_CHARACTER),
        ("1212121213", Wrong.UNKNOWN_STOCK),
        ("123456789012345000", Wrong.UNKNOWN_STOCK),
    ],
)
def test_a_stock_that_a_program_changed_is_never_repaired_nor_taken_from_the_form(
    stock: str, wrong: Wrong
) -> None:
    found = read(csv_of([("openid", "stock"), (ANN, stock), (BEN, "")]), stock=COLD)
    assert places(found) == [(2, "B", wrong)]
    assert found.lines == (line(3, BEN, COLD),)


@pytest.mark.parametrize(
    ("openid", "wrong"),
    [
        ("", Wrong.OPENID),
        ("\u200b", Wrong.ONLY_BLANKS),
        ("#REF!", Wrong.ERROR),
        (f"`{ANN}", Wrong.GUARD),
        (f"'{ANN}", Wrong.GUARD),
        (ANN.replace("_", "—"), Wrong.OPENID),
        (ANN.replace("_", "\0"), Wrong.ZERO_CHARACTER),
        (ANN.replace("_", " "), Wrong.OPENID),
        (f"{ANN} {BEN}", Wrong.OPENID),
        (f"{ANN}&amp;", Wrong.OPENID),
        ("1.23457E+27", Wrong.ROUNDED),
    ],
)
def test_an_openid_is_never_repaired(openid: str, wrong: Wrong) -> None:
    found = read(csv_of([("openid", "stock"), (openid, "late-10"), (BEN, "late-10")]))
    assert places(found) == [(2, "A", wrong)]
    assert found.lines == (line(3, BEN),)


def test_what_the_command_undoes_is_undone_and_said() -> None:
    rows = [
        ("openid", "stock", "reason", "ticket"),
        (f"`{ANN}`", "１２１２１２１２１２", "“late”", "工单-１"),
        (f"{BEN[:5]}\u200b{BEN[5:]}", "late\u00ad-10", "工单：881，客户很生气", ""),
        (BEN.translate({0x6F: 0xFF4F}), "late-10", "two\nlines", ""),
    ]
    found = read(csv_of(rows))
    assert found.lines == (
        line(2, ANN, LATE, "late", "工单-１"),
        line(3, BEN, LATE, "客户很生气", "881"),
        line(4, BEN, LATE, "two lines"),
    )
    assert {remark.undone: remark.rows for remark in found.remarks if remark.kind is RemarkKind.UNDONE} == {
        Undone.FULL_WIDTH: (2, 4),
        Undone.INVISIBLE: (3,),
        Undone.WRAPPING_MARKS: (2,),
        Undone.SPACES: (4,),
    }


def test_zeros_and_long_numbers_that_are_all_there_are_read_as_they_are() -> None:
    found = read(csv_of([("openid", "stock"), (ANN, "0012345678"), (BEN, "123456789012345678")]))
    assert found.lines == (line(2, ANN, ZEROS), line(3, BEN, LONG))


def test_reasons_and_tickets_keep_their_lengths() -> None:
    rows = [
        ("openid", "stock", "reason", "ticket"),
        (ANN, "late-10", "r" * 500, "t" * 100),
        (ANN, "late-10", "r" * 501, ""),
        (ANN, "late-10", "", "t" * 101),
        (ANN, "late-10", "#N/A", "1.2E+15"),
    ]
    found = read(csv_of(rows))
    assert found.lines == (line(2, ANN, LATE, "r" * 500, "t" * 100),)
    assert places(found) == [
        (3, "C", Wrong.REASON_TOO_LONG),
        (4, "D", Wrong.TICKET_TOO_LONG),
        (5, "C", Wrong.ERROR),
        (5, "D", Wrong.ROUNDED),
    ]


def test_each_wrong_cell_of_a_row_is_named() -> None:
    found = read(csv_of([("openid", "stock"), ("short", "nothing")]))
    assert places(found) == [(2, "A", Wrong.OPENID), (2, "B", Wrong.UNKNOWN_STOCK)]
    assert found.bad_rows == 1


def test_a_column_of_nothing_but_wrong_words_is_read_soon() -> None:
    rows = [("openid", "stock"), *((ANN, f"late-1{number:04d}") for number in range(200))]
    found = read(csv_of(rows))
    assert [bool(bad.nearest) for bad in found.bad] == [True] * 100 + [False] * 100


def test_one_customer_in_all_rows_is_said_shortly() -> None:
    found = read(csv_of([("openid", "stock"), *((ANN, "late-10") for _ in range(500))]))
    (remark,) = found.remarks
    assert (remark.kind, remark.count) == (RemarkKind.SAME_ASKED_TWICE, 1)
    assert remark.groups == (tuple(range(2, 22)),)


def test_the_same_asked_twice_and_openids_that_differ_in_case_are_said() -> None:
    rows = [
        ("openid", "stock"),
        (ANN, "late-10"),
        (BEN, "late-10"),
        (ANN, "1212121212"),
        (BEN.upper(), "late-10"),
    ]
    found = read(csv_of(rows))
    assert len(found.lines) == 4
    assert [(each.kind, each.groups) for each in found.remarks] == [
        (RemarkKind.SAME_ASKED_TWICE, ((2, 4),)),
        (RemarkKind.OPENIDS_ALIKE, ((3, 5),)),
    ]
