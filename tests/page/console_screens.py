"""The console behind a real server on loopback, and its pictures for the docs."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, async_playwright

from benchmarks.long_log import AGENTS, APPROVERS, fill
from benchmarks.page import chromium_here
from bot.console_server.server import listening, server_of
from coupons.events import Tag
from coupons.recording import SYSTEM, Event
from storage.driver import sqlite3
from storage.store import Store
from tests.console.visiting import AUDITOR, Place, place
from tests.storage.records import newest

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@dataclass
class Served:
    place: Place
    url: str

    def link(self) -> str:
        return f"{self.url}/sign-in?token={self.place.link()}"


@asynccontextmanager
async def served(database: Path) -> AsyncGenerator[Served]:
    with listening("127.0.0.1", 0) as opened:
        url = f"http://127.0.0.1:{opened.getsockname()[1]}"
        here = place(database, url=url)
        server = server_of(here.console)
        serving = asyncio.create_task(server.serve(sockets=[opened]))
        try:
            yield Served(here, url)
        finally:
            server.should_exit = True
            await serving


async def sign_in(page: Page, there: Served) -> None:
    await page.goto(there.link())
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Last requests").wait_for()


#: For pictures alone.
_NAMES = (
    *("Li Ming", "Chen Jie", "王芳", "Zhao Lei", "Sun Yi", "周洋", "Wu Dan", "Xu Kai", "Hu Min", "高翔"),
    *("Lin Hao", "何静", "Guo Tao", "Ma Li", "罗敏", "Song Yu", "Tang Wei", "Han Xue", "冯涛"),
)

_TWICE = """
select max(id) from request where state = 'sent' and ticket <> '' and approvals_needed = 2
    and customer in (select customer from request group by customer having count(*) between 3 and 4)
"""


def _twice(database: Path) -> int:
    """A request of somebody who was given more than one."""
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute(_TWICE).fetchone()[0])
    finally:
        connection.close()


async def take(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        database = Path(name) / "coupon.db"
        fill(database, 60_000)
        now = newest(database, 1)[-1].ts
        changed = Event(Tag.SETTINGS_CHANGED, SYSTEM, None, {"changed": ["roles.approvers", "rule"]})
        Store(database, clock=lambda: now).write_once(lambda tx: tx.append(changed))
        async with served(database) as there, async_playwright() as playwright:
            there.place.slack.names = dict(zip((*AGENTS, *APPROVERS, AUDITOR), _NAMES * 10, strict=False))
            browser = await playwright.chromium.launch(executable_path=chromium_here(), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-US")
            await sign_in(page, there)
            await page.screenshot(path=folder / "console-start.png")
            await (
                page.get_by_role("searchbox")
                .or_(page.get_by_label("Search"))
                .fill("agent:U0AGENT07 since:2026-08 amount:>=10")
            )
            await page.keyboard.press("Enter")
            await page.get_by_text("newest first").wait_for()
            await page.screenshot(path=folder / "console-search.png")
            await page.goto(f"{there.url}/request/{_twice(database)}")
            await page.get_by_role("heading", name="Proof").wait_for()
            await page.screenshot(path=folder / "console-request.png", full_page=True)
            await page.goto(f"{there.url}/month?month=2026-08")
            await page.set_viewport_size({"width": 1280, "height": 900})
            await page.screenshot(path=folder / "console-month.png")
            await page.goto(f"{there.url}/charts?days=30")
            await page.set_viewport_size({"width": 1280, "height": 1240})
            await page.screenshot(path=folder / "console-charts.png")
            await browser.close()


if __name__ == "__main__":
    if chromium_here() is None:
        sys.exit("there is no Chromium here")
    asyncio.run(take(PICTURES))
