"""A click counts on the message that is the request's card now, and on nothing else that has its buttons."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_app import session, web_client
from sandbox.slack import Message, api_error, cut_after
from sandbox.wechatpay.faults import Fault, FaultKind
from tests.world import World, until


@asynccontextmanager
async def own_client(shop: World) -> AsyncGenerator[AsyncWebClient]:
    """Slack with the bot's token."""
    async with session() as http:
        yield web_client(shop.slack.setup.bot_token, base_url=shop.slack.api_url, session=http)


async def old_card(shop: World, number: int) -> Message:
    """Another message with the buttons of this request's card, as it stands after an older file was put
    back and the number given out again."""
    card = await shop.card(number)
    async with own_client(shop) as slack:
        posted = await slack.chat_postMessage(channel=card.channel, text=card.text, blocks=card.blocks)
    return shop.slack.message(card.channel, posted["ts"])


def refusals(shop: World, number: int) -> list[tuple[Any, Any]]:
    return [
        (event["detail"]["action"], event["detail"]["reason"])
        for event in shop.events(number)
        if event["tag"] == "click:refused"
    ]


async def answer_with_link(shop: World, number: int, who: str) -> None:
    said = await shop.whisper(who, "did not come from the card")
    card = await shop.card(number)
    assert "Nothing has changed" in said
    place = f"archives/{card.channel}/p{card.ts.replace('.', '')}"
    links = [m.text for m in shop.slack.ephemerals(who) if place in m.text]
    assert links


async def test_an_old_card_approves_nothing_and_its_answer_links_to_the_right_one(shop: World) -> None:
    number = await shop.ask()
    old = await old_card(shop, number)
    await shop.slack.person("U0WANG").click(old.channel, old.ts, "approve_request")
    await answer_with_link(shop, number, "U0WANG")
    row = shop.row(number)
    assert row is not None
    assert row["state"] == "pending"
    assert shop.rows("select 1 from approval") == []
    assert refusals(shop, number) == [("approve", "other_card")]
    # The card itself goes on working.
    await shop.approve(number)
    await shop.state(number, "sent")
    assert len(shop.wechatpay.ledger.coupons) == 1
    shop.audit_holds()


async def test_a_decline_form_opened_on_an_old_card_declines_nothing(shop: World) -> None:
    number = await shop.ask()
    old, wang = await old_card(shop, number), shop.slack.person("U0WANG")
    view = await (await wang.click(old.channel, old.ts, "decline_request")).view()
    await wang.submit(view, {"reason": "on time"})
    await answer_with_link(shop, number, "U0WANG")
    assert refusals(shop, number) == [("decline", "other_card")]
    await shop.decline(number, "on time")
    await shop.state(number, "declined")


@pytest.mark.parametrize("wish", ["cancel", "urge"])
async def test_the_menu_of_an_old_card_does_nothing(shop: World, wish: str) -> None:
    number = await shop.ask()
    old = await old_card(shop, number)
    await shop.slack.person("U0LI").click(old.channel, old.ts, "more_request", f"{wish}:{number}")
    await answer_with_link(shop, number, "U0LI")
    assert refusals(shop, number) == [(wish, "other_card")]
    row = shop.row(number)
    assert row is not None
    assert (row["state"], row["urged_at"]) == ("pending", None)


async def test_retry_counts_on_the_card_and_where_the_number_is_typed(shop: World) -> None:
    shop.wechatpay.faults.queue(Fault(FaultKind.NO_AUTH))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "held")
    old = await old_card(shop, number)
    await shop.slack.person("U0WANG").click(old.channel, old.ts, "retry_request")
    await answer_with_link(shop, number, "U0WANG")
    assert refusals(shop, number) == [("retry", "other_card")]
    await shop.send(f"retry {number}", "U0WANG")
    await shop.state(number, "sent")


async def test_a_card_that_was_deleted_no_longer_counts_and_its_successor_does(shop: World) -> None:
    number = await shop.ask()
    before = await shop.card(number)
    shop.slack.delete_message(before.channel, before.ts)
    await shop.send(f"urge {number}")
    after = await until(lambda: card if (card := shop.card_now(number)) and card.ts != before.ts else None)
    assert after.element("approve_request")
    await shop.slack.person("U0WANG").click(after.channel, after.ts, "approve_request")
    await shop.state(number, "sent")


async def test_a_card_gone_when_it_is_drawn_anew_has_one_successor_whose_number_is_known(shop: World) -> None:
    """Drawn anew because of a pause, and called to mind meanwhile, while Slack's answers get lost."""
    number = await shop.ask()
    before = await shop.card(number)
    shop.slack.delete_message(before.channel, before.ts)
    # Of the news of the pause, and of the card.
    shop.slack.faults.next("chat.postMessage", cut_after())
    shop.slack.faults.next("chat.postMessage", cut_after())
    await shop.send("pause a look", "U0WANG")
    await shop.send(f"urge {number}")
    await shop.quiet()
    cards = [m for m in shop.slack.messages("C0APPROVE") if m.text.startswith("Waiting for approval")]
    assert [m.ts for m in cards] == [(await shop.card(number)).ts]
    # By this, a start with an older file knows that the number was given out.
    assert str(cards[0].metadata["event_payload"]["delivery_id"]).endswith(f".card:{number}")


