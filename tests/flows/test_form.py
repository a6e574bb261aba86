"""The form: from each way in to a request, and nothing twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import fields
from pathlib import Path

import pytest

from bot.demo.workspace import SETUP
from sandbox.slack.deliveries import Twice
from sandbox.slack.errors import CannotDoError
from sandbox.slack.view_store import View
from sandbox.slack.workspace import Workspace
from storage.driver import sqlite3
from tests.world import COUPON_TOML, LATE, OPENID, World, until, world

GUARDED = COUPON_TOML.replace("[duplicates]\nhours = 0", "[duplicates]\nhours = 24")
ANOTHER = "oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE"


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncGenerator[World]:
    (tmp_path / "coupon.toml").write_text(GUARDED, encoding="utf-8")
    people = Workspace(**{part.name: getattr(SETUP, part.name) for part in fields(SETUP)})
    async with world(tmp_path, workspace=people) as started:
        yield started


async def _form(shop: World, who: str = "U0LI") -> View:
    return await shop.slack.wait_for(lambda: shop.slack.person(who).modal)


@pytest.mark.parametrize("typed", ["/coupon", "/coupon send", f"/coupon send {OPENID}"])
async def test_the_command_alone_or_half_of_it_opens_the_form(guarded: World, typed: str) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", typed)
    form = await _form(guarded)
    values = {"stock": LATE, "reason": "late again", "ticket": "T-1"}
    found = form.element("value")
    assert found is not None
    if OPENID in typed:
        assert OPENID in repr(form.definition)
    else:
        values["openid"] = OPENID
    await li.submit(form, values)
    card = await guarded.card(1)
    assert "late again" in card.words()
    row = guarded.row(1)
    assert row is not None
    assert (row["ticket"], row["reason"], row["state"]) == ("T-1", "late again", "pending")
    # The bot is not in #support: what cannot be whispered there is told in the direct messages.
    await until(lambda: [m for m in guarded.slack.dms("U0LI") if "Request #1 needs" in m.words()] or None)


async def test_one_submission_delivered_twice_makes_one_request(guarded: World) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    form = await _form(guarded)
    await li.submit(form, {"openid": OPENID, "stock": LATE}, twice=Twice.TOGETHER)
    await guarded.card(1)
    await guarded.quiet()
    assert len(guarded.rows("select id from request")) == 1


async def test_a_wrong_openid_is_told_at_its_field_and_nothing_is_lost(guarded: World) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    form = await _form(guarded)
    with pytest.raises(CannotDoError):
        await li.submit(form, {"stock": LATE})
    await li.submit(form, {"openid": "short", "stock": LATE, "reason": "kept"})
    form = await _form(guarded)
    assert "openid" in form.errors
    assert guarded.rows("select id from request") == []
    await li.submit(form, {"openid": OPENID, "stock": LATE, "reason": "kept"})
    await guarded.card(1)


async def test_the_coupons_are_found_by_name_alias_and_value(guarded: World) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    form = await _form(guarded)
    for typed, aliases in (("late", ["late-10"]), ("50", ["sorry-50"]), ("sory", ["sorry-50"])):
        answer = await li.suggest(form, "value", typed, block_id="stock")
        shown = [option["text"]["text"] for option in answer["options"]]
        assert [alias for alias in aliases if any(alias in text for text in shown)] == aliases, typed
    assert len((await li.suggest(form, "value", "", block_id="stock"))["options"]) == 4


async def test_choosing_a_coupon_shows_what_it_will_need_and_keeps_what_was_typed(guarded: World) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", f"/coupon send {OPENID}")
    form = await _form(guarded)
    await li.press(form, "value", "3434343434", block_id="stock")
    shown = await guarded.slack.wait_for(
        lambda: (
            (now := guarded.slack.person("U0LI").modal)
            and "Needs 2 approvals" in repr(now.definition)
            and now
        )
    )
    assert OPENID in repr(shown.definition)
    assert guarded.events()[-1]["tag"] != "request:created"


async def test_the_like_asked_for_again_is_asked_about_and_the_card_says_so(guarded: World) -> None:
    await guarded.send(f"send {OPENID} late-10 first")
    await guarded.card(1)
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", f"/coupon send {OPENID} late-10 second")
    form = await _form(guarded)
    assert "Request #1" in repr(form.definition)
    assert len(guarded.rows("select id from request")) == 1
    with pytest.raises(CannotDoError):
        await li.submit(form, {})
    await li.submit(form, {"confirm": ["yes"]})
    card = await guarded.card(2)
    assert "#1" in card.words()
    row = guarded.row(2)
    assert row is not None
    assert (row["duplicate_of"], row["reason"]) == (1, "second")


async def test_the_form_too_asks_about_the_like(guarded: World) -> None:
    await guarded.send(f"send {OPENID} late-10 first")
    await guarded.card(1)
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    await li.submit(await _form(guarded), {"openid": OPENID, "stock": LATE, "reason": "again"})
    form = await _form(guarded)
    assert "Request #1" in repr(form.definition)
    await li.submit(form, {"confirm": ["yes"]})
    assert "again" in (await guarded.card(2)).words()


async def test_a_shortcut_opens_it_empty_and_a_message_fills_it(guarded: World) -> None:
    li = guarded.slack.person("U0LI")
    await li.shortcut("compensate_customer")
    form = await _form(guarded)
    await li.close(form)
    said = li.say("C0SUPPORT", f"Customer {ANOTHER} waited three weeks")
    await li.message_shortcut("compensate_from_message", "C0SUPPORT", said.ts)
    form = await _form(guarded)
    shown = repr(form.definition)
    assert ANOTHER in shown
    assert "waited three weeks" in shown
    assert f"p{said.ts.replace('.', '')}" in shown
    await li.submit(form, {"stock": LATE})
    row = await until(lambda: guarded.row(1))
    assert row["ticket"].startswith("https://")


async def test_a_message_fills_the_form_with_what_people_read_and_the_ticket_that_they_named(
    guarded: World,
) -> None:
    li = guarded.slack.person("U0LI")
    said = li.say("C0SUPPORT", "Fish & chips <cold>, see https://desk.example/t/88?a=1&b=2 ticket:881, sorry")
    await li.message_shortcut("compensate_from_message", "C0SUPPORT", said.ts)
    await li.submit(await _form(guarded), {"openid": OPENID, "stock": LATE})
    row = await until(lambda: guarded.row(1))
    assert row["reason"] == "Fish & chips <cold>, see https://desk.example/t/88?a=1&b=2, sorry"
    assert row["ticket"] == "881"


async def test_a_ticket_in_the_forms_reason_is_the_ticket_and_the_next_of_it_is_asked_about(
    guarded: World,
) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    values = {"openid": OPENID, "stock": LATE, "reason": "迟到 ticket:881，客户很生气"}
    await li.submit(await _form(guarded), values)
    row = await until(lambda: guarded.row(1))
    assert (row["ticket"], row["reason"]) == ("881", "迟到，客户很生气")
    await until(lambda: [m for m in guarded.slack.dms("U0LI") if "Ticket: 881" in m.words()] or None)
    await guarded.send(f"send {ANOTHER} sorry-50 again ticket:881。")
    assert "Request #1" in repr((await _form(guarded)).definition)


async def test_the_field_goes_before_a_ticket_in_the_reason_which_then_stays_there(guarded: World) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    values = {"openid": OPENID, "stock": LATE, "reason": "as in ticket:1", "ticket": "T-2"}
    await li.submit(await _form(guarded), values)
    row = await until(lambda: guarded.row(1))
    assert (row["ticket"], row["reason"]) == ("T-2", "as in ticket:1")


async def test_a_persons_numbers_are_shortened_before_they_are_kept_and_the_answers_say_so(
    guarded: World,
) -> None:
    li = guarded.slack.person("U0LI")
    answer = await guarded.send(f"send {OPENID} late-10 call 13800138000 ticket:13900139000")
    assert "I kept it shortened" in answer.text
    await li.command("C0SUPPORT", "/coupon")
    await li.submit(await _form(guarded), {"openid": ANOTHER, "stock": LATE, "reason": "li@shop.example.com"})
    await until(lambda: [m for m in guarded.slack.dms("U0LI") if "I kept it shortened" in m.words()] or None)
    await guarded.decline(1, "We called 13800138000 already")
    await guarded.state(1, "declined")
    kept = repr((guarded.rows("select * from request"), guarded.events(), guarded.thread(1)))
    assert [part for part in ("13800138000", "13900139000", "li@shop") if part in kept] == []
    assert "We called 138…00 already" in kept


async def test_an_answer_says_nothing_of_shortening_where_nothing_was(guarded: World) -> None:
    answer = await guarded.send(f"send {OPENID} late-10 order 1234567890123456")
    assert "shortened" not in answer.text


async def test_a_declined_request_is_edited_and_sent_again_once_by_its_requester_only(guarded: World) -> None:
    await guarded.send(f"send {OPENID} late-10 no photo")
    await guarded.decline(1, "Please attach a photo")
    await guarded.state(1, "declined")
    [notice] = [m for m in guarded.slack.dms("U0LI") if m.element("edit_request")]
    li = guarded.slack.person("U0LI")
    await li.click(notice.channel, notice.ts, "edit_request")
    form = await _form(guarded)
    assert OPENID in repr(form.definition)
    await li.submit(form, {"reason": "photo attached now"})
    card = await guarded.card(2)
    assert "#1" in card.words()
    row = guarded.row(2)
    assert row is not None
    assert (row["follows"], row["reason"]) == (1, "photo attached now")

    await li.click(notice.channel, notice.ts, "edit_request")
    await li.submit(await _form(guarded), {"reason": "and once more"})
    form = await _form(guarded)
    assert form.errors
    assert len(guarded.rows("select id from request")) == 2


@pytest.mark.usefixtures("patient")
async def test_a_form_that_was_taken_unseen_and_then_corrected_says_what_stands(
    guarded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = guarded.slack.person("U0LI")
    await li.command("C0SUPPORT", "/coupon")
    form = await _form(guarded)
    assert guarded.service is not None
    # The commit succeeds, and its answer comes too late for Slack.
    monkeypatch.setattr("handlers.form.ACK_WITHIN_S", 1.0)
    blocked = sqlite3.connect(guarded.folder / "coupon.db", isolation_level=None)
    blocked.execute("begin immediate")
    await li.submit(form, {"openid": OPENID, "stock": LATE, "reason": "first"})
    blocked.execute("rollback")
    blocked.close()
    monkeypatch.undo()
    assert "could not make sure" in (await _form(guarded)).errors["stock"]
    await guarded.card(1)
    form = await _form(guarded)
    other = "oUpF8uMuAJO_M2pxb1Q9zNjWeS7p"
    await li.submit(form, {"openid": other, "stock": "3434343434", "reason": "second"})
    form = await _form(guarded)
    said = form.errors["stock"]
    assert "Request #1 stands already from this very form" in said
    assert "¥10 off, late delivery" in said
    assert "Reason: first" in said
    assert "Nothing new was made" in said
    assert [row["reason"] for row in guarded.rows("select * from request")] == ["first"]
    refused = [event for event in guarded.events() if event["tag"] == "command:refused"]
    assert [event["detail"]["reason"] for event in refused] == ["other_data"]
    # With the same data it closes: that is what stands.
    await li.submit(form, {"openid": OPENID, "stock": LATE, "reason": "first"})
    assert not form.open


async def test_an_edit_button_about_another_request_with_the_number_opens_nothing(guarded: World) -> None:
    await guarded.send(f"send {OPENID} late-10 a photo is missing")
    await guarded.decline(1, "photo please")
    await guarded.state(1, "declined")
    [notice] = [m for m in guarded.slack.dms("U0LI") if m.element("edit_request")]
    [block] = [each for each in notice.blocks if each["type"] == "actions"]
    row = guarded.row(1)
    assert row is not None
    assert block["block_id"] == row["out_request_no"]
    block["block_id"] = "cbanother"
    li = guarded.slack.person("U0LI")
    await li.click(notice.channel, notice.ts, "edit_request")
    await guarded.slack.wait_for(
        lambda: [m for m in guarded.slack.dms("U0LI") if "may be about another request" in m.words()] or None
    )
    assert li.modal is None
    [refused] = [event for event in guarded.events() if event["tag"] == "click:refused"]
    assert (refused["detail"]["action"], refused["detail"]["reason"]) == ("edit", "other_request")


async def test_of_a_command_that_comes_twice_nobody_is_told_that_the_form_did_not_open(
    guarded: World,
) -> None:
    """It opened by the first delivery: one trigger opens one form."""
    await guarded.slack.person("U0LI").command("C0SUPPORT", "/coupon send", twice=Twice.TOGETHER)
    await until(lambda: len(guarded.slack.calls("views.open")) == 2 or None)
    await _form(guarded)
    # What follows the ack is over then.
    await guarded.stop()
    shown = [*guarded.slack.ephemerals("U0LI"), *guarded.slack.dms("U0LI")]
    assert [message.text for message in shown if "did not open" in message.text] == []
