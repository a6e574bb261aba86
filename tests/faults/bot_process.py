"""The bot as its own process, so that it can be killed, frozen, and harmed from within."""

from __future__ import annotations

import asyncio
import json
import os
import signal
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


class BotProcess:
    """Started, killed and started again by one `preloaded_bot`; its log goes to one file."""

    def __init__(
        self, environ: Mapping[str, str], log: Path, preload: Mapping[str, str] | None = None
    ) -> None:
        self._preload = preload or {}
        needed = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        self._environ = needed | dict(environ)
        self._log = log
        self._starter: asyncio.subprocess.Process | None = None
        self._ended: asyncio.Task[int] | None = None
        self.pid = 0
        self.kills = 0

    async def open(self) -> None:
        """Loads the bot once."""
        self._starter = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.preloaded_bot",
            cwd=_ROOT,
            env={**os.environ, **self._preload},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def begin(self, **sabotage: Any) -> None:
        """Returns when it runs, long before it is ready. `sabotage`: see `sabotage.sabotage`."""
        assert self._starter is not None
        assert self._starter.stdin is not None
        order = {"environ": self._environ, "log": str(self._log), "sabotage": sabotage}
        self._starter.stdin.write(json.dumps(order).encode() + b"\n")
        self.pid = await self._line()
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
        assert self._starter.stdin is not None
        self._starter.stdin.close()
        await self._starter.wait()
        if self._ended is not None:
            await asyncio.wait({self._ended})

    async def _line(self) -> int:
        assert self._starter is not None
        assert self._starter.stdout is not None
        line = await self._starter.stdout.readline()
        return int(line) if line else -signal.SIGKILL


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
