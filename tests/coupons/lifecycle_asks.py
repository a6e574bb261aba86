"""Asking, and the same delivery again."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coupons.asking import Ask, Stopped, Submitted
from coupons.model import State
from coupons.outcome import Outcome
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_clicks import ClickRules
from tests.coupons.lifecycle_drawing import askers, customers, outcomes, pick, thens
from tests.coupons.lifecycle_loops import LoopRules
from tests.coupons.lifecycle_world import STOCKS, Moment
from tests.coupons.office import TEAM


class AskRules(ClickRules, LoopRules):
    """What is asked for; some of it is approved and sent at once."""

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
