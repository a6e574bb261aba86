"""A statement that somebody writes keeps nobody waiting, and takes nothing along."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from datasette.utils.sqlite import sqlite3

import bot.console_server.server
from bot.console_server.server import listening, server_of
from console import statement_process
from console.statement import TooLong, ask
from console.statement_process import Apart
from tests.console.visiting import Place, Visitor

#: One step of SQLite's of some minutes: nothing within it asks whether it should go on.
STEP = """
with recursive n(i, s) as (select 1, 'ab' union all select i + 1, s || s from n where i < 25)
select instr(s, substr(s, 1, length(s) / 2) || 'c') from n
"""
_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


async def _privileged(here: Place) -> Visitor:
    here.slack.auditors.add("U0SQL")
    return await here.signed_in("U0SQL")


def _running() -> list[int]:
    """Processes for statements that we started and that are there now; a browser of other tests is none."""
    children = [
        int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()
    ]
    return [pid for pid in children if _is_for_a_statement(pid)]


def _is_for_a_statement(pid: int) -> bool:
    try:
        return b"console.statement_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _until(count: int) -> Sequence[int]:
    """They, as soon as so many are there."""
    async with asyncio.timeout(60):
        while len(_running()) != count:  # noqa: ASYNC110 - processes send us no event
            await asyncio.sleep(0.01)
    return _running()


def _environ(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


@_LINUX
async def test_one_step_of_minutes_keeps_nobody_waiting(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_process, "_BESIDE_S", 0.5)
    visitor, other = await _privileged(here), await here.signed_in()
    long = [asyncio.create_task(visitor.get(f"/log?sql={quote(STEP)}")) for _ in range(4)]
    await _until(2)
    start = time.monotonic()
    assert (await other.get("/log/requests")).status == 200
    assert (await other.get("/")).status == 200
    assert time.monotonic() - start < 60
    first = await long[0]
    assert (first.status, "was stopped" in first.text) == (400, True)
    for each in long[1:]:
        each.cancel()
    await asyncio.gather(*long[1:], return_exceptions=True)
    assert _running() == []


@_LINUX
async def test_stopping_the_server_waits_for_no_statement(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.console_server.server, "_GRACE_S", 0)
    visitor = await _privileged(here)
    with listening("127.0.0.1", 0) as opened:
        server = server_of(here.console)
        serving = asyncio.create_task(server.serve(sockets=[opened]))
        reader, writer = await asyncio.open_connection(*opened.getsockname())
        asked = f"GET /log?sql={quote(STEP)} HTTP/1.1\r\nhost: x\r\ncookie: {visitor.cookie}\r\n\r\n"
        writer.write(asked.encode())
        await _until(1)
        start = time.monotonic()
        server.should_exit = True
        await serving
        await _until(0)
        assert time.monotonic() - start < 60
        writer.close()
        assert b"200 OK" not in await reader.read()


@_LINUX
async def test_the_process_has_no_secret_of_the_consoles(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    asking = asyncio.create_task(Apart(here.database).ask(STEP, {}, most=1, limit_s=2))
    names = _environ((await _until(1))[0])
    assert b"PYTHONPATH" in names
    assert b"SLACK" not in names
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


@pytest.mark.parametrize("sql", ["select 1 from request join customer using (id)", "select 1 NATURAL join b"])
async def test_what_its_words_refuse_needs_no_process(
    here: Place, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_module: str, asked: bytes, *, limit_s: float) -> bytes:
        raise AssertionError(asked)

    monkeypatch.setattr(statement_process, "ask_worker", never)
    with pytest.raises(sqlite3.OperationalError, match="join with ON"):
        await Apart(here.database).ask(sql, {}, most=None, limit_s=2)
    connection = here.console.database.connect()
    with pytest.raises(sqlite3.OperationalError, match="join with ON"):
        ask(connection, sql, {}, most=None, limit_s=2)
    connection.close()


async def test_a_text_that_grows_for_ever_is_stopped(here: Place) -> None:
    sql = STEP.replace("i < 25", "i < 40").split("select instr")[0] + "select length(s) from n"
    with pytest.raises((sqlite3.OperationalError, TooLong)):
        await Apart(here.database).ask(sql, {}, most=None, limit_s=2)
    with pytest.raises(sqlite3.OperationalError, match="not authorized to use function"):
        await Apart(here.database).ask("select zeroblob(400000000)", {}, most=None, limit_s=2)


async def test_an_endless_statement_ends_at_its_time(here: Place) -> None:
    start = time.monotonic()
    with pytest.raises(TooLong):
        await Apart(here.database).ask(
            "select count(*) from events a, events b, events c", {}, most=None, limit_s=0.2
        )
    assert time.monotonic() - start < 60


async def test_too_long_an_answer_is_refused(here: Place) -> None:
    sql = "select a.reason, b.reason, a.reason, b.reason, a.reason from requests a, requests b limit 80000"
    with pytest.raises(sqlite3.OperationalError, match="16 million characters"):
        await Apart(here.database).ask(sql, {}, most=None, limit_s=5)


async def test_every_kind_of_cell_comes_back(here: Place) -> None:
    sql = "select 1 as a, 2.5 as a, null as b, '迟到 \"x\"' as c, x'00ff' as d, :e as e, -(1 << 62) as f"
    names, (row,) = await Apart(here.database).ask(sql, {"e": "+1"}, most=5, limit_s=2)
    assert names == ["a", "a", "b", "c", "d", "e", "f"]
    assert list(row) == [1, 2.5, None, '迟到 "x"', b"\x00\xff", "+1", -(2**62)]
    assert (row["b"], row["c"], row[4], len(row)) == (None, '迟到 "x"', b"\x00\xff", 7)
    _, rows = await Apart(here.database).ask("select seq from event", {}, most=7, limit_s=2)
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("sql", "cells"),
    [
        ("with t as (select 1 as a) select count(*) from t", [1]),
        ("with t(a) as (values (1), (2)) select sum(a) from t", [3]),
        (
            "with recursive n(i) as (values (1) union all select i + 1 from n limit 5) select max(i) from n",
            [5],
        ),
        ("with a as (select 1), b as (select count(*) as n from a) select n from b", [1]),
        ("with requests as (select 7 as a) select a from requests", [7]),
        ("with customer as (select 'mine' as openid) select openid from customer", ["mine"]),
    ],
)
async def test_common_table_expressions_are_to_be_had(here: Place, sql: str, cells: list[object]) -> None:
    visitor = await _privileged(here)
    assert (await visitor.get(f"/log?sql={quote(sql)}")).status == 200
    _, (row,) = await Apart(here.database).ask(sql, {}, most=5, limit_s=2)
    assert list(row) == cells


@pytest.mark.parametrize(
    "sql",
    [
        "with customer as (select 1 as a) select count(*) from customer",
        "with Customer as (select 1 as a) select count(*) from CUSTOMER",
        "with t as (select count(*) as n from customer) select n from t",
        "with t as (select 1 as a) select count(*) from t, customer",
        "with t as (select 1 as a) select count(*) from t, main.customer",
        "with request as (select 1 as a) select body from main.request",
        "with recursive t(a) as (select openid from customer union all select a from t) select a from t",
        "select count(*) from json_each('[1]')",
        "select count(*) from pragma_table_list",
        "select count(*) from sqlite_sequence",
        "select count(*) from sqlite_stat4",
        "select count(*) from request_words",
        "select count(*) from request_words_data",
        "select count(*) from dbstat",
    ],
)
async def test_a_name_given_in_a_statement_opens_nothing(here: Place, sql: str) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await Apart(here.database).ask(sql, {}, most=5, limit_s=2)
    # A table that came after the connection was made, which knows nothing of its name.
    connection = here.console.database.connect()
    writing = sqlite3.connect(here.database)
    writing.execute("create table later (openid text)")
    writing.execute("insert into later values ('secret')")
    writing.commit()
    writing.close()
    with pytest.raises(sqlite3.OperationalError):
        ask(connection, sql, {}, most=None, limit_s=2)
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        ask(connection, "select count(*) from later", {}, most=None, limit_s=2)
    connection.close()


def test_a_process_starts_without_datasette() -> None:
    """Else each statement would take a second."""
    code = (
        "import sys, console.statement_worker; "
        "sys.exit(any(n in sys.modules for n in ('datasette', 'storage')))"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
