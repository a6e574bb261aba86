"""Whole requests: typed command, card, approving click, sent by WeChat Pay, told in thread and message."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial

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
#: With no new message in Slack for so long, something is stuck. Other things go on all the time: groups are
#: read again every half minute.
_STUCK_S = 300.0
_NUMBER = re.compile(r"#([0-9]+)")
_WORD = re.compile(r"[0-9A-Za-z]+")


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
    screens = Screens(bot.slack, lambda: _codes(bot), stuck_s=_STUCK_S)
    waiting = iter(customers)

    async def people() -> None:
        for customer in waiting:
            await _one(bot, screens, customer)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        # When nothing moves any more it raises, and so ends those who wait.
        watching = group.create_task(screens.watch())
        await asyncio.gather(*(group.create_task(people()) for _ in range(at_once)))
        elapsed = time.perf_counter() - started
        watching.cancel()
    return elapsed


async def _one(bot: RunningBot, screens: Screens, customer: int) -> None:
    who = openid(customer)
    answer = await bot.slack.person(REQUESTER).command(
        SUPPORT_CHANNEL, f"/coupon send {who} {STOCK} four days late"
    )
    found = _NUMBER.search(answer.text)
    if answer.error or found is None:
        raise RuntimeError(f"a request was not taken: {answer.error or answer.text}")
    number = found[1]
    await screens.cards[number].wait()
    await bot.slack.person(APPROVER).click(APPROVAL_CHANNEL, screens.ts[number], "approve_request")
    await screens.replies[who].wait()
    await screens.direct_messages[who].wait()


class Screens:
    """What people see appear. One pair of eyes for all keeps watching cheap.

    A coupon is seen by its code, in whatever words and language it is told: `codes` gives all that WeChat Pay
    has given, with whose they are.
    """

    def __init__(self, slack: Slack, codes: Callable[[], Mapping[str, str]], *, stuck_s: float) -> None:
        self._slack = slack
        self._codes = codes
        self._stuck_s = stuck_s
        #: Of cards, by the request's number.
        self.ts: dict[str, str] = {}
        self.cards: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        #: Of coupons, by whose they are: in the card's thread, and in the direct messages.
        self.replies: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.direct_messages: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def watch(self) -> None:
        """Until cancelled. Raises TimeoutError when no message comes any more."""
        changes, loop = self._slack.state.changes, asyncio.get_running_loop()
        seen, moved_at = changes.last, loop.time()
        while True:
            left_s = moved_at + self._stuck_s - loop.time()
            news = await self._slack.wait_for(partial(changes.after, seen), timeout=max(left_s, 0.0))
            seen += len(news)
            for change in news:
                if change.kind == "message_posted":
                    moved_at = loop.time()
                    self._see(self._slack.message(change.detail["channel"], change.detail["ts"]))

    def _see(self, message: Message) -> None:
        button = message.element("approve_request")
        if button is not None:
            number = str(button[1]["value"])
            self.ts[number] = message.ts
            self.cards[number].set()
            return
        codes = self._codes()
        for word in _WORD.findall(message.words()):
            if word in codes:
                place = self.replies if message.channel == APPROVAL_CHANNEL else self.direct_messages
                place[codes[word]].set()


def _codes(bot: RunningBot) -> dict[str, str]:
    return {coupon.coupon_code: coupon.openid for coupon in bot.wechatpay.ledger.coupons}


def _check(bot: RunningBot, requests: int) -> None:
    """A fast bot that gives two coupons is no fast bot."""
    given = {coupon.out_request_no for coupon in bot.wechatpay.ledger.coupons}
    if not len(bot.wechatpay.ledger.coupons) == len(given) == requests:
        raise RuntimeError(f"{requests} requests gave {len(bot.wechatpay.ledger.coupons)} coupons")
