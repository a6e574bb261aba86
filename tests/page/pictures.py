"""`make pictures`: the pictures of README and docs, from the sandbox page with the real bot behind it."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from bot.demo_audit import AuditReader
from bot.demo_workspace import SETUP
from sandbox.page import serve_page
from sandbox.slack.workspace import Workspace
from tests.page.conftest import chromium_here
from tests.page.screens import OPENID, Mouse, Screen
from tests.world import World, world

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


async def take(folder: Path) -> None:
    """The same story each time; only times and codes differ."""
    async with _screen() as (screen, shop):
        await screen.be("U0LI", "C0SUPPORT")
        await screen.say(f"/coupon send {OPENID} late-10 parcel came four days late")
        await expect(screen.page.get_by_role("article").filter(has_text="Request #1")).to_be_visible()
        await _shot(screen.page, folder / "ask.png")

        await screen.be("U0WANG", "C0APPROVE")
        await screen.card(1).get_by_role("button", name="Approve").click()
        await _shot(screen.page, folder / "approve.png")
        await screen.page.locator("[data-answer=confirm]").click()
        await expect(screen.card(1)).to_contain_text("Sent")
        await (
            screen.card(1)
            .get_by_role("button", name="replies")
            .or_(screen.card(1).get_by_role("button", name="reply"))
            .first.click()
        )
        [coupon] = shop.wechatpay.ledger.coupons
        await expect(screen.page.get_by_role("log", name="Replies")).to_contain_text(coupon.coupon_code)
        await _shot(screen.page, folder / "approved.png")

        await screen.be("U0ZHAO", "C0APPROVE")
        await screen.page.locator("#language").select_option("zh")
        await screen.page.locator("#tab-audit").click()
        await expect(screen.page.locator("[data-ledger=events]")).to_contain_text("request:sent")
        await _shot(screen.page, folder / "chinese.png")


async def _shot(page: Page, file: Path) -> None:
    await page.mouse.move(0, 0)
    await page.screenshot(path=file, animations="disabled")


@asynccontextmanager
async def _screen() -> AsyncGenerator[tuple[Screen, World]]:
    workspace = Workspace(**{part.name: getattr(SETUP, part.name) for part in fields(SETUP)})
    with tempfile.TemporaryDirectory(prefix="coupon-pictures-") as made:
        folder = Path(made)
        async with (
            world(folder, workspace=workspace) as shop,
            serve_page(shop.slack, shop.wechatpay, audit=AuditReader(folder / "coupon.db")) as served,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=chromium_here(), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1360, "height": 800}, locale="en-US")
            yield Screen(page, served.url, Mouse()), shop
            await browser.close()


def main() -> None:
    """Exit status 0 when all pictures were taken, 2 where there is no browser."""
    if chromium_here() is None:
        sys.stderr.write("there is no Chromium here (Debian: apt-get install chromium fonts-noto-cjk)\n")
        sys.exit(2)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    asyncio.run(take(PICTURES))
    sys.stdout.writelines(f"{file}\n" for file in sorted(PICTURES.iterdir()))


if __name__ == "__main__":
    main()
