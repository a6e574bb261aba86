"""All rows of a view as a CSV file, with the filters of its page. Datasette's own CSV stream is not used: for
each page it counts through all rows before, and after an error it ends as if it were complete."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from datasette.utils.asgi import AsgiStream

from console.address_checks import AS_SQL, chosen
from console.csv_file import attached
from console.log_database import LogDatabase
from coupons.encodings import MARK
from coupons.spreadsheet import lines

#: Newest first. A condition stands on a line of its own: one that ends in a comment hides nothing of ours.
_SQL: Final = {
    "requests": "select * from requests where request < :below and (\n{}\n) order by request desc",
    "events": "select * from events where seq < :below and (\n{}\n) order by seq desc",
    "approvals": "select * from approvals where approval < :below and (\n{}\n) order by approval desc",
}
_BATCH: Final = " limit :limit"
_AT_ONCE: Final = 5_000
_MOST: Final = 2**62


async def whole(database: LogDatabase, view: str, args: Any) -> Any:
    """Raises NotAsked, QueryInterrupted, sqlite3.OperationalError."""
    conditions, values = chosen(view, args)
    # Names are of our list; a condition with SQL in it is of somebody who may write it.
    narrowed = " and ".join([*conditions, *args.getlist(AS_SQL)]) or "1"
    sql = _SQL[view].format(narrowed) + _BATCH

    async def batch(below: int) -> Any:
        return await database.execute(sql, {**values, "below": below, "limit": _AT_ONCE})

    # Before the answer begins, so that what cannot be read is told in a sentence.
    first = await batch(_MOST)

    async def write(writer: Any) -> None:
        found = first
        await writer.write(MARK + lines([found.columns]))
        while True:
            await writer.write(await asyncio.to_thread(lines, found.rows))
            if len(found.rows) < _AT_ONCE:
                return
            found = await batch(found.rows[-1][0])

    headers = {key.decode(): value.decode() for key, value in attached(f"log-{view}")}
    return AsgiStream(write, headers=headers, content_type=headers["content-type"])
