"""A command typed in the wrong order, and one's last request once more: each with one click and a submit."""

from __future__ import annotations

from playwright.async_api import expect

from tests.page.screens import OPENID, Screen
from tests.world import World


async def test_swapped_words_and_the_last_request_need_a_click_and_no_typing(
    screen: Screen, shop: World
) -> None:
    page = screen.page
    form = page.get_by_role("dialog")
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say(f"/coupon send late-10 {OPENID} box crushed")
    await screen.hands.press(page.get_by_role("button", name="Open the form with this").last)
    await expect(form.locator("[data-block-id=openid] input")).to_have_value(OPENID)
    await expect(form.locator("[data-block-id=reason] textarea")).to_have_value("box crushed")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await shop.card(1)
    await screen.say("/coupon send oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE")
    await screen.hands.press(form.get_by_role("button", name="late-10 · box crushed"))
    await expect(form.locator("[data-block-id='reason:1'] textarea")).to_have_value("box crushed")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await shop.card(2)
    rows = shop.rows("select stock_id, reason, customer from request order by id")
    assert [(row["stock_id"], row["reason"], row["customer"]) for row in rows] == [
        ("1212121212", "box crushed", 1),
        ("1212121212", "box crushed", 2),
    ]
