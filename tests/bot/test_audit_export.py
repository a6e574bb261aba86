"""An export is proved by whoever has it, with nothing but Python; the log is proved by an earlier one."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.audit import GENESIS, digest
from storage.export import Format, read
from tests.bot.exporting import alone, every_format, exported, relined, typed
from tests.storage.records import (
    create,
    make_log,
    open_ledger,
    rows,
    tamper,
)


async def grow(database: Path) -> None:
    """One event more."""
    ledger = open_ledger(database)
    await ledger.write(lambda tx: create(tx, "one more"))
    await ledger.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"
    make_log(path, 12)
    return path


@every_format
def test_an_export_holds_each_event_exactly_and_is_whole_for_whoever_has_it(
    database: Path, kind: str
) -> None:
    stored = rows(database, "select seq, prev, hash, body from event order by seq")
    file = exported(database, kind)
    assert [tuple(row) for row in read(file)] == [tuple(row) for row in stored]
    found = alone(file)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"whole: 12 rows, #1 to #12, head #12 {stored[-1][2][:16]}\n"
    result = typed("verify", "--database", database, "--against", file)
    assert result.exit_code == 0
    assert "all 12 rows stand in the log, unchanged" in result.stdout


def test_the_three_formats_are_what_their_names_say(database: Path) -> None:
    names = ("seq", "prev", "hash", "body")
    stored = [
        dict(zip(names, row, strict=True))
        for row in rows(database, f"select {', '.join(names)} from event order by seq")
    ]
    # Each export leaves an event of its own, which the next would hold.
    files = {}
    for kind in Format:
        folder = database.parent / kind
        folder.mkdir()
        files[kind] = exported(Path(shutil.copy(database, folder)), kind)
    as_json = json.loads(files[Format.JSON].read_text(encoding="utf-8"))
    lines = files[Format.JSONL].read_text(encoding="utf-8").splitlines()
    assert as_json == [json.loads(line) for line in lines] == stored
    assert [dict(zip(names, row, strict=True)) for row in read(files[Format.CSV])] == stored
    cells = csv.DictReader(io.StringIO(files[Format.CSV].read_text(encoding="utf-8")))
    assert [{**row, "seq": int(row["seq"])} for row in cells] == stored


def test_no_cell_can_become_a_formula(database: Path) -> None:
    text = exported(database, "csv").read_text(encoding="utf-8")
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_to_standard_output_goes_the_export_and_nothing_else(database: Path) -> None:
    result = typed("export", "--database", database, "--output", "-", "--first", 10)
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [10, 11, 12]
    assert result.stderr.startswith("-: #10 to #12, head ")


@every_format
def test_a_part_of_the_log_is_whole_as_a_part(database: Path, kind: str) -> None:
    file = database.parent / "part"
    assert (
        typed("export", "--database", database, "--format", kind, "--first", 7, "--output", file).exit_code
        == 0
    )
    assert alone(file).stdout.startswith("whole: 6 rows, #7 to #12, head #12 ")
    assert typed("verify", "--database", database, "--against", file).exit_code == 0


@every_format
def test_nothing_to_export_is_a_whole_file_too(database: Path, kind: str) -> None:
    file = database.parent / "nothing"
    result = typed("export", "--database", database, "--format", kind, "--first", 13, "--output", file)
    assert (result.exit_code, "no event from #13 on" in result.stderr) == (0, True)
    assert alone(file).stdout == "whole: 0 rows\n"
    assert list(read(file)) == []


@every_format
@pytest.mark.parametrize("part", [(), ("--part",)])
def test_an_export_without_an_event_proves_nothing(database: Path, kind: str, part: tuple[str, ...]) -> None:
    file, empty = database.parent / f"nothing.{kind}", database.parent / f"empty.{kind}"
    typed("export", "--database", database, "--format", kind, "--first", 13, "--output", file)
    empty.touch()
    for what in (file, empty):
        result = typed("verify", "--database", database, "--against", what, *part)
        assert (result.exit_code, result.stdout) == (2, "")
        [sentence] = result.stderr.splitlines()
        assert sentence.startswith(f"{what} holds no event, so it proves nothing")


def test_an_export_is_told_of_in_the_log_with_the_head_that_it_has(database: Path) -> None:
    [(head,)] = rows(database, "select hash from event where seq = 12")
    file = exported(database, "csv")
    assert [row.seq for row in read(file)][-1] == 12
    [(seq, tag, actor, body)] = rows(database, "select seq, tag, actor, body from event where seq > 12")
    detail = json.loads(body)["detail"]
    assert (seq, tag, actor, detail.pop("where")) == (13, "audit:exported", "system", "command line")
    assert detail.pop("user")
    assert detail == {"format": "csv", "first": 1, "last": 12, "head": head}
    assert typed("verify", "--database", database).exit_code == 0


def test_a_file_that_is_there_is_left_alone_and_no_half_file_stays(database: Path) -> None:
    file = database.parent / "kept.jsonl"
    file.write_text("mine")
    before = sorted(database.parent.iterdir())
    result = typed("export", "--database", database, "--output", file)
    assert (result.exit_code, file.read_text()) == (2, "mine")
    assert "is there already" in result.stderr
    assert typed("export", "--database", database, "--output", database.parent / "no" / "x").exit_code == 2
    assert sorted(database.parent.iterdir()) == before


# --- lies in an export

DAMAGE = {
    "a removed row": (lambda lines: [*lines[:4], *lines[5:]], "after #4 comes #6"),
    "a row twice": (lambda lines: [*lines[:5], *lines[4:]], "after #5 comes #5"),
    "rows swapped": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "after #3 comes #5"),
    "an edited body": (
        lambda lines: [line.replace("U0WANG", "U0QIAN") for line in lines],
        "its body does not give its hash",
    ),
}


def rehashed(lines: list[str]) -> list[str]:
    """#5 says something else, and has a hash to fit."""
    row = json.loads(lines[4])
    row["body"] = row["body"].replace('"system"', '"U0EVIL"')
    row["hash"] = digest(row["prev"], row["body"].encode())
    return [*lines[:4], json.dumps(row), *lines[5:]]


