"""Each element, form and file that the page can show, with a small app behind: by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from sandbox.page import serve_page
from sandbox.slack import Slack, Workspace
from sandbox.wechatpay import KeyMode, WeChatPay
from tests.page.conftest import Watched
from tests.page.element_app import ELEMENTS, OUTSIDE_PICTURE, ElementApp, element_app, gallery
from tests.page.screens import Hands, Keyboard, Mouse, Screen
from tests.sandbox.page_client import no_audit
from tests.world import keys

#: A line of an open list; the page's own menus of people and languages are the browser's.
OPTION = ".listbox [role=option]"
#: What is typed into the fields of text and numbers, and what the app hears.
TYPED = {
    "line": "one line",
    "lines": "two words 🎂",
    "number": "42",
    "email": "li@example.com",
    "url": "https://example.com/x",
}
#: What is typed into a menu to find the choice, and the part of the app's state that holds it.
CHOSEN: dict[str, tuple[str, str, Any]] = {
    "one": ("gre", "selected_option", "green"),
    "many": ("sou", "selected_options", ["south"]),
    "found": ("apr", "selected_option", "apricot"),
    "all_found": ("pea", "selected_options", ["pear"]),
    "person": ("Wang", "selected_user", "U0WANG"),
    "people": ("Zhao", "selected_users", ["U0ZHAO"]),
    "channel": ("support", "selected_channel", "C0SUPPORT"),
    "place": ("approvals", "selected_conversation", "C0APPROVE"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """The page, the app behind it, and the Slack between them."""

    screen: Screen
    app: ElementApp
    slack: Slack

    async def form(self, *fields: str) -> Locator:
        """Li opens the app's form with these fields."""
        self.app.fields = fields
        await self.screen.be("U0LI", "C0APPROVE")
        await self.screen.say("/coupon")
        form = self.screen.page.get_by_role("dialog")
        await expect(form).to_be_visible()
        return form

    async def submit(self, form: Locator) -> None:
        await self.screen.hands.press(form.locator("[data-modal=submit]"))

    async def gallery(self) -> Locator:
        """The message of everything, as Li sees it."""
        await self.app.client.chat_postMessage(channel="C0APPROVE", text="A gallery", blocks=gallery())
        await self.screen.be("U0LI", "C0APPROVE")
        message = self.screen.page.get_by_role("article").filter(has_text="A gallery")
        await expect(message).to_be_visible()
        return message


@pytest_asyncio.fixture(loop_scope="session", params=["mouse", "keyboard"])
async def stage(request: pytest.FixtureRequest, watched: Watched) -> AsyncGenerator[Stage]:
    page = watched.page
    hands: Hands = Mouse() if request.param == "mouse" else Keyboard(page)
    async with (
        Workspace().serve() as slack,
        element_app(slack) as app,
        serve_page(slack, WeChatPay(keys(), mode=KeyMode.CERTIFICATE), audit=no_audit) as served,
    ):
        yield Stage(Screen(page, served.url, hands), app, slack)
        await page.close()


def field(form: Locator, name: str) -> Locator:
    return form.locator(f"[data-block-id={name}]")


def state(heard: dict[str, Any]) -> dict[str, Any]:
    return {name: held["value"] for name, held in heard["view"]["state"]["values"].items()}


def values(chosen: Any) -> Any:
    """The value of an option, or of each."""
    if isinstance(chosen, list):
        return [values(each) for each in chosen]
    return chosen["value"] if isinstance(chosen, dict) else chosen


async def test_what_is_typed_reaches_the_app(stage: Stage) -> None:
    form = await stage.form(*TYPED)
    for name, text in TYPED.items():
        await stage.screen.hands.write(field(form, name).locator("input, textarea"), text)
    await stage.submit(form)
    heard = state(await stage.app.hears())
    assert {name: held["value"] for name, held in heard.items()} == TYPED
    await expect(form).to_have_count(0)


async def test_what_is_chosen_in_a_menu_reaches_the_app(stage: Stage) -> None:
    form = await stage.form(*CHOSEN)
    for name, (query, _, _) in CHOSEN.items():
        box = field(form, name).get_by_role("combobox")
        await stage.screen.hands.press(box)
        await stage.screen.page.keyboard.type(query)
        found = stage.screen.page.locator(OPTION)
        await expect(found).to_have_count(1)
        if isinstance(stage.screen.hands, Mouse):
            await found.click()
        else:
            await stage.screen.page.keyboard.press("Enter")
        # Where many may be chosen the list stays open.
        await stage.screen.page.keyboard.press("Tab")
    await stage.submit(form)
    heard = state(await stage.app.hears())
    assert {name: values(heard[name][key]) for name, (_, key, _) in CHOSEN.items()} == {
        name: value for name, (_, _, value) in CHOSEN.items()
    }


