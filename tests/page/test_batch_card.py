"""A batch at the page, from its card to its result."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from sandbox.wechatpay.faults import Fault, FaultKind
from tests.flows.batches import line_states, row, thread
from tests.flows.bulk import give, preview
from tests.page.screens import Screen
from tests.world import World, until

#: More than are sent at once, so that something is left to be paused.
_LINES = 40


def _list() -> bytes:
    lines = (f"oCustomer-of-a-batch-{row:07d},late-10,four days late\n" for row in range(2, 2 + _LINES))
    return ("openid,stock,reason\n" + "".join(lines)).encode()


async def _submitted(shop: World) -> int:
    """By Li, without the page: that journey is another one's."""
    await give(shop, _list())
    shown = await preview(shop, "Preview of late.csv")
    await shop.slack.person("U0LI").click(shown.channel, shown.ts, "submit_batch")
    await until(lambda: row(shop, 1)["card_ts"])
    return 1


def _card(screen: Screen) -> Locator:
    return screen.page.get_by_role("article").filter(has_text="Batch 1: ").first


async def _press(screen: Screen, name: str) -> None:
    """A button of the card, and yes to its question."""
    await screen.hands.press(_card(screen).get_by_role("button", name=name, exact=True))
    dialog = screen.page.get_by_role("alertdialog")
    await screen.hands.press(dialog.locator("[data-answer=confirm]"))
    await expect(dialog).to_have_count(0)


async def test_two_leads_strike_lines_approve_pause_and_resume_and_each_line_ends_once(
    screen: Screen, shop: World
) -> None:
    number = await _submitted(shop)
    await screen.be("U0WANG", "C0APPROVE")
    card = _card(screen)
    await expect(card).to_contain_text("Batch 1: 40 coupons, ¥400.00")
    await screen.hands.press(card.get_by_role("button", name="Strike lines out"))
    form = screen.page.get_by_role("dialog")
    await screen.hands.write(form.get_by_role("textbox"), "1-50000")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_contain_text("The last row of this batch is 41.")
    await screen.hands.write(form.get_by_role("textbox"), "3, 41")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await expect(card).to_contain_text("Batch 1: 38 coupons, ¥380.00")
    await _press(screen, "Approve")
    await expect(card).to_contain_text("Approvals: 1 of 2")
    # Nobody counts twice.
    await _press(screen, "Approve")
    await expect(screen.page.get_by_role("article").filter(has_text="Only visible to you")).to_contain_text(
        "You have approved batch 1 already"
    )

    shop.wechatpay.faults.rate(Fault(FaultKind.SLOW, seconds=1.5), 1)
    await screen.be("U0ZHAO", "C0APPROVE")
    await _press(screen, "Approve")
    await expect(card).to_contain_text("Being sent")
    await _press(screen, "Pause")
    await expect(card).to_contain_text("paused it: no further line begins")
    assert line_states(shop, number)["approved"] > 0
    shop.wechatpay.faults.clear()
    await _press(screen, "Resume")
    await expect(card).to_contain_text("38 sent, 2 struck out.", timeout=15_000)
    await expect(card.get_by_role("button", name="Pause")).to_have_count(0)

    await screen.be("U0LI", "app")
    result = screen.page.get_by_role("article").filter(has_text=".xlsx").last
    await expect(result).to_contain_text("38", timeout=15_000)
    assert line_states(shop, number) == {"sent": 38, "declined": 2}
    assert len(shop.wechatpay.ledger.coupons) == 38
    said = thread(shop, number)
    assert [words for words in said if "struck 2 rows out of batch 1: 3, 41." in words]


async def test_a_batch_that_is_declined_says_why_and_gives_nothing(screen: Screen, shop: World) -> None:
    await _submitted(shop)
    await screen.be("U0WANG", "C0APPROVE")
    await screen.hands.press(_card(screen).get_by_role("button", name="Decline"))
    form = screen.page.get_by_role("dialog")
    await screen.hands.write(form.get_by_role("textbox"), "These were refunded in May")
    await screen.hands.press(form.locator("[data-modal=submit]"))
    await expect(form).to_have_count(0)
    await expect(_card(screen)).to_contain_text("These were refunded in May")
    await expect(_card(screen).get_by_role("button", name="Approve")).to_have_count(0)
    assert shop.wechatpay.ledger.coupons == []
