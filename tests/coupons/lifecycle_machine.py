"""Anything in any order, over a real file: what must hold holds after every step, and the audit is whole."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from coupons.lifecycle import FINAL
from coupons.posts import PostKind
from storage.proof.verify import verify
from tests.coupons.lifecycle_asks import AskRules
from tests.coupons.lifecycle_changes import ChangeRules
from tests.coupons.lifecycle_drawing import askers, customers, outcomes, thens
from tests.coupons.lifecycle_world import STOCKS

_CLOSING = {f"request:{state}" for state in FINAL}


class Lifecycle(AskRules, ChangeRules):
    """Deliveries, people, clocks and WeChat Pay as hypothesis likes; desk, sender and ledger are real."""

    @initialize(
        asked=st.lists(st.tuples(askers, customers, st.sampled_from(STOCKS), thens, outcomes), max_size=4)
    )
    def begin(self, asked: list[tuple[Any, ...]]) -> None:
        """With some requests on file: most rules need them, and hypothesis leaves rules out as it likes."""
        self.open()
        for who, customer, stock, then, answers in asked:
            more = {"ticket": "", "confirmed": True, "follows": 0, "then": then, "outcomes": answers}
            self.ask(who=who, customer=customer, stock=stock, **more)

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
