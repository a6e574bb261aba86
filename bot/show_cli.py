"""`coupon-bot audit show`: one request's whole story, or the newest events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.audit_story import lines, story_of
from bot.clock import utc_ms
from bot.looks import leave
from bot.outputs import standard_output
from bot.search_cli import CONFIG, FORMAT, kept_words, read_filter
from bot.search_rows import write_events
from bot.usage import DATABASE, NUMBER, must_exist, refuse
from coupons.audit_words import Filter
from coupons.events import AuditViewed
from coupons.recording import Recorded
from storage.errors import DatabaseRefused, ExportRefused
from storage.moment import moment


@click.command("show")
@click.argument("words", nargs=-1)
@click.option("--request", "request_id", type=NUMBER, help="This request's whole story, oldest first.")
@click.option(
    "--limit",
    type=NUMBER,
    default=50,
    show_default=True,
    help="The newest so many, where no single request is named.",
)
@FORMAT
@CONFIG
@DATABASE
def show(
    words: tuple[str, ...], request_id: int | None, limit: int, kind: str, config: Path | None, database: Path
) -> None:
    """Print events as people read them; openids never stand in them.

    With WORDS, those of `audit search`, the events that they find, or those of the requests that they find;
    #12 alone, like --request 12, is the whole story of one request.
    """
    must_exist(database)
    text, asked = read_filter(words, config)
    if asked.request is not None and asked == Filter(request=asked.request):
        request_id, text = request_id or asked.request, ""
    if request_id is not None and text:
        refuse(["--request names one request, and words look for several; leave one of them out"])
    try:
        if request_id is not None:
            _show_story(database, request_id, kind)
            return
        with moment(database, clock=utc_ms) as look:
            events = look.find_told(asked, limit=limit)
        told = kept_words(database, asked, text) if text else None
        leave(database, AuditViewed(words=told, newest=limit))
        with standard_output() as stream:
            if kind != "table":
                write_events(kind, stream, events)
                return
            stream.writelines(f"{line_of(event)}\n" for event in events)
    except (DatabaseRefused, ExportRefused) as error:
        refuse([str(error)])
    if text and not events:
        click.echo("nothing was found", err=True)


def _show_story(database: Path, request_id: int, kind: str) -> None:
    """Raises DatabaseRefused and ExportRefused."""
    with moment(database, clock=utc_ms) as look:
        story = story_of(look, request_id)
    if story is None:
        refuse([f"there is no request #{request_id} in {database}"])
    leave(database, AuditViewed(), request=request_id)
    with standard_output() as stream:
        if kind == "table":
            stream.writelines(f"{line}\n" for line in lines(story))
        else:
            write_events(kind, stream, story.events)


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
