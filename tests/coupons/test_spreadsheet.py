"""Rows for spreadsheets: each cell is text to them, Chinese is Chinese, and nobody's openid stands there."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.audit_words import Found
from coupons.model import CodeMode, Request, State
from coupons.money import in_yuan
from coupons.spreadsheet import as_csv, lines, row, safe, unguarded

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


def a_request(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "id": 12,
        "rev": 4,
        "state": State.SENT,
        "out_request_no": "cb12",
        "requester": "U0LI",
        "customer": 7,
        "openid": OPENID,
        "stock_id": "1212121212",
        "stock_name": "¥10 off",
        "value_fen": 1005,
        "code_mode": CodeMode.WECHATPAY_MODE,
        "reason": "物流迟到四天",
        "approvals_needed": 2,
        "created_at": 1_795_400_000_000,
        "expires_at": 1_795_486_400_000,
        "body": b'{"openid":"' + OPENID.encode() + b'"}',
        "coupon_code": "CODE1",
        "closed_at": 1_795_400_005_000,
    }
    return Request(**{**values, **changes})


def cells(*approvers: str, **changes: Any) -> dict[str, str]:
    """As they stand in the file."""
    text = as_csv([row(Found(a_request(**changes), approvers))]).removeprefix("\ufeff")
    [found] = csv.DictReader(io.StringIO(text, newline=""))
    return found


def test_a_row_has_every_column_in_its_order() -> None:
    assert cells("U0WANG", "U0ZHAO", ticket="ZD-1") == {
        "request": "12",
        "state": "sent",
        "asked_at_beijing": "2026-11-23 10:13:20",
        "requester": "U0LI",
        "customer": "7",
        "stock_id": "1212121212",
        "stock_name": "¥10 off",
        "value_yuan": "10.05",
        "ticket": "ZD-1",
        "reason": "物流迟到四天",
        "approvers": "U0WANG U0ZHAO",
        "closed_at_beijing": "2026-11-23 10:13:25",
        "closed_by": "",
        "decline_reason": "",
        "coupon_code": "CODE1",
        "out_request_no": "cb12",
        "problem": "",
    }


def test_no_column_holds_the_openid() -> None:
    assert not any(OPENID in cell for cell in cells("U0WANG").values())


@pytest.mark.parametrize("column", ["reason", "ticket", "decline_reason", "stock_name", "problem"])
def test_no_words_of_a_person_become_a_formula(column: str) -> None:
    formulas = (
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u3000=1",
        "＝1",
        "＋1",
        "－1",
    )
    for text in (*formulas, "＠1"):
        assert cells(**{column: text})[column] == f"'{text}"


#: What LibreOffice (7.4, English) or Excel writes otherwise when it saves the file.
RUINED = (
    *("3564492952157993399296", "123456789012", "0012345678901234567", "0012", "007", "00"),
    *(
        "1E5",
        "1e5",
        "12e3",
        "3E123",
        "12E4567890",
        "1e12345678901234",
        "1.0",
        "1.50",
        ".5",
        "5.",
        "1,234",
    ),
    *("1/2", "12/1", "1/2/2026", "12:30", "1:2", "00:00", "12-1", "1-2", "2026年12月1日", "3 Mar 2026"),
    *("MAR1", "Mar-1", "12 AM", "10%", "10 %", "$10", "¥10", "￥10", "(12)", "12-", " 12", "12 "),
    *("true", "FALSE", "138 0013 8000", "１２３４", "12\u3000", "0" * 64),
)


@pytest.mark.parametrize("column", ["ticket", "coupon_code", "out_request_no", "reason"])
def test_no_digits_are_ruined_by_a_spreadsheet(column: str) -> None:
    """As WeChat Pay's own bills write them."""
    for text in RUINED:
        assert cells(**{column: text})[column] == f"`{text}"
        assert unguarded(f"`{text}") == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "12",
            "881",
            "1212121212",
            "12345678901",
            "0",
            "ZD-1234",
            "cb23e6a71bf08e1e599ff6423864d11d",
            "物流",
        ),
        *(
            "2026-11",
            "2026-11-23",
            "2026-11-23 10:13:20",
            "12 days late",
            "C1",
            "1h",
            "march",
            "jan",
            "mark 5",
            "¥10 off",
            "",
        ),
    ],
)
def test_what_comes_through_is_left_alone(text: str) -> None:
    assert cells(ticket=text)["ticket"] == text


def test_numbers_that_are_added_up_stay_numbers() -> None:
    assert (
        lines([[12, Decimal("1000.50"), None, 2026, in_yuan(5), in_yuan(0)]])
        == "12,1000.50,,2026,0.05,0.00\r\n"
    )
    assert lines([[1_795_400_000_000]]) == "`1795400000000\r\n"


@given(st.text())
def test_whatever_is_written_stays_the_same_text(text: str) -> None:
    assert safe(text) in {text, f"'{text}", f"`{text}"}
    assert not safe(text).lstrip().startswith(("=", "+", "-", "@"))


@given(st.text("0123456789", min_size=12))
def test_no_long_number_is_bare(digits: str) -> None:
    assert safe(digits) == f"`{digits}"


def test_a_long_cell_takes_no_time() -> None:
    """An auditor's own SQL may give one of millions."""
    for text in ("1" * 200_000 + "x", "1" * 200_000 + "E", "a" * 200_000, "1 " * 100_000 + "pmx"):
        assert safe(text) == text


#: Without what the guard changes, which has tests of its own.
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(
                lambda text: safe(text) == text
            ),
            min_size=2,
            max_size=2,
        )
    )
)
def test_a_spreadsheet_reads_the_same_cells_again(wanted: list[list[str]]) -> None:
    text = as_csv(wanted, head=("a", "b"))
    assert text.encode().startswith(b"\xef\xbb\xbf")
    stream = io.StringIO(text.removeprefix("\ufeff"), newline="")
    assert list(csv.reader(stream)) == [["a", "b"], *wanted]
