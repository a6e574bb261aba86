"""`coupon-bot run`: the bot itself, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from bot.coupon_toml import CouponToml, CouponTomlProblems, load_coupon_toml
from bot.mounts import problem_of_mount
from bot.settings import Settings, SettingsProblems, load_settings
from bot.usage import refuse


@click.command()
def run() -> None:
    """Run the bot until SIGTERM."""
    environ = dict(os.environ)
    settings = _settings(environ)
    # Bolt would take it for itself, beside the one that we give it, and say so at each start.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    config = _config(settings.coupon_config)
    if problem := problem_of_mount(settings.coupon_database):
        refuse([problem])
    # Slack's libraries take longer to load than all of the above: whoever mends a setting need not wait.
    from bot.running import run_until_signal  # noqa: PLC0415

    run_until_signal(settings, config, environ)


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
