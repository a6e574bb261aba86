"""SIGKILL at random moments: nothing doubled, nothing lost, nothing unapproved."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.slack.running import Slack
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.faults.bot_process import BotProcess
from tests.world import ENGLISH_TEAM, STOCKS, World, environment, keys, until

_LEADS = ("U0WANG", "U0ZHAO", "U0QIAN")


@dataclass(slots=True)
class Campaign:
    shop: World
    bot: BotProcess
    dice: random.Random
    #: Requests whose number an agent was told.
    acked: set[int] = field(default_factory=set)

    async def agent(self, requests: int, kills: int) -> None:
        """Types until so many were acked; what was not, is typed again, as a person does."""
        while len(self.acked) < requests:
            # In step with the killer, so that no kill meets an idle bot.
            if len(self.acked) * kills > (self.bot.kills + 1) * requests:
                await asyncio.sleep(0.02)
                continue
            openid = f"oCust{len(self.acked):04d}_{self.dice.randrange(10**12):012d}-x"
            stock = self.dice.choice(("late-10", "late-10", "sorry-50"))
            answer = await self.shop.send(f"send {openid} {stock} parcel {len(self.acked)} late")
            found = re.search(r"#(\d+)", answer.text) if answer.error is None else None
            if found:
                self.acked.add(int(found[1]))

    async def lead(self, who: str) -> None:
        """Clicks Approve on every card that still has the button, again and again, until cancelled."""
        slack, clicked = self.shop.slack, Counter[str]()
        while True:
            for card in slack.messages("C0APPROVE"):
                if card.element("approve_request") and clicked[card.ts] < 8:
                    clicked[card.ts] += 1
                    await slack.person(who).click(card.channel, card.ts, "approve_request", stale=True)
            await asyncio.sleep(0.1)

    async def killer(self, kills: int) -> None:
        while self.bot.kills < kills:
            await asyncio.sleep(self.dice.uniform(0.0, 1.0))
            await self.bot.kill()
            await until(lambda: not self.shop.slack.sockets.links or None)
            await self.bot.start(self.shop.slack)


@asynccontextmanager
async def _campaign(folder: Path, seed: int) -> AsyncGenerator[Campaign]:
    stand_in = WeChatPay(keys(), stocks=STOCKS)
    stand_in.faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2, seed=seed)
    # Slow answers, so that kills meet attempts on the wire.
    stand_in.faults.rate(Fault(FaultKind.SLOW, seconds=0.5), 0.5, seed=seed + 1)
    async with ENGLISH_TEAM.serve(ack_seconds=1.0) as slack, stand_in.serve() as running:
        slack.duplicate = True
        environ = environment(slack, running.url, folder, mode=KeyMode.PUBLIC_KEY)
        bot = BotProcess(environ, folder / "bot.log")
        await bot.start(slack)
        try:
            yield Campaign(World(slack, stand_in, folder, environ), bot, random.Random(seed))
        finally:
            bot.close()


async def test_killed_at_random_it_doubles_loses_and_forges_nothing(
    tmp_path: Path, *, long_form: bool
) -> None:
    requests, kills = (300, 100) if long_form else (15, 6)
    async with _campaign(tmp_path, seed=20261123) as campaign:
        shop = campaign.shop
        leads = [asyncio.create_task(campaign.lead(who)) for who in _LEADS]
        await asyncio.gather(campaign.agent(requests, kills), campaign.killer(kills))
        await until(lambda: _all_final(shop) or None, within_s=600.0)
        for lead in leads:
            lead.cancel()
        await asyncio.gather(*leads, return_exceptions=True)
        await until(lambda: not shop.rows("select 1 from outbox") or None, within_s=120.0)
        assert await campaign.bot.stop() == 0
        assert campaign.bot.kills >= kills
        finished = [event["detail"] for event in shop.events() if event["tag"] == "attempt:finished"]
        assert any(detail["code"] == "INTERRUPTED" for detail in finished), "no kill met an attempt"
        _nothing_doubled_lost_or_unapproved(shop, campaign.acked)
        _cards_say_what_rows_say(shop.slack, shop)
        shop.audit_holds()


def _all_final(shop: World) -> bool:
    return not shop.rows("select 1 from request where state <> 'sent' limit 1")


def _nothing_doubled_lost_or_unapproved(shop: World, acked: set[int]) -> None:
    rows = {row["id"]: row for row in shop.rows("select * from request")}
    assert acked <= set(rows), "an acked request is not on disk"
    coupons = Counter(coupon.out_request_no for coupon in shop.wechatpay.ledger.coupons)
    assert set(coupons) == {row["out_request_no"] for row in rows.values()}
    assert set(coupons.values()) == {1}, "a number gave two coupons"
    tags: dict[int, Counter[str]] = {number: Counter() for number in rows}
    for event in shop.events():
        if event["request_id"] is not None:
            tags[event["request_id"]][event["tag"]] += 1
    for number, row in rows.items():
        approvers = shop.rows("select approver from approval where request_id = :id", id=number)
        assert len({row["approver"] for row in approvers}) == row["approvals_needed"]
        assert tags[number]["approval:given"] == row["approvals_needed"]
        assert tags[number]["request:approved"] == tags[number]["request:sent"] == 1
        calls = shop.wechatpay.ledger.sends_of(row["out_request_no"])
        assert len(calls) <= tags[number]["attempt:started"], "a call without a committed attempt event"
        assert {call.body for call in calls} == {row["body"]}


def _cards_say_what_rows_say(slack: Slack, shop: World) -> None:
    cards = slack.messages("C0APPROVE")
    for row in shop.rows("select * from request"):
        mine = [card for card in cards if re.search(rf"#{row['id']}\b", card.text)]
        assert [card.ts for card in mine] == [row["card_ts"]], "one card for each request"
        assert not mine[0].element("approve_request")
