"""The named queries, and the gate before each of Datasette's pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from datasette.utils.asgi import AsgiStream, Response

from console.address_checks import (
    AS_SQL,
    NotAsked,
    arguments_text,
    check_known,
    check_statement,
    check_view,
    parameters,
)
from console.canned_queries import NAMED
from console.csv_file import attached
from console.csv_stream import whole
from console.driver import sqlite3
from console.language import N_, words
from console.log_database import NAME, WRITTEN, LogDatabase, LogDatasette
from console.readable import VIEWS
from console.record_access import AccessRecord
from console.sessions import Session
from coupons.audit_events import AuditExported, AuditSearched
from coupons.audit_words import hide_openids
from coupons.encodings import MARK
from coupons.spreadsheet import lines

METADATA: Final = {
    "title": "Audit log",
    "databases": {
        NAME: {
            "allow_sql": {"sql": ["yes"]},
            "queries": {
                name: {"title": one.title, "description": one.about, "sql": one.sql, "hide_sql": True}
                for name, one in NAMED.items()
            },
            "tables": {
                "requests": {"title": N_("All requests"), "facets": ["state", "stock_id", "requester"]},
                "events": {"title": N_("All events")},
                "approvals": {"title": N_("All approvals"), "facets": ["approver"]},
            },
        }
    },
}
_PATH: Final = re.compile(rf"/{NAME}(?:/(?P<name>[a-z-]+))?(?P<kind>\.csv|\.json)?")
_AT_ONCE: Final = 2_000
#: Where somebody who may write SQL begins.
_SAMPLE: Final = "sql=select+*+from+requests+limit+50"

Send = Callable[[dict[str, Any]], Awaitable[None]]


class NoSuchPage(Exception):
    """Not one of those that are meant."""


class NoSql(Exception):
    """This person may not write SQL."""


class Queries:
    """`url`: where browsers reach the console."""

    def __init__(
        self, datasette: LogDatasette, database: LogDatabase, access: AccessRecord, url: str
    ) -> None:
        self._datasette = datasette
        self._database = database
        self._access = access
        self._host = urlsplit(url).netloc

    async def before(self, request: Any, path: str, session: Session) -> Any:
        """Our own answer; None: Datasette may answer.

        Raises NoSuchPage, NoSql, NotAsked, NotKept, and what the database does.
        """
        found = _PATH.fullmatch(path)
        if found is None or request.method not in {"GET", "HEAD"}:
            raise NoSuchPage
        name, kind, args = found["name"], found["kind"] or "", request.args
        if name is not None and name not in NAMED and name not in VIEWS:
            raise NoSuchPage
        if not session.sql and (name is None or AS_SQL in args):
            raise NoSql
        if name is None and not kind and not args.get("sql"):
            return Response.redirect(f"{NAME}?{_SAMPLE}", status=303)
        _check(name, args, sql=session.sql)
        # For all of this answer: the server gives each a task of its own.
        WRITTEN.set(name is None or AS_SQL in args)
        asked = hide_openids(f"{name or 'sql'} {arguments_text(args)}".strip(), None)
        payload = AuditExported if kind else AuditSearched
        await self._access.record(session, payload(words=asked, page=f"{name or 'sql'}{kind}"))
        if kind != ".csv":
            return None
        try:
            return await (whole(self._database, name, args) if name in VIEWS else self._file(name, args))
        except sqlite3.OperationalError as error:
            if name is None or AS_SQL in args:
                # Of somebody's own words, and so no trouble of the file's.
                raise NotAsked(words("There is no such file: {why}", why=error)) from error
            raise

    async def pass_on(self, app: Any, request: Any, session: Session, send: Send) -> None:
        """To Datasette, as somebody it knows by a cookie that never leaves this process."""
        actor = {"id": session.person, **({"sql": "yes"} if session.sql else {})}
        signed = self._datasette.sign({"a": actor}, "actor")
        headers = [(key, value) for key, value in request.scope["headers"] if key not in _NOT_PASSED]
        # It writes whole addresses, which a proxy may have had under another name.
        headers += [(b"cookie", f"ds_actor={signed}".encode()), (b"host", self._host.encode())]
        await app({**request.scope, "headers": headers}, request.receive, send)

    async def _file(self, name: str | None, args: Any) -> Any:
        """All rows: Datasette's own CSV of a query ends at what a page shows, and tells of no error."""
        sql = NAMED[name].sql if name else args["sql"]
        values = {key: args.get(key) or "" for key in parameters(sql)}
        found = await self._database.execute(sql, values)

        async def write(writer: Any) -> None:
            await writer.write(MARK + lines([found.columns]))
            for start in range(0, len(found.rows), _AT_ONCE):
                await writer.write(await asyncio.to_thread(lines, found.rows[start : start + _AT_ONCE]))

        headers = {key.decode(): value.decode() for key, value in attached(name or "sql")}
        return AsgiStream(write, headers=headers, content_type=headers["content-type"])


def _check(name: str | None, args: Any, *, sql: bool) -> None:
    if name is None:
        check_statement(args)
    elif name in NAMED:
        check_known(args, {"_stream", *NAMED[name].parameters})
    else:
        check_view(name, args, sql=sql)


_NOT_PASSED: Final = frozenset({b"cookie", b"authorization", b"host"})
