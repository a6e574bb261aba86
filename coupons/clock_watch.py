"""Whether the wall clock is to be believed.

It is compared with a steady clock, which nobody can set, and with what Slack and WeChat Pay say of the time.
A clock that is hours ahead for a minute would else expire whatever waits and forget customers, for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock, local
from typing import Final

#: Milliseconds.
Clock = Callable[[], int]

#: What NTP sets right in steps is smaller; a clock that moves by this much against the steady one has jumped.
JUMP_MS: Final = 120_000
#: How far two right clocks may seem apart. From here on WeChat Pay refuses signatures, too.
TOLERANCE_MS: Final = 300_000


class DoubtKind(StrEnum):
    """Why the clock is not believed."""

    #: Nobody has confirmed it since the start.
    START = "start"
    #: It moved against the steady clock.
    JUMPED = "jumped"
    #: The newest event of the log is in its future.
    BEHIND_LOG = "behind_log"
    #: Slack or WeChat Pay say another time.
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Doubt:
    """`ahead_ms`: how far the clock is ahead of what was expected; below 0 behind. `since`: steady clock."""

    kind: DoubtKind
    ahead_ms: int
    since: int


class ClockWatch:
    """The wall clock in UTC milliseconds, when called; beside it, what is known of how right it is.

    `steady` in milliseconds from any beginning; it best goes on while the machine sleeps. May be used from
    several threads.
    """

    def __init__(self, clock: Clock, *, steady: Clock) -> None:
        self._clock = clock
        self._steady = steady
        self._lock = Lock()
        self._moment = local()
        self._doubt: Doubt | None = None
        self._started = steady()
        self._confirmed = False
        #: Expected of the wall clock: the steady one and this. None: not known.
        self._offset: int | None = clock() - self._started

    def __call__(self) -> int:
        if not getattr(self._moment, "holds", False):
            return self._clock()
        if self._moment.at is None:
            self._moment.at = self._clock()
        moment: int = self._moment.at
        return moment

    @contextmanager
    def moment(self) -> Iterator[None]:
        """On this thread it is one and the same time when called, though the clock be set meanwhile.

        What a transaction does to a row and the event that tells of it must not differ in time.
        """
        self._moment.holds, self._moment.at = True, None
        try:
            yield
        finally:
            self._moment.holds = False

    @property
    def doubt(self) -> Doubt | None:
        """None: it is believed."""
        with self._lock:
            self._compare()
            return self._present()

    def steady(self) -> int:
        """Milliseconds, for durations."""
        return self._steady()

    def sure(self) -> int | None:
        """The time, if the clock is believed at this moment: for what cannot be undone."""
        with self._lock:
            wall = self._compare()
            return wall if self._present() is None else None

    def earliest(self) -> int:
        """No later than the true time, as far as is known: for what must not come too early."""
        with self._lock:
            wall = self._compare()
            return min(wall, self._expected(wall))

    def latest(self) -> int:
        """No earlier than the true time, as far as is known: a time that begins here is not too short."""
        with self._lock:
            wall = self._compare()
            return max(wall, self._expected(wall))

    def compare_log(self, ts: int) -> None:
        """`ts`: of the newest event, in UTC milliseconds. An event of the future shows a clock set back."""
        with self._lock:
            wall = self._compare()
            if ts - wall >= JUMP_MS and self._doubt is None:
                self._doubt = Doubt(DoubtKind.BEHIND_LOG, wall - ts, self._steady())
                # The event may as well be from a time when the clock was ahead.
                self._offset = None

    def confirm(self, said: int) -> None:
        """What somebody else's clock, to be believed, says now, in UTC milliseconds."""
        with self._lock:
            wall, steady = self._compare(), self._steady()
            ahead = wall - said
            if abs(ahead) <= TOLERANCE_MS:
                self._doubt, self._confirmed = None, True
                self._offset = wall - steady
                return
            self._offset = said - steady
            if self._doubt is None:
                self._doubt = Doubt(DoubtKind.CONTRADICTED, ahead, steady)

    def _compare(self) -> int:
        """The wall clock, after it was compared with the steady one."""
        wall, steady = self._clock(), self._steady()
        ahead = wall - self._expected(wall)
        if abs(ahead) >= JUMP_MS:
            if self._doubt is None:
                self._doubt = Doubt(DoubtKind.JUMPED, ahead, steady)
        elif self._offset is not None:
            # It is back where it was expected, or it never left: small steps are NTP's.
            self._doubt = None
            self._offset = wall - steady
        return wall

    def _expected(self, wall: int) -> int:
        return wall if self._offset is None else self._steady() + self._offset

    def _present(self) -> Doubt | None:
        if self._doubt is not None or self._confirmed:
            return self._doubt
        return Doubt(DoubtKind.START, 0, self._started)
