"""Anything in any order, over a real file: what must hold holds after every step, and the audit is whole."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from coupons.asking import Ask, Asking, Stopped, Submitted
from coupons.authority import Authority
from coupons.batch_desk import OF_BATCHES
from coupons.clock_watch import JUMP_MS
from coupons.desk import Desk
from coupons.events import Tag
from coupons.lifecycle import FINAL, SENDABLE
from coupons.loops import Bell
from coupons.model import Click, ClickAction, NewClick, Person, Request, State
from coupons.outcome import Outcome
from coupons.policy import Reason
from coupons.posts import Post, PostKind
from coupons.recording import Recorded
from coupons.reminding import Reminder
from coupons.sender import Sender
from coupons.settling import Pace
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import sure
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_drawing import askers, clickers, customers, jumps, outcomes, people, pick, thens
from tests.coupons.lifecycle_world import GROUPS, HOUR, POLICY, STOCKS, Moment
from tests.coupons.office import TEAM, Time
from tests.empty_database import empty_database

T = TypeVar("T")
_CLOSING = {f"request:{state}" for state in FINAL}
_MENU = frozenset({ClickAction.CANCEL, ClickAction.URGE})
_TELLS = {
    ClickAction.DECLINE: Tag.REQUEST_DECLINED,
    ClickAction.RETRY: Tag.REQUEST_RETRIED,
    ClickAction.CLOSE: Tag.REQUEST_CLOSED,
    ClickAction.CANCEL: Tag.REQUEST_CANCELLED,
    ClickAction.URGE: Tag.REQUEST_URGED,
}
_PACE = Pace(pauses_s=(0, 60), too_fast_s=(0,), tries=3, quiet_ms=HOUR, lookups_from=2, in_flight=4)


class Lifecycle(RuleBasedStateMachine):
    """Deliveries, people, clocks and WeChat Pay as hypothesis likes; desk, sender and ledger are real."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="lifecycle-"))
        self.path = self.folder / "coupon.db"
        self.clock, self.groups, self.wechat = Time(), world.first_groups(), world.WeChat()
        self.asks: list[Ask] = []
        self.kept: list[NewClick] = []
        self.taken: list[Click] = []
        self.closed: dict[int, Request] = {}
        self.drawn: dict[int, State] = {}
        self.troubles: list[BaseException] = []

    @initialize(
        asked=st.lists(st.tuples(askers, customers, st.sampled_from(STOCKS), thens, outcomes), max_size=4)
    )
    def begin(self, asked: list[tuple[Any, ...]]) -> None:
        """With some requests on file: most rules need them, and hypothesis leaves rules out as it likes."""
        self.open()
        for who, customer, stock, then, answers in asked:
            more = {"ticket": "", "confirmed": True, "follows": 0, "then": then, "outcomes": answers}
            self.ask(who=who, customer=customer, stock=stock, **more)

    def open(self) -> None:
        self.ledger = SqliteLedger(empty_database(self.path), clock=self.clock, on_commit=lambda _: None)
        authority = Authority(policy=POLICY, directory=self.groups, ledger=self.ledger, team=TEAM)
        common: dict[str, Any] = {"ledger": self.ledger, "policy": POLICY, "clock": sure(self.clock)}
        self.asking = Asking(authority=authority, issuer=self.wechat, team=TEAM, **common)
        self.desk = Desk(authority=authority, directory=self.groups, team=TEAM, **common)
        self.reminder = Reminder(bell=Bell(), on_trouble=self.troubles.append, **common)
        self.sender = Sender(
            ledger=self.ledger,
            issuer=self.wechat,
            clock=sure(self.clock),
            bell=Bell(),
            pace=_PACE,
            holder="here-1",
            on_outcome=lambda _request, _outcome: None,
            on_trouble=self.troubles.append,
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def moment(self) -> Moment:
        return self.run(self.ledger.read(partial(world.moment_of, now=self.clock())))

    def events(self, request_id: int) -> list[Recorded]:
        return list(self.run(self.ledger.read(lambda rows: rows.events_of(request_id))))

    def posts(self, kind: PostKind) -> list[Post]:
        """Promised to Slack, due or not."""
        found = self.run(self.ledger.read(lambda rows: rows.due_posts(kind, 10**15, 999)))
        return [delivery.post for delivery in found]

    def some(self, choice: int) -> Request:
        requests = self.moment().requests
        return requests[-1 - choice % len(requests)]

    # --- asking

    @rule(
        who=askers,
        customer=customers,
        stock=st.sampled_from(STOCKS),
        ticket=st.sampled_from(("", "", "T-1")),
        confirmed=st.sampled_from((True, True, False)),
        follows=st.integers(0, 3),
        then=thens,
        outcomes=outcomes,
    )
    def ask(self, follows: int, then: str, outcomes: list[Outcome], **words: Any) -> None:
        words["requester"] = words.pop("who")
        words["openid"] = words.pop("customer")
        before = self.moment()
        # Mostly what may be followed, where there is such a one.
        declined = [row.id for row in before.requests if row.state is State.DECLINED or follows == 3]
        ask = Ask(
            delivery=f"T.{len(self.asks)}",
            team=TEAM,
            reason="late",
            follows=declined[-1] if declined and follows else None,
            **words,
        )
        self.asks.append(ask)
        self.judge_ask(ask, before, self.run(self.asking.submit(ask)))
        if then != "wait" and self.moment().requests:
            self.leads_approve(0, [world.WANG, world.ZHAO, world.BOSS])
        if then == "send":
            self.send(outcomes, None)

    @precondition(lambda self: self.asks)
    @rule(choice=pick, twice=st.booleans())
    def deliver_again(self, choice: int, twice: bool) -> None:
        """Slack repeats a delivery: it makes one request, whatever has changed since."""
        before, ask = self.moment(), self.asks[-1 - choice % len(self.asks)]
        if not twice:
            self.judge_ask(ask, before, self.run(self.asking.submit(ask)))
            return

        async def at_once() -> list[Submitted | Stopped]:
            return list(await asyncio.gather(self.asking.submit(ask), self.asking.submit(ask)))

        made = [found for found in self.run(at_once()) if isinstance(found, Submitted)]
        assert len({found.request.id for found in made}) <= 1
        assert sum(found.is_new for found in made) <= 1
        if any(found.is_new for found in made):
            self.judge_ask(ask, before, made[0])

    def judge_ask(self, ask: Ask, before: Moment, found: Submitted | Stopped) -> None:
        after = self.moment()
        if isinstance(found, Stopped) or not found.is_new:
            assert len(after.requests) == len(before.requests)
            assert not (isinstance(found, Submitted) and found.request.requester != ask.requester)
            return
        made = after.requests[-1]
        world.check_limits(made, before, after)
        world.check_made(made, ask, before, self.groups)

    # --- clicks: kept when they come, decided in any order, some of them twice

    @precondition(lambda self: self.asks)
    @rule(
        who=clickers,
        choice=pick,
        action=st.sampled_from([*sorted({*ClickAction} - OF_BATCHES), ClickAction.APPROVE]),
        outside=st.sampled_from((False, False, False, True)),
        shown=st.sampled_from(("home", "home", "card", "old card", "old home")),
    )
    def click(self, who: str, choice: int, action: ClickAction, outside: bool, shown: str = "home") -> None:
        requests = self.moment().requests
        request = requests[-1 - choice % len(requests)] if requests else None
        places = {
            "card": {"message_ts": world.card_ts(request.id) if request else "1.0"},
            "old card": {"message_ts": "1.000001"},
            "old home": {"out_request_no": "cbanother"},
        }
        place = places.get(shown, {"out_request_no": request.out_request_no if request else "cbnone"})
        click = NewClick(
            key=f"k{len(self.kept)}",
            action=action,
            request_id=request.id if request else 1,
            person=who,
            team="T0OTHER" if outside else TEAM,
            channel="C0APPROVE",
            reason="not this time",
            at=self.clock(),
            **place,
        )
        self.kept.append(click)
        self.run(self.desk.keep_click(click))

    @precondition(lambda self: self.asks)
    @rule(choice=st.integers(0, 2), who=st.permutations((world.WANG, world.ZHAO, world.BOSS)))
    def leads_approve(self, choice: int, who: list[str]) -> None:
        for person in who:
            self.click(person, choice, ClickAction.APPROVE, outside=False)
            self.decide(-1)

    @precondition(lambda self: self.asks)
    @rule(
        who=clickers,
        action=st.sampled_from(
            (ClickAction.DECLINE, ClickAction.RETRY, ClickAction.RETRY, ClickAction.CLOSE)
        ),
    )
    def lead_answers_where_it_matters(self, who: str, action: ClickAction) -> None:
        state = State.PENDING if action is ClickAction.DECLINE else State.HELD
        for back, row in enumerate(reversed(self.moment().requests)):
            if row.state is state:
                self.click(who, back, action, outside=False)
                self.decide(-1)
                break

    @precondition(lambda self: self.kept)
    @rule(choice=pick)
    def click_again(self, choice: int) -> None:
        self.run(self.desk.keep_click(self.kept[-1 - choice % len(self.kept)]))

    @rule(choice=pick)
    def decide(self, choice: int) -> None:
        waiting = list(self.run(self.ledger.read(lambda rows: rows.open_clicks(99))))
        if waiting:
            click = waiting[choice % len(waiting)]
            self.taken.append(click)
            self.judge_click(click)

    @precondition(lambda self: self.taken)
    @rule(choice=pick)
    def decide_again(self, choice: int) -> None:
        click, before = self.taken[choice % len(self.taken)], self.moment()
        self.run(self.desk.decide(click))
        assert self.moment() == before

    def judge_click(self, click: Click) -> None:
        before, old = self.moment(), len(self.events(click.request_id))
        request = next((row for row in before.requests if row.id == click.request_id), None)
        given = self.approvers(click.request_id)
        self.run(self.desk.decide(click))
        assert self.moment().pause == before.pause
        tags = [event.tag for event in self.events(click.request_id)[old:]]
        if request is None:
            assert tags == []
            return
        allowed = click.team == TEAM and world.trusted(click.person, self.groups)
        allowed |= click.action in _MENU
        if click.message_ts:
            allowed &= click.message_ts == request.card_ts
        else:
            allowed &= click.out_request_no == request.out_request_no
        if click.action in _MENU:
            allowed &= world.allowed_to_requester(request, click.person, click.action, before.now)
        elif click.action in {ClickAction.RETRY, ClickAction.CLOSE}:
            allowed &= request.state is State.HELD
            allowed &= click.person in world.may_decide(request, before, self.groups)
            if click.action is ClickAction.CLOSE:
                allowed &= not request.open_attempts or request.absent_looks >= 2
        else:
            allowed &= world.allowed_to_approve(request, click.person, given, before, self.groups)
            allowed &= click.action is ClickAction.DECLINE or before.pause is None
        if not allowed:
            assert tags == [Tag.CLICK_REFUSED]
            [event] = self.events(click.request_id)[old:]
            assert Reason(str(event.detail["reason"])) is not Reason.ALLOWED
            assert (click.person, event.seq) in {
                (post.person, post.seq) for post in self.posts(PostKind.ANSWER)
            }
        elif click.action is ClickAction.APPROVE:
            enough = len(given) + 1 >= request.approvals_needed
            assert tags == [Tag.APPROVAL_GIVEN, *([Tag.REQUEST_APPROVED] if enough else [])]
            assert self.approvers(click.request_id) == given | {click.person}
        else:
            assert tags == [_TELLS[click.action]]

    def approvers(self, request_id: int) -> set[str]:
        found = self.run(self.ledger.read(lambda rows: rows.approvals(request_id)))
        assert len({each.approver for each in found}) == len(found)
        return {each.approver for each in found}

    @precondition(lambda self: self.asks)
    @rule(who=people, choice=pick, urge=st.booleans())
    def withdraw_or_urge(self, who: str, choice: int, urge: bool) -> None:
        before = self.moment()
        if not before.requests:
            return
        request = self.some(choice)
        action = ClickAction.URGE if urge else ClickAction.CANCEL
        found = self.run((self.desk.urge if urge else self.desk.cancel)(request.id, who))
        allowed = world.allowed_to_requester(request, who, action, before.now)
        assert isinstance(found, Request) is allowed
        if isinstance(found, Stopped):
            assert self.events(request.id)[-1].tag == Tag.CLICK_REFUSED

    # --- the world around

    @rule(group=st.sampled_from(GROUPS), who=people, home=st.booleans())
    def join_or_leave(self, group: str, who: str, home: bool) -> None:
        self.groups.members_of[group] ^= {who}
        if home:
            self.groups.members_of = world.first_groups().members_of

    @rule(
        who=people, change=st.sampled_from((*[""] * 8, "is_guest", "is_deactivated", "is_outsider", "is_bot"))
    )
    def change_somebody(self, who: str, change: str) -> None:
        flags: dict[str, Any] = {change: True} if change else {}
        self.groups.people[who] = Person(user_id=who, team=TEAM, **flags)

    @rule(by=jumps, forward=st.sampled_from((True, True, False)))
    def jump(self, by: int, forward: bool) -> None:
        self.clock.now += by if forward else -by

    @rule(who=clickers, pause=st.sampled_from((True, *[False] * 5)))
    def pause_or_resume(self, who: str, pause: bool) -> None:
        before = self.moment()
        found = self.run(self.desk.pause(who, pause=pause, reason="stock is wrong"))
        right = who in world.expand(POLICY.approvers, self.groups) and world.trusted(who, self.groups)
        assert isinstance(found, Stopped) is not (right and (before.pause is not None) is not pause)
        after = self.moment()
        assert after.pause == (before.pause if isinstance(found, Stopped) else found)
        # Who resumes gives each the time back that the pause took.
        resumed = before.pause is not None and after.pause is None
        for old, new in zip(before.requests, after.requests, strict=True):
            since = old.waits_from
            if before.pause is not None and before.pause.at <= before.now:
                since = max(before.pause.at, since)
            stood = before.now - since if resumed and old.state is State.PENDING else 0
            assert (new.expires_at, new.waits_from) == (old.expires_at + stood, old.waits_from + stood)

    # --- the loops

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
        due = self.run(self.ledger.read(lambda rows: rows.next_reminder()))
        assert due is None or due > before.now or before.pause is not None
        for row in before.requests:
            new = self.events(row.id)[counts[row.id] :]
            later = None if row.remind_at is None else row.remind_at - before.now
            if later is not None and row.waits_from > before.now + JUMP_MS:
                # Asked for while the clock was ahead: it waits from now.
                later += before.now - row.waits_from
            calls = row.state is State.PENDING and later is not None and later <= 0
            assert len(new) == int(calls and before.now < row.expires_at and before.pause is None)
            for event in new:
                waited = max(before.now - row.waits_from, 0)
                assert event.detail["mention"] == (world.BOSS if waited >= 2 * HOUR else None)

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

    # --- what always holds

    @invariant()
    def a_final_state_is_the_only_one_and_never_left(self) -> None:
        for row in self.moment().requests:
            # Where its card stands is known only when Slack has answered.
            closed = replace(row, card_channel=None, card_ts=None)
            if row.id in self.closed:
                assert closed == self.closed[row.id]
            elif row.state in FINAL:
                self.closed[row.id] = closed
                tags = [event.tag for event in self.events(row.id)]
                assert [tag for tag in tags if tag in _CLOSING] == [f"request:{row.state}"]

    @invariant()
    def every_card_says_the_row_or_is_about_to(self) -> None:
        assert self.troubles == []
        promised = {post.request_id for post in self.posts(PostKind.CARD)}
        for row in self.moment().requests:
            assert row.id in promised or self.drawn.get(row.id) is row.state

    def teardown(self) -> None:
        try:
            verify(self.path)
            self.run(self.ledger.close())
        finally:
            self.loop.close()
            shutil.rmtree(self.folder)
