"""A signed line, kept elsewhere, proves later that the log still is what it was."""

from __future__ import annotations

import json
import re
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import cli
from storage.audit import GENESIS, digest
from storage.checkpoint_keys import changed, check, keys_of
from storage.checkpoints import found_in, key_file, key_name, load_or_make_key, public_text, sign
from storage.errors import AuditBroken, CheckpointRefused
from storage.store import Store
from tests.storage.records import NOW, connect, create, make_log, open_ledger, rows, tamper


def typed(*words: object, pasted: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["audit", *map(str, words)], input=pasted, prog_name="coupon-bot")


def signed(database: Path) -> str:
    result = typed("checkpoint", "--database", database)
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


def verified(database: Path, pasted: str, *more: object) -> Result:
    return typed("verify", "--database", database, "--against", "-", *more, pasted=pasted)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"
    make_log(path, 12)
    return path


def rewrite(database: Path) -> None:
    """All of the log anew, each event a millisecond later."""
    prev = GENESIS
    for seq, body in rows(database, "select seq, body from event order by seq"):
        found = body.replace(f'"ts":{NOW}', f'"ts":{NOW + 1}')
        hashed = digest(prev, found.encode())
        text = found.replace("'", "''")
        tamper(
            database,
            f"update event set body = '{text}', prev = '{prev}', hash = '{hashed}' where seq = {seq}",
        )
        prev = hashed


async def grow(database: Path) -> None:
    ledger = open_ledger(database)
    await ledger.write(lambda tx: create(tx, "one more"))
    await ledger.close()


async def test_a_log_that_grew_still_holds_every_checkpoint_of_it(database: Path) -> None:
    first = signed(database)
    await grow(database)
    # As it comes out of a chat: words around, and a line broken at its spaces.
    pasted = f"Coupon Bot 9:00 AM\n`{first}`\n> {signed(database).replace(' ', chr(10))} :white_check_mark:"
    result = verified(database, pasted)
    assert result.exit_code == 0, result.stderr
    held = r"checkpoint of #(\d+), signed \S+ \S+ Beijing time: the log still holds it"
    assert re.findall(held, result.stdout) == ["12", "13"]


async def test_whatever_was_kept_the_log_is_held_against_it(database: Path) -> None:
    """A checkpoint pasted, in a file, or as a word of its own; an export; several at once."""
    line = signed(database)
    kept = database.parent / "noted.txt"
    kept.write_text(f"seen on Monday: {line}\n{{also by U0FIN}}")
    export = database.parent / "log"
    typed("export", "--database", database, "--output", export)
    for what in (kept, line):
        assert "checkpoint of #12" in typed("verify", "--database", database, "--against", what).stdout
    both = typed("verify", "--database", database, "--against", kept, "--against", export)
    assert "checkpoint of #12" in both.stdout
    assert f"{export}: all 12 rows stand in the log" in both.stdout
    # What looks like an export by its name is never taken for a text with checkpoints in it.
    posing = database.parent / "log.csv"
    posing.write_text(f"x,y\n{line}\n")
    assert typed("verify", "--database", database, "--against", posing).exit_code == 2
    missing = typed("verify", "--database", database, "--against", database.parent / "no.txt")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (2, 1)


def test_an_auditor_brings_a_key_of_their_own(database: Path) -> None:
    line = signed(database)
    key = typed("checkpoint", "--key", "--database", database).stdout.strip()
    assert key == public_text(load_or_make_key(database))
    copy = database.parent / "copy.db"
    shutil.copy(database, copy)
    assert verified(copy, line).exit_code == 2
    assert not key_file(copy).exists()
    assert verified(copy, line, "--key", key).exit_code == 0
    other = typed("checkpoint", "--key", "--database", copy).stdout.strip()
    result = verified(copy, line, "--key", other)
    assert result.exit_code == 1
    assert "names the key" in result.stderr
    assert verified(copy, line, "--key", "x").exit_code == 2


def test_a_checkpoint_of_another_key_among_ours_is_told_and_not_looked_at(database: Path) -> None:
    """Else a staging bot in the channel, or whoever may post there, says for ever that it is not whole."""
    ours = signed(database)
    other = sign(Ed25519PrivateKey.generate(), 4_000, "ab" * 32, now=NOW)
    for pasted in (f"{other.line}\n{ours}", f"{ours}\n{other.line}"):
        result = verified(database, pasted)
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"checkpoint of #4000 names another key ({other.key}): not looked at" in result.stdout
        assert "checkpoint of #12, signed" in result.stdout
    # What is edited, and names our key, is a lie about this log.
    edited = verified(database, f"{other.line}\n{ours.replace('seq=12', 'seq=11')}\n{ours}")
    assert edited.exit_code == 1
    assert "was edited" in edited.stderr
    # Alone it proves nothing.
    alone = verified(database, other.line)
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert f"the checkpoint of #4000 names the key {other.key}" in alone.stderr


