"""Whole requests: typed command, card, approving click, sent by WeChat Pay, told in thread and message."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict

from benchmarks.limits import durable_commit_seconds
from benchmarks.report import Load, Row
from benchmarks.running_bot import (
    APPROVAL_CHANNEL,
    APPROVER,
    REQUESTER,
    STOCK,
    SUPPORT_CHANNEL,
    RunningBot,
    openid,
    running_bot,
)
from sandbox.slack import Message, Slack

#: People at their screens at the same time.
_AT_ONCE = 32
#: With nothing new in Slack for so long, something is stuck.
_STUCK_S = 30.0
_SENT = re.compile(r"equest #([0-9]+) is sent\b")
_NUMBER = re.compile(r"#([0-9]+)")


async def run(load: Load) -> list[Row]:
    """Many at a time, and one at a time."""
    async with running_bot() as bot:
        commits = durable_commit_seconds(bot.folder, load.limit_seconds)
        commit_s = sum(commits) / len(commits)
        alone = max(load.requests // 10, 3)
        alone_s = await _live(bot, range(alone), at_once=1) / alone
        many_s = await _live(bot, range(alone, alone + load.requests), at_once=_AT_ONCE) / load.requests
        _check(bot, alone + load.requests)
    return [
        Row("lifecycles, many at a time", 1 / many_s, "/s", 1 / commit_s, "durable commits, one by one"),
        Row("lifecycles, one at a time", alone_s * 1000, "ms", commit_s * 1000, "one durable commit"),
    ]


async def _live(bot: RunningBot, customers: range, *, at_once: int) -> float:
    """Seconds until the last of them is told."""
    screens = _Screens(bot.slack)
    waiting = iter(customers)

    async def people() -> None:
        for customer in waiting:
            await _one(bot.slack, screens, customer)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        # When nothing moves any more it raises, and so ends those who wait.
        watching = group.create_task(screens.watch())
        await asyncio.gather(*(group.create_task(people()) for _ in range(at_once)))
        elapsed = time.perf_counter() - started
        watching.cancel()
    return elapsed


async def _one(slack: Slack, screens: _Screens, customer: int) -> None:
    typed = f"/coupon send {openid(customer)} {STOCK} parcel four days late"
    answer = await slack.person(REQUESTER).command(SUPPORT_CHANNEL, typed)
    found = _NUMBER.search(answer.text)
    if answer.error or found is None:
        raise RuntimeError(f"a request was not taken: {answer.error or answer.text}")
    number = found[1]
    await screens.cards[number].wait()
    await slack.person(APPROVER).click(APPROVAL_CHANNEL, screens.ts[number], "approve_request")
    await screens.replies[number].wait()
    await screens.notices[number].wait()


class _Screens:
    """What people see appear, by the request's number. One pair of eyes for all keeps watching cheap."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self.ts: dict[str, str] = {}
        self.cards: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.replies: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.notices: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def watch(self) -> None:
        """Until cancelled. Raises TimeoutError when nothing moves any more."""
        changes = self._slack.state.changes
        seen = changes.last
        while True:
            seen = await self._after(seen)

    async def _after(self, seen: int) -> int:
        changes = self._slack.state.changes
        await self._slack.wait_for(lambda: changes.last > seen, timeout=_STUCK_S)
        news = changes.after(seen)
        for change in news:
            if change.kind == "message_posted":
                self._see(self._slack.message(change.detail["channel"], change.detail["ts"]))
        return seen + len(news)

    def _see(self, message: Message) -> None:
        button = message.element("approve_request")
        if button is not None:
            number = str(button[1]["value"])
            self.ts[number] = message.ts
            self.cards[number].set()
        elif sent := _SENT.search(message.text):
            place = self.replies if message.channel == APPROVAL_CHANNEL else self.notices
            place[sent[1]].set()


def _check(bot: RunningBot, requests: int) -> None:
    """A fast bot that gives two coupons is no fast bot."""
    given = {coupon.out_request_no for coupon in bot.wechatpay.ledger.coupons}
    if not len(bot.wechatpay.ledger.coupons) == len(given) == requests:
        raise RuntimeError(f"{requests} requests gave {len(bot.wechatpay.ledger.coupons)} coupons")
