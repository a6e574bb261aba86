"""A process that knows of the file and of nothing of ours: `-m tests.storage.locking_process HOW PATH`."""

from __future__ import annotations

import sys
from pathlib import Path

from storage.driver import sqlite3


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def hold_write_lock(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("begin immediate")
    say("held")
    sys.stdin.readline()
    connection.execute("rollback")
    connection.close()
    say("let go")


def count_requests(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    [count] = connection.execute("select count(*) from request").fetchone()
    connection.close()
    say(str(count))


if __name__ == "__main__":
    {"lock": hold_write_lock, "count": count_requests}[sys.argv[1]](Path(sys.argv[2]))