# --- a key that is changed


def test_a_key_that_was_changed_by_command_is_tied_to_the_one_before(database: Path) -> None:
    old, key = signed(database), typed("checkpoint", "--key", "--database", database).stdout.strip()
    result = typed("checkpoint", "--new-key", "--database", database)
    assert (result.exit_code, result.stderr) == (0, "")
    new_key = result.stdout.strip()
    assert new_key == public_text(load_or_make_key(database)) != key
    assert stat.S_IMODE(key_file(database).stat().st_mode) == 0o600
    assert [file.name for file in database.parent.glob("*checkpoint-key*")] == [key_file(database).name]
    [(body,)] = rows(database, "select body from event where tag = 'audit:key_changed'")
    detail = json.loads(body)["detail"]
    assert (detail["key"], detail["before"], detail["where"]) == (new_key, key, "command line")
    new = signed(database)
    # With either key, the other's checkpoints are looked at, too.
    for more in ((), ("--key", key), ("--key", new_key)):
        result = verified(database, f"{old}\n{new}", *more)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "not looked at" not in result.stdout
    edited = verified(database, f"{new}\n{old.replace('seq=12', 'seq=11')}")
    assert (edited.exit_code, "was edited" in edited.stderr) == (1, True)
    # Again: two changes lead from the first to the third.
    assert typed("checkpoint", "--new-key", "--database", database).exit_code == 0
    result = verified(database, f"{old}\n{new}\n{signed(database)}", "--key", key)
    assert (result.exit_code, result.stdout.count("still holds it")) == (0, 3)
    # What the old key signed is held to the log as before.
    rewrite(database)
    result = verified(database, f"{signed(database)}\n{old}")
    assert (result.exit_code, "the log was written anew" in result.stderr) == (1, True)


def test_a_lost_key_is_told_by_the_one_that_takes_its_place(database: Path) -> None:
    old = signed(database)
    [lost] = [found.key for found in found_in(old)]
    typed("checkpoint", "--lost-key", lost, "--database", database)
    # It is there still: then it is not lost.
    assert not rows(database, "select 1 from event where tag = 'audit:key_changed'")
    key_file(database).unlink()
    new = signed(database)
    assert f"names another key ({lost}): not looked at" in verified(database, f"{old}\n{new}").stdout
    result = typed("checkpoint", "--lost-key", lost, "--database", database)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.strip() == public_text(load_or_make_key(database))
    result = verified(database, f"{old}\n{new}")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"still holds it; its key {lost} is lost, so its signature is not looked at" in result.stdout
    rewrite(database)
    result = verified(database, f"{old}\n{signed(database)}")
    assert (result.exit_code, "the log was written anew" in result.stderr) == (1, True)


def test_nobody_else_ties_a_key_to_ours(database: Path) -> None:
    """By an event that an intruder writes, who has keys of their own but not ours."""
    ours, theirs = load_or_make_key(database), Ed25519PrivateKey.generate()
    honest = changed(theirs, before=ours)
    stranger = sign(theirs, 4_000, "ab" * 32, now=NOW)
    unsigned = (
        replace(changed(theirs, before=Ed25519PrivateKey.generate()), before=public_text(ours)),
        replace(changed(theirs, lost=[key_name(ours)]), before=public_text(ours)),
        replace(honest, key=public_text(Ed25519PrivateKey.generate())),
        replace(honest, signature="no signature"),
        replace(honest, key="no key"),
        changed(Ed25519PrivateKey.generate(), lost=[stranger.key]),
        changed(theirs, before=Ed25519PrivateKey.generate()),
        replace(changed(ours, lost=["ab" * 8]), lost=[stranger.key]),
    )
    with Store(database, clock=lambda: NOW).read() as reading:
        before = keys_of(reading, ours.public_key())
    for event in unsigned:
        Store(database, clock=lambda: NOW).write_once(
            lambda tx, result=event: tx.append(result.done_by("system"))
        )
    with Store(database, clock=lambda: NOW).read() as reading:
        assert keys_of(reading, ours.public_key()) == before
    assert not check(stranger, None, before)
    with pytest.raises(AuditBroken) as found:
        check(sign(theirs, 12, GENESIS, now=NOW), GENESIS, before, by_us=True)
    assert (found.value.kind, f"--lost-key {key_name(theirs)}" in str(found.value)) == (
        "checkpoint_key",
        True,
    )


