"""What an attempt's outcome makes of a request: pure, so that a table of cases is its test.

The trap it exists for: attempt 1 gives the coupon and its answer is lost; attempt 2 is refused because
attempt 1 used up the customer's allowance. A refusal settles a number only when no earlier attempt may have
given the coupon, or when WeChat Pay's own list, looked up long enough after, does not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from coupons.events import (
    AttemptFinished,
    AttemptLate,
    CouponLookedUp,
    RequestHeld,
    RequestRefused,
    RequestSent,
    RequestUnknown,
)
from coupons.lifecycle import FINAL, move
from coupons.model import REQUEST_RECORD, Request, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.permissions import LOOKUPS_BEFORE_CLOSING
from coupons.recording import SYSTEM, Event
from coupons.undo_events import UndoDone, UndoRefused

#: Our own word, where the tries ran out and the last answer does not say why.
NO_CLEAR_ANSWER = "NO_CLEAR_ANSWER"
#: Our own word for an attempt whose process died.
INTERRUPTED = "INTERRUPTED"
#: Our own word, where somebody changed what was asked for.
BODY_CHANGED = "BODY_CHANGED"
#: Our own word, where the events do not show the approvals that the row claims.
NOT_APPROVED = "NOT_APPROVED"


_NOT_RUNNING: Final = {"running": False, "running_by": None, "running_until": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the sending loop takes its time. WeChat Pay's own advice for this family is 1, 3, 10, 30 s."""

    #: Seconds before the next try; the last one is repeated.
    pauses_s: tuple[float, ...] = (1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
    #: Seconds in which nothing of a stock leaves that was too fast, by how often it was so; the last one is
    #: repeated, and from then on counts as a try.
    too_fast_s: tuple[float, ...] = (1, 2, 4, 8, 15, 30, 60)
    #: Tries before a person is asked: about two hours of them.
    tries: int = 20
    #: A coupon may show late in the customer's list: only after this time does its absence count.
    quiet_ms: int = 600_000
    #: Unclear answers before the coupon is looked up beside repeating.
    lookups_from: int = 3
    #: Attempts on the wire at once.
    in_flight: int = 64
    #: Attempts begun in a second, at most: WeChat Pay takes 500 in this family.
    per_second: float = 400.0

    @property
    def longest_ms(self) -> int:
        """What is due later than this from now was put off by a clock that was wrong."""
        return int(max(self.pauses_s) * 1000)

    @property
    def lookup_pause_ms(self) -> int:
        """Between two lookups of what is held: a little more than the quiet time, since clocks differ."""
        return self.quiet_ms + self.quiet_ms // 10

    def pause_ms(self, tries: int, retry_after: float | None = None) -> int:
        """The pause after so many tries, not shorter than WeChat Pay asked for, up to the longest one."""
        pause = self.pauses_s[min(max(tries, 1), len(self.pauses_s)) - 1]
        return min(int(max(pause, retry_after or 0.0) * 1000), self.longest_ms)


class LookupResult(StrEnum):
    """What a lookup of the customer's coupons found."""

    FOUND = "found"
    ABSENT = "absent"
    #: Of an undo: what the coupon was found to be by then. It was not taken back, and cannot be any more.
    USED = "used"
    EXPIRED = "expired"
    DELETED = "deleted"
    #: No verified list was to be had.
    UNAVAILABLE = "unavailable"


#: Our own words, by what the coupon of an undo was found to be.
_GONE: Final = {
    LookupResult.USED: "COUPON_USED",
    LookupResult.EXPIRED: "COUPON_EXPIRED",
    LookupResult.DELETED: "COUPON_DELETED",
}
#: Done, by WeChat Pay's signed answer.
_DONE: Final = frozenset({Kind.SENT, Kind.UNDONE})


@dataclass(frozen=True, slots=True)
class Lookup:
    """One lookup; `coupon_code` when found."""

    result: LookupResult
    coupon_code: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The request as it is to be saved, and the events that tell of it, in order."""

    after: Request
    events: Sequence[Event]


def needs_lookup(request: Request, outcome: Outcome, pace: Pace) -> bool:
    """Whether the customer's coupons are asked before the outcome is acted upon."""
    if request.undoes is not None and outcome.said_no:
        # Why not: the coupon may have been used meanwhile, or taken back by hand.
        return True
    if outcome.kind is not Kind.UNKNOWN:
        return False
    return outcome.remedy in {Remedy.LOOK_UP, Remedy.OPERATOR} or request.tries >= pace.lookups_from


def settle(  # noqa: PLR0911 - one return for each thing that can come of an attempt
    request: Request,
    outcome: Outcome,
    lookup: Lookup | None,
    *,
    started_at: int,
    now: int,
    earliest: int,
    pace: Pace,
    retry_in_ms: int | None = None,
) -> Settlement:
    """`request` as it stood while the attempt ran (counted in `attempts` and `open_attempts`).

    `retry_in_ms`: for all that come too fast, which is no fault of this one: it is no try of it.

    Where the clock is in doubt, `started_at` is rather too late and `earliest` rather too early, so that no
    wrong clock makes an absence count before its time.
    """
    events = [_finished(request, outcome)]
    if lookup is not None:
        events.append(_looked_up(request, lookup))
    request = _counted(request, outcome, lookup, started_at)

    if outcome.kind in _DONE:
        return _sent(request, events, outcome.coupon_code, "answer", now)
    if lookup is not None and (found := _found(request, events, lookup, now)):
        return found
    if outcome.remedy is Remedy.FINAL and _why_is_known(request, lookup):
        return _refused(request, events, outcome.code, now, verified=outcome.verified)
    if outcome.said_no and _absence_counts(request, earliest, pace):
        return _refused(request, events, outcome.code, now, verified=outcome.verified)
    if outcome.remedy is Remedy.OPERATOR:
        return _held(request, events, outcome.code, now)
    if retry_in_ms is not None:
        request = replace(request, tries=request.tries - 1)
    if request.tries >= pace.tries:
        return _held(request, events, _cause(request, outcome), now)
    due_at = now + (retry_in_ms or pace.pause_ms(request.tries, outcome.retry_after))
    if outcome.kind is Kind.UNKNOWN and request.state is State.SENDING:
        return _unknown(request, events, outcome.code, due_at, now)
    return Settlement(replace(request, due_at=due_at, problem=outcome.code), events)


def interrupted(request: Request, *, now: int, latest: int, pace: Pace) -> Settlement:
    """The process died with this attempt on the wire: it may have given the coupon.

    The usual pause follows, so that a process that dies again and again does not hammer WeChat Pay.
    `latest`: like `now`, but rather too late where the clock is in doubt.
    """
    due_at = now + pace.pause_ms(request.tries)
    finished = AttemptFinished(
        attempt=request.attempts, kind=Kind.UNKNOWN, verified=False, code=INTERRUPTED
    ).done_by(SYSTEM, request.id)
    request = REQUEST_RECORD.replace(request, {**_NOT_RUNNING, "unknown_at": latest, "absent_looks": 0})
    if request.state is State.SENDING:
        return _unknown(request, [finished], INTERRUPTED, due_at, now)
    return Settlement(replace(request, due_at=due_at), [finished])


def late(request: Request, begun: Request, outcome: Outcome, *, now: int, latest: int) -> Settlement:
    """What came of an attempt that had been called interrupted: perhaps another one is on the wire by now.

    It is not this outcome that settles anything then. Where WeChat Pay says that the coupon was given, the
    customer's coupons are looked at, and what did not show before counts for nothing.
    """
    came = AttemptLate(**_came_of(begun, outcome), coupon_code=outcome.coupon_code)
    if outcome.kind in _DONE and request.state not in FINAL:
        request = replace(request, look_at=now, unknown_at=latest, absent_looks=0)
    return Settlement(request, [came.done_by(SYSTEM, request.id)])


def changed(request: Request, *, now: int) -> Settlement:
    """The bytes are not those that were asked for and approved: nothing is sent until a person has looked."""
    return _held(request, [], BODY_CHANGED, now)


def unapproved(request: Request, *, now: int) -> Settlement:
    """The row asks to be sent, and the events show no approval for it: nothing is sent."""
    return _held(request, [], NOT_APPROVED, now)


def settle_lookup(
    request: Request, lookup: Lookup, *, now: int, earliest: int, latest: int, pace: Pace
) -> Settlement:
    """What a lookup without an attempt makes of an unknown request, or of a held one.

    What it does not find counts for nothing while it is unknown: a notification was the cause, the coupon may
    show any moment, and the ordinary repeats go on. While it is held nothing else goes on: two such
    lookups, so far apart that what was given before the first must show in the second, let a person close it.
    `earliest` and `latest`: like `now`, but rather too early or too late where the clock is in doubt.
    """
    held = request.state is State.HELD
    if held and lookup.result is LookupResult.ABSENT:
        request = _absent_again(request, earliest=earliest, latest=latest, pace=pace)
    absent_looks = request.absent_looks
    looked_up = CouponLookedUp(
        result=lookup.result,
        by="hold" if held else "notification",
        absent=absent_looks if held else None,
    )
    events = [looked_up.done_by(SYSTEM, request.id)]
    if found := _found(request, events, lookup, now):
        return found
    if lookup.result is LookupResult.UNAVAILABLE:
        # Nothing counts the tries of what is held: after the first it would be asked for each second.
        pause_ms = pace.longest_ms if held else pace.pause_ms(request.tries)
        return Settlement(replace(request, look_at=now + pause_ms), events)
    again = now + pace.lookup_pause_ms if held and absent_looks < LOOKUPS_BEFORE_CLOSING else None
    return Settlement(replace(request, look_at=again), events)


def _absent_again(request: Request, *, earliest: int, latest: int, pace: Pace) -> Request:
    """Counted where the quiet time has passed since the first of the lookups that are counted."""
    if not request.absent_looks or request.unknown_at is None:
        return replace(request, unknown_at=latest, absent_looks=1)
    # A clock that was ahead then must not keep an absence from counting for as long.
    since = min(request.unknown_at, latest)
    counts = earliest - since >= pace.quiet_ms
    return replace(request, unknown_at=since, absent_looks=request.absent_looks + int(counts))


def _counted(request: Request, outcome: Outcome, lookup: Lookup | None, started_at: int) -> Request:
    open_attempts = request.open_attempts - (0 if outcome.attempt_open else 1)
    absent = lookup is not None and lookup.result is LookupResult.ABSENT
    unknown_at, absent_looks = request.unknown_at, request.absent_looks + int(absent)
    if unknown_at is not None:
        # A clock that was ahead then must not keep an absence from counting for as long.
        unknown_at = min(unknown_at, started_at)
    if outcome.attempt_open and not outcome.said_no and outcome.remedy is not Remedy.OPERATOR:
        unknown_at, absent_looks = started_at, 0
    changes = {
        **_NOT_RUNNING,
        "open_attempts": open_attempts,
        "unknown_at": unknown_at,
        "absent_looks": absent_looks,
    }
    return REQUEST_RECORD.replace(request, changes)


def _why_is_known(request: Request, lookup: Lookup | None) -> bool:
    """Of an undo only once the coupon was looked at: it may have been refused because somebody has taken it
    back, and then it is a lie that it was not."""
    looked = lookup is not None and lookup.result is not LookupResult.UNAVAILABLE
    return looked or request.undoes is None


def _absence_counts(request: Request, earliest: int, pace: Pace) -> bool:
    quiet = request.unknown_at is None or earliest - request.unknown_at >= pace.quiet_ms
    return quiet and request.absent_looks >= 2  # noqa: PLR2004 - once could be before it shows


def _finished(request: Request, outcome: Outcome) -> Event:
    return AttemptFinished(**_came_of(request, outcome)).done_by(SYSTEM, request.id)


def _came_of(request: Request, outcome: Outcome) -> dict[str, Any]:
    """`request` as it stood while the attempt ran."""
    return {
        "attempt": request.attempts,
        "kind": outcome.kind,
        "verified": outcome.verified,
        "remedy": outcome.remedy,
        "status": outcome.status,
        "code": outcome.code,
        "message": outcome.message,
        "wechatpay_request_id": outcome.request_id,
        "serial_no": outcome.serial_no,
    }


def _looked_up(request: Request, lookup: Lookup) -> Event:
    return CouponLookedUp(result=lookup.result).done_by(SYSTEM, request.id)


def _found(request: Request, events: list[Event], lookup: Lookup, now: int) -> Settlement | None:
    """What was looked for; or, for an undo, that there is nothing left to take back."""
    if lookup.result is LookupResult.FOUND:
        return _sent(request, events, lookup.coupon_code, "look", now)
    if lookup.result in _GONE:
        return _refused(request, events, _GONE[lookup.result], now, verified=True)
    return None


def _sent(request: Request, events: list[Event], coupon_code: str | None, by: str, now: int) -> Settlement:
    if request.undoes is not None:
        done = UndoDone(undoes=request.undoes, by=by).done_by(SYSTEM, request.id)
        return Settlement(move(request, State.UNDONE, now=now, problem=""), [*events, done])
    after = move(request, State.SENT, now=now, coupon_code=coupon_code, problem="")
    sent = RequestSent(coupon_code=coupon_code, by=by).done_by(SYSTEM, request.id)
    return Settlement(after, [*events, sent])


def _refused(request: Request, events: list[Event], code: str, now: int, *, verified: bool) -> Settlement:
    after = move(request, State.REFUSED, now=now, problem=code)
    refused = RequestRefused(code=code, verified=verified).done_by(SYSTEM, request.id)
    if request.undoes is not None:
        refused = UndoRefused(undoes=request.undoes, code=code, verified=verified).done_by(SYSTEM, request.id)
    return Settlement(after, [*events, refused])


def _cause(request: Request, outcome: Outcome) -> str:
    """Why the tries ran out. What an answer says no to is not why an earlier attempt is open."""
    said_no = outcome.said_no or outcome.kind is Kind.REFUSED
    if request.open_attempts and (said_no or not outcome.attempt_open):
        return NO_CLEAR_ANSWER
    return outcome.code


def _held(request: Request, events: list[Event], code: str, now: int) -> Settlement:
    # Only lookups that are made from now on let a person close it.
    after = move(request, State.HELD, now=now, due_at=None, absent_looks=0, problem=code)
    # An unsigned refusal could be anybody's: the coupon may have been given all the same.
    held = RequestHeld(code=code, not_known=request.open_attempts > 0).done_by(SYSTEM, request.id)
    return Settlement(after, [*events, held])


def _unknown(request: Request, events: list[Event], code: str, due_at: int, now: int) -> Settlement:
    after = move(request, State.UNKNOWN, now=now, due_at=due_at, problem=code)
    return Settlement(after, [*events, RequestUnknown(code=code).done_by(SYSTEM, request.id)])
