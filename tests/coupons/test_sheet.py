"""Rows for spreadsheets: each cell is text to them, Chinese is Chinese, and nobody's openid stands there."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.audit_words import Found
from coupons.model import CodeMode, Request, State
from coupons.sheet import COLUMNS, as_csv, row, safe

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
    return dict(zip(COLUMNS, row(Found(a_request(**changes), approvers)), strict=True))


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


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u3000=1", "＝1", "＋1", "－1", "＠1"],
)
@pytest.mark.parametrize("column", ["reason", "ticket", "decline_reason", "stock_name", "problem"])
def test_no_words_of_a_person_become_a_formula(column: str, text: str) -> None:
    assert cells(**{column: text})[column] == f"'{text}"


@given(st.text())
def test_whatever_is_written_stays_the_same_text(text: str) -> None:
    assert safe(text) in {text, f"'{text}"}
    assert not safe(text).lstrip().startswith(("=", "+", "-", "@"))


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2, max_size=2
        )
    )
)
def test_a_spreadsheet_reads_the_same_cells_again(wanted: list[list[str]]) -> None:
    text = as_csv(wanted, head=("a", "b"))
    assert text.encode().startswith(b"\xef\xbb\xbf")
    stream = io.StringIO(text.removeprefix("\ufeff"), newline="")
    assert list(csv.reader(stream)) == [["a", "b"], *wanted]