def test_a_key_that_cannot_be_changed_is_left_as_it_is(database: Path) -> None:
    assert typed("checkpoint", "--new-key", "--database", database).exit_code == 2
    assert not key_file(database).exists()
    line = signed(database)
    for options in (("--new-key", "--key"), ("--lost-key", "ab" * 8, "--new-key"), ("--lost-key", "AB")):
        result = typed("checkpoint", *options, "--database", database)
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    kept = key_file(database).read_bytes()
    connection = connect(database)
    connection.execute("begin immediate")
    result = typed("checkpoint", "--new-key", "--database", database)
    connection.close()
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "the key was not changed" in result.stderr
    assert key_file(database).read_bytes() == kept
    assert [file.name for file in database.parent.glob("*checkpoint-key*")] == [key_file(database).name]
    assert verified(database, line).exit_code == 0


@pytest.mark.parametrize("option", [("--key", "zz"), ("--part",)])
def test_what_is_about_checkpoints_and_exports_needs_one(database: Path, option: tuple[str, ...]) -> None:
    result = typed("verify", "--database", database, *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "add --against WHAT" in result.stderr


@pytest.mark.parametrize("content", [b"", b"eggs, milk\n" * 200, "foreign"])
@pytest.mark.parametrize("only", [(), ("--key",)])
def test_no_key_appears_beside_what_is_no_database_of_ours(
    tmp_path: Path, content: bytes | str, only: tuple[str, ...]
) -> None:
    file = tmp_path / "other.db"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        rows(file, "create table eggs (milk)")
    result = typed("checkpoint", "--database", file, *only)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert [each.name for each in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize(
    ("part", "instead"),
    [("seq=12 ", "seq=11 "), ("at=2", "at=1"), ("hash=", None), ("sig=", None)],
)
def test_an_edited_checkpoint_is_found_out(database: Path, part: str, instead: str | None) -> None:
    line = signed(database)
    if instead is None:
        at = line.index(part) + len(part)
        instead = part + ("0" if line[at] != "0" else "1")
        part = line[at - len(part) : at + 1]
    result = verified(database, line.replace(part, instead, 1))
    assert result.exit_code == 1
    assert "was edited: its signature does not hold" in result.stderr


async def test_an_older_file_put_back_is_found_out(database: Path) -> None:
    older = database.parent / "older.db"
    shutil.copy(database, older)
    await grow(database)
    line = signed(database)
    shutil.copy(key_file(database), key_file(older))
    result = verified(older, line)
    assert result.exit_code == 1
    assert "no #13" in result.stderr
    assert "an older file was put back" in result.stderr


def test_a_log_written_anew_is_found_out(database: Path) -> None:
    line = signed(database)
    rewrite(database)
    assert typed("verify", "--database", database).exit_code == 0
    result = verified(database, line)
    assert result.exit_code == 1
    assert "the log was written anew" in result.stderr


def test_a_text_without_a_checkpoint_proves_nothing_and_says_so(database: Path) -> None:
    for pasted in ("", "coupon-checkpoint v1 seq=12", "coupon-checkpoint v2 " + signed(database)[21:]):
        result = verified(database, pasted)
        assert result.exit_code == 2
        assert "no checkpoint stands in that text" in result.stderr


def test_the_key_is_its_owners_alone_and_made_once(tmp_path: Path) -> None:
    database = tmp_path / "coupon.db"
    make_log(database, 0)
    with ThreadPoolExecutor(8) as people:
        keys = {public_text(key) for key in people.map(lambda _: load_or_make_key(database), range(8))}
    assert len(keys) == 1
    assert stat.S_IMODE(key_file(database).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir() if "checkpoint" in file.name] == [
        key_file(database).name
    ]
    key_file(database).chmod(0o640)
    with pytest.raises(CheckpointRefused, match="chmod 600"):
        load_or_make_key(database)
    key_file(database).chmod(0o600)
    key_file(database).write_text("nonsense")
    with pytest.raises(CheckpointRefused, match="holds no key"):
        load_or_make_key(database)
    assert "nonsense" not in typed("checkpoint", "--database", database).stderr


def test_an_empty_log_has_a_checkpoint_too(tmp_path: Path) -> None:
    database = tmp_path / "coupon.db"
    make_log(database, 0)
    line = signed(database)
    assert f"seq=0 hash={GENESIS} " in line
    assert verified(database, line).exit_code == 0


@given(before=st.text(max_size=80), after=st.text(max_size=80))
def test_a_checkpoint_is_found_whatever_stands_around_it(before: str, after: str) -> None:
    line = (
        f"coupon-checkpoint v1 seq=7 hash={'ab' * 32} at=2026-11-23T12:00:00Z key={'cd' * 8} sig={'ef' * 64}"
    )
    [found] = found_in(f"{before}\n{line}\n{after}")
    assert found.line == line


def test_nothing_of_the_line_is_rewritten_by_slack(database: Path) -> None:
    line = signed(database)
    assert line.isascii()
    assert not set(line) & set("<>&*_~`")
    assert len(line) < 400
