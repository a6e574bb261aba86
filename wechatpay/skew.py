"""How far our clock is from WeChat Pay's, by the `Date` header of any answer.

Anybody in between can write a `Date`: it warns a person and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

#: Called with one word for logs and one sentence for the operator, both without secrets and openids.
Tell = Callable[[str, str], None]

#: WeChat Pay refuses from 300 s on, and so do we; a clock that drifts is to be seen long before.
WARN_FROM_S = 60

CLOCK_OFF = "clock_off"

#: A clock drifts slowly, and this stands in the way of every answer.
_CHECK_EVERY_S = 10
_TELL_EVERY_S = 3600
#: "Sun, 06 Nov 1994 08:49:37 GMT" has 29 characters.
_LONGEST_DATE = 40


def seconds_ahead(headers: Mapping[str, str], *, now: int) -> int | None:
    """How far `now` (Unix seconds) is ahead of the answer's `Date`; below 0: behind. None: no usable Date."""
    date = headers.get("date", "")
    if not date or len(date) > _LONGEST_DATE:
        return None
    try:
        said = parsedate_to_datetime(date)
        return now - int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


class SkewWatch:
    """Looks at answers now and then; tells at most once an hour."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._checked_at: int | None = None
        self._reported_at: int | None = None
        #: What was seen last: seconds that our clock is ahead; None: not seen yet.
        self.seconds: int | None = None

    def check(self, headers: Mapping[str, str], *, now: int) -> None:
        """`headers` of an answer that has just come, by lower-case name; `now` in Unix seconds."""
        if _within(_CHECK_EVERY_S, self._checked_at, now):
            return
        ahead = seconds_ahead(headers, now=now)
        if ahead is None:
            return
        self._checked_at, self.seconds = now, ahead
        if abs(ahead) < WARN_FROM_S or _within(_TELL_EVERY_S, self._reported_at, now):
            return
        self._reported_at = now
        self._tell(
            CLOCK_OFF,
            f"this machine's clock is {off(ahead)} WeChat Pay's; from 300 s on nothing is accepted, either "
            "side: let it be set by NTP",
        )


def off(ahead: int) -> str:
    """`75 s ahead of`, `75 s behind`."""
    return f"{abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'}"


def _within(seconds: int, since: int | None, now: int) -> bool:
    # A clock that is set back, which is what the warning asks for, must not silence the next one.
    return since is not None and 0 <= now - since < seconds
