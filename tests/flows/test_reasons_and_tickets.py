"""Listed reasons, what must be said, tickets as links, and the form opened with what a command held."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.workspace import SETUP
from sandbox.slack.acting import Answer
from sandbox.slack.view_store import View
from tests.world import COUPON_TOML, ENGLISH_TEAM, LATE, OPENID, World, until, world

ANOTHER = "oUpF8uN95-Ptaags6E_roPHg7AG0"
WORDS = """
[[reason]]
name = "late"
en = "Parcel came late"
zh = "包裹延误"

[[decline_reason]]
en = "The customer was refunded already."
zh = "客户已获退款。"

[required]
reason_from_fen = 1000
ticket_from_fen = 5000
"""
DESK = "https://desk.example.com/t/"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[World]:
    # As long as an openid may be: only the catalogue knows which of two such words is the customer.
    tickets = f'ticket_pattern = "[A-Z]+-[0-9]+"\nticket_url = "{DESK}{{ticket}}"\n'
    warned = COUPON_TOML.replace("value_fen = 5000", 'value_fen = 5000\nwarn = "Only for lost parcels."')
    warned = warned.replace('"uploaded-10"', '"uploaded-10-by-hand"')
    (tmp_path / "coupon.toml").write_text(tickets + warned + WORDS, encoding="utf-8")
    async with world(tmp_path, workspace=replace(ENGLISH_TEAM, shortcuts=SETUP.shortcuts)) as started:
        yield started


async def form_of(shop: World, who: str = "U0LI") -> View:
    return await shop.slack.wait_for(lambda: shop.slack.person(who).modal)


async def press_offer(shop: World, answer: Answer, who: str = "U0LI") -> View:
    message = answer.shown[0]
    await shop.slack.person(who).click(message.channel, message.ts, "open_form_with")
    return await form_of(shop, who)


def values(form: View) -> dict[str, str]:
    """What stands in the fields."""
    return {
        name.partition(":")[0]: str(field["value"].get("value") or "")
        for name, field in form.values.items()
        if "value" in field
    }


def kept(shop: World, number: int) -> tuple[str, str, str, str]:
    row = shop.row(number)
    assert row is not None
    [customer] = shop.rows("select openid from customer where id = :id", id=row["customer"])
    return customer["openid"], row["stock_id"], row["reason"], row["ticket"]


def words_of(shop: World, number: int) -> str:
    card = shop.card_now(number)
    return card.words() if card is not None else ""


async def test_a_listed_reason_and_a_ticket_are_kept_in_full_and_the_card_tells_both(shop: World) -> None:
    await shop.send(f"send {OPENID} late-10 late since Monday ticket:{DESK}ABC-1")
    card = await shop.card(1)
    assert kept(shop, 1) == (OPENID, LATE, "Parcel came late: since Monday", "ABC-1")
    assert f"<{DESK}ABC-1|ABC-1>" in repr(card.blocks)
    await shop.approve(1)
    await shop.state(1, "sent")
    # The news for the agent begin with the code and the words for the customer.
    code = shop.wechatpay.ledger.coupons[0].coupon_code
    news = next(message for message in shop.slack.dms("U0LI") if code in message.words())
    assert news.text.startswith(f"Coupon code: `{code}`")
    labels = [block["elements"][0]["elements"][0]["text"] for block in news.blocks[:3]]
    assert labels == ["Coupon code: ", "For the customer, in Chinese:", "For the customer, in English:"]
    # Whoever the customer: the second card tells what the ticket got, and what else waits with it.
    await shop.send(f"send {ANOTHER} sorry-50 still no parcel ticket:ABC-1")
    card = await shop.card(2)
    shown = card.words()
    assert "This ticket so far" in shown
    assert "1 coupon, ¥10.00" in shown.partition("This ticket so far")[2]
    assert "Please note: Only for lost parcels." in shown
    await shop.send(f"send {OPENID} sorry-50 and again ticket:ABC-1")
    await shop.card(3)
    await until(lambda: "Also open: #3." in words_of(shop, 2) or None)


async def test_the_ticket_is_asked_about_by_its_number_or_its_address(shop: World) -> None:
    assert "nothing was asked for" in (await shop.send("ticket ABC-1")).text
    await shop.send(f"send {OPENID} late-10 late ticket:ABC-1")
    for typed in ("ABC-1", f"{DESK}ABC-1", "ticket:ABC-1"):
        answer = await shop.send(f"ticket {typed}")
        assert f"<{DESK}ABC-1|ABC-1>" in answer.text, typed
        assert "No coupon yet" in answer.text
        assert "*#1*" in answer.text
        assert OPENID not in repr(answer.shown[0].blocks)
    assert "Only people who may ask" in (await shop.send("ticket ABC-1", "U0FIN")).text
    # A message that names the ticket opens the form with it, and says what it got.
    await shop.approve(1)
    await shop.state(1, "sent")
    li = shop.slack.person("U0LI")
    said = li.say("C0SUPPORT", f"请看 ABC-1，客户 {ANOTHER} 又来问")
    await li.message_shortcut("compensate_from_message", "C0SUPPORT", said.ts)
    form = await form_of(shop)
    assert (values(form)["ticket"], values(form)["openid"]) == ("ABC-1", ANOTHER)
    assert "This ticket so far: 1 coupon" in repr(form.definition)
    # What was taken back is not what a ticket got.
    await shop.send("undo 1 wrong customer", "U0SUN")
    await shop.approve(await until(lambda: shop.newest() if shop.newest() > 1 else None))
    await shop.state(2, "undone")
    answer = await shop.send("ticket ABC-1")
    assert "No coupon yet" in answer.text
    assert "*#2*" not in answer.text


async def test_what_a_value_must_say_is_asked_for_and_the_form_has_the_rest(shop: World) -> None:
    answer = await shop.send(f"send {OPENID} sorry-50 ticket:ABC-1")
    assert "No request was made. A coupon of this value needs a reason" in answer.text
    assert shop.rows("select id from request") == []
    assert shop.events()[-1]["detail"]["reason"] == "reason_required"
    form = await press_offer(shop, answer)
    assert (values(form)["openid"], values(form)["ticket"]) == (OPENID, "ABC-1")
    li = shop.slack.person("U0LI")
    await li.submit(form, {"ticket": ""})
    assert {*form.errors} == {"reason", "ticket"}
    await li.submit(form, {"listed_reason": "Parcel came late", "reason": "lost", "ticket": "ABC-1"})
    await shop.card(1)
    assert kept(shop, 1) == (OPENID, "3434343434", "Parcel came late: lost", "ABC-1")
    assert "needs a reason and the customer's ticket" in (await shop.send(f"check {OPENID} sorry-50")).text


async def test_swapped_words_are_offered_in_the_right_order_and_nothing_is_asked_for(shop: World) -> None:
    answer = await shop.send(f"send late-10 {OPENID} late")
    assert "In the right order: `/coupon send oU…jWeS6o late-10 late`" in answer.text
    assert OPENID not in repr(answer.shown[0].blocks)
    assert shop.rows("select id from request") == []
    form = await press_offer(shop, answer)
    li = shop.slack.person("U0LI")
    await li.submit(form, {})
    await shop.card(1)
    assert kept(shop, 1) == (OPENID, LATE, "Parcel came late", "")
    answer = await shop.send(f"check uploaded-10-by-hand {OPENID}")
    assert "In the right order: `/coupon check oU…jWeS6o uploaded-10-by-hand`" in answer.text
    # An openid that an editor damaged stands there as it was read, to be mended; the stock is chosen already.
    form = await press_offer(shop, await shop.send(f"send {OPENID[:9]}—{OPENID[10:]} late-10 late"))
    assert "—" in values(form)["openid"]
    await li.submit(form, {"openid": ANOTHER})
    await shop.card(2)
    assert kept(shop, 2) == (ANOTHER, LATE, "Parcel came late", "")
    # After a restart the words are gone, and the form says so.
    answer = await shop.send(f"send {OPENID} lste-10 late")
    await shop.stop()
    await shop.start()
    form = await press_offer(shop, answer)
    assert "I no longer have what I read" in repr(form.definition)
    assert values(form)["openid"] == ""


async def test_the_last_combinations_come_first_in_the_form_and_one_click_takes_one(shop: World) -> None:
    for openid, words in ((OPENID, "late-10 late"), (ANOTHER, "own-10 wrong size"), (OPENID, "late-10 late")):
        await shop.send(f"send {openid} {words}")
    li = shop.slack.person("U0LI")
    await li.command("C0SUPPORT", f"/coupon send {OPENID}")
    form = await form_of(shop)
    row = next(block for block in form.blocks if block.get("block_id") == "favourites")
    labels = [button["text"]["text"] for button in row["elements"]]
    assert labels == ["¥10.00 late-10 · Parcel came late", "¥10.00 own-10 · wrong size"]
    for place in (0, 1):
        await li.press(form, f"favourite_{place}")
        form = await until(
            lambda turn=place + 1: ((now := li.modal) and f"reason:{turn}" in now.values and now) or None
        )
    assert values(form)["reason"] == "wrong size"
    assert values(form)["openid"] == OPENID
    await li.submit(form, {})
    await shop.card(4)
    assert kept(shop, 4) == (OPENID, "5656565656", "wrong size", "")


async def test_an_approver_chooses_words_to_decline_with_and_help_is_by_role(shop: World) -> None:
    await shop.ask()
    card = await shop.card(1)
    wang = shop.slack.person("U0WANG")
    # Each is helped with what they may do.
    agent, lead = [(await shop.send("help", who)).text for who in ("U0LI", "U0WANG")]
    assert "`late` Parcel came late" in agent
    assert "/coupon pause" not in agent
    assert "/coupon audit" not in agent
    assert "/coupon pause" in lead
    assert "no role with coupons here yet" in (await shop.send("help", "U0FIN")).text
    opened = await wang.click(card.channel, card.ts, "decline_request")
    view = await opened.view()
    await wang.submit(view, {})
    assert "say why" in view.errors["reason"]
    await wang.submit(view, {"template": "The customer was refunded already.", "reason": "See #9."})
    await shop.state(1, "declined")
    row = shop.row(1)
    assert row is not None
    assert row["decline_reason"] == "The customer was refunded already. See #9."
