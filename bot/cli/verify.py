"""`coupon-bot audit verify`: is the log whole, and does it still hold what was taken along or posted?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from bot.cli.options import DATABASE, must_exist, refuse
from bot.cli.progress import progress
from bot.wording.terminal_table import plain
from storage.errors import AuditBroken
from storage.store import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# ruff: noqa: PLC0415 - signatures are loaded when there is one to check: most of the time of a short log


@click.command("verify")
@DATABASE
@click.option(
    "--against",
    multiple=True,
    metavar="WHAT",
    help="What the log must still hold: a file with an earlier export, or with checkpoints in any text; a "
    "checkpoint itself; - for what is pasted; or the word channel, for those in coupon.toml's audit_channel. "
    "May be given more than once.",
)
@click.option("--part", is_flag=True, help="The exports were made with words: between their rows others lie.")
@click.option(
    "--thorough",
    is_flag=True,
    help="Also the bytes for WeChat Pay with the openid they name, and each entry of each index: some "
    "twenty seconds more for a million events.",
)
@click.option("--key", help="The public key to check checkpoints with; else the one beside the database.")
def audit_verify(
    store: Store, against: tuple[str, ...], key: str | None, *, part: bool, thorough: bool
) -> None:
    """Check the whole chain, and each request by its events."""
    if not against and (part or key is not None):
        refuse(["--key and --part are about what --against names, and nothing is named; add --against WHAT"])
    must_exist(store)
    try:
        checked_with = None if key is None else _read(key)
        with progress("Verifying") as tell:
            found = store.verify(tell, thorough=thorough)
        held = _compared(store, against, checked_with, part=part) if against else []
    except AuditBroken as error:
        click.echo(f"{store}: NOT whole: {error}", err=True)
        sys.exit(1)
    for line in (f"{store}: whole. {found.rows} events, head #{found.rows} {found.head_hash[:16]}", *held):
        # A path may have bytes that are no text.
        click.echo(plain(line))


def _read(key: str) -> Ed25519PublicKey:
    from storage.checkpoints import read_public

    return read_public(key)


def _compared(store: Store, against: Iterable[str], key: Ed25519PublicKey | None, *, part: bool) -> list[str]:
    from bot.cli.verify_against import held

    return [line for what in against for line in held(store, what, key, part=part)]
