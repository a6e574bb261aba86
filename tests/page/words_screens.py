"""Pictures of a command that was misread, and of the form with what somebody asked for lately."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.page.screens import OPENID, Screen
from tests.world import World

#: In coupon.toml, beside the usual.
TOP = 'ticket_pattern = "[A-Z]+-[0-9]+"\nticket_url = "https://desk.example.com/tickets/{ticket}"\n'
WARN = 'warn = "Only where the parcel is lost."'
WORDS = """
[[reason]]
name = "late"
en = "Parcel came late"
zh = "包裹延误"

[[reason]]
name = "broken"
en = "Parcel arrived broken"
zh = "包裹破损"
"""


def configured(toml: str) -> str:
    """coupon.toml with tickets, listed reasons, and a warning beside the first stock."""
    warned = toml.replace("value_fen = 1000", f"value_fen = 1000\n{WARN}", 1)
    return f"{TOP}{warned}{WORDS}"


async def take(screen: Screen, shop: World, folder: Path, *, mark: str, button: str) -> None:
    """`button`: the label of the one that opens the form with what was read."""
    page = screen.page
    await shop.send(f"send {OPENID} late-10 late ticket:ABC-123")
    await shop.send("send oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE sorry-50 broken")
    await shop.quiet()
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say(f"/coupon send late-10 {OPENID} late")
    offer = page.get_by_role("button", name=button).last
    await expect(offer).to_be_visible()
    await page.mouse.move(0, 0)
    answer = page.get_by_role("article").filter(has=page.get_by_role("button", name=button)).last
    await answer.screenshot(path=folder / f"swapped{mark}.png", animations="disabled")
    await screen.say(f"/coupon send {OPENID}")
    form = page.get_by_role("dialog")
    await form.get_by_role("button", name="late-10").click()
    await expect(form.locator("[data-block-id='listed_reason:1']")).to_be_visible()
    await page.mouse.move(0, 0)
    await form.screenshot(path=folder / f"form-reasons{mark}.png", animations="disabled")
