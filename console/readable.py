"""What may be read of the bot's file, column by column: everything else is denied as SQLite compiles it.

Without Datasette, so that a process that runs one statement starts quickly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from console.driver import sqlite3

#: Of this connection alone; nothing of them stands in the bot's file. Beijing is UTC+8.
VIEWS: Final[Mapping[str, str]] = {
    "requests": """
create temp view requests as
select id as request, state || '' as state,
    strftime('%Y-%m-%d %H:%M:%S', created_at / 1000 + 28800, 'unixepoch') as asked_at_beijing,
    requester, customer, stock_id || '' as stock_id, stock_name, value_fen, ticket, reason, approvals_needed,
    strftime('%Y-%m-%d %H:%M:%S', closed_at / 1000 + 28800, 'unixepoch') as closed_at_beijing,
    closed_by, decline_reason, problem, coupon_code, attempts, out_request_no, batch,
    batch_row
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

#: By which their pages are narrowed; the first is the one they are ordered by.
VIEW_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "requests": (
        *("request", "state", "asked_at_beijing", "requester", "customer", "stock_id", "stock_name"),
        *("value_fen", "ticket", "reason", "approvals_needed", "closed_at_beijing", "closed_by"),
        *("decline_reason", "problem", "coupon_code", "attempts", "out_request_no", "batch"),
        "batch_row",
    ),
    "events": ("seq", "at_beijing", "tag", "actor", "request", "detail"),
    "approvals": ("approval", "request", "approver", "at_beijing"),
}

#: None: every column. No openid stands in any of these.
READABLE: Final[Mapping[str, frozenset[str] | None]] = {
    "event": None,
    "approval": None,
    "batch_approval": None,
    "coupon_state": None,
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
            "batch",
            "batch_row",
            "undoes",
            "undone_by",
        }
    ),
}
#: Whatever is named behind one of these is a table to be told of, and nothing that is set.
_PRAGMAS: Final = frozenset({"table_info", "table_xinfo", "foreign_key_list", "index_list", "index_info"})
_NO_FUNCTIONS: Final = frozenset(
    {
        "load_extension",
        "fts3_tokenizer",
        "writefile",
        "readfile",
        "edit",
        # A text of a gigabyte, in one step.
        "zeroblob",
        "randomblob",
    }
)
_CONNECT_S: Final = 5.0
_TAKEN: Final = "select name from main.sqlite_master union select name from temp.sqlite_master"


def connect(path: Path) -> Any:
    """A connection that can neither write nor read more than is meant."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=_CONNECT_S)
    connection.execute("pragma temp_store = memory")
    connection.execute("pragma trusted_schema = off")
    for view in VIEWS.values():
        connection.execute(view)
    connection.execute("pragma query_only = on")
    taken = [*connection.execute(_TAKEN), *connection.execute("pragma module_list")]
    connection.set_authorizer(Authorizer(name for (name,) in taken))
    return connection


class Authorizer:
    """SQLite's question before each thing that a statement would do
    (https://www.sqlite.org/c3ref/set_authorizer.html).

    It is not asked for the columns of USING and of NATURAL: console/statement.py sees to those. `taken`: the
    names of tables, which no common table expression may have.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(map(str.lower, taken))

    def __call__(self, action: int, first: str | None, second: str | None, *_where: str | None) -> int:
        if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}:
            allowed = True
        elif action == sqlite3.SQLITE_READ:
            allowed = self._may_read(first or "", second or "")
        elif action == sqlite3.SQLITE_FUNCTION:
            allowed = (second or "").lower() not in _NO_FUNCTIONS
        elif action == sqlite3.SQLITE_PRAGMA:
            allowed = (first or "").lower() in _PRAGMAS
        else:
            allowed = False
        return int(sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY)

    def _may_read(self, table: str, column: str) -> bool:
        if table in READABLE:
            columns = READABLE[table]
            return columns is None or column in columns
        # Of a common table expression SQLite names no column; neither does it of a table whose rows are
        # only counted.
        name = table.lower()
        return not column and name not in self._taken and not name.startswith(("sqlite_", "pragma_"))
