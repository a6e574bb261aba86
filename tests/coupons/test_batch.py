"""What the lines of a batch are to each other."""

from __future__ import annotations

from coupons.batch import AskedLately, BatchLine, asked_before, openids_alike, same_asked_twice
from coupons.model import CodeMode, Stock

LATE = Stock("1212121212", "late-10", "¥10 off", 1000, CodeMode.WECHATPAY_MODE)
COLD = Stock("1313131313", "cold-20", "¥20 off", 2000, CodeMode.WECHATPAY_MODE)
ANN, BEN = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uN95-Ptaags6E_roPHg7AG0"


def lines(*asked: tuple[str, Stock]) -> list[BatchLine]:
    return [BatchLine(row, openid, stock, "", "") for row, (openid, stock) in enumerate(asked, start=2)]


def test_the_same_is_the_same_customer_and_the_same_stock() -> None:
    asked = lines((ANN, LATE), (BEN, LATE), (ANN, COLD), (ANN, LATE), (BEN, LATE), (ANN, LATE))
    assert same_asked_twice(asked) == ((2, 5, 7), (3, 6))
    assert same_asked_twice(lines((ANN, LATE), (ANN, COLD))) == ()


def test_openids_that_differ_in_case_only_are_named_once_each() -> None:
    asked = lines((ANN, LATE), (BEN, LATE), (ANN.lower(), LATE), (ANN, COLD), (ANN.upper(), LATE))
    assert openids_alike(asked) == ((2, 4, 6),)
    assert openids_alike(lines((ANN, LATE), (ANN, COLD))) == ()


def test_what_was_asked_for_before_is_the_same_customer_and_the_same_stock() -> None:
    lately = AskedLately({(ANN, LATE.stock_id): 12, (BEN, COLD.stock_id): 13}, {"T-1": 14})
    asked = lines((ANN, LATE), (BEN, LATE), (ANN, COLD), (ANN, LATE), (BEN, COLD))
    assert asked_before(asked, lately) == {2: 12, 5: 12, 6: 13}
    assert asked_before(asked, AskedLately({}, {})) == {}


def test_an_openid_is_in_no_repr() -> None:
    assert ANN not in repr((lines((ANN, LATE)), AskedLately({(ANN, LATE.stock_id): 12}, {})))
