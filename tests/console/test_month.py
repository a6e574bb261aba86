"""The month's page has the figures of `audit report`."""

from __future__ import annotations

import csv
import io

import pytest
from click.testing import CliRunner

from bot.cli.main import cli
from bot.wording.month import NOTES, cells
from coupons.days import month
from storage.store import Store
from tests.console.visiting import AUDITOR, Place
from tests.words import ENGLISH

MONTH = "2026-08"


async def test_page_and_report_have_the_same_figures(here: Place) -> None:
    visitor = await here.signed_in()
    page = (await visitor.get(f"/month?month={MONTH}")).text
    event = here.events()[0]
    assert (event.tag, event.actor) == ("audit:reported", AUDITOR)
    assert event.detail | {"month": MONTH, "format": "page", "where": "browser"} == event.detail
    since, before = month(MONTH)
    found = Store(here.database, clock=here.time).report(since=since, before=before)
    lines = [*found.agents, *found.stocks, found.total, *found.approvers]
    assert len(lines) > 15
    for line in lines:
        row = "".join(f'<td class="num">{cell}</td>' for cell in cells(ENGLISH, line))
        assert f"{row}</tr>" in page
        assert line.name in page
        assert line.stock_name in page
    for note in NOTES:
        assert note.split(":")[0] in page
    assert f"whose head is #{event.seq - 1} " in page


async def test_file_and_report_are_the_same(here: Place) -> None:
    visitor = await here.signed_in()
    file = (await visitor.get(f"/month.csv?month={MONTH}")).text
    assert here.events()[0].detail["format"] == "csv"
    words = ["audit", "report", "--month", MONTH, "--format", "csv", "--database", str(here.database)]
    found = CliRunner().invoke(cli, words).output
    rows = [list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) for text in (file, found)]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 15


async def test_without_a_month_it_is_the_one_that_runs_and_the_start_page_leads_there(here: Place) -> None:
    visitor = await here.signed_in()
    assert 'href="/month"' in (await visitor.get("/")).text
    page = (await visitor.get("/month")).text
    assert "<h1>Coupons of 2026-10</h1>" in page
    for label in ("2026-09", "2026-01", "2025-10"):
        assert f'href="/month?month={label}"' in page


@pytest.mark.parametrize("label", ["2026", "2026-13", "2026-10-03", "october", "9999-12", "2026-10' or 1"])
async def test_what_is_no_month_is_told(here: Place, label: str) -> None:
    visitor = await here.signed_in()
    for path in ("/month", "/month.csv"):
        answer = await visitor.get(f"{path}?month={label.replace(' ', '+')}")
        assert (answer.status, "2026-10 for example" in answer.text) == (400, True)
