"""Bills as the console, spreadsheets and people save them; what is not sure is refused with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli.wechat_bill import read_bill
from coupons.csv_rows import BillRefused

BILL = """商家券批次号,券code,发放时间,商户请求单号,券状态
`1212121212,`C1,`2026-11-23 10:13:20,`n1,`已使用
`1212121212,`STRANGE,`2026-11-23 10:13:20,`by-hand,`可用
总笔数,总金额
`2,`20.00
"""
#: Under this head the sums have as many cells as coupons have, where a spreadsheet padded them.
HEAD = "批次名称,批次号,券code,商户请求单号,券状态"


def saved(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "bill.csv"
    file.write_bytes(text.encode(encoding))
    return file


def codes(folder: Path, text: str) -> list[tuple[str, str, str, str]]:
    return [(each.stock_id, each.code, each.number, each.state) for each in read_bill(saved(folder, text))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_bill_is_read_as_the_console_or_a_spreadsheet_writes_it(
    tmp_path: Path, encoding: str, delimiter: str, ending: str
) -> None:
    text = BILL.replace(",", delimiter).replace("\n", ending)
    first, second = read_bill(saved(tmp_path, text, encoding))
    assert (first.code, first.stock_id, first.number, first.state) == ("C1", "1212121212", "n1", "已使用")
    assert first.received_at == 1_795_400_000_000
    assert second.code == "STRANGE"


ONE = [("1212121212", "C1", "n1", "可用")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A comma in a name, which WeChat Pay does not quote, and others do.
        (f"{HEAD}\n`¥10 off, late, very,`1212121212,`C1,`n1,`可用\n", ONE),
        (f'{HEAD}\n"¥10 off, late",1212121212,C1,n1,可用\n', ONE),
        (f'{HEAD}\n"`¥10 off, late",`1212121212,`C1,`n1,`可用\n', ONE),
        (f"{HEAD}\n`¥10, ,`1212121212,`C1,`n1,`可用\n", ONE),
        # Rows padded by a spreadsheet, its head too, sums and empty rows among them.
        (f"{HEAD},,\n¥10,1212121212,C1,n1,可用,,\n,,,,,,\n总笔数,总金额,,,,,\n1,10.00,,,,,\n", ONE),
        (f"商家券账单,,,,\n{HEAD}\n¥10,1212121212,C1,n1,可用\n合计,张数,,,\n,1,,,\n", ONE),
        # Full-width letters in the head, marks that nobody sees, Excel's own way to keep a text.
        ("批次名称,批次号,券ＣＯＤＥ,商户请求单号,券状态\n¥10,1212121212,C1,n1,可用\n", ONE),
        (f'{HEAD}\n¥10,\u200e１２１２１２１２１２,="C1",\'n1,可用\u200b\n', ONE),
        (f"{HEAD}\n`¥10,`1212121212,`C1,`n1,`可用\n发放张数,发放金额\n`1,`10.00\n", ONE),
        # Two bills in one file.
        (
            f"{HEAD}\n`¥10,`1212121212,`C1,`n1,`可用\n总笔数\n`1\n批次号,券code\n`1212121212,`C2\n",
            [*ONE, ("1212121212", "C2", "", "")],
        ),
        # What the code is called first is taken.
        ("券id,批次号,券code\nX,1212121212,C1\n", [("1212121212", "C1", "", "")]),
        # Titles before the head, of any form; a cell with a line break.
        (f'商家券,"账单\n11月"\n\n{HEAD}\n"¥10\noff",1212121212,C1,n1,可用\n', ONE),
    ],
)
def test_what_is_sure_is_read(tmp_path: Path, text: str, found: list[tuple[str, str, str, str]]) -> None:
    assert codes(tmp_path, text) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "first line reads: a, b"),
        ("", "first line reads: nothing"),
        ("批次号,券code\n1212121212,1.21E+15\n", "line 2 reads 1.21E+15: a spreadsheet rounded"),
        ("批次号,券code\n1.21E+15,C1\n", "line 2 reads 1.21E+15: a spreadsheet rounded"),
        (
            "批次号,券code,商户请求单号\n1212121212,C1,1.2E+30\n",
            "line 2 reads 1.2E+30: a spreadsheet rounded",
        ),
        ("批次号,券code,发放时间\n1212121212,C1,yesterday\n", "line 2 reads the time 'yesterday'"),
        (f"{HEAD}\n¥10 off, late,1212121212,C1,n1,可用\n", "line 2 has 6 cells under a head of 5"),
        (f"{HEAD}\n`¥10,`off,`1212121212,`C1,`n1,`可用\n", "line 2 has 6 cells under a head of 5"),
        # A cell that is gone: today's first short row was taken for the sums, and all after it left out.
        (
            f"{HEAD}\n¥10,1212121212,C1,n1\n¥10,1212121212,C2,n2,可用\n",
            "line 2 has 4 cells under a head of 5",
        ),
        (f"{HEAD}\n1212121212,C1,n1,可用,\n", "line 2 has the number '可用'"),
        (f"{HEAD}\n¥10,,C1,n1,可用\n", "line 2 has no stock"),
        (f"{HEAD}\n¥10,1212121212,,n1,可用\n", "line 2 has no coupon code"),
        (f"{HEAD}\n总部, ¥10,1212121212,C1,n1,可用\n", "line 2 has 6 cells"),
        (f"{HEAD}\n总部,1212121212,1 000,n1,可用\n", "line 2 has the coupon code '1 000'"),
        (f"{HEAD}\n总笔数,总金额\n1,2\n¥10,1212121212,C2,n2,可用\n", "line 4 comes after the sums"),
        ("批次号,券code,券code\n1212121212,C1,C2\n", "line 1 names the column 券code twice"),
        (f'{HEAD}\n"¥10,1212121212,C1,n1,可用\n¥10,1212121212,C2,n2,可用\n', "line 2 is not CSV"),
        (f'{HEAD}\n"10" off,1212121212,C1,n1,可用\n', "line 2 is not CSV"),
        (f'{HEAD}\n"¥10\noff",1212121212,C1,n1,可用\n¥10,1212121212\n', "line 4 has 2 cells"),
    ],
)
def test_what_is_not_sure_is_one_sentence_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BillRefused, match=re.escape(says)):
        read_bill(saved(tmp_path, text))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"PK\x03\x04rest", "is a spreadsheet's workbook; save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "is a spreadsheet's workbook"),
        (b"a\0b\0", "is no text in UTF-8 or GB18030"),
        (b"\xff\xff", "is no text in UTF-8 or GB18030"),
        # A byte is gone: as GB18030 it is text, with other words in it.
        (
            "stock_id,coupon_code,备注\n1,C1,迟到的包裹\n".encode().replace(b"\xe7", b""),
            "is no text in UTF-8",
        ),
    ],
)
def test_what_is_no_text_is_told(tmp_path: Path, raw: bytes, says: str) -> None:
    file = tmp_path / "bill.csv"
    file.write_bytes(raw)
    with pytest.raises(BillRefused, match=re.escape(says)):
        read_bill(file)
