"""`python -m benchmarks [--quick] [acks] [verify] [search] ...`: run those named, or all; print one table."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from benchmarks import (
    acks,
    batch,
    bulk,
    busy_minute,
    home,
    lifecycles,
    month,
    page,
    rules_try,
    search,
    sending,
    sends,
    verify,
)
from benchmarks.report import FULL, Load, Row, table
from storage.driver import sqlite3

#: Each by its name, in the order of the table.
BENCHMARKS: Mapping[str, Callable[[Load], Awaitable[list[Row]]]] = {
    "sends": sends.run,
    "sending": sending.run,
    "lifecycles": lifecycles.run,
    "acks": acks.run,
    "busy": busy_minute.run,
    "verify": verify.run,
    "search": search.run,
    "month": month.run,
    "rules": rules_try.run,
    "home": home.run,
    "bulk": bulk.run,
    "batch": batch.run,
    "page": page.run,
}


def main() -> None:
    """Exit status 0 when all ran, 1 when one failed, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, rough figures")
    asked = parser.parse_args()
    if strange := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {', '.join(strange)}; there are {', '.join(BENCHMARKS)}")
    load = FULL.tenth() if asked.quick else FULL
    try:
        rows = asyncio.run(_run(asked.names or list(BENCHMARKS), load))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - whatever it was, the sentence says it, and the status too
        print(f"\n{_sentence(error)}", file=sys.stderr)
        sys.exit(1)
    print(_machine())
    print()
    print(table(rows))


async def _run(names: Sequence[str], load: Load) -> list[Row]:
    task = asyncio.current_task()
    if task is not None:
        # As Ctrl-C does: whatever was started is stopped, and the folders are removed.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    rows: list[Row] = []
    for name in names:
        started = time.perf_counter()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        rows += await BENCHMARKS[name](load)
        print(f"{time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
    return rows


def _sentence(error: BaseException) -> str:
    """Of the first of those that failed together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _machine() -> str:
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, files in {tempfile.gettempdir()}"
    )


if __name__ == "__main__":
    main()
