"""A rule that asks one of each of two groups, as people in Slack see it."""

from __future__ import annotations

from pathlib import Path

from tests.world import COUPON_TOML, World, world

BOTH = 'approvals = [{ of = ["S0LEADS"] }, { of = ["S0MANAGERS"] }]\n'


def card_text(shop: World, number: int) -> str:
    card = shop.card_now(number)
    assert card is not None
    return card.text


async def test_who_is_in_both_groups_fills_the_one_that_is_missing(tmp_path: Path) -> None:
    head, _, tail = COUPON_TOML.rpartition("approvals = 2\n")
    (tmp_path / "coupon.toml").write_text(head + BOTH + tail)
    async with world(tmp_path) as shop:
        number = await shop.ask("sorry-50")
        await shop.quiet()
        assert "Still missing: 1 of <!subteam^S0LEADS>, 1 of <!subteam^S0MANAGERS>." in card_text(
            shop, number
        )
        # U0ZHAO is a lead and a manager: either may follow.
        await shop.approve(number, "U0ZHAO")
        await shop.reply(number, "1 of 2")
        await shop.quiet()
        assert "Still missing: 1 of <!subteam^S0LEADS> / <!subteam^S0MANAGERS>." in card_text(shop, number)
        await shop.approve(number, "U0WANG")
        await shop.state(number, "sent")

        other = await shop.ask("sorry-50", openid="oCustomer-of-two-groups-0001")
        await shop.approve(other, "U0WANG")
        await shop.reply(other, "1 of 2")
        await shop.approve(other, "U0QIAN")
        await shop.whisper("U0QIAN", "has the approvals that your groups can give")
        assert "Still missing: 1 of <!subteam^S0MANAGERS>." in card_text(shop, other)
        card = await shop.card(other)
        await shop.slack.person("U0LI").click(card.channel, card.ts, "more_request", f"urge:{other}")
        # Only those are called who are missing.
        call = await shop.reply(other, "asks for a decision")
        assert "S0LEADS" not in call
        await shop.approve(other, "U0ZHAO")
        await shop.state(other, "sent")
        assert len(shop.wechatpay.ledger.coupons) == 2
        shop.audit_holds()
