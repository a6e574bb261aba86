"""What the console needs from outside, by argument: rows, one write, Slack's word, words of a search."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from coupons.audit_words import BadWord, Filter
from coupons.month import Month, MonthLine
from coupons.ports import Clock, Reading, Transaction
from coupons.recording import Recorded

T = TypeVar("T")


class LogUnavailable(Exception):
    """The log cannot be read or written now; the sentence says why."""


class WriteOnce(Protocol):
    """One transaction beside the bot, durable when it returns; blocking."""

    def __call__(self, work: Callable[[Transaction], T], /) -> T:
        """Raises FileRefused."""
        ...


class Sentences(Protocol):
    """One language: an English sentence, which is its key, with {named} places, in the reader's words."""

    @property
    def language(self) -> str:
        """`en` or `zh-CN`."""
        ...

    def __call__(self, sentence: str, /, **values: object) -> str: ...

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str: ...

    def list(self, items: Iterable[str]) -> str: ...

    def duration(self, ms: int) -> str:
        """`4 min 5 s`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthWords:
    """As `audit report` writes a month: its tables, their columns and cells, what they mean."""

    tables: Sequence[str]
    columns: Sequence[str]
    notes: Sequence[str]
    #: In a language, and in the order of `columns`.
    cells: Callable[[str, MonthLine], Sequence[str]]
    span: Callable[[str, Month], str]
    tied: Callable[[str, Month], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """`url` is where browsers reach the console; it may have a path, with no slash at its end."""

    database: Path
    url: str
    clock: Clock
    #: One moment of the file, for any thread, one at a time. Raises FileRefused.
    reading: Callable[[], AbstractContextManager[Reading]]
    write: WriteOnce
    #: Its figures, from and before these UTC milliseconds; blocking. Raises FileRefused.
    month: Callable[[int, int], Month]
    month_words: MonthWords
    #: What a person is called in Slack, by id; empty when Slack does not say. Raises nothing.
    name: Callable[[str], Awaitable[str]]
    #: Something unexpected: it is logged, without any value, under the reference that comes back.
    note: Callable[[BaseException], str]
    #: By Slack's present word. Raises DirectoryUnavailable, as the next.
    is_auditor: Callable[[str], Awaitable[bool]]
    may_write_sql: Callable[[str], Awaitable[bool]]
    #: Raises BadWord.
    read_words: Callable[[str], Filter]
    #: How a number alone was read, by whether a request has it; empty where none was typed so.
    as_number: Callable[[str, Filter, bool], str]
    #: What is wrong with a word, for people.
    wrong_word: Callable[[str, BadWord], str]
    #: The language for a browser, by its Accept-Language.
    language: Callable[[str], Sentences]
    #: In this language an event as a sentence, in which people are called what the last makes of their ids.
    sentence_of: Callable[[str, Recorded, Callable[[str], str]], str]
    #: What a code means, in words: ours said, WeChat Pay's as they are.
    cause: Callable[[str, str], str]
    #: Where a ticket leads; None: nowhere that we know of.
    ticket_address: Callable[[str], str | None]
