"""What docs/agent.md and docs/approver.md promise of taking a coupon back, done at the page."""

from __future__ import annotations

from playwright.async_api import expect

from sandbox.wechatpay.ledger import CouponState
from tests.page.screens import Screen
from tests.world import World


async def test_a_coupon_is_asked_back_a_lead_approves_and_the_customer_cannot_use_it(
    screen: Screen, shop: World
) -> None:
    page, press = screen.page, screen.hands.press
    await shop.approve(await shop.ask())
    await shop.state(1, "sent")
    await screen.be("U0LI", "C0SUPPORT")
    uses = page.get_by_role("button", name="The customer uses coupon")
    await expect(uses).to_be_visible()
    await screen.say("/coupon undo 1 sent to the wrong customer")

    await screen.be("U0WANG", "C0APPROVE")
    undo = page.get_by_role("article").filter(has_text="Undo #2:")
    await expect(undo).to_contain_text("sent to the wrong customer")
    await expect(screen.card(1)).to_contain_text("asks to take this coupon back")
    # Nobody asks twice.
    await expect(screen.card(1).get_by_role("button", name="Take it back")).to_have_count(0)
    # Until it is approved the coupon is the customer's.
    await expect(uses).to_be_visible()
    await press(undo.get_by_role("button", name="Approve"))
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("the coupon is taken back at once")
    await press(dialog.locator("[data-answer=confirm]"))
    for card in (undo, screen.card(1)):
        await expect(card).to_contain_text("Taken back")
        await expect(card).to_contain_text("can never be used")

    await expect(page.locator("[data-ledger=coupons]")).to_contain_text("DEACTIVATED")
    await expect(uses).to_have_count(0)
    await screen.be("U0LI", "app")
    await expect(page.get_by_role("log")).to_contain_text("is taken back, as you asked in undo #2")
    [coupon] = shop.wechatpay.ledger.coupons
    assert shop.wechatpay.state_of(coupon) is CouponState.DEACTIVATED
