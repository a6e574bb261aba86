"""One click is one decision, however often it is taken up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.asking import Ask, Asking, Stopped, Submitted
from coupons.authority import Authority
from coupons.desk import Desk
from coupons.events import Tag
from coupons.model import ClickAction, CodeMode, NewClick, Person, State, Stock
from coupons.permissions import Decision, Reason
from coupons.policy import Policy, Rule
from coupons.posts import PostKind
from coupons.request_number import out_request_no
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.coupons.office import an_offer_desk
from tests.coupons.samples import OPENID
from tests.empty_database import empty_database
from tests.storage.records import newest

STOCK = Stock("1212121212", "late-10", "¥10 off", 1000, CodeMode.WECHATPAY_MODE)
TEAM = "T1"


class Colleagues:
    """Slack's directory, where everybody is a colleague and no group is known."""

    async def person(self, user_id: str) -> Person:
        return Person(user_id=user_id, team=TEAM)

    async def members(self, group_id: str) -> frozenset[str]:
        raise AssertionError(group_id)


class Paper:
    """An issuer that can compose and nothing else: the desk must never send."""

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        return f"{out_request_no} {openid} {stock_id} {code_mode}".encode()


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncGenerator[SqliteLedger]:
    ledger = SqliteLedger(empty_database(tmp_path / "coupon.db"), clock=now, on_commit=lambda _: None)
    yield ledger
    await ledger.close()


POLICY = Policy(agents=(), approvers=("U0WANG", "U0ZHAO"), rules=(Rule(None, 2, ()),))


@pytest.fixture
def authority(ledger: SqliteLedger) -> Authority:
    return Authority(policy=POLICY, directory=Colleagues(), ledger=ledger, team=TEAM)


@pytest.fixture
def asking(ledger: SqliteLedger, authority: Authority) -> Asking:
    return Asking(
        ledger=ledger,
        authority=authority,
        issuer=Paper(),  # type: ignore[arg-type]  # nothing else may be called
        policy=POLICY,
        team=TEAM,
        clock=sure(now),
    )


@pytest.fixture
def desk(ledger: SqliteLedger, authority: Authority) -> Desk:
    return Desk(
        offers=an_offer_desk(ledger, authority, POLICY, sure(now)),
        ledger=ledger,
        directory=Colleagues(),
        authority=authority,
        policy=POLICY,
        team=TEAM,
        clock=sure(now),
    )


async def _asked(asking: Asking) -> int:
    ask = Ask(delivery="T1:1.2.3", requester="U0LI", team=TEAM, openid=OPENID, stock=STOCK, reason="late")
    made = await asking.submit(ask)
    assert isinstance(made, Submitted)
    return made.request.id


def _click(number: int, person: str, key: str) -> NewClick:
    return NewClick(
        key=key,
        action=ClickAction.APPROVE,
        request_id=number,
        person=person,
        team=TEAM,
        channel="C0APPROVE",
        reason="",
        at=now(),
        out_request_no=out_request_no("T1:1.2.3"),
    )


async def test_a_click_taken_up_twice_is_decided_once_and_answers_nobody_twice(
    ledger: SqliteLedger, asking: Asking, desk: Desk
) -> None:
    number = await _asked(asking)
    await desk.keep_click(_click(number, "U0WANG", "k1"))
    [click] = await ledger.read(lambda rows: rows.open_clicks(10))
    await desk.decide(click)
    await desk.decide(click)
    tags = [event.tag for event in await ledger.read(lambda rows: rows.events_of(number))]
    assert tags == ["request:created", "approval:given"]
    assert await ledger.read(lambda rows: rows.due_posts(PostKind.ANSWER, now(), 10)) == []


async def test_two_clicks_of_one_person_are_one_approval(
    ledger: SqliteLedger, asking: Asking, desk: Desk
) -> None:
    number = await _asked(asking)
    for key in ("k1", "k2"):
        await desk.keep_click(_click(number, "U0WANG", key))
    for click in await ledger.read(lambda rows: rows.open_clicks(10)):
        await desk.decide(click)
    request = await ledger.read(lambda rows: rows.request(number))
    assert request is not None
    assert request.state is State.PENDING
    assert len(await ledger.read(lambda rows: rows.approvals(number))) == 1


async def test_the_same_delivery_asks_once_even_where_a_limit_has_been_reached_since(
    ledger: SqliteLedger, asking: Asking
) -> None:
    first = await _asked(asking)
    assert await _asked(asking) == first
    created = [event.tag for event in await ledger.read(lambda rows: rows.events_of(first))]
    assert created == ["request:created"]


async def test_a_refused_click_redraws_the_card_which_may_name_people_of_before(
    ledger: SqliteLedger, asking: Asking, desk: Desk
) -> None:
    number = await _asked(asking)
    [before] = await ledger.read(lambda rows: rows.due_posts(PostKind.CARD, now(), 10))
    await desk.keep_click(_click(number, "U0QIAN", "k1"))
    [click] = await ledger.read(lambda rows: rows.open_clicks(10))
    await desk.decide(click)
    [after] = await ledger.read(lambda rows: rows.due_posts(PostKind.CARD, now(), 10))
    assert (after.post.request_id, after.version) == (number, before.version + 1)


@pytest.mark.parametrize("command", ["cancel", "urge"])
async def test_a_command_about_a_request_that_is_not_there_is_an_event(
    tmp_path: Path, ledger: SqliteLedger, desk: Desk, command: str
) -> None:
    stopped = await getattr(desk, command)(999, "U0LI")
    assert stopped == Stopped(Decision(Reason.NO_SUCH_REQUEST))
    [event] = await asyncio.to_thread(newest, tmp_path / "coupon.db")
    assert (event.tag, event.actor, event.request_id) == (Tag.CLICK_REFUSED, "U0LI", None)
    assert event.detail == {"action": command, "reason": "no_such_request", "asked_for": 999}
