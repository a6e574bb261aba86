"""A story that cannot be is named, even where chain, last event and row agree."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.events import Tag
from coupons.lifecycle import MOVES
from coupons.model import State
from coupons.ports import Transaction
from coupons.recording import SYSTEM, Event
from storage.errors import AuditBroken
from storage.proof.replay import _LEADS_TO, replay
from storage.proof.verify import verify
from tests.storage.records import approve, connect, create, make_log, open_ledger, send, tamper


def refusal(path: Path, *works: object) -> str:
    async def live() -> None:
        ledger = open_ledger(path)
        for work in works:
            await ledger.write(work)  # type: ignore[arg-type]  # functions over a Transaction
        await ledger.close()

    asyncio.run(live())
    with pytest.raises(AuditBroken) as broken:
        verify(path)
    assert broken.value.kind == "state"
    return str(broken.value)


def test_a_coupon_sent_without_an_approval_is_named(path: Path) -> None:
    make_log(path, 1)
    tamper(path, "update request set state = 'sent', coupon_code = 'C', attempts = 1 where id = 1")

    def forged(tx: Transaction) -> None:
        tx.append(Event(Tag.ATTEMPT_STARTED, SYSTEM, 1, {"attempt": 1}))
        tx.append(Event(Tag.REQUEST_SENT, SYSTEM, 1, {"coupon_code": "C", "by": "answer"}))

    assert refusal(path, forged) == "request #1 is sent, but its events cannot follow each other so"


def test_a_request_whose_making_no_event_tells_of_is_named(path: Path) -> None:
    def unmade(tx: Transaction) -> None:
        request = create(tx)
        approve(tx, request)

    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(unmade)
        await ledger.close()

    asyncio.run(live())
    first = "select * from (select seq, body from event where tag <> 'request:created' order by seq)"
    connection = connect(path)
    bodies = [body for _, body in connection.execute(first).fetchall()]
    connection.close()
    tamper(path, "delete from event")

    def again(tx: Transaction) -> None:
        for tag in (Tag.APPROVAL_GIVEN, Tag.REQUEST_APPROVED):
            tx.append(Event(tag, "U0WANG", 1))

    assert len(bodies) == 2
    assert refusal(path, again) == "request #1 is approved, but no event tells that it was made"


def test_attempts_that_no_event_tells_of_are_named(path: Path) -> None:
    make_log(path, 5)
    tamper(path, "update request set attempts = attempts + 1 where id = 1")
    with pytest.raises(AuditBroken, match=r"request #1 had 2 attempts, and its events tell of 1"):
        verify(path)


def test_a_sent_request_told_as_sent_twice_is_named(path: Path) -> None:
    def twice(tx: Transaction) -> None:
        send(tx, approve(tx, create(tx)))
        tx.append(Event(Tag.REQUEST_SENT, SYSTEM, 1, {"coupon_code": "CODE1", "by": "look"}))

    assert "cannot follow each other so" in refusal(path, twice)


def test_a_planted_trigger_is_named(path: Path) -> None:
    make_log(path, 5)
    connection = connect(path)
    connection.execute("create trigger planted after insert on event begin delete from approval; end")
    connection.close()
    with pytest.raises(AuditBroken, match="not ours: planted") as broken:
        verify(path)
    assert broken.value.kind == "guard_changed"


LETTERS = {state: [letter for letter, to in _LEADS_TO.items() if to is state] for state in State}


@given(st.data())
def test_every_walk_through_the_table_of_transitions_replays_to_its_end(data: st.DataObject) -> None:
    state, story = State.PENDING, "n"
    for _ in range(data.draw(st.integers(0, 12))):
        if not MOVES[state]:
            break
        if state in {State.APPROVED, State.SENDING, State.UNKNOWN} and data.draw(st.booleans()):
            story += "t"
            state = State.SENDING if state is State.APPROVED else state
            continue
        state = data.draw(st.sampled_from(sorted(MOVES[state] - {State.SENDING}) or [state]))
        story += LETTERS[state][0]
    assert replay(story) is state
