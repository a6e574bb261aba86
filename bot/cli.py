"""`coupon-bot ...`: exit status 0 done, 1 the check failed, 2 wrong usage, settings or no database there.

Errors are one clear sentence each on stderr, never a traceback.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import click

from bot.lazy_group import LazyGroup
from bot.usage import DATABASE, refuse
from storage.database import bring_up_to_date
from storage.errors import DatabaseRefused

_PLACES: Final = {
    "audit": "bot.audit_cli:audit",
    "doctor": "bot.doctor:doctor",
    "erase": "bot.erase_cli:erase",
    "reconcile": "bot.reconcile_cli:reconcile",
    "run": "bot.run_cli:run",
    "wechat": "bot.wechat_cli:wechat",
}


@click.group(cls=LazyGroup, places=_PLACES, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Compensate customers with WeChat Pay coupons from Slack."""


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


def main() -> None:
    """The entry point of the program."""
    cli(prog_name="coupon-bot")


def _manifest() -> Path:
    """Beside the packages in a checkout, inside `bot` in a wheel."""
    here = Path(__file__).parent
    return next(path for path in (here.parent / "manifest.yml", here / "manifest.yml") if path.exists())
