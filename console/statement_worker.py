"""`python -m console.statement_worker`: one statement that a person wrote, asked on stdin, told on stdout.

A process of its own, because a single step of SQLite's (`instr` of two long texts) can take minutes and
listens to nobody: only a process can be ended at any moment, and be given no more memory than it may have. It
has nothing of the console's: no token, no session.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from console.driver import sqlite3
from console.readable import connect
from console.statement import TooLong, ask
from coupons.worker_limits import limit_worker

_MEMORY: Final = 768 * 2**20
#: Of an answer, in characters: the console keeps it whole for a moment.
_MOST: Final = 16 * 2**20
_NUMBER: Final = 8
_BESIDE_S: Final = 2


def main() -> None:
    asked = json.load(sys.stdin)
    limit_worker(memory=_MEMORY, cpu_s=int(asked["limit_s"]) + _BESIDE_S)
    for line in _lines(asked):
        sys.stdout.write(json.dumps(line) + "\n")


def _lines(asked: Mapping[str, Any]) -> Iterable[Any]:
    """First how it went, then the rows."""
    try:
        connection = connect(Path(asked["path"]))
        connection.text_factory = _text
        columns, rows = ask(
            connection, asked["sql"], asked["params"], most=asked["most"], limit_s=asked["limit_s"]
        )
    except TooLong:
        return [{"too_long": True}]
    except MemoryError:
        return [{"refused": "it needs too much memory; ask for less"}]
    except sqlite3.Error as error:
        return [{"refused": str(error)}]
    cells = itertools.chain.from_iterable(rows)
    if sum(len(cell) if isinstance(cell, (str, bytes)) else _NUMBER for cell in cells) > _MOST:
        return [{"refused": f"the answer is longer than {_MOST >> 20} million characters; ask for less"}]
    return itertools.chain([{"columns": columns}], ([_cell(cell) for cell in row] for row in rows))


def _text(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _cell(cell: Any) -> Any:
    return {"hex": cell.hex()} if isinstance(cell, bytes) else cell


if __name__ == "__main__":
    main()
