"""Whatever is odd about numbers, bytes, files and pipes is one sentence on stderr, never a traceback."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from tests.storage.records import OPENID, ROOT, create, make_log, open_ledger, rows

HUGE = "9" * 30
#: What Python makes of a byte in an argument that is no UTF-8.
BYTE = "odd\udcff"
LONG = "x" * 300


def typed(*words: object, pasted: bytes | None = None) -> Result:
    result = CliRunner().invoke(cli, [*map(str, words)], input=pasted, prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(*words: object, pasted: bytes | None = None, status: int = 2) -> str:
    """The one sentence, after click's own usage where it is click's."""
    result = typed(*words, pasted=pasted)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    printed = result.stderr.splitlines()
    assert len(printed) == 1 or printed[0].startswith("Usage: ")
    return printed[-1]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"
    make_log(path, 10)
    return path


@pytest.mark.parametrize("number", [HUGE, str(2**63), "0", "-1"])
@pytest.mark.parametrize(
    "words",
    [
        ("show", "--request"),
        ("show", "--limit"),
        ("search", "--limit"),
        ("export", "--output", "-", "--first"),
        ("openid", "--"),
    ],
    ids=str,
)
def test_a_number_that_no_request_and_no_event_can_have(
    database: Path, words: Sequence[str], number: str
) -> None:
    command, *options = words
    assert "not in the range" in refused("audit", command, "--database", database, *options, number)


@pytest.mark.parametrize("word", [BYTE, f"ticket:{BYTE}", f"code:{BYTE}", "odd\x00", "customer:" + "9" * 18])
@pytest.mark.parametrize("command", [("search",), ("show",), ("export", "--output", "-")], ids=str)
def test_bytes_that_are_no_text_find_nothing(database: Path, command: Sequence[str], word: str) -> None:
    result = typed("audit", *command, word, "--database", database)
    assert (result.exit_code, "nothing was found" in result.output or "no event" in result.output) == (
        0,
        True,
    )


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "9999-12", "2026-00", BYTE, HUGE, ""])
@pytest.mark.parametrize("command", [("audit", "report"), ("reconcile",)], ids=str)
def test_a_month_that_cannot_be(database: Path, command: Sequence[str], month: str) -> None:
    printed = refused(*command, "--month", month, "--database", database)
    assert printed.endswith("it must be a year and a month, like 2026-10")


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("", "--output names no file; give the path of a new one, or - for standard output"),
        (LONG, "cannot be written: File name too long"),
        (".", ". is there already; name another file, or remove it first"),
        ("nowhere/file", "nowhere/file cannot be written: No such file or directory"),
        ("/proc/file", "/proc/file cannot be written: No such file or directory"),
    ],
)
@pytest.mark.parametrize("command", [("search",), ("export",), ("report", "--month", "2026-11")], ids=str)
def test_where_nothing_can_be_written(database: Path, command: Sequence[str], output: str, says: str) -> None:
    before = rows(database, "select count(*) from event")
    assert refused("audit", *command, "--output", output, "--database", database).endswith(says)
    assert rows(database, "select count(*) from event") == before


@pytest.mark.parametrize(
    ("against", "says"),
    [
        ("", "--against names nothing; name a file, a checkpoint, - or channel"),
        (".", ". cannot be read: Is a directory"),
        (LONG, "cannot be read: File name too long"),
        (BYTE, "cannot be read: No such file or directory"),
        ("/dev/null", "no checkpoint stands in that text; one begins with `coupon-checkpoint v1`"),
        ("coupon.db", "no checkpoint stands in that text; one begins with `coupon-checkpoint v1`"),
    ],
)
def test_what_the_log_cannot_be_held_against(
    database: Path, monkeypatch: pytest.MonkeyPatch, against: str, says: str
) -> None:
    monkeypatch.chdir(database.parent)
    assert refused("audit", "verify", "--against", against, "--database", database).endswith(says)


def test_what_is_pasted_may_be_any_bytes(database: Path) -> None:
    line = typed("audit", "checkpoint", "--database", database).stdout.encode()
    printed = typed("audit", "verify", "--against", "-", "--database", database, pasted=b"\xff\xfe " + line)
    assert "checkpoint of #10" in printed.stdout
    none = refused("audit", "verify", "--against", "-", "--database", database, pasted=b"\xff\x00")
    assert none.startswith("no checkpoint stands in that text")


@pytest.mark.parametrize("openid", [BYTE, "odd\x00", "", LONG])
def test_an_openid_that_cannot_be_is_nobody_s(database: Path, openid: str) -> None:
    printed = refused("erase", openid, "--yes", "--database", database, status=1)
    assert "no customer has the openid" in printed
    pasted = openid.encode(errors="surrogateescape") + b"\n"
    printed = refused("erase", "-", "--yes", "--database", database, pasted=pasted, status=1)
    assert "no customer has the openid" in printed


def test_a_path_may_be_any_bytes(database: Path) -> None:
    odd = database.rename(database.with_name(f"{BYTE}.db"))
    export = odd.with_name(f"{BYTE}.jsonl")
    for words in (
        ("audit", "export", "--output", export),
        ("audit", "verify", "--against", export),
        ("audit", "search"),
        ("audit", "show", "#1"),
        ("audit", "checkpoint"),
        ("audit", "report", "--month", "2026-11"),
        ("erase", OPENID, "--yes"),
    ):
        assert typed(*words, "--database", odd).exit_code == 0, words
    assert "there is no request #99" in refused("audit", "openid", 99, "--database", odd)


async def test_of_many_open_requests_only_some_are_named(database: Path) -> None:
    ledger = open_ledger(database)
    for number in range(22):
        await ledger.write(partial(create, number=f"open{number}"))
    await ledger.close()
    messages = await asyncio.to_thread(refused, "erase", OPENID, "--yes", "--database", database)
    assert "open requests: #3, #4, " in messages
    assert ", #22 and 2 more. Let them be decided" in messages


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.db", b"", "holds nothing yet; `coupon-bot migrate` makes its tables"),
        ("short.db", b"x", "file is not a database"),
        ("text.db", b"eggs, milk\n" * 200, "file is not a database"),
        ("foreign.db", None, "is a SQLite database, but not one of coupon-bot's; it was not touched"),
        ("none.db", "", "does not exist; name the bot's database with --database or COUPON_DATABASE"),
        (LONG, "", "cannot be read: File name too long"),
        ("", "", "--database names no file; give the path of the bot's database"),
    ],
)
def test_what_is_no_database_of_ours_is_told_by_every_command_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | str | None, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if isinstance(content, bytes):
        Path(name).write_bytes(content)
    elif content is None:
        rows(Path(name), "create table eggs (milk)")
    before = [(file.name, file.read_bytes()) for file in tmp_path.iterdir()]
    bill = ROOT / "README.md"
    for words in (
        ("audit", "verify"),
        ("audit", "show"),
        ("audit", "show", "#1"),
        ("audit", "search"),
        ("audit", "openid", 1),
        ("audit", "export", "--output", "-"),
        ("audit", "checkpoint"),
        ("audit", "report", "--month", "2026-11"),
        ("reconcile", "--file", bill),
        ("erase", OPENID, "--yes"),
    ):
        assert refused(*words, "--database", name).endswith(says), words
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "is no text in UTF-8 or GB18030; save it as CSV"),
        ("批次号,券code\n1,C1\rC2\n".encode(), "line 3 has 1 cells under a head"),
    ],
)
def test_a_bill_that_is_none(database: Path, content: bytes, says: str) -> None:
    bill = database.parent / "bill.csv"
    bill.write_bytes(content)
    assert says in refused("reconcile", "--file", bill, "--database", database)


# --- as a program, with a real standard output


def run(database: Path, *words: object, **changes: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "audit", *map(str, words), "--database", str(database)],
        cwd=ROOT,
        # As a person has it: Python keeps what is written until a buffer is full, or the program ends.
        env={**os.environ, "PYTHONUNBUFFERED": "", **changes.pop("env", {})},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **changes,
    )


@pytest.mark.parametrize("words", [("search",), ("show", "#1"), ("openid", 1)], ids=str)
def test_a_full_disk_behind_standard_output_is_one_sentence(database: Path, words: Sequence[object]) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(database, *words, stdout=full)
    assert done.returncode == 2
    assert done.stderr == "standard output cannot be written: No space left on device\n"


def test_a_terminal_that_cannot_show_what_is_written_is_one_sentence(database: Path) -> None:
    done = run(database, "search", stdout=subprocess.PIPE, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("standard output takes ascii only")


def test_who_has_seen_enough_may_close_the_pipe(database: Path) -> None:
    """As `| head -1` does."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(database, "export", "--output", "-", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
