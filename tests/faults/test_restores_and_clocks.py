"""A backup put back, clocks a day off, pauses, a lost channel, one after the other: nothing doubled, nothing
unapproved, nothing lost, nothing untrue."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.clock import utc_ms
from bot.pauses import Pauses
from sandbox.slack.messages import Message
from sandbox.wechatpay.faults import Fault, FaultKind
from storage.checkpoints import found_in
from storage.driver import sqlite3
from tests.world import COUPON_TOML, World, until, world

_BOT, _CHANNEL = "U0BOT", "C0APPROVE"
_LEADS = ("U0WANG", "U0ZHAO", "U0QIAN")
_DAY_AND_MORE = 26 * 3_600_000
_NEEDED = {"late-10": 1, "sorry-50": 2}
_TOML = f'audit_channel = "C0AUDIT"\n{COUPON_TOML}\n[audit]\ncheckpoint_events = 5\n'
_STATE_ON_CARD = {"pending": "Waiting", "sent": "Sent", "cancelled": "Withdrawn", "declined": "Declined"}


class _Machine:
    """The wall clock, and how far it is off."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return utc_ms() + self.ahead


@dataclass(slots=True)
class _Campaign:
    shop: World
    machine: _Machine
    dice: random.Random
    #: Stock by customer; each customer is asked for once.
    asked: dict[int, str] = field(default_factory=dict)
    #: Numbers that agents were told, of requests that no restore has taken back.
    acked: set[int] = field(default_factory=set)
    #: Who clicked Approve on a card that named the customer.
    approving: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    async def ask(self, requests: int) -> None:
        for _ in range(requests):
            customer = len(self.asked)
            stock = self.dice.choice(("late-10", "late-10", "sorry-50"))
            self.asked[customer] = stock
            answer = await self.shop.send(f"send oCustomerOfOurs_{customer:08d} {stock} parcel late")
            found = re.search(r"#(\d+)", answer.text)
            assert found, answer.text
            self.acked.add(int(found[1]))

    def cards(self) -> Iterator[Message]:
        """All that anybody can still click, also those of a time that the database does not remember."""
        return (card for card in self.shop.slack.messages(_CHANNEL) if card.element("approve_request"))

    async def everybody_clicks(self, share: float = 1.0) -> None:
        for card in list(self.cards()):
            for lead in _LEADS:
                if self.dice.random() > share:
                    continue
                self.approving[_customer_on(card)].add(lead)
                await self.shop.slack.person(lead).click(card.channel, card.ts, "approve_request", stale=True)
        await self.decided()

    async def retry_what_is_held(self) -> None:
        """What was signed by the wrong clock: WeChat Pay did not accept it, and a person goes on."""
        for row in self.shop.rows("select id from request where state = 'held'"):
            card = await self.shop.card(row["id"])
            await self.shop.slack.person("U0WANG").click(card.channel, card.ts, "retry_request", stale=True)
        await self.decided()

    async def decided(self) -> None:
        await until(lambda: not self.shop.rows("select 1 from click where done = 0") or None)

    # --- what goes wrong

    async def restore(self, backup: Path, acked: set[int]) -> None:
        """As docs/operator.md says, once a checkpoint has told the channel more than the backup holds."""
        database = self.shop.folder / "coupon.db"
        # At a start one is posted as soon as it is due, else within half a minute.
        await self.shop.stop()
        await self.shop.start()
        head = self.shop.rows("select max(seq) as seq from event")[0]["seq"]
        await until(lambda: self._posted_seq() > head - 5 or None)
        await self.shop.stop()
        for beside in ("-wal", "-shm"):
            database.with_name(database.name + beside).unlink(missing_ok=True)
        shutil.copy(backup, database)
        self.acked = set(acked)
        await self.shop.start()
        await until(lambda: bool(self.shop.rows("select 1 from pause")) or None)

    async def lose_the_channel(self) -> None:
        self.shop.slack.leave(_CHANNEL, _BOT)
        await self.ask(2)
        self.shop.slack.join(_CHANNEL, _BOT)
        await self.all_cards_stand()

    async def set_the_clock(self, ahead: int) -> None:
        self.machine.ahead = ahead
        await until(lambda: self._tags("clock:doubted") > self._tags("clock:confirmed") or None)
        await self.ask(1)
        self.machine.ahead = 0
        await until(lambda: self._tags("clock:doubted") == self._tags("clock:confirmed") or None)

    async def pause_and_resume(self) -> None:
        before = len(self.shop.wechatpay.ledger.coupons)
        await self.shop.send("pause the till is being counted", "U0WANG")
        await self.ask(2)
        await self.all_cards_stand()
        await self.everybody_clicks(0.5)
        assert len(self.shop.wechatpay.ledger.coupons) == before, "a coupon was given during a pause"
        await self.shop.send("resume", "U0WANG")

    async def all_cards_stand(self) -> None:
        await until(lambda: not self.shop.rows("select 1 from request where card_ts is null") or None)

    def _posted_seq(self) -> int:
        texts = [message.text for message in self.shop.slack.messages("C0AUDIT")]
        return max(checkpoint.seq for text in texts for checkpoint in found_in(text))

    def _tags(self, tag: str) -> int:
        return sum(event["tag"] == tag for event in self.shop.events())


