"""`coupon-bot audit search`: what was asked for, in words, newest first; and `audit openid`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from bot.cli.options import DATABASE, NUMBER, must_exist, refuse
from bot.cli.outputs import standard_output, stream_of
from bot.cli.progress import Tell, progress
from bot.cli.record_access import record
from bot.cli.search_output import FORMATS, rows_of
from bot.wording.language import words_of
from bot.wording.search import aliases, as_number, end_of_search, joined, no_request, wrong_word
from coupons.audit_events import AuditSearched, OpenidViewed
from coupons.audit_words import BadWord, Filter, read_words
from coupons.auditing import Part, by_number, page_of, parts_of, place_of
from coupons.masking import ERASED
from coupons.ports import Records
from storage.store import Store

FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How it is written.",
)


CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The coupon.toml whose aliases name stocks; else COUPON_CONFIG, else coupon.toml here.",
)


@click.command("search")
@click.argument("words", nargs=-1)
@FORMAT
@click.option("--limit", type=NUMBER, default=50, show_default=True, help="The newest so many.")
@click.option("--all", "everything", is_flag=True, help="All that is found, however much it is.")
@click.option("--output", default="-", help="A new file; otherwise, or with -, standard output.")
@CONFIG
@DATABASE
def search(
    words: tuple[str, ...],
    store: Store,
    kind: str,
    limit: int,
    output: str,
    config: Path | None,
    *,
    everything: bool,
) -> None:
    """Find requests, or with tag: or actor: events, newest first.

    \b
    audit search state:refused since:2026-10 agent:U0LI
    audit search "four days late" amount:'>=20'
    audit search tag:click:refused actor:U0LI

    Keys: request, openid, customer, batch, agent, approver, stock, ticket, code, state, amount, since, until,
    on, tag, actor. Other words are looked for in reasons, tickets and why it was declined.
    """
    must_exist(store)
    text, asked = read_filter(words, config)
    with store.read() as rows:
        asked, shown = by_number(rows, asked, text)
        hint = number_hint(rows, asked)
        newest, count = page_of(rows, asked, below=None, limit=1)
    with stream_of(output) as stream, progress("Searching") as tell:
        # In a copy without a WAL nobody can write while somebody reads, not even this command.
        record(store, AuditSearched(words=shown, found=count))
        with store.read() as rows:
            # From the newest on that was there before the event of this look.
            below = place_of(newest.found[0]) + 1 if newest.found else 0
            parts = parts_of(rows, asked, below=below, most=None if everything else limit)
            written = _write(kind, stream, asked, _followed(parts, tell))
    if hint:
        click.echo(hint, err=True)
    ending = end_of_search(words_of(os.environ), written, count)
    click.echo(ending, err=kind != "table" or output != "-")


def _write(kind: str, stream: TextIO, asked: Filter, parts: Iterator[Part]) -> int:
    """How many there were. A head without rows is for a program that reads it, not for a person."""
    written = 0
    with rows_of(kind, stream, events=asked.asks_for_events) as rows:
        if kind != "table":
            rows.head()
        for part in parts:
            if kind == "table" and written == 0:
                rows.head()
            rows.write(part.found)
            written += len(part.found)
    return written


def _followed(parts: Iterator[Part], tell: Tell) -> Iterator[Part]:
    """The same. The newest come first, so the way goes down to #1."""
    newest = 0
    for part in parts:
        newest = newest or place_of(part.found[0])
        yield part
        tell(newest - place_of(part.found[-1]) + 1, newest)


def read_filter(words: Sequence[str], config: Path | None) -> tuple[str, Filter]:
    """The words as one text, and what they ask for; ends the program where they cannot be read.

    Raises CouponTomlProblems.
    """
    text = joined(words)
    try:
        return text, read_words(text, find_stock=aliases(config))
    except BadWord as error:
        refuse([wrong_word(words_of(os.environ), error)])


def number_hint(rows: Records, asked: Filter) -> str:
    """How a number alone was read; empty where none was typed so."""
    return as_number(
        words_of(os.environ),
        asked,
        known=asked.request is not None and rows.request(asked.request) is not None,
    )


def kept_words(store: Store, asked: Filter, text: str) -> str:
    """As they may stand in an event. Raises DatabaseRefused."""
    with store.read() as rows:
        return by_number(rows, asked, text)[1]


@click.command("openid")
@click.argument("request", type=NUMBER)
@DATABASE
def openid(request: int, store: Store) -> None:
    """Print the whole openid of a request's customer.

    That somebody saw it stays in the log. Exit status 1 when the customer was erased, 2 when there is no such
    request.
    """
    must_exist(store)
    with store.read() as rows:
        found = rows.request(request)
    if found is None:
        refuse([no_request(words_of(os.environ), request, store)])
    if found.openid.startswith(ERASED):
        erased = f"customer {found.customer} was erased: nobody can tell the openid any more"
        click.echo(erased, err=True)
        sys.exit(1)
    record(store, OpenidViewed(customer=found.customer), request=request)
    with standard_output() as stream:
        stream.write(f"{found.openid}\n")
