"""`coupon-bot ...`: exit status 0 done, 1 the check failed, 2 wrong usage, settings or no database there.

Errors are one clear sentence each on stderr, never a traceback.
"""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import Final

import click

from bot.cli.lazy_group import LazyGroup
from bot.cli.options import refuse, too_narrow

_PLACES: Final = {
    "audit": "bot.cli.audit:audit",
    "demo": "bot.cli.demo:demo",
    "doctor": "bot.doctor.command:doctor",
    "erase": "bot.cli.erase:erase",
    "migrate": "bot.cli.migrate:migrate",
    "reconcile": "bot.cli.reconcile:reconcile",
    "rules": "bot.cli.rules:rules",
    "run": "bot.cli.run:run",
    "wechat": "bot.cli.wechat:wechat",
}


@click.group(cls=LazyGroup, places=_PLACES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coupon-bot", message="%(prog)s %(version)s")
def cli() -> None:
    """Compensate customers with WeChat Pay coupons from Slack."""


@cli.command()
def manifest() -> None:
    """Print the Slack app manifest, to be pasted where Slack asks for one."""
    click.echo(_manifest().read_text(encoding="utf-8"), nl=False)


def main() -> None:
    """The entry point of the program."""
    try:
        cli(prog_name="coupon-bot")
    except UnicodeEncodeError as error:
        # Whichever command printed it. What else cannot be encoded is a fault of ours.
        if sys.stdout is None or codecs.lookup(error.encoding) != codecs.lookup(sys.stdout.encoding):
            raise
        refuse([too_narrow(error)])


def _manifest() -> Path:
    """Beside the packages in a checkout, inside `bot` in a wheel."""
    bot = Path(__file__).parents[1]
    return next(path for path in (bot.parent / "manifest.yml", bot / "manifest.yml") if path.exists())
