"""The proof agrees with every moment of every real life of a request, driven by the desk and the sender."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from coupons.asking import Ask, Asking, Submitted
from coupons.authority import Authority
from coupons.clicked_on import shown_as
from coupons.desk import Desk
from coupons.errors import IssuerUnavailable
from coupons.loops import Bell
from coupons.model import ClickAction, CodeMode, Person, Request, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.policy import Policy, Rule
from coupons.ports import Place, Reading, Topic, Transaction
from coupons.request_number import out_request_no
from coupons.sender import Sender
from coupons.settling import Pace
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import sure
from tests.coupons.office import an_offer_desk
from tests.empty_database import empty_database
from tests.storage.records import DAY, OPENID, STOCK, Time, a_click, open_ledger

T = TypeVar("T")

SENT = Outcome(kind=Kind.SENT, verified=True, attempt_open=False, remedy=Remedy.NONE, coupon_code="CODE1")
NO = Outcome(
    kind=Kind.REFUSED, verified=True, attempt_open=False, remedy=Remedy.FINAL, said_no=True, code="RULELIMIT"
)
LOST = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="TIMEOUT")
FIX = Outcome(
    kind=Kind.REFUSED, verified=True, attempt_open=False, remedy=Remedy.OPERATOR, said_no=True, code="NO_AUTH"
)
SLOWER = Outcome(
    kind=Kind.REFUSED, verified=True, attempt_open=False, remedy=Remedy.SLOWER, said_no=True, code="FREQUENCY"
)
#: A no while an earlier attempt may have given it: the list decides.
NO_IN_DOUBT = Outcome(
    kind=Kind.UNKNOWN,
    verified=True,
    attempt_open=False,
    remedy=Remedy.LOOK_UP,
    said_no=True,
    code="RULELIMIT",
)


class Proven:
    """The ledger, with the proof asked after each commit, before its waiter goes on."""

    def __init__(self, ledger: SqliteLedger, path: Path) -> None:
        self._ledger, self._path = ledger, path
        self.proofs = 0

    async def write(self, work: Callable[[Transaction], T], *, later: bool = False) -> T:
        result = await self._ledger.write(work, later=later)
        verify(self._path)
        self.proofs += 1
        return result

    async def read(self, query: Callable[[Reading], T]) -> T:
        return await self._ledger.read(query)


@dataclass
class Script:
    """WeChat Pay by a list of outcomes; SENT when it is used up."""

    outcomes: list[Outcome] = field(default_factory=list)
    #: What the customer's list shows, look by look.
    found: list[str | None] = field(default_factory=list)

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        return f"{out_request_no} {openid} {stock_id}".encode()

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            return self.outcomes.pop(0) if self.outcomes else SENT

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        if not self.found:
            raise IssuerUnavailable
        return self.found.pop(0)


class Everybody:
    async def person(self, user_id: str) -> Person:
        return Person(user_id=user_id, team="T0SHOP")

    async def members(self, group_id: str) -> frozenset[str]:
        return frozenset()


class Shop:
    """Desk and sender over one proven ledger."""

    def __init__(self, ledger: SqliteLedger, path: Path, clock: Time, bell: Bell, script: Script) -> None:
        self.ledger, self.clock, self.bell, self.script = Proven(ledger, path), clock, bell, script
        self.pace = Pace(pauses_s=(0,), too_fast_s=(0,), tries=4, quiet_ms=0, lookups_from=99)
        policy = Policy(
            agents=(),
            approvers=("U0WANG", "U0ZHAO"),
            rules=(Rule(500, 1, ()), Rule(None, 2, ())),
            expiry_ms=DAY,
        )
        authority = Authority(policy=policy, directory=Everybody(), ledger=self.ledger, team="T0SHOP")
        self.asking = Asking(
            ledger=self.ledger,
            authority=authority,
            issuer=script,
            policy=policy,
            team="T0SHOP",
            clock=sure(clock),
        )
        self.desk = Desk(
            offers=an_offer_desk(self.ledger, authority, policy, sure(clock), issuer=script),
            ledger=self.ledger,
            directory=Everybody(),
            authority=authority,
            policy=policy,
            team="T0SHOP",
            clock=sure(clock),
        )
        self.troubles: list[BaseException] = []
        self._clicks = 0

    def sender(self) -> Sender:
        return Sender(
            ledger=self.ledger,
            issuer=self.script,
            clock=sure(self.clock),
            bell=self.bell,
            pace=self.pace,
            holder="here-1",
            on_outcome=lambda request, outcome: None,
            on_trouble=self.troubles.append,
        )

    async def ask(self) -> Request:
        ask = Ask(delivery="T.1", requester="U0LI", team="T0SHOP", openid=OPENID, stock=STOCK, reason="late")
        submitted = await self.asking.submit(ask)
        assert isinstance(submitted, Submitted)
        return submitted.request

    async def click(self, action: ClickAction, person: str, reason: str = "not this time") -> None:
        self._clicks += 1
        request = await self.ledger.read(lambda rows: rows.request(1))
        shown = shown_as(request) if request else out_request_no("T.1")
        await self.desk.keep_click(
            a_click(f"k{self._clicks}", action=action, person=person, out_request_no=shown, reason=reason)
        )
        [click] = await self.ledger.read(lambda rows: rows.open_clicks(9))
        await self.desk.decide(click)

    async def approved(self) -> None:
        await self.ask()
        await self.click(ClickAction.APPROVE, "U0WANG")
        await self.click(ClickAction.APPROVE, "U0ZHAO")

    async def state(self) -> State:
        request = await self.ledger.read(lambda rows: rows.request(1))
        assert request is not None
        return request.state

    async def tags(self) -> list[str]:
        return [event.tag for event in await self.ledger.read(lambda rows: rows.events_of(1))]

    async def send_until(self, *states: State, attempts: int = 0, tick: int = 0) -> State:
        """Runs the sending loop until the request is in one of these, with so many finished attempts."""
        sender = self.sender()
        task = asyncio.create_task(sender.run())
        async with asyncio.timeout(60):
            while (
                await self.state() not in states or (await self.tags()).count("attempt:finished") < attempts
            ):
                self.clock.now += tick
                self.bell.ring()
                await asyncio.sleep(0.005)
        sender.stop()
        await task
        assert self.troubles == []
        return await self.state()


@pytest.fixture
async def shop(path: Path, clock: Time) -> AsyncGenerator[Shop]:
    bell = Bell()

    def ring(topics: frozenset[Topic]) -> None:
        bell.ring()

    ledger = SqliteLedger(empty_database(path), clock=clock, on_commit=ring)
    here = Shop(ledger, path, clock, bell, Script())
    yield here
    assert here.ledger.proofs > 0
    await ledger.close()


@pytest.mark.parametrize(
    ("outcomes", "found", "end"),
    [
        ([SENT], [], State.SENT),
        ([NO], [], State.REFUSED),
        ([SLOWER, SLOWER, SENT], [], State.SENT),
        ([LOST, LOST, LOST, SENT], [], State.SENT),
        ([LOST, SLOWER, LOST, SENT], [], State.SENT),
        ([LOST, NO_IN_DOUBT], ["CODE7"], State.SENT),
        ([LOST, NO_IN_DOUBT, NO_IN_DOUBT], [None, None], State.REFUSED),
        ([FIX], [], State.HELD),
        ([LOST] * 4, [], State.HELD),
        ([SLOWER] * 4, [], State.HELD),
    ],
    ids=lambda value: None if isinstance(value, State) else "",
)
async def test_every_moment_of_sending_is_proven(
    shop: Shop, outcomes: Sequence[Outcome], found: Sequence[str | None], end: State
) -> None:
    shop.script.outcomes, shop.script.found = list(outcomes), list(found)
    await shop.approved()
    assert await shop.send_until(State.SENT, State.REFUSED, State.HELD) is end
    assert shop.script.outcomes == []
    assert (await shop.tags()).count("attempt:started") == len(outcomes)


@pytest.mark.parametrize("before", [[FIX], [LOST] * 4, [LOST, FIX]])
@pytest.mark.parametrize("after", [[SENT], [LOST, SENT], [FIX], [NO]])
async def test_every_moment_of_a_retry_from_held_is_proven(
    shop: Shop, before: list[Outcome], after: list[Outcome]
) -> None:
    shop.script.outcomes = [*before]
    await shop.approved()
    await shop.send_until(State.HELD)
    await shop.click(ClickAction.RETRY, "U0LI")
    assert await shop.state() is State.HELD, "the requester may not"
    await shop.click(ClickAction.RETRY, "U0WANG")
    assert await shop.state() is State.APPROVED
    await shop.desk.cancel(1, "U0LI")
    assert await shop.state() is State.APPROVED, "an attempt may have given it"
    shop.script.outcomes = [*after]
    await shop.send_until(State.SENT, State.REFUSED, State.HELD)
    tags = await shop.tags()
    assert tags.index("request:held") < tags.index("request:retried") < tags.index("attempt:finished", -5)


@pytest.mark.parametrize("lost_first", [0, 1, 2])
async def test_every_moment_after_a_process_that_died_on_the_wire_is_proven(
    shop: Shop, lost_first: int
) -> None:
    shop.pace = Pace(pauses_s=(1,))
    shop.script.outcomes = [LOST] * lost_first
    await shop.approved()
    for attempt in range(lost_first):
        # Time stands still: after one attempt the loop rests.
        await shop.send_until(State.UNKNOWN, attempts=attempt + 1)
        shop.clock.now += 1000
    # What the dead process had committed: an attempt that began and never ended.
    [begun] = await shop.ledger.write(partial(shop.sender()._attempts.begin_all, request_ids=[1]))
    assert begun.running
    assert await shop.send_until(State.SENT, tick=1000) is State.SENT
    assert "request:unknown" in await shop.tags()


async def test_an_own_approval_a_double_one_and_a_late_one_change_nothing(shop: Shop) -> None:
    await shop.ask()
    for person in ("U0LI", "U0WANG", "U0WANG", "U0NOBODY", "U0ZHAO", "U0ZHAO"):
        await shop.click(ClickAction.APPROVE, person)
    tags = await shop.tags()
    assert (tags.count("approval:given"), tags.count("click:refused")) == (2, 4)
    assert await shop.state() is State.APPROVED


async def test_every_moment_of_approvals_that_are_taken_back_is_proven(shop: Shop) -> None:
    """An approval that was taken back counts as none: not in the number, and not when it is sent."""
    take_back, approve = ClickAction.WITHDRAW_APPROVAL, ClickAction.APPROVE
    await shop.ask()
    for person, action in (
        ("U0WANG", take_back),
        ("U0WANG", approve),
        ("U0WANG", take_back),
        ("U0WANG", take_back),
        ("U0ZHAO", approve),
        ("U0WANG", approve),
        ("U0WANG", take_back),
    ):
        await shop.click(action, person)
    tags = await shop.tags()
    assert [tags.count(tag) for tag in ("approval:given", "approval:withdrawn", "click:refused")] == [3, 1, 3]
    assert await shop.state() is State.APPROVED, "approved as a whole: nobody takes that back"
    assert await shop.send_until(State.SENT) is State.SENT


async def test_every_moment_of_questions_and_offers_is_proven(shop: Shop) -> None:
    """A smaller coupon is the same request, for which its maker's approval counts, and no other one does."""
    kept = await shop.ask()
    for person, action, reason in (
        ("U0ZHAO", ClickAction.ASK, "why so much?"),
        ("U0LI", ClickAction.ANSWER, "2 four days late"),
        ("U0ZHAO", ClickAction.APPROVE, ""),
        ("U0WANG", ClickAction.OFFER, "9500 it came in the end"),
        ("U0LI", ClickAction.DECLINE_OFFER, "5"),
        ("U0WANG", ClickAction.OFFER, "9900"),
        ("U0WANG", ClickAction.WITHDRAW_APPROVAL, ""),
        ("U0WANG", ClickAction.OFFER, "9900"),
        ("U0LI", ClickAction.ACCEPT_OFFER, "9"),
        ("U0WANG", ClickAction.OFFER, "9500"),
        ("U0LI", ClickAction.ACCEPT_OFFER, "13"),
    ):
        await shop.click(action, person, reason)
    assert "click:refused" not in (tags := await shop.tags())
    assert tags[2:] == [
        *("question:answered", "approval:given", "offer:made", "offer:declined", "offer:made"),
        *("offer:withdrawn", "offer:made", "approval:withdrawn", "offer:accepted", "approval:given"),
        *("offer:made", "approval:withdrawn", "offer:accepted", "approval:given", "request:approved"),
    ]
    assert await shop.send_until(State.SENT) is State.SENT
    now = await shop.ledger.read(lambda rows: rows.request(1))
    assert now is not None
    assert (now.stock_id, now.value_fen, now.approvals_needed, now.offer) == ("9500", 500, 1, 15)
    assert (now.out_request_no, now.body != kept.body) == (kept.out_request_no, True)


