"""`coupon-bot erase`: a customer is forgotten, and what was proved stays proved."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Final

import click

from bot.clock import utc_ms
from bot.columns import plain
from bot.looks import COMMAND_LINE, user
from bot.usage import DATABASE, must_exist, pasted, refuse
from coupons.errors import StorageUnavailable
from coupons.events import CustomerErased
from coupons.forgetting import StillOpen, forget
from coupons.masking import ERASED, masked
from coupons.ports import Transaction
from storage.database import write_back
from storage.errors import DatabaseRefused
from storage.moment import moment
from storage.turn import write_once

#: Of the requests that are open still.
_NAMED: Final = 20


@click.command()
@click.argument("openid")
@DATABASE
@click.option("--yes", is_flag=True, help="Do not ask first.")
def erase(openid: str, database: Path, *, yes: bool) -> None:
    """Forget a customer; the audit log stays whole.

    The openid is removed for good.

    OPENID: the whole one, or - to read it from standard input, so that no shell remembers it.
    """
    must_exist(database)
    wanted = pasted(line=True).strip() if openid == "-" else openid.strip()
    try:
        customer = _known(database, wanted)
        if customer is None:
            click.echo(
                f"{database}: no customer has the openid {masked(wanted)}; nothing was changed", err=True
            )
            sys.exit(1)
        if not yes:
            asked = (
                f"Forget customer {customer} ({masked(wanted)}) for good? Limits will not know them any more."
            )
            click.confirm(asked, abort=True, err=True)
        work = partial(_forget, customer=customer)
        requests = write_once(database, work, clock=utc_ms)
        rewritten = write_back(database)
    except StillOpen as error:
        refuse([_still_open(customer, error.requests)])
    except (DatabaseRefused, StorageUnavailable) as error:
        refuse([str(error)])
    told = f"{database}: customer {customer} is forgotten; {requests} requests keep the number only"
    click.echo(plain(told))
    if not rewritten:
        click.echo(
            f"{database}-wal is being read, and holds the openid until SQLite writes over it", err=True
        )


def _known(database: Path, openid: str) -> int | None:
    # Openids are ASCII, and what a terminal makes of other bytes SQLite does not take.
    if openid.startswith(ERASED) or not openid.isascii():
        return None
    with moment(database, clock=utc_ms) as look:
        return look.customer_of(openid)


def _forget(tx: Transaction, *, customer: int) -> int:
    return forget(tx, CustomerErased(customer=customer, where=COMMAND_LINE, user=user()))


def _still_open(customer: int | None, requests: tuple[int, ...]) -> str:
    numbers = ", ".join(f"#{number}" for number in requests[:_NAMED])
    more = f" and {len(requests) - _NAMED} more" if len(requests) > _NAMED else ""
    return (
        f"customer {customer} has open requests: {numbers}{more}. Let them be decided, or cancel them, and "
        "settle what is unknown or held; then erase again. Nothing was changed"
    )
