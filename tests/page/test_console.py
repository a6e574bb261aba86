"""The console in a real browser: in by a link, and what an auditor does there."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from benchmarks.long_log import fill
from console import sign_in as doors
from tests.page.conftest import Watched
from tests.page.console_screens import Served, served, sign_in

#: What the browser itself notes of each page that is refused.
_REFUSED = "Failed to load resource: the server responded with a status of 40"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "coupon.db"
    fill(path, 3_000)
    return path


@pytest_asyncio.fixture(loop_scope="session")
async def there(filled: Path, tmp_path: Path) -> AsyncGenerator[Served]:
    for part in filled.parent.iterdir():
        shutil.copy(part, tmp_path)
    async with served(tmp_path / "coupon.db") as console:
        yield console


@pytest_asyncio.fixture(loop_scope="session")
async def page(there: Served, watched: Watched) -> AsyncGenerator[Page]:
    """Ends before the server does."""
    yield watched.page
    await watched.page.close()
    watched.problems[:] = [one for one in watched.problems if _REFUSED not in one]


async def test_a_link_from_slack_opens_the_log_once(
    page: Page, there: Served, context: BrowserContext
) -> None:
    link = there.link()
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{there.url}/")
    await expect(page.get_by_role("heading", name="Last requests")).to_be_visible()
    (cookie,) = await context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"

    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text(doors.USED)).to_be_visible()
    await page.goto(f"{there.url}/search")
    await expect(page.get_by_text("/coupon audit open")).to_be_visible()


async def test_an_expired_and_a_forged_link_are_refused(page: Page, there: Served) -> None:
    link = there.link()
    there.place.time.now += 600_000
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text(doors.EXPIRED)).to_be_visible()
    await page.goto(f"{there.url}/sign-in?token=forged")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text(doors.UNKNOWN)).to_be_visible()
    await page.goto(there.url)
    await expect(page.get_by_text("You are not signed in.")).to_be_visible()


async def test_search_and_one_requests_story(page: Page, there: Served) -> None:
    await sign_in(page, there)
    await page.get_by_label("Search").fill("state:sent amount:50")
    await page.get_by_label("Search").press("Enter")
    await expect(page.get_by_text("newest first")).to_be_visible()
    rows = page.locator("tbody tr")
    assert await rows.count() == 50
    for state in await page.locator("tbody .state").all_inner_texts():
        assert state == "sent"
    newest = await rows.first.locator("a").first.inner_text()
    await page.get_by_role("link", name="Older").click()
    await expect(page.get_by_role("link", name="Newest")).to_be_visible()
    await page.get_by_role("link", name="Newest").click()

    await page.get_by_role("link", name=newest, exact=True).click()
    await expect(page.get_by_role("heading", name=f"Request {newest}")).to_be_visible()
    await expect(page.locator(".steps")).to_contain_text("which needs 2 approvals")
    await expect(page.get_by_text("Holds.")).to_be_visible()
    await expect(page.get_by_role("cell", name="good", exact=True)).to_be_visible()
    assert "oUpF8uMuAJO" not in await page.content()

    await page.get_by_role("button", name="Show the openid").click()
    await expect(page.locator("#openid")).to_contain_text("oUpF8uMuAJO")
    seen = there.place.events()[0]
    assert (seen.tag, seen.actor) == ("openid:viewed", "U0FIN")
    await page.goto(f"{there.url}/request/{newest.lstrip('#')}")
    assert "oUpF8uMuAJO" not in await page.content()


async def test_a_month_is_read_narrowed_and_printed(page: Page, there: Served) -> None:
    there.place.slack.names = {"U0AGENT07": "Li Ming"}
    await sign_in(page, there)
    await page.get_by_role("link", name="Month", exact=True).click()
    await page.get_by_role("link", name="2026-08").click()
    await expect(page.get_by_role("heading", name="By approver")).to_be_visible()
    sent = await page.locator("tfoot tr").first.locator("td").nth(2).inner_text()
    assert int(sent) > 5
    await page.emulate_media(media="print")
    await expect(page.get_by_role("link", name="as CSV")).to_be_hidden()
    await page.emulate_media(media="screen")
    await (
        page.get_by_role("link", name="(U0AGENT").or_(page.get_by_role("link", name="U0AGENT")).first.click()
    )
    await expect(page.get_by_text("newest first")).to_be_visible()
    await expect(page.get_by_label("Search")).to_have_value(re.compile(r"agent:U0AGENT\d\d on:2026-08"))


async def test_events_are_chosen_by_what_happened(page: Page, there: Served) -> None:
    await sign_in(page, there)
    await page.get_by_role("link", name="All events").click()
    await page.get_by_label("what happened").select_option("request:declined")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_label("what happened")).to_have_value("request:declined")
    assert set(await page.locator("tbody td:nth-child(3)").all_inner_texts()) == {"request:declined"}


async def test_charts_show_what_their_numbers_say(page: Page, there: Served) -> None:
    await sign_in(page, there)
    await page.get_by_role("link", name="Charts").first.click()
    await page.get_by_role("link", name="90 days").click()
    chart = page.locator("#sent-per-day")
    bars = chart.locator("rect.bar")
    assert await bars.count() == 90
    await chart.locator("summary").click()
    found = [int(text) for text in await chart.locator("td.num").all_inner_texts()]
    heights = [float(await bar.get_attribute("height") or 0) for bar in await bars.all()]
    assert sum(found) > 20
    scale = max(heights) / max(found)
    assert all(abs(high - n * scale) < 0.2 for high, n in zip(heights, found, strict=True))
    box = await bars.nth(found.index(max(found))).bounding_box()
    assert box is not None
    assert box["height"] > 50
    for name in ("fen-per-agent", "fen-per-stock", "fen-per-reason", "time-to-approve", "refused-per-day"):
        await expect(page.locator(f"#{name} svg")).to_be_visible()


async def test_a_search_is_taken_along_as_csv(page: Page, there: Served) -> None:
    await sign_in(page, there)
    await page.goto(f"{there.url}/search?q=state:declined")
    count = int((await page.locator(".line b").inner_text()).split()[0])
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="as CSV").click()
    download = await loading.value
    text = await asyncio.to_thread(Path(await download.path()).read_text, encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == count > 5
    assert {row["state"] for row in rows} == {"declined"}
    exported = there.place.events()[0]
    assert (exported.tag, exported.actor) == ("audit:exported", "U0FIN")
    assert exported.detail["words"] == "state:declined"


async def test_named_queries_and_facets(page: Page, there: Served) -> None:
    await sign_in(page, there)
    await page.get_by_role("link", name="By agent", exact=True).click()
    await page.get_by_label("agent").fill("U0AGENT07")
    await page.get_by_role("button", name="Show").click()
    assert set(await page.locator("td.keep").all_inner_texts()) & {"U0AGENT07"}
    await page.get_by_role("link", name="All requests").click()
    await page.locator(".facets").get_by_role("link", name="declined", exact=True).click()
    assert set(await page.locator("tbody .state").all_inner_texts()) == {"declined"}
    await page.goto(f"{there.url}/log/looks")
    await expect(page.locator("tbody")).to_contain_text("audit:searched")


async def test_each_page_fits_a_telephone(page: Page, there: Served) -> None:
    """Tables may be wider: each scrolls by itself."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await sign_in(page, there)
    for path in (
        "/",
        "/search?q=since:2026-08",
        "/request/12",
        "/month?month=2026-08",
        "/charts",
        "/log/events",
    ):
        await page.goto(f"{there.url}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") == 390, path
