"""`coupon-bot audit ...`: read the log, prove it, and take it along."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from bot.clock import utc_ms
from bot.usage import DATABASE, must_exist, refuse
from coupons.events import Recorded
from storage.against import verify_against
from storage.audit import show
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
from storage.export import Format, Row, new_file, rows, write
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
@click.option("--key", help="The public key to check them with; otherwise the one beside the database.")
def audit_verify(
    database: Path, against: tuple[Path, ...], checkpoints: TextIO | None, key: str | None
) -> None:
    """Check the whole chain, and that every request is where its events say."""
    must_exist(database)
    try:
        found = verify(database)
        held = [(export, verify_against(database, export)) for export in against]
        signed = _signed(database, checkpoints, key)
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


def _signed(database: Path, text: TextIO | None, key: str | None) -> list[Checkpoint]:
    if text is None:
        return []
    found = list(found_in(text.read()))
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


@audit.command("show")
@DATABASE
@click.option("--request", "request_id", type=int, help="Only this request, oldest first.")
@click.option("--limit", default=50, show_default=True, help="The newest so many, where no request is named.")
def audit_show(database: Path, request_id: int | None, limit: int) -> None:
    """Print events as people read them; openids never stand in them."""
    must_exist(database)
    try:
        events = show(database, request_id=request_id, limit=limit)
    except DatabaseRefused as error:
        refuse([str(error)])
    for event in events:
        click.echo(line_of(event))


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
    found = rows(database, first=since)
    try:
        if output == "-":
            last = write(found, sys.stdout, Format(kind))
        else:
            with new_file(Path(output)) as stream:
                last = write(_told(found), stream, Format(kind))
    except (DatabaseRefused, ExportRefused) as error:
        refuse([str(error)])
    ends = (
        f"#{since} to #{last.seq}, head #{last.seq} {last.hash[:16]}"
        if last
        else f"no event from #{since} on"
    )
    click.echo(f"{output}: {ends}", err=True)


def line_of(event: Recorded) -> str:
    """One event on one line."""
    when = datetime.fromtimestamp(event.ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    about = f"#{event.request_id}" if event.request_id is not None else "-"
    told = " ".join(
        f"{name}={_value(value)}" for name, value in event.detail.items() if value not in ("", None)
    )
    return f"{event.seq:>6}  {when}Z  {about:<6} {event.tag:<18} {event.actor:<12} {told}".rstrip()


def _value(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    # Reasons are people's words: a line break in one must not look like a line of the log.
    return json.dumps(text, ensure_ascii=False) if not text.isprintable() or " " in text else text


def _told(found: Iterator[Row]) -> Iterator[Row]:
    """The same; a person who waits at a terminal sees how far it is."""
    for row in found:
        if row.seq % _TOLD_EVERY == 0 and sys.stderr.isatty():
            click.echo(f"#{row.seq} ...", err=True)
        yield row
