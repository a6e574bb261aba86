"""A month's report, by the figures and in the words of `audit report`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from datasette.utils.asgi import Response

from console.address_checks import NotAsked
from console.csv_file import attached
from console.language import N_, words
from console.ports import Outside
from console.record_access import AccessRecord
from console.sessions import Session
from coupons.audit_events import AuditReported
from coupons.days import BEIJING, month
from coupons.encodings import MARK
from coupons.month import Month, MonthLine
from coupons.spreadsheet import MONTH_COLUMNS, lines, month_rows

Page = Callable[..., Awaitable[Any]]

#: The month that runs, and those before it.
_LINKED: Final = 13
_PARTS: Final = (N_("agent"), N_("stock"), N_("approver"))


class Months:
    """Each raises NotAsked, NotKept, FileRefused."""

    def __init__(self, outside: Outside, access: AccessRecord, page: Page) -> None:
        self._outside = outside
        self._access = access
        self._page = page

    async def page(self, request: Any, session: Session) -> Any:
        label, found = await self._report(request, session, "page")
        report = self._outside.month_words
        parts = zip(report.tables, _PARTS, _lines(found), strict=True)
        return await self._page(
            "month.html",
            session,
            title=label,
            label=label,
            labels=self._labels(),
            report=report,
            month=found,
            parts=list(parts),
            people=[line.name for line in (*found.agents, *found.approvers)],
        )

    async def file(self, request: Any, session: Session) -> Any:
        label, found = await self._report(request, session, "csv")
        text = MARK + lines([MONTH_COLUMNS, *month_rows(label, found)])
        headers = {key.decode(): value.decode() for key, value in attached(f"month-{label}")}
        return Response(text, headers=headers, content_type=headers.pop("content-type"))

    async def _report(self, request: Any, session: Session, kind: str) -> tuple[str, Month]:
        label = request.args.get("month") or self._labels()[0]
        try:
            since, before = month(label)
        except ValueError:
            raise NotAsked(words("A month is written as a year and a month, 2026-10 for example.")) from None
        found = await asyncio.to_thread(self._outside.month, since, before)
        await self._access.record(session, AuditReported(month=label, format=kind))
        return label, found

    def _labels(self) -> Sequence[str]:
        """Newest first."""
        now = datetime.fromtimestamp(self._outside.clock() / 1000, BEIJING)
        months = (now.year * 12 + now.month - 1 - place for place in range(_LINKED))
        return [f"{one // 12}-{one % 12 + 1:02}" for one in months]


def _lines(found: Month) -> Iterator[Sequence[MonthLine]]:
    """In the order of `_PARTS`."""
    yield found.agents
    yield found.stocks
    yield found.approvers
