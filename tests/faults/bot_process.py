"""The bot as its own process, so that it can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.slack.running import Slack
from tests.world import until


class BotProcess:
    """Started, killed and started again; its log goes to one file."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        self._environ = kept | dict(environ)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.kills = 0

    async def start(self, slack: Slack) -> None:
        """Returns once its socket is open."""
        with self._log.open("ab") as lines:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self._environ, stderr=lines
            )

        def connected() -> bool | None:
            assert self._process is not None
            assert self._process.returncode is None, self._log.read_text()[-4000:]
            return bool(slack.sockets.links) or None

        await until(connected, within_s=30.0)

    async def kill(self) -> None:
        """SIGKILL: nothing of it runs any more, nothing was tidied up."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        self.kills += 1

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), 40.0)

    def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
