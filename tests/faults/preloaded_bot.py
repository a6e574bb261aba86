"""Starts the bot again and again without loading it again: `-m tests.faults.preloaded_bot`.

Each line on stdin is an order for one start; answered are its process id, and its exit status once it ended.
Each start is a process of its own, with its own files, locks and threads, that dies like any other; only
what the imports of a start take, most of a second, was done before by the process that it is forked from.
"""

from __future__ import annotations

import gc
import json
import os
import random
import select
import signal
import sys
from contextlib import suppress
from typing import Any

from bot.__main__ import main as run_bot
from tests.faults.sabotage import sabotage


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _become_bot(order: dict[str, Any]) -> None:
    """Does not return."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(0)
    os.environ.clear()
    os.environ.update(order["environ"])
    # A fork goes on with its parent's dice: two starts would draw the same.
    random.seed()
    sabotage(order.get("sabotage") or {})
    sys.argv = ["coupon-bot", "run"]
    status = 1
    try:
        run_bot()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Until stdin ends; what still runs then is killed."""
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        # The child alone holds the end that is written to, and so closes it by its death.
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            _become_bot(json.loads(line))
        os.close(write_end)
        _say(pid)
        ready, _, _ = select.select([read_end, sys.stdin], [], [])
        if read_end not in ready:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(read_end)
        _say(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
