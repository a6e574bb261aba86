"""What a person does at the page, by the mouse or by the keyboard alone."""

from __future__ import annotations

from typing import Protocol

from playwright.async_api import Locator, Page, expect

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
_MOST_TABS = 150
#: Whether the focus is on the element, or on something inside it.
_FOCUSED = "node => node === document.activeElement"


class Hands(Protocol):
    """How a control is reached and used."""

    async def press(self, target: Locator) -> None: ...

    async def write(self, target: Locator, text: str) -> None: ...


class Mouse:
    """Points and clicks."""

    async def press(self, target: Locator) -> None:
        await target.click()

    async def write(self, target: Locator, text: str) -> None:
        await target.click()
        await target.fill(text)


class Keyboard:
    """Tab, Shift+Tab, Enter and letters: nothing is pointed at."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def press(self, target: Locator) -> None:
        await self.reach(target)
        await self._page.keyboard.press("Enter")

    async def write(self, target: Locator, text: str) -> None:
        await self.reach(target)
        await self._page.keyboard.press("Control+A")
        await self._page.keyboard.type(text)

    async def reach(self, target: Locator) -> None:
        await expect(target).to_be_visible()
        for _ in range(_MOST_TABS):
            if await target.evaluate(_FOCUSED):
                return
            await self._page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached with Tab")


class Screen:
    """The page, open as one person."""

    def __init__(self, page: Page, url: str, hands: Hands) -> None:
        self.page = page
        self._url = url
        self.hands = hands

    async def be(self, user: str, channel: str) -> None:
        """Look as this person at this channel (`app`: the direct messages with the bot)."""
        place = f"D{user[1:]}" if channel == "app" else channel
        await self.page.goto(f"{self._url}#person={user}&channel={place}")
        await expect(self.page.locator("#person")).to_have_value(user)
        await expect(self.page.locator(f"#go-{place}")).to_have_attribute("aria-current", "page")

    async def say(self, text: str) -> None:
        composer = self.page.locator("#composer")
        await self.hands.write(composer, text)
        await composer.press("Enter")

    def card(self, number: int) -> Locator:
        """The card of a request in the open channel."""
        return self.page.get_by_role("article").filter(has_text=f"Request #{number}:")

    def card_of(self, number: int) -> Locator:
        """The same, whatever the language."""
        return self.page.get_by_role("article").filter(has=self.page.locator(f"[data-value='{number}']"))

    async def click(self, number: int, button: str) -> None:
        """A button of a card, its question answered with yes."""
        await self.hands.press(self.card(number).get_by_role("button", name=button))
        dialog = self.page.get_by_role("alertdialog")
        if button == "Approve":
            await self.hands.press(dialog.locator("[data-answer=confirm]"))
            await expect(dialog).to_have_count(0)

    async def fault(self, label: str) -> None:
        """Order a bad day in the panel beside."""
        await self.tab("Faults")
        await self.hands.press(self.page.get_by_role("button", name=f"Switch on: {label}", exact=True))
        await expect(self.page.get_by_text("1 waiting")).to_be_visible()

    async def tab(self, name: str) -> None:
        """One of the three tabs of the other world."""
        tab = self.page.get_by_role("tab", name=name)
        if await tab.get_attribute("tabindex") == "0":
            await self.hands.press(tab)
            return
        # A row of tabs is one stop: arrows move inside it.
        if isinstance(self.hands, Keyboard):
            for _ in range(3):
                await self.hands.reach(self.page.get_by_role("tab", selected=True))
                if await tab.get_attribute("aria-selected") == "true":
                    return
                await self.page.keyboard.press("ArrowRight")
        else:
            await tab.click()
        await expect(tab).to_have_attribute("aria-selected", "true")
