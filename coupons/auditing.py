"""The audit log for those who may see it: searched, one request's story, taken along, a whole openid.

Each look is an event, durable before its answer is given.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from coupons.audit_events import (
    AuditExported,
    AuditRefused,
    AuditSearched,
    AuditViewed,
    ConsoleLinkMade,
    LogAccess,
    OpenidViewed,
)
from coupons.audit_ports import AuditSearch
from coupons.audit_words import NOBODY, Filter, Found, hide_openids, read_words
from coupons.catalogue import Catalogue
from coupons.events import Tag
from coupons.model import Approval, Request
from coupons.ports import Clock, Ledger, Reading, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Recorded

if TYPE_CHECKING:
    # What a command of the terminal needs of this file needs no roles, and not what they are read with.
    from coupons.authority import Authority
    from coupons.batches import Batch, BatchApproval

SLACK = "slack"
#: On one screen.
PAGE = 10
#: Counted so far; beyond it a person is told "more than".
MOST_COUNTED = 1_000
#: Of a file that is written piece by piece.
AT_ONCE = 1_000
_OTHERS = 10
#: Newest events of a story; one that was refused and tried again for days can have more.
STORY_EVENTS = 150
_LINK_MS = 10 * 60_000


class NotAuditor(Exception):
    """This person may not see the log; that they asked is an event."""


class Part(NamedTuple):
    """Newest first. `following`: below which id or seq the next begin; None: these are the last."""

    requests: Sequence[Found]
    events: Sequence[Recorded]
    following: int | None

    @property
    def found(self) -> Sequence[Found] | Sequence[Recorded]:
        """Whichever it holds."""
        return self.requests or self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`text` is what was asked, without an openid; `requests` or `events` are newest first."""

    text: str
    #: Below which id or seq each page before this one began.
    below: tuple[int, ...]
    requests: Sequence[Found] = ()
    events: Sequence[Recorded] = ()
    #: At most MOST_COUNTED.
    count: int
    #: Where the next page begins; None: this is the last.
    following: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is known of one request, and what else its customer asked for."""

    request: Request
    approvals: Sequence[Approval]
    events: Sequence[Recorded]
    #: Other requests of this customer, newest first.
    others: Sequence[Request]
    others_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStory:
    """All that is known of one batch but its lines."""

    batch: Batch
    approvals: Sequence[BatchApproval]
    events: Sequence[Recorded]
    #: How many of its lines stand in which state.
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A one-time link's secret; it is stored nowhere. Times in UTC milliseconds."""

    token: str = field(repr=False)
    expires_at: int


class Auditing:
    """Everything raises NotAuditor, DirectoryUnavailable and StorageUnavailable."""

    def __init__(self, *, ledger: Ledger, authority: Authority, catalogue: Catalogue, clock: Clock) -> None:
        self._ledger = ledger
        self._authority = authority
        self._catalogue = catalogue
        self._clock = clock

    async def search(self, person: str, text: str, below: tuple[int, ...] = ()) -> Page:
        """`below`: where the pages before this one ended, and the last of them where this one begins.

        Raises BadWord.
        """
        await self._check(person, "search")
        asked, shown = await self._filter(text)
        page = await self._ledger.read(partial(_page, asked=asked, text=shown, below=below))
        await self._record_access(person, AuditSearched(words=shown, found=page.count, page=len(below) + 1))
        return page

    async def story(self, person: str, request_id: int) -> Story | None:
        """None: there is no such request."""
        await self._check(person, "view")
        story = await self._ledger.read(partial(story_of, request_id=request_id))
        if story is not None:
            await self._record_access(person, AuditViewed(), request_id)
        return story

    async def export(self, person: str, text: str) -> int:
        """Promise the file to this person; returns how many rows it will have, at most MOST_COUNTED.

        Raises BadWord.
        """
        await self._check(person, "export")
        asked, shown = await self._filter(text)
        count = await self._ledger.read(lambda rows: rows.count_found(asked, most=MOST_COUNTED))

        def promise(tx: Transaction) -> None:
            seq = tx.append(AuditExported(where=SLACK, words=shown).done_by(person))
            tx.post(Post(kind=PostKind.FILE, request_id=None, seq=seq, person=person))

        await self._ledger.write(promise)
        return count

    async def openid(self, person: str, request_id: int) -> Request | None:
        """None: there is no such request."""
        await self._check(person, "openid")
        request = await self._ledger.read(lambda rows: rows.request(request_id))
        if request is not None:
            await self._record_access(person, OpenidViewed(customer=request.customer), request_id)
        return request

    async def open_console(self, person: str) -> SignInLink:
        """A link that this person can use once, for ten minutes."""
        await self._check(person, "open")
        token, now = secrets.token_urlsafe(32), self._clock()
        digest = hashlib.sha256(token.encode()).hexdigest()

        def keep(tx: Transaction) -> None:
            tx.add_console_link(digest=digest, person=person, made_at=now, expires_at=now + _LINK_MS)
            tx.append(ConsoleLinkMade(expires_at=now + _LINK_MS).done_by(person))

        await self._ledger.write(keep)
        return SignInLink(token, now + _LINK_MS)

    def read(self, text: str) -> Filter:
        """Raises BadWord."""
        return read_words(text, find_stock=self._catalogue.stock_id)

    async def _filter(self, text: str) -> tuple[Filter, str]:
        """With the customer's number in place of an openid: so it may stand in an event and in a view."""
        asked = self.read(text)
        return await self._ledger.read(lambda rows: by_number(rows, asked, text))

    async def _check(self, person: str, wanted: str) -> None:
        if not await self._authority.may_audit(person):
            refused = AuditRefused(where=SLACK, action=wanted).done_by(person)
            await self._ledger.write(lambda tx: tx.append(refused))
            raise NotAuditor

    async def _record_access(self, person: str, access: LogAccess, request_id: int | None = None) -> None:
        event = replace(access, where=SLACK).done_by(person, request_id)
        await self._ledger.write(lambda tx: tx.append(event))


