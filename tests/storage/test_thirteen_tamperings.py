"""Thirteen ways to tamper with the record, each done to a real file and named with the row it is about."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import cli
from bot.clock import utc_ms
from coupons.events import Tag
from coupons.recording import Event
from storage.checkpoint_keys import check, keys_of
from storage.checkpoints import found_in, load_or_make_key
from storage.errors import AuditBroken
from storage.export import Format, new_file, write
from storage.migrations import GUARDS
from storage.proof.earlier_export import verify_against
from storage.proof.verify import verify
from storage.store import Store
from tests.storage.records import ROOT, chained, connect, make_log, open_ledger, rows, tamper


@dataclass(frozen=True, slots=True)
class Office:
    """A log of 13 events (coupons #1 and #2 sent, #3 and #4 pending, a stop) and what was kept elsewhere."""

    database: Path
    export: Path
    checkpoint: Path
    #: A copy of before the last event.
    older: Path


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(*(tmp_path / name for name in ("coupon.db", "log.jsonl", "checkpoint.txt", "older.db")))
    make_log(made.database, 12)
    shutil.copy(made.database, made.older)
    stop(made.database)
    # Not by the command, which leaves an event of its own.
    with new_file(made.export) as stream:
        write(Store(made.database, clock=utc_ms).export(), stream, Format.JSONL)
    made.checkpoint.write_text(typed("checkpoint", "--database", made.database)[1])
    return made


def stop(path: Path) -> None:
    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STOPPED, "system")))
        await ledger.close()

    asyncio.run(live())


def typed(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["audit", *map(str, words)], prog_name="coupon-bot")
    return result.exit_code, result.stdout, result.stderr


# --- what is done to the file


def edited_body(office: Office) -> None:
    tamper(office.database, "update event set body = replace(body, 'U0LI', 'U0ME') where seq = 6")


def edited_hash(office: Office) -> None:
    new_hash = "0123456789abcdef" * 4
    tamper(office.database, "update event set hash = :new_hash where seq = 6", new_hash=new_hash)


def swapped_rows(office: Office) -> None:
    tamper(
        office.database,
        "update event set seq = -5 where seq = 5",
        "update event set seq = 5 where seq = 6",
        "update event set seq = 6 where seq = -5",
    )


def deleted_middle_row(office: Office) -> None:
    tamper(office.database, "delete from event where seq = 7")


def cut_tail(office: Office) -> None:
    tamper(office.database, "delete from event where seq = 13")


def forged_insert(office: Office) -> None:
    """Between #6 and #7, with a hash that follows, and the rows behind it moved by one."""
    [(prev,)] = rows(office.database, "select hash from event where seq = 6")
    body = '{"actor":"U0ME","detail":{},"request_id":2,"seq":7,"tag":"approval:given","ts":1}'
    tamper(
        office.database,
        "update event set seq = -seq where seq >= 7",
        "insert into event (seq, body, prev, hash) values (7, :body, :prev, :new_hash)",
        "update event set seq = 1 - seq where seq < 0",
        body=body,
        prev=prev,
        new_hash=chained(prev, body),
    )


def rechained_suffix(office: Office) -> None:
    """From #13 on, the log is another one and whole."""
    [(prev, body)] = rows(office.database, "select prev, body from event where seq = 13")
    other = {**json.loads(body), "ts": 1}
    text = json.dumps(other, sort_keys=True, separators=(",", ":"))
    tamper(
        office.database,
        "update event set body = :body, hash = :new_hash where seq = 13",
        body=text,
        new_hash=chained(prev, text),
    )


def older_file(office: Office) -> None:
    for left in office.database.parent.glob("coupon.db-*"):
        left.unlink()
    shutil.copy(office.older, office.database)


def dropped_trigger(office: Office) -> None:
    connection = connect(office.database)
    connection.execute("drop trigger event_is_never_updated")
    connection.close()


def schema_without_trigger(office: Office) -> None:
    connection = connect(office.database)
    connection.execute("pragma writable_schema = on")
    connection.execute("delete from sqlite_master where name = 'event_is_never_deleted'")
    connection.close()


def changed_request(office: Office) -> None:
    tamper(office.database, "update request set value_fen = 99900 where id = 2")


def event_without_its_state(office: Office) -> None:
    """An event that says #3 was sent, and a request that does not know of it."""
    [(prev,)] = rows(office.database, "select hash from event where seq = 13")
    body = (
        '{"actor":"system","detail":{"by":"answer","coupon_code":"MINE"},"request_id":3,'
        '"seq":14,"tag":"request:sent","ts":1}'
    )
    connection = connect(office.database)
    connection.execute(
        "insert into event (seq, body, prev, hash) values (14, ?, ?, ?)", (body, prev, chained(prev, body))
    )
    connection.close()


def removed_export_line(office: Office) -> None:
    lines = office.export.read_text().splitlines(keepends=True)
    office.export.write_text("".join([*lines[:4], *lines[5:]]))


