"""The callback address: which may be set, and which answers count."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wechatpay.signing_platform import Platform
from wechatpay.busifavor import Busifavor
from wechatpay.callback_address import CallbackAddress, compose_callback
from wechatpay.client import Client
from wechatpay.errors import BadRequest, Malformed

URL = "https://merchant.example/wechatpay/notify"


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wx1")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://a",
        "http://merchant.example/notify",
        "HTTPS:/merchant.example",
        "https:///only-a-path",
        f"{URL}?stock=1",
        f"{URL}?",
        f"{URL}#top",
        f"{URL} ",
        "https://商户.example/notify",
        "https://merchant.example/a\nb",
        "https://[::1/notify",
        "ftp://merchant.example/notify",
        "https://merchant.example/" + "x" * 232,
    ],
)
def test_an_address_that_cannot_be_called_back_is_refused_once(url: str) -> None:
    with pytest.raises(BadRequest) as error:
        compose_callback(mchid="1900000109", notify_url=url)
    assert error.value.fields == ("notify_url",)


@pytest.mark.parametrize("mchid", ["", "1900000", "1" * 16, "190000010x", "１" * 10])
def test_both_members_may_be_wrong_in_one_error(mchid: str) -> None:
    with pytest.raises(BadRequest) as error:
        compose_callback(mchid=mchid, notify_url="nowhere")
    assert error.value.fields == ("mchid", "notify_url")


@pytest.mark.parametrize("url", [URL, "https://a.b", "https://merchant.example/" + "x" * 231])
def test_an_address_within_the_limits_is_composed_as_it_is(url: str) -> None:
    body = compose_callback(mchid="1900000109", notify_url=url)
    assert json.loads(body) == {"mchid": "1900000109", "notify_url": url}


async def test_the_address_of_our_own_number_is_asked_for(
    busifavor: Busifavor, platform: Platform, client: Client
) -> None:
    mchid = client.merchant.mchid
    platform.says(200, {"notify_url": URL, "mchid": mchid})
    assert await busifavor.callback() == CallbackAddress(notify_url=URL, mchid=mchid)
    assert platform.targets == [f"/v3/marketing/busifavor/callbacks?mchid={mchid}"]


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "notify_url"),
        ({"notify_url": None}, "notify_url"),
        ({"notify_url": "https://thief.example/n"}, "notify_url"),
        ({"notify_url": URL, "mchid": "1900000999"}, "mchid"),
    ],
)
async def test_an_answer_that_does_not_repeat_what_was_set_is_malformed(
    busifavor: Busifavor, platform: Platform, answer: dict[str, Any], field: str
) -> None:
    platform.says(200, answer)
    with pytest.raises(Malformed, match=field):
        await busifavor.set_callback(compose_callback(mchid="1900000109", notify_url=URL))
