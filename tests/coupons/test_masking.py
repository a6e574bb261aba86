"""What a person's own words may hold for ever: nothing that is plainly a person's number or address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.masking import keepable, masked

SHORTENED = [
    ("call 13800138000 now", "call 138…00 now"),
    ("客户电话13800138000，迟到", "客户电话138…00，迟到"),
    ("１３８００１３８０００", "１３８…００"),
    ("+86 138-0013-8000", "+86…00"),
    ("8613800138000", "861…00"),
    ("0086 138 0013 8000", "008…00"),
    ("+1 (415) 555-2671", "+1 …71"),
    ("010-12345678", "010…78"),
    ("0755 8612345", "075…45"),
    ("13800138000 13900139000 2026", "138…00 139…00 2026"),
    ("13800138000/13900139000", "138…00/139…00"),
    ("5 13800138000 2", "5 138…00 2"),
    ("11010519491231002X", "110…2X"),
    ("11010519491231002x", "110…2x"),
    ("110105 19491231 002X", "110…2X"),
    ("card 6222 0212 3456 7890 128", "card 622…28"),
    ("4111111111111111", "411…11"),
    ("5500-0000-0000-0004", "550…04"),
    ("write to li.na@mail.example.com", "write to l…@mail.example.com"),
    ("联系li@例子.cn", "联系l…@例子.cn"),
]

KEPT = [
    "order 1234567890123456",  # no card begins so
    "order 4111111111111112",  # a card's check digit is another
    "110105194912310021",  # a card's check sign would be X
    "110105194913310020",  # there is no thirteenth month
    "4200001234202612011234567890",  # WeChat Pay's transaction
    "coupon 3564492952157993399296",
    "1380013800013900139000",  # two numbers in one would be a guess
    "ABC-13800138000",
    "https://desk.example/t/13800138000x",
    "https://acme.slack.com/archives/C01/p1795400572000001",
    "2026-12-01 12:33:44",
    "1212121212 3434343434",
    "12800138000",  # no such network
    "+10 +20",
    "parcel four days late, ¥10 x 3 @ 9.50",
]


@pytest.mark.parametrize(("typed", "kept"), SHORTENED)
def test_a_persons_number_or_address_is_shortened(typed: str, kept: str) -> None:
    assert keepable(typed) == kept
    assert keepable(kept) == kept


@pytest.mark.parametrize("typed", KEPT)
def test_what_is_no_persons_is_kept_as_it_is(typed: str) -> None:
    assert keepable(typed) == typed


@given(
    st.text(max_size=20),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from([" ", "，", "：", "(", "\n", "电话"]),
)
def test_a_mobile_number_never_outlasts_its_sentence(before: str, number: str, gap: str) -> None:
    before = "".join(sign for sign in before if not sign.isdecimal())
    assert number not in keepable(f"{before}{gap}{number}{gap}late")


def test_two_customers_of_one_appid_can_be_told_apart() -> None:
    # Openids of one AppID begin alike; so may the end of two of them, for a few characters.
    ann, ben = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uN95-Ptaags6E_roPHgeS6o"
    assert masked(ann) != masked(ben)
    assert masked(masked(ann)) == masked(ann), "shortened once and for all"
    assert masked("oUpF…eS6o") == "oUpF…eS6o", "as it was shortened before, in rows of then"
