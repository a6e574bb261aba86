from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from coupons.events import Tag
from coupons.recording import Event
from storage.audit import GENESIS
from storage.driver import sqlite3
from storage.proof.verify import Verified, verify
from tests.storage.records import (
    approve,
    broken,
    chained,
    connect,
    create,
    make_log,
    open_ledger,
    overwrite,
    rows,
    send,
    settle_file,
    tamper,
)


@pytest.fixture
def log(path: Path) -> Path:
    """Ten events: two coupons sent, #1 with CODE0 and #2 with CODE1; then #3 and #4 pending."""
    make_log(path, 12)
    return path


def body_of(path: Path, seq: int) -> str:
    return str(rows(path, "select body from event where seq = :seq", seq=seq)[0][0])


def hash_of(path: Path, seq: int) -> str:
    return str(rows(path, "select hash from event where seq = :seq", seq=seq)[0][0])


def recompute(path: Path) -> None:
    """Make every prev and hash follow from the bodies, as somebody would who knows the rule."""
    prev = GENESIS
    for seq, body in rows(path, "select seq, body from event order by seq"):
        new_hash = chained(prev, body)
        tamper(
            path,
            "update event set prev = :prev, hash = :new_hash where seq = :seq",
            prev=prev,
            new_hash=new_hash,
            seq=seq,
        )
        prev = new_hash


def forge(path: Path, **values: object) -> None:
    """One more event at the end, with a hash that follows."""
    [(seq, prev)] = rows(path, "select seq + 1, hash from event order by seq desc limit 1")
    members = {"seq": seq, "ts": 1, "actor": "system", "request_id": None, "detail": {}, **values}
    body = json.dumps(members, sort_keys=True, separators=(",", ":"))
    tamper(
        path,
        "insert into event (seq, body, prev, hash) values (:seq, :body, :prev, :hash)",
        seq=seq,
        body=body,
        prev=prev,
        hash=chained(prev, body),
    )


@pytest.mark.parametrize("events", [0, 1, 50])
def test_an_untouched_log_is_whole(path: Path, events: int) -> None:
    make_log(path, events)
    head = hash_of(path, events) if events else GENESIS
    assert verify(path) == Verified(events, head)


def test_the_hash_is_the_published_one(log: Path) -> None:
    prev = GENESIS
    for seq, body, old_prev, old in rows(log, "select seq, body, prev, hash from event order by seq"):
        assert (old_prev, old) == (prev, chained(prev, body))
        values = json.loads(body)
        assert set(values) == {"seq", "ts", "tag", "actor", "request_id", "detail"}
        assert values["seq"] == seq
        assert body == json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        prev = old
    assert verify(log).head_hash == prev


async def test_an_event_holds_no_float(path: Path) -> None:
    ledger = open_ledger(path)
    with pytest.raises(TypeError, match=r"no float; 0\.1"):
        await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system", None, {"a": [{"b": 0.1}]})))  # type: ignore[dict-item]  # the slip itself
    await ledger.close()
    assert verify(path).rows == 0


# --- the rows of the log


@pytest.mark.parametrize("seq", [1, 6, 12])
@pytest.mark.parametrize(
    "change",
    [
        "body = replace(body, 'U0', 'U1')",
        "body = body || ' '",
        "hash = replace(hash, substr(hash, 64), '-')",
        "hash = upper(hash)",
        "hash = ''",
    ],
)
def test_an_edited_row_is_named(log: Path, seq: int, change: str) -> None:
    before = raw(log, seq)
    tamper(log, f"update event set {change} where seq = :seq", seq=seq)
    assert raw(log, seq) != before
    kind, sentence = broken(log)
    assert kind == "edited"
    assert f"#{seq} " in sentence


def raw(path: Path, seq: int) -> list[tuple[object, ...]]:
    return rows(path, "select cast(body as blob), cast(hash as blob) from event where seq = :seq", seq=seq)


def test_a_body_edited_with_its_hash_breaks_the_link_to_the_next(log: Path) -> None:
    body = body_of(log, 6).replace("U0LI", "U0ME")
    prev = hash_of(log, 5)
    tamper(
        log,
        "update event set body = :body, hash = :hash where seq = 6",
        body=body,
        hash=chained(prev, body),
    )
    assert broken(log) == ("link", "event #7 does not follow #6: its prev is another hash")


def test_a_head_edited_with_its_hash_shows_by_its_hash_and_by_what_it_tells(path: Path) -> None:
    make_log(path, 5)
    posted = verify(path).head_hash
    prev, body = hash_of(path, 4), body_of(path, 5)

    def rewrite(body: str) -> None:
        tamper(
            path, "update event set body = :body, hash = :h where seq = 5", body=body, h=chained(prev, body)
        )

    rewrite(body.replace("CODE0", "CODE9"))
    assert broken(path)[0] == "request"
    rewrite(body.replace("request:sent", "request:refused"))
    assert broken(path) == ("state", "request #1 is sent, but its last event says request:refused")
    # What no request depends on, only the head's hash shows: that is what checkpoints are compared with.
    rewrite(body.replace('"by":"answer"', '"by":"look"'))
    assert verify(path).head_hash != posted


def test_swapped_rows_are_named(log: Path) -> None:
    swap = """
update event set (body, prev, hash) = (select body, prev, hash from before where before.seq = 11 - event.seq)
where seq in (5, 6)
"""
    tamper(log, "create table before as select * from event", swap, "drop table before")
    assert broken(log) == ("swapped", "events #5 and #6 were swapped")


def test_swapped_bodies_are_named_even_when_everything_was_recomputed(log: Path) -> None:
    swap = """
update event set body = (select body from before where before.seq = 11 - event.seq) where seq in (5, 6)
"""
    tamper(log, "create table before as select * from event", swap, "drop table before")
    assert broken(log) == ("swapped", "events #5 and #6 were swapped")
    recompute(log)
    assert broken(log) == ("number", "event #5 does not say in its body that it is #5")