async def test_ticks_days_and_hours_reach_the_app(stage: Stage) -> None:
    form = await stage.form("radio", "ticks", "day", "hour")
    keyboard = stage.screen.page.keyboard
    if isinstance(stage.screen.hands, Mouse):
        await field(form, "radio").get_by_text("Coupon").click()
        await field(form, "ticks").get_by_text("Late").click()
        await field(form, "ticks").get_by_text("Broken").click()
        await field(form, "day").locator("input").fill("2026-12-31")
        await field(form, "hour").locator("input").fill("09:30")
    else:
        await stage.screen.hands.reach(field(form, "radio").locator("input").first)  # type: ignore[attr-defined]
        await keyboard.press("ArrowDown")
        for tick in await field(form, "ticks").locator("input").all():
            await stage.screen.hands.reach(tick)  # type: ignore[attr-defined]
            await keyboard.press("Space")
        # The order in which an American browser asks for a date.
        for name, keys in (("day", "12312026"), ("hour", "0930AM")):
            await stage.screen.hands.reach(field(form, name).locator("input"))  # type: ignore[attr-defined]
            await keyboard.type(keys)
    await stage.submit(form)
    heard = state(await stage.app.hears())
    assert heard["radio"]["selected_option"]["value"] == "coupon"
    assert values(heard["ticks"]["selected_options"]) == ["late", "broken"]
    assert heard["day"]["selected_date"] == "2026-12-31"
    assert heard["hour"]["selected_time"] == "09:30"


async def test_a_file_goes_up_to_the_app_and_another_comes_down(stage: Stage, tmp_path: Path) -> None:
    given = tmp_path / "openids.csv"
    given.write_bytes(b"openid\noUpF8\n")
    form = await stage.form("file")
    await field(form, "file").locator("input").set_input_files(given)
    await expect(field(form, "file")).to_contain_text("openids.csv, 13 B")
    await stage.submit(form)
    await stage.app.hears()
    assert stage.app.files == {"openids.csv": b"openid\noUpF8\n"}

    report = "seq,tag\n1,bot:started\n"
    await stage.app.client.files_upload_v2(
        channel="C0APPROVE", content=report, filename="audit.csv", initial_comment="As asked"
    )
    link = stage.screen.page.get_by_role("link", name="audit.csv")
    async with stage.screen.page.expect_download() as download:
        await stage.screen.hands.press(link)
    kept = await (await download.value).path()
    assert kept.read_text() == report


async def test_errors_stand_at_their_field_whoever_found_them_and_nothing_typed_is_lost(
    stage: Stage,
) -> None:
    form = await stage.form("line", "email", "number", "lines")
    write = stage.screen.hands.write
    await write(field(form, "lines").locator("textarea"), "kept")
    await write(field(form, "email").locator("input"), "nobody")
    await write(field(form, "number").locator("input"), "0")
    await stage.submit(form)
    await expect(field(form, "email").locator(".error")).to_have_text(
        "Please write an email address, such as name@example.com."
    )
    await expect(field(form, "number").locator(".error")).to_have_text("Please write 1 or more.")
    assert stage.app.heard.empty()
    await write(field(form, "email").locator("input"), TYPED["email"])
    await write(field(form, "number").locator("input"), "2")
    await write(field(form, "line").locator("input"), "wrong")
    await stage.submit(form)
    await expect(field(form, "line").locator(".error")).to_have_text("That is wrong.")
    await expect(field(form, "line").locator("input")).to_be_focused()
    await expect(field(form, "lines").locator("textarea")).to_have_value("kept")


async def test_a_form_is_pushed_left_with_back_and_updated_and_what_was_typed_stays(stage: Stage) -> None:
    form = await stage.form("line")
    press, write = stage.screen.hands.press, stage.screen.hands.write
    await write(field(form, "line").locator("input"), "still here")
    await press(form.get_by_role("button", name="Deeper"))
    await expect(form.get_by_role("heading")).to_have_text("Page two")
    await press(form.get_by_role("button", name="Back"))
    await expect(form.get_by_role("heading")).to_have_text("Everything")
    await expect(field(form, "line").locator("input")).to_have_value("still here")
    await press(form.get_by_role("button", name="Change"))
    await expect(field(form, "said")).to_have_text("Changed by the app")
    await expect(field(form, "line").locator("input")).to_have_value("still here")
    await press(form.get_by_role("button", name="Deeper"))
    await write(field(form, "deep").locator("input"), "bottom")
    await stage.submit(form)
    await expect(form.get_by_role("heading")).to_have_text("Heard bottom")
    await stage.screen.page.keyboard.press("Escape")
    await expect(form.get_by_role("heading")).to_have_text("Everything")
    await stage.screen.page.keyboard.press("Escape")
    await expect(form).to_have_count(0)


