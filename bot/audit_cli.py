"""`coupon-bot audit ...`: read the log, prove it, and take it along."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from bot.channel_texts import channel_texts
from bot.clock import utc_ms
from bot.looks import leave
from bot.reconcile_cli import reconcile
from bot.report_cli import report
from bot.search_cli import openid, search, stream_of
from bot.serve_cli import serve
from bot.show_cli import show
from bot.usage import DATABASE, must_exist, refuse
from coupons.events import AuditExported
from storage.against import verify_against
from storage.checkpoints import (
    Checkpoint,
    check,
    found_in,
    key_file,
    load_key,
    load_or_make_key,
    make,
    public_text,
    read_public,
)
from storage.errors import AuditBroken, CheckpointRefused, DatabaseRefused, ExportRefused
from storage.export import Format, Row, snapshot, write
from storage.proof import verify

_TOLD_EVERY = 50_000


@click.group()
def audit() -> None:
    """Read and prove the audit log."""


@audit.command("verify")
@DATABASE
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="An earlier export, which the log must still hold; may be given more than once.",
)
@click.option(
    "--checkpoints",
    type=click.File(encoding="utf-8", errors="replace"),
    help="A text with checkpoints in it, whatever else stands there; - reads what is pasted.",
)
@click.option("--channel", is_flag=True, help="The checkpoints that stand in coupon.toml's audit_channel.")
@click.option("--key", help="The public key to check them with; otherwise the one beside the database.")
def audit_verify(
    database: Path,
    against: tuple[Path, ...],
    checkpoints: TextIO | None,
    key: str | None,
    *,
    channel: bool,
) -> None:
    """Check the whole chain, and that every request is where its events say."""
    must_exist(database)
    try:
        found = verify(database)
        held = [(export, verify_against(database, export)) for export in against]
        texts = [checkpoints.read()] if checkpoints else []
        texts += ["\n".join(channel_texts())] if channel else []
        signed = [each for text in texts for each in _signed(database, text, key)]
    except AuditBroken as error:
        click.echo(f"{database}: NOT whole: {error}", err=True)
        sys.exit(1)
    except (DatabaseRefused, ExportRefused, CheckpointRefused) as error:
        refuse([str(error)])
    click.echo(f"{database}: whole. {found.rows} events, head #{found.rows} {found.head_hash[:16]}")
    for export, count in held:
        click.echo(f"{export}: all {count} rows stand in the log, unchanged")
    for checkpoint in signed:
        click.echo(f"checkpoint of #{checkpoint.seq}, signed {checkpoint.at}: the log still holds it")


def _signed(database: Path, text: str, key: str | None) -> list[Checkpoint]:
    found = list(found_in(text))
    if not found:
        raise CheckpointRefused("no checkpoint stands in that text; one begins with `coupon-checkpoint v1`")
    if key is None and not key_file(database).exists():
        raise CheckpointRefused(f"{key_file(database)} is not there; name the public key with --key")
    checked_with = load_key(database) if key is None else read_public(key)
    for checkpoint in found:
        check(database, checkpoint, checked_with)
    return found


@audit.command("checkpoint")
@DATABASE
@click.option("--key", "only_key", is_flag=True, help="Only the public key, for an auditor to note.")
def audit_checkpoint(database: Path, *, only_key: bool) -> None:
    """Print a signed line of how far the log is: keep it where those who run the bot can't change it."""
    must_exist(database)
    try:
        key = load_or_make_key(database)
        told = public_text(key) if only_key else make(database, key, now=utc_ms()).line
    except (DatabaseRefused, CheckpointRefused) as error:
        refuse([str(error)])
    click.echo(told)


audit.add_command(report)
audit.add_command(reconcile)
audit.add_command(search)
audit.add_command(show)
audit.add_command(openid)
audit.add_command(serve)


@audit.command("export")
@DATABASE
@click.option(
    "--format",
    "kind",
    type=click.Choice([kind.value for kind in Format]),
    default=Format.JSONL.value,
    show_default=True,
    help="How it is written.",
)
@click.option("--output", required=True, help="A new file, or - for standard output.")
@click.option(
    "--since", default=1, show_default=True, type=click.IntRange(1), help="The first event, by seq."
)
def audit_export(database: Path, kind: str, output: str, since: int) -> None:
    """Write the log to a file that anybody can check alone, with docs/verify_export.py."""
    must_exist(database)
    try:
        with stream_of(output) as stream, snapshot(database, first=since) as (last, found):
            # What is written is of the moment before this event.
            until, head = (last.seq, last.hash) if last else (0, "")
            leave(database, AuditExported(format=kind, first=since, last=until, head=head))
            write(found if output == "-" else _told(found), stream, Format(kind))
    except (DatabaseRefused, ExportRefused) as error:
        refuse([str(error)])
    ends = (
        f"#{since} to #{last.seq}, head #{last.seq} {last.hash[:16]}"
        if last
        else f"no event from #{since} on"
    )
    click.echo(f"{output}: {ends}", err=True)


def _told(found: Iterator[Row]) -> Iterator[Row]:
    """The same; a person who waits at a terminal sees how far it is."""
    for row in found:
        if row.seq % _TOLD_EVERY == 0 and sys.stderr.isatty():
            click.echo(f"#{row.seq} ...", err=True)
        yield row