DAMAGE["an edited body with a hash to fit"] = (rehashed, "#6 does not follow #5: its prev is another hash")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_export_is_found_out_by_the_script_and_by_verify(database: Path, damage: str) -> None:
    file = exported(database, "jsonl")
    change, sentence = DAMAGE[damage]
    relined(file, change)
    found = alone(file)
    assert found.returncode == 1
    assert sentence in found.stderr
    result = typed("verify", "--database", database, "--against", file)
    assert result.exit_code == 1
    assert "was changed" in result.stderr


def test_a_removed_end_is_found_out_by_a_noted_head(database: Path) -> None:
    file = exported(database, "jsonl")
    *_, last = read(file)
    assert alone(file, "12", last.hash[:16]).returncode == 0
    relined(file, lambda lines: lines[:-1])
    assert alone(file).returncode == 0
    found = alone(file, "12", last.hash[:16])
    assert found.returncode == 1
    assert "#12 was noted and is not in the file" in found.stderr
    # Half a hash proves too little to be taken.
    assert alone(file, "12", last.hash[:15]).returncode == 2


def test_an_edited_hash_and_a_forged_beginning_are_found_out(database: Path) -> None:
    file = exported(database, "jsonl")
    first, *others = read(file)
    forged = digest("11" * 32, first.body.encode())
    lines = [first._replace(prev="11" * 32, hash=forged), *others]
    file.write_text("".join(json.dumps(row._asdict()) + "\n" for row in lines))
    assert "its prev is not 64 zeros" in alone(file).stderr
    lines = [first._replace(hash=forged), *others]
    file.write_text("".join(json.dumps(row._asdict()) + "\n" for row in lines))
    assert "#1 was changed" in alone(file).stderr


