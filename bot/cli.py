"""`coupon-bot ...`: exit status 0 done, 1 the check failed, 2 wrong usage, settings or no database there.

Errors are one clear sentence each on stderr, never a traceback.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from bot.coupon_toml import CouponToml, CouponTomlProblems, load_coupon_toml
from bot.doctor import doctor
from bot.logs import start_logs
from bot.service import Service, StartRefused
from bot.settings import Settings, SettingsProblems, load_settings
from bot.wechat_cli import wechat
from coupons.events import Recorded
from storage.audit import show
from storage.database import bring_up_to_date
from storage.errors import AuditBroken, DatabaseRefused
from storage.proof import verify
from wechatpay.errors import BadSetting

DATABASE = click.option(
    "--database",
    envvar="COUPON_DATABASE",
    default="coupon.db",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SQLite file.",
)


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
        _refuse(error.problems)
    except (DatabaseRefused, BadSetting) as error:
        _refuse([str(error)])


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
        _refuse([str(error)])


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
        _refuse([str(error)])
    click.echo(f"{database}: {', '.join(steps)} applied" if steps else f"{database}: nothing to do")


@cli.group()
def audit() -> None:
    """Read and prove the audit log."""


@audit.command("verify")
@DATABASE
def audit_verify(database: Path) -> None:
    """Check the whole chain, and that every request is where its events say."""
    _must_exist(database)
    try:
        found = verify(database)
    except AuditBroken as error:
        click.echo(f"{database}: NOT whole: {error}", err=True)
        sys.exit(1)
    except DatabaseRefused as error:
        _refuse([str(error)])
    click.echo(f"{database}: whole. {found.rows} events, head #{found.rows} {found.head_hash[:16]}")


@audit.command("show")
@DATABASE
@click.option("--request", "request_id", type=int, help="Only this request, oldest first.")
@click.option("--limit", default=50, show_default=True, help="The newest so many, where no request is named.")
def audit_show(database: Path, request_id: int | None, limit: int) -> None:
    """Print events as people read them; openids never stand in them."""
    _must_exist(database)
    try:
        events = show(database, request_id=request_id, limit=limit)
    except DatabaseRefused as error:
        _refuse([str(error)])
    for event in events:
        click.echo(line_of(event))


cli.add_command(wechat)
cli.add_command(doctor)


def main() -> None:
    """The entry point of the program."""
    cli(prog_name="coupon-bot")


def line_of(event: Recorded) -> str:
    """One event on one line."""
    when = datetime.fromtimestamp(event.ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    about = f"#{event.request_id}" if event.request_id is not None else "-"
    told = " ".join(
        f"{name}={_value(value)}" for name, value in event.detail.items() if value not in ("", None)
    )
    return f"{event.seq:>6}  {when}Z  {about:<6} {event.tag:<18} {event.actor:<12} {told}".rstrip()


def _value(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    # Reasons are people's words: a line break in one must not look like a line of the log.
    return json.dumps(text, ensure_ascii=False) if not text.isprintable() or " " in text else text


def _settings() -> Settings:
    try:
        return load_settings(os.environ)
    except SettingsProblems as error:
        _refuse(error.problems)


def _config(path: Path) -> CouponToml:
    try:
        return load_coupon_toml(path)
    except CouponTomlProblems as error:
        _refuse(error.problems)


def _manifest() -> Path:
    """Beside the packages in a checkout, inside `bot` in a wheel."""
    here = Path(__file__).parent
    return next(path for path in (here.parent / "manifest.yml", here / "manifest.yml") if path.exists())


def _must_exist(database: Path) -> None:
    if not database.exists():
        _refuse([f"{database} does not exist; name the bot's database with --database or COUPON_DATABASE"])


def _refuse(problems: Iterable[str]) -> NoReturn:
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(2)