def edited_checkpoint(office: Office) -> None:
    text = office.checkpoint.read_text()
    office.checkpoint.write_text(text.replace("seq=13 ", "seq=12 "))


# --- how it is looked for: the kind for programs, and what a person reads


def by_verify(office: Office) -> tuple[str, str]:
    return _found(lambda: verify(office.database)), _read(office)


def by_export(office: Office) -> tuple[str, str]:
    kind = _found(lambda: verify_against(office.database, office.export))
    return kind, _read(office, "--against", office.export)


def by_checkpoint(office: Office) -> tuple[str, str]:
    [checkpoint] = found_in(office.checkpoint.read_text())
    key = load_or_make_key(office.database)
    with Store(office.database, clock=utc_ms).read() as rows:
        keys, there = keys_of(rows, key.public_key()), rows.hash_of(checkpoint.seq)
    kind = _found(lambda: check(checkpoint, there, keys))
    return kind, _read(office, "--against", office.checkpoint)


def by_script(office: Office) -> tuple[str, str]:
    """Alone, with nothing of ours; it has words for people and no kinds."""
    script = [sys.executable, "-I", "-S", str(ROOT / "docs" / "verify_export.py"), str(office.export)]
    ran = subprocess.run(script, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    return "", ran.stderr


def _found(check: Callable[[], object]) -> str:
    with pytest.raises(AuditBroken) as found:
        check()
    return found.value.kind


def _read(office: Office, *more: object) -> str:
    code, out, err = typed("verify", "--database", office.database, *more)
    assert (code, out) == (1, "")
    assert "NOT whole: " in err
    return err


TAMPERINGS = {
    "an edited body": (edited_body, by_verify, "edited", "event #6 was changed: its body does not give"),
    "an edited hash": (edited_hash, by_verify, "edited", "event #6 was changed: its hash is another than"),
    "swapped rows": (swapped_rows, by_verify, "swapped", "events #5 and #6 were swapped"),
    "a deleted middle row": (deleted_middle_row, by_verify, "missing", "event #7 is missing: after #6"),
    "a cut tail": (cut_tail, by_export, "tail", "the log has no #13, which"),
    "a cut tail, by a checkpoint": (cut_tail, by_checkpoint, "tail", "the log has no #13, which was signed"),
    "a forged insert": (forged_insert, by_verify, "inserted", "event #7 does not belong: #8 follows #6"),
    "a re-chained suffix": (rechained_suffix, by_export, "rewritten", "event #13 is not the one that"),
    "a re-chained suffix, by a checkpoint": (
        rechained_suffix,
        by_checkpoint,
        "rewritten",
        "event #13 is not the one signed at",
    ),
    "an older file put back": (older_file, by_export, "tail", "or an older file was put back"),
    "an older file put back, by a checkpoint": (older_file, by_checkpoint, "tail", "the log has no #13"),
    "a dropped trigger": (dropped_trigger, by_verify, "guard_missing", "trigger event_is_never_updated is"),
    "a trigger taken out of the schema": (
        schema_without_trigger,
        by_verify,
        "guard_missing",
        "trigger event_is_never_deleted is missing",
    ),
    "a request row changed": (changed_request, by_verify, "request", "request #2 has another requester"),
    "an event without its state": (
        event_without_its_state,
        by_verify,
        "stateless",
        "event #14 says request:sent, but its request #3 is still pending",
    ),
    "a removed export line": (removed_export_line, by_script, "", "after #4 comes #6: a row was removed"),
    "a removed export line, by verify": (removed_export_line, by_export, "export", "#6 does not follow #4"),
    "an edited checkpoint": (edited_checkpoint, by_checkpoint, "checkpoint", "of #12 was edited"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tampering_is_named_with_its_row(office: Office, name: str) -> None:
    tampering, check, kind, sentence = TAMPERINGS[name]
    tampering(office)
    found, text = check(office)
    assert found == kind
    assert sentence in text
    assert len(text.splitlines()) == 1


def test_before_any_of_them_everything_is_whole(office: Office) -> None:
    kept = ("--against", office.export, "--against", office.checkpoint)
    code, out, err = typed("verify", "--database", office.database, *kept)
    assert (code, err) == (0, "")
    assert "13 events" in out


def test_the_guards_stand_after_a_tampering_that_left_them(office: Office) -> None:
    """Otherwise each of them would be named by the guards alone."""
    tamper(office.database)
    assert set(GUARDS) <= {name for (name,) in rows(office.database, "select name from sqlite_master")}
    assert verify(office.database).rows == 13


@pytest.mark.parametrize("events", [0, 1, 2, 3, 10, 1000])
def test_an_untouched_log_of_any_size_is_whole(tmp_path: Path, events: int) -> None:
    make_log(tmp_path / "coupon.db", events)
    assert verify(tmp_path / "coupon.db").rows == events


@given(events=st.integers(0, 60))
def test_an_untouched_log_that_was_made_by_chance_is_whole(events: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_log(Path(folder) / "coupon.db", events)
        assert verify(Path(folder) / "coupon.db").rows == events
