"""The system's Chromium, with ears for everything a page must not do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import fields
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright, expect

from benchmarks.page import chromium_here
from bot.clock import utc_ms
from bot.demo.audit import AuditReader
from bot.demo.workspace import SETUP
from sandbox.page import serve_page
from sandbox.slack.workspace import Workspace
from storage.store import Store
from tests.machine import lacks
from tests.page.screens import Hands, Keyboard, Mouse, Screen
from tests.world import PATIENCE_S, World, world


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where it is. Without one the tests of the page are skipped, and in CI they fail."""
    found = chromium_here()
    if found is None:
        lacks("PAGE NOT SEEN", "there is no Chromium here (Debian: apt-get install chromium-headless-shell)")
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one event loop: the browser is started once, and lives in the loop that started it."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Journeys are gone by the keyboard alone, which cannot press what is not reached.

    By the mouse too in the long form, and where `by_mouse_too` says that it does something else there. Each
    kind of element is tried by both (`test_every_element`).
    """
    if "screen" in metafunc.fixturenames:
        both = metafunc.config.getoption("--long") or metafunc.definition.get_closest_marker("by_mouse_too")
        metafunc.parametrize("screen", ["mouse", "keyboard"] if both else ["keyboard"], indirect=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncGenerator[Browser]:
    # Playwright's own five seconds are short for a busy machine.
    expect.set_options(timeout=1000 * PATIENCE_S)
    async with async_playwright() as playwright:
        # A container's root has no user namespaces to put a sandbox into.
        started = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        await started.close()


class Watched:
    """One window, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("request", self._asked)

    def _said(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        # The browser itself notes each answer of 422: the sandbox refused, and the page says so in a toast.
        if kind in {"error", "warning"} and "status of 422" not in text:
            self.problems.append(f"{kind}: {text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.hosts.add(request.url.split("/")[2].rsplit(":", 1)[0])


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncGenerator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def watched(context: BrowserContext) -> AsyncGenerator[Watched]:
    """After each test: no console error, no request to anywhere but this machine."""
    window = Watched(await context.new_page())
    yield window
    assert window.problems == []
    assert window.hosts <= {"127.0.0.1"}


@pytest_asyncio.fixture(loop_scope="session")
async def shop(tmp_path: Path) -> AsyncGenerator[World]:
    async with world(
        tmp_path, workspace=Workspace(**{part.name: getattr(SETUP, part.name) for part in fields(SETUP)})
    ) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def screen(request: pytest.FixtureRequest, shop: World, watched: Watched) -> AsyncGenerator[Screen]:
    """The page, for the keyboard alone or for the mouse: see `pytest_generate_tests`."""
    page = watched.page
    hands: Hands = Mouse() if request.param == "mouse" else Keyboard(page)
    audit = AuditReader(Store(shop.folder / "coupon.db", clock=utc_ms))
    async with serve_page(shop.slack, shop.wechatpay, audit=audit) as served:
        yield Screen(page, served.url, hands)
        await page.close()
