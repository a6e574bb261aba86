"""`make pictures`: the pictures of README and docs, from the sandbox page with the real bot behind it."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from playwright.async_api import FilePayload, Locator, Page, async_playwright, expect

from benchmarks.long_log import fill
from benchmarks.page import chromium_here
from bot.clock import utc_ms
from bot.demo.audit import AuditReader
from bot.demo.workspace import SETUP
from bot.wording.month_page import page as month_page
from coupons.days import month
from sandbox.page import serve_page
from sandbox.slack.workspace import Workspace
from sandbox.wechatpay.ledger import CouponState
from storage.store import Store
from tests.page import absence_screens, undo_screens, words_screens
from tests.page.console_screens import take as take_console
from tests.page.screens import OPENID, Mouse, Screen
from tests.words import ENGLISH as ENGLISH_WORDS
from tests.world import COUPON_TOML, LATE, World, until, world

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


_LEADS = 'approvers = ["S0LEADS"]'
_WITH_AUDITOR = COUPON_TOML.replace(_LEADS, f'{_LEADS}\nauditors = ["U0FIN"]')

#: With a line that cannot be taken, and one that a lookup would take for another.
_LIST = """openid,stock,reason
{openid},late-10,{reason}
oUpF8uN95-Ptaags6E_roPHg7AG0,late-10,{reason}
oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE,sorry-50,{reason}
oKx3TzQ0bN5h-Rr7LwYc2fVd8MGE,late-10,{reason}
oUpF8uN77-Ptaags6E_roPHg7BC2,1.2121E+09,{reason}
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """The same story in one language, with whatever the page and the app then say."""

    #: Of a file's name; English has none.
    mark: str
    locale: str
    config: str
    reason: str
    no: str
    approve: str
    decline: str
    sent: str
    check: str
    hint: str
    replies: str
    preview: str
    offer: str
    became: str
    used: str
    all_sent: str
    as_picture: str
    week: str
    away_until: str
    offered: str


ENGLISH = Telling(
    "",
    "en-US",
    "",
    "parcel came four days late",
    "The photo shows an intact box",
    "Approve",
    "Decline",
    "is sent",
    "check only",
    "Needs 2 approvals.",
    "Replies in the thread",
    "Preview of parcels.csv",
    "Open the form with this",
    "What became of it?",
    "used the coupon",
    "4 coupons sent",
    "Send me this as a picture",
    "What was given from",
    "3d",
    "would approve a smaller coupon",
)
CHINESE = Telling(
    ".zh-CN",
    "zh-CN",
    'language = "zh-CN"\n',
    "包裹晚到 4 天",
    "照片里的箱子完好",
    "批准",
    "驳回",
    "已发券",
    "仅查看",
    "需要 2 人审批",
    "消息列中的回复",
    "parcels.csv 预览",
    "用以上内容打开表单",
    "使用情况",
    "已核销",
    "发出 4 张券",
    "以图片发给我",
    "的发券情况",
    "3天",
    "批准较小的券",
)


async def take(folder: Path) -> None:
    """The same story each time; only times and codes differ."""
    async with _screen(ENGLISH) as (screen, shop):
        await _tell(ENGLISH, screen, folder)
        await _approved(ENGLISH, screen, shop, folder)
        await _offer(ENGLISH, screen, shop, folder)
        await _bulk(ENGLISH, screen, folder)
        await _batch(ENGLISH, screen, shop, folder)
        await _week(ENGLISH, screen, folder)
        await _audit(screen, folder)
    async with _screen(CHINESE) as (screen, shop):
        await _tell(CHINESE, screen, folder)
        await _approved(CHINESE, screen, shop, folder)
        await _offer(CHINESE, screen, shop, folder)
        await _bulk(CHINESE, screen, folder)
        await _batch(CHINESE, screen, shop, folder)
        await _week(CHINESE, screen, folder)
    for telling in (ENGLISH, CHINESE):
        async with _screen(telling, words_screens.configured) as (screen, shop):
            await words_screens.take(screen, shop, folder, mark=telling.mark, button=telling.offer)
        async with _screen(telling) as (screen, shop):
            more = {"mark": telling.mark, "reason": telling.reason, "until": telling.away_until}
            await absence_screens.take(screen, shop, folder, **more)
        async with _screen(telling) as (screen, shop):
            await undo_screens.take(screen, shop, folder, mark=telling.mark, reason=telling.reason)
    await _month(folder)
    await take_console(folder)


