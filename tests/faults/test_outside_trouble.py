"""WeChat Pay or Slack has a bad day: everything is asked for, decided and given once all the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sandbox.slack.faults import cut_after, cut_before, rate_limited, server_error, slow_answer
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from tests.faults.campaign import Campaign, campaign
from tests.world import until

#: Single requests, lines of batches, rounds of trouble.
_LONG, _SHORT = (150, 150, 30), (4, 6, 2)
_SEED = 20261202
#: Kinds of bad answers in the short form, and how long they are waited for.
_MET_AT_LEAST, _MET_WITHIN_S = 4, 20.0

#: How often each: lost, late, garbled and unsigned answers, 5xx, 429, and what people have to put right.
_WECHATPAY = (
    (Fault(FaultKind.LOST_ANSWER), 0.1),
    (Fault(FaultKind.CUT_BEFORE), 0.05),
    (Fault(FaultKind.SLOW, seconds=1.0), 0.1),
    (Fault(FaultKind.SYSTEM_ERROR_500, given=True), 0.04),
    (Fault(FaultKind.SYSTEM_ERROR_500), 0.04),
    (Fault(FaultKind.SYSTEM_ERROR_400, given=True), 0.03),
    (Fault(FaultKind.ACCEPTED_202, given=True), 0.03),
    (Fault(FaultKind.HTML_502, given=True), 0.03),
    (Fault(FaultKind.HTML_502), 0.03),
    (Fault(FaultKind.UNSIGNED), 0.04),
    (Fault(FaultKind.BAD_SIGNATURE), 0.04),
    (Fault(FaultKind.SIGNTEST), 0.02),
    (Fault(FaultKind.WRONG_SERIAL), 0.02),
    (Fault(FaultKind.STALE), 0.02),
    (Fault(FaultKind.RATE_LIMITED, seconds=0.0), 0.06),
    (Fault(FaultKind.USER_REJECTED), 0.03),
    (Fault(FaultKind.NOT_ENOUGH), 0.01),
    (Fault(FaultKind.SIGN_ERROR), 0.01),
)
_SLACK = (
    ("chat.postMessage", cut_after(), 0.08),
    ("chat.postMessage", cut_before(), 0.05),
    ("chat.postMessage", server_error(), 0.05),
    ("chat.postMessage", rate_limited(1), 0.03),
    ("chat.postEphemeral", server_error(503), 0.1),
    ("chat.update", cut_after(), 0.1),
    ("chat.update", rate_limited(1), 0.03),
    ("chat.update", slow_answer(0.5), 0.05),
    ("conversations.history", cut_before(), 0.1),
    ("usergroups.users.list", server_error(), 0.1),
)


async def _bad_wechatpay(here: Campaign, rounds: int) -> None:
    """Every kind of answer; storms of 429, refused connections, and halfway another platform key."""
    await here.bot.start(here.slack, quick=True)
    faults = here.wechatpay.faults
    faults.rate(*_WECHATPAY[0], seed=_SEED)
    for fault, share in _WECHATPAY[1:]:
        faults.rate(fault, share)
    for number in range(rounds):
        await asyncio.sleep(here.dice.uniform(0.3, 1.0))
        match here.dice.randrange(3):
            case 0:
                faults.queue(Fault(FaultKind.RATE_LIMITED, seconds=0.0), times=20)
            case 1:
                await here.platform.close()
                await asyncio.sleep(here.dice.uniform(0.2, 0.7))
                await here.platform.open()
            case _:
                faults.queue(Fault(FaultKind.HTML_502), times=10)
        if number == rounds // 2:
            here.wechatpay.rotate()
        here.done = (number + 1) / rounds
    with suppress(TimeoutError):
        # However slow the machine is, what was asked for meets some of it.
        await until(lambda: len(_met(here)) >= _MET_AT_LEAST or None, within_s=_MET_WITHIN_S)
    faults.clear()


def _met(here: Campaign) -> Counter[str]:
    return Counter(each.fault for each in here.wechatpay.ledger.requests if each.fault)


async def test_whatever_wechat_pay_answers_each_coupon_is_given_once(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    async with campaign(tmp_path, seed=_SEED, mode=KeyMode.CERTIFICATE) as here:
        found = await here.run(requests, lines, lambda: _bad_wechatpay(here, rounds), patience_s=300.0)
        met = _met(here)
        figures(
            f"{rounds} rounds in {here.seconds:.0f} s, {sum(met.values())} bad answers; {found.figures()}"
        )
        assert here.problems(found) == []
        assert len(met) >= (len(_WECHATPAY) if long_form else _MET_AT_LEAST)


async def _bad_slack(here: Campaign, rounds: int) -> None:
    """Errors of every kind, links cut again and again."""
    await here.bot.start(here.slack, quick=True)
    for seed, (method, fault, share) in enumerate(_SLACK):
        here.slack.faults.rate(method, fault, share, seed)
    for number in range(rounds):
        await asyncio.sleep(here.dice.uniform(0.3, 1.0))
        here.slack.sockets.cut()
        here.done = (number + 1) / rounds
    here.slack.faults.clear()


async def test_whatever_slack_does_each_request_has_its_card_and_each_coupon_is_given_once(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    async with campaign(tmp_path, seed=_SEED) as here:
        # After a 429 the bot posts at Slack's pace of one a second: a card and two replies for each request.
        patience_s = 1800.0 if long_form else 300.0
        found = await here.run(requests, lines, lambda: _bad_slack(here, rounds), patience_s=patience_s)
        sent = here.slack.deliveries
        missed = sum(delivery.error is not None for delivery in sent)
        figures(
            f"{rounds} cuts in {here.seconds:.0f} s, {missed} of {len(sent)} deliveries missed; "
            f"{found.figures()}"
        )
        assert here.problems(found) == []
