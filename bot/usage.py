"""How the program's commands name the database, and how they refuse: one sentence a line, exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

DATABASE = click.option(
    "--database",
    envvar="COUPON_DATABASE",
    default="coupon.db",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SQLite file.",
)


def must_exist(database: Path) -> None:
    """Ends the program when there is no such file: reading must not make one."""
    if not database.exists():
        refuse([f"{database} does not exist; name the bot's database with --database or COUPON_DATABASE"])


def refuse(problems: Iterable[str]) -> NoReturn:
    """Ends the program with status 2."""
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(2)
