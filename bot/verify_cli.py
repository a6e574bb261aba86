"""`coupon-bot audit verify`: is the log whole, and does it still hold what was taken along or posted?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from bot.channel_texts import channel_texts
from bot.progress import progress
from bot.usage import DATABASE, must_exist, refuse
from storage.against import verify_against
from storage.checkpoints import check, found_in, key_file, load_key, read_public
from storage.errors import AuditBroken, CheckpointRefused, DatabaseRefused, ExportRefused
from storage.export import is_export
from storage.proof import verify

_CHANNEL: Final = "channel"
_CHECKPOINT: Final = "coupon-checkpoint v1 "


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
@click.option("--key", help="The public key to check checkpoints with; else the one beside the database.")
def audit_verify(database: Path, against: tuple[str, ...], key: str | None, *, part: bool) -> None:
    """Check the whole chain, and that every request is where its events say."""
    must_exist(database)
    try:
        with progress("Verifying") as tell:
            found = verify(database, tell)
        held = [line for what in against for line in _held(database, what, key, part=part)]
    except AuditBroken as error:
        click.echo(f"{database}: NOT whole: {error}", err=True)
        sys.exit(1)
    except (DatabaseRefused, ExportRefused, CheckpointRefused) as error:
        refuse([str(error)])
    click.echo(f"{database}: whole. {found.rows} events, head #{found.rows} {found.head_hash[:16]}")
    for line in held:
        click.echo(line)


def _held(database: Path, what: str, key: str | None, *, part: bool) -> Iterator[str]:
    """A sentence for each thing that the log holds. Raises AuditBroken, and what else `verify` refuses."""
    if what not in {_CHANNEL, "-"} and not what.startswith(_CHECKPOINT) and is_export(Path(what)):
        count = verify_against(database, Path(what), part=part)
        yield f"{what}: all {count} rows stand in the log, unchanged"
        return
    for seq, at in _signed(database, _text(what), key):
        yield f"checkpoint of #{seq}, signed {at}: the log still holds it"


def _text(what: str) -> str:
    if what.startswith(_CHECKPOINT):
        return what
    if what == _CHANNEL:
        return "\n".join(channel_texts())
    if what == "-":
        return sys.stdin.read()
    # It was read a moment ago, to see that it is no export.
    return Path(what).read_text(encoding="utf-8", errors="replace")


def _signed(database: Path, text: str, key: str | None) -> Sequence[tuple[int, str]]:
    found = list(found_in(text))
    if not found:
        raise CheckpointRefused("no checkpoint stands in that text; one begins with `coupon-checkpoint v1`")
    if key is None and not key_file(database).exists():
        raise CheckpointRefused(f"{key_file(database)} is not there; name the public key with --key")
    checked_with = load_key(database) if key is None else read_public(key)
    for checkpoint in found:
        check(database, checkpoint, checked_with)
    return [(checkpoint.seq, checkpoint.at) for checkpoint in found]