def _customer_on(card: Message) -> int:
    found = re.search(r"oC…(\d{6})", card.words())
    assert found, card.words()
    return int(found[1])


def _back_up(shop: World, to: Path) -> Path:
    source = sqlite3.connect(shop.folder / "coupon.db")
    target = sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()
    return to


_PAUSES = Pauses(clock_s=0.05, clock_doubt_s=0.1, lost_channel_s=(0.05,), channel_check_s=600.0)


async def test_restored_set_off_paused_and_thrown_out_it_keeps_its_promises(
    tmp_path: Path, *, long_form: bool
) -> None:
    rounds = 15 if long_form else 1
    (tmp_path / "coupon.toml").write_text(_TOML)
    machine = _Machine()
    async with world(tmp_path, clock=machine, pauses=_PAUSES) as shop:
        shop.wechatpay.faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2, seed=20261201)
        campaign = _Campaign(shop, machine, random.Random(20261201))
        await campaign.ask(3)
        await campaign.all_cards_stand()
        await campaign.everybody_clicks(0.3)
        for number in range(rounds):
            backup, acked = _back_up(shop, tmp_path / f"backup{number}.db"), set(campaign.acked)
            await campaign.ask(4)
            await campaign.all_cards_stand()
            await campaign.everybody_clicks(0.3)
            await campaign.restore(backup, acked)
            await campaign.ask(3)
            await campaign.all_cards_stand()
            await campaign.everybody_clicks()
            await shop.send("resume", "U0WANG")
            await campaign.everybody_clicks(0.5)
            await campaign.lose_the_channel()
            await campaign.set_the_clock(_DAY_AND_MORE)
            await campaign.set_the_clock(-_DAY_AND_MORE)
            await campaign.pause_and_resume()
        await campaign.all_cards_stand()
        await campaign.everybody_clicks()
        await until(
            lambda: (
                shop.rows("select 1 from pause")
                or not shop.rows("select 1 from request where state not in ('sent', 'held')")
                or None
            ),
            within_s=60.0,
        )
        if shop.rows("select 1 from pause"):
            # That it did not accept our signature stopped everything, too.
            await shop.send("resume", "U0WANG")
        await campaign.retry_what_is_held()
        await until(lambda: not shop.rows("select 1 from request where state <> 'sent'") or None)
        await until(lambda: not shop.rows("select 1 from outbox") or None, within_s=120.0)
        _check(campaign)
        shop.audit_holds()


def _check(campaign: _Campaign) -> None:
    shop = campaign.shop
    coupons = Counter(int(coupon.openid[-8:]) for coupon in shop.wechatpay.ledger.coupons)
    assert set(coupons.values()) == {1}, "a customer got two coupons for one request"
    for customer in coupons:
        needed = _NEEDED[campaign.asked[customer]]
        assert len(campaign.approving[customer]) >= needed, f"customer {customer}: nobody saw that card"
    rows = {row["id"]: row for row in shop.rows("select * from request")}
    assert campaign.acked <= set(rows), "an acked request is not on disk"
    named: defaultdict[int, set[int]] = defaultdict(set)
    for card in shop.slack.messages(_CHANNEL):
        found = re.search(r"request #(\d+)", card.text)
        if found and re.search(r"oC…\d{6}", card.words()):
            named[int(found[1])].add(_customer_on(card))
    assert {number: who for number, who in named.items() if len(who) > 1} == {}, (
        "a number was given out twice"
    )
    for number, row in rows.items():
        card = shop.card_now(number)
        assert card is not None
        assert card.text.startswith(f"{_STATE_ON_CARD[row['state']]}: request #{number} "), card.text
        assert (row["state"] == "sent") == (row["out_request_no"] in _given(shop))


def _given(shop: World) -> set[str]:
    return {coupon.out_request_no for coupon in shop.wechatpay.ledger.coupons}
