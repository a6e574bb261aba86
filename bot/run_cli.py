"""`coupon-bot run`: the bot itself, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from bot.coupon_toml import CouponToml, CouponTomlProblems, load_coupon_toml
from bot.logs import start_logs
from bot.mounts import problem_of_mount
from bot.readiness import StartRefused
from bot.service import Service
from bot.settings import Settings, SettingsProblems, load_settings
from bot.usage import refuse
from storage.errors import CheckpointRefused, DatabaseRefused
from wechatpay.errors import BadSetting


@click.command()
def run() -> None:
    """Run the bot until SIGTERM."""
    start_logs(sys.stderr, secrets=())
    environ = dict(os.environ)
    settings = _settings(environ)
    # Bolt would take it for itself, beside the one that we give it, and say so at each start.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    config = _config(settings.coupon_config)
    if problem := problem_of_mount(settings.coupon_database):
        refuse([problem])
    logger = start_logs(sys.stderr, settings.secrets)

    async def until_signal() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        service = Service(settings, config, logger=logger, reread=lambda: load_settings(environ))
        loop.add_signal_handler(signal.SIGHUP, service.look_at_files)
        await service.run(stop)

    try:
        asyncio.run(until_signal())
    except StartRefused as error:
        refuse(error.problems)
    except (DatabaseRefused, BadSetting, CheckpointRefused) as error:
        refuse([str(error)])


def _settings(environ: Mapping[str, str]) -> Settings:
    try:
        return load_settings(environ)
    except SettingsProblems as error:
        refuse(error.problems)


def _config(path: Path) -> CouponToml:
    try:
        return load_coupon_toml(path)
    except CouponTomlProblems as error:
        refuse(error.problems)
