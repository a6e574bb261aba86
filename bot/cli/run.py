"""`coupon-bot run`: the bot itself, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from bot.cli.options import refuse
from bot.config.coupon_toml import CouponToml, load_coupon_toml
from bot.config.settings import ConfigSettings, Settings, SettingsProblems, load_part, load_settings
from bot.config.toml_tables import CouponTomlProblems
from bot.loading import loading
from bot.mounts import problem_of_mount
from coupons.errors import Refusal


@click.command()
def run() -> None:
    """Run the bot until SIGTERM."""
    environ = dict(os.environ)
    settings, config = _settings(environ)
    # Bolt would take it for itself, beside the one that we give it, and say so at each start.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    if problem := problem_of_mount(settings.coupon_database):
        refuse([problem])
    # Slack's libraries take longer to load than all of the above: whoever mends a setting need not wait.
    with loading():
        from bot.cli.running import run_until_signal  # noqa: PLC0415

    run_until_signal(settings, config, environ)


def _settings(environ: Mapping[str, str]) -> tuple[Settings, CouponToml]:
    """What is wrong with either is told together: each costs its finder a restart."""
    problems: list[str] = []
    settings = config = None
    try:
        settings = load_settings(environ)
    except SettingsProblems as error:
        problems += error.problems
    try:
        path = settings.coupon_config if settings else load_part(environ, ConfigSettings).coupon_config
        config = load_coupon_toml(path)
    except CouponTomlProblems as error:
        problems += error.problems
    except SettingsProblems:
        # Where it is cannot be known; that stands among the problems already.
        pass
    if settings is None or config is None:
        raise Refusal(*problems)
    return settings, config
