"""The page of a batch: what was asked for, how it went, and each of its lines."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from coupons.model import ClickAction
from tests.console.visiting import Place, place
from tests.coupons.batch_office import BatchOffice, lines, openid
from tests.coupons.test_batches import BAD, LOST, NO

COUNT = 60


@pytest.fixture
async def here(tmp_path: Path) -> AsyncGenerator[Place]:
    """Batch 1: 60 lines, of which one was left out, one struck out and one refused; batch 2: a draft."""
    office = BatchOffice(tmp_path / "coupon.db")
    # Of some the answer is lost, and they end when they are asked for again.
    office.wechat.says = {openid(3): [NO], **{openid(row): [LOST] for row in range(10, 20)}}
    batch = await office.draft(lines(COUNT), [replace(BAD, row=COUNT + 2)])
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="5")
    office.clock.now += 60_000
    await office.approved_by_two(batch.id)
    for _ in range(3):
        office.clock.now += 30_000
        await office.send(steps=1)
    await office.send()
    await office.settle()
    await office.draft(lines(1), delivery="T0SHOP.V2", sha256="cd" * 32)
    await office.ledger.close()
    return place(tmp_path / "coupon.db")


async def test_the_head_and_the_story_of_a_batch(here: Place) -> None:
    visitor = await here.signed_in()
    before = here.events()[0].seq
    page = (await visitor.get("/batch/1")).text
    for found in ("late.csv", "ab" * 32, "U0LI", "U0WANG", "U0ZHAO", "¥590.00", "2 approvals"):
        assert found in page
    assert "struck 1 row out of batch 1: 5" in page
    assert "U0ZHAO approved" in page
    assert "batch 1 is done: 1 declined, 1 refused, 58 sent" in page
    event = here.events()[0]
    assert (event.seq, event.tag, event.detail["page"]) == (before + 1, "audit:viewed", "batch 1")
    assert "oCustomer" not in page


async def test_the_chart_counts_what_ended_since_the_approval_and_a_table_says_the_same(here: Place) -> None:
    visitor = await here.signed_in()
    page = (await visitor.get("/batch/1")).text
    assert 'role="img" aria-label="Lines that have ended, by time"' in page
    table = page[page.index("<details>") : page.index("</details>")]
    times = [[int(part) for part in each.split(":")] for each in re.findall(r'class="time">([\d:]+)<', table)]
    seconds = [3600 * hour + 60 * minute + second for hour, minute, second in times]
    # A pause of half a minute takes as much room as half a minute of sending.
    assert len({later - before for before, later in pairwise(seconds)}) == 1
    assert seconds[-1] - seconds[0] >= 30
    last = re.findall(r"<tr>(.*?)</tr>", table)[-1]
    # Sent, refused, closed, withdrawn, in all: the line that was struck out had ended before.
    assert re.findall(r'class="num">([\d,]+)<', last) == ["58", "1", "0", "0", "59"]


async def test_lines_are_narrowed_by_their_state_and_paged_and_lead_to_their_requests(here: Place) -> None:
    visitor = await here.signed_in()
    page = (await visitor.get("/batch/1")).text
    assert re.search(r'batch/1\?state=refused#lines">refused <span class="soft num">1<', page)
    assert rows_of(page) == list(range(COUNT + 1, COUNT + 1 - 50, -1))
    more = re.search(r'href="(/batch/1\?below=\d+)#lines">Older', page)
    assert more is not None
    second = (await visitor.get(more[1])).text
    assert rows_of(second) == list(range(11, 1, -1))
    assert "Older" not in second
    refused = (await visitor.get("/batch/1?state=refused")).text
    assert rows_of(refused) == [3]
    assert "RULELIMIT" in refused
    back = (await visitor.get("/request/2")).text
    assert '<a href="/batch/1">batch 1, row 3 of its file</a>' in back


def rows_of(page: str) -> list[int]:
    """The rows of the file, as they stand in the table."""
    found = re.findall(r'<tr><td class="num">(\d+)</td><td class="num"><a href="/request/', page)
    return [int(row) for row in found]


@pytest.mark.parametrize("path", ["/batch/2", "/batch/3", "/batch/0", "/batch/1x"])
async def test_what_nobody_asked_for_has_no_page(here: Place, path: str) -> None:
    """A draft is no business of the log's."""
    visitor = await here.signed_in()
    answer = await visitor.get(path)
    assert answer.status == 404
    assert "late.csv" not in answer.text


@pytest.mark.parametrize("query", ["state=nonsense", "state=draft"])
async def test_a_state_that_is_none_narrows_nothing(here: Place, query: str) -> None:
    visitor = await here.signed_in()
    assert len(rows_of((await visitor.get(f"/batch/1?{query}")).text)) == 50


async def test_the_page_in_chinese(here: Place) -> None:
    visitor = await here.signed_in()
    page = (await visitor.get("/batch/1", **{"accept-language": "zh-CN"})).text
    assert "批量申请 1" in page
    assert "已处理完" in page
    assert "已发券" in page
    assert "Lines" not in page


async def test_a_line_was_approved_by_who_approved_its_batch_and_a_struck_one_by_nobody(here: Place) -> None:
    visitor = await here.signed_in()
    sent = (await visitor.get("/request/1")).text
    assert re.findall(r"by-approver\?approver=(\w+)", sent) == ["U0WANG", "U0ZHAO"]
    struck = (await visitor.get("/request/4")).text
    assert "row 5 of its file" in struck
    assert "by-approver" not in struck
    assert "59 found" in (await visitor.get("/search?q=approver:U0ZHAO")).text
    assert "59 found" in (await visitor.get("/search?q=approver:U0WANG+batch:1")).text
    named = (await visitor.get("/log/by-approver?approver=U0ZHAO")).text
    assert len(set(re.findall(r'href="/request/(\d+)"', named))) == 59
    assert "Nothing." in (await visitor.get("/log/self-approvals")).text
    month = (await visitor.get("/month?month=2026-11")).text
    # Each approver let 59 through, of which 58 were sent; the line that was struck out is neither's.
    assert len(re.findall(r"<tr><td><a[^>]*>U0(?:WANG|ZHAO)</a></td><td class=\"num\">59</td>", month)) == 2


async def test_a_search_finds_the_lines_of_a_batch(here: Place) -> None:
    visitor = await here.signed_in()
    page = (await visitor.get("/search?q=batch:1+state:sent")).text
    assert "58 found" in page
    assert '<a href="/batch/1">Batch 1</a>' in page
