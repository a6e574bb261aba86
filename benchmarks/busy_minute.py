"""A busy minute: a request a second, a lead who approves at once, and a Slack that keeps to its limits.

It takes one message a second in a channel and fifty changed messages a minute. What is late then is late
because of the order in which the bot tells things, and because of what it tries too early.
"""

from __future__ import annotations

import asyncio
import math
import re

from benchmarks.lifecycles import Screens
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

_PER_SECOND = 1.0
_POSTS_PER_SECOND = 1.0
#: What one after another may come at once.
_BURST = 1
_UPDATES_PER_MINUTE = 50
#: Of a request, at the least: its card, and one reply that tells the approval and the code.
_MESSAGES = 2
_STUCK_S = 300.0
_NUMBER = re.compile(r"#([0-9]+)")


async def run(load: Load) -> list[Row]:
    """How late cards and codes come, and how many calls Slack refused."""
    loop = asyncio.get_running_loop()
    async with running_bot() as bot:
        bot.slack.faults.limit_posts(_POSTS_PER_SECOND, _BURST)
        bot.slack.faults.limit_updates(_UPDATES_PER_MINUTE)
        coupons = bot.wechatpay.ledger.coupons
        screens = Screens(
            bot.slack, lambda: {each.coupon_code: each.openid for each in coupons}, stuck_s=_STUCK_S
        )
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(screens.watch())
            began = loop.time()
            tasks = []
            for customer in range(load.busy_requests):
                await asyncio.sleep(began + customer / _PER_SECOND - loop.time())
                tasks.append(group.create_task(_one(bot, screens, customer)))
            late = sorted([await task for task in tasks])
            for customer in range(load.busy_requests):
                await screens.direct_messages[openid(customer)].wait()
            noticed_s = loop.time() - began
            for customer in range(load.busy_requests):
                await screens.replies[openid(customer)].wait()
            answered_s = loop.time() - began
            watching.cancel()
        if len(coupons) != load.busy_requests:
            raise RuntimeError(f"{load.busy_requests} requests gave {len(coupons)} coupons")
        posts, updates = _refused(bot, "chat.postMessage"), _refused(bot, "chat.update")
    p95 = late[min(math.ceil(len(late) * 0.95), len(late)) - 1]
    least_s = load.busy_requests * _MESSAGES / _POSTS_PER_SECOND
    typed_s = (load.busy_requests - 1) / _PER_SECOND
    return [
        Row("busy minute, cards late, p95", p95, "s", 1 / _POSTS_PER_SECOND, "one message a second"),
        Row(
            "busy minute, last code by direct message",
            noticed_s,
            "s",
            least_s / _MESSAGES,
            "the last command",
        ),
        Row("busy minute, last code in its thread", answered_s, "s", least_s, "two messages a request"),
        Row(
            "busy minute, last code in its thread, after the last command",
            answered_s - typed_s,
            "s",
            least_s - typed_s,
            "two messages a request",
        ),
        Row("busy minute, posts refused as too early", *posts),
        Row("busy minute, updates refused as too early", *updates),
    ]


async def _one(bot: RunningBot, screens: Screens, customer: int) -> float:
    """Seconds from the command to its card, which is approved then."""
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    typed = f"/coupon send {openid(customer)} {STOCK} four days late"
    answer = await bot.slack.person(REQUESTER).command(SUPPORT_CHANNEL, typed)
    found = _NUMBER.search(answer.text)
    if answer.error or found is None:
        raise RuntimeError(f"a request was not taken: {answer.error or answer.text}")
    await screens.cards[found[1]].wait()
    late = loop.time() - asked_at
    await bot.slack.person(APPROVER).click(APPROVAL_CHANNEL, screens.ts[found[1]], "approve_request")
    return late


def _refused(bot: RunningBot, method: str) -> tuple[float, str, float, str]:
    calls = bot.slack.calls(method)
    refused = sum(call.error == "ratelimited" for call in calls)
    return float(refused), "calls", float(max(len(calls) - refused, 1)), "calls that were taken"
