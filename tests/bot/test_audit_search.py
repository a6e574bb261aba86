"""`audit search`, `show --request` and `openid`: what is printed, and that each look stays in the log."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import pwd
import re
import sys
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from click.testing import CliRunner, Result

from bot import looks
from bot.cli import cli
from bot.columns import line, width
from bot.search_words import joined
from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import Request, State
from coupons.ports import Transaction
from coupons.recording import Event
from coupons.sheet import COLUMNS
from storage.locks import Turn
from storage.proof import verify
from tests.storage.records import NOW, OPENID, ROOT, STOCK, a_draft, approve, create, open_ledger, rows, send

ZHANG = "oUpF8uMuAJO_M2pxb1Q9zNjZHANG"
FORGED = "late\n     99  2026-01-01 00:00:00  U0EVIL approved it\x1b[2J"


def fill(tx: Transaction) -> None:
    """#1 sent, #2 declined in Chinese, #3 of another customer with hostile words, #4 needs nobody."""
    send(tx, approve(tx, with_ticket(tx)), "CODE1")
    second = create(tx, "n2", reason="物流迟到四天", requester="U0HE")
    tx.append(Event(Tag.REQUEST_DECLINED, "U0WANG", second.id, {"reason": "太早了"}))
    tx.save(second, move(second, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="太早了"))
    third = create(tx, "n3", openid=ZHANG, reason=f"=1+1 {FORGED}")
    tx.append(Event(Tag.CLICK_REFUSED, "U0EVIL", third.id, {"action": "approve", "reason": FORGED}))


def with_ticket(tx: Transaction) -> Request:
    request, _ = tx.add_request(a_draft("n1", ticket="ZD 12"))
    names = ("out_request_no", "customer", "stock_id", "value_fen", "approvals_needed", "ticket")
    detail = {name: getattr(request, name) for name in names}
    tx.append(Event(Tag.REQUEST_CREATED, request.requester, request.id, detail))
    return request


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"

    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(fill)
        await ledger.close()

    asyncio.run(live())
    return path


def typed(*words: object, **environ: str) -> Result:
    result = CliRunner(env=dict(environ)).invoke(cli, ["audit", *map(str, words)], prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def searched(database: Path, *words: object, **environ: str) -> Result:
    result = typed("search", *words, "--database", database, **environ)
    assert result.exit_code == 0, result.stderr
    return result


def newest(database: Path) -> tuple[str, dict[str, Any]]:
    """The last event: its tag and detail, with the request that it is about."""
    [(tag, body)] = rows(database, "select tag, body from event order by seq desc limit 1")
    told = json.loads(body)
    return tag, {**told["detail"], "request": told["request_id"]}


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
        [told] = result.stderr.splitlines()
        assert told.startswith(sentence)
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
    monkeypatch.setattr("bot.search_cli._AT_ONCE", 2)
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


# --- each look stays


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("state:sent", "four days"), {"words": 'state:sent "four days"', "found": 1}),
        ((f"openid:{ZHANG}",), {"words": "customer:3", "found": 1}),
        ((ZHANG, "late"), {"words": "customer:3 late", "found": 1}),
        (("openid:oUnknownUnknownUnknown_12345",), {"words": "openid:?", "found": 0}),
    ],
)
def test_a_search_is_an_event_that_holds_no_openid(
    database: Path, words: tuple[str, ...], kept: dict[str, object]
) -> None:
    searched(database, *words)
    tag, detail = newest(database)
    assert (tag, detail) == (Tag.AUDIT_SEARCHED, {**detail, "where": "command line", **kept})
    assert detail["user"]
    assert not any(
        "oUnknown" in body or ZHANG in body for (body,) in rows(database, "select body from event")
    )
    verify(database)


def test_a_story_is_told_with_everything_and_the_look_is_an_event(database: Path) -> None:
    result = typed("show", "--request", 1, "--database", database)
    for words in (
        "Request #1: sent",
        "10.00 yuan",
        "U0LI",
        "number 1",
        "four days late",
        "ZD 12",
        "CODE1",
        "approved by   U0WANG, 2026-11-23 10:13:20",
        "starts attempt 1",
    ):
        assert words in result.stdout
    assert OPENID not in result.stdout
    tag, detail = newest(database)
    assert (tag, detail["request"], detail["where"]) == (Tag.AUDIT_VIEWED, 1, "command line")
    assert "declined      because: 太早了" in typed("show", "--request", 2, "--database", database).stdout
    typed("show", "--limit", 2, "--database", database)
    assert newest(database)[1]["newest"] == 2


def test_nothing_in_a_story_looks_like_another_line_of_it(database: Path) -> None:
    result = typed("show", "--request", 3, "--database", database)
    _, timeline = result.stdout.split("What happened, in Beijing time:\n")
    assert [line.split()[0] for line in timeline.splitlines()] == ["8", "9"]
    assert "\x1b" not in result.stdout
    assert len([line for line in result.stdout.splitlines() if "U0EVIL" in line]) == 2


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_storys_events_as_rows(database: Path, kind: str) -> None:
    result = typed("show", "--request", 2, "--format", kind, "--database", database)
    lines = result.stdout.splitlines()
    assert len(lines) == (3 if kind == "csv" else 2)
    assert "太早了" in lines[-1]


