"""What all rules of the lifecycle machine stand on: desk, sender and ledger, and what the rows say."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from coupons.absence_desk import AbsenceDesk
from coupons.asking import Ask, Asking
from coupons.authority import Authority
from coupons.coupon_answers import CouponAnswers
from coupons.coupon_lookups import CouponLookups
from coupons.desk import Desk
from coupons.loops import Bell
from coupons.model import Click, NewClick, Request, State
from coupons.posts import Post, PostKind
from coupons.presence import Presence
from coupons.recording import Recorded
from coupons.reminding import Reminder
from coupons.returning import Returner
from coupons.sender import Sender
from coupons.settling import Pace
from coupons.undo_desk import UndoDesk
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_world import HOUR, POLICY, Moment
from tests.coupons.office import TEAM, Time, an_offer_desk
from tests.empty_database import empty_database

T = TypeVar("T")
_PACE = Pace(pauses_s=(0, 60), too_fast_s=(0,), tries=3, quiet_ms=HOUR, lookups_from=2, in_flight=4)


class LifecycleBase(RuleBasedStateMachine):
    """Desk, sender and ledger over a file of its own."""

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

    def open(self) -> None:
        self.ledger = SqliteLedger(empty_database(self.path), clock=self.clock, on_commit=lambda _: None)
        authority = Authority(policy=POLICY, directory=self.groups, ledger=self.ledger, team=TEAM)
        common: dict[str, Any] = {"ledger": self.ledger, "policy": POLICY, "clock": sure(self.clock)}
        self.asking = Asking(authority=authority, issuer=self.wechat, team=TEAM, **common)
        offers = an_offer_desk(self.ledger, authority, POLICY, sure(self.clock), issuer=self.wechat)
        self.desk = Desk(offers=offers, authority=authority, directory=self.groups, team=TEAM, **common)
        self.undo_desk = UndoDesk(authority=authority, issuer=self.wechat, **common)
        presence = Presence(policy=POLICY, authority=authority, ledger=self.ledger)
        self.absences = AbsenceDesk(directory=self.groups, presence=presence, team=TEAM, **common)
        self.reminder = Reminder(presence=presence, bell=Bell(), on_trouble=self.troubles.append, **common)
        self.returner = Returner(
            ledger=self.ledger,
            desk=self.absences,
            clock=sure(self.clock),
            bell=Bell(),
            on_trouble=self.troubles.append,
        )
        self.answers = CouponAnswers(
            ledger=self.ledger,
            authority=authority,
            lookups=CouponLookups(issuer=self.wechat, clock=self.clock, on_lookup=lambda _: None),
            team=TEAM,
            bell=Bell(),
            again_s=0,
            on_trouble=self.troubles.append,
        )
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

    def approvers(self, request_id: int) -> set[str]:
        found = self.run(self.ledger.read(lambda rows: rows.approvals(request_id)))
        assert len({each.approver for each in found}) == len(found)
        return {each.approver for each in found}