@pytest.mark.parametrize(
    "text", ["hello", '{"seq": 1}', "seq,prev,hash,body\n1,x\n", '{"seq":1,"prev":"zz","hash":"","body":""}']
)
def test_what_is_no_export_is_told_without_a_traceback(database: Path, text: str) -> None:
    file = database.parent / "odd"
    file.write_text(text)
    found = alone(file)
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    result = typed("verify", "--database", database, "--against", file)
    assert result.exit_code in {1, 2}
    assert len(result.stderr.splitlines()) == 1


# --- lies in the log, whose chain is whole


async def test_a_cut_end_and_an_older_file_are_found_out_by_an_export(database: Path) -> None:
    older = database.parent / "older.db"
    shutil.copy(database, older)
    await grow(database)
    file = exported(database, "json")
    assert typed("verify", "--database", older).exit_code == 0
    result = typed("verify", "--database", older, "--against", file)
    assert result.exit_code == 1
    assert "no #13" in result.stderr
    assert "its end was cut off, or an older file was put back" in result.stderr


def test_a_log_written_anew_from_some_event_on_is_found_out_by_an_export(database: Path) -> None:
    file = exported(database, "csv")
    stored = rows(database, "select seq, body from event order by seq")
    prev = GENESIS
    changes = []
    for seq, body in stored:
        changed = re.sub(r'"ts":(\d+)', lambda at: f'"ts":{int(at[1]) + 1}', body)
        assert changed != body
        hashed = digest(prev, changed.encode())
        changes.append((seq, changed, prev, hashed))
        prev = hashed
    for seq, changed, before, hashed in changes:
        text = changed.replace("'", "''")
        tamper(
            database,
            f"update event set body = '{text}', prev = '{before}', hash = '{hashed}' where seq = {seq}",
        )
    assert typed("verify", "--database", database).exit_code == 0
    result = typed("verify", "--database", database, "--against", file)
    assert result.exit_code == 1
    assert "the log was written anew" in result.stderr


async def test_a_log_that_grew_still_holds_its_earlier_export(database: Path) -> None:
    file = exported(database, "jsonl")
    await grow(database)
    assert typed("verify", "--database", database, "--against", file).exit_code == 0


@every_format
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_export_that_an_editor_saved_again_is_still_proved(
    database: Path, kind: str, encoding: str
) -> None:
    """Notepad and Excel put a mark before the text."""
    file = exported(database, kind)
    file.write_bytes(file.read_bytes().decode().encode(encoding))
    assert alone(file).stdout.startswith("whole: 12 rows, #1 to #12")
    assert typed("verify", "--database", database, "--against", file).exit_code == 0


def test_an_export_that_a_spreadsheet_saved_again_is_still_proved(database: Path) -> None:
    """To it 64 zeros are the number 0, and it puts empty cells at the end of each row."""
    file = exported(database, "csv")
    lines = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert lines[1][1] == GENESIS
    lines[1][1] = "0"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([*line, "", ""] for line in lines)
    assert alone(file).stdout.startswith("whole: 12 rows, #1 to #12")
    assert typed("verify", "--database", database, "--against", file).exit_code == 0


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda cells: cells[:3], 4),
        (lambda cells: [*cells, "more"], 4),
        (lambda cells: ["x", *cells[1:]], 4),
    ],
)
def test_a_row_of_an_export_that_cannot_be_read_is_told_with_its_line(
    database: Path, change: Callable[[list[str]], list[str]], line: int
) -> None:
    file = exported(database, "csv")
    lines = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    lines[3] = change(lines[3])
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(lines)
    result = typed("verify", "--database", database, "--against", file)
    assert result.exit_code == 2
    assert f"{file} line {line} is no row of an export" in result.stderr


def test_checkpoints_are_read_from_a_note_of_any_editor(database: Path) -> None:
    """PowerShell's `>` writes UTF-16."""
    made = typed("checkpoint", "--database", database).stdout
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        note = database.parent / "noted.txt"
        note.write_bytes(f"noted 备忘\n{made}".encode(encoding))
        result = typed("verify", "--database", database, "--against", note)
        assert (result.exit_code, "the log still holds it" in result.stdout) == (0, True)
