"""Nothing can be written through the console's file, and no SQL reads an openid."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from datasette.utils.sqlite import sqlite3

from console import statement
from console.readable import VIEWS
from storage.proof.verify import verify
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
#: For the columns of these SQLite asks no authorizer.
JOINS = (
    "select openid from customer full join (select null as openid) using (openid) limit 2",
    "select openid from customer natural full join (select null as openid) limit 2",
    "select hex(body) from (select null as body) full join request using (body)",
    "select hex(body) from (select null as body) natural full join request",
    "select digest from (select null as digest) full join console_link using (digest)",
    "select row_number() over () n, openid from customer full join (select null as openid) using (openid)",
    "select openid from (select null as openid) right join customer using (openid)",
    "select count(*) from customer join (select 'guessed' as openid) using (openid)",
    "select 1 where exists (select 1 from customer join (select 'guessed' as openid) using (openid))",
    "with c as (select openid from customer full join (select 1 as openid) using (openid)) select * from c",
    "select\topenid from customer FULL JOIN (select null as openid)Using(openid)",
    "select body from (select 1 as body) join request using (body) union select 1",
    "select words from request_words natural full join (select null as words)",
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


@pytest.mark.parametrize("sql", JOINS)
async def test_no_join_goes_round_the_list_of_columns(here: Place, sql: str) -> None:
    visitor = await _privileged(here)
    within = f"(select count(*) from ({sql})) > 0"
    for path in (
        f"/log?sql={quote(sql)}",
        f"/log.json?sql={quote(sql)}",
        f"/log.csv?sql={quote(sql)}",
        f"/log/requests?_where={quote(within)}",
        f"/log/requests.json?_where={quote(within)}",
        f"/log/requests.csv?_where={quote(within)}",
    ):
        answer = await visitor.get(path)
        assert statement.NO_USING in answer.text
        assert (answer.status, "oUpF8uMuAJO" in answer.text) == (400, False)


@pytest.mark.parametrize("sql", [*JOINS, *SECRETS])
async def test_a_program_that_opens_other_pages_does_not_run(
    here: Place, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were neither the words looked at nor the authorizer there; also after the tables were moved."""
    monkeypatch.setattr(statement, "_JOINS", re.compile("never"))
    connection = here.console.database.connect()
    connection.set_authorizer(None)
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        statement.ask(connection, sql, {}, most=None, limit_s=5)
    writing = sqlite3.connect(here.database)
    writing.execute("drop index event_by_ts")
    writing.execute("vacuum")
    writing.close()
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        statement.ask(connection, sql, {}, most=None, limit_s=5)
    _, rows = statement.ask(connection, "select * from requests", {}, most=None, limit_s=5)
    assert len(rows) > 100
    connection.close()


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
