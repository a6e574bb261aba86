"""What is the same for everybody who looks: money, faults, audit; and where to sleep until it changes."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from sandbox.page.faults import FaultPanel
from sandbox.page.money import money
from sandbox.slack.errors import JSON
from sandbox.slack.running import Slack
from sandbox.wechatpay.stand_in import WeChatPay

Audit = Callable[[], Awaitable[JSON]]
AUDIT_SECONDS = 0.5


class News:
    """`version` grows with every change anywhere. `world` is the JSON of each shared event, by its name."""

    def __init__(self, slack: Slack, wechatpay: WeChatPay, panel: FaultPanel, audit: Audit) -> None:
        self.version = 0
        self.readers = 0
        self.closing = False
        self._slack = slack
        self._wechatpay = wechatpay
        self._panel = panel
        self._audit = audit
        self._audited = ""
        self._money: tuple[int, str] = (-1, "")
        self._ledger_version = 0
        self._next = asyncio.Event()

    def world(self) -> dict[str, str]:
        if self._money[0] != self._ledger_version:
            self._money = (self._ledger_version, dumps(money(self._wechatpay)))
        state = {"money": self._money[1], "faults": dumps(self._panel.json())}
        return {**state, "audit": self._audited} if self._audited else state

    def poke(self) -> None:
        self.version += 1
        self._next.set()
        self._next = asyncio.Event()

    def close(self) -> None:
        self.closing = True
        self.poke()

    async def newer(self, version: int) -> None:
        while self.version <= version:
            await self._next.wait()

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Look at all three sources while the block lasts. Raises what ended a look before that."""
        watches = (self._watch_slack(), self._watch_wechatpay(), self._watch_audit())
        watchers = [asyncio.create_task(watch) for watch in watches]
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            ended = await asyncio.gather(*watchers, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _watch_slack(self) -> None:
        while True:
            await self._slack.state.changes.newer(self._slack.state.changes.last)
            self.poke()

    async def _watch_wechatpay(self) -> None:
        while True:
            await self._wechatpay.ledger.next_change()
            self._ledger_version += 1
            self.poke()

    async def _watch_audit(self) -> None:
        """The audit log belongs to another process and tells nobody: it is asked, while somebody looks."""
        while True:
            if self.readers:
                audit = dumps(await self._audit())
                if audit != self._audited:
                    self._audited = audit
                    self.poke()
                await asyncio.sleep(AUDIT_SECONDS)
            else:
                await self.newer(self.version)


def dumps(value: object) -> str:
    """One line, as an event's data must be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
