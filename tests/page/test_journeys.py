"""What docs/agent.md and docs/approver.md promise, done at the page with the real bot behind it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.page.screens import OPENID, Screen
from tests.world import World


@pytest.mark.by_mouse_too
async def test_a_typed_command_an_approval_and_the_code_arrives(screen: Screen, shop: World) -> None:
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say(f"/coupon send {OPENID} late-10 parcel came four days late")
    answer = screen.page.get_by_role("article").filter(has_text="Request #1 needs 1 approval")
    await expect(answer).to_contain_text("Only visible to you")

    await screen.be("U0WANG", "C0APPROVE")
    await expect(screen.card(1)).to_contain_text("parcel came four days late")
    await screen.click(1, "Approve")
    await expect(screen.card(1)).to_contain_text("Sent")
    await expect(screen.card(1).get_by_role("button", name="Approve")).to_have_count(0)

    [coupon] = shop.wechatpay.ledger.coupons
    await expect(screen.page.locator("[data-ledger=coupons]")).to_contain_text(coupon.coupon_code)
    await screen.be("U0LI", "app")
    await expect(screen.page.get_by_role("log")).to_contain_text(coupon.coupon_code)
    await screen.tab("Audit")
    await expect(screen.page.get_by_role("tabpanel")).to_contain_text("request:sent")
    await expect(screen.page.get_by_role("tabpanel")).to_contain_text("The chain holds")


async def test_an_agent_asks_what_became_of_the_coupon(screen: Screen, shop: World) -> None:
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    await screen.be("U0LI", "C0APPROVE")
    await screen.tab("WeChat Pay")
    use = screen.page.get_by_role("button", name="The customer uses coupon")
    await screen.hands.press(use)
    await expect(use).to_have_count(0)
    await screen.click(number, "What became of it?")
    answer = screen.page.get_by_role("article").filter(has_text="Only visible to you")
    await expect(answer).to_contain_text("The customer used the coupon")
    await expect(screen.card(number)).to_contain_text("WeChat Pay said so")


async def test_a_decline_needs_a_reason_and_the_requester_reads_it(screen: Screen, shop: World) -> None:
    await shop.ask()
    await screen.be("U0WANG", "C0APPROVE")
    await screen.click(1, "Decline")
    form = screen.page.get_by_role("dialog")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_contain_text("Please complete this required field.")
    await screen.hands.write(form.get_by_role("textbox"), "The photo shows an intact box")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await expect(screen.card(1)).to_contain_text("Declined")
    await screen.be("U0LI", "app")
    await expect(screen.page.get_by_role("log")).to_contain_text("The photo shows an intact box")
    assert shop.wechatpay.ledger.coupons == []


async def test_nobody_approves_the_own_request(screen: Screen, shop: World) -> None:
    await shop.ask(who="U0WANG")
    await screen.be("U0WANG", "C0APPROVE")
    await screen.click(1, "Approve")
    refusal = screen.page.get_by_role("article").filter(has_text="Only visible to you")
    await expect(refusal).to_contain_text("Request #1 is your own")
    await expect(screen.card(1)).to_contain_text("Waiting for approval")
    row = shop.row(1)
    assert row is not None
    assert row["state"] == "pending"


async def test_a_lost_answer_is_settled_and_gives_one_coupon(screen: Screen, shop: World) -> None:
    await shop.ask()
    await screen.be("U0WANG", "C0APPROVE")
    await screen.fault("Lost answer")
    await screen.click(1, "Approve")
    await expect(screen.card(1)).to_contain_text("Sent")
    await screen.tab("WeChat Pay")
    sends = screen.page.locator("[data-ledger=requests] li").filter(has_text="POST coupons/send")
    await expect(sends).to_have_count(2)
    await expect(sends.last).to_contain_text("fault: lost_answer")
    await expect(screen.page.locator("[data-ledger=coupons] li")).to_have_count(1)
    assert len(shop.wechatpay.ledger.coupons) == 1


async def test_a_telephone_has_all_of_the_page(screen: Screen) -> None:
    await screen.page.set_viewport_size({"width": 390, "height": 844})
    await screen.be("U0LI", "C0SUPPORT")
    for part in (".sidebar", ".middle", ".world"):
        box = await screen.page.locator(part).bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 390), part


async def test_the_command_is_completed_as_it_is_typed(screen: Screen) -> None:
    await screen.be("U0LI", "C0SUPPORT")
    composer = screen.page.get_by_role("combobox", name="Message ")
    await screen.hands.write(composer, "/cou")
    row = screen.page.get_by_role("option", name="/coupon")
    await expect(row).to_be_visible()
    await composer.press("Tab")
    await expect(composer).to_have_value("/coupon ")
    await expect(row).to_contain_text("send <openid> <stock>")


async def test_a_command_nobody_has_is_refused_and_stays_in_the_box(screen: Screen) -> None:
    await screen.be("U0LI", "C0SUPPORT")
    await screen.say("/refund everything")
    await expect(screen.page.get_by_role("status").filter(has_text="/refund")).to_be_visible()
    await expect(screen.page.get_by_role("combobox", name="Message ")).to_have_value("/refund everything")


async def test_an_outsider_sees_the_shared_channel_and_nothing_else(screen: Screen, shop: World) -> None:
    await shop.ask()
    await screen.be("U0OUT", "C0APPROVE")
    await expect(screen.card(1)).to_be_visible()
    await expect(screen.page.locator("[data-place=C0SUPPORT]")).to_have_count(0)
    await screen.click(1, "Approve")
    await expect(screen.page.get_by_role("article").filter(has_text="Only visible to you")).to_be_visible()
    row = shop.row(1)
    assert row is not None
    assert row["state"] == "pending"
