"""The bot's live file as Datasette sees it: nothing can be written, and of the rows only what is meant.

What may be read is listed column by column, and everything else is denied by SQLite itself as it compiles a
statement: whoever may write SQL gets no further than the named queries do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from datasette.app import Datasette
from datasette.database import Database
from datasette.utils.sqlite import sqlite3

NAME: Final = "log"

#: Of this connection alone; nothing of them stands in the bot's file. Beijing is UTC+8.
VIEWS: Final[Mapping[str, str]] = {
    "requests": """
create temp view requests as
select id as request, state || '' as state,
    strftime('%Y-%m-%d %H:%M:%S', created_at / 1000 + 28800, 'unixepoch') as asked_at_beijing,
    requester, customer, stock_id || '' as stock_id, stock_name, value_fen, ticket, reason, approvals_needed,
    strftime('%Y-%m-%d %H:%M:%S', closed_at / 1000 + 28800, 'unixepoch') as closed_at_beijing,
    closed_by, decline_reason, problem, coupon_code, attempts, out_request_no
from main.request
order by id desc
""",
    "events": """
create temp view events as
select seq, strftime('%Y-%m-%d %H:%M:%S', ts / 1000 + 28800, 'unixepoch') as at_beijing,
    tag, actor, request_id as request, body ->> '$.detail' as detail
from main.event
order by seq desc
""",
    "approvals": """
create temp view approvals as
select approval.id as approval, approval.request_id as request, approver,
    strftime('%Y-%m-%d %H:%M:%S', at / 1000 + 28800, 'unixepoch') as at_beijing
from main.approval
order by approval.id desc
""",
}

#: None: every column. No openid stands in any of these.
_READABLE: Final[Mapping[str, frozenset[str] | None]] = {
    "event": None,
    "approval": None,
    "pause": None,
    "requests": None,
    "events": None,
    "approvals": None,
    # What the file is made of, which is public.
    "sqlite_master": None,
    "sqlite_temp_master": None,
    # The body that was sent to WeChat Pay holds the openid.
    "request": frozenset(
        {
            "",
            "ROWID",
            "id",
            "state",
            "out_request_no",
            "requester",
            "customer",
            "stock_id",
            "stock_name",
            "value_fen",
            "reason",
            "approvals_needed",
            "created_at",
            "expires_at",
            "attempts",
            "closed_by",
            "decline_reason",
            "problem",
            "coupon_code",
            "closed_at",
            "ticket",
            "rule",
            "raised",
            "duplicate_of",
            "follows",
            "unknown_at",
        }
    ),
}
#: A view's rows are counted where that needs no look at each: the whole log is large.
_COUNTS: Final[Mapping[str, str]] = {
    "select count(*) from events": "select coalesce(max(seq), 0) from main.event",
    "select count(*) from requests": "select count(*) from main.request",
    "select count(*) from approvals": "select count(*) from main.approval",
}
_PRAGMAS: Final = frozenset(
    {
        "table_info",
        "table_xinfo",
        "foreign_key_list",
        "index_list",
        "index_info",
        "schema_version",
        "cache_size",
    }
)
_NO_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer", "writefile", "readfile", "edit"})
_CONNECT_S: Final = 5.0


class LogDatabase(Database):  # type: ignore[misc]  # datasette has no types
    """Raises sqlite3.DatabaseError for whatever is not meant to be read, or would write."""

    def __init__(self, datasette: Datasette, path: Path) -> None:
        super().__init__(datasette, path=str(path), is_mutable=True)

    def connect(self, write: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - Datasette's signature
        """The same connection whether Datasette wants to write or not: it cannot."""
        uri = f"{Path(self.path).absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=_CONNECT_S)
        connection.execute("pragma temp_store = memory")
        connection.execute("pragma trusted_schema = off")
        for view in VIEWS.values():
            connection.execute(view)
        connection.execute("pragma query_only = on")
        connection.set_authorizer(authorize)
        self._all_file_connections.append(connection)
        return connection

    async def execute(self, sql: str, params: Any = None, **options: Any) -> Any:
        """Like Datasette's, which would print a failing statement with its values."""
        sql = _COUNTS.get(sql.strip(), sql)
        return await super().execute(sql, params, **{**options, "log_sql_errors": False})

    async def table_names(self) -> list[str]:
        return []

    async def table_exists(self, _table: str) -> bool:
        return False

    async def hidden_table_names(self) -> list[str]:
        return []

    async def view_names(self) -> list[str]:
        return list(VIEWS)

    async def get_view_definition(self, view: str) -> str | None:
        return VIEWS.get(view)

    async def get_table_definition(self, _table: str, _type: str = "table") -> None:
        return None

    async def foreign_keys_for_table(self, _table: str) -> list[Any]:
        return []

    async def fts_table(self, _table: str) -> None:
        return None


class LogDatasette(Datasette):  # type: ignore[misc]  # datasette has no types
    """One that keeps no catalogue of the file's tables: they are not to be looked through."""

    async def refresh_schemas(self) -> None:
        return


def authorize(action: int, first: str | None, second: str | None, *_where: str | None) -> int:
    """SQLite's question before each thing that a statement would do
    (https://www.sqlite.org/c3ref/set_authorizer.html)."""
    if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}:
        allowed = True
    elif action == sqlite3.SQLITE_READ:
        allowed = _may_read(first or "", second or "")
    elif action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() not in _NO_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (first or "").lower() in _PRAGMAS
    else:
        allowed = False
    return int(sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY)


def _may_read(table: str, column: str) -> bool:
    if table not in _READABLE:
        return False
    columns = _READABLE[table]
    return columns is None or column in columns
