"""Starting and ending `writing_process`, and `locking_process` where the file alone is enough."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from tests.storage.records import ROOT


@contextmanager
def running(*arguments: object) -> Generator[subprocess.Popen[str]]:
    """Killed at the end, if it still runs."""
    name = "locking_process" if arguments[0] in {"lock", "count"} else "writing_process"
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.storage.{name}", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
