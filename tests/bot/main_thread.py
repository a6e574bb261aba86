"""Commands that hear signals, run in this process: a Python of its own takes longer than they do."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from threading import Thread, Timer
from typing import TypeVar

from click.testing import CliRunner

from bot.cli.main import cli

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended by itself."""

    status: int
    #: On stderr.
    lines: list[str]
    out: str = ""


def run_here(words: Sequence[str], environ: Mapping[str, str | None]) -> Ended:
    """Run to its end, which must come by itself. None in `environ`: as if it had never been set."""
    # It hears the signal, as a process would, and ends with another status.
    too_long = Timer(20.0, os.kill, (os.getpid(), signal.SIGTERM))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    too_long.start()
    try:
        result = CliRunner().invoke(cli, list(words), env=environ, prog_name="coupon-bot")
    finally:
        too_long.cancel()
        root.handlers[:], root.level = handlers, level
        logging.captureWarnings(capture=False)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ended(result.exit_code, result.stderr.splitlines(), result.stdout)


@contextmanager
def beside(opening: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Open in a thread: the command must have this one, where signals arrive."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        opened = asyncio.run_coroutine_threadsafe(opening.__aenter__(), loop).result(30.0)
        try:
            yield opened
        finally:
            asyncio.run_coroutine_threadsafe(opening.__aexit__(None, None, None), loop).result(30.0)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
