"""The form and Home at the page, with the real bot: by the mouse, and by the keyboard alone."""

from __future__ import annotations

from playwright.async_api import expect

from tests.page.screens import OPENID, Screen
from tests.world import World


async def test_half_a_command_opens_the_form_which_finds_a_coupon_and_says_what_it_needs(
    screen: Screen, shop: World
) -> None:
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say(f"/coupon send {OPENID}")
    form = screen.page.get_by_role("dialog")
    await expect(form.locator("[data-block-id=openid] input")).to_have_value(OPENID)
    stock = form.locator("[data-block-id=stock]").get_by_role("combobox")
    await screen.hands.press(stock)
    await screen.page.keyboard.type("50")
    found = screen.page.locator(".listbox [role=option]")
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text("sorry-50")
    await screen.page.keyboard.press("ArrowDown")
    await screen.page.keyboard.press("Enter")
    await expect(form).to_contain_text("Needs 2 approvals.")
    await screen.hands.write(form.locator("[data-block-id=reason] textarea"), "the cake was crushed")
    await expect(form.locator("[data-block-id=openid] input")).to_have_value(OPENID)
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await screen.be("U0WANG", "C0APPROVE")
    await expect(screen.card(1)).to_contain_text("the cake was crushed")
    row = shop.row(1)
    assert row is not None
    assert row["approvals_needed"] == 2


async def test_a_wrong_openid_is_told_at_its_field_and_the_rest_is_kept(screen: Screen, shop: World) -> None:
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say("/coupon")
    form = screen.page.get_by_role("dialog")
    await screen.hands.write(form.locator("[data-block-id=openid] input"), "short")
    await screen.hands.press(form.locator("[data-block-id=stock]").get_by_role("combobox"))
    await screen.page.keyboard.type("late")
    found = screen.page.locator(".listbox [role=option]")
    # Before the search it was there too, among the others.
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text("late-10")
    await screen.page.keyboard.press("ArrowDown")
    await screen.page.keyboard.press("Enter")
    await screen.hands.write(form.locator("[data-block-id=reason] textarea"), "kept")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form.locator("[data-block-id=openid] .error")).to_contain_text("5 characters")
    await expect(form.locator("[data-block-id=reason] textarea")).to_have_value("kept")
    assert shop.rows("select id from request") == []


async def test_a_lead_approves_on_home_and_sees_it_gone(screen: Screen, shop: World) -> None:
    await shop.ask()
    await screen.be("U0WANG", "app")
    await screen.hands.press(screen.page.locator("[data-tab=home]"))
    home = screen.page.locator("#home")
    await expect(home).to_contain_text("Waiting for you: 1")
    await screen.hands.press(home.get_by_role("button", name="Approve").first)
    await screen.hands.press(screen.page.get_by_role("alertdialog").locator("[data-answer=confirm]"))
    await expect(home).not_to_contain_text("Waiting for you: 1", timeout=15_000)
    await shop.state(1, "sent")

    # The week, where it is counted by now, and as a picture.
    await expect(home).to_contain_text("1 coupon sent, ¥10.00.", timeout=20_000)
    await screen.hands.press(home.get_by_role("button", name="Send me this as a picture"))
    await expect(home).to_contain_text("The week follows as a direct message.")
    await screen.hands.press(screen.page.locator("[data-tab=messages]"))
    message = screen.page.get_by_role("article").filter(has_text="What was given from")
    picture = message.locator("img.file-picture")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("async picture => (await picture.decode(), picture.naturalWidth)") == 1200
    await screen.page.set_viewport_size({"width": 390, "height": 844})
    box = await picture.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
