"""How far apart Slack wants the calls of a lane: learnt from its refusals, forgotten after a quiet minute."""

from __future__ import annotations

from typing import Final

from coupons.ports import Clock
from coupons.posts import PostKind

#: Slack takes about one message a second in a channel, and some fifty changes a minute in all
#: (https://docs.slack.dev/apis/web-api/rate-limits). It lets more pass for a while: until it refuses one,
#: nobody waits.
_POSTS_MS: Final = 1_000
_REDRAWS_MS: Final = 1_200
#: After a refusal at that pace, and back again with each call that was taken.
_SLOWER: Final = 1.5
_FASTER: Final = 0.98
_SLOWEST_MS: Final = 30_000
_QUIET_MS: Final = 60_000


class PostPace:
    """Of each `WaitingPost.lane`. `steady`: milliseconds that nobody can set."""

    def __init__(self, steady: Clock) -> None:
        self._steady = steady
        #: Milliseconds between two calls, and when the last one was.
        self._paced: dict[str, tuple[float, float]] = {}

    def refused(self, lane: str, retry_after_s: float) -> None:
        """Slack said that a call came too early by so many seconds."""
        known = self._known(lane)
        pace_ms = _least_ms(lane) if known is None else min(known * _SLOWER, _SLOWEST_MS)
        self._paced[lane] = (pace_ms, self._steady() + retry_after_s * 1000)

    def took(self, lane: str) -> float:
        """Slack answered a call. Returns the seconds before which the next one is known to be too early."""
        known = self._known(lane)
        if known is None:
            return 0.0
        self._paced[lane] = (max(known * _FASTER, _least_ms(lane)), self._steady())
        # From the answer on: however long either call is on its way, Slack sees them this far apart.
        return known / 1000

    def _known(self, lane: str) -> float | None:
        if lane not in self._paced:
            return None
        pace_ms, last_at = self._paced[lane]
        if self._steady() - last_at < pace_ms + _QUIET_MS:
            return pace_ms
        del self._paced[lane]
        return None


def _least_ms(lane: str) -> float:
    return _REDRAWS_MS if lane == f"{PostKind.REDRAW}/" else _POSTS_MS