async def test_a_click_that_is_quicker_than_slacks_answer_about_the_card_counts(shop: World) -> None:
    """The card stands, and its post's answer gets lost: who clicks it meanwhile is not refused."""
    shop.slack.faults.next("chat.postMessage", cut_after())
    await shop.send("send oUpF8uMuAJO_M2pxb1Q9zNjWeS6o late-10 four days late")
    number = shop.newest()
    card = await shop.slack.wait_for(
        lambda: next((m for m in shop.slack.messages("C0APPROVE") if m.element("approve_request")), None)
    )
    row = shop.row(number)
    assert row is not None
    assert row["card_ts"] is None
    await shop.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    assert [kept["message_ts"] for kept in shop.rows("select * from click")] == [card.ts]
    await shop.state(number, "sent")
    assert refusals(shop, number) == []
    assert [m.ts for m in shop.slack.messages("C0APPROVE") if "Request #" in m.words()] == [card.ts]


async def test_home_of_another_request_with_the_same_number_approves_nothing(shop: World) -> None:
    number = await shop.ask()
    wang = shop.slack.person("U0WANG")
    await wang.open_home()
    view = await shop.slack.wait_for(lambda: wang.home)
    [block] = [each for each in view.definition["blocks"] if each["type"] == "actions"][:1]
    row = shop.row(number)
    assert row is not None
    assert block["block_id"] == row["out_request_no"]
    block["block_id"] = "cbanother"
    await wang.press(view, "approve_request")
    said = await until(
        lambda: next((m for m in shop.slack.dms("U0WANG") if "another one" in m.words()), None)
    )
    assert "Open Home again" in said.words()
    assert refusals(shop, number) == [("approve", "other_request")]
    assert shop.rows("select 1 from approval") == []


# --- numbers, after a restore


def without_file(shop: World) -> None:
    for file in shop.folder.glob("coupon.db*"):
        if not file.name.endswith("checkpoint-key"):
            file.unlink()


def raised(shop: World) -> list[tuple[int, int]]:
    found = [event["detail"] for event in shop.events() if event["tag"] == "numbers:raised"]
    return [(each["seen"], each["given_out"]) for each in found]


async def test_with_a_new_file_numbers_begin_above_the_cards_and_the_old_ones_approve_nobody(
    shop: World,
) -> None:
    numbers = [await shop.ask(), await shop.ask()]
    old = await shop.card(numbers[-1])
    await shop.stop()
    without_file(shop)
    await shop.start()
    assert raised(shop) == [(2, 0)]
    assert await shop.ask("sorry-50", openid="oAnotherCustomer000000000001") == 3
    await shop.slack.person("U0WANG").click(old.channel, old.ts, "approve_request")
    await shop.whisper("U0WANG", "There is no request #2")
    assert shop.rows("select 1 from approval") == []
    # Once it has given out more than is shown, nothing is raised again.
    await shop.stop()
    await shop.start()
    assert raised(shop) == [(2, 0)]
    shop.audit_holds()


async def test_with_an_older_file_numbers_go_on_above_what_was_shown_since(shop: World) -> None:
    await shop.ask()
    await shop.stop()
    kept = {file: file.read_bytes() for file in shop.folder.glob("coupon.db*")}
    await shop.start()
    await shop.ask()
    await shop.ask()
    await shop.stop()
    without_file(shop)
    for file, content in kept.items():
        file.write_bytes(content)
    await shop.start()
    assert raised(shop) == [(3, 1)]
    assert await shop.ask() == 4


async def test_numbers_that_others_write_into_the_channel_count_for_nothing(shop: World) -> None:
    await shop.ask()
    for person in ("U0WANG", "U0LI"):
        shop.slack.person(person).say("C0APPROVE", "9.card:999 request #999 coupon-checkpoint v1 seq=999 ")
    await shop.stop()
    await shop.start()
    assert raised(shop) == []


async def test_a_start_that_may_not_read_the_channel_works_all_the_same(shop: World) -> None:
    await shop.ask()
    await shop.stop()
    shop.slack.faults.next("conversations.history", api_error("missing_scope"))
    await shop.start()
    assert raised(shop) == []
    await shop.ask()


async def test_what_slack_did_not_say_at_the_start_is_asked_again(shop: World) -> None:
    await shop.ask()
    await shop.ask()
    await shop.stop()
    without_file(shop)
    # aiohttp asks once more by itself.
    shop.slack.faults.next("conversations.history", cut_after())
    shop.slack.faults.next("conversations.history", cut_after())
    await shop.start()
    assert raised(shop) == []
    await until(lambda: raised(shop) or None)
    assert raised(shop) == [(2, 0)]
    assert await shop.ask() == 3
