"""What may be sent: every limit, every fault in one error, and nothing on the wire before."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import Platform
from wechatpay import callback_address, deactivation, send_request, uploaded_codes
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest
from wechatpay.fields import COUPON_CODE, Check, Form, listed, needed, one_of, optional, read_moment, text
from wechatpay.stock_records import StockState
from wechatpay.targets import target

FORM = Form(
    {
        "name": needed(text(2, 4, "[a-z]")),
        "state": optional(one_of(StockState)),
        "codes": optional(listed(COUPON_CODE, 1, 2)),
    }
)


def faults(check: Check, value: object) -> list[str]:
    return [fault for _, fault in check("it", value)]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (text(2, 4), ["ab", "中文四个", "a\nb"], ["a", "abcde", "", 7, None, "a😀", "a\ud800"]),
        (text(2, 4, "[a-z]"), ["ab", "abcd"], ["Ab", "a b", "ab\n", "ａｂ"]),
        (one_of(StockState), ["STOPED", StockState.PAUSED], ["STOPPED", "", None, [], {}]),
        (listed(COUPON_CODE, 1, 2), [["0"], ["1", "6"]], [[], ["1", "2", "3"], "12", {"0": "1"}, None]),
        (COUPON_CODE, ["AB C/1=2|3\\4_-", "x" * 32], ["", "x" * 33, "a.b", "a%2Fb", "a\tb"]),
    ],
)
def test_a_check_passes_what_is_published_and_says_no_once_to_the_rest(
    check: Check, good: list[Any], bad: list[Any]
) -> None:
    assert [faults(check, value) for value in good] == [[]] * len(good)
    assert [len(faults(check, value)) for value in bad] == [1] * len(bad)


@pytest.mark.parametrize(
    ("written", "good"),
    [
        ("2026-01-01T08:00:00+08:00", True),
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01T00:00:00.123Z", True),
        ("2026-01-01T08:00:00", False),
        ("2026-01-01", False),
        ("2026-06-31T08:00:00Z", False),
        ("20260101T080000Z", False),
        (7, False),
        (None, False),
    ],
)
def test_a_time_is_read_with_its_offset_and_a_day_that_there_is(written: object, good: bool) -> None:
    assert (read_moment(written) is not None) == good


def test_entries_are_named_where_they_stand() -> None:
    check = listed(COUPON_CODE, 1, 9)
    assert [name for name, _ in check("codes", ["A", "a.b", "", 5, "B"])] == [
        "codes[1]",
        "codes[2]",
        "codes[3]",
    ]


def test_all_that_is_wrong_stands_in_one_error_without_the_values() -> None:
    with pytest.raises(BadRequest) as error:
        FORM.compose(name="SECRET-OPENID", state="perhaps", codes=[], more=1)
    assert error.value.fields == ("name", "state", "codes", "more")
    assert "SECRET" not in str(error.value)
    assert "perhaps" not in str(error.value)
    assert str(error.value).startswith("name must be 2 to 4 of [a-z]; 13 characters were read; state must be")


def test_what_is_none_is_left_out_and_null_is_never_read() -> None:
    assert FORM.compose(name="ab", state=None) == b'{"name":"ab"}'
    with pytest.raises(BadRequest) as error:
        FORM.read(b'{"name":"ab","state":null}')
    assert error.value.fields == ("state",)


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
    "deactivate": deactivation.DEACTIVATE.form,
    "upload": uploaded_codes.UPLOAD.form,
    "callback": callback_address.SET_CALLBACK.form,
    "send": send_request.FORM,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(data=st.data())
def test_whatever_is_asked_for_only_a_bad_request_comes_out(form: Form, data: st.DataObject) -> None:
    values = data.draw(st.dictionaries(st.sampled_from([*form.members, "more"]), json_values))
    for act in (lambda: form.compose(**values), lambda: form.read(json.dumps(values).encode())):
        with suppress(BadRequest):
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
    "deactivate": lambda busifavor: busifavor.deactivate(b"{}"),
    "upload": lambda busifavor: busifavor.upload_codes("1", b"{}"),
    "upload elsewhere": lambda busifavor: busifavor.upload_codes(
        "..", b'{"coupon_code_list":["A"],"upload_request_no":"UP1"}'
    ),
    "callback": lambda busifavor: busifavor.set_callback(b"{}"),
    "a coupon without a code": lambda busifavor: busifavor.coupon(openid="o1", coupon_code=""),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_nothing_is_sent_before_all_is_checked(
    client: Client, platform: Platform, call: Callable[[Busifavor], Any]
) -> None:
    with pytest.raises(BadRequest):
        await call(Busifavor(client, appid="wxd678efh567hg6787"))
    assert platform.heard == []
