"""Who confirms the bot's clock, and what operators hear of a clock that nobody confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from structlog.stdlib import BoundLogger

from bot.readiness import Check
from coupons.clock_watch import ClockWatch, Doubt, DoubtKind
from coupons.ports import Ledger
from wechatpay.skew import seconds_ahead

_SENTENCES: Final[Mapping[DoubtKind, str]] = {
    DoubtKind.START: "neither Slack nor WeChat Pay have confirmed the machine's clock since the start",
    DoubtKind.JUMPED: "the machine's clock jumped by {seconds} s",
    DoubtKind.BEHIND_LOG: "the machine's clock is {seconds} s behind the newest event of the log",
    DoubtKind.CONTRADICTED: "the machine's clock is {seconds} s off Slack's",
}


def hear_slack(clock: ClockWatch) -> Callable[[str], None]:
    """For the `Date` of each answer of Slack's, which came over TLS."""

    def hear(date: str) -> None:
        now = clock()
        ahead = seconds_ahead({"date": date}, now=now // 1000)
        if ahead is not None:
            clock.confirm(now - ahead * 1000)

    return hear


def hear_wechatpay(clock: ClockWatch) -> Callable[[int], None]:
    """For the second at which WeChat Pay signed an answer: part of what is signed, so nobody else's word."""
    return lambda second: clock.confirm(second * 1000)


async def compare_log(clock: ClockWatch, ledger: Ledger) -> None:
    """With the newest event, before anything new is written."""
    newest = await ledger.read(lambda rows: rows.event(rows.head()[0]))
    if newest is not None:
        clock.compare_log(newest.ts)


def log_doubt(logger: BoundLogger) -> Callable[[Doubt | None], None]:
    """One line when a doubt begins, one when it ends."""

    def log(doubt: Doubt | None) -> None:
        if doubt is None:
            logger.info("clock_confirmed")
        else:
            logger.warning("clock_in_doubt", reason=doubt.kind, ahead_s=doubt.ahead_ms // 1000)

    return log


def clock_check(clock: ClockWatch) -> Check:
    """For `/readyz`."""

    def check() -> str | None:
        doubt = clock.doubt
        if doubt is None:
            return None
        return _SENTENCES[doubt.kind].format(seconds=abs(doubt.ahead_ms) // 1000)

    return check
