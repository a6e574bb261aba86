"""Nothing can be written through the console's file, and no SQL reads an openid."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from datasette.utils.sqlite import sqlite3

from console.log_database import VIEWS
from storage.proof import verify
from tests.console.visiting import OTHER, Place, Visitor

WRITES = (
    "insert into pause (id, by, at, reason) values (1, 'x', 1, 'x')",
    "update request set state = 'sent'",
    "delete from event",
    "drop table event",
    "create table mine (a)",
    "create temp table mine (a)",
    "attach ':memory:' as other",
    "vacuum into '/tmp/never.db'",
    "pragma query_only = off",
    "pragma writable_schema = on",
    "begin immediate",
    "reindex",
)
SECRETS = (
    "select openid from customer",
    "select * from customer",
    "select count(*) from customer",
    "select customer.openid from request join customer on customer.id = request.customer",
    "select (select openid from customer limit 1) from request limit 1",
    "select body from request",
    "select cast(body as text) from request",
    "select * from request",
    "select r.body from request as r",
    "with c as (select openid from customer) select * from c",
    "select * from (select body as b from request)",
    "select * from console_link",
    "select * from click",
    "select * from outbox",
    "select * from notice",
    "select * from request_words",
    "select * from request_words_data",
    "select * from pragma_table_list",
    "select load_extension('x')",
    "select 1 from request where exists (select 1 from customer where openid like 'oUp%')",
    "select request.id from request order by (select openid from customer limit 1)",
)


@pytest.mark.parametrize("sql", WRITES)
async def test_a_write_through_datasette_fails(here: Place, sql: str) -> None:
    with pytest.raises(sqlite3.DatabaseError):
        await here.console.database.execute_write(sql)
    with pytest.raises(sqlite3.DatabaseError):
        await here.console.database.execute_fn(lambda connection: connection.execute(sql).fetchall())
    assert verify(here.database).rows > 0


async def test_the_file_itself_is_opened_for_reading_only(here: Place) -> None:
    """Were the authorizer gone, SQLite would still refuse."""
    connection = here.console.database.connect(write=True)
    connection.set_authorizer(None)
    connection.execute("pragma query_only = off")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("update request set state = 'sent'")
    connection.close()


@pytest.mark.parametrize("sql", SECRETS)
async def test_who_may_write_sql_reads_no_secret(here: Place, sql: str) -> None:
    visitor = await _privileged(here)
    for kind in ("", ".json", ".csv"):
        answer = await visitor.get(f"/log{kind}?sql={quote(sql)}")
        assert "oUpF8uMuAJO" not in answer.text
        assert answer.status == 400, answer.text[:300]
    with pytest.raises(sqlite3.DatabaseError):
        await here.console.database.execute_fn(lambda connection: connection.execute(sql).fetchall())


async def _privileged(here: Place) -> Visitor:
    here.slack.auditors.add("U0SQL")
    return await here.signed_in("U0SQL")


async def test_who_is_named_writes_sql_and_nobody_else(here: Place) -> None:
    sql = quote("select state, count(*) as n from requests group by state")
    visitor = await here.signed_in()
    for path in (f"/log?sql={sql}", f"/log.json?sql={sql}", f"/log.csv?sql={sql}", "/log/requests?_where=1"):
        assert (await visitor.get(path)).status == 403
    privileged = await _privileged(here)
    answer = await privileged.get(f"/log?sql={sql}")
    assert answer.status == 200
    assert "declined" in answer.text
    assert str(here.events()[0].detail["words"]).startswith("sql sql=select state")
    assert (await privileged.get("/log/requests?_where=state='sent'")).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/log/customer",
        "/log/request.json",
        "/log/console_link.json",
        "/log/click.json",
        "/log/outbox.csv",
        "/log/request_words",
        "/log/event/1.json",
        "/log/requests/1",
        "/log/requests.blob?_blob_column=body",
        "/log.db",
        "/_internal",
        "/_internal.json?sql=select+1",
        "/-/versions.json",
        "/-/static/app.css",
        "/-/logout",
        "/-/messages",
        "/log/customer?_next=1",
        "/log/%63ustomer",
        "/LOG/customer",
        "/log//customer",
    ],
)
async def test_what_is_not_meant_is_no_page_for_anybody(here: Place, path: str) -> None:
    visitor = await _privileged(here)
    answer = await visitor.get(path)
    assert answer.status == 404
    assert "oUpF8uMuAJO" not in answer.text


@pytest.mark.parametrize("view", sorted(VIEWS))
async def test_views_page_filter_and_count_their_rows(here: Place, view: str) -> None:
    visitor = await here.signed_in()
    answer = await visitor.get(f"/log/{view}")
    assert answer.status == 200
    assert "Older" in answer.text
    assert (await visitor.get(f"/log/{view}?_next=50")).status == 200
    assert "oUpF8uMuAJO" not in (await visitor.get(f"/log/{view}.json?_size=1000")).text


async def test_a_stranger_to_the_role_gets_no_sql_by_a_cookie_of_datasettes(here: Place) -> None:
    visitor = await here.signed_in()
    visitor.cookie += (
        '; ds_actor="' + here.console.datasette.sign({"a": {"id": OTHER, "sql": "yes"}}, "actor") + '"'
    )
    assert (await visitor.get("/log?sql=select+1")).status == 403
