"""`coupon-bot migrate`: the database's schema, brought up to date."""

from __future__ import annotations

import click

from bot.usage import DATABASE, refuse
from storage.database import bring_up_to_date
from storage.errors import DatabaseRefused
from storage.store import Store


@click.command()
@DATABASE
def migrate(store: Store) -> None:
    """Bring the database to this version's schema, or make a new one."""
    try:
        steps = bring_up_to_date(store.path)
    except DatabaseRefused as error:
        refuse([str(error)])
    click.echo(f"{store}: {', '.join(steps)} applied" if steps else f"{store}: nothing to do")
