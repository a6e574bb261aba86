"""The bot's live file as Datasette sees it: nothing can be written, and of the rows only what is meant.

What may be read is listed column by column, and everything else is denied by SQLite itself as it compiles a
statement: whoever may write SQL gets no further than the named queries do.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, Final

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted, Results

from console.readable import VIEWS, connect
from console.statement import TooLong, ask
from console.statement_process import Apart

NAME: Final = "log"

#: Whether what is answered now has SQL in it that a person wrote.
WRITTEN: Final[ContextVar[bool]] = ContextVar("written", default=False)

#: A view's rows are counted where that needs no look at each: the whole log is large.
_COUNTS: Final[Mapping[str, str]] = {
    "select count(*) from events": "select coalesce(max(seq), 0) from main.event",
    "select count(*) from requests": "select count(*) from main.request",
    "select count(*) from approvals": "select count(*) from main.approval",
}


#: Of its own, many times for one page, with nothing of a person's in it.
_DATASETTES: Final = frozenset(
    {"select name from sqlite_master where type in ('table', 'view') and name = ? collate nocase"}
)


class LogDatabase(Database):  # type: ignore[misc]  # datasette has no types
    """Raises sqlite3.DatabaseError for whatever is not meant to be read, or would write."""

    def __init__(self, datasette: Datasette, path: Path) -> None:
        super().__init__(datasette, path=str(path), is_mutable=True)
        self._apart = Apart(path)

    def connect(self, write: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - Datasette's signature
        """The same connection whether Datasette wants to write or not: it cannot."""
        connection = connect(Path(self.path))
        self._all_file_connections.append(connection)
        return connection

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,  # noqa: FBT001, FBT002 - Datasette's signature, as the next
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = True,  # noqa: ARG002, FBT001, FBT002
    ) -> Results:
        """Everything that is read goes through here. Raises QueryInterrupted, sqlite3.OperationalError.

        Unlike Datasette's it never prints a failing statement, which has people's values in it.
        """
        sql = _COUNTS.get(sql.strip(), sql)
        most = self.ds.max_returned_rows
        most += most == page_size
        limit_ms = min(self.ds.sql_time_limit_ms, custom_time_limit or self.ds.sql_time_limit_ms)
        least, limit_s = most + 1 if truncate else None, limit_ms / 1000
        try:
            if WRITTEN.get() and sql not in _DATASETTES:
                columns, rows = await self._apart.ask(sql, params, most=least, limit_s=limit_s)
            else:
                run = partial(ask, sql=sql, params=params, most=least, limit_s=limit_s)
                columns, rows = await self.execute_fn(run)
        except TooLong as error:
            raise QueryInterrupted(error, sql, params) from error
        truncated = truncate and len(rows) > most
        return Results(rows[:most] if truncated else rows, truncated, [(name,) for name in columns])

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
