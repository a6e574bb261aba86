"""Names beside the ids of people: when Slack tells them in time, and never instead of a page."""

from __future__ import annotations

import asyncio
import time

import pytest

from console import person_names
from tests.console.test_pages import EVIL
from tests.console.visiting import AUDITOR, Place

AGENT, LEAD = "U0AGENT07", "U0LEAD03"
PAGES = (
    "/",
    "/search?q=agent:U0AGENT07",
    "/search?q=tag:request:created+actor:U0AGENT07",
    "/charts?days=90",
    "/month?month=2026-08",
    "/log/by-agent?agent=U0AGENT07",
    "/log/requests?requester=U0AGENT07",
    "/log/events?actor=U0AGENT07",
)


def _numbered(here: Place, order: str) -> int:
    connection = here.console.database.connect()
    sql = f"select request.id from request join approval on approval.request_id = request.id where {order}"
    number = int(connection.execute(sql).fetchone()[0])
    connection.close()
    return number


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_names_its_people(here: Place, path: str) -> None:
    here.slack.names = {f"U0AGENT{number:02}": f"Li Ming {number}" for number in range(50)}
    visitor = await here.signed_in()
    page = (await visitor.get(path)).text
    assert "Li Ming " in page
    if "U0AGENT07" in path:
        assert "Li Ming 7 (U0AGENT07)" in page
    assert len(here.slack.asked) == len(set(here.slack.asked))


async def test_a_requests_page_names_all_of_its_people(here: Place) -> None:
    here.slack.names = {AGENT: "Li Ming", LEAD: "Wang Fang", AUDITOR: "Zhao"}
    visitor = await here.signed_in()
    number = _numbered(here, f"requester = '{AGENT}' and approver = '{LEAD}'")
    page = (await visitor.get(f"/request/{number}")).text
    for found in ("Li Ming (U0AGENT07)", "Wang Fang (U0LEAD03)", "Zhao (U0FIN)"):
        assert found in page
    assert "Li Ming (U0AGENT07) asked for " in page


async def test_files_have_ids_only_and_nothing_is_stored(here: Place) -> None:
    here.slack.names = {AGENT: "Li Ming"}
    visitor = await here.signed_in()
    await visitor.get(f"/log/by-agent?agent={AGENT}")
    paths = (
        "/search.csv?q=agent:{}",
        "/log/by-agent.csv?agent={}",
        "/log/requests.csv?requester={}",
        "/month.csv",
    )
    for path in (*paths, "/log/requests.json?requester={}"):
        answer = await visitor.get(path.format(AGENT))
        assert (answer.status, "Li Ming" in answer.text) == (200, False)
    assert "Li Ming" not in str(here.events(50))
    assert b"Li Ming" not in b"".join(part.read_bytes() for part in here.database.parent.iterdir())
    assert "Li Ming" not in here.lines.getvalue()


async def test_a_name_is_asked_for_once_an_hour(here: Place) -> None:
    here.slack.names = {AGENT: "Li Ming", AUDITOR: "Zhao"}
    visitor = await here.signed_in()
    path = f"/log/requests?_nofacet=1&requester={AGENT}"
    for _ in range(3):
        await visitor.get(path)
    assert here.slack.asked.count(AGENT) == 1
    here.slack.names[AGENT] = "Li Mingming"
    here.time.now += 3_600_001
    assert "Li Mingming (U0AGENT07)" in (await visitor.get(path)).text
    assert here.slack.asked.count(AGENT) == 2


async def test_while_slack_is_silent_pages_look_as_before_and_wait_once(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_names, "_PATIENCE_S", 0.3)
    here.slack.names = {AGENT: "Li Ming"}
    here.slack.tells.clear()
    visitor = await here.signed_in()
    path = f"/log/requests?_nofacet=1&requester={AGENT}"
    start = time.monotonic()
    async with asyncio.timeout(60):
        page = await visitor.get(path)
    assert (page.status, "U0AGENT07" in page.text, "Li Ming" in page.text) == (200, True, False)
    assert time.monotonic() - start >= 0.3
    asked = list(here.slack.asked)
    assert (await visitor.get(path)).status == 200
    assert here.slack.asked == asked
    # Who is told late stands on the next page.
    here.slack.tells.set()
    await asyncio.sleep(0)
    assert "Li Ming (U0AGENT07)" in (await visitor.get(path)).text


async def test_whom_slack_does_not_know_is_asked_for_again_a_minute_later(here: Place) -> None:
    visitor = await here.signed_in()
    path = f"/log/requests?_nofacet=1&requester={AGENT}"
    assert "U0AGENT07" in (await visitor.get(path)).text
    here.slack.names = {AGENT: "Li Ming"}
    assert "Li Ming" not in (await visitor.get(path)).text
    here.time.now += 60_001
    assert "Li Ming (U0AGENT07)" in (await visitor.get(path)).text


@pytest.mark.parametrize("name", [EVIL, "\u202egnaW\x00\n\n" + "x" * 500])
async def test_a_name_is_text_on_one_line(here: Place, name: str) -> None:
    here.slack.names = dict.fromkeys([AGENT, LEAD, AUDITOR, *(f"U0AGENT{n:02}" for n in range(50))], name)
    visitor = await here.signed_in()
    for path in (*PAGES, f"/request/{_numbered(here, '1')}"):
        page = (await visitor.get(path)).text
        for bad in ("<script", "<img", "\u202e", "\x00", "x" * 61):
            assert bad not in page


async def test_only_what_looks_like_an_id_is_asked_for(here: Place) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    await visitor.get("/log?sql=select+reason+as+requester,'system'+as+actor+from+requests+limit+5")
    assert set(here.slack.asked) <= {"U0SQL"}
