"""The console's own pages: start, search, one request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from datasette.utils.asgi import Response

from console.address_checks import check_known, check_length, one_line
from console.batch_page import BatchPages
from console.canned_queries import NAMED
from console.figures import Figures
from console.finding import LogSearch
from console.form_body import posted
from console.language import words
from console.log_database import LogDatabase
from console.months import Months
from console.person_names import People
from console.ports import Outside
from console.record_access import AccessRecord
from console.sessions import Session
from console.story import StoryPages
from coupons.audit_events import AuditExported, AuditSearched, AuditViewed, OpenidViewed
from coupons.audit_words import Found
from coupons.model import State

Render = Callable[[str, Mapping[str, Any]], Awaitable[str]]

_BATCH: Final = re.compile(r"/batch/([1-9]\d{0,17})")
_REQUEST: Final = re.compile(r"/request/([1-9]\d{0,17})(/openid)?")
_PERIODS: Final = (30, 90)
_LAST: Final = 20


class Pages:
    """Each method raises NotKept and FileRefused."""

    def __init__(
        self, outside: Outside, database: LogDatabase, access: AccessRecord, people: People, render: Render
    ) -> None:
        self._finding = LogSearch(outside)
        self._stories = StoryPages(outside, database, people)
        self._batches = BatchPages(outside, self._finding, people)
        self._figures = Figures(outside, database, people)
        self._people = people
        self._access = access
        self._render = render
        months = Months(outside, access, self._page)
        self._read = {
            "/": (self._start, ()),
            "/search": (self._search, ("q", "below")),
            "/search.csv": (self._search_file, ("q",)),
            "/charts": (self._charts, ("days",)),
            "/month": (months.page, ("month",)),
            "/month.csv": (months.file, ("month",)),
        }
        self._clicked = {"/search": self._to_search}

    async def answer(self, request: Any, path: str, session: Session) -> Any:
        """None: there is no such page. Raises NotAsked."""
        get = request.method in {"GET", "HEAD"}
        found = _REQUEST.fullmatch(path)
        if found is not None:
            check_known(request.args, ())
            return await self._of_request(int(found[1]), session, get=get, openid=bool(found[2]))
        found = _BATCH.fullmatch(path)
        if found is not None:
            check_known(request.args, ("state", "below"))
            return await self._batch(int(found[1]), request, session) if get else None
        if not get:
            clicked = self._clicked.get(path)
            return await clicked(request) if clicked else None
        if path not in self._read:
            return None
        page, known = self._read[path]
        check_known(request.args, known)
        return await page(request, session)

    async def _of_request(self, number: int, session: Session, *, get: bool, openid: bool) -> Any:
        if openid:
            return None if get else await self._openid(number, session)
        return await self._request(number, session) if get else None

    async def _page(
        self,
        name: str,
        session: Session,
        status: int = 200,
        people: Iterable[str | None] = (),
        **context: Any,
    ) -> Any:
        """`people`: ids that stand on it."""
        await self._people.learn([session.person, *people])
        body = await self._render(name, {**context, "session": session, "person": session.person})
        return Response.html(body, status=status)

    async def _start(self, _request: Any, session: Session) -> Any:
        await self._access.record(session, AuditViewed(page="start"))
        month, totals = await self._figures.this_month()
        latest = await asyncio.to_thread(self._finding.latest, _LAST)
        return await self._page(
            "start.html",
            session,
            title=words("Start"),
            month=month,
            totals=totals,
            latest=latest,
            people=_of_requests(latest),
            named=NAMED,
        )

    async def _to_search(self, request: Any) -> Any:
        """So that no openid that was typed stands in an address, which browsers and proxies keep."""
        text = (await posted(request)).get("q", "")
        check_length(text)
        shown = await asyncio.to_thread(self._finding.without_openid, text)
        return Response.redirect(f"search?{urlencode({'q': shown})}", status=303)

    async def _search(self, request: Any, session: Session) -> Any:
        text, below = request.args.get("q") or "", _number(request.args.get("below"))
        result = await asyncio.to_thread(self._finding.page, text, below)
        if result.moved:
            return Response.redirect(f"search?{urlencode({'q': result.text})}", status=303)
        if result.problem is None:
            await self._access.record(session, AuditSearched(words=one_line(result.text), found=result.count))
        more = urlencode({"q": result.text, "below": result.following}) if result.following else ""
        return await self._page(
            "search.html",
            session,
            400 if result.problem else 200,
            title=words("Search"),
            result=result,
            people=[*_of_requests(result.requests), *(event.actor for event in result.events)],
            more=more,
            file=urlencode({"q": result.text}),
            first=below is None,
        )

    async def _search_file(self, request: Any, session: Session) -> Any:
        text = request.args.get("q") or ""
        result = await asyncio.to_thread(self._finding.page, text, None)
        if result.problem is not None:
            return await self._page(
                "sentence.html", session, 400, title=words("Search"), sentence=result.problem, how=""
            )
        await self._access.record(session, AuditExported(words=one_line(result.text), found=result.count))
        return self._finding.file(result.text)

    async def _request(self, number: int, session: Session) -> Any:
        story = await self._stories.of(number)
        if story is None:
            return None
        await self._access.record(session, AuditViewed(), number)
        return await self._page(
            "request.html",
            session,
            title=words("Request #{number}", number=number),
            story=story,
            openid=None,
        )

    async def _openid(self, number: int, session: Session) -> Any:
        story = await self._stories.of(number)
        if story is None:
            return None
        await self._access.record(session, OpenidViewed(customer=story.request.customer), number)
        openid = story.request.openid
        return await self._page(
            "openid.html",
            session,
            title=words("Request #{number}", number=number),
            story=story,
            openid=openid,
        )

    async def _batch(self, number: int, request: Any, session: Session) -> Any:
        state = next((each for each in State if each == request.args.get("state")), None)
        below = _number(request.args.get("below"))
        found = await self._batches.of(number, state, below)
        if found is None:
            return None
        await self._access.record(session, AuditViewed(page=f"batch {number}"))
        narrowed = {"state": state} if state else {}
        return await self._page(
            "batch.html",
            session,
            title=words("Batch {number}", number=number),
            found=found,
            narrowed=urlencode(narrowed),
            more=urlencode({**narrowed, "below": found.lines.following}) if found.lines.following else "",
            first=below is None,
        )

    async def _charts(self, request: Any, session: Session) -> Any:
        asked = _number(request.args.get("days"))
        days = asked if asked in _PERIODS else _PERIODS[0]
        await self._access.record(session, AuditViewed(page=f"charts of {days} days"))
        charts = await self._figures.charts(days)
        return await self._page(
            "charts.html", session, title=words("Charts"), days=days, periods=_PERIODS, charts=charts
        )


def _of_requests(found: Iterable[Found]) -> Iterable[str]:
    for one in found:
        yield one.request.requester
        yield from one.approvers


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004
