"""Statements that people write, each run by a process of its own (console/statement_worker.py)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from console.driver import sqlite3
from console.statement import TooLong, refuse_joins
from coupons.worker_process import WorkerEnded, ask_worker

#: At the same time; whoever comes next waits for one of them to end.
_AT_ONCE: Final = 2
#: To start and to write the answer, beside the time for the statement itself.
_BESIDE_S: Final = 3.0


class ResultRow(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """As `sqlite3.Row`: by place and by name. A tuple, since Datasette writes those as JSON."""

    _names: Sequence[str]

    def __new__(cls, names: Sequence[str], cells: Sequence[Any]) -> Self:
        row = super().__new__(cls, cells)
        row._names = names
        return row

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self._names.index(key) if isinstance(key, str) else key)

    def keys(self) -> Sequence[str]:
        return self._names


class Apart:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(
        self, sql: str, params: Any, *, most: int | None, limit_s: float
    ) -> tuple[Sequence[str], Sequence[ResultRow]]:
        """As `statement.ask`. Raises TooLong, sqlite3.OperationalError."""
        # Known without a process.
        refuse_joins(sql)
        values = dict(params) if isinstance(params, Mapping) else list(params or ())
        asked = {"path": str(self._path), "sql": sql, "params": values, "most": most, "limit_s": limit_s}
        async with self._turn:
            try:
                said = await ask_worker(
                    "console.statement_worker", json.dumps(asked).encode(), limit_s=limit_s + _BESIDE_S
                )
            except WorkerEnded:
                raise TooLong from None
        # Line by line, so that other pages are answered meanwhile.
        return await asyncio.to_thread(_read, said)


def _read(said: bytes) -> tuple[Sequence[str], Sequence[ResultRow]]:
    head, *rows = said.splitlines()
    how = json.loads(head)
    if "too_long" in how:
        raise TooLong
    if "refused" in how:
        raise sqlite3.OperationalError(how["refused"])
    names = how["columns"]
    return names, [ResultRow(names, [_cell(cell) for cell in json.loads(row)]) for row in rows]


def _cell(cell: Any) -> Any:
    return bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell
