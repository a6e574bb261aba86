"""A list of customers at the page, with the real bot: by the mouse, and by the keyboard alone."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.flows.bulk import CSV
from tests.page.screens import Screen
from tests.world import World, until


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
