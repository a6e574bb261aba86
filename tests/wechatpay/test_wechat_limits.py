"""What may be sent: every limit, every fault in one error, and nothing on the wire before."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing_platform import Platform

from wechatpay import callback_address, coupon_life, product_coupons, stocks, subsidy, uploaded_codes
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest
from wechatpay.forms import Form
from wechatpay.limits import (
    COUPON_CODE,
    Check,
    flag,
    inner,
    listed,
    moment,
    needed,
    one_of,
    optional,
    text,
    whole,
)
from wechatpay.product_coupons import CouponType
from wechatpay.stock_records import StockState
from wechatpay.targets import target

FORM = Form({"name": needed(text(2, 4, "[a-z]")), "count": optional(whole(1, 9)), "yes": optional(flag)})


def faults(check: Check, value: object) -> list[str]:
    return [fault for _, fault in check("it", value)]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (text(2, 4), ["ab", "中文四个", "a\nb"], ["a", "abcde", "", 7, None, "a😀", "a\ud800"]),
        (text(2, 4, "[a-z]"), ["ab", "abcd"], ["Ab", "a b", "ab\n", "ａｂ"]),
        (whole(0, 9), [0, 9], [-1, 10, True, 1.0, "1", None]),
        (flag, [True, False], [1, 0, "true", None]),
        (one_of(StockState), ["STOPED", StockState.PAUSED], ["STOPPED", "", None, [], {}]),
        (
            moment,
            ["2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123Z"],
            ["2026-01-01T08:00:00", "2026-01-01", "2026-06-31T08:00:00Z", "20260101T080000Z", 7, None],
        ),
        (listed(whole(0, 6), 1, 2), [[0], [1, 6]], [[], [1, 2, 3], "12", {"0": 1}, None]),
        (COUPON_CODE, ["AB C/1=2|3\\4_-", "x" * 32], ["", "x" * 33, "a.b", "a%2Fb", "a\tb"]),
    ],
)
def test_a_check_passes_what_is_published_and_says_no_once_to_the_rest(
    check: Check, good: list[Any], bad: list[Any]
) -> None:
    assert [faults(check, value) for value in good] == [[]] * len(good)
    assert [len(faults(check, value)) for value in bad] == [1] * len(bad)


def test_entries_and_inner_members_are_named_where_they_stand() -> None:
    check = listed(inner({"day": needed(whole(0, 6))}), 1, 9)
    assert [name for name, _ in check("week", [{"day": 1}, {"day": 7}, {}, 5, {"day": 1, "new": 2}])] == [
        "week[1].day",
        "week[2].day",
        "week[3]",
        "week[4].new",
    ]


def test_all_that_is_wrong_stands_in_one_error_without_the_values() -> None:
    with pytest.raises(BadRequest) as error:
        FORM.compose(name="SECRET-OPENID", count=10, yes="perhaps", more=1)
    assert error.value.fields == ("name", "count", "yes", "more")
    assert "SECRET" not in str(error.value)
    assert "perhaps" not in str(error.value)
    assert str(error.value).startswith("name must be 2 to 4 of [a-z]; 13 characters were read; count must be")


def test_what_is_none_is_left_out_and_null_is_never_read() -> None:
    assert FORM.compose(name="ab", count=None) == b'{"name":"ab"}'
    with pytest.raises(BadRequest) as error:
        FORM.read(b'{"name":"ab","count":null}')
    assert error.value.fields == ("count",)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b"{}", b'{"name":"ab","x":1}']
)
def test_bytes_that_were_not_composed_are_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        FORM.read(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
FORMS = {
    "use": coupon_life._USE.form,
    "order": coupon_life._ORDER,
    "stock": stocks._CREATE.form,
    "patch": stocks._PATCH,
    "budget": stocks._BUDGET.form,
    "upload": uploaded_codes._UPLOAD.form,
    "callback": callback_address._SET.form,
    "pay": subsidy._PAY.form,
    "product": product_coupons._FORM,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(data=st.data())
def test_whatever_is_asked_for_only_a_bad_request_comes_out(form: Form, data: st.DataObject) -> None:
    values = data.draw(st.dictionaries(st.sampled_from([*form.members, "more"]), json_values))
    for act in (lambda: form.compose(**values), lambda: form.read(json.dumps(values).encode())):
        with pytest.raises(BadRequest):
            act()


@pytest.mark.parametrize(
    ("segment", "escaped"),
    [
        ("AB C/1=2|3\\4", "AB%20C%2F1%3D2%7C3%5C4"),
        ("a?b#c%2F+&", "a%3Fb%23c%252F%2B%26"),
        ("券", "%E5%88%B8"),
        ("...", "..."),
    ],
)
def test_a_segment_is_escaped_so_that_it_stays_one_segment(segment: str, escaped: str) -> None:
    assert target("/stocks/{x}/couponcodes", {"x": segment}) == (
        f"/v3/marketing/busifavor/stocks/{escaped}/couponcodes"
    )


@pytest.mark.parametrize("segment", ["", ".", "..", "a\nb", "x" * 129, "\ud800"])
def test_a_segment_that_would_make_another_path_is_refused(segment: str) -> None:
    with pytest.raises(BadRequest) as error:
        target("/stocks/{stock_id}", {"stock_id": segment})
    assert error.value.fields == ("stock_id",)


def test_a_query_leaves_out_what_is_none_and_escapes_the_rest() -> None:
    made = target("/x", query={"a": "1/2 3&b=4", "left_out": None, "n": 0})
    assert made == "/v3/marketing/busifavor/x?a=1%2F2%203%26b%3D4&n=0"


CALLS: dict[str, Callable[[Busifavor], Any]] = {
    "create": lambda busifavor: busifavor.stocks.create(b"{}"),
    "patch": lambda busifavor: busifavor.stocks.patch("1", b"{}"),
    "patch elsewhere": lambda busifavor: busifavor.stocks.patch("..", b'{"out_request_no":"P1"}'),
    "budget": lambda busifavor: busifavor.stocks.budget("1", b"{}"),
    "use": lambda busifavor: busifavor.life.use(b"{}"),
    "give back": lambda busifavor: busifavor.life.give_back(b"{}"),
    "deactivate": lambda busifavor: busifavor.life.deactivate(b"{}"),
    "associate": lambda busifavor: busifavor.life.associate(b"{}"),
    "disassociate": lambda busifavor: busifavor.life.disassociate(b"{}"),
    "upload": lambda busifavor: busifavor.codes.upload("1", b"{}"),
    "delete": lambda busifavor: busifavor.codes.delete("1", "A-1", delete_request_no=""),
    "callback": lambda busifavor: busifavor.callback.set(b"{}"),
    "pay": lambda busifavor: busifavor.subsidies.pay(b"{}"),
    "take back": lambda busifavor: busifavor.subsidies.give_back(b"{}"),
    "a coupon without a code": lambda busifavor: busifavor.coupon(openid="o1", coupon_code=""),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_nothing_is_sent_before_all_is_checked(
    client: Client, platform: Platform, call: Callable[[Busifavor], Any]
) -> None:
    with pytest.raises(BadRequest):
        await call(Busifavor(client, appid="wxd678efh567hg6787"))
    assert platform.heard == []


@given(member_card_id=st.none() | st.just("card-1"), coupon_type=st.sampled_from(CouponType))
def test_a_card_goes_with_members_only(member_card_id: str | None, coupon_type: CouponType) -> None:
    def compose() -> bytes:
        return product_coupons.compose_product_send(
            appid="wx1",
            openid="o1",
            stock_id="1",
            out_request_no="N1",
            coupon_type=coupon_type,
            member_card_id=member_card_id,
        )

    if (coupon_type is CouponType.MEMBER) == (member_card_id is not None):
        assert product_coupons.read_product_send(compose()).member_card_id == member_card_id
    else:
        with pytest.raises(BadRequest) as error:
            compose()
        assert error.value.fields == ("member_card_id",)