async def _tell(telling: Telling, screen: Screen, folder: Path) -> None:
    """An agent asks in three ways and a lead decides: a picture of each thing they see."""
    page = screen.page

    def file(name: str) -> Path:
        return folder / f"{name}{telling.mark}.png"

    async def shoot(what: Locator, name: str) -> None:
        await page.mouse.move(0, 0)
        await what.screenshot(path=file(name), animations="disabled")

    async def said(words: str) -> Locator:
        message = page.get_by_role("article").filter(has_text=words).last
        await expect(message).to_be_visible()
        return message

    await screen.be("U0LI", "C0SUPPORT")
    await screen.say(f"/coupon check {OPENID} sorry-50")
    await shoot(await said(telling.check), "check")
    await screen.say(f"/coupon send {OPENID} late-10 {telling.reason}")
    await said("#1")
    await _shot(page, file("ask"))
    await screen.say(f"/coupon send {OPENID}")
    form = page.get_by_role("dialog")
    await form.locator("[data-block-id=stock]").get_by_role("combobox").click()
    await page.keyboard.type("50")
    await page.locator(".listbox [role=option]").filter(has_text="sorry-50").click()
    await expect(form).to_contain_text(telling.hint)
    await form.locator("[data-block-id=reason] textarea").fill(telling.reason)
    await shoot(form, "form")
    await form.locator("[data-modal=submit]").click()
    await expect(form).to_have_count(0)

    await screen.be("U0WANG", "app")
    await page.locator("[data-tab=home]").click()
    home = page.locator("#home")
    await expect(home).to_contain_text("#2")
    await shoot(home.locator(".view-blocks"), "home-approver")
    await screen.be("U0WANG", "C0APPROVE")
    await screen.card_of(2).get_by_role("button", name=telling.decline).click()
    await form.get_by_role("textbox").fill(telling.no)
    await shoot(form, "decline")
    await form.locator("[data-modal=submit]").click()
    await expect(form).to_have_count(0)
    await screen.card_of(1).get_by_role("button", name=telling.approve).click()
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    await _shot(page, file("approve"))
    await page.locator("[data-answer=confirm]").click()
    await expect(screen.card_of(1).get_by_role("button", name=telling.approve)).to_have_count(0)

    await screen.be("U0LI", "app")
    await shoot(await said(telling.sent), "code")
    await page.locator("[data-tab=home]").click()
    await expect(home).to_contain_text("#1")
    await shoot(home.locator(".view-blocks"), "home-agent")


async def _approved(telling: Telling, screen: Screen, shop: World, folder: Path) -> None:
    """What the lead sees of it afterwards."""
    page = screen.page
    await screen.be("U0WANG", "C0APPROVE")
    await page.get_by_role("article").filter(has_text="#1").first.locator("[data-thread]").click()
    [coupon] = shop.wechatpay.ledger.coupons
    await expect(page.get_by_role("log", name=telling.replies)).to_contain_text(coupon.coupon_code)
    await _shot(page, folder / f"approved{telling.mark}.png")
    shop.wechatpay.mark(coupon, CouponState.USED)
    await screen.be("U0WANG", "C0APPROVE")
    card = page.get_by_role("article").filter(has_text="#1").first
    await card.get_by_role("button", name=telling.became).click()
    answer = page.get_by_role("article").filter(has_text=telling.used).last
    await expect(answer).to_be_visible()
    await page.mouse.move(0, 0)
    await answer.screenshot(path=folder / f"became{telling.mark}.png", animations="disabled")


