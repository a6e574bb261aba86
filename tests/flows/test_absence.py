"""Somebody goes away: the card names who decides instead, and what nobody can approve is called to mind."""

from __future__ import annotations

import pytest

from tests.flows.test_card_story import words_of
from tests.flows.test_home import buttons, dm, opened
from tests.world import World, until


async def test_an_approver_hands_over_and_comes_back(shop: World) -> None:
    number = await shop.ask()
    await shop.card(number)
    await shop.send("away 2d", "U0QIAN")
    answer = await shop.send("away 3d @zhao", "U0WANG")
    assert "You are away until" in str(answer.text)
    await until(lambda: "<@U0WANG> is away until" in words_of(shop, number) or None)
    assert "and <@U0ZHAO> decides in their place" in words_of(shop, number)
    assert "asked you to decide in their place" in await dm(shop, "U0ZHAO", "<@U0WANG> is away until")
    # The deputy is away, too: nobody is there.
    await shop.send("away 4h", "U0ZHAO")
    await shop.reply(number, "Nobody who may approve it is here")
    assert "Nobody who may approve it is here" in words_of(shop, number)
    # It outlives the bot, and what was said is not said again.
    await shop.stop()
    await shop.start()
    view = await opened(shop, "U0ZHAO", "You are away until")
    [back] = buttons(view, "home_back")
    await shop.slack.person("U0ZHAO").press(view, "home_back", back)
    await until(lambda: "Nobody who may approve it is here" not in words_of(shop, number) or None)
    await shop.approve(number, "U0ZHAO")
    await shop.state(number, "sent")
    tags = [event["tag"] for event in shop.events()]
    assert [tag for tag in tags if tag.startswith(("absence:", "request:reminded"))] == [
        "absence:began",
        "absence:began",
        "absence:began",
        "request:reminded",
        "absence:ended",
    ]
    shop.audit_holds()


@pytest.mark.parametrize(
    ("typed", "who", "answer"),
    [
        ("away 3d @li", "U0WANG", "may not approve anything that you may"),
        ("away 3d", "U0LI", "only those who may approve requests"),
        ("away 3d @nobody", "U0WANG", "which is no person's name in Slack"),
        ("away 2020-01-01", "U0WANG", "is past"),
        ("away", "U0WANG", "I read no time"),
        ("back", "U0WANG", "You are not away"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(shop: World, typed: str, who: str, answer: str) -> None:
    assert answer in str((await shop.send(typed, who)).text)
    assert shop.rows("select * from absence") == []
