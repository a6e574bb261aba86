"""The card of an undo as approvers see it, and the coupon's own card once it is taken back."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Locator, expect

from tests.page.screens import OPENID, Screen
from tests.world import World

#: Why it is asked back, by the mark of the language.
_WHY = {"": "sent to the wrong customer", ".zh-CN": "发错了客户"}


async def take(screen: Screen, shop: World, folder: Path, *, mark: str, reason: str) -> None:
    """An agent asks a coupon back that was sent for this reason, and a lead approves."""
    page, why = screen.page, _WHY[mark]

    async def shoot(what: Locator, name: str) -> None:
        await page.mouse.move(0, 0)
        await what.screenshot(path=folder / f"{name}{mark}.png", animations="disabled")

    await shop.send(f"send {OPENID} late-10 {reason}")
    number = shop.newest()
    await shop.approve(number)
    await shop.state(number, "sent")
    await shop.send(f"undo {number} {why}")
    await shop.card(number + 1)
    await shop.quiet()
    await screen.be("U0WANG", "C0APPROVE")
    card = screen.card_of(number + 1)
    await expect(card).to_contain_text(why)
    await shoot(card, "undo-card")
    await shop.approve(number + 1)
    await shop.state(number + 1, "undone")
    await shop.quiet()
    await screen.be("U0LI", "C0APPROVE")
    sent = page.get_by_role("article").filter(has_text=f"#{number}").first
    await expect(sent).to_contain_text(f"#{number + 1}")
    await expect(sent.locator("[data-action-id=undo_request]")).to_have_count(0)
    await shoot(sent, "taken-back")
