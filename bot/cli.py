"""`coupon-bot ...`: exit status 0 done, 1 the check failed, 2 wrong usage, settings or no database there.

Errors are one clear sentence each on stderr, never a traceback.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import click

from bot.audit_cli import audit
from bot.coupon_toml import CouponToml, CouponTomlProblems, load_coupon_toml
from bot.doctor import doctor
from bot.erase_cli import erase
from bot.logs import start_logs
from bot.reconcile_cli import reconcile
from bot.service import Service, StartRefused
from bot.settings import Settings, SettingsProblems, load_settings
from bot.usage import DATABASE, refuse
from bot.wechat_cli import wechat
from storage.database import bring_up_to_date
from storage.errors import CheckpointRefused, DatabaseRefused
from wechatpay.errors import BadSetting


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Compensate customers with WeChat Pay coupons from Slack."""


@cli.command()
def run() -> None:
    """Run the bot until SIGTERM."""
    start_logs(sys.stderr, secrets=())
    settings = _settings()
    config = _config(settings.coupon_config)
    logger = start_logs(sys.stderr, settings.secrets)

    async def until_signal() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        service = Service(settings, config, logger=logger, reread=lambda: load_settings(os.environ))
        loop.add_signal_handler(signal.SIGHUP, service.look_at_files)
        await service.run(stop)

    try:
        asyncio.run(until_signal())
    except StartRefused as error:
        refuse(error.problems)
    except (DatabaseRefused, BadSetting, CheckpointRefused) as error:
        refuse([str(error)])


@cli.command()
@click.option("--play", "transcript", is_flag=True, help="Play the main job, print what people see, and end.")
@click.option("--port", type=click.IntRange(1, 65535), help="The page's port; else 8765, or any free one.")
def demo(*, transcript: bool, port: int | None) -> None:
    """The whole bot on one local page, until Ctrl-C: no account, no secret, no money."""
    # Here, so that `run` does not load the stand-ins.
    from bot.demo import PortTaken, show_page  # noqa: PLC0415
    from bot.demo_play import play  # noqa: PLC0415

    if transcript:
        if port is not None:
            raise click.UsageError("--port is the page's, and --play shows no page")
        sys.exit(asyncio.run(play(sys.stdout)))
    try:
        sys.exit(asyncio.run(show_page(sys.stdout, port)))
    except PortTaken as error:
        refuse([str(error)])


@cli.command()
def manifest() -> None:
    """Print the Slack app manifest, to be pasted where Slack asks for one."""
    click.echo(_manifest().read_text(encoding="utf-8"), nl=False)


@cli.command()
@DATABASE
def migrate(database: Path) -> None:
    """Bring the database to this version's schema, or make a new one."""
    try:
        steps = bring_up_to_date(database)
    except DatabaseRefused as error:
        refuse([str(error)])
    click.echo(f"{database}: {', '.join(steps)} applied" if steps else f"{database}: nothing to do")


cli.add_command(audit)
cli.add_command(erase)
cli.add_command(reconcile)
cli.add_command(wechat)
cli.add_command(doctor)


def main() -> None:
    """The entry point of the program."""
    cli(prog_name="coupon-bot")


def _settings() -> Settings:
    try:
        return load_settings(os.environ)
    except SettingsProblems as error:
        refuse(error.problems)


def _config(path: Path) -> CouponToml:
    try:
        return load_coupon_toml(path)
    except CouponTomlProblems as error:
        refuse(error.problems)


def _manifest() -> Path:
    """Beside the packages in a checkout, inside `bot` in a wheel."""
    here = Path(__file__).parent
    return next(path for path in (here.parent / "manifest.yml", here / "manifest.yml") if path.exists())
