"""One request's whole story: what it is, what happened, the attempts, and the proof."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.language import WORDS, words
from console.log_database import LogDatabase
from console.person_names import People
from console.ports import Outside
from coupons import auditing
from coupons.days import beijing_time
from coupons.events import Tag
from coupons.model import Approval, Request
from coupons.recording import Json, Recorded

_CHAIN: Final = """
select event.seq as seq, event.body as body, event.prev as prev, event.hash as hash, before.hash as before
from event left join event as before on before.seq = event.seq - 1
where event.request_id = :request order by event.seq desc limit :limit
"""
_GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class StoryStep:
    """`since`: the time from the step before."""

    event: Recorded
    at: str
    since: str
    sentence: str


@dataclass(frozen=True, slots=True)
class StoryAttempt:
    number: str
    started: str
    took: str
    answer: str
    request_id: str
    serial: str
    signed: bool


@dataclass(frozen=True, slots=True)
class ChainLink:
    """`holds`: the hash is that of this body after `prev`, and `prev` is the hash of the event before."""

    seq: int
    prev: str
    hash: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    request: Request
    approvals: Sequence[tuple[Approval, str]]
    steps: Sequence[StoryStep]
    attempts: Sequence[StoryAttempt]
    links: Sequence[ChainLink]
    others: Sequence[Request]
    others_count: int
    erased: bool

    @property
    def holds(self) -> bool:
        return all(link.holds for link in self.links)


class StoryPages:
    def __init__(self, outside: Outside, database: LogDatabase, people: People) -> None:
        self._outside = outside
        self._database = database
        self._people = people

    async def of(self, number: int) -> StoryPage | None:
        """None: there is no such request. Raises FileRefused."""
        story = await asyncio.to_thread(self._read, number)
        if story is None:
            return None
        await self._people.learn(_people_of(story))
        rows = await self._database.execute(_CHAIN, {"request": number, "limit": auditing.STORY_EVENTS})
        return StoryPage(
            request=story.request,
            approvals=[
                (approval, WORDS.get().duration(approval.at - story.request.created_at))
                for approval in story.approvals
            ],
            steps=steps_of(story.events, self._outside, self._people),
            attempts=list(self._attempts(story.events)),
            links=[link_of(row) for row in reversed(rows.rows)],
            others=story.others,
            others_count=story.others_count,
            erased=story.request.openid.startswith("erased:"),
        )

    def _read(self, number: int) -> auditing.Story | None:
        with self._outside.reading() as rows:
            return auditing.story_of(rows, request_id=number)

    def _attempts(self, events: Sequence[Recorded]) -> Sequence[StoryAttempt]:
        started: dict[str, int] = {}
        attempts = []
        for event in events:
            number = str(event.detail.get("attempt"))
            if event.tag == Tag.ATTEMPT_STARTED:
                started[number] = event.ts
            elif event.tag == Tag.ATTEMPT_FINISHED:
                attempts.append(self._attempt(number, started.pop(number, None), event))
        attempts += [
            StoryAttempt(number, beijing_time(at), "", words("no end is recorded"), "", "", signed=False)
            for number, at in started.items()
        ]
        return attempts

    def _attempt(self, number: str, started: int | None, event: Recorded) -> StoryAttempt:
        detail = event.detail
        parts = (
            f"HTTP {detail['status']}" if detail.get("status") else "",
            self._outside.cause(WORDS.get().language, _of(detail, "code")) if detail.get("code") else "",
        )
        return StoryAttempt(
            number,
            beijing_time(started) if started is not None else "",
            f"{event.ts - started:,} ms" if started is not None else "",
            WORDS.get().list(part for part in (words(_of(detail, "kind")), *parts) if part),
            _of(detail, "wechatpay_request_id"),
            _of(detail, "serial_no"),
            signed=detail.get("verified") is True,
        )


def steps_of(events: Sequence[Recorded], outside: Outside, people: People) -> list[StoryStep]:
    """What they tell, in the reader's language."""
    language, steps, before = WORDS.get(), list[StoryStep](), None
    for event in events:
        since = "" if before is None else language.duration(event.ts - before)
        sentence = outside.sentence_of(language.language, event, people.shown_as)
        steps.append(StoryStep(event, beijing_time(event.ts), since, sentence))
        before = event.ts
    return steps


def _people_of(story: auditing.Story) -> Iterator[str | None]:
    yield from (story.request.requester, story.request.closed_by)
    yield from (approval.approver for approval in story.approvals)
    yield from (event.actor for event in story.events)
    yield from (other.requester for other in story.others)


def link_of(row: Mapping[str, Any]) -> ChainLink:
    """The hash made anew from the row, as `audit verify` does."""
    try:
        made = hashlib.sha256(bytes.fromhex(row["prev"]) + row["body"].encode()).hexdigest()
    except ValueError:
        made = ""
    before = row["before"] if row["seq"] > 1 else _GENESIS
    return ChainLink(row["seq"], row["prev"], row["hash"], made == row["hash"] and row["prev"] == before)


def _of(detail: Mapping[str, Json], name: str) -> str:
    value = detail.get(name)
    return "" if value is None else str(value)
