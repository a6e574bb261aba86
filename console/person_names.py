"""Names of people beside their Slack ids, as far as Slack tells them in time; nothing of them is stored."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from console.ports import Outside

#: Columns of tables and of named queries that hold ids of people.
COLUMNS: Final = frozenset({"requester", "approver", "approvers", "actor", "closed_by"})
_ID: Final = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
#: A page waits no longer for all of its names together.
_PATIENCE_S: Final = 1.0
_LASTS_MS: Final = 3_600_000
#: Until one whom Slack did not tell, or not in time, is asked for again: no page after this one waits, too.
_SILENT_MS: Final = 60_000
_MOST_ASKED: Final = 100
_MOST_KEPT: Final = 5_000
_LONGEST: Final = 60


class People:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        #: By id until when it is good, in UTC milliseconds, and the name; empty: Slack did not tell it.
        self._names: dict[str, tuple[int, str]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    def shown_as(self, person: object) -> str:
        """`Li Ming (U0LI)`; as it is, when no name is known."""
        name = self._names.get(str(person), (0, ""))[1]
        return f"{name} ({person})" if name else str(person)

    async def learn(self, ids: Iterable[object]) -> str:
        """Asks Slack for those that are not known, all at once. Raises nothing; empty, for templates."""
        now = self._outside.clock()
        unknown = {one for one in map(str, ids) if _ID.fullmatch(one) and not self._is_known(one, now)}
        if not unknown:
            return ""
        if len(self._names) > _MOST_KEPT:
            self._names.clear()
        asked = [asyncio.create_task(self._ask(one, now)) for one in sorted(unknown)[:_MOST_ASKED]]
        self._asking.update(asked)
        for task in asked:
            task.add_done_callback(self._asking.discard)
        # Who comes later is there on the next page.
        await asyncio.wait(asked, timeout=_PATIENCE_S)
        return ""

    async def learn_cells(
        self, columns: Sequence[str], rows: Iterable[Any], facets: Mapping[str, Any] | None = None
    ) -> str:
        """As `learn`, for what Datasette shows."""
        places = [place for place, column in enumerate(columns) if column in COLUMNS]
        ids = [row[place] for row in rows for place in places]
        for facet in (facets or {}).values():
            if facet["name"] in COLUMNS:
                ids += [result["value"] for result in facet["results"]]
        return await self.learn(ids)

    def _is_known(self, one: str, now: int) -> bool:
        until, _ = self._names.get(one, (0, ""))
        return now < until <= now + _LASTS_MS

    async def _ask(self, one: str, now: int) -> None:
        _, old = self._names.get(one, (0, ""))
        self._names[one] = (now + _SILENT_MS, old)
        name = await self._outside.name(one)
        if name:
            self._names[one] = (now + _LASTS_MS, _plain(name))


def _plain(name: str) -> str:
    """Whatever people call themselves, it stands on one line and turns nothing around."""
    shown = "".join(char if char.isprintable() else " " for char in name)
    return " ".join(shown.split())[:_LONGEST]
