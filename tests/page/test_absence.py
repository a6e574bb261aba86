"""A lead goes away and comes back, at the page, with the real bot behind it."""

from __future__ import annotations

from playwright.async_api import expect

from tests.page.screens import Screen
from tests.world import World


async def test_a_lead_hands_over_the_card_says_so_and_home_ends_it(screen: Screen, shop: World) -> None:
    number = await shop.ask()
    await screen.be("U0WANG", "C0SUPPORT")
    await screen.say("/coupon away 3d @zhao")
    answer = screen.page.get_by_role("article").filter(has_text="You are away until")
    await expect(answer).to_contain_text("Only visible to you")
    await screen.be("U0ZHAO", "C0APPROVE")
    await expect(screen.card(number)).to_contain_text("decides in their place")
    # Whoever is asked reads it in their own language.
    await screen.be("U0ZHAO", "app")
    await expect(screen.page.get_by_role("log")).to_contain_text("请你代为审批")
    await screen.be("U0WANG", "app")
    await screen.hands.press(screen.page.locator("[data-tab=home]"))
    home = screen.page.locator("#home")
    await screen.hands.press(home.get_by_role("button", name="I am back"))
    await expect(home).not_to_contain_text("You are away until")
    await screen.be("U0ZHAO", "C0APPROVE")
    await expect(screen.card(number)).not_to_contain_text("decides in their place")
