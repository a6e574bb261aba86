"""500 messages stay smooth: one piece of news redraws one message. A lost connection comes back whole."""

from __future__ import annotations

from playwright.async_api import expect

from sandbox.page import serve_page
from sandbox.slack import Workspace
from sandbox.wechatpay import KeyMode, WeChatPay
from tests.page.conftest import Watched
from tests.page.screens import Mouse, Screen
from tests.sandbox.page_client import no_audit
from tests.world import keys

MANY = 500
#: Counts the articles that come into the log, and those that leave it.
WATCH = """() => {
  const inside = (node) => (node.matches("article") ? [node] : [...node.querySelectorAll("article")]);
  const articles = (nodes) => [...nodes].filter((node) => node.nodeType === 1).flatMap(inside).length;
  window.redrawn = { came: 0, left: 0 };
  new MutationObserver((changes) => {
    for (const { addedNodes, removedNodes } of changes) {
      window.redrawn.came += articles(addedNodes);
      window.redrawn.left += articles(removedNodes);
    }
  }).observe(document.querySelector("main [role=log]"), { childList: true, subtree: true });
}"""


async def test_of_five_hundred_messages_only_what_changed_is_drawn_anew(watched: Watched) -> None:
    async with (
        Workspace().serve() as slack,
        serve_page(slack, WeChatPay(keys(), mode=KeyMode.CERTIFICATE), audit=no_audit) as served,
    ):
        wang = slack.person("U0WANG")
        said = [wang.say("C0APPROVE", f"message {number}") for number in range(MANY)]
        screen = Screen(watched.page, served.url, Mouse())
        await screen.be("U0LI", "C0APPROVE")
        articles = watched.page.locator("main [role=log] article")
        await expect(articles).to_have_count(MANY)
        await watched.page.evaluate(WATCH)

        wang.say("C0APPROVE", "one more")
        await expect(articles.last).to_contain_text("one more")
        assert await watched.page.evaluate("window.redrawn") == {"came": 1, "left": 0}

        wang.say("C0APPROVE", "a reply", thread_ts=said[250].ts)
        await expect(articles.nth(250)).to_contain_text("1 reply")
        assert await watched.page.evaluate("window.redrawn") == {"came": 2, "left": 1}
        await watched.page.close()


async def test_a_lost_connection_is_told_and_what_was_missed_is_there_when_it_is_back(
    watched: Watched,
) -> None:
    async with Workspace().serve() as slack:
        wechatpay = WeChatPay(keys(), mode=KeyMode.CERTIFICATE)
        async with serve_page(slack, wechatpay, audit=no_audit) as served:
            port = int(served.url.rstrip("/").rsplit(":", 1)[1])
            screen = Screen(watched.page, served.url, Mouse())
            await screen.be("U0LI", "C0APPROVE")
            await watched.page.locator("#composer").fill("half a thought")
        status = watched.page.get_by_role("navigation").get_by_role("status")
        await expect(status).to_have_text("Connection lost, trying again")
        slack.person("U0WANG").say("C0APPROVE", "said meanwhile")
        async with serve_page(slack, wechatpay, audit=no_audit, port=port):
            await expect(status).to_have_text("Live", timeout=15_000)
            await expect(watched.page.get_by_role("log")).to_contain_text("said meanwhile")
            await expect(watched.page.locator("#composer")).to_have_value("half a thought")
            await watched.page.close()
    # The browser itself notes each try that found nobody.
    watched.problems[:] = [line for line in watched.problems if "net::ERR_" not in line]
