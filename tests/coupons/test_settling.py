"""What an attempt's outcome makes of a request: a row a case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.events import Tag
from coupons.lifecycle import FINAL
from coupons.model import Request, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.settling import NO_CLEAR_ANSWER, Lookup, LookupResult, Pace, interrupted, needs_lookup, settle
from tests.coupons.samples import a_request

PACE = Pace(pauses_s=(1, 2, 4), tries=5, quiet_ms=600_000)
NOW = 1_795_400_600_000
LONG_AGO = NOW - 600_000
JUST_NOW = NOW - 1_000

GIVEN = Outcome(kind=Kind.SENT, verified=True, attempt_open=True, remedy=Remedy.NONE, coupon_code="C1")
TIMEOUT = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="TIMEOUT")
FINAL_NO = Outcome(
    kind=Kind.REFUSED, verified=True, attempt_open=False, remedy=Remedy.FINAL, said_no=True, code="RULE_LIMIT"
)
UNSIGNED_NO = Outcome(
    kind=Kind.UNKNOWN,
    verified=False,
    attempt_open=True,
    remedy=Remedy.LOOK_UP,
    said_no=True,
    code="RULE_LIMIT",
)
NO_BUT_OPEN = Outcome(
    kind=Kind.UNKNOWN,
    verified=True,
    attempt_open=False,
    remedy=Remedy.LOOK_UP,
    said_no=True,
    code="RULE_LIMIT",
)
EXISTS = Outcome(
    kind=Kind.UNKNOWN, verified=True, attempt_open=True, remedy=Remedy.LOOK_UP, code="ALREADY_EXISTS"
)
BAD_KEY = Outcome(
    kind=Kind.REFUSED, verified=False, attempt_open=True, remedy=Remedy.OPERATOR, code="SIGN_ERROR"
)
TOO_FAST = Outcome(
    kind=Kind.REFUSED,
    verified=True,
    attempt_open=False,
    remedy=Remedy.SLOWER,
    code="FREQUENCY_LIMITED",
    retry_after=3.0,
)
NO_WIRE = Outcome(kind=Kind.REFUSED, verified=False, attempt_open=False, remedy=Remedy.REPEAT, code="CONNECT")
FOUND = Lookup(LookupResult.FOUND, "C9")
ABSENT = Lookup(LookupResult.ABSENT)
NO_LIST = Lookup(LookupResult.UNAVAILABLE)

FIRST = {"state": State.SENDING, "attempts": 1, "tries": 1, "open_attempts": 1}
DOUBT = {"state": State.UNKNOWN, "attempts": 2, "tries": 2, "open_attempts": 2, "unknown_at": JUST_NOW}
OLD_DOUBT = {**DOUBT, "unknown_at": LONG_AGO}


def settled(before: dict[str, Any], outcome: Outcome, lookup: Lookup | None = None) -> Request:
    request = a_request(running=True, **before)
    return settle(request, outcome, lookup, started_at=JUST_NOW, now=NOW, earliest=NOW, pace=PACE).after


@pytest.mark.parametrize(
    ("before", "outcome", "lookup", "state", "due_in_ms"),
    [
        (FIRST, GIVEN, None, State.SENT, None),
        (DOUBT, GIVEN, None, State.SENT, None),
        (FIRST, FINAL_NO, None, State.REFUSED, None),
        (FIRST, TIMEOUT, None, State.UNKNOWN, 1_000),
        (DOUBT, TIMEOUT, None, State.UNKNOWN, 2_000),
        (DOUBT, TIMEOUT, FOUND, State.SENT, None),
        (DOUBT, TIMEOUT, ABSENT, State.UNKNOWN, 2_000),
        # The trap: the first attempt may have used up the allowance that the second was refused for.
        (DOUBT, NO_BUT_OPEN, FOUND, State.SENT, None),
        (DOUBT, NO_BUT_OPEN, ABSENT, State.UNKNOWN, 2_000),
        (DOUBT | {"absent_looks": 5}, NO_BUT_OPEN, ABSENT, State.UNKNOWN, 2_000),
        (OLD_DOUBT, NO_BUT_OPEN, ABSENT, State.UNKNOWN, 2_000),
        (OLD_DOUBT | {"absent_looks": 1}, NO_BUT_OPEN, ABSENT, State.REFUSED, None),
        (OLD_DOUBT | {"absent_looks": 1}, NO_BUT_OPEN, NO_LIST, State.UNKNOWN, 2_000),
        # Unsigned, it could be forged: the signed list is asked, twice.
        (FIRST, UNSIGNED_NO, ABSENT, State.UNKNOWN, 1_000),
        (FIRST, UNSIGNED_NO, FOUND, State.SENT, None),
        (FIRST, UNSIGNED_NO, NO_LIST, State.UNKNOWN, 1_000),
        (DOUBT | {"unknown_at": None, "absent_looks": 1}, UNSIGNED_NO, ABSENT, State.REFUSED, None),
        # "Exists" is no no: absence from the list never turns it into one.
        (FIRST, EXISTS, FOUND, State.SENT, None),
        (OLD_DOUBT | {"absent_looks": 9}, EXISTS, ABSENT, State.UNKNOWN, 2_000),
        (FIRST, BAD_KEY, None, State.HELD, None),
        (DOUBT, BAD_KEY, ABSENT, State.HELD, None),
        (DOUBT, BAD_KEY, FOUND, State.SENT, None),
        (FIRST, TOO_FAST, None, State.SENDING, 3_000),
        (FIRST, NO_WIRE, None, State.SENDING, 1_000),
        (FIRST | {"tries": 5}, NO_WIRE, None, State.HELD, None),
        (DOUBT | {"tries": 5}, TIMEOUT, ABSENT, State.HELD, None),
    ],
)
def test_settling(
    before: dict[str, Any], outcome: Outcome, lookup: Lookup | None, state: State, due_in_ms: int | None
) -> None:
    after = settled(before, outcome, lookup)
    assert after.state is state
    assert after.due_at == (None if due_in_ms is None else NOW + due_in_ms)
    assert not after.running


def test_a_hold_names_why_the_tries_ran_out() -> None:
    assert settled(DOUBT | {"tries": 5}, TIMEOUT, ABSENT).problem == "TIMEOUT"
    # What the last answer says no to is not why an earlier attempt is open.
    assert settled(DOUBT | {"tries": 5}, NO_BUT_OPEN, ABSENT).problem == NO_CLEAR_ANSWER
    assert settled(DOUBT | {"tries": 5}, TOO_FAST, ABSENT).problem == NO_CLEAR_ANSWER
    assert settled(FIRST | {"tries": 5}, NO_WIRE).problem == "CONNECT"


def test_only_what_may_have_given_the_coupon_stays_open() -> None:
    assert settled(FIRST, TIMEOUT).open_attempts == 1
    assert settled(FIRST, TOO_FAST).open_attempts == 0
    assert settled(FIRST, BAD_KEY).open_attempts == 1
    assert settled(DOUBT, NO_BUT_OPEN, ABSENT).open_attempts == 1


def test_a_new_doubt_starts_the_quiet_time_again() -> None:
    after = settled(OLD_DOUBT | {"absent_looks": 4}, TIMEOUT, ABSENT)
    assert (after.unknown_at, after.absent_looks) == (JUST_NOW, 0)


def test_a_dead_process_leaves_doubt_and_never_a_refusal() -> None:
    step = interrupted(a_request(running=True, **FIRST), now=NOW, latest=NOW, pace=PACE)
    assert step.after.state is State.UNKNOWN
    assert (step.after.running, step.after.open_attempts, step.after.due_at) == (False, 1, NOW + 1_000)
    assert [event.tag for event in step.events] == [Tag.ATTEMPT_FINISHED, Tag.REQUEST_UNKNOWN]
    again = interrupted(a_request(running=True, **DOUBT), now=NOW, latest=NOW, pace=PACE)
    assert [event.tag for event in again.events] == [Tag.ATTEMPT_FINISHED]


def test_the_list_is_asked_before_a_doubt_is_acted_upon() -> None:
    assert needs_lookup(a_request(**DOUBT), NO_BUT_OPEN, PACE)
    assert needs_lookup(a_request(**DOUBT | {"tries": 3}), TIMEOUT, PACE)
    assert not needs_lookup(a_request(**DOUBT), TIMEOUT, PACE)
    assert not needs_lookup(a_request(**FIRST), BAD_KEY, PACE)


outcomes = st.sampled_from([GIVEN, TIMEOUT, FINAL_NO, UNSIGNED_NO, NO_BUT_OPEN, EXISTS, BAD_KEY, TOO_FAST])
lookups = st.sampled_from([None, FOUND, ABSENT, NO_LIST])


@given(steps=st.lists(st.tuples(outcomes, lookups, st.integers(1, 900_000)), max_size=12))
def test_whatever_answers_come_sent_needs_a_code_and_refused_needs_no_doubt(
    steps: list[tuple[Outcome, Lookup | None, int]],
) -> None:
    request, now = a_request(state=State.SENDING), NOW
    for outcome, lookup, later in steps:
        if request.state in FINAL or request.state is State.HELD:
            break
        if outcome is FINAL_NO and request.open_attempts:
            outcome = NO_BUT_OPEN  # noqa: PLW2901 - what the outcome function makes of it
        started = a_request(
            state=request.state,
            attempts=request.attempts + 1,
            tries=request.tries + 1,
            open_attempts=request.open_attempts + 1,
            unknown_at=request.unknown_at,
            absent_looks=request.absent_looks,
            running=True,
        )
        step = settle(
            started, outcome, lookup, started_at=now, now=now + later, earliest=now + later, pace=PACE
        )
        request, now = step.after, now + later
        tags = [event.tag for event in step.events]
        assert (Tag.REQUEST_SENT in tags) == (request.state is State.SENT)
        if request.state is State.SENT:
            assert request.coupon_code in {"C1", "C9"}
        if request.state is State.REFUSED and request.unknown_at is not None:
            assert now - request.unknown_at >= PACE.quiet_ms
            assert request.absent_looks >= 2
        assert request.open_attempts >= 0
