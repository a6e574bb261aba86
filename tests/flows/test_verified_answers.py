"""WeChat Pay's keys change under a running bot, or its answers cannot be verified any more."""

from __future__ import annotations

from pathlib import Path

from coupons.settling import Pace
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.ledger import Endpoint
from tests.world import World, world


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
    pace = Pace(pauses_s=(0.3,), tries=20, quiet_ms=600_000, looks_from=99)
    async with world(tmp_path, mode=KeyMode.CERTIFICATE, pace=pace) as shop:
        new = shop.wechatpay.rotate()
        shop.wechatpay.faults.queue(Fault(FaultKind.SYSTEM_ERROR_500), endpoint=Endpoint.CERTIFICATES)
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
        outcomes = attempts(shop, number)
        assert outcomes[0] == ("unknown", None)
        assert outcomes[-1] == ("sent", new)
        assert len(shop.wechatpay.ledger.coupons) == 1


def attempts(shop: World, number: int) -> list[tuple[str, str | None]]:
    """What came of each, and the key that signed its answer."""
    return [
        (event["detail"]["kind"], event["detail"].get("serial_no") or None)
        for event in shop.events(number)
        if event["tag"] == "attempt:finished"
    ]
