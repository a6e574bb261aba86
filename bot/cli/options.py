"""How the program's commands name the database, and how they refuse: one sentence a line, exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from bot.clock import utc_ms

if TYPE_CHECKING:
    from storage.store import Store

#: Of a request or an event; SQLite knows no larger ones.
NUMBER: Final = click.IntRange(1, 2**63 - 1)


def _store(_context: click.Context, _option: click.Parameter, path: Path) -> Store:
    # Here, since the commands without this option load no SQLite.
    from storage.store import Store  # noqa: PLC0415

    return Store(path, clock=utc_ms)


#: The command gets it as `store`.
DATABASE = click.option(
    "--database",
    "store",
    callback=_store,
    envvar="COUPON_DATABASE",
    default="coupon.db",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SQLite file.",
)


def must_exist(store: Store) -> None:
    """Ends the program when there is no such file: reading must not make one."""
    if store.path == Path():
        refuse(["--database names no file; give the path of the bot's database"])
    try:
        exists = store.path.exists()
    except OSError as error:
        refuse([f"{store} cannot be read: {error.strerror or error}"])
    if not exists:
        refuse([f"{store} does not exist; name the bot's database with --database or COUPON_DATABASE"])


def pasted(*, line: bool = False) -> str:
    """What comes on standard input, or its first line; bytes that are no UTF-8 become marks."""
    if sys.stdin is None:
        # The shell's <&- closes it.
        return ""
    read = sys.stdin.buffer.readline() if line else sys.stdin.buffer.read()
    return read.decode(errors="replace")


def refuse(problems: Iterable[str], *, status: int = 2) -> NoReturn:
    """Ends the program with this status, 2 for wrong usage or settings."""
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(status)


def too_narrow(error: UnicodeEncodeError) -> str:
    """Of a terminal in GBK, which has no ¥, or in ASCII."""
    return f"standard output takes {error.encoding} only, and what is written has more; set PYTHONUTF8=1"
