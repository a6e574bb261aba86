"""`audit search`: what is found, and how it is written."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli import record_access
from bot.wording.search import joined
from bot.wording.terminal_table import line, width
from coupons.spreadsheet import COLUMNS
from tests.bot.audit_shop import FORGED, ZHANG, make_shop, searched, shown, typed
from tests.storage.records import NOW, OPENID, ROOT, STOCK, create, open_ledger, rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"
    make_shop(path)
    return path


def numbers(result: Result) -> list[str]:
    return [line.split()[0] for line in result.stdout.splitlines()[1:-1]]


def test_a_table_newest_first_with_its_time_zone_and_how_many_there_are(database: Path) -> None:
    result = searched(database)
    head, *_, end = result.stdout.splitlines()
    assert "Beijing" in head
    assert numbers(result) == ["3", "2", "1"]
    assert end == "3 found"
    end = searched(database, "--limit", 2).stdout.splitlines()[-1]
    assert end.startswith("2 of 3 found")
    assert "--all" in end


def test_what_is_said_of_a_search_is_in_the_language_of_the_terminal(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert searched(database).stdout.splitlines()[-1] == "找到 3 条"
    assert searched(database, "--limit", 2).stdout.splitlines()[-1].startswith("找到 3 条，已列出 2 条")
    assert searched(database, "nowhere").stdout == "没有找到\n"
    assert "或 held 或" in typed("search", "state:foo", "--database", database).stderr
    assert typed("show", "tag:clock:doubted", "--database", database).stderr == "没有找到\n"
    for refused in (("show", "--request", 99), ("openid", 99)):
        assert typed(*refused, "--database", database).stderr.strip() == f"{database} 中没有申请 #99"


def test_the_table_stands_straight_with_chinese_in_it_and_fits_120_columns(database: Path) -> None:
    for words in ((), ("tag:request:created",), ("tag:click:refused",)):
        head, *lines, _ = searched(database, *words).stdout.splitlines()
        assert all(width(line) <= 120 for line in [head, *lines])
    assert width("物流 late") == 9
    assert [width(line((text, "x"), (6, 3))) for text in ("物流", "物流迟到", "late", "latelate", "é")] == [
        9
    ] * 5
    assert line(("物流迟到", "x"), (6, 3)) == "物流…   x"


@pytest.mark.parametrize("words", [(), ("tag:click:refused",)])
def test_no_word_of_a_person_looks_like_a_line_or_reaches_the_terminal(
    database: Path, words: tuple[str, ...]
) -> None:
    result = searched(database, *words)
    assert "\x1b" not in result.stdout
    assert not any(line.strip().startswith("99") for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("state:declined",), ["2"]),
        (("物流",), ["2"]),
        (("太早",), ["2"]),
        (("four days late",), ["1"]),
        (("ticket:ZD 12",), ["1"]),
        (('ticket:"ZD 12"',), ["1"]),
        (("agent:U0LI", "amount:>=10"), ["3", "1"]),
        ((f"openid:{ZHANG}",), ["3"]),
        ((f"openid:{ZHANG}", "customer:1"), None),
        (("stock:1212121212",), ["3", "2", "1"]),
        (("late-10",), None),
    ],
    ids=str,
)
def test_what_is_asked_for_is_found(
    database: Path, tmp_path: Path, words: tuple[str, ...], found: list[str] | None
) -> None:
    result = searched(database, *words, COUPON_CONFIG=str(tmp_path / "none.toml"))
    assert result.stdout == "nothing was found\n" if found is None else numbers(result) == found


def test_an_alias_is_known_from_coupon_toml(database: Path) -> None:
    config = database.parent / "coupon.toml"
    text = (ROOT / "coupon.toml").read_text(encoding="utf-8")
    [stock_id, *_] = re.findall(r'^stock_id = "(\w+)"', text, re.MULTILINE)
    config.write_text(text.replace(stock_id, STOCK.stock_id), encoding="utf-8")
    [alias, *_] = re.findall(r'^alias = "(.+)"', text, re.MULTILINE)
    for words in ([f"stock:{alias}"], [alias]):
        result = searched(database, *words, "--config", config)
        assert numbers(result) == ["3", "2", "1"]
        assert numbers(searched(database, *words, COUPON_CONFIG=str(config))) == ["3", "2", "1"]
    result = typed("search", "--database", database, "--config", database.parent / "none.toml")
    assert result.exit_code == 2
    assert "none.toml cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("stat:sent",), "stat:sent names no key of a search; the nearest: state"),
        (
            ("agent:@li",),
            "agent:@li cannot be read; right would be a Slack user id such as U0LI; @names are known",
        ),
        (("actor:@li",), "actor:@li cannot be read; right would be a Slack user id such as U0LI, or system;"),
        (
            ("qqqqq:1",),
            "qqqqq:1 names no key of a search; there are request, openid, customer, batch, agent,",
        ),
        (("tag:request:send",), "tag:request:send names no tag of an event; the nearest: request:sent, "),
        (("tag:",), "tag: names no tag of an event; docs/auditor.md tells of them: request:created, "),
        (("tag:nonsense",), "tag:nonsense names no tag of an event; docs/auditor.md tells of them: request:"),
        (("late", "!!"), "!! has no letter and no digit, and only words are found; leave it out"),
        (("on:2026-10", "since:2026-11"), "on: and since: have no day in common; give dates that overlap"),
        (("#0",), "#0 is no request's number; right would be #12"),
        (("since:yesterday",), "since:yesterday cannot be read; right would be 2026-10 or 2026-10-03"),
        (("state:sent", "state:held"), "state: stands there twice; leave one of them"),
        (("tag:request:sent", "agent:U0LI"), "agent: narrows requests, and tag: and actor: ask for events"),
        (("ticket:\x1b[2J\n" + "x" * 99,), None),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_leaves_no_event(
    database: Path, words: tuple[str, ...], sentence: str | None
) -> None:
    before = rows(database, "select count(*) from event")
    result = typed("search", *words, "--database", database)
    if sentence is not None:
        assert (result.exit_code, result.stdout) == (2, "")
        [printed] = result.stderr.splitlines()
        assert printed.startswith(sentence)
        assert rows(database, "select count(*) from event") == before
    assert "\x1b" not in result.output


def test_csv_is_the_sheet_and_has_no_formula_and_no_openid(database: Path) -> None:
    result = searched(database, "--format", "csv")
    assert result.stdout.startswith("\ufeff")
    head, *lines = csv.reader(io.StringIO(result.stdout.removeprefix("\ufeff"), newline=""))
    assert tuple(head) == COLUMNS
    assert [cells[0] for cells in lines] == ["3", "2", "1"]
    assert lines[0][9].startswith("'=1+1 late\n")
    assert "3 found" in result.stderr
    assert ZHANG not in result.stdout


def test_json_lines_are_one_object_each_with_numbers_as_numbers(database: Path) -> None:
    result = searched(database, "--format", "jsonl")
    found = [json.loads(line) for line in result.stdout.split("\n")[:-1]]
    assert [each["request"] for each in found] == [3, 2, 1]
    assert tuple(found[0]) == COLUMNS
    assert found[0]["reason"] == f"=1+1 {FORGED}"
    assert (found[2]["value_yuan"], found[2]["approvers"], found[0]["coupon_code"]) == (10, ["U0WANG"], None)
    assert OPENID not in result.stdout
    [event] = [
        json.loads(line)
        for line in searched(database, "tag:request:sent", "--format", "jsonl").stdout.splitlines()
    ]
    assert list(event) == ["seq", "ts", "tag", "actor", "request_id", "detail"]
    assert (event["ts"], event["request_id"], event["detail"]["coupon_code"]) == (NOW, 1, "CODE1")


def test_all_goes_on_to_the_end_page_by_page(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupons.auditing.AT_ONCE", 2)
    found = [
        json.loads(line)["request"]
        for line in searched(database, "--all", "--format", "jsonl", "--limit", 1).stdout.splitlines()
    ]
    assert found == [3, 2, 1]
    assert numbers(searched(database, "--limit", 3)) == ["3", "2", "1"]
    head, *lines, _ = searched(database, "--all", "actor:U0LI").stdout.splitlines()
    assert head.startswith("seq")
    assert [line.split()[0] for line in lines] == ["8", "1"]


def test_into_a_file_whole_and_never_over_another(database: Path) -> None:
    file = database.parent / "found.csv"
    result = searched(database, "state:sent", "--format", "csv", "--output", file)
    assert (result.stdout, "1 found" in result.stderr) == ("", True)
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2
    before = rows(database, "select count(*) from event")
    again = typed("search", "--database", database, "--output", file)
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert rows(database, "select count(*) from event") == before


def test_who_looked_for_what_is_seen_in_the_table(database: Path) -> None:
    """What matters stands first, so that it is not what is cut off."""
    words = ("agent:U0LI", "state:sent", "since:2026-01")
    searched(database, *words)
    typed("openid", 3, "--database", database)
    printed = searched(database, "tag:audit:searched").stdout
    assert ' words="agent:U0LI state:sent since:2026-01" fo' in printed
    assert " customer=3 user=" in searched(database, "tag:openid:viewed").stdout
    # Nobody's words look like a detail of ours.
    searched(database, "late customer=7")
    assert ' words="\\"late customer=7\\"" found=0' in searched(database, "tag:audit:searched").stdout
    [line] = shown(database, "tag:openid:viewed")
    assert line.endswith(f'customer=3 user={record_access.user()} where="command line"')


def everything(terminal: int) -> bytes:
    """A terminal gives what it has piece by piece, and an error at its end."""
    found = b""
    with suppress(OSError):
        while piece := os.read(terminal, 65_536):
            found += piece
    return found


def test_a_terminal_is_used_to_its_width(database: Path) -> None:
    searched(database, "x" * 100)
    # A width that a shell says would be taken for the terminal's.
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environ["PYTHONPATH"] = str(ROOT)
    for columns, cut in ((80, True), (120, True), (250, False)):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        command = [sys.executable, "-m", "bot", "audit", "search", "tag:audit:searched"]
        subprocess.run([*command, "--database", str(database)], env=environ, stdout=theirs, check=True)
        os.close(theirs)
        found = everything(ours).decode()
        os.close(ours)
        assert ("x" * 100 in found, "…" in found) == (not cut, cut)


def test_words_are_quoted_as_the_shell_had_them() -> None:
    assert joined(["late", "four days", "ticket:ZD 12", "note: x", '"a b"']) == (
        'late "four days" ticket:"ZD 12" "note: x" "a b"'
    )


async def with_ticket(database: Path, ticket: str) -> None:
    ledger = open_ledger(database)
    await ledger.write(lambda tx: create(tx, "numbered", ticket=ticket, reason="+2"))
    await ledger.close()


async def test_a_number_alone_is_the_request_of_that_number(database: Path) -> None:
    """Not the one whose reason is "+2", nor nothing."""
    await with_ticket(database, "881")
    found = searched(database, "2")
    assert numbers(found) == ["2"]
    assert "2 is read as request #2; the text itself is '\"2\"'" in found.stderr
    assert (numbers(searched(database, "#2")), searched(database, "#2").stderr) == (["2"], "")
    # Narrowed, it stays that request.
    assert numbers(searched(database, "2", "state:sent")) == []
    assert numbers(searched(database, '"2"')) == ["4"]


async def test_a_number_that_no_request_has_is_a_word(database: Path) -> None:
    await with_ticket(database, "881")
    found = searched(database, "881")
    assert numbers(found) == ["4"]
    assert "there is no request #881; 881 was looked for in reasons and tickets" in found.stderr
    for number in ("999999999999999999", "3564492952157993399296"):
        assert searched(database, number).stdout == "nothing was found\n"
