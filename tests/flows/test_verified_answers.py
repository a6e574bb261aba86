"""WeChat Pay's keys change under a running bot, or its answers cannot be verified any more."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.config.settings import load_settings
from bot.wechat_proof import prove_answers
from bot.wechatpay_client import wechatpay_client
from coupons.settling import Pace
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.ledger import Endpoint
from tests.world import World, keys, until, world


async def test_a_certificate_that_changes_right_after_a_download_delays_no_send(tmp_path: Path) -> None:
    async with world(tmp_path, mode=KeyMode.CERTIFICATE) as shop:
        for _ in range(2):
            new = shop.wechatpay.rotate()
            number = await shop.ask()
            await shop.approve(number)
            await shop.state(number, "sent")
            assert attempts(shop, number) == [("sent", new)]
        shop.audit_holds()


async def test_a_certificate_that_cannot_be_downloaded_at_once_is_asked_for_again_a_second_later(
    tmp_path: Path,
) -> None:
    pace = Pace(pauses_s=(0.3,), tries=20, quiet_ms=600_000, lookups_from=99)
    async with world(tmp_path, mode=KeyMode.CERTIFICATE, pace=pace) as shop:
        # The start's own download is over, and takes no fault that is meant for the next one.
        first = await shop.ask()
        await shop.approve(first)
        await shop.state(first, "sent")
        new = shop.wechatpay.rotate()
        shop.wechatpay.faults.queue(Fault(FaultKind.SYSTEM_ERROR_500), endpoint=Endpoint.CERTIFICATES)
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
        outcomes = attempts(shop, number)
        assert outcomes[0] == ("unknown", None)
        assert outcomes[-1] == ("sent", new)
        assert len(shop.wechatpay.ledger.coupons) == 2


async def test_answers_signed_with_a_public_key_in_certificate_mode_are_told_and_readyz_falls_until_one_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs:
        async with world(tmp_path, mode=KeyMode.CERTIFICATE) as shop:
            address = ready_address(logs)
            assert await missing(address) == []
            with monkeypatch.context() as moved:
                moved.setattr(shop.wechatpay._keys, "key_for", lambda _wanted: keys().public_key)
                number = await shop.ask()
                await shop.approve(number)
                await until(lambda: named(logs, "answers_not_verified") or None)
                [fallen] = await missing(address)
                await shop.state(number, "held")
            [line] = named(logs, "answers_not_verified")
            assert keys().public_key.serial in line["problem"]
            assert "moved to the public key" in line["problem"]
            assert line["log_level"] == "warning"
            assert fallen.startswith("signatures: they are signed with the WeChat Pay public key")
            row = shop.row(number)
            assert row is not None
            assert row["problem"] == "UNKNOWN_SERIAL"
            card = (await shop.card(number)).words()
            assert "WECHATPAY_PUBLIC_KEY_ID" in card
            assert "signed with a key that the bot does not hold" in card
            # Whatever was given meanwhile is found under the same number, never given twice.
            await shop.slack.person("U0WANG").click(row["card_channel"], row["card_ts"], "retry_request")
            await shop.state(number, "sent")
            assert len(shop.wechatpay.ledger.coupons) == 1
            assert await missing(address) == []
            shop.audit_holds()


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        (FaultKind.BAD_SIGNATURE, "BAD_SIGNATURE", "a proxy changes answers"),
        (FaultKind.UNSIGNED, "UNSIGNED", "come without their signature"),
        (FaultKind.STALE, "STALE", "set by NTP"),
        (FaultKind.LOST_ANSWER, "LOST", "Connections to WeChat Pay break"),
        (FaultKind.HTML_502, "HTTP_502", "a gateway or a proxy"),
    ],
)
async def test_a_doubt_that_repeats_is_logged_once_and_the_held_card_names_its_cause(
    tmp_path: Path, kind: FaultKind, code: str, words: str
) -> None:
    pace = Pace(pauses_s=(0.01,), tries=4, quiet_ms=600_000, lookups_from=99)
    with capture_logs() as logs:
        async with world(tmp_path, pace=pace) as shop:
            shop.wechatpay.faults.queue(Fault(kind), times=8)
            for openid in ("oUpF8uMuAJO_M2pxb1Q9zNjWeS61", "oUpF8uMuAJO_M2pxb1Q9zNjWeS62"):
                number = await shop.ask(openid=openid)
                await shop.approve(number)
                await shop.state(number, "held")
                row = shop.row(number)
                assert row is not None
                assert row["problem"] == code
                assert words in (await shop.card(number)).words()
    found = [*named(logs, "answers_not_verified"), *named(logs, "attempt_unknown")]
    assert len(found) == 1
    assert found[0]["problem"]


async def test_while_answers_cannot_be_verified_one_is_asked_for_again(shop: World) -> None:
    """Else `/readyz` would stay down until the next send."""
    async with wechatpay_client(load_settings(shop.environ)) as client:
        proving = asyncio.create_task(prove_answers(client, every_s=0.01))
        try:
            shop.wechatpay.faults.queue(Fault(FaultKind.STALE), endpoint=Endpoint.CERTIFICATES, times=3)
            await client.call("GET", "/v3/certificates")
            assert client.trust.problem is not None
            async with asyncio.timeout(60):
                while client.trust.problem is not None:  # noqa: ASYNC110 - nobody tells that it is gone
                    await asyncio.sleep(0.01)
        finally:
            proving.cancel()
            await asyncio.wait({proving})


def named(logs: list[Any], event: str) -> list[Any]:
    return [line for line in logs if line["event"] == event]


def ready_address(logs: list[Any]) -> str:
    [line] = named(logs, "listening")
    return f"http://{line['addresses'][0]}"


async def missing(address: str) -> list[str]:
    """What `/readyz` says."""
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        session.get(f"{address}/readyz") as answer,
    ):
        found = json.loads(await answer.text())
        assert answer.status == (503 if found else 200)
        return list(found)


def attempts(shop: World, number: int) -> list[tuple[str, str | None]]:
    """What came of each, and the key that signed its answer."""
    return [
        (event["detail"]["kind"], event["detail"].get("serial_no") or None)
        for event in shop.events(number)
        if event["tag"] == "attempt:finished"
    ]
