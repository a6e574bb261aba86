"""Uploaded codes: what may be asked, and reading what is said of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from signing_platform import Platform

from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest, Malformed
from wechatpay.uploaded_codes import CodeStatus, FailedCode, Upload, UploadedCode, compose_upload

OPENID, STOCK = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "1290000000000017"
TIME = "2026-01-01T08:00:13+08:00"


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wx1")


@pytest.mark.parametrize(
    ("codes", "number", "wrong"),
    [
        ([], "", ("coupon_code_list", "upload_request_no")),
        (["a"] * 201, "U" * 129, ("coupon_code_list", "upload_request_no")),
        (
            ["a", "", "x" * 33, "b"],
            "U|1",
            ("coupon_code_list[1]", "coupon_code_list[2]", "upload_request_no"),
        ),
        (["a.b", "券", "a\tb", "a+b"], "U1", tuple(f"coupon_code_list[{index}]" for index in range(4))),
    ],
)
def test_every_wrong_code_is_named_by_its_place(
    codes: list[str], number: str, wrong: tuple[str, ...]
) -> None:
    with pytest.raises(BadRequest) as error:
        compose_upload(coupon_code_list=codes, upload_request_no=number)
    assert error.value.fields == wrong


def test_the_longest_lists_codes_and_numbers_are_composed() -> None:
    codes = [f"{index:032}" for index in range(199)] + ["AB C/1=2|3\\4_-"]
    body = compose_upload(coupon_code_list=codes, upload_request_no="U" * 128)
    assert json.loads(body) == {"coupon_code_list": codes, "upload_request_no": "U" * 128}


async def test_an_upload_says_what_became_of_each_code(busifavor: Busifavor, platform: Platform) -> None:
    failed = {"coupon_code": "x", "code": "LENGTH_LIMIT", "message": "太长"}
    platform.says(
        200,
        {
            "stock_id": STOCK,
            "total_count": 4,
            "success_count": 1,
            "success_codes": ["a"],
            "success_time": TIME,
            "fail_count": 1,
            "fail_codes": [failed, None],
            "exist_codes": ["b"],
            "duplicate_codes": None,
        },
    )
    body = compose_upload(coupon_code_list=["a"], upload_request_no="U1")
    assert await busifavor.codes.upload(STOCK, body) == Upload(
        stock_id=STOCK,
        total_count=4,
        success_count=1,
        success_codes=("a",),
        success_time=TIME,
        fail_count=1,
        fail_codes=(FailedCode(coupon_code="x", code="LENGTH_LIMIT", message="太长"),),
        exist_codes=("b",),
        duplicate_codes=(),
    )


@pytest.mark.parametrize("missing", ["stock_id", "total_count", "success_count"])
async def test_an_upload_without_its_counts_is_malformed(
    busifavor: Busifavor, platform: Platform, missing: str
) -> None:
    answer = {"stock_id": STOCK, "total_count": 1, "success_count": 1}
    platform.says(200, answer | {missing: None})
    with pytest.raises(Malformed, match=missing):
        await busifavor.codes.upload(STOCK, compose_upload(coupon_code_list=["a"], upload_request_no="U1"))


async def test_a_page_is_asked_for_by_state_and_place(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(200, {"total_count": 1, "data": [{"code": "a", "code_status": "FROZEN", "new": 1}]})
    page = await busifavor.codes.page(STOCK, status=CodeStatus.DISPATCHED, offset=40, limit=10)
    assert page.data == (UploadedCode(code="a", code_status="FROZEN"),)
    assert platform.targets == [
        f"/v3/marketing/busifavor/stocks/{STOCK}/couponcodes?limit=10&offset=40&appid=wx1&status=DISPATCHED"
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"code_information": None},
        {"code_information": {"code": "a"}},
        {"code_information": {"code": "b", "code_status": "AVAILABLE"}},
        {"code_information": {"code": "a", "code_status": "DISPATCHED"}, "coupon_information": {}},
    ],
)
async def test_one_code_that_is_not_described_is_malformed(
    busifavor: Busifavor, platform: Platform, answer: dict[str, Any]
) -> None:
    platform.says(200, answer)
    with pytest.raises(Malformed):
        await busifavor.codes.get(STOCK, "a")


async def test_a_code_that_was_given_brings_its_coupon_and_shows_nobody(
    busifavor: Busifavor, platform: Platform
) -> None:
    information = {
        "code": "a/b",
        "code_status": "DISPATCHED",
        "openid": OPENID,
        "unionid": "oUNION",
        "coupon": {"coupon_code": "forged"},
    }
    platform.says(200, {"code_information": information, "coupon_information": {"coupon_code": "a/b"}})
    found = await busifavor.codes.get(STOCK, "a/b")
    assert (found.openid, found.unionid, found.code_status) == (OPENID, "oUNION", CodeStatus.DISPATCHED)
    assert found.coupon is not None
    assert (found.coupon.coupon_code, found.coupon.stock_id) == ("a/b", STOCK)
    assert OPENID not in repr(found)
    assert "oUNION" not in repr(found)


@pytest.mark.parametrize("number", ["", "D" * 129, "a b", "a|b", "a\n"])
async def test_a_deletion_needs_a_number(busifavor: Busifavor, platform: Platform, number: str) -> None:
    with pytest.raises(BadRequest) as error:
        await busifavor.codes.delete(STOCK, "a", delete_request_no=number)
    assert error.value.fields == ("delete_request_no",)
    assert platform.heard == []


async def test_a_deletion_has_its_number_in_the_query_and_no_body(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, {"stock_id": STOCK, "delete_time": TIME})
    deleted = await busifavor.codes.delete(STOCK, "a/b", delete_request_no="D1")
    assert (deleted.stock_id, deleted.delete_time) == (STOCK, TIME)
    [(method, target, _, body)] = platform.heard
    assert (method, body) == ("DELETE", b"")
    place = f"/v3/marketing/busifavor/stocks/{STOCK}/couponcodes/a%2Fb"
    assert target == f"{place}?delete_request_no=D1"