def by_number(rows: AuditSearch, asked: Filter, text: str) -> tuple[Filter, str]:
    """Both with the customer's number in place of the openid: so they may be kept."""
    if asked.openid is None:
        return asked, hide_openids(text, None)
    known = rows.find_requests(Filter(openid=asked.openid), limit=1)
    customer = known[0].request.customer if known else NOBODY
    wanted = customer if asked.customer in {None, customer} else NOBODY
    return replace(asked, openid=None, customer=wanted), hide_openids(text, customer)


def part_of(rows: AuditSearch, asked: Filter, *, below: int | None, limit: int) -> Part:
    """Of what is found, so many of the newest below this id or seq."""
    return _part(rows.find(asked, below=below, limit=limit + 1), limit)


def parts_of(
    rows: AuditSearch, asked: Filter, *, below: int | None = None, most: int | None = None
) -> Iterator[Part]:
    """All that is found in this moment, or so many of the newest, piece by piece; none is empty."""
    left = most
    while left != 0:
        part = part_of(rows, asked, below=below, limit=AT_ONCE if left is None else min(left, AT_ONCE))
        if part.found:
            yield part
        if part.following is None:
            return
        below, left = part.following, None if left is None else left - len(part.found)


def page_of(rows: AuditSearch, asked: Filter, *, below: int | None, limit: int) -> tuple[Part, int]:
    """As `part_of`, and how many there are of all, at most MOST_COUNTED."""
    found, count = rows.find_and_count(asked, below=below, limit=limit + 1, most=MOST_COUNTED)
    return _part(found, limit), count


def _part(found: Sequence[Found] | Sequence[Recorded], limit: int) -> Part:
    shown = found[:limit]
    return Part(
        requests=[each for each in shown if isinstance(each, Found)],
        events=[each for each in shown if isinstance(each, Recorded)],
        following=place_of(shown[-1]) if len(found) > limit else None,
    )


def place_of(found: Found | Recorded) -> int:
    """Its id or seq: below it the next are found."""
    return found.request.id if isinstance(found, Found) else found.seq


def _page(rows: AuditSearch, *, asked: Filter, text: str, below: tuple[int, ...]) -> Page:
    part, count = page_of(rows, asked, below=below[-1] if below else None, limit=PAGE)
    return Page(text=text, below=below, count=count, **part._asdict())


def story_of(rows: Reading, *, request_id: int, newest: int | None = STORY_EVENTS) -> Story | None:
    """With so many of its newest events, or with all. None: there is no such request."""
    request = rows.request(request_id)
    if request is None:
        return None
    theirs = Filter(customer=request.customer)
    others = [found.request for found in rows.find_requests(theirs, limit=_OTHERS + 1)]
    events = _with_undos(rows, request_id)
    return Story(
        request=request,
        approvals=rows.approvals(request_id),
        events=events if newest is None else events[-newest:],
        others=[other for other in others if other.id != request_id][:_OTHERS],
        others_count=rows.count_found(theirs, most=MOST_COUNTED) - 1,
    )


def _with_undos(rows: Reading, request_id: int) -> Sequence[Recorded]:
    """Its events, and what its undos tell of its coupon: that is a part of its story."""
    undos = [undo.id for undo in rows.undos_of(request_id)]
    found = rows.events_of_many(undos, {Tag.UNDO_CREATED, Tag.UNDO_DONE, Tag.UNDO_REFUSED}) if undos else {}
    theirs = [event for events in found.values() for event in events]
    return sorted([*rows.events_of(request_id), *theirs], key=lambda event: event.seq)


def story_of_batch(rows: Reading, *, batch_id: int) -> BatchStory | None:
    """None: there is no such batch, or nobody has asked for what its file says."""
    batch = rows.batch(batch_id)
    events = rows.events_of_batch(batch_id)
    if batch is None or not events:
        return None
    return BatchStory(
        batch=batch,
        approvals=rows.batch_approvals(batch_id),
        events=events,
        states=rows.progress_of_batch(batch_id).states,
    )
