"""A process of its own, to be killed or to stand in the way: `-m tests.storage.writing_process HOW PATH`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from storage.ledger import SqliteLedger
from tests.storage.records import create, open_ledger


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def write_for_ever(path: Path, start: str) -> None:
    """One line for each write that returned."""
    ledger = open_ledger(path)

    async def one(ledger: SqliteLedger, number: str) -> None:
        await ledger.write(lambda tx: create(tx, number))
        say(number)

    count = 0
    while True:
        await asyncio.gather(*(one(ledger, f"{start}-{count + k}") for k in range(20)))
        count += 20


async def hold_ledger(path: Path) -> None:
    ledger = open_ledger(path)
    say("open")
    await asyncio.to_thread(sys.stdin.readline)
    await ledger.close()


if __name__ == "__main__":
    how, file = sys.argv[1], Path(sys.argv[2])
    if how == "write":
        asyncio.run(write_for_ever(file, sys.argv[3]))
    elif how == "ledger":
        asyncio.run(hold_ledger(file))
