"""Whatever is asked and whatever goes wrong: one sentence, nobody's values in a log, no file that lies."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from bot.console_server.server import listening, server_of
from console import csv_stream
from storage.driver import sqlite3
from tests.console.visiting import Place

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@pytest.mark.parametrize(
    "path",
    [
        "/log.csv",
        "/log.json",
        "/log.csv?sql=",
        "/log.json?sql=",
        "/log.csv?sql=pragma+cache_size=100000000",
        "/log.csv?sql=pragma+table_info(request)",
        "/log?sql=pragma+cache_size",
        "/log.csv?sql=explain+select+1",
        "/log.csv?sql=select+1;+select+2",
        "/log?sql=select+1;+select+2",
        "/log.csv?sql=select",
        "/log.csv?sql=select+:a+||+:b+from+nothing",
        "/log.csv?sql=select+'%00'",
        "/log?sql=select+'%00'",
        "/log?sql=%ff%fe",
        "/log/requests?_where=)",
        "/log/requests.csv?_where=)",
        "/log/requests.json?_where=body+is+null",
        "/log/requests?_where=exists(select+1+from+customer)",
        "/log/requests?customer__in=%5B%7B%7D%5D",
        f"/log/requests?_through={OPENID}",
        f"/log/requests?_next={OPENID}",
        f"/log/requests?customer__in=%5B{OPENID}",
        "/log/requests?_facet_array=reason",
    ],
)
async def test_a_broken_address_is_one_sentence(
    here: Place, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    answer = await visitor.get(path)
    assert answer.status == 400
    assert "Traceback" not in answer.text
    assert (here.lines.getvalue(), *capfd.readouterr()) == ("", "", "")


async def test_sql_begins_with_a_statement_to_change(here: Place) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    answer = await visitor.get("/log")
    assert (answer.status, answer.headers["location"]) == (303, "log?sql=select+*+from+requests+limit+50")


@pytest.mark.parametrize("argument", ["= 100000000", "(100000000)", ""])
async def test_a_pragma_sets_nothing(here: Place, argument: str) -> None:
    connection = here.console.database.connect()
    for name in ("cache_size", "schema_version", "query_only", "mmap_size"):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(f"pragma {name}{argument}").fetchall()
    connection.close()


_FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


@pytest.mark.parametrize(
    ("body", "status"), [(b"q=\xff\xfe", 400), (b"q=%ff%fe", 400), (b"q=" + b"x" * 30_000_000, 413)]
)
@pytest.mark.parametrize("headers", [{}, {"content-length": "7"}])
async def test_a_form_that_cannot_be_read_is_one_sentence(
    here: Place, body: bytes, status: int, headers: Mapping[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    visitor = await here.signed_in()
    assert (await visitor.ask("POST", "/search", body, {**_FORM, **headers})).status == status
    assert (here.lines.getvalue(), *capfd.readouterr()) == ("", "", "")


async def test_a_cookie_that_is_none_is_no_session(here: Place) -> None:
    visitor = here.visitor()
    visitor.cookie = "coupon_console\x07=1; \xff=;;=[]{}"
    assert (await visitor.get("/")).status == 401


@pytest.mark.parametrize("path", ["/", "/log/requests", "/log/requests.csv", "/log/events.json"])
async def test_what_nobody_expected_is_logged_without_a_value(
    here: Place, path: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    visitor = await here.signed_in()

    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"nobody thought of {OPENID}")

    monkeypatch.setattr(here.console.database, "execute_fn", broken)
    answer = await visitor.get(path)
    found = re.search(r"under the reference ([0-9a-f]{6})", answer.text)
    assert found is not None
    assert (answer.status, OPENID in answer.text) == (500, False)
    line = json.loads(here.lines.getvalue())
    assert (line["reference"], line["kind"]) == (found[1], "ValueError")
    assert any("broken" in place for place in line["places"])
    assert OPENID not in here.lines.getvalue()
    assert capfd.readouterr() == ("", "")


async def test_a_file_that_ends_too_early_is_broken_off(
    here: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log becomes unreadable when its first lines are on their way."""
    monkeypatch.setattr(csv_stream, "_AT_ONCE", 100)
    visitor = await here.signed_in()
    gone: list[object] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def sent(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body" and not gone:
                gone.append(message)
                connection = sqlite3.connect(here.database)
                connection.execute("alter table request rename to gone")
                connection.close()
            await send(message)

        await here.console(scope, receive, sent)

    with listening("127.0.0.1", 0) as opened:
        server = server_of(app)  # type: ignore[arg-type]  # any application is served
        serving = asyncio.create_task(server.serve(sockets=[opened]))
        address = f"http://127.0.0.1:{opened.getsockname()[1]}/log/requests.csv"
        async with (
            aiohttp.ClientSession(headers={"cookie": visitor.cookie}) as browser,
            browser.get(address) as answer,
        ):
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
        server.should_exit = True
        await serving
    assert json.loads(here.lines.getvalue())["kind"] == "OperationalError"
    assert capfd.readouterr() == ("", "")
