"""64 people decide about one request at once: one decision, and everybody else is told honestly why not."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from coupons.asking import Ask, Asking, Submitted
from coupons.authority import Authority
from coupons.batch_desk import BatchDesk
from coupons.decider import Decider
from coupons.desk import Desk
from coupons.loops import Bell
from coupons.model import ClickAction, NewClick, Request, State
from coupons.permissions import Reason
from coupons.policy import Policy, Rule
from coupons.ports import Reading, Topic
from coupons.posts import PostKind
from coupons.recording import Recorded
from coupons.undo_desk import UndoDesk
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import sure
from tests.coupons.office import TEAM, Groups, Paper, Time, a_stock, an_offer_desk
from tests.empty_database import empty_database
from tests.storage.records import begin_posting

LEADS = tuple(f"U0LEAD{number:02d}" for number in range(64))
APPROVE, DECLINE = ClickAction.APPROVE, ClickAction.DECLINE


class Floor:
    """Asking, desk and the deciding loop over one real file."""

    def __init__(self, path: Path, approvals: int) -> None:
        self.bell, self.clock, self.groups = Bell(), Time(), Groups({"S0LEADS": frozenset(LEADS)})
        self.ledger = SqliteLedger(empty_database(path), clock=self.clock, on_commit=self.heard)
        self.committed, self.troubles = asyncio.Event(), list[BaseException]()
        policy = Policy(agents=(), approvers=("S0LEADS",), rules=(Rule(None, approvals, ()),), duplicate_ms=0)
        authority = Authority(policy=policy, directory=self.groups, ledger=self.ledger, team=TEAM)
        self.asking = Asking(
            ledger=self.ledger,
            authority=authority,
            issuer=Paper(),  # type: ignore[arg-type]  # nothing may be sent
            policy=policy,
            team=TEAM,
            clock=sure(self.clock),
        )
        self.desk = Desk(
            offers=an_offer_desk(self.ledger, authority, policy, sure(self.clock)),
            ledger=self.ledger,
            directory=self.groups,
            authority=authority,
            policy=policy,
            team=TEAM,
            clock=sure(self.clock),
        )
        self.decider = Decider(
            ledger=self.ledger,
            desk=self.desk,
            batch_desk=BatchDesk(
                ledger=self.ledger,
                authority=authority,
                policy=policy,
                clock=sure(self.clock),
            ),
            undo_desk=UndoDesk(
                ledger=self.ledger,
                authority=authority,
                issuer=Paper(),  # type: ignore[arg-type]  # nothing may be taken back
                policy=policy,
                clock=sure(self.clock),
            ),
            bell=self.bell,
            again_s=2.0,
            on_trouble=self.troubles.append,
        )

    def heard(self, _: frozenset[Topic]) -> None:
        self.bell.ring()
        self.committed.set()

    async def ask(self, number: int) -> Request:
        made = await self.asking.submit(
            Ask(
                delivery=f"T.{number}",
                requester="U0LI",
                team=TEAM,
                openid=f"oCustomer-{number:06d}",
                stock=a_stock("1001"),
                reason="late",
            )
        )
        assert isinstance(made, Submitted)
        return made.request

    async def click_at_once(
        self, request: Request, clicks: Sequence[tuple[str, ClickAction]], key: str = "at-once"
    ) -> None:
        """Returns when every one of them is decided."""
        kept = [
            NewClick(
                key=f"{key}-{request.id}-{number}",
                action=action,
                request_id=request.id,
                person=person,
                team=TEAM,
                channel="C0APPROVE",
                reason="no" if action is DECLINE else "",
                at=self.clock(),
                out_request_no=request.out_request_no,
            )
            for number, (person, action) in enumerate(clicks)
        ]
        await asyncio.gather(*(self.desk.keep_click(click) for click in kept))
        async with asyncio.timeout(60):
            while True:
                self.committed.clear()
                if not await self.ledger.read(lambda rows: rows.open_clicks(1)):
                    return
                await self.committed.wait()


def answered(rows: Reading, request_id: int) -> set[tuple[str | None, int | None]]:
    posts = (delivery.post for delivery in rows.due_posts(PostKind.ANSWER, 10**15, 9999))
    return {(post.person, post.seq) for post in posts if post.request_id == request_id}


@pytest.mark.parametrize("approvals", [1, 2])
async def test_64_approve_and_decline_at_once_again_and_again_and_one_decision_stands(
    tmp_path: Path, approvals: int, *, long_form: bool
) -> None:
    dice, ends = random.Random(approvals), Counter[State]()
    floor = Floor(tmp_path / "coupon.db", approvals)
    deciding = asyncio.create_task(floor.decider.run())
    for round_ in range(500 if long_form else 15):
        request = await floor.ask(round_)
        clicks = [(lead, APPROVE if dice.random() < 0.5 * approvals**0.5 else DECLINE) for lead in LEADS]
        dice.shuffle(clicks)
        await floor.click_at_once(request, clicks)
        ends[await one_decision(floor, request, clicks)] += 1
    floor.decider.stop()
    await deciding
    await floor.ledger.close()
    assert floor.troubles == []
    # Both ends are met, whoever comes first: of so many rounds each is one half, about.
    assert min(ends[State.APPROVED], ends[State.DECLINED]) >= (100 if long_form else 1)
    verify(tmp_path / "coupon.db")


async def one_decision(floor: Floor, request: Request, clicks: Sequence[tuple[str, ClickAction]]) -> State:
    after, events, given, answers = await floor.ledger.read(
        lambda rows: (
            rows.request(request.id),
            rows.events_of(request.id),
            rows.approvals(request.id),
            answered(rows, request.id),
        )
    )
    assert after is not None
    by_tag: dict[str, list[Recorded]] = {}
    for event in events:
        by_tag.setdefault(event.tag, []).append(event)
    yes, no = by_tag.get("approval:given", []), by_tag.get("request:declined", [])
    assert len(by_tag.get("request:approved", [])) + len(no) == 1, "one decision"
    assert after.state is (State.DECLINED if no else State.APPROVED)
    assert [each.approver for each in given] == [event.actor for event in yes]
    assert len(yes) < request.approvals_needed if no else len(yes) == request.approvals_needed
    # Everybody is told once: those that counted in the thread, the others by an answer of their own.
    refused = by_tag.get("click:refused", [])
    assert len(yes) + len(no) + len(refused) == len(clicks) == 64
    assert {(event.actor, event.seq) for event in refused} == answers
    assert {event.detail["reason"] for event in refused} == {Reason.TOO_LATE}
    assert Counter(event.actor for event in (*yes, *no, *refused)) == Counter(person for person, _ in clicks)
    assert {(event.actor, event.detail["action"]) for event in refused} <= {*clicks}
    return after.state


async def test_64_clicks_of_one_person_are_one_approval(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "coupon.db", 2)
    deciding = asyncio.create_task(floor.decider.run())
    request = await floor.ask(1)
    await floor.click_at_once(request, [(LEADS[0], APPROVE)] * 64)
    events = await floor.ledger.read(lambda rows: rows.events_of(request.id))
    floor.decider.stop()
    await deciding
    await floor.ledger.close()
    tags = Counter(event.tag for event in events)
    assert (tags["approval:given"], tags["click:refused"], tags["request:approved"]) == (1, 63, 0)
    assert {event.detail["reason"] for event in events if event.tag == "click:refused"} == {
        Reason.ALREADY_APPROVED
    }


async def test_an_approval_is_taken_back_or_the_last_one_counts_and_never_both(
    tmp_path: Path, *, long_form: bool
) -> None:
    dice, ends = random.Random(3), Counter[State]()
    floor = Floor(tmp_path / "coupon.db", 2)
    deciding = asyncio.create_task(floor.decider.run())
    first, last = LEADS[:2]
    for round_ in range(200 if long_form else 12):
        request = await floor.ask(round_)
        await floor.click_at_once(request, [(first, APPROVE)])
        clicks = [(last, APPROVE), (first, ClickAction.WITHDRAW_APPROVAL)]
        dice.shuffle(clicks)
        await floor.click_at_once(request, clicks, key="race")
        events = await floor.ledger.read(lambda rows, request=request: rows.events_of(request.id))  # type: ignore[misc]  # bound at once
        tags = Counter(event.tag for event in events)
        after = await floor.ledger.read(lambda rows, request=request: rows.request(request.id))  # type: ignore[misc]  # as above
        assert after is not None
        was_withdrawn = tags["approval:withdrawn"] == 1
        assert (tags["request:approved"], tags["click:refused"]) == ((0, 0) if was_withdrawn else (1, 1))
        assert after.state is (State.PENDING if was_withdrawn else State.APPROVED)
        ends[after.state] += 1
    floor.decider.stop()
    await deciding
    await floor.ledger.close()
    assert floor.troubles == []
    assert min(ends[State.PENDING], ends[State.APPROVED]) >= 1
    verify(tmp_path / "coupon.db")


async def test_clicks_that_wait_for_a_card_stand_in_nobodys_way(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "coupon.db", 1)
    slow, quick = await floor.ask(1), await floor.ask(2)
    # Its card may stand in Slack, and nobody knows where yet.
    [post] = [
        each
        for each in await floor.ledger.read(lambda rows: rows.due_posts(PostKind.CARD, 10**15, 9))
        if each.post.request_id == slow.id
    ]
    await floor.ledger.write(lambda tx: begin_posting(tx, post.id))
    deciding = asyncio.create_task(floor.decider.run())
    for number, lead in enumerate(LEADS):
        await floor.desk.keep_click(
            NewClick(
                key=f"waits-{number}",
                action=APPROVE,
                request_id=slow.id,
                person=lead,
                team=TEAM,
                channel="C0APPROVE",
                reason="",
                at=floor.clock(),
                message_ts="5.000100",
            )
        )
    kept = NewClick(
        key="quick",
        action=APPROVE,
        request_id=quick.id,
        person=LEADS[0],
        team=TEAM,
        channel=LEADS[0],
        reason="",
        at=floor.clock(),
        out_request_no=quick.out_request_no,
    )
    await floor.desk.keep_click(kept)
    assert await state_of(floor, quick, State.APPROVED)
    assert len(await floor.ledger.read(lambda rows: rows.open_clicks(99))) == 64
    # Slack's answer comes: one of them counts, and all others are told.
    await floor.ledger.write(lambda tx: tx.set_card(slow.id, "C0APPROVE", "5.000100"))
    assert await state_of(floor, slow, State.APPROVED)
    async with asyncio.timeout(60):
        while await floor.ledger.read(lambda rows: rows.open_clicks(1)):  # noqa: ASYNC110 - the loop's own pauses
            await asyncio.sleep(0.02)
    floor.decider.stop()
    await deciding
    await floor.ledger.close()
    assert floor.troubles == []
    verify(tmp_path / "coupon.db")


async def state_of(floor: Floor, request: Request, state: State) -> bool:
    async with asyncio.timeout(60):
        while True:
            found = await floor.ledger.read(lambda rows: rows.request(request.id))
            if found is not None and found.state is state:
                return True
            await asyncio.sleep(0.02)