async def _offer(telling: Telling, screen: Screen, shop: World, folder: Path) -> None:
    """A question is answered, a smaller coupon is offered: what the requester is asked."""
    page, number = screen.page, await shop.ask("sorry-50")
    card = await shop.card(number)
    view = await (await shop.slack.person("U0WANG").click(card.channel, card.ts, "offer_smaller")).view()
    await shop.slack.person("U0WANG").submit(view, {"offer": LATE, "reason": telling.no})
    await screen.be("U0LI", "app")
    await page.locator("[data-tab=messages]").click()
    offered = page.get_by_role("article").filter(has_text=telling.offered).last
    await expect(offered).to_be_visible()
    await page.mouse.move(0, 0)
    await offered.screenshot(path=folder / f"offer{telling.mark}.png", animations="disabled")
    asked = next(each for each in shop.slack.dms("U0LI") if each.element("decline_offer"))
    await shop.slack.person("U0LI").click(asked.channel, asked.ts, "decline_offer")
    await shop.send(f"cancel {number}")
    await shop.quiet()


async def _bulk(telling: Telling, screen: Screen, folder: Path) -> None:
    """A list of customers: the form, and what it comes to."""
    page = screen.page
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say("/coupon bulk")
    form = page.get_by_role("dialog")
    content = _LIST.format(reason=telling.reason, openid=OPENID).encode()
    given: FilePayload = {"name": "parcels.csv", "mimeType": "text/csv", "buffer": content}
    await form.locator("input[type=file]").set_input_files(given)
    await expect(form.locator("[data-block-id=file]")).to_contain_text(" B")
    await page.mouse.move(0, 0)
    await form.screenshot(path=folder / f"bulk-form{telling.mark}.png", animations="disabled")
    await form.locator("[data-modal=submit]").click()
    await screen.be("U0LI", "app")
    preview = page.get_by_role("article").filter(has_text=telling.preview)
    await expect(preview).to_be_visible()
    await page.mouse.move(0, 0)
    await preview.screenshot(path=folder / f"bulk-preview{telling.mark}.png", animations="disabled")


async def _batch(telling: Telling, screen: Screen, shop: World, folder: Path) -> None:
    """Its card as who decides sees it, a line that is struck out, and what came of the others."""
    page, wang = screen.page, shop.slack.person("U0WANG")
    [preview] = [message for message in shop.slack.dms("U0LI") if message.element("submit_batch")]
    await shop.slack.person("U0LI").click(preview.channel, preview.ts, "submit_batch")
    found = await until(lambda: next(iter(shop.rows("select * from batch where card_ts is not null")), None))
    await screen.be("U0WANG", "C0APPROVE")
    card = page.get_by_role("article").filter(has_text=found["sha256"][:16]).first

    async def shoot(what: Locator, name: str) -> None:
        await page.mouse.move(0, 0)
        await what.screenshot(path=folder / f"{name}{telling.mark}.png", animations="disabled")

    await expect(card).to_be_visible()
    await shoot(card, "batch-card")
    await wang.click(found["card_channel"], found["card_ts"], "strike_lines")
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox").fill("5")
    await shoot(form, "batch-strike")
    await form.locator("[data-modal=submit]").click()
    await expect(form).to_have_count(0)
    await until(lambda: shop.rows("select 1 from batch where size = 3") or None)
    for who in (wang, shop.slack.person("U0ZHAO")):
        await who.click(found["card_channel"], found["card_ts"], "approve_batch")
    await until(lambda: shop.rows("select 1 from batch where result_promised") or None)
    await shop.quiet()
    await card.locator("[data-thread]").click()
    replies = page.get_by_role("log", name=telling.replies)
    await expect(replies).to_contain_text(".xlsx")
    await _shot(page, folder / f"batch-done{telling.mark}.png")


