"""`coupon-bot migrate`: the database's schema, brought up to date."""

from __future__ import annotations

from pathlib import Path

import click

from bot.usage import DATABASE, refuse
from storage.database import bring_up_to_date
from storage.errors import DatabaseRefused


@click.command()
@DATABASE
def migrate(database: Path) -> None:
    """Bring the database to this version's schema, or make a new one."""
    try:
        steps = bring_up_to_date(database)
    except DatabaseRefused as error:
        refuse([str(error)])
    click.echo(f"{database}: {', '.join(steps)} applied" if steps else f"{database}: nothing to do")
