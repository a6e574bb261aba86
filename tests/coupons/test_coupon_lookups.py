"""What became of coupons: who is answered, once; and the daily questions, which go before nobody's send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from coupons.clock_watch import ClockWatch
from coupons.coupon_answers import CouponAnswers
from coupons.coupon_lookups import CouponLookups
from coupons.coupon_states import CouponAnswer
from coupons.coupon_watch import DAYS, CouponWatch
from coupons.errors import IssuerUnavailable
from coupons.events import Tag
from coupons.loops import Bell
from coupons.model import ClickAction, NewClick, Pause, Person, State
from coupons.permissions import Reason
from coupons.policy import DAY_MS, Policy
from coupons.posts import PostKind
from tests.clocks import sure
from tests.coupons.office import NOW, TEAM, Office

POLICY = Policy(agents=("S0AGENTS",), approvers=("U0WANG",), auditors=("U0FIN",))
CUSTOMERS = [f"oCustomer-number-{n:04}" for n in range(6)]


class Counter:
    """WeChat Pay's side: what it says of each customer's coupon, and who was asked about."""

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.questions: list[str] = []
        #: No answer comes before it is open.
        self.gate = asyncio.Event()
        self.gate.set()

    async def coupon(
        self, *, openid: str, stock_id: str, coupon_code: str, out_request_no: str
    ) -> CouponAnswer:
        assert (stock_id, coupon_code) == ("1000", "C")
        assert out_request_no.startswith(f"put-{openid}"[:32])
        self.questions.append(openid)
        await self.gate.wait()
        state = self.says.get(openid, "SENDED")
        if state.isdigit():
            raise IssuerUnavailable("no answer", code=f"HTTP_{state}")
        return CouponAnswer(state=state, happened_at=None, valid_until=NOW + DAY_MS)


class Shop(Office):
    """With both loops."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.groups.members_of["S0AGENTS"] = frozenset({"U0LI", "U0SUN"})
        self.wechatpay, self.answered, self.brakes = Counter(), list[bool](), False

    def lookups(self) -> CouponLookups:
        return CouponLookups(issuer=self.wechatpay, clock=self.clock, on_lookup=self.answered.append)

    def watch(self, per_second: float | None = 4.0, clock: ClockWatch | None = None) -> CouponWatch:
        return CouponWatch(
            ledger=self.ledger,
            lookups=self.lookups(),
            clock=clock or sure(self.clock),
            per_second=per_second,
            brakes=lambda: self.brakes,
            on_trouble=_raise,
        )

    def answers(self) -> CouponAnswers:
        return CouponAnswers(
            ledger=self.ledger,
            authority=self.authority(POLICY),
            lookups=self.lookups(),
            team=TEAM,
            bell=Bell(),
            again_s=0.01,
            on_trouble=_raise,
        )

    async def sent(self, *customers: str) -> None:
        for openid in customers:
            request = await self.put(openid, "1000", "", State.SENT)
            await self.ledger.write(lambda tx, n=request.id: tx.set_card(n, "C0APPROVE", f"{n}.0"))  # type: ignore[misc]  # bound now

    async def question(self, person: str, action: ClickAction, number: int = 1, **changes: str) -> None:
        click = self.new_click(number, person, action)
        await self.ledger.write(lambda tx: tx.add_click(_with(click, changes)))
        loop = self.answers()
        await loop.step()
        await loop.drain()

    async def last(self) -> tuple[str, str]:
        """What the newest event says: its tag, and why where it refuses."""
        event = await self.ledger.read(lambda rows: rows.event(rows.head()[0]))
        assert event is not None
        return event.tag, str(event.detail.get("reason", ""))


def _with(click: NewClick, changes: dict[str, str]) -> NewClick:
    return replace(click, **changes)  # type: ignore[arg-type]  # by name


def _raise(error: BaseException) -> None:
    raise error


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    shop = Shop(tmp_path / "coupon.db")
    yield shop
    await shop.ledger.close()


