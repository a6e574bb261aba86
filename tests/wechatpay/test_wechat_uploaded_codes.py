"""Uploaded codes: what may be asked, and reading what is said of each."""

from __future__ import annotations

import json

import pytest

from tests.wechatpay.signing_platform import Platform
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest, Malformed
from wechatpay.uploaded_codes import FailedCode, Upload, compose_upload

STOCK = "1290000000000017"
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
    assert await busifavor.upload_codes(STOCK, body) == Upload(
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
        await busifavor.upload_codes(STOCK, compose_upload(coupon_code_list=["a"], upload_request_no="U1"))
