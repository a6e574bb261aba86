"""Bulk files, each read by a process of its own (handlers/bulk/reading_worker.py)."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from coupons.catalogue import Catalogue
from coupons.worker_process import WorkerEnded, ask_worker
from handlers.bulk import file_json
from handlers.bulk.bulk_file import MOST_BYTES, MOST_LINES, BulkFile, FileRefused, FormValues, WholeFile
from handlers.bulk.line_words import ANY_WORDS, LineWords

#: Fifty thousand lines take a few seconds on a quiet machine.
_LIMIT_S: Final = 60.0


class BulkReader:
    """One file at a time: whoever comes next waits."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        wanted: LineWords = ANY_WORDS,
        most_lines: int = MOST_LINES,
        limit_s: float = _LIMIT_S,
    ) -> None:
        self._catalogue = catalogue
        self._wanted = wanted
        self._most_lines = most_lines
        self._limit_s = limit_s
        self._turn = asyncio.Semaphore(1)

    async def read(self, raw: bytes, form: FormValues) -> BulkFile:
        """Raises FileRefused; TOO_MUCH_WORK where reading took more time or memory than it may."""
        if len(raw) > MOST_BYTES:
            raise FileRefused(WholeFile.TOO_BIG, limit=MOST_BYTES)
        asked = {
            "stocks": [(stock.stock_id, stock.alias, stock.value_fen) for stock in self._catalogue],
            "words": self._wanted.dump(),
            "stock_id": form.stock.stock_id if form.stock else "",
            "reason": form.reason,
            "ticket": form.ticket,
            "most_lines": self._most_lines,
        }
        async with self._turn:
            try:
                said = await ask_worker(
                    "handlers.bulk.reading_worker",
                    json.dumps(asked).encode() + b"\n" + raw,
                    limit_s=self._limit_s,
                )
            except WorkerEnded:
                raise FileRefused(WholeFile.TOO_MUCH_WORK) from None
        # Line by line, so that commands are answered meanwhile.
        return await asyncio.to_thread(file_json.load, said.splitlines(), self._catalogue)
