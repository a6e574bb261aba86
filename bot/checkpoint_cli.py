"""`coupon-bot audit checkpoint`: a signed line of how far the log is, to be kept elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from bot.clock import utc_ms
from bot.usage import DATABASE, must_exist, refuse
from storage.checkpoints import load_or_make_key, public_text, sign
from storage.errors import CheckpointRefused, DatabaseRefused
from storage.moment import moment


@click.command("checkpoint")
@DATABASE
@click.option("--key", "only_key", is_flag=True, help="Only the public key, for an auditor to note.")
def checkpoint(database: Path, *, only_key: bool) -> None:
    """Print a signed line of how far the log is.

    Keep it where those who run the bot can't change it: `audit verify --against` holds the log to it later.
    """
    must_exist(database)
    try:
        # First: a key must not appear beside what is no database of ours.
        with moment(database, clock=utc_ms) as look:
            seq, head = look.head()
        key = load_or_make_key(database)
        told = public_text(key) if only_key else sign(key, seq, head, now=utc_ms()).line
    except (DatabaseRefused, CheckpointRefused) as error:
        refuse([str(error)])
    click.echo(told)