def cancel(shop: Shop) -> Any:
    return shop.desk.cancel(1, "U0LI")


def decline(shop: Shop) -> Any:
    return shop.click(ClickAction.DECLINE, "U0ZHAO")


def expire(shop: Shop) -> Any:
    shop.clock.now += DAY
    return shop.desk.expire(shop.clock())


@pytest.mark.parametrize(
    ("close", "approvals", "end"),
    [
        (cancel, 0, State.CANCELLED),
        (cancel, 1, State.CANCELLED),
        (cancel, 2, State.CANCELLED),
        (decline, 0, State.DECLINED),
        (decline, 1, State.DECLINED),
        (expire, 0, State.EXPIRED),
        (expire, 1, State.EXPIRED),
        (expire, 2, State.APPROVED),
    ],
)
async def test_every_moment_of_a_request_that_is_not_sent_is_proven(
    shop: Shop, close: Callable[[Shop], Any], approvals: int, end: State
) -> None:
    await shop.ask()
    for person in ("U0WANG", "U0ZHAO")[:approvals]:
        await shop.click(ClickAction.APPROVE, person)
    await close(shop)
    assert await shop.state() is end
    await shop.click(ClickAction.APPROVE, "U0WANG")
    assert await shop.state() is end


async def test_a_click_about_no_request_is_part_of_the_proof(path: Path, shop: Shop) -> None:
    await shop.click(ClickAction.APPROVE, "U0WANG")
    assert verify(path).rows == 1
    with pytest.raises(Exception, match="in use"):
        open_ledger(path)
