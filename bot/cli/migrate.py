"""`coupon-bot migrate`: the database's schema, brought up to date."""

from __future__ import annotations

import click

from bot.cli.options import DATABASE
from storage.database import bring_up_to_date
from storage.store import Store


@click.command()
@DATABASE
def migrate(store: Store) -> None:
    """Bring the database to this version's schema, or make a new one."""
    steps = bring_up_to_date(store.path)
    click.echo(f"{store}: {', '.join(steps)} applied" if steps else f"{store}: nothing to do")
