"""The form that asks why: its errors stand at the field, and it decides once."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.slack import Twice, api_error
from sandbox.slack.view_store import View
from storage.driver import sqlite3
from tests.world import World, until


async def form(shop: World, number: int, who: str = "U0WANG") -> View:
    """The decline form, open on this person's screen."""
    card = await shop.card(number)
    return await (await shop.slack.person(who).click(card.channel, card.ts, "decline_request")).view()


def typed_without_limits(view: View) -> None:
    """From here on the form takes any text: a client that is not Slack's keeps to no limit."""
    block = view.input_block("reason")
    assert block is not None
    block["element"].pop("max_length")


async def test_an_expired_trigger_tells_the_person_that_the_form_did_not_open(shop: World) -> None:
    number = await shop.ask()
    shop.slack.faults.next("views.open", api_error("expired_trigger_id"))
    card = await shop.card(number)
    answer = await shop.slack.person("U0WANG").click(card.channel, card.ts, "decline_request")
    assert answer.error is None
    await shop.whisper("U0WANG", "did not open")
    assert shop.slack.person("U0WANG").modal is None
    # The next try works.
    await shop.decline(number, "on time")
    await shop.state(number, "declined")


async def test_an_empty_reason_gets_its_error_at_the_field_and_the_form_stays(shop: World) -> None:
    number = await shop.ask()
    view = await form(shop, number)
    wang = shop.slack.person("U0WANG")
    await wang.submit(view, {"reason": "  \n "})
    assert "say why" in view.errors["reason"]
    assert (view.open, view.problem) == (True, None)
    assert shop.rows("select * from click") == []
    await wang.submit(view, {"reason": "on time"})
    assert not view.open
    await shop.state(number, "declined")


async def test_a_reason_too_long_gets_its_length_at_the_field_and_500_characters_fit(shop: World) -> None:
    number = await shop.ask()
    view = await form(shop, number)
    typed_without_limits(view)
    wang = shop.slack.person("U0WANG")
    await wang.submit(view, {"reason": "很" * 501})
    assert "501" in view.errors["reason"]
    assert "500" in view.errors["reason"]
    assert view.open
    assert shop.rows("select * from click") == []
    await wang.submit(view, {"reason": "很" * 500})
    await shop.state(number, "declined")
    row = shop.row(number)
    assert row is not None
    assert row["decline_reason"] == "很" * 500


@pytest.mark.parametrize("twice", [Twice.TOGETHER, Twice.IN_ORDER])
async def test_a_decline_form_delivered_twice_decides_once(shop: World, twice: Twice) -> None:
    number = await shop.ask()
    view = await form(shop, number)
    answer = await shop.slack.person("U0WANG").submit(view, {"reason": "on time"}, twice=twice)
    assert [delivery.error for delivery in answer.deliveries] == [None, None]
    await shop.state(number, "declined")
    assert shop.tags(number).count("request:declined") == 1
    assert "click:refused" not in shop.tags(number)
    assert len([reply for reply in shop.thread(number) if "on time" in reply]) == 1
    assert len(shop.slack.dms("U0LI")) == 1


async def test_two_people_declining_at_once_decide_once_and_the_second_is_told(shop: World) -> None:
    number = await shop.ask()
    views = {who: await form(shop, number, who) for who in ("U0WANG", "U0ZHAO")}
    await asyncio.gather(
        *(shop.slack.person(who).submit(view, {"reason": f"says {who}"}) for who, view in views.items())
    )
    await shop.state(number, "declined")
    await until(lambda: "click:refused" in shop.tags(number) or None)
    [refused] = [event for event in shop.events(number) if event["tag"] == "click:refused"]
    await shop.whisper(refused["actor"], f"#{number}")
    assert shop.tags(number).count("request:declined") == 1


@pytest.mark.usefixtures("patient")
async def test_a_decline_that_was_taken_unseen_and_then_reworded_is_answered(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await shop.ask()
    view, wang = await form(shop, number), shop.slack.person("U0WANG")
    monkeypatch.setattr("handlers.clicks.ACK_WITHIN_S", 0.5)
    blocked = sqlite3.connect(shop.folder / "coupon.db", isolation_level=None)
    blocked.execute("begin immediate")
    await wang.submit(view, {"reason": "on time"})
    assert view.errors
    await wang.submit(view, {"reason": "it was on time"})
    blocked.execute("rollback")
    blocked.close()
    monkeypatch.undo()
    await shop.state(number, "declined")
    await wang.submit(view, {"reason": "it came on time"})
    await shop.whisper("U0WANG", "came too late")
    reasons = {row["reason"] for row in shop.rows("select reason from click")}
    assert reasons == {"on time", "it was on time", "it came on time"}
