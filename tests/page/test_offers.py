"""What docs/agent.md and docs/approver.md promise of questions and smaller coupons, done at the page."""

from __future__ import annotations

from playwright.async_api import expect

from tests.page.screens import Screen
from tests.world import LATE, World


async def test_a_question_is_answered_and_a_smaller_coupon_is_taken(screen: Screen, shop: World) -> None:
    page, press, write = screen.page, screen.hands.press, screen.hands.write
    await shop.ask("sorry-50")
    form = page.get_by_role("dialog")
    await screen.be("U0WANG", "C0APPROVE")
    await press(screen.card(1).get_by_role("button", name="Ask the requester"))
    await write(form.get_by_role("textbox"), "Did it arrive in the end?")
    await press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await expect(screen.card(1)).to_contain_text("has not answered yet")

    await screen.be("U0LI", "app")
    await press(page.get_by_role("button", name="Answer the question"))
    await expect(form).to_contain_text("Did it arrive in the end?")
    await write(form.get_by_role("textbox"), "Yes, four days late")
    await press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await expect(page.get_by_role("log")).to_contain_text("Your answer on request #1")

    await screen.be("U0WANG", "C0APPROVE")
    await expect(screen.card(1)).to_contain_text("answered: “Yes, four days late”")
    await press(screen.card(1).get_by_role("button", name="Offer a smaller one"))
    await write(form.locator("[data-block-id=offer]").get_by_role("combobox"), "late-10")
    await expect(page.locator(".listbox [role=option]").first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await expect(screen.card(1)).to_contain_text("A smaller coupon is offered")

    await screen.be("U0LI", "app")
    await press(page.get_by_role("button", name="Take the smaller one"))
    await expect(page.get_by_role("log")).to_contain_text("Your request #1 is for ¥10 off, late delivery")
    await shop.state(1, "sent")
    await screen.be("U0WANG", "C0APPROVE")
    await expect(screen.card(1)).to_contain_text("Asked for was ¥50 off, with apologies")
    assert [coupon.stock_id for coupon in shop.wechatpay.ledger.coupons] == [LATE]
