"""What is asked stands whole in the log, so nothing is asked that would not."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote

import pytest

from console.address_checks import LONGEST
from console.readable import VIEW_COLUMNS, connect
from tests.console.visiting import Place


@pytest.mark.parametrize(
    "path",
    [
        "/search?q={}",
        "/search.csv?q={}",
        "/log/requests?reason__contains={}",
        "/log/requests.csv?reason__contains={}",
        "/log/by-agent?agent={}",
        "/log/by-agent.json?agent={}",
        "/log?sql=select+1+as+a+--{}",
        "/log.csv?sql=select+1+as+a+--{}",
        "/log?sql=select+:a+as+a&a={}",
        "/log/requests?_where=1+--{}",
    ],
)
async def test_what_is_too_long_for_an_event_is_not_looked_up(here: Place, path: str) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    seq = here.events()[0].seq
    answer = await visitor.get(path.format("x" * LONGEST))
    assert (answer.status, "at most 4,000" in answer.text) == (400, True)
    assert here.events()[0].seq == seq
    almost = "x" * 3_900
    assert (await visitor.get(path.format(almost))).status == 200
    assert almost in str(here.events()[0].detail["words"])


async def test_words_that_are_sent_are_not_too_long_either(here: Place) -> None:
    visitor = await here.signed_in()
    assert (await visitor.post("/search", q="迟" * LONGEST)).status == 303
    assert (await visitor.post("/search", q="迟" * (LONGEST + 1))).status == 400


async def test_spaces_hide_no_end_of_what_was_asked(here: Place) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    spaces = " " * 2_000 + "\n\t" * 200
    await visitor.get(f"/log?sql={quote(f'select state from requests{spaces}where customer = 7')}")
    assert here.events()[0].detail["words"] == "sql sql=select state from requests where customer = 7"
    await visitor.get(f"/search?q={quote(f'state:sent{spaces}agent:U0AGENT07')}")
    assert here.events()[0].detail["words"] == "state:sent agent:U0AGENT07"


@pytest.mark.parametrize(
    "path",
    [
        "/?a=1",
        "/charts?day=30",
        "/search?query=late",
        "/search.csv?q=late&below=7",
        "/request/5?openid=1",
        "/log/requests?_sort=reason",
        "/log/requests?_search=late",
        "/log/requests?_through=x",
        "/log/requests?_facet_array=reason",
        "/log/requests?_facet_date=asked_at_beijing",
        "/log/requests?_facet=openid",
        "/log/requests?_facet=%7B%7D",
        "/log/requests?_next=abc",
        "/log/requests?_next=99999999999999999999",
        "/log/requests?_size=-1",
        "/log/requests?_timelimit=1",
        "/log/requests?_trace=1",
        "/log/requests?_col=body",
        "/log/requests?openid=x",
        "/log/requests?customer__=7",
        "/log/requests?customer__near=7",
        "/log/requests?customer__in=%5B1",
        "/log/requests?customer__gt=%C2%B2",
        "/log/requests?reason__arraycontains=x",
        "/log/requests?_filter_column=reason&_filter_op=exact&_filter_value=x",
        "/log/requests.csv?_sort=reason",
        "/log/requests.json?_shape=array",
        "/log/by-agent?agent=U0A&agent=U0B",
        "/log/by-agent?stock=1",
        "/log/by-agent.csv?_timelimit=1",
        "/log/unknown?since=2026-10",
        "/log?sql=select+1&since=2026",
        "/log?sql=select+1&_hide_sql=1",
        "/log.csv?sql=select+1&sql=select+2",
    ],
)
async def test_what_a_page_does_not_know_is_refused_and_not_left_out(here: Place, path: str) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    seq = here.events()[0].seq
    answer = await visitor.get(path)
    assert (answer.status, "<table" in answer.text) == (400, False)
    assert here.events()[0].seq == seq


@pytest.mark.parametrize("view", sorted(VIEW_COLUMNS))
async def test_every_column_narrows_its_page_and_its_file_alike(here: Place, view: str) -> None:
    """Also by two values of one column, which no row has."""
    visitor = await here.signed_in()
    connection = connect(here.database)
    cursor = connection.execute(f"select * from {view} limit 1 offset 20")
    assert tuple(column[0] for column in cursor.description) == VIEW_COLUMNS[view]
    row = cursor.fetchone()
    connection.close()
    asked = [
        f"{column}={quote(str(value))}"
        for column, value in zip(VIEW_COLUMNS[view], row, strict=True)
        if value
    ]
    key = VIEW_COLUMNS[view][0]
    asked += [f"{asked[1]}&{asked[1]}x", f"{key}__gte=5&{key}__lt=9", f"{key}__in=3,5", f"{key}__isnull=1"]
    for query in asked:
        page = await visitor.get(f"/log/{view}?_nofacet=1&_size=max&{query}")
        assert page.status == 200
        file = await visitor.get(f"/log/{view}.csv?{query}")
        rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))[1:]
        assert f"<b>{len(rows):,} row{'' if len(rows) == 1 else 's'}</b>" in page.text
    states = "/log/requests{}?state=sent&state=held"
    assert "<b>0 rows</b>" in (await visitor.get(states.format(""))).text
    assert (await visitor.get(states.format(".csv"))).text.count("\n") == 1


async def test_the_links_of_a_narrowed_page_are_addresses_that_it_knows(here: Place) -> None:
    visitor = await here.signed_in()
    for path in ("/log/requests?state=declined&_next=20&_size=20", "/log/by-agent?agent=U0AGENT07"):
        page = (await visitor.get(path)).text
        links = [part.split('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]]
        asked = {link.removeprefix("http://127.0.0.1:8001") for link in links if "?" in link}
        assert len(asked) > 0
        for link in asked:
            assert (await visitor.get(link)).status == 200, link