async def test_a_message_is_drawn_as_it_was_written_and_asks_nobody_outside(stage: Stage) -> None:
    message = await stage.gallery()
    words = message.locator("[data-block-id=words]")
    for tag, text in (("b, strong", "bold"), ("i, em", "slanted"), ("s, del", "gone"), ("code", "code")):
        await expect(words.locator(tag).filter(has_text=text).first).to_have_text(text)
    await expect(words.get_by_role("link", name="a page")).to_have_attribute(
        "href", re.compile(r"^https://example\.com/?$")
    )
    await expect(words).to_contain_text("@Li")
    await expect(words).to_contain_text("#support")
    await expect(words.locator("blockquote")).to_contain_text("said")
    await expect(words).to_contain_text("🎂")
    # Noon UTC, read in Shanghai.
    await expect(message.locator("[data-block-id=when]")).to_contain_text(re.compile(r"20:00|8:00"))
    await expect(message.locator("[data-block-id=stocks]").get_by_role("cell")).to_have_text(
        ["late-10", "198"]
    )
    # The picture is not fetched: its words stand for it.
    assert OUTSIDE_PICTURE not in await message.inner_html()
    await expect(message.get_by_role("img", name="the cake, whole")).to_be_visible()


async def test_hostile_text_stays_text(stage: Stage) -> None:
    message = await stage.gallery()
    hostile = message.locator("[data-block-id=hostile]")
    await expect(hostile).to_contain_text("<!channel>")
    await expect(hostile.locator("script, img, a[href^=javascript]")).to_have_count(0)
    assert await stage.screen.page.evaluate("window.broken") is None


async def test_a_question_is_asked_before_a_press_counts(stage: Stage) -> None:
    message = await stage.gallery()
    press = stage.screen.hands.press
    dialog = stage.screen.page.get_by_role("alertdialog")
    await press(message.get_by_role("button", name="Pay"))
    await expect(dialog).to_contain_text("It costs ¥10")
    await press(dialog.get_by_role("button", name="No"))
    await expect(dialog).to_have_count(0)
    await press(message.get_by_role("button", name="Pay"))
    await press(dialog.get_by_role("button", name="Yes"))
    heard = await stage.app.hears()
    assert (heard["actions"][0]["action_id"], heard["actions"][0]["value"]) == ("pay", "10")
    assert stage.app.heard.empty()


async def test_the_menus_of_a_message_tell_the_app(stage: Stage) -> None:
    message = await stage.gallery()
    press, keyboard = stage.screen.hands.press, stage.screen.page.keyboard
    for label, query, value in (("pick one", "gre", "green"), ("pick found", "pea", "pear")):
        await press(message.get_by_role("combobox", name=label))
        await keyboard.type(query)
        await expect(stage.screen.page.locator(OPTION)).to_have_count(1)
        await keyboard.press("Enter")
        heard = await stage.app.hears()
        assert heard["actions"][0]["selected_option"]["value"] == value
    await press(message.get_by_role("button", name="More options"))
    forward = stage.screen.page.get_by_role("menuitem", name="Forward")
    if isinstance(stage.screen.hands, Mouse):
        await forward.click()
    else:
        # A menu is one stop of Tab: arrows move inside it.
        await keyboard.press("ArrowDown")
        await expect(forward).to_be_focused()
        await keyboard.press("Enter")
    heard = await stage.app.hears()
    assert heard["actions"][0]["selected_option"]["value"] == "forward"


async def test_home_is_drawn_afresh_after_each_press_and_each_typed_line(stage: Stage) -> None:
    await stage.screen.be("U0LI", "app")
    await stage.screen.hands.press(stage.screen.page.locator("[data-tab=home]"))
    home = stage.screen.page.locator("#home")
    await expect(home.get_by_role("heading")).to_have_text("Last: nothing")
    await stage.screen.hands.press(home.get_by_role("button", name="Press me"))
    await expect(home.get_by_role("heading")).to_have_text("Last: pressed")
    note = field(home, "note").locator("input")
    await stage.screen.hands.write(note, "a note")
    await note.press("Enter")
    await expect(home.get_by_role("heading")).to_have_text("Last: a note")


async def test_the_page_speaks_chinese_and_the_app_hears_of_it(stage: Stage) -> None:
    form = await stage.form("line", "email")
    await stage.screen.page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await stage.screen.page.locator("#language").select_option("zh")
    await expect(stage.screen.page).to_have_title("沙盒工作区")
    assert stage.slack.state.directory.get("U0LI").locale == "zh-CN"
    await stage.screen.say("/coupon")
    await stage.screen.hands.write(field(form, "email").locator("input"), "nobody")
    await stage.submit(form)
    error = field(form, "email").locator(".error")
    await expect(error).to_be_visible()
    assert not (await error.inner_text()).isascii()


def test_every_element_of_a_form_is_tried() -> None:
    """A new element without a test is noticed."""
    assert set(ELEMENTS) == {*TYPED, *CHOSEN, "radio", "ticks", "day", "hour", "file"}