CARD = {"channel": "C0APPROVE", "message_ts": "1.0"}
VIEWED = (Tag.COUPON_VIEWED, "")


def refused(reason: Reason) -> tuple[str, str]:
    return Tag.CLICK_REFUSED, reason


@pytest.mark.parametrize(
    ("person", "action", "changes", "expected"),
    [
        # typed, on the card, and of all of a customer's
        ("U0SUN", ClickAction.LOOK_UP_COUPON, {}, VIEWED),
        ("U0SUN", ClickAction.LOOK_UP_COUPON, CARD, VIEWED),
        ("U0FIN", ClickAction.LOOK_UP_CUSTOMER, {}, VIEWED),
        # who asked for it reads of it without the role; of the customer's others only with it
        ("U0LOST", ClickAction.LOOK_UP_COUPON, {}, refused(Reason.NOT_AGENT)),
        ("U0LI", ClickAction.LOOK_UP_COUPON, {}, VIEWED),
        ("U0LI", ClickAction.LOOK_UP_CUSTOMER, {}, refused(Reason.NOT_AGENT)),
        ("U0GUEST", ClickAction.LOOK_UP_COUPON, CARD, refused(Reason.GUEST)),
        ("U0SUN", ClickAction.LOOK_UP_COUPON, {"team": "T0OTHER"}, refused(Reason.OUTSIDER)),
        ("U0LI", ClickAction.LOOK_UP_COUPON, {"team": "T0OTHER"}, refused(Reason.OUTSIDER)),
        # an old message may show another customer
        ("U0SUN", ClickAction.LOOK_UP_COUPON, {**CARD, "message_ts": "9.0"}, refused(Reason.OTHER_CARD)),
        ("U0SUN", ClickAction.LOOK_UP_COUPON, {"out_request_no": "x"}, refused(Reason.OTHER_REQUEST)),
    ],
)
async def test_who_is_answered(
    shop: Shop, person: str, action: ClickAction, changes: dict[str, str], expected: tuple[str, str]
) -> None:
    await shop.sent(CUSTOMERS[0])
    shop.groups.members_of["S0AGENTS"] = frozenset({"U0SUN"})
    shop.groups.people["U0GUEST"] = Person(user_id="U0GUEST", team=TEAM, is_guest=True)
    await shop.question(person, action, **changes)
    assert await shop.last() == expected
    assert shop.wechatpay.questions == ([CUSTOMERS[0]] if expected == VIEWED else [])
    [post] = await shop.ledger.read(lambda rows: rows.due_posts(PostKind.ANSWER, NOW, 9))
    assert post.post.person == person


async def test_only_a_coupon_that_was_sent_to_somebody_who_is_known_is_asked_about(shop: Shop) -> None:
    await shop.put(CUSTOMERS[0], "1000", "", State.HELD)
    await shop.question("U0SUN", ClickAction.LOOK_UP_COUPON, 1)
    assert await shop.last() == refused(Reason.TOO_LATE)
    await shop.question("U0SUN", ClickAction.LOOK_UP_COUPON, 9)
    assert await shop.last() == refused(Reason.NO_SUCH_REQUEST)
    await shop.sent(CUSTOMERS[1])
    await shop.ledger.write(lambda tx: tx.erase_customer(tx.customer_of(CUSTOMERS[1]) or 0))
    await shop.question("U0SUN", ClickAction.LOOK_UP_COUPON, 2)
    assert await shop.last() == refused(Reason.TOO_LATE)
    await shop.question("U0SUN", ClickAction.LOOK_UP_CUSTOMER, 2)
    assert await shop.last() == VIEWED
    assert shop.wechatpay.questions == []


