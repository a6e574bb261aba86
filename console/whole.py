"""A whole view as a CSV file. Datasette's own stream of one counts through all rows before, page by page."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from datasette.utils.asgi import AsgiStream

from console.cells import MARK, attached, lines
from console.log_database import LogDatabase

#: The first column of each, newest first, and the ones by which the page's facets and addresses choose.
_SQL: Final = {
    "requests": "select * from requests where request < :below and {} order by request desc limit :limit",
    "events": "select * from events where seq < :below and {} order by seq desc limit :limit",
    "approvals": "select * from approvals where approval < :below and {} order by approval desc limit :limit",
}
_CHOSEN: Final = {
    "requests": ("state", "stock_id", "requester", "customer", "ticket", "problem"),
    "events": ("tag", "actor", "request"),
    "approvals": ("approver", "request"),
}
#: Of Datasette's parameters those that choose rows.
_NOT_OURS: Final = ("_where", "_search", "_next", "_sort", "_sort_desc", "_filter_column", "_size")
_AT_ONCE: Final = 5_000
_MOST: Final = 2**62


async def whole(database: LogDatabase, view: str, args: Any) -> Any:
    """None: it is asked for by something that only Datasette understands, which then makes the file."""
    chosen = {key: args.get(key) for key in args if not key.startswith("_")}
    if not set(chosen) <= set(_CHOSEN[view]) or any(key in args for key in _NOT_OURS):
        return None
    # The names are of the list above.
    sql = _SQL[view].format(" and ".join(f"{name} = :{name}" for name in chosen) or "1")

    async def write(writer: Any) -> None:
        below, first = _MOST, True
        while True:
            found = await database.execute(sql, {**chosen, "below": below, "limit": _AT_ONCE})
            if first:
                await writer.write(MARK + lines([found.columns]))
                first = False
            await writer.write(await asyncio.to_thread(lines, found.rows))
            if len(found.rows) < _AT_ONCE:
                return
            below = found.rows[-1][0]

    headers = {key.decode(): value.decode() for key, value in attached(f"log-{view}")}
    return AsgiStream(write, headers=headers, content_type=headers["content-type"])
