"""What pages show, what they leave in the log, and that no cell of a file is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.canned_queries import NAMED
from coupons.events import Tag
from coupons.recording import Event
from coupons.spreadsheet import guarded, lines
from storage.driver import sqlite3
from storage.store import Store
from tests.console.visiting import AUDITOR, Place

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def _change(here: Place, sql: str, *values: object) -> None:
    connection = sqlite3.connect(here.database)
    with connection:
        connection.execute(sql, values)
    connection.close()


@pytest.mark.parametrize(
    ("path", "tag"),
    [
        ("/", "audit:viewed"),
        ("/search?q=state:sent", "audit:searched"),
        ("/search.csv?q=state:sent", "audit:exported"),
        ("/request/7", "audit:viewed"),
        ("/charts", "audit:viewed"),
        ("/log/requests", "audit:searched"),
        ("/log/requests.csv", "audit:exported"),
        ("/log/requests.json", "audit:exported"),
        ("/log/refusals", "audit:searched"),
        ("/log/by-agent.csv?agent=U0AGENT01", "audit:exported"),
    ],
)
async def test_each_look_is_an_event_and_without_it_nothing_is_shown(
    here: Place, path: str, tag: str
) -> None:
    visitor = await here.signed_in()
    before = here.events()[0].seq
    answer = await visitor.get(path)
    assert answer.status == 200
    event = here.events()[0]
    assert event.seq == before + 1
    assert (event.tag, event.actor, event.detail["where"]) == (tag, AUDITOR, "browser")

    _change(here, "pragma user_version = 3")
    refused = await visitor.get(path)
    assert refused.status == 503
    assert "U0AGENT" not in refused.text
    assert "could not be kept" in refused.text


async def test_a_request_page_tells_the_whole_story(here: Place) -> None:
    visitor = await here.signed_in()
    connection = sqlite3.connect(here.database)
    number, agent, customer = connection.execute(
        "select id, requester, customer from request where state = 'sent' and approvals_needed = 2"
    ).fetchone()
    leads = connection.execute("select approver from approval where request_id = ?", (number,)).fetchall()
    hashes = connection.execute("select hash from event where request_id = ?", (number,)).fetchall()
    connection.close()
    page = (await visitor.get(f"/request/{number}")).text
    for found in (agent, *(lead for (lead,) in leads), *(one for (one,) in hashes), f"number {customer}"):
        assert found in page
    assert "Holds." in page
    assert "does not" not in page
    assert "oUpF8uMuAJO" not in page


@pytest.mark.parametrize(
    "change", ["body = replace(body, '\"fen\"', '\"yuan\"') || ' '", "hash = prev", "prev = hash"]
)
async def test_a_changed_event_does_not_hold(here: Place, change: str) -> None:
    visitor = await here.signed_in()
    _change(here, "drop trigger event_is_never_updated")
    _change(here, f"update event set {change} where seq = (select max(seq) from event where request_id = 5)")
    page = (await visitor.get("/request/5")).text
    assert "Does not hold." in page
    assert page.count('<span class="bad">does not</span>') == 1


@pytest.mark.parametrize("change", ["set hash = prev", None])
async def test_what_stands_before_an_event_is_looked_at_too(here: Place, change: str | None) -> None:
    """Of the request itself every hash is right; the event before its first was changed, or taken away."""
    visitor = await here.signed_in()
    before = "where seq = (select min(seq) - 1 from event where request_id = 5)"
    if change is None:
        _change(here, "drop trigger event_is_never_deleted")
        _change(here, f"delete from event {before}")
    else:
        _change(here, "drop trigger event_is_never_updated")
        _change(here, f"update event {change} {before}")
    page = (await visitor.get("/request/5")).text
    assert page.count('<span class="bad">does not</span>') == 1


async def test_an_openid_is_shown_once_to_who_asks_and_that_stays(here: Place) -> None:
    visitor = await here.signed_in()
    assert (await visitor.get("/request/5/openid")).status == 404
    answer = await visitor.post("/request/5/openid")
    assert "oUpF8uMuAJO" in answer.text
    event = here.events()[0]
    assert (event.tag, event.actor, event.request_id) == ("openid:viewed", AUDITOR, 5)
    assert "oUpF8uMuAJO" not in str(event)
    assert "oUpF8uMuAJO" not in (await visitor.get("/request/5")).text


async def test_an_openid_that_is_searched_for_stays_in_no_address_and_no_event(here: Place) -> None:
    visitor = await here.signed_in()
    openid = (await visitor.post("/request/5/openid")).text.split('id="openid">')[1].split("<")[0]
    answer = await visitor.post("/search", q=f"openid:{openid} state:sent")
    assert answer.status == 303
    assert openid not in answer.headers["location"]
    assert "customer%3A" in answer.headers["location"]
    for path in (f"/search?q={openid}", f"/search?q=openid:{openid}"):
        moved = await visitor.get(path)
        assert (moved.status, openid in moved.headers["location"]) == (303, False)
    assert (await visitor.get(f"/{answer.headers['location']}")).status == 200
    await visitor.get(f"/log/by-agent?agent={openid}")
    assert all(openid not in str(event) for event in here.events(30))


async def test_an_openid_that_nobody_knows_finds_nothing(here: Place) -> None:
    visitor = await here.signed_in()
    answer = await visitor.post("/search", q="openid:nobody-has-this-one")
    found = await visitor.get(f"/{answer.headers['location']}")
    assert (found.status, "0 found" in found.text) == (200, True)
    assert (here.events()[0].tag, here.events()[0].detail["words"]) == ("audit:searched", "openid:?")


@pytest.mark.parametrize("words", ["agnt:U0LI", "state:gone", "since:yesterday", "agent:U1 agent:U2"])
async def test_a_wrong_word_is_told_in_one_sentence(here: Place, words: str) -> None:
    visitor = await here.signed_in()
    answer = await visitor.get(f"/search?q={quote(words)}")
    assert answer.status == 400
    assert 'class="problem"' in answer.text
    assert (await visitor.get(f"/search.csv?q={quote(words)}")).status == 400


EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


async def test_a_number_alone_is_the_request_of_that_number(here: Place) -> None:
    visitor = await here.signed_in()
    answer = await visitor.get("/search?q=5")
    assert "<b>1 found</b>" in answer.text
    assert "#5</a>" in answer.text
    assert "5 is read as request #5" in answer.text
    [_, row] = _rows((await visitor.get("/search.csv?q=5")).text)
    assert row[0] == "5"
    assert "there is no request #880881" in (await visitor.get("/search?q=880881")).text


async def test_peoples_words_are_text_and_never_markup(here: Place) -> None:
    visitor = await here.signed_in()
    _change(here, "update request set reason = ?, stock_name = ?, ticket = ?, problem = ?", *(EVIL,) * 4)
    here.time.now += 1000
    Store(here.database, clock=here.time).write_once(
        lambda tx: tx.append(Event(Tag.CLICK_REFUSED, EVIL, 5, {"reason": EVIL, EVIL: EVIL}))
    )
    paths = [
        "/",
        "/search?q=state:sent",
        f"/search?q={quote(EVIL)}",
        "/search?q=tag:click:refused",
        "/charts",
    ]
    paths += [
        "/request/5",
        "/log/requests",
        "/log/events",
        "/log/refusals",
        f"/log/by-agent?agent={quote(EVIL)}",
    ]
    for path in [*paths, f"/sign-in?token={quote(EVIL)}", f"/log/requests?reason={quote(EVIL)}"]:
        answer = await visitor.get(path)
        assert "<script" not in answer.text
        assert "<img" not in answer.text


async def test_a_ticket_is_a_link_wherever_it_is_shown(here: Place) -> None:
    visitor = await here.signed_in()
    _change(here, "update request set ticket = ? where id = 5", "ABC-1 <b>&")
    link = '<a href="https://desk.example/t/ABC-1%20%3Cb%3E%26" rel="noreferrer">ABC-1 &lt;b&gt;&amp;</a>'
    for path in ("/request/5", "/search?q=%235", "/log/requests?request=5"):
        assert link in (await visitor.get(path)).text, path


@pytest.mark.parametrize("start", _STARTS)
@pytest.mark.parametrize(
    "path",
    [
        "/search.csv?q=%23{id}",
        "/log/by-request.csv?request={id}",
        "/log/refusals.csv",
        "/log/requests.csv",
        "/log/requests.csv?_size=max",
        "/log/requests.csv?_stream=1&reason__contains=cmd",
        "/log.csv?sql=select+reason+from+requests",
    ],
)
async def test_no_cell_of_a_file_is_a_formula(here: Place, path: str, start: str) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    evil = f'{start}cmd|"/c calc"!A1'
    _change(here, "update request set reason = ?, ticket = ? where state = 'refused'", evil, evil)
    _change(here, "update request set reason = ? where id = 5", evil)
    answer = await visitor.get(path.format(id=5))
    assert answer.status == 200
    assert "attachment" in answer.headers["content-disposition"]
    rows = _rows(answer.text)
    cells = [cell for row in rows for cell in row]
    if "by-request" not in path:
        assert f"'{evil}" in cells
    assert [cell for cell in cells if cell.startswith(_STARTS) and not cell.lstrip("-").isdigit()] == []


@given(st.lists(st.lists(st.text(max_size=8) | st.integers(), min_size=2, max_size=3), min_size=1))
def test_whatever_a_cell_holds_a_spreadsheet_runs_none(rows: Sequence[Sequence[str | int]]) -> None:
    rows = [[cell.replace("\x00", "") if isinstance(cell, str) else cell for cell in row] for row in rows]
    read = list(csv.reader(io.StringIO(lines(rows), newline="")))
    for got, cell in zip((c for row in read for c in row), (c for row in rows for c in row), strict=True):
        assert got == str(guarded(cell))
        assert not got.startswith(_STARTS) or isinstance(cell, int)


@pytest.mark.parametrize("name", sorted(NAMED))
async def test_each_named_query_answers_and_its_file_is_whole(here: Place, name: str) -> None:
    visitor = await here.signed_in()
    samples = {
        "request": "5",
        "customer": "5",
        "agent": "U0AGENT07",
        "approver": "U0LEAD03",
        "stock": "1212121206",
    }
    query = "&".join(f"{key}={samples[key]}" for key in NAMED[name].parameters)
    page = await visitor.get(f"/log/{name}?{query}")
    assert page.status == 200
    assert NAMED[name].title in page.text
    file = await visitor.get(f"/log/{name}.csv?{query}")
    assert file.status == 200
    if name not in {"unknown", "self-approvals", "settings"}:
        assert len(_rows(file.text)) > 1


async def test_a_whole_view_is_taken_along_by_its_facets(here: Place) -> None:
    visitor = await here.signed_in()
    everything = _rows((await visitor.get("/log/requests.csv?_stream=1")).text)
    connection = sqlite3.connect(here.database)
    counts = dict(connection.execute("select state, count(*) from request group by state").fetchall())
    connection.close()
    assert len(everything) - 1 == sum(counts.values())
    declined = _rows((await visitor.get("/log/requests.csv?_stream=1&state=declined")).text)
    assert len(declined) - 1 == counts["declined"]


@pytest.mark.parametrize("path", ["/", "/charts", "/request/5", "/search?q=state:sent"])
async def test_a_file_that_cannot_be_read_is_one_sentence(here: Place, path: str) -> None:
    visitor = await here.signed_in()
    _change(here, "alter table approval rename to gone")
    answer = await visitor.get(path)
    assert answer.status == 503
    assert "The log cannot be read now" in answer.text
    assert "Traceback" not in answer.text


async def test_self_approval_would_be_seen(here: Place) -> None:
    visitor = await here.signed_in()
    assert "Nothing." in (await visitor.get("/log/self-approvals")).text
    _change(
        here,
        "update approval set approver = (select requester from request where id = request_id) where id = 9",
    )
    assert "Nothing." not in (await visitor.get("/log/self-approvals")).text


async def test_a_log_that_is_busy_shows_nothing_until_the_look_is_kept(here: Place) -> None:
    visitor = await here.signed_in()
    _change(here, "drop trigger event_follows_the_last")
    _change(here, "create trigger full before insert on event begin select raise(abort, 'full'); end")
    answer = await visitor.get("/request/5")
    assert (answer.status, "U0AGENT" in answer.text) == (503, False)
