"""`coupon-bot erase`: a customer is forgotten, and what was proved stays proved."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

import click

from bot.cli.options import DATABASE, must_exist, pasted, refuse
from bot.cli.record_access import COMMAND_LINE, user
from bot.wording.terminal_table import plain
from coupons.audit_events import CustomerErased
from coupons.forgetting import StillOpen, forget
from coupons.masking import ERASED, masked
from coupons.ports import Transaction
from storage.store import Store

#: Of the requests that are open still.
_NAMED: Final = 20
#: The running bot's own looks end within this.
_READERS_WITHIN_S: Final = 3.0
_AGAIN_S: Final = 0.05
_OPENID: Final = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)


@click.command()
@click.argument("openid")
@DATABASE
@click.option("--yes", is_flag=True, help="Do not ask first.")
def erase(openid: str, store: Store, *, yes: bool) -> None:
    """Forget a customer; the audit log stays whole.

    The openid is removed for good, and overwritten in the files: status 0 says that no byte of it is left.

    OPENID: the whole one, or - to read it from standard input, so that no shell remembers it.
    """
    must_exist(store)
    wanted = pasted(line=True).strip() if openid == "-" else openid.strip()
    try:
        customer = _known(store, wanted)
        if customer is None:
            _finish(store, wanted, yes=yes)
        if not yes:
            asked = (
                f"Forget customer {customer} ({masked(wanted)}) for good? Limits will not know them any more."
            )
            click.confirm(asked, abort=True, err=True)
        work = partial(_forget, customer=customer)
        requests = store.write_once(work)
        done = f"{store}: customer {customer} is forgotten; {requests} requests keep the number only"
        click.echo(plain(done))
        left = _overwritten(store, wanted)
    except StillOpen as error:
        refuse([_still_open(customer, error.requests)])
    if left is not None:
        refuse([left], status=1)


def _finish(store: Store, openid: str, *, yes: bool) -> NoReturn:
    """Of nobody who was asked for: what an earlier erasure could not overwrite, because the file was being
    read; and the lines of files that nobody has asked for yet.
    """
    nobody = f"{store}: no customer has the openid {masked(openid)}"
    if not _OPENID.fullmatch(openid) or not store.holding(openid):
        refuse([f"{nobody}, and its files hold it nowhere; nothing was changed"], status=1)
    with store.read() as rows:
        lines = rows.lines_with(openid)
    if lines:
        if not yes:
            click.confirm(f"Forget {masked(openid)} in the lines of files for good?", abort=True, err=True)
        store.write_once(lambda tx: tx.erase_lines(openid))
        click.echo(f"{nobody}; of the lines of files {lines} named it, and do so no more")
    left = _overwritten(store, openid)
    if left is not None:
        refuse([f"{nobody} any more, but {left}"], status=1)
    if lines:
        sys.exit(0)
    click.echo(
        f"{nobody} any more: it was forgotten before, and what was left of it in the files is overwritten"
    )
    sys.exit(0)


def _overwritten(store: Store, openid: str) -> str | None:
    """None: no byte of the openid is left. Else which files still hold it, and what to do."""
    until = time.monotonic() + _READERS_WITHIN_S
    while not (is_written_back := store.write_back()) and time.monotonic() < until:
        time.sleep(_AGAIN_S)
    holding = store.holding(openid)
    if not holding:
        return None
    if is_written_back:
        # Events cannot be changed: this one was typed before openids in words were shortened.
        return (
            f"{_and(holding)} still holds the openid in words that somebody typed; docs/privacy.md says why"
        )
    return (
        f"{_and(holding)} can still be searched for the openid, because another program reads the database "
        "(a replica like Litestream, a backup, an open sqlite3). The running bot overwrites it within "
        "seconds after that has ended; so end it, and give the same command again to be sure"
    )


def _and(files: Sequence[Path]) -> str:
    return " and ".join(map(str, files))


def _known(store: Store, openid: str) -> int | None:
    # Openids are ASCII, and what a terminal makes of other bytes SQLite does not take.
    if openid.startswith(ERASED) or not openid.isascii():
        return None
    with store.read() as rows:
        return rows.customer_of(openid)


def _forget(tx: Transaction, *, customer: int) -> int:
    return forget(tx, CustomerErased(customer=customer, where=COMMAND_LINE, user=user()))


def _still_open(customer: int | None, requests: tuple[int, ...]) -> str:
    numbers = ", ".join(f"#{number}" for number in requests[:_NAMED])
    more = f" and {len(requests) - _NAMED} more" if len(requests) > _NAMED else ""
    return (
        f"customer {customer} has open requests: {numbers}{more}. Let them be decided, or cancel them, and "
        "settle what is unknown or held; then erase again. Nothing was changed"
    )
