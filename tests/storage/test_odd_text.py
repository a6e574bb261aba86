"""People's words may hold anything that JSON can: kept as it is, or replaced where no file can hold it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import State
from coupons.posts import Post, PostKind
from coupons.recording import Event
from coupons.rules import Used
from coupons.totals import Scope, Total
from storage.audit import recorded
from storage.errors import AuditBroken, DatabaseRefused, ExportRefused
from storage.export import read
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.storage.records import NOW, a_click, create, make_log, newest, open_ledger, rows, tamper

#: What Python makes of the JSON `"late \ud83d!"`: half of an emoji.
HALF = json.loads(r'"late \ud83d!"')
KEPT = "late �!"


async def test_half_a_character_is_replaced_in_rows_and_events_alike(
    ledger: SqliteLedger, path: Path
) -> None:
    request = await ledger.write(lambda tx: create(tx, reason=HALF))
    assert request.reason == KEPT
    declined = move(request, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason=HALF)
    assert (await ledger.write(lambda tx: tx.save(request, declined))).decline_reason == KEPT
    await ledger.write(
        lambda tx: tx.append(Event(Tag.REQUEST_DECLINED, "U0WANG", 1, {"reason": HALF, HALF: [HALF]}))
    )
    [*_, event] = await ledger.read(lambda rows: rows.events_of(1))
    assert event.detail == {"reason": KEPT, KEPT: [KEPT]}
    assert verify(path).rows == 2


async def test_half_a_character_in_a_click_or_a_promise_does_not_lose_it(ledger: SqliteLedger) -> None:
    assert await ledger.write(lambda tx: tx.add_click(a_click(reason=HALF, channel=HALF)))
    [click] = await ledger.read(lambda rows: rows.open_clicks(9))
    assert (click.reason, click.channel) == (KEPT, KEPT)
    await ledger.write(
        lambda tx: tx.post(Post(kind=PostKind.ANSWER, request_id=1, seq=1, person="U1", channel=HALF))
    )
    [delivery] = await ledger.read(lambda rows: rows.due_posts(PostKind.ANSWER, NOW, 9))
    assert delivery.post.channel == KEPT


async def test_asking_for_half_a_character_finds_nothing(ledger: SqliteLedger) -> None:
    await ledger.write(create)
    assert await ledger.read(lambda rows: rows.request_by_number(HALF)) is None
    assert await ledger.read(lambda rows: rows.used_by_customer(HALF, 0, 9)) == Used()
    half = Total(Scope.CUSTOMER, HALF, 1)
    assert await ledger.read(lambda rows: rows.used([half], NOW)) == {half: Used()}
    assert await ledger.read(lambda rows: rows.open_requests_of(HALF, 9)) == []


@given(words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
async def test_all_other_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, words: str
) -> None:
    path = tmp_path_factory.mktemp("text") / "coupon.db"
    ledger = open_ledger(path)
    request = await ledger.write(lambda tx: create(tx, reason=words))
    seq = await ledger.write(lambda tx: tx.append(Event(Tag.CLICK_REFUSED, "U0WANG", 1, {"reason": words})))
    event = await ledger.read(lambda rows: rows.event(seq))
    await ledger.close()
    assert event is not None
    assert request.reason == event.detail["reason"] == words


@pytest.mark.parametrize("detail", [{1: "x"}, {"a": {None: 1}}, {"a": b"x"}, {"a": {1, 2}}])
async def test_what_json_would_hold_otherwise_is_refused(
    ledger: SqliteLedger, path: Path, detail: object
) -> None:
    with pytest.raises(TypeError, match="an event's detail is made of"):
        await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system", None, detail)))  # type: ignore[arg-type]  # the slip itself
    assert rows(path, "select count(*) from event") == [(0,)]


def test_a_damaged_body_is_said_in_one_sentence(path: Path) -> None:
    make_log(path, 5)
    tamper(path, "update event set body = '[1]' where seq = 3")
    with pytest.raises(DatabaseRefused, match=r"event #3 .*audit verify"):
        newest(path)


def test_a_body_of_brackets_in_brackets_is_said_in_one_sentence() -> None:
    """SQLite takes none that is a thousand deep; a file may come from elsewhere."""
    with pytest.raises(AuditBroken, match="the body of event #3 is not an event's JSON"):
        recorded(3, "[" * 9_000 + "]" * 9_000)


def test_an_export_of_brackets_in_brackets_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("[" * 9_000 + "]" * 9_000 + "\n")
    with pytest.raises(ExportRefused, match="line 1 is no row of an export"):
        list(read(file))
