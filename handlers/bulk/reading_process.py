"""Bulk files, each read by a process of its own (handlers/bulk/reading_worker.py)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Final

from coupons.catalogue import Catalogue
from handlers.bulk import file_json
from handlers.bulk.bulk_file import BulkFile, FileRefused, FormValues, WholeFile
from handlers.bulk.reading import MOST_BYTES, MOST_LINES

#: Fifty thousand lines take a few seconds on a quiet machine.
_LIMIT_S: Final = 60.0


class BulkReader:
    """One file at a time: whoever comes next waits."""

    def __init__(
        self, catalogue: Catalogue, *, most_lines: int = MOST_LINES, limit_s: float = _LIMIT_S
    ) -> None:
        self._catalogue = catalogue
        self._most_lines = most_lines
        self._limit_s = limit_s
        self._turn = asyncio.Semaphore(1)

    async def read(self, raw: bytes, form: FormValues) -> BulkFile:
        """Raises FileRefused; TOO_MUCH_WORK where reading took more time or memory than it may."""
        if len(raw) > MOST_BYTES:
            raise FileRefused(WholeFile.TOO_BIG, limit=MOST_BYTES)
        asked = {
            "stocks": [(stock.stock_id, stock.alias) for stock in self._catalogue],
            "stock_id": form.stock.stock_id if form.stock else "",
            "reason": form.reason,
            "ticket": form.ticket,
            "most_lines": self._most_lines,
        }
        async with self._turn:
            said = await self._run(json.dumps(asked).encode() + b"\n" + raw)
        # Line by line, so that commands are answered meanwhile.
        return await asyncio.to_thread(file_json.load, said.splitlines(), self._catalogue)

    async def _run(self, asked: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "handlers.bulk.reading_worker",
            stdin=PIPE,
            stdout=PIPE,
            # What a library says when it gives up names cells of the file.
            stderr=DEVNULL,
            # Where our modules are, and nothing else: tokens and keys stand in the environment.
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(asked), self._limit_s)
        except TimeoutError:
            raise FileRefused(WholeFile.TOO_MUCH_WORK) from None
        finally:
            await _end(process)
        if process.returncode != 0:
            # The system ended it, for the processor's time that it took or for its memory.
            raise FileRefused(WholeFile.TOO_MUCH_WORK)
        return said


async def _end(process: Process) -> None:
    """Also when the bot is stopped: nobody waits for a file."""
    if process.returncode is None:
        process.kill()
        await process.wait()
