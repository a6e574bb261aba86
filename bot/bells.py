"""How a commit wakes the loops that wait for it."""

from __future__ import annotations

from collections.abc import Mapping

from coupons.loops import Bell
from coupons.ports import Topic


class Bells:
    """One bell for each loop that waits for commits of a topic."""

    def __init__(self) -> None:
        self.sending = Bell()
        self.deciding = Bell()
        self.coupon_answers = Bell()
        self.expiring = Bell()
        self.reminding = Bell()
        self.announcing = Bell()
        self.files = Bell()
        self.showing = Bell()
        self.batches = Bell()
        self.returning = Bell()
        self._by_topic: Mapping[Topic, tuple[Bell, ...]] = {
            Topic.REQUESTS: (self.sending, self.expiring, self.reminding, self.showing),
            Topic.CLICKS: (self.deciding, self.coupon_answers),
            Topic.POSTS: (self.announcing,),
            Topic.ABSENCES: (self.returning, self.reminding, self.showing),
            Topic.BATCHES: (
                self.files,
                self.sending,
                self.expiring,
                self.reminding,
                self.batches,
                self.showing,
            ),
        }

    def ring(self, topics: frozenset[Topic]) -> None:
        for topic in topics:
            for bell in self._by_topic[topic]:
                bell.ring()
