"""The sandbox page in the system's Chromium: how soon it is there, and how long a message takes among 500."""

from __future__ import annotations

import shutil
import statistics
import sys

from playwright.async_api import Page, async_playwright

from benchmarks.report import Load, Row
from sandbox.page import serve_page
from sandbox.slack import Slack, Workspace
from sandbox.wechatpay import KeyMode, WeChatPay, make_keys

_CHANNEL = "C0APPROVE"
_MESSAGES = 500
_FEW = 5
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_MOST_MS = 1000.0
#: The shell first: it draws the same, without windows and menus around, which take half of the work.
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: Until the text stands in the log: drawing, and the stream before it.
_SEEN = """(text) => new Promise((resolve) => {
  const log = document.querySelector("main [role=log]");
  const look = () => log.lastElementChild?.textContent.includes(text) && (watch.disconnect(), resolve());
  const watch = new MutationObserver(look);
  watch.observe(log, { childList: true, subtree: true });
  look();
})"""


def chromium_here() -> str | None:
    """The system's, whatever its name."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


async def run(load: Load) -> list[Row]:
    """No row where there is no Chromium, and a line that says so."""
    chromium = chromium_here()
    if chromium is None:
        print("no Chromium here, so the page is not measured", end=" ", file=sys.stderr)
        return []
    rounds = max(load.requests // 4, _FEW)
    async with (
        Workspace().serve() as slack,
        serve_page(slack, WeChatPay(make_keys(), mode=KeyMode.CERTIFICATE), audit=_no_audit) as served,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        address = f"{served.url}#person=U0LI&channel={_CHANNEL}"
        paints = [await _first_paint(page, address) for _ in range(_FEW)]
        few = await _news(page, slack, rounds, "few")
        for number in range(_MESSAGES):
            slack.person("U0WANG").say(_CHANNEL, f"message {number}")
        full = await _first_paint(page, address)
        many = await _news(page, slack, rounds, "many")
        await browser.close()
    return [
        Row("page, first paint", statistics.median(paints), "ms", _MOST_MS, "what was promised"),
        Row(f"page, first paint with {_MESSAGES} messages", full, "ms", _MOST_MS, "what was promised"),
        Row(f"page, one more message among {_MESSAGES}", many, "ms", few, f"one more among {rounds} at most"),
    ]


async def _first_paint(page: Page, address: str) -> float:
    await page.goto("about:blank")
    await page.goto(address)
    await page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    await page.wait_for_selector("main [role=log]", state="attached")
    return float(await page.evaluate(_PAINT))


async def _news(page: Page, slack: Slack, rounds: int, name: str) -> float:
    """Milliseconds from the message to the screen, the median."""
    took = []
    for number in range(rounds):
        text = f"{name} {number}."
        before = float(await page.evaluate("() => performance.now()"))
        slack.person("U0WANG").say(_CHANNEL, text)
        await page.evaluate(_SEEN, text)
        took.append(float(await page.evaluate("() => performance.now()")) - before)
    return statistics.median(took)


async def _no_audit() -> dict[str, object]:
    proof = {"good": True, "sentence": {"en": "Whole.", "zh": "完整。"}, "events": 0, "head": None}
    return {"events": [], "proof": proof}
