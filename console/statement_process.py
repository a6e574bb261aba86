"""Statements that people write, each run by a process of its own (console/statement_worker.py)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from console.driver import sqlite3
from console.statement import TooLong, refuse_joins

#: At the same time; whoever comes next waits for one of them to end.
_AT_ONCE: Final = 2
#: To start and to write the answer, beside the time for the statement itself.
_BESIDE_S: Final = 3.0


class ResultRow(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """As `sqlite3.ResultRow`: by place and by name. A tuple, since Datasette writes those as JSON."""

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
            said = await _run(json.dumps(asked).encode(), limit_s + _BESIDE_S)
        # Line by line, so that other pages are answered meanwhile.
        return await asyncio.to_thread(_read, said)


async def _run(asked: bytes, limit_s: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "console.statement_worker",
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        # Where our modules are, and nothing else: the token stands in the environment.
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(asked), limit_s)
    except TimeoutError:
        raise TooLong from None
    finally:
        await _end(process)
    if process.returncode != 0:
        # The system ended it, for the processor's time that it took or for its memory.
        raise TooLong
    return said


def _read(said: bytes) -> tuple[Sequence[str], Sequence[ResultRow]]:
    head, *rows = said.splitlines()
    how = json.loads(head)
    if "too_long" in how:
        raise TooLong
    if "refused" in how:
        raise sqlite3.OperationalError(how["refused"])
    names = how["columns"]
    return names, [ResultRow(names, [_cell(cell) for cell in json.loads(row)]) for row in rows]


async def _end(process: Process) -> None:
    """Also when the server is stopped: nobody waits for a statement."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _cell(cell: Any) -> Any:
    return bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell
