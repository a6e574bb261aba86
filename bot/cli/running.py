"""The bot's process, once its settings are good: log lines, signals, and how what ends a start is said."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping

from bot.cli.options import refuse
from bot.config.coupon_toml import CouponToml
from bot.config.settings import Settings, load_settings
from bot.logs import start_logs
from bot.service import Service
from wechatpay.errors import BadSetting


def run_until_signal(settings: Settings, config: CouponToml, environ: Mapping[str, str]) -> None:
    """Until SIGTERM or Ctrl-C; `environ` is read anew on SIGHUP. Raises Refusal when the start is refused."""
    logger = start_logs(sys.stderr, settings.secrets)

    async def until_signal() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        service = Service(settings, config, logger=logger, reread=lambda: load_settings(environ))
        loop.add_signal_handler(signal.SIGHUP, service.check_files)
        await service.run(stop)

    try:
        asyncio.run(until_signal())
    except BadSetting as error:
        refuse([str(error)])
