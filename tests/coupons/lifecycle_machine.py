"""Anything in any order, over a real file: what must hold holds after every step, and the audit is whole."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from coupons.events import Tag
from coupons.lifecycle import FINAL
from coupons.model import State
from coupons.posts import PostKind
from storage.proof.verify import verify
from tests.coupons.lifecycle_asks import AskRules
from tests.coupons.lifecycle_changes import ChangeRules
from tests.coupons.lifecycle_drawing import askers, customers, outcomes, thens
from tests.coupons.lifecycle_world import STOCKS

_ENDS = {State.UNDONE: Tag.UNDO_DONE, State.REFUSED: Tag.UNDO_REFUSED}
_CLOSING = {*(f"request:{state}" for state in FINAL), *_ENDS.values()}


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
            closed = replace(row, card_channel=None, card_ts=None, undone_by=None, rev=0)
            if row.id in self.closed:
                assert closed == self.closed[row.id]
            elif row.state in FINAL:
                self.closed[row.id] = closed
                tags = [event.tag for event in self.events(row.id)]
                ended = f"request:{row.state}" if row.undoes is None else _ENDS.get(row.state)
                assert [tag for tag in tags if tag in _CLOSING] == [ended or f"request:{row.state}"]

    @invariant()
    def a_coupon_is_taken_back_by_one_undo_that_others_approved(self) -> None:
        requests = self.moment().requests
        for row in requests:
            undone = [each.id for each in requests if each.undoes == row.id and each.state is State.UNDONE]
            assert undone == ([] if row.undone_by is None else [row.undone_by])
            if row.undoes is not None and row.attempts:
                asked = {row.requester, requests[row.undoes - 1].requester}
                assert self.approvers(row.id)
                assert not self.approvers(row.id) & asked

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