def test_an_openid_is_printed_once_its_event_is_there(database: Path) -> None:
    result = typed("openid", 3, "--database", database)
    assert (result.exit_code, result.stdout) == (0, f"{ZHANG}\n")
    tag, detail = newest(database)
    assert (tag, detail["request"], detail["customer"]) == (Tag.OPENID_VIEWED, 3, 3)


@pytest.mark.parametrize("words", [("openid", 99), ("show", "--request", 99), ("show", "#99")], ids=str)
def test_a_request_that_is_not_there_is_told_alike_and_leaves_no_event(
    database: Path, words: tuple[object, ...]
) -> None:
    before = rows(database, "select count(*) from event")
    result = typed(*words, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"there is no request #99 in {database}\n"
    assert rows(database, "select count(*) from event") == before


def test_of_an_erased_customer_no_openid_is_printed(database: Path) -> None:
    rows(database, "update customer set openid = 'erased:3' where id = 3")
    result = typed("openid", 3, "--database", database)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "customer 3 was erased" in result.stderr


def test_a_look_names_whose_process_it_is_whatever_the_environment_says(database: Path) -> None:
    boss = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "the-ceo")
    for words in (("openid", 3), ("search",), ("show",), ("export", "--output", "-")):
        assert typed(*words, "--database", database, **boss).exit_code == 0
        assert newest(database)[1]["user"] == pwd.getpwuid(os.getuid()).pw_name


def test_who_has_no_name_on_the_machine_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as some number. Real: no name database has the highest one."""
    monkeypatch.setattr(looks.os, "getuid", lambda: 2**31 - 7)
    assert looks.user() == str(2**31 - 7)


LOOKS = [
    ("search",),
    ("show",),
    ("show", "--request", "1"),
    ("openid", "1"),
    ("export", "--output", "-"),
]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_while_somebody_else_keeps_the_turn_nothing_is_shown(database: Path, words: tuple[str, ...]) -> None:
    """The look could not be kept, so there is none."""
    with Turn(database):
        result = typed(*words, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing is shown" in result.stderr


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_a_copy_that_cannot_be_written_is_looked_at_and_says_so(
    database: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(database, "select count(*) from event")
    # Root may write anywhere, so here the answer is given for it.
    monkeypatch.setattr(looks.os, "access", lambda _, mode: mode != os.W_OK)
    result = typed(*words, "--database", database)
    assert result.exit_code == 0
    assert result.stdout
    assert "leaves no event" in result.stderr
    assert rows(database, "select count(*) from event") == before


async def test_beside_a_writing_bot_each_look_is_written_in_turn(database: Path) -> None:
    ledger = open_ledger(database)
    writing = asyncio.create_task(_write(ledger))
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "audit", "search", "--database", str(database),
            env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, told = await process.communicate()
        assert process.returncode == 0, told.decode()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await ledger.close()
    [(looks_left,)] = rows(database, "select count(*) from event where tag = 'audit:searched'")
    [(others,)] = rows(database, "select count(*) from event where tag = 'bot:started'")
    assert looks_left == 3
    assert others > 3
    assert verify(database).rows == 9 + looks_left + others


async def _write(ledger: Any) -> None:
    while True:
        await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system")))


def test_words_are_quoted_as_the_shell_had_them() -> None:
    assert joined(["late", "four days", "ticket:ZD 12", "note: x", '"a b"']) == (
        'late "four days" ticket:"ZD 12" "note: x" "a b"'
    )


# --- `show` with words


def shown(database: Path, *words: object) -> list[str]:
    result = typed("show", *words, "--database", database)
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def test_events_are_shown_by_their_own_marks_and_stories_by_those_of_requests(database: Path) -> None:
    assert [line.split()[4] for line in shown(database, "tag:click:refused")] == ["click:refused"]
    assert {line.split()[3] for line in shown(database, "state:declined")} == {"#2"}
    assert {line.split()[3] for line in shown(database, "since:2020-01", "late")} == {"#1", "#3"}
    assert len(shown(database, "agent:U0LI", "--limit", 2)) == 2
    assert shown(database, "agent:U0NOBODY") == []


def test_a_number_alone_is_that_request_s_story(database: Path) -> None:
    assert shown(database, "#2")[0] == shown(database, "--request", 2)[0] == "Request #2: declined"
    assert newest(database) == ("audit:viewed", {"where": "command line", "user": ANY, "request": 2})
    result = typed("show", "late", "--request", 2, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")


def test_what_was_looked_for_stays_in_the_log_without_the_openid(database: Path) -> None:
    shown(database, f"openid:{OPENID}")
    tag, detail = newest(database)
    assert (tag, detail["words"], detail["newest"]) == ("audit:viewed", "customer:1", 50)