async def _week(telling: Telling, screen: Screen, folder: Path) -> None:
    """A lead's week on Home, and as it comes by direct message; on a telephone, too."""
    page = screen.page
    await screen.be("U0WANG", "app")
    await page.locator("[data-tab=home]").click()
    home = page.locator("#home")
    ask = home.get_by_role("button", name=telling.as_picture)
    await expect(home).to_contain_text(telling.all_sent, timeout=30_000)
    await page.mouse.move(0, 0)
    await home.locator(".view-blocks").screenshot(path=folder / f"home-week{telling.mark}.png")
    await ask.click()
    await page.locator("[data-tab=messages]").click()
    message = page.get_by_role("article").filter(has_text=telling.week)
    picture = message.locator("img.file-picture")
    await expect(picture).to_be_visible()
    await picture.evaluate("async picture => { await picture.decode(); }")
    await page.mouse.move(0, 0)
    await message.screenshot(path=folder / f"week{telling.mark}.png", animations="disabled")
    wide = page.viewport_size
    await page.set_viewport_size({"width": 390, "height": 844})
    await message.screenshot(path=folder / f"week-telephone{telling.mark}.png", animations="disabled")
    if wide is not None:
        await page.set_viewport_size(wide)


async def _audit(screen: Screen, folder: Path) -> None:
    """What an auditor asks in Slack: what was found, and one request's story on top of it."""
    page = screen.page
    await screen.be("U0FIN", "C0SUPPORT")
    await screen.say("/coupon audit agent:@li parcel")
    results = page.get_by_role("dialog").last
    await expect(results).to_contain_text("#1")
    await page.mouse.move(0, 0)
    await results.screenshot(path=folder / "audit-found.png", animations="disabled")
    await results.get_by_role("button", name="Open").last.click()
    story = page.get_by_role("dialog").last
    await expect(story).to_contain_text("out_request_no")
    await page.mouse.move(0, 0)
    await story.screenshot(path=folder / "audit-story.png", animations="disabled")


async def _month(folder: Path) -> None:
    """The page that finance prints, of a log as a shop's is after two years."""
    with tempfile.TemporaryDirectory(prefix="coupon-pictures-") as made:
        database = Path(made) / "coupon.db"
        fill(database, 100_000)
        since, before = month("2026-08")
        text = month_page(
            ENGLISH_WORDS, Store(database, clock=lambda: 0).report(since=since, before=before), "2026-08"
        )
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_here(), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1120, "height": 820})
            await page.set_content(text)
            await _shot(page, folder / "month-report.png")
            await browser.close()


async def _shot(page: Page, file: Path) -> None:
    await page.mouse.move(0, 0)
    await page.screenshot(path=file, animations="disabled")


@asynccontextmanager
async def _screen(
    telling: Telling, configured: Callable[[str], str] = str
) -> AsyncGenerator[tuple[Screen, World]]:
    people = tuple(replace(person, locale=telling.locale) for person in SETUP.people)
    parts = {part.name: getattr(SETUP, part.name) for part in fields(SETUP)} | {"people": people}
    workspace = Workspace(**parts)
    with tempfile.TemporaryDirectory(prefix="coupon-pictures-") as made:
        folder = Path(made)
        (folder / "coupon.toml").write_text(configured(telling.config + _WITH_AUDITOR), encoding="utf-8")
        store = Store(folder / "coupon.db", clock=utc_ms)
        async with (
            world(folder, workspace=workspace) as shop,
            serve_page(shop.slack, shop.wechatpay, audit=AuditReader(store)) as served,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=chromium_here(), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1360, "height": 800}, locale=telling.locale)
            yield Screen(page, served.url, Mouse()), shop
            await browser.close()


def main() -> None:
    """Exit status 0 when all pictures were taken, 2 where there is no browser."""
    if chromium_here() is None:
        sys.stderr.write(
            "there is no Chromium here "
            "(Debian: apt-get install chromium fonts-noto-cjk fonts-noto-color-emoji)\n"
        )
        sys.exit(2)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    # The machine may be busy, and nothing here is measured.
    expect.set_options(timeout=30_000)
    asyncio.run(take(PICTURES))
    sys.stdout.writelines(f"{file}\n" for file in sorted(PICTURES.iterdir()))


if __name__ == "__main__":
    main()
