"""Who read the log by a command: each access leaves its event, before anything is shown."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from pathlib import Path

import click

from bot.cli.options import refuse
from coupons.audit_events import LogAccess
from coupons.errors import StorageUnavailable
from coupons.recording import SYSTEM
from storage.errors import DatabaseRefused
from storage.store import Store

COMMAND_LINE = "command line"


def record(store: Store, access: LogAccess, *, request: int | None = None) -> None:
    """Write the event, in turn with a running bot; ends the program with status 2 when it cannot be kept.

    A file that may not be written, a copy on another disk for example, is looked at all the same: whoever can
    read it needs no command of ours.
    """
    if not _may_write(store.path):
        click.echo(f"{store} cannot be written to, so this access leaves no event in it", err=True)
        return
    try:
        write_event(store, access, request=request)
    except (DatabaseRefused, StorageUnavailable) as error:
        refuse([f"nothing is shown, because the access could not be kept as an event: {error}"])


def write_event(store: Store, access: LogAccess, *, request: int | None = None) -> int:
    """Its number, once it is durable; by whoever types. Raises DatabaseRefused, StorageUnavailable."""
    event = replace(access, where=COMMAND_LINE, user=user()).done_by(SYSTEM, request)
    return store.write_once(lambda tx: tx.append(event))


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)


def user() -> str:
    """Whose the process is, as the machine knows; LOGNAME and USER are whatever somebody sets them to."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        # A container's user without a name.
        return str(number)
