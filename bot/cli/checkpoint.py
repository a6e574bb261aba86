"""`coupon-bot audit checkpoint`: a signed line of how far the log is, to be kept elsewhere, and its key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.cli.options import DATABASE, must_exist, refuse
from bot.cli.record_access import COMMAND_LINE, user
from bot.clock import utc_ms
from coupons.audit_events import AuditKeyChanged
from coupons.errors import StorageUnavailable
from coupons.recording import SYSTEM
from storage.checkpoint_keys import changed
from storage.checkpoints import key_name, load_key, load_or_make_key, public_text, replace_key, sign
from storage.errors import CheckpointRefused
from storage.store import Store

_KEY_NAME: Final = re.compile("[0-9a-f]{16}")


@click.command("checkpoint")
@DATABASE
@click.option("--key", "only_key", is_flag=True, help="Only the public key, for an auditor to note.")
@click.option(
    "--new-key",
    is_flag=True,
    help="Sign with a new key from now on: the old one signs the event that says so. A running bot takes it "
    "at its next start. Prints the public key.",
)
@click.option(
    "--lost-key",
    "lost",
    multiple=True,
    metavar="NAME",
    help="Say in the log that the key of this name (the 16 digits after key= in a checkpoint) is lost, and "
    "that the one beside the database, made if none is there, signs in its place. Prints the public key. May "
    "be given more than once.",
)
def checkpoint(store: Store, lost: tuple[str, ...], *, only_key: bool, new_key: bool) -> None:
    """Print a signed line of how far the log is.

    Keep it where those who run the bot can't change it: `audit verify --against` holds the log to it later.
    """
    if only_key + new_key + bool(lost) > 1:
        refuse(["--key, --new-key and --lost-key are three different things; give one of them"])
    for name in lost:
        if not _KEY_NAME.fullmatch(name):
            refuse(
                [f"--lost-key {name!r} is no key's name: those are the 16 digits after key= in a checkpoint"]
            )
    must_exist(store)
    try:
        # First: a key must not appear beside what is no database of ours.
        with store.read() as rows:
            seq, head = rows.head()
        if new_key:
            output = _renew(store)
        elif lost:
            output = _replace_lost(store, lost)
        else:
            key = load_or_make_key(store.path)
            output = public_text(key) if only_key else sign(key, seq, head, now=utc_ms()).line
    except StorageUnavailable as error:
        refuse([f"the key was not changed: {error}"])
    click.echo(output)


def _renew(store: Store) -> str:
    before, key = load_key(store.path), Ed25519PrivateKey.generate()
    replace_key(key, store.path, once=lambda: _tell(store, changed(key, before=before)))
    return public_text(key)


def _replace_lost(store: Store, lost: Sequence[str]) -> str:
    key = load_or_make_key(store.path)
    if key_name(key) in lost:
        raise CheckpointRefused(f"{key_name(key)} is the key beside {store}: it is not lost")
    _tell(store, changed(key, lost=lost))
    return public_text(key)


def _tell(store: Store, event: AuditKeyChanged) -> None:
    done = replace(event, where=COMMAND_LINE, user=user()).done_by(SYSTEM)
    store.write_once(lambda tx: tx.append(done))
