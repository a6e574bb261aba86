"""The bot as its own process, so that it can be killed, frozen, and harmed from within."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from sandbox.slack.running import Slack

_ROOT = Path(__file__).resolve().parents[2]
_SHOWN = 4_000
#: The exit status of a start that cannot do without what is missing.
_REFUSED = 2
#: No exit status, and no signal's number.
_STARTER_DIED = -1_000


class _Starter:
    """A process that has loaded the bot, and forks it once for each line that it gets."""

    def __init__(self, preload: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.preloaded_bot"],
            cwd=_ROOT,
            env={**os.environ, **preload},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.orders, self.answers = self._process.stdin, self._process.stdout

    def end(self) -> None:
        """With what still runs of it."""
        self.orders.close()
        self._process.wait()
        self.answers.close()


#: Loading takes a second: who is done with a starter leaves it to the next.
_IDLE: list[_Starter] = []


@atexit.register
def _end_idle() -> None:
    while _IDLE:
        _IDLE.pop().end()


class BotProcess:
    """Started, killed and started again by one `preloaded_bot`; its log goes to one file."""

    def __init__(
        self, environ: Mapping[str, str], log: Path, preload: Mapping[str, str] | None = None
    ) -> None:
        self._preload = preload or {}
        needed = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        self._environ = needed | dict(environ)
        self._log = log
        self._starter: _Starter | None = None
        self._answers = asyncio.StreamReader()
        self._transport: asyncio.ReadTransport | None = None
        self._ended: asyncio.Task[int] | None = None
        #: Between an order and its answer.
        self._orders = False
        self.pid = 0
        self.kills = 0

    async def open(self) -> None:
        """Loads the bot, unless one is loaded already."""
        self._starter = _IDLE.pop() if _IDLE and not self._preload else _Starter(self._preload)
        # This loop's own end of the pipe: the next one's is another.
        own = os.fdopen(os.dup(self._starter.answers.fileno()), "rb", buffering=0)
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._answers), own
        )

    async def begin(self, **sabotage: Any) -> None:
        """Returns when it runs, long before it is ready. `sabotage`: see `sabotage.sabotage`."""
        assert self._starter is not None
        order = {"environ": self._environ, "log": str(self._log), "sabotage": sabotage}
        self._orders = True
        self._starter.orders.write(json.dumps(order).encode() + b"\n")
        self.pid = await self._line()
        self._orders = False
        self._ended = asyncio.create_task(self._line())

    async def start(self, slack: Slack, **sabotage: Any) -> bool:
        """Returns once its socket is open; False: it died or refused to start, as it was ordered to."""
        await self.begin(**sabotage)
        async with asyncio.timeout(60):
            while not slack.sockets.links:
                if not self.runs:
                    assert sabotage, self.log[-_SHOWN:]
                    assert await self.ended() in {-signal.SIGKILL, _REFUSED}, self.log[-_SHOWN:]
                    return False
                await asyncio.sleep(0.005)
        return True

    @property
    def runs(self) -> bool:
        return self._ended is not None and not self._ended.done()

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    async def ended(self, within_s: float = 60.0) -> int:
        """Its exit status, once it has ended."""
        assert self._ended is not None
        return await asyncio.wait_for(asyncio.shield(self._ended), within_s)

    async def kill(self) -> None:
        """SIGKILL: nothing of it runs any more, nothing was tidied up."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        self.signal(signal.SIGTERM)
        return await self.ended(40.0)

    def signal(self, number: signal.Signals) -> None:
        """Nothing, where it has ended already."""
        if self.runs:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def close(self) -> None:
        """Whatever still runs is killed."""
        if self._starter is None:
            return
        is_as_before = not self._preload and not self._orders
        if is_as_before and self._ended is not None:
            self.signal(signal.SIGKILL)
            is_as_before = await self.ended() != _STARTER_DIED
        if is_as_before:
            _IDLE.append(self._starter)
        else:
            await asyncio.to_thread(self._starter.end)
        if self._ended is not None:
            await asyncio.wait({self._ended})
        assert self._transport is not None
        self._transport.close()

    async def _line(self) -> int:
        line = await self._answers.readline()
        return int(line) if line else _STARTER_DIED


@asynccontextmanager
async def bot_process(
    environ: Mapping[str, str], log: Path, preload: Mapping[str, str] | None = None
) -> AsyncGenerator[BotProcess]:
    """Loaded, and not started yet; nothing of it runs any more afterwards.

    `preload`: environment of the process that all its starts are forked from.
    """
    bot = BotProcess(environ, log, preload)
    await bot.open()
    try:
        yield bot
    finally:
        await bot.close()
