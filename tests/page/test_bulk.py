"""A list of customers at the page, with the real bot: by the mouse, and by the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.flows.bulk import CSV
from tests.page.screens import Keyboard, Screen
from tests.world import World, until


@pytest.mark.by_mouse_too
async def test_a_list_is_dropped_previewed_and_asked_for(screen: Screen, shop: World, tmp_path: Path) -> None:
    given = tmp_path / "late.csv"
    given.write_bytes(CSV)
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say("/coupon bulk")
    form = screen.page.get_by_role("dialog")
    field = form.locator("[data-block-id=file]")
    async with screen.page.expect_file_chooser() as chooser:
        await screen.hands.press(field.locator("input[type=file]"))
    await (await chooser.value).set_files(given)
    await expect(field).to_contain_text("late.csv, 1")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)

    await screen.be("U0LI", "app")
    preview = screen.page.get_by_role("article").filter(has_text="Preview of late.csv")
    await expect(preview).to_contain_text("2 coupons for 2 customers, ¥60.00.")
    await expect(preview).to_contain_text("Row 4, column A (openid)")
    await expect(screen.page.get_by_role("article").filter(has_text="batch-1-left-out-")).to_have_count(1)
    await screen.hands.press(preview.get_by_role("button", name="Ask for approval"))
    dialog = screen.page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("2 coupons, ¥60.00. 1 line of the file is left out.")
    await screen.hands.press(dialog.locator("[data-answer=confirm]"))
    submitted = screen.page.get_by_role("article").filter(has_text="is submitted as batch 1")
    await expect(submitted).to_contain_text("2 requests, ¥60.00 together.")
    await expect(submitted.get_by_role("button", name="Ask for approval")).to_have_count(0)
    await until(lambda: shop.rows("select 1 from batch where state = 'pending' and card_ts <> ''") or None)


@pytest.mark.by_mouse_too
async def test_the_file_of_a_message_opens_the_form_that_names_it(
    screen: Screen, shop: World, tmp_path: Path
) -> None:
    given = tmp_path / "late.csv"
    given.write_bytes(CSV)
    await screen.be("U0LI", "C0SUPPORT")
    await screen.hands.write(screen.page.locator("#composer"), "all of these are late")
    async with screen.page.expect_file_chooser() as chooser:
        await screen.hands.press(screen.page.get_by_role("button", name="Send files"))
    await (await chooser.value).set_files(given)
    said = screen.page.get_by_role("article").filter(has_text="all of these are late")
    await expect(said).to_contain_text("late.csv")
    await expect(screen.page.locator("#composer")).to_have_value("")
    # A message shows what can be done with it while it is pointed at, or has the focus.
    if isinstance(screen.hands, Keyboard):
        await screen.hands.reach(said)
    else:
        await said.hover()
    await screen.hands.press(said.get_by_role("button", name="More actions"))
    item = screen.page.get_by_role("menuitem").filter(has_text="Coupons for this file")
    await expect(item).to_be_visible()
    if isinstance(screen.hands, Keyboard):
        for _ in range(9):
            if await item.evaluate("node => node === document.activeElement"):
                break
            await screen.page.keyboard.press("ArrowDown")
        await screen.page.keyboard.press("Enter")
    else:
        await item.click()
    form = screen.page.get_by_role("dialog")
    await expect(form).to_contain_text("The file of the message: late.csv")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await screen.be("U0LI", "app")
    preview = screen.page.get_by_role("article").filter(has_text="Preview of late.csv")
    await expect(preview).to_contain_text("2 coupons for 2 customers, ¥60.00.")
    [batch] = shop.rows("select file_name from batch")
    assert batch["file_name"] == "late.csv"
