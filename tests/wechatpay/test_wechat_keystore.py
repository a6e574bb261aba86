"""The ring is swapped as a whole: no gap, no mixture, and no stranger makes us download."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.wechatpay.signing_platform import NOW, Build, Platform, listed, sign, vector_key
from wechatpay.answers import Checked
from wechatpay.errors import NotSent
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.keys import load_merchant
from wechatpay.keystore import KeyStore

DAY = 86_400


def certificate(key: PlatformKey, serial_no: str, *, ends: int = NOW + DAY, begins: int = 0) -> PlatformKey:
    return replace(key, serial_no=serial_no, begins=begins, ends=ends)


def serials(store: KeyStore) -> list[str]:
    return [key.serial_no for key in store.ring]


async def test_other_fixed_keys_take_the_place_of_the_old_and_what_was_downloaded_stays(
    public_key: PlatformKey,
) -> None:
    async def download() -> Sequence[PlatformKey]:
        return [certificate(public_key, "0A")]

    store = KeyStore([public_key], download=download, clock=lambda: NOW * 1000)
    await store.refresh()
    before = store.ring
    other = replace(public_key, serial_no="PUB_KEY_ID_2")
    store.fix([other])
    assert serials(store) == ["PUB_KEY_ID_2", "0A"]
    assert store.fixed == (other,)
    # Who holds the old ring holds it whole: it was replaced, not changed.
    assert [key.serial_no for key in before] == [public_key.serial_no, "0A"]
    await store.refresh()
    assert serials(store) == ["PUB_KEY_ID_2", "0A"]


async def test_keys_fixed_during_a_download_are_not_lost_when_it_ends(public_key: PlatformKey) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def download() -> Sequence[PlatformKey]:
        started.set()
        await go_on.wait()
        return [certificate(public_key, "0A")]

    store = KeyStore([public_key], download=download, clock=lambda: NOW * 1000)
    refreshing = asyncio.create_task(store.refresh())
    await started.wait()
    store.fix([replace(public_key, serial_no="PUB_KEY_ID_2")])
    go_on.set()
    await refreshing
    assert serials(store) == ["PUB_KEY_ID_2", "0A"]


async def test_while_a_refresh_runs_or_fails_the_old_keys_go_on_verifying(public_key: PlatformKey) -> None:
    """Others empty their list first, and an outage leaves them with nothing."""
    started, go_on = asyncio.Event(), asyncio.Event()
    go_on.set()
    results: list[Sequence[PlatformKey] | NotSent] = [[certificate(public_key, "0A")], NotSent("X", "down")]

    async def download() -> Sequence[PlatformKey]:
        started.set()
        await go_on.wait()
        result = results.pop(0)
        if isinstance(result, NotSent):
            raise result
        return result

    store = KeyStore([], download=download, clock=lambda: NOW * 1000)
    await store.refresh()
    started.clear()
    go_on.clear()
    refreshing = asyncio.create_task(store.refresh())
    await started.wait()
    assert store.ring.find("0A", now=NOW)
    go_on.set()
    with pytest.raises(NotSent):
        await refreshing
    assert store.ring.find("0A", now=NOW)


async def test_answers_with_strangers_serials_download_once_over_the_wire(
    platform: Platform, build: Build
) -> None:
    lying = platform.signed(200, b"{}", headers={"Wechatpay-Serial": "0ABCDEF0"})
    download = platform.signed(200, listed("platform"), signer="platform")

    async def route(request: object) -> object:
        return await (download if request.path == "/v3/certificates" else lying)(request)  # type: ignore[attr-defined, arg-type]

    platform.answers[:] = [route]  # type: ignore[list-item]
    client = build(base_url=platform.url)
    for _ in range(5):
        came_back = await client.call("GET", "/v3/x")
        assert isinstance(came_back, Checked)
        assert not came_back.verified
    assert platform.targets.count("/v3/certificates") == 1


async def test_after_rekey_the_next_call_signs_and_trusts_with_the_new_keys(
    platform: Platform, build: Build, public_key: PlatformKey
) -> None:
    ours = vector_key("merchant")
    moved = load_merchant(
        mchid=ours["mchid"],
        serial_no="0123456789ABCDEF",
        private_key=vector_key("platform_next")["private_key_pkcs8_pem"],
    )
    trusted = replace(public_key, serial_no="PUB_KEY_ID_2")
    platform.answers[:] = [
        platform.signed(200, b"{}"),
        platform.signed(
            200, b"{}", headers=sign("wechatpay_public_key", b"{}") | {"Wechatpay-Serial": "PUB_KEY_ID_2"}
        ),
    ]
    client = build(base_url=platform.url)
    await client.call("GET", "/v3/x")
    client.rekey(merchant=moved, public_keys=[trusted])
    came_back = await client.call("GET", "/v3/x")
    assert isinstance(came_back, Checked)
    assert came_back.serial_no == "PUB_KEY_ID_2"
    before, after = (headers for _, _, headers, _ in platform.heard)
    assert before["Wechatpay-Serial"] == public_key.serial_no
    assert after["Wechatpay-Serial"] == "PUB_KEY_ID_2"
    assert f'serial_no="{moved.serial_no}"' in after["Authorization"]


@pytest.mark.parametrize(
    ("ends", "until"),
    [
        ([], None),
        ([None], None),
        ([NOW + 9, None], None),
        ([NOW + 9], NOW + 9),
        ([NOW + 9, NOW + 99], NOW + 99),
        ([NOW - 9, NOW + 9], NOW + 9),
        ([NOW - 9], None),
    ],
)
def test_the_end_that_counts_is_that_of_the_last_key_and_a_public_key_has_none(
    public_key: PlatformKey, ends: list[int | None], until: int | None
) -> None:
    ring = KeyRing(replace(public_key, serial_no=str(i), ends=end) for i, end in enumerate(ends))
    assert ring.verifies_until(now=NOW) == until
