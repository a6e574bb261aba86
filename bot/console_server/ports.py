"""What the console has from outside: the file, one write, Slack's word on people, the words of a search."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.coupon_toml import CouponToml
from bot.logs import reference
from bot.wording.month import COLUMNS, NOTES, TABLES, cells, span_of, tied_to
from bot.wording.search import as_number, wrong_word
from console.ports import LogUnavailable, MonthWords, Outside
from coupons.audit_words import Filter, read_words
from coupons.errors import StorageUnavailable
from coupons.month import Month
from coupons.permissions import may_be_trusted
from coupons.ports import Directory, Reading, Transaction
from coupons.recording import Recorded
from coupons.rules import people
from handlers.views import problems, rendering, story
from handlers.views.words import load_languages
from handlers.web_api import SlackError, ask
from storage.errors import DatabaseRefused
from storage.store import Store

T = TypeVar("T")
#: Of the code, innermost last, that a line about an error names.
_PLACES: Final = 6
_NAMES_AT_ONCE: Final = 20


class _File:
    """The bot's database, its refusals in the console's own word."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        with _refusing(), self._store.read() as rows:
            yield rows

    def write(self, work: Callable[[Transaction], T], /) -> T:
        with _refusing():
            return self._store.write_once(work)

    def month(self, since: int, before: int) -> Month:
        with _refusing():
            return self._store.report(since=since, before=before)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (DatabaseRefused, StorageUnavailable) as error:
        raise LogUnavailable(str(error)) from error


def outside(
    store: Store,
    config: CouponToml,
    directory: Directory,
    *,
    team: str,
    url: str,
    note: Callable[[BaseException], str],
    name: Callable[[str], Awaitable[str]],
) -> Outside:
    """Everything the console needs. `team`: the workspace the bot lives in."""
    file, languages = _File(store), load_languages()

    async def is_among(person: str, ids: tuple[str, ...]) -> bool:
        if not may_be_trusted(await directory.person(person), team).allowed:
            return False
        groups = {entry: await directory.members(entry) for entry in ids if entry.startswith("S")}
        return person in people(ids, groups)

    def sentence_of(language: str, event: Recorded, person: Callable[[str], str]) -> str:
        return story.sentence(languages.of(language), event, rendering.plain(person))

    def cause(language: str, code: str) -> str:
        return problems.cause(languages.of(language), code, show=str)

    def words(text: str) -> Filter:
        return read_words(text, find_stock=config.catalogue.stock_id)

    return Outside(
        database=store.path,
        url=url,
        clock=store.clock,
        reading=file.reading,
        write=file.write,
        month=file.month,
        month_words=MonthWords(
            tables=TABLES,
            columns=COLUMNS,
            notes=NOTES,
            cells=lambda language, line: cells(languages.of(language), line),
            span=lambda language, month: span_of(languages.of(language), month),
            tied=lambda language, month: tied_to(languages.of(language), month),
        ),
        note=note,
        name=name,
        is_auditor=lambda person: is_among(person, config.policy.auditors),
        may_write_sql=lambda person: is_among(person, config.console_sql),
        read_words=words,
        as_number=lambda language, asked, known: as_number(languages.of(language), asked, known=known),
        wrong_word=lambda language, wrong: wrong_word(languages.of(language), wrong),
        language=languages.accepted,
        sentence_of=sentence_of,
        cause=cause,
        ticket_address=lambda typed: config.tickets.address(config.tickets.number(typed)),
    )


def naming(slack: AsyncWebClient) -> Callable[[str], Awaitable[str]]:
    """By users.info, some at a time; what Slack does not tell is no trouble."""
    turn = asyncio.Semaphore(_NAMES_AT_ONCE)

    async def name(person: str) -> str:
        try:
            async with turn:
                user = (await ask(slack, "users.info", user=person)).get("user") or {}
        except SlackError:
            return ""
        profile = user.get("profile") or {}
        return str(profile.get("display_name") or user.get("real_name") or user.get("name") or "")

    return name


def noting(logger: structlog.stdlib.BoundLogger) -> Callable[[BaseException], str]:
    """One line for an error, under a reference, with its places in the code: its text may hold an openid."""

    def note(error: BaseException) -> str:
        ref = reference()
        frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
        places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        logger.error("trouble", reference=ref, kind=type(error).__name__, places=places)
        return ref

    return note