@pytest.mark.parametrize("filler", [b" ", b"{", b"\xff", b"\x00"])
def test_a_body_that_is_no_json_any_more_is_named(log: Path, filler: bytes) -> None:
    settle_file(log)
    body = body_of(log, 7).encode()
    overwrite(log, body, filler * len(body))
    assert broken(log) == ("edited", "event #7 was changed: its body does not give its hash")


def test_a_head_that_is_no_json_is_named_even_when_its_hash_was_recomputed(log: Path) -> None:
    settle_file(log)
    body, prev, new_hash = body_of(log, 12), hash_of(log, 11), hash_of(log, 12)
    overwrite(log, body.encode(), b"{" * len(body))
    overwrite(log, new_hash.encode(), chained(prev, "{" * len(body)).encode())
    assert broken(log) == ("number", "event #12 does not say in its body that it is #12")


@pytest.mark.parametrize(
    ("seq", "sentence"),
    [
        (1, "event #1 is missing: the log starts with #2"),
        (7, "event #7 is missing: after #6 comes #8"),
    ],
)
def test_a_row_that_was_taken_out_is_named(log: Path, seq: int, sentence: str) -> None:
    tamper(log, "delete from event where seq = :seq", seq=seq)
    assert broken(log) == ("missing", sentence)


def test_closing_the_gap_does_not_hide_it(log: Path) -> None:
    tamper(log, "delete from event where seq = 7", "update event set seq = seq - 1 where seq > 7")
    assert broken(log) == ("missing", "event #7 is missing: in its place stands #8")


def test_a_row_put_before_the_first_is_named(log: Path) -> None:
    tamper(log, "insert into event (seq, body, prev, hash) values (0, '{}', '', '')")
    assert broken(log) == ("missing", "event #0 stands where the log starts with #1")


def test_a_forged_end_about_no_request_is_named(log: Path) -> None:
    forge(log, tag="request:sent", request_id=77)
    assert broken(log) == ("orphan", "event #13 tells of request #77, which is not there")


@pytest.mark.parametrize("tag", ["request:declined", "request:sent", "attempt:started", "request:retried"])
def test_a_forged_end_about_a_request_is_named(log: Path, tag: str) -> None:
    forge(log, tag=tag, request_id=3)
    assert broken(log) == (
        "stateless",
        f"event #13 says {tag}, but its request #3 is still pending",
    )


def test_a_forged_approval_is_named(log: Path) -> None:
    forge(log, tag="approval:given", request_id=3, actor="U0WANG")
    assert broken(log) == ("request", "request #3 has another list of approvers than its events say")


def test_a_cut_tail_is_seen_by_the_request_it_told_of(path: Path) -> None:
    make_log(path, 5)
    tamper(path, "delete from event where seq = 5")
    assert broken(path) == ("state", "request #1 is sent, but its last event says attempt:started")


def test_a_cut_tail_that_no_request_depends_on_shows_only_by_the_head(path: Path) -> None:
    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(create)
        await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STOPPED, "system")))
        await ledger.close()

    asyncio.run(live())
    posted = verify(path)
    tamper(path, "delete from event where seq = 2")
    assert verify(path) == Verified(1, hash_of(path, 1))
    assert verify(path).head_hash != posted.head_hash


def test_a_file_that_cannot_be_read_to_its_end_is_named(path: Path) -> None:
    make_log(path, 500)
    settle_file(path)
    whole = path.read_bytes()
    # Whose file it is and the schema can be read; what follows is gone.
    read = len(whole) * 2 // 3
    path.write_bytes(whole[:read] + b"\xa5" * (len(whole) - read))
    assert broken(path)[0] == "unreadable"


def test_verifying_sees_one_moment_while_the_bot_goes_on_writing(path: Path) -> None:
    async def live() -> None:
        ledger = open_ledger(path)

        async def write(number: int) -> None:
            await ledger.write(lambda tx: send(tx, approve(tx, create(tx, f"cb{number}")), f"C{number}"))

        writing = asyncio.gather(*(write(number) for number in range(200)))
        found = [await asyncio.to_thread(verify, path) for _ in range(5)]
        await writing
        assert all(seen.rows % 5 == 0 for seen in found)
        assert verify(path).rows == 1000
        await ledger.close()

    asyncio.run(live())


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "coupon.db"
    make_log(path, 1300)
    return path


@pytest.mark.parametrize("seq", [999, 1000, 1001, 1249, 1250, 1300])
def test_a_body_that_says_another_number_is_named_wherever_it_stands(
    long: Path, tmp_path: Path, seq: int
) -> None:
    """With a chain that was written anew from there on. Numbers are read by the batch of one thousand."""
    path = Path(shutil.copy(long, tmp_path))
    [(prev,)] = rows(path, "select hash from event where seq = :before", before=seq - 1)
    changes = []
    for place, body in rows(path, "select seq, body from event where seq >= :seq order by seq", seq=seq):
        said = body.replace(f',"seq":{place},', f',"seq":{place + 1},') if place == seq else body
        new_hash = chained(prev, said)
        changes.append(
            f"update event set body = '{said}', prev = '{prev}', hash = '{new_hash}' where seq = {place}"
        )
        prev = new_hash
    assert verify(path).rows == 1300
    tamper(path, *changes)
    assert broken(path) == ("number", f"event #{seq} does not say in its body that it is #{seq}")


def test_the_tests_reach_past_the_guards_only_on_purpose(log: Path) -> None:
    connection = connect(log)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("update event set hash = ''")
    connection.close()
