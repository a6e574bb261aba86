"""The whole bot as its own process, between stand-ins in this one."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.slack.workspace import Workspace
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.faults.bot_process import BotProcess
from tests.world import STOCKS, World, environment, keys


@asynccontextmanager
async def open_shop() -> AsyncGenerator[World]:
    stand_in = WeChatPay(keys(), stocks=STOCKS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Workspace().serve() as slack, stand_in.serve() as running:
            environ = environment(slack, running.url, folder, mode=KeyMode.PUBLIC_KEY)
            bot = BotProcess(environ, folder / "bot.log")
            try:
                await bot.start(slack)
                yield World(slack, stand_in, folder, environ)
                await bot.stop()
            finally:
                bot.close()
