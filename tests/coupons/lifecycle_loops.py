"""The loops take their steps, and the process dies between two of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from coupons.clock_watch import JUMP_MS
from coupons.events import Tag
from coupons.lifecycle import SENDABLE
from coupons.model import ClickAction, NewClick, State
from coupons.outcome import Outcome
from coupons.ports import Reading
from coupons.posts import PostKind
from coupons.recording import Recorded
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_base import LifecycleBase
from tests.coupons.lifecycle_drawing import outcomes
from tests.coupons.lifecycle_world import HOUR
from tests.coupons.office import TEAM


class LoopRules(LifecycleBase):
    """Expiry, reminders, sending and cards; WeChat Pay answers as hypothesis likes."""

    @rule()
    def expire(self) -> None:
        before = self.moment()
        self.run(self.desk.expire(self.clock()))
        for old, new in zip(before.requests, self.moment().requests, strict=True):
            late = old.state is State.PENDING and old.expires_at <= before.now and before.pause is None
            late &= old.waits_from <= before.now + JUMP_MS
            assert new.state is (State.EXPIRED if late else old.state)

    @rule()
    def remind(self) -> None:
        before = self.moment()
        counts = {row.id: len(self.events(row.id)) for row in before.requests}
        self.run(self.reminder.step())
        due, away = self.run(
            self.ledger.read(lambda rows: (rows.next_reminder(), {each.person for each in rows.absences()}))
        )
        assert due is None or due > before.now or before.pause is not None
        for row in before.requests:
            new = self.events(row.id)[counts[row.id] :]
            later = None if row.remind_at is None else row.remind_at - before.now
            if later is not None and row.waits_from > before.now + JUMP_MS:
                # Asked for while the clock was ahead: it waits from now.
                later += before.now - row.waits_from
            calls = row.state is State.PENDING and later is not None and later <= 0
            waited = max(before.now - row.waits_from, 0)
            # While somebody is away it is looked at once more often than people are called.
            named, given = world.may_be_called(row, before, self.groups), self.approvers(row.id)
            lacking = bool(named & away) and len(named - away - given) < row.approvals_needed - len(given)
            calls = calls and (lacking or waited >= HOUR // 2)
            assert len(new) == int(calls and before.now < row.expires_at and before.pause is None)
            for event in new:
                is_unattended = "until" in event.detail
                assert is_unattended is lacking
                assert event.detail["mention"] == (
                    world.BOSS if is_unattended or waited >= 2 * HOUR else None
                )

    @rule(outcomes=outcomes, found=st.sampled_from((None, "CODE")))
    def send(self, outcomes: list[Outcome], found: str | None) -> None:
        before, calls = self.moment(), len(self.wechat.calls)
        self.wechat.outcomes, self.wechat.found = [*outcomes], [found]
        self.run(self.send_due())
        new = self.wechat.calls[calls:]
        assert not new or before.pause is None, "nothing is sent while paused"
        assert len(new) == len(set(new)), "one attempt for each at a time"
        by_number = {row.out_request_no: row for row in before.requests}
        for number in new:
            row = by_number[number]
            assert row.state in SENDABLE
            approvers = self.approvers(row.id)
            assert row.requester not in approvers
            assert len(approvers) == row.approvals_needed, "no attempt without the approvals it needs"

        self.answer_about_coupons()

    def answer_about_coupons(self) -> None:
        """Each question once, of sent coupons only; whatever WeChat Pay says, no request changes by it."""
        before, place = self.moment(), self.head()
        newest = next((row for row in reversed(before.requests) if row.state is State.SENT), None)
        if newest is not None:
            self.run(self.desk.keep_click(self.typed_question(newest.id, newest.requester, place)))
        wanted = self.run(self.ledger.read(lambda rows: rows.lookups_wanted(999)))
        while self.run(self.ledger.read(lambda rows: rows.lookups_wanted(1))):
            self.run(self.answer_some())
        assert self.moment() == before
        events = [self.run(self.ledger.read(partial(_event, seq=n))) for n in range(place, self.head())]
        ends = [event for event in events if event.tag != Tag.COUPON_CHANGED]
        assert {event.tag for event in ends} <= {Tag.COUPON_VIEWED, Tag.CLICK_REFUSED}
        assert sorted(event.actor for event in ends) == sorted(click.person for click in wanted)
        for event in events:
            about = event.detail.get("requests", [event.request_id])
            if event.tag != Tag.CLICK_REFUSED:
                assert all(before.one(number).state is State.SENT for number in about)

    def typed_question(self, number: int, person: str, place: int) -> NewClick:
        return NewClick(
            key=f"typed-{place}",
            action=ClickAction.LOOK_UP_COUPON,
            request_id=number,
            person=person,
            team=TEAM,
            channel="C0SUPPORT",
            reason="",
            at=self.clock(),
        )

    def head(self) -> int:
        return self.run(self.ledger.read(lambda rows: rows.head()[0]))

    async def answer_some(self) -> None:
        await self.answers.step()
        await self.answers.drain()
        await asyncio.sleep(0)

    async def send_due(self) -> None:
        await self.sender.step()
        await self.sender.drain()
        await asyncio.sleep(0)  # what the tasks' ends call stands in the queue

    @rule()
    def die_on_the_wire(self) -> None:
        """Attempts begin, and the process with them ends; the next one finds them marked as running."""
        now = self.clock()
        due = self.run(self.ledger.read(lambda rows: rows.due_requests(now, 2, now + 2**40)))
        for request in due:
            begun = self.run(
                self.ledger.write(partial(self.sender._attempts.begin_all, request_ids=[request.id]))
            )
            assert (not begun) is (self.moment().pause is not None)
        self.run(self.ledger.close())
        self.open()

    @rule()
    def draw_cards(self) -> None:
        def draw(tx: Any) -> None:
            for post in tx.due_posts(PostKind.CARD, 10**15, 99):
                request = tx.request(post.post.request_id)
                self.drawn[request.id] = request.state
                tx.set_card(request.id, "C0APPROVE", world.card_ts(request.id))
                tx.finish_post(post.id, post.version)

        self.run(self.ledger.write(draw))


def _event(rows: Reading, *, seq: int) -> Recorded:
    event = rows.event(seq + 1)
    assert event is not None
    return event
