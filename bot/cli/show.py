"""`coupon-bot audit show`: one request's whole story, or the newest events."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from bot.cli.options import DATABASE, NUMBER, must_exist, refuse
from bot.cli.outputs import standard_output
from bot.cli.record_access import record
from bot.cli.search import CONFIG, FORMAT, kept_words, number_hint, read_filter
from bot.cli.search_output import details, write_events
from bot.wording import batch_story
from bot.wording.language import words_of
from bot.wording.search import end_of_search, no_request
from bot.wording.story import lines
from bot.wording.terminal_table import plain
from coupons.audit_events import AuditViewed
from coupons.auditing import story_of, story_of_batch
from coupons.days import beijing_time
from coupons.recording import Recorded
from storage.store import Store

_LINE: Final = "{:>6}  {:<19}  {:<7} {:<18} {:<12} {}"
_HEAD: Final = _LINE.format("seq", "Beijing time", "request", "tag", "actor", "details")


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
    words: tuple[str, ...], request_id: int | None, limit: int, kind: str, config: Path | None, store: Store
) -> None:
    """Print events as people read them; openids never stand in them.

    With WORDS, those of `audit search`, the events that they find, or those of the requests that they find;
    12 or #12 alone, like --request 12, is the whole story of one request, and batch:3 alone that of one
    batch, in Chinese where LC_ALL, LC_MESSAGES or LANG say so.
    """
    must_exist(store)
    text, asked = read_filter(words, config)
    if request_id is not None and text and asked.only_request != request_id:
        refuse(["--request names one request, and words look for several; leave one of them out"])
    one = request_id or asked.only_request
    hint = ""
    if asked.or_text is not None:
        with store.read() as rows:
            hint = number_hint(rows, asked)
            one = one if rows.request(asked.request or 0) is not None else request_id
    if asked.only_batch is not None:
        _show_batch(store, asked.only_batch, kind)
        return
    if one is not None:
        _show_story(store, one, kind)
        if hint:
            click.echo(hint, err=True)
        return
    with store.read() as rows:
        events = rows.events_of_found(asked, limit=limit)
    shown = kept_words(store, asked, text) if text else None
    record(store, AuditViewed(words=shown, newest=limit))
    with standard_output() as stream:
        if kind != "table":
            write_events(kind, stream, events)
            return
        if events:
            stream.write(f"{_HEAD}\n")
        stream.writelines(f"{line_of(event)}\n" for event in events)
    if hint:
        click.echo(hint, err=True)
    if text and not events:
        click.echo(end_of_search(words_of(os.environ), 0, 0), err=True)


def _show_story(store: Store, request_id: int, kind: str) -> None:
    """Raises DatabaseRefused and ExportRefused."""
    with store.read() as rows:
        story = story_of(rows, request_id=request_id, newest=None)
    if story is None:
        refuse([no_request(words_of(os.environ), request_id, store)])
    record(store, AuditViewed(), request=request_id)
    with standard_output() as stream:
        if kind == "table":
            stream.writelines(f"{line}\n" for line in lines(words_of(os.environ), story))
        else:
            write_events(kind, stream, story.events)


def _show_batch(store: Store, batch_id: int, kind: str) -> None:
    """Raises DatabaseRefused and ExportRefused."""
    with store.read() as rows:
        story = story_of_batch(rows, batch_id=batch_id)
    if story is None:
        refuse([f"{store} has no batch {batch_id}"])
    record(store, AuditViewed(page=f"batch {batch_id}"))
    with standard_output() as stream:
        if kind == "table":
            stream.writelines(f"{line}\n" for line in batch_story.lines(words_of(os.environ), story))
        else:
            write_events(kind, stream, story.events)


def line_of(event: Recorded) -> str:
    """One event on one line, under _HEAD."""
    about = f"#{event.request_id}" if event.request_id is not None else "-"
    cells = (event.seq, beijing_time(event.ts), about, event.tag, event.actor, details(event))
    return plain(_LINE.format(*cells).rstrip())
