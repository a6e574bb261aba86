"""Coupons are asked back while answers get lost, the bot is killed, customers use them, and people repeat
themselves: never two deactivations with two numbers, never "taken back" before WeChat Pay's signed answer,
and never without the approval of somebody who asked for neither.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.slack.errors import CannotDoError
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import CouponState, Endpoint
from storage.proof.verify import verify
from tests.faults.campaign import Campaign, campaign
from tests.faults.kill_points import POINTS
from tests.faults.people import LEADS
from tests.world import until

#: Coupons, kills.
_LONG, _SHORT = (120, 120), (6, 3)
_SEED = 20261203
_FAULTS = (
    (Fault(FaultKind.LOST_ANSWER), 0.2),
    (Fault(FaultKind.CUT_BEFORE), 0.1),
    (Fault(FaultKind.SLOW, seconds=0.3), 0.1),
    (Fault(FaultKind.SYSTEM_ERROR_500, given=True), 0.06),
    (Fault(FaultKind.SYSTEM_ERROR_400), 0.05),
    (Fault(FaultKind.ACCEPTED_202, given=True), 0.05),
    (Fault(FaultKind.UNSIGNED), 0.06),
    (Fault(FaultKind.BAD_SIGNATURE), 0.06),
    (Fault(FaultKind.RATE_LIMITED, seconds=0.0), 0.05),
)
#: One asks as an agent and approves as a lead, too.
_ASKERS = ("U0LI", "U0WANG", "U0SUN")
_OPEN = "select 1 from request where state not in ('sent', 'undone', 'refused', 'declined', 'closed')"


async def _give(here: Campaign, coupons: int) -> list[int]:
    """Numbers of requests whose coupons are sent."""
    given = []
    for place in range(coupons):
        number = await here.shop.ask(who=_ASKERS[place % 2], openid=here.people.customer())
        await here.shop.approve(number, "U0ZHAO")
        given.append(number)
    await until(lambda: not here.shop.rows(_OPEN) or None)
    return given


async def _ask_back(here: Campaign, number: int) -> None:
    """Two people at once, by the button and by the command, again and again until an undo stands."""
    while not here.shop.rows("select 1 from request where undoes = :id", id=number):
        with suppress(CannotDoError, TimeoutError):
            card = await here.shop.card(number)
            await asyncio.gather(
                here.slack.person("U0QIAN").click(card.channel, card.ts, "undo_request", stale=True),
                here.shop.send(f"undo {number} for the wrong customer", "U0SUN"),
            )
        await asyncio.sleep(0.1)


async def _kill(here: Campaign, kills: int) -> None:
    dice, bot = here.dice, here.bot
    for _ in range(kills):
        await bot.kill()
        await here.gone()
        point = dice.choice(POINTS)
        if await bot.start(here.slack, quick=True, die_at=(point, 1 + int(dice.expovariate(1 / 4)))):
            with suppress(TimeoutError):
                await bot.ended(0.7)
        if not bot.runs:
            await here.gone()
            await bot.start(here.slack, quick=True)
    if not bot.runs:
        await bot.start(here.slack, quick=True)


async def test_whatever_happens_a_coupon_is_taken_back_once_approved_and_said_when_it_is_true(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    coupons, kills = _LONG if long_form else _SHORT
    async with campaign(tmp_path, seed=_SEED) as here:
        await here.bot.start(here.slack, quick=True)
        numbers = await _give(here, coupons)
        for place, (fault, share) in enumerate(_FAULTS):
            seed = {"seed": _SEED} if not place else {}
            here.wechatpay.faults.rate(fault, share, endpoint=Endpoint.DEACTIVATE, **seed)
        leads = [asyncio.create_task(here.people.lead(who)) for who in LEADS]
        used = here.wechatpay.ledger.coupons[::4]
        asking = [asyncio.create_task(_ask_back(here, number)) for number in numbers]
        for coupon in used:
            here.wechatpay.mark(coupon, CouponState.USED)
        await _kill(here, kills)
        await asyncio.gather(*asking)
        here.wechatpay.faults.clear()
        await until(lambda: not here.shop.rows(_OPEN) or None, within_s=120.0)
        for lead in leads:
            lead.cancel()
        await asyncio.gather(*leads, return_exceptions=True)
        await until(lambda: not here.shop.rows("select 1 from outbox") or None, within_s=120.0)
        assert await here.bot.stop() == 0
        undos = here.shop.rows("select * from request where undoes is not null order by id")
        figures(f"{len(undos)} undos of {coupons} coupons, {kills} kills, {len(used)} used in between")
        assert here.wechatpay.wrong == []
        assert _problems(here, undos) == []
        verify(tmp_path / "coupon.db", thorough=True)


def _problems(here: Campaign, undos: list[dict[str, Any]]) -> list[str]:
    """All that is not as promised."""
    wrong: list[str] = []
    numbers = defaultdict[str, set[str]](set)
    for call in here.wechatpay.ledger.requests:
        if call.endpoint is Endpoint.DEACTIVATE:
            asked = json.loads(call.body)
            numbers[asked["coupon_code"]].add(asked["deactivate_request_no"])
    wrong += [f"coupon {code} under {found}" for code, found in numbers.items() if len(found) > 1]
    coupons = {each.coupon_code: each for each in here.wechatpay.ledger.coupons}
    for undo in undos:
        sent = here.shop.row(undo["undoes"]) or {}
        state = here.wechatpay.state_of(coupons[sent["coupon_code"]])
        if (undo["state"] == "undone") is not (state is CouponState.DEACTIVATED):
            wrong.append(f"#{undo['id']} is {undo['state']}, and its coupon {state}")
        if (sent["undone_by"] == undo["id"]) is not (undo["state"] == "undone"):
            wrong.append(f"#{sent['id']} is undone by {sent['undone_by']}, #{undo['id']} is {undo['state']}")
        approvers = here.shop.rows("select approver from approval where request_id = :id", id=undo["id"])
        asked_by = {undo["requester"], sent["requester"]}
        if undo["attempts"] and not {each["approver"] for each in approvers} - asked_by:
            wrong.append(f"#{undo['id']} was tried without an approval of somebody else")
        wrong += [f"#{undo['id']} approved by {each}" for each in approvers if each["approver"] in asked_by]
        card = here.shop.card_now(undo["id"])
        if card is None or card.words().startswith("Taken back") is not (undo["state"] == "undone"):
            wrong.append(f"the card of #{undo['id']} says something else than {undo['state']}")
    undone = [undo["undoes"] for undo in undos]
    wrong += [f"#{each} was asked back twice" for each in set(undone) if undone.count(each) > 1]
    return wrong
