"""Groups, people, the clock and the pause change under the requests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from coupons.absence_desk import HandedOver
from coupons.asking import Stopped
from coupons.model import Person, State
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_base import LifecycleBase
from tests.coupons.lifecycle_drawing import clickers, jumps, people
from tests.coupons.lifecycle_world import GROUPS, POLICY
from tests.coupons.office import TEAM


class ChangeRules(LifecycleBase):
    """The world around."""

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

    @rule(who=people, deputy=st.one_of(st.none(), people), hours=st.sampled_from((1, 5, 30)))
    def go_away(self, who: str, deputy: str | None, hours: int) -> None:
        """Only of what both may approve is anything handed over; nobody's right to click depends on it."""
        until = self.clock.now + hours * world.HOUR
        found = self.run(self.absences.begin(who, until=until, deputy=deputy))
        deciders = world.expand(POLICY.deciders, self.groups)
        if isinstance(found, HandedOver):
            named = {who} if deputy is None else {who, deputy}
            assert all(each in deciders and world.trusted(each, self.groups) for each in named)
            assert deputy != who

    @rule(who=people)
    def come_back(self, who: str) -> None:
        self.run(self.absences.end(who))
        assert self.run(self.ledger.read(lambda rows: rows.absence(who))) is None

    @rule()
    def absences_end(self) -> None:
        self.run(self.returner.step())
        left = self.run(self.ledger.read(lambda rows: rows.absences()))
        assert all(self.clock.now < each.until for each in left)

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
