"""People's words, findable: of requests reasons, tickets, why it was declined; of events what they tell.

SQLite's tokenizers take a Chinese sentence for one word. So runs of Chinese are cut into overlapping pairs
before they are indexed, and so is what is looked for: any two characters of a sentence find it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from storage.dialect_sqlite import PAIRS, REMOVE_REQUEST_WORDS

_ALL_EVENTS = "select seq, body from event order by seq"
_ADD_EVENTS = f"insert into event_words (rowid, words) {PAIRS}"
#: In one statement, of a table that is empty yet.
_MANY = 1_000
#: Details that only a program reads: nobody looks for a digest, and each would be a word of its own.
_NO_WORDS = frozenset({"body_sha256", "hash", "posted_hash", "head", "line", "digests"})
_ALL = "select id, reason, ticket, decline_reason from request order by id"
_ADD = "insert into request_words (rowid, words) values (:id, :words)"

#: Written without spaces: Chinese and Japanese.
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SHORT = re.compile(r"[0-9A-Za-z]{1,2}", re.ASCII)
_WORD = re.compile(r"[^\W_]", re.UNICODE)


def cut(*texts: str) -> str:
    """As it is indexed: 物流迟到 becomes its pairs, and its last character for who asks for one alone."""
    return "\n".join(" ".join(_pieces(text, last=True)) for text in texts if text)


def query(words: Sequence[str]) -> str:
    """What FTS5 is asked for these words: all must be there. Empty when nothing in them can be found.

    Each is a phrase whose last part may go on: `parc` finds parcel. In quotation marks, so that no word of a
    person is taken for FTS5's own (`AND`, `-`, `*`).
    """
    return " ".join(_open(phrase) for word in words if (phrase := _phrase(word)))


def _open(phrase: str) -> str:
    # One or two letters begin nearly every text: they are a word of their own.
    return f'"{phrase}"' if _SHORT.fullmatch(phrase) else f'"{phrase}" *'


def _phrase(word: str) -> str:
    return " ".join(_pieces(word, last=False)).replace('"', " ").strip() if _WORD.search(word) else ""


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Runs of Han and of all else; one Han; a gap. When first needed: they take longer than some commands."""
    return (
        re.compile(f"[{_HAN}]+|[^{_HAN}]+"),
        re.compile(f"[{_HAN}]"),
        # Between two Han a space means nothing: 客户 投诉 is looked for as 客户投诉, and found as it.
        re.compile(f"(?<=[{_HAN}])\\s+(?=[{_HAN}])"),
    )


def _pieces(text: str, *, last: bool) -> list[str]:
    """`last`: the one character at the very end, too."""
    if text.isascii():
        return [text] if text else []
    runs_of, han, gap = _patterns()
    found: list[str] = []
    runs = runs_of.findall(gap.sub("", text))
    for number, run in enumerate(runs, 1):
        if not han.match(run):
            found.append(run)
            continue
        found += [run[place : place + 2] for place in range(len(run) - 1)]
        if last or len(run) == 1 or number < len(runs):
            found.append(run[-1])
    return found


class RequestTexts:
    """Over one connection; each method is part of its caller's transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def index_all(self) -> None:
        """For a table that is empty yet."""
        for row in self._connection.execute(_ALL).fetchall():
            self.add(row[0], *row[1:])

    def add(self, request_id: int, *texts: str) -> None:
        self._connection.execute(_ADD, {"id": request_id, "words": cut(*texts)})

    def replace(self, request_id: int, before: Sequence[str], after: Sequence[str]) -> None:
        """`before` must be what was added."""
        self._connection.execute(REMOVE_REQUEST_WORDS, {"id": request_id, "words": cut(*before)})
        self.add(request_id, *after)


class EventTexts:
    """Over one connection; events are never changed, so neither is what is added."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def index_all(self) -> None:
        """For a table that is empty yet."""
        events: list[tuple[int, Mapping[str, object]]] = []
        for seq, body in self._connection.execute(_ALL_EVENTS):
            try:
                detail = json.loads(body)["detail"]
                list(_texts_of(detail))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                # Not as the bot writes it: `audit verify` names it.
                continue
            events.append((seq, detail))
            if len(events) == _MANY:
                self.add(events)
                events.clear()
        self.add(events)

    def add(self, events: Sequence[tuple[int, Mapping[str, object]]]) -> None:
        """Their numbers and details."""
        rows = [(seq, words) for seq, detail in events if (words := cut(*_texts_of(detail)))]
        if rows:
            self._connection.execute(_ADD_EVENTS, {"rows": json.dumps(rows)})


def _texts_of(detail: Mapping[str, object]) -> Iterator[str]:
    for name, value in detail.items():
        if name in _NO_WORDS:
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from (each for each in value if isinstance(each, str))
