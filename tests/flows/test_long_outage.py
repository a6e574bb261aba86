"""Slack away for longer than a Socket Mode address lives: the bot comes back by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import socket_mode
from tests.world import world


async def test_after_an_outage_that_outlived_the_address_the_bot_hears_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter pauses of our own; what is proven is that another address is asked for at all.
    monkeypatch.setattr(socket_mode, "_WATCH_S", 0.1)
    async with world(tmp_path) as shop:
        assert shop.service is not None
        assert shop.service._socket is not None
        shop.service._socket._handler.client.ping_interval = 0.2
        sockets, opened = shop.slack.sockets, len(shop.slack.calls("apps.connections.open"))
        right, sockets.ws_url = sockets.ws_url, "ws://127.0.0.1:9/dead"
        sockets.cut()
        await shop.slack.wait_for(lambda: len(shop.slack.calls("apps.connections.open")) > opened or None)
        sockets.ws_url = right
        await shop.slack.wait_for(lambda: bool(sockets.links) or None)
        answer = await shop.send("help")
        assert answer.error is None
        assert "/coupon send" in answer.text