async def test_two_processes_may_ask_and_one_answers(shop: Shop) -> None:
    await shop.sent(CUSTOMERS[0])
    await shop.ledger.write(lambda tx: tx.add_click(shop.new_click(1, "U0SUN", ClickAction.LOOK_UP_COUPON)))
    shop.wechatpay.gate.clear()
    both = shop.answers(), shop.answers()
    for loop in both:
        await loop.step()
    shop.wechatpay.gate.set()
    for loop in both:
        await loop.drain()
    assert len(shop.wechatpay.questions) == 2
    events = await shop.ledger.read(lambda rows: rows.events_of(1, {Tag.COUPON_CHANGED, Tag.COUPON_VIEWED}))
    assert [event.tag for event in events] == [Tag.COUPON_CHANGED, Tag.COUPON_VIEWED]


# --- once a day


async def test_each_is_asked_about_once_a_day_for_ninety_days_as_long_as_more_can_become_of_it(
    shop: Shop,
) -> None:
    watch = shop.watch()
    await shop.sent(*CUSTOMERS[:2])
    shop.wechatpay.says[CUSTOMERS[1]] = "EXPIRED"
    assert [await watch.step() for _ in range(3)] == [0.25, 0.25, None]
    assert shop.wechatpay.questions == CUSTOMERS[:2]
    shop.clock.now += DAY_MS - 1
    assert await watch.step() is None
    for _ in range(DAYS + 3):
        shop.clock.now += DAY_MS
        while await watch.step() is not None:
            continue
    assert shop.wechatpay.questions == [*CUSTOMERS[:2], *[CUSTOMERS[0]] * (DAYS - 1)]
    # The same answer each day is no event.
    events = await shop.ledger.read(lambda rows: rows.events_of(1, {Tag.COUPON_CHANGED}))
    assert len(events) == 1


async def test_without_the_setting_nobody_is_asked(shop: Shop) -> None:
    await shop.sent(CUSTOMERS[0])
    watch = shop.watch(per_second=None)
    assert (await watch.step(), watch.one_at_a_time, shop.wechatpay.questions) == (None, False, [])


async def test_it_rests_while_others_go_first(shop: Shop) -> None:
    await shop.sent(CUSTOMERS[0])
    watch = shop.watch()
    # paused
    await shop.ledger.write(lambda tx: tx.set_pause(Pause("U0WANG", NOW, "")))
    assert await watch.step() == 5.0
    await shop.ledger.write(lambda tx: tx.set_pause(None))
    # something waits to be sent
    due = await shop.put(CUSTOMERS[1], "1000", "", State.APPROVED)
    await shop.ledger.write(lambda tx: tx.save(due, replace(due, due_at=NOW)))
    assert await watch.step() == 5.0
    held = await shop.request(due.id)
    await shop.ledger.write(lambda tx: tx.save(held, replace(held, due_at=NOW + DAY_MS)))
    # WeChat Pay found the bot too fast
    shop.brakes = True
    assert await watch.step() == 5.0
    shop.brakes = False
    # a clock that nobody confirmed
    doubted = ClockWatch(shop.clock, steady=shop.clock)
    assert await shop.watch(clock=doubted).step() == 5.0
    assert shop.wechatpay.questions == []
    assert await watch.step() == 0.25
    assert shop.wechatpay.questions == [CUSTOMERS[0]]


async def test_where_wechat_pay_does_not_answer_it_rests_longer_and_goes_on_with_the_next(shop: Shop) -> None:
    await shop.sent(*CUSTOMERS)
    shop.wechatpay.says = dict.fromkeys(CUSTOMERS, "503")
    watch = shop.watch()
    assert [await watch.step() for _ in CUSTOMERS] == [5.0, 15.0, 60.0, 300.0, 600.0, 600.0]
    assert shop.wechatpay.questions == CUSTOMERS
    assert shop.answered == [False] * len(CUSTOMERS)
    known = await shop.ledger.read(lambda rows: rows.coupon_states([1]))
    assert (known[1].state, known[1].known_at, known[1].problem) == ("", None, "HTTP_503")
    shop.wechatpay.says.clear()
    shop.clock.now += DAY_MS + 1
    assert await watch.step() == 0.25
