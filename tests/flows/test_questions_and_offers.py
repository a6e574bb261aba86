"""Before a decision: a question and its answer, a smaller coupon in place of the one that was asked for."""

from __future__ import annotations

from typing import Any

from sandbox.slack.messages import Message
from tests.world import LATE, World, until


async def press(shop: World, number: int, who: str, action_id: str) -> Any:
    card = await shop.card(number)
    return await shop.slack.person(who).click(card.channel, card.ts, action_id)


async def dm(shop: World, who: str, words: str) -> Message:
    return await until(lambda: next((each for each in shop.slack.dms(who) if words in each.words()), None))


async def test_a_question_is_answered_from_the_direct_message_into_thread_and_log(shop: World) -> None:
    number = await shop.ask("sorry-50")
    wang, li = shop.slack.person("U0WANG"), shop.slack.person("U0LI")
    due = shop.rows("select remind_at, reminders_from from request")
    view = await (await press(shop, number, "U0WANG", "ask_requester")).view()
    await wang.submit(view, {"question": "Did it *arrive*?"})
    asked = await dm(shop, "U0LI", "asks about your request")
    assert "<@U0LI> about request #1: “Did it" in await shop.reply(number, "asks")
    await until(lambda: "has not answered yet" in (shop.card_now(number) or asked).words() or None)

    answering = await (await li.click(asked.channel, asked.ts, "answer_question")).view()
    await li.submit(answering, {"answer": "  "})
    assert "write something" in answering.errors["answer"]
    await li.submit(answering, {"answer": "Yes, four days late"})
    assert "<@U0LI> answers <@U0WANG>: “Yes, four days late”" in await shop.reply(number, "answers")
    await dm(shop, "U0LI", "Your answer on request #1")
    await shop.quiet()
    assert await shop.state(number, "pending") == "pending"
    card = await shop.card(number)
    assert "answered: “Yes, four days late”" in card.words()
    assert shop.rows("select remind_at, reminders_from from request") != due
    # A second answer to the same question, and somebody else's, change nothing.
    again = await li.click(asked.channel, asked.ts, "answer_question")
    await li.submit(await again.view(), {"answer": "No"})
    await dm(shop, "U0LI", "was answered before")
    assert [tag for tag in shop.tags(number) if tag.startswith("question:")] == [
        "question:asked",
        "question:answered",
    ]
    shop.audit_holds()


async def test_a_smaller_coupon_is_the_same_request_once_its_requester_takes_it(shop: World) -> None:
    number = await shop.ask("sorry-50")
    wang, li = shop.slack.person("U0WANG"), shop.slack.person("U0LI")
    before = shop.row(number)
    assert before is not None
    await shop.approve(number, "U0ZHAO")
    await shop.reply(number, "approved (1 of 2)")
    view = await (await press(shop, number, "U0WANG", "offer_smaller")).view()
    await wang.submit(view, {"offer": LATE, "reason": "it came in the end"})
    offered = await dm(shop, "U0LI", "would approve a smaller coupon")
    await shop.reply(number, "would approve a smaller coupon: ¥10 off, late delivery")
    await until(lambda: "A smaller coupon is offered" in (shop.card_now(number) or offered).words() or None)
    old_card = await shop.card(number)

    await li.click(offered.channel, offered.ts, "accept_offer")
    await shop.state(number, "sent")
    assert "Approvals from before do not count any more: <@U0ZHAO>." in await shop.reply(number, "took the")
    row = shop.row(number)
    assert row is not None
    same = ("id", "out_request_no", "requester", "customer", "reason")
    assert [row[name] for name in same] == [before[name] for name in same]
    assert (row["stock_id"], row["value_fen"], row["approvals_needed"]) == (LATE, 1000, 1)
    card = await shop.card(number)
    assert (card.ts, "Asked for was ¥50 off" in card.words()) == (old_card.ts, True)
    [given] = shop.wechatpay.ledger.coupons
    assert given.stock_id == LATE
    assert len(shop.wechatpay.ledger.sends_of(row["out_request_no"])) == 1
    assert shop.tags(number)[1:7] == [
        *("approval:given", "offer:made", "approval:withdrawn", "offer:accepted", "approval:given"),
        "request:approved",
    ]
    # What was taken is taken: the old buttons say so, and nothing is sent again.
    await li.click(offered.channel, offered.ts, "decline_offer")
    await shop.whisper("U0LI", "came too late")
    assert "Asked for was ¥50 off" in (await shop.send(f"status {number}")).text
    shop.audit_holds()
