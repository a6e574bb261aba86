"""Each look at the log stays in it, names its user, and comes before what it shows; `audit openid`."""

from __future__ import annotations

import asyncio
import os
import pwd
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli import record_access
from coupons.events import Tag
from coupons.recording import Event
from storage.locks import Turn
from storage.proof.verify import verify
from tests.bot.audit_shop import ZHANG, make_shop, newest, searched, typed
from tests.storage.records import open_ledger, rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"
    make_shop(path)
    return path


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
    monkeypatch.setattr(record_access.os, "getuid", lambda: 2**31 - 7)
    assert record_access.user() == str(2**31 - 7)


ACCESSES = [
    ("search",),
    ("show",),
    ("show", "--request", "1"),
    ("openid", "1"),
    ("export", "--output", "-"),
    ("report", "--month", "2026-11"),
]


@pytest.mark.parametrize("words", ACCESSES, ids=" ".join)
def test_while_somebody_else_keeps_the_turn_nothing_is_shown(database: Path, words: tuple[str, ...]) -> None:
    """The look could not be kept, so there is none."""
    with Turn(database):
        result = typed(*words, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing is shown" in result.stderr


@pytest.mark.parametrize("words", ACCESSES, ids=" ".join)
def test_a_copy_that_cannot_be_written_is_looked_at_and_says_so(
    database: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(database, "select count(*) from event")
    # Root may write anywhere, so here the answer is given for it.
    monkeypatch.setattr(record_access.os, "access", lambda _, mode: mode != os.W_OK)
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
        _, found = await process.communicate()
        assert process.returncode == 0, found.decode()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await ledger.close()
    [(accesses_left,)] = rows(database, "select count(*) from event where tag = 'audit:searched'")
    [(others,)] = rows(database, "select count(*) from event where tag = 'bot:started'")
    assert accesses_left == 3
    assert others > 3
    assert verify(database).rows == 9 + accesses_left + others


async def _write(ledger: Any) -> None:
    while True:
        await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system")))
