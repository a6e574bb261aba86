"""Work that must not hold up or harm its caller, in a process of its own: asked on stdin, told on stdout.

Only a process can be ended at any moment, and be given no more memory and time than it may have. It has
nothing of its caller's: no token, no key, no session.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process


class WorkerEnded(Exception):
    """It took more time or memory than it may; there is no answer."""


async def ask_worker(module: str, asked: bytes, *, limit_s: float) -> bytes:
    """What `python -m module` says to `asked`. Raises WorkerEnded."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=PIPE,
        stdout=PIPE,
        # What a library says when it gives up may name what it was given.
        stderr=DEVNULL,
        # Where our modules are, and nothing else: tokens and keys stand in the environment.
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        answer, _ = await asyncio.wait_for(process.communicate(asked), limit_s)
    except TimeoutError:
        raise WorkerEnded from None
    finally:
        await _end(process)
    if process.returncode != 0:
        # The system ended it, for the processor's time that it took or for its memory.
        raise WorkerEnded
    return answer


async def _end(process: Process) -> None:
    """Also when the caller is stopped: nobody waits for it."""
    if process.returncode is None:
        process.kill()
        await process.wait()
