"""The picture of a card that names who is away, and who decides in their place."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.page.screens import OPENID, Screen
from tests.world import World


async def take(screen: Screen, shop: World, folder: Path, *, mark: str, reason: str, until: str) -> None:
    """A lead goes away, and an agent asks."""
    page = screen.page
    await screen.be("U0WANG", "C0SUPPORT")
    await screen.say(f"/coupon away {until} @zhao")
    await expect(page.get_by_role("article").filter(has_text="/coupon back").last).to_be_visible()
    await shop.send(f"send {OPENID} late-10 {reason}")
    await screen.be("U0ZHAO", "C0APPROVE")
    card = screen.card_of(1)
    await expect(card).to_contain_text("@Zhao")
    await page.mouse.move(0, 0)
    await card.screenshot(path=folder / f"away-card{mark}.png", animations="disabled")
