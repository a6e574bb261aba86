"""`coupon-bot audit export`: the log, or what was found in it, as a file that anybody can check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli.options import DATABASE, NUMBER, must_exist
from bot.cli.outputs import stream_of
from bot.cli.progress import Tell, progress
from bot.cli.record_access import record
from bot.cli.search import CONFIG, kept_words, read_filter
from coupons.audit_events import AuditExported
from storage.export import Format, StoredEvent, write
from storage.store import Store


@click.command("export")
@click.argument("words", nargs=-1)
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
@click.option("--first", default=1, show_default=True, type=NUMBER, help="The first event, by seq.")
@CONFIG
def export(
    words: tuple[str, ...], store: Store, kind: str, output: str, first: int, config: Path | None
) -> None:
    """Write the log to a file that anybody can check alone.

    docs/verify_export.py does it with nothing but Python.

    With WORDS, those of `audit search`, a part of it: the events that they find, or the whole stories of the
    requests that they find. A part proves what stands in it, and not that nothing is missing.
    """
    must_exist(store)
    text, asked = read_filter(words, config)
    written = _Written()
    with stream_of(output) as stream, progress("Exporting") as tell:
        last = store.last_row(first=first)
        until, head = (last.seq, last.hash) if last else (0, "")
        safe_words = kept_words(store, asked, text) if text else None
        # In a copy without a WAL nobody can write while somebody reads, not even this command.
        record(store, AuditExported(words=safe_words, format=kind, first=first, last=until, head=head))
        found = store.export(first=first, until=until, asked=asked)
        write(_counted(found, written, tell, until), stream, Format(kind))
    click.echo(f"{output}: {_end(written, first)}", err=True)


@dataclass(slots=True)
class _Written:
    count: int = 0
    first: int = 0
    last: StoredEvent | None = None


def _counted(
    found: Iterator[StoredEvent], written: _Written, tell: Tell, until: int
) -> Iterator[StoredEvent]:
    """The same rows."""
    for row in found:
        written.first = written.first or row.seq
        written.count, written.last = written.count + 1, row
        tell(row.seq, until)
        yield row


def _end(written: _Written, first: int) -> str:
    if written.last is None:
        return f"no event from #{first} on"
    span = f"#{written.first} to #{written.last.seq}"
    if written.count == written.last.seq - written.first + 1:
        return f"{span}, head #{written.last.seq} {written.last.hash[:16]}"
    return f"{written.count} events, a part of {span}"
