"""The Home tab: what waits for a person, decided right there, and fresh after what anybody does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.pauses import Pauses
from sandbox.slack import Twice, api_error, rate_limited
from sandbox.slack.view_store import View
from tests.flows import batches
from tests.flows.test_undo import undo
from tests.world import COUPON_TOML, OPENID, World, until, world

TOGETHER = f"{COUPON_TOML}\n[home]\napprove_together_fen = 1000\n"


@pytest.fixture
def pauses() -> Pauses:
    """Two seconds between two views is for people; nothing here but the test of it needs to wait so long."""
    return Pauses(home_s=0.2)


@pytest.fixture
async def shop(tmp_path: Path, pauses: Pauses) -> AsyncGenerator[World]:
    (tmp_path / "coupon.toml").write_text(TOGETHER, encoding="utf-8")
    async with world(tmp_path, pauses=pauses) as here:
        yield here
        here.audit_holds()


def text(view: View | None) -> str:
    return "" if view is None else json.dumps(view.definition, ensure_ascii=False)


def buttons(view: View, action_id: str) -> list[str]:
    """The values of these, as they stand on the screen."""
    found = [
        element
        for block in view.definition["blocks"]
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if element.get("action_id") == action_id
    ]
    return [element.get("value") or element["options"][0]["value"] for element in found]


async def shows(shop: World, who: str, words: str) -> View:
    def now() -> View | None:
        view = shop.slack.person(who).home
        return view if view is not None and words in text(view) else None

    return await until(now)


async def shows_no_more(shop: World, who: str, words: str) -> View:
    def now() -> View | None:
        view = shop.slack.person(who).home
        return view if view is not None and words not in text(view) else None

    return await until(now)


async def opened(shop: World, who: str, words: str) -> View:
    await shop.slack.person(who).open_home()
    return await shows(shop, who, words)


async def dm(shop: World, who: str, words: str) -> str:
    return await until(lambda: next((m.words() for m in shop.slack.dms(who) if words in m.words()), None))


async def test_a_lead_opens_home_and_approves_what_waits(shop: World) -> None:
    number = await shop.ask()
    view = await opened(shop, "U0WANG", "Waiting for you: 1")
    assert f"*#{number}* <@U0LI> asks for *¥10.00*" in text(view)
    assert OPENID not in text(view)
    asked = await shop.slack.person("U0WANG").press(view, "approve_request", str(number))
    assert asked.confirm is not None
    assert "¥10.00" in asked.confirm["title"]["text"]
    await shop.state(number, "sent")
    await shows(shop, "U0WANG", "Nothing waits for your decision.")


async def test_a_lead_sees_the_grounds_the_batches_the_own_decisions_and_the_week(shop: World) -> None:
    first = await shop.ask()
    await shop.approve(first)
    await shop.state(first, "sent")
    number = await shop.ask("sorry-50")
    batch = await batches.submitted(shop, batches.lines(3))
    view = await opened(shop, "U0WANG", "Batches that wait for you")
    card, request = batches.row(shop, batch), shop.row(number)
    assert request is not None
    for place in (card["card_ts"], request["card_ts"]):
        assert f"archives/C0APPROVE/p{place.replace('.', '')}|Its card" in text(view)
    assert "This customer so far: 1 coupon, ¥10.00" in text(view)
    assert "The agent's 24 hours until then: 2 requests, ¥60.00 together." in text(view)
    assert "1 coupon sent, ¥10.00. 0 requests declined. From asking to the last approval" in text(view)
    assert f"*#{first}* ✅ Sent" in text(view)
    await opened(shop, "U0LI", "Your open batches")
    assert "By agent" not in text(shop.slack.person("U0LI").home)

    await batches.click(shop, batch, "approve_batch", "U0WANG")
    view = await shows_no_more(shop, "U0WANG", "Batches that wait for you")
    await batches.click(shop, batch, "approve_batch", "U0ZHAO")
    await batches.state(shop, batch, "done")
    view = await shows(shop, "U0WANG", "*Batch 1* ✅ Done")
    assert "You approved it" in text(view)
    await shows(shop, "U0LI", "In the last 7 days 4 coupons (¥40.00) were sent for your requests.")


async def test_an_undo_waits_for_nobody_who_had_asked_for_the_coupon(shop: World) -> None:
    first = await shop.ask(who="U0WANG")
    await shop.approve(first, "U0ZHAO")
    await shop.state(first, "sent")
    second = await undo(shop, first)
    assert buttons(await opened(shop, "U0ZHAO", "approve_request"), "approve_request") == [str(second)]
    assert buttons(await opened(shop, "U0WANG", ""), "approve_request") == []


async def test_a_lead_declines_from_home(shop: World) -> None:
    number = await shop.ask()
    view = await opened(shop, "U0WANG", "Waiting for you: 1")
    wang = shop.slack.person("U0WANG")
    form = await (await wang.press(view, "decline_request", str(number))).view()
    await wang.submit(form, {"reason": "on time"})
    await shop.state(number, "declined")
    await shows(shop, "U0WANG", "Nothing waits for your decision.")


async def test_a_decline_too_late_is_answered_by_direct_message(shop: World) -> None:
    number = await shop.ask()
    view = await opened(shop, "U0WANG", "Waiting for you: 1")
    wang = shop.slack.person("U0WANG")
    form = await (await wang.press(view, "decline_request", str(number))).view()
    await shop.approve(number, "U0ZHAO")
    await shop.state(number, "sent")
    await wang.submit(form, {"reason": "on time"})
    assert "Nothing has changed" in await dm(shop, "U0WANG", f"#{number}")
    assert shop.slack.ephemerals("U0WANG") == []


async def test_a_form_that_does_not_open_from_home_is_told_by_direct_message(shop: World) -> None:
    number = await shop.ask()
    view = await opened(shop, "U0WANG", "Waiting for you: 1")
    shop.slack.faults.next("views.open", api_error("expired_trigger_id"))
    await shop.slack.person("U0WANG").press(view, "decline_request", str(number))
    await dm(shop, "U0WANG", "did not open")


async def test_several_are_approved_at_once_by_one_click_up_to_the_limit(shop: World) -> None:
    small = [await shop.ask(openid=f"{OPENID[:-1]}{n}") for n in range(3)]
    big = await shop.ask("sorry-50", openid=f"{OPENID[:-1]}9")
    view = await opened(shop, "U0WANG", "Waiting for you: 4")
    wang = shop.slack.person("U0WANG")
    asked = await wang.press(view, "home_approve_together", confirm=False)
    assert asked.confirm is not None
    assert "3 requests, ¥30.00" in asked.confirm["title"]["text"]
    assert f"#{small[0]}, #{small[1]}, #{small[2]}." in asked.confirm["text"]["text"]
    assert shop.rows("select * from click") == []

    await wang.press(view, "home_approve_together", twice=Twice.TOGETHER)
    for number in small:
        await shop.state(number, "sent")
        assert shop.tags(number).count("approval:given") == 1
        assert "click:refused" not in shop.tags(number)
    assert len(shop.rows("select * from click")) == 3
    row = shop.row(big)
    assert row is not None
    assert row["state"] == "pending"
    last = await shows(shop, "U0WANG", "Waiting for you: 1")
    assert buttons(last, "home_approve_together") == []


async def test_one_that_was_decided_meanwhile_is_refused_alone_and_its_author_is_told(shop: World) -> None:
    first = await shop.ask(openid=f"{OPENID[:-1]}1")
    second = await shop.ask(openid=f"{OPENID[:-1]}2")
    view = await opened(shop, "U0WANG", "Waiting for you: 2")
    screen = dict(view.definition)
    await shop.decline(first, "on time", "U0ZHAO")
    await shop.state(first, "declined")
    # The screen had not caught up.
    view.definition = screen
    await shop.slack.person("U0WANG").press(view, "home_approve_together")
    await shop.state(second, "sent")
    assert "came too late" in await dm(shop, "U0WANG", f"#{first}")


async def test_above_the_limit_or_without_one_nothing_is_offered_together(
    tmp_path: Path, pauses: Pauses
) -> None:
    async with world(tmp_path, pauses=pauses) as shop:
        for n in range(2):
            await shop.ask(openid=f"{OPENID[:-1]}{n}")
        view = await opened(shop, "U0WANG", "Waiting for you: 2")
        assert buttons(view, "home_approve_together") == []
        assert len(buttons(view, "approve_request")) == 2


async def test_what_a_screen_from_before_the_limit_was_lowered_offers_approves_nothing(
    tmp_path: Path, pauses: Pauses
) -> None:
    (tmp_path / "coupon.toml").write_text(TOGETHER, encoding="utf-8")
    async with world(tmp_path, pauses=pauses) as shop:
        numbers = [await shop.ask(openid=f"{OPENID[:-1]}{n}") for n in range(2)]
        view = await opened(shop, "U0WANG", "Waiting for you: 2")
        await shop.stop()
        (tmp_path / "coupon.toml").write_text(COUPON_TOML, encoding="utf-8")
        await shop.start()
        await shop.slack.person("U0WANG").press(view, "home_approve_together")
        await shows(shop, "U0WANG", "Nothing was approved")
        assert [event["actor"] for event in shop.events() if event["tag"] == "click:refused"] == ["U0WANG"]
        assert shop.rows("select * from click") == []
        assert [shop.row(number)["state"] for number in numbers] == ["pending", "pending"]  # type: ignore[index]  # they are there


async def test_an_agent_asks_from_home(shop: World) -> None:
    view = await opened(shop, "U0LI", "You have no open requests.")
    asked = await shop.slack.person("U0LI").press(view, "home_open_form")
    assert (await asked.view()).callback_id == "send_form"


async def test_the_own_request_is_shown_as_ones_own_and_not_offered(shop: World) -> None:
    number = await shop.ask(who="U0WANG")
    view = await opened(shop, "U0WANG", "Your open requests: 1")
    assert "Nothing waits for your decision." in text(view)
    assert buttons(view, "approve_request") == []
    assert buttons(view, "more_request") == [f"cancel:{number}"]


async def test_an_agent_sees_only_the_own_ones_and_withdraws_there(shop: World) -> None:
    theirs = await shop.ask(who="U0WANG", openid=f"{OPENID[:-1]}8")
    number = await shop.ask()
    view = await opened(shop, "U0LI", "Your open requests: 1")
    assert f"*#{theirs}*" not in text(view)
    assert "Waiting for you" not in text(view)
    await shop.slack.person("U0LI").press(view, "more_request", f"cancel:{number}")
    await shop.state(number, "cancelled")
    await shows(shop, "U0LI", "Withdrawn")


async def test_a_reminder_too_soon_is_answered_by_direct_message(shop: World) -> None:
    number = await shop.ask()
    view = await opened(shop, "U0LI", "Your open requests: 1")
    li = shop.slack.person("U0LI")
    await li.press(view, "more_request", f"urge:{number}")
    await shop.reply(number, "<@U0LI>")
    await li.press(li.home or view, "more_request", f"urge:{number}")
    assert "reminder of request" in await dm(shop, "U0LI", "Nothing has changed")


async def test_it_is_fresh_after_somebody_else_decides_and_only_the_requester_has_the_code_and_asks_it_back(
    shop: World,
) -> None:
    number = await shop.ask("sorry-50")
    await opened(shop, "U0WANG", "Approvals: 0 of 2.")
    await opened(shop, "U0LI", "Approvals: 0 of 2.")
    await shop.approve(number, "U0ZHAO")
    await shows(shop, "U0WANG", "Approvals: 1 of 2 (<@U0ZHAO>).")
    await shows(shop, "U0LI", "Approvals: 1 of 2 (<@U0ZHAO>).")
    await shop.approve(number, "U0WANG")
    await shop.state(number, "sent")
    row = shop.row(number)
    assert row is not None
    view = await shows(shop, "U0LI", row["coupon_code"])
    lead = await shows(shop, "U0WANG", "Nothing waits for your decision.")
    assert row["coupon_code"] not in text(lead)
    assert buttons(lead, "undo_request") == []
    li = shop.slack.person("U0LI")
    asked = await li.press(view, "undo_request", str(number), twice=Twice.TOGETHER)
    assert asked.confirm is not None
    assert "¥50.00" in asked.confirm["text"]["text"]
    await shop.card(undo := number + 1)
    mine = await shows(shop, "U0LI", "Your open requests: 1")
    assert buttons(mine, "undo_request") == []
    assert shop.newest() == undo
    for who in ("U0ZHAO", "U0WANG"):
        await shop.approve(undo, who)
    await shop.state(undo, "undone")
    done = await shows(shop, "U0LI", "Taken back")
    assert buttons(done, "undo_request") == []


async def test_a_pause_is_told_and_takes_the_approve_buttons_away(shop: World) -> None:
    await shop.ask()
    await opened(shop, "U0WANG", "Waiting for you: 1")
    assert shop.service is not None
    await pause(shop, pause=True)
    view = await shows(shop, "U0WANG", "paused sending")
    assert "the budget ran out" in text(view)
    assert buttons(view, "approve_request") == []
    assert len(buttons(view, "decline_request")) == 1
    await pause(shop, pause=False)
    view = await shows_no_more(shop, "U0WANG", "paused sending")
    assert len(buttons(view, "approve_request")) == 1


async def pause(shop: World, *, pause: bool) -> None:
    await shop.send("pause the budget ran out" if pause else "resume", "U0WANG")


async def test_who_has_no_role_is_told_whom_to_ask_and_sees_nothing(tmp_path: Path, pauses: Pauses) -> None:
    async with world(tmp_path, pauses=pauses) as shop:
        number = await shop.ask()
        view = await opened(shop, "U0FIN", "please ask <!subteam^S0LEADS>")
        assert f"#{number}" not in text(view)
        guest = await opened(shop, "U0GUEST", "Only full members")
        assert "S0LEADS" not in text(guest)


async def test_what_looks_the_same_to_a_person_is_not_shown_again(shop: World) -> None:
    await opened(shop, "U0LI", "You have no open requests.")
    await opened(shop, "U0WANG", "You have no open requests.")
    # Each of these is shown to Wang in a round of its own, and Li was part of the first.
    await shop.ask(who="U0WANG", openid=f"{OPENID[:-1]}1")
    await shows(shop, "U0WANG", "Your open requests: 1")
    await shop.ask(who="U0WANG", openid=f"{OPENID[:-1]}2")
    await shows(shop, "U0WANG", "Your open requests: 2")
    published = [call.arguments["user_id"] for call in shop.slack.calls("views.publish")]
    assert published.count("U0LI") == 1


@pytest.mark.parametrize("pauses", [Pauses()])
async def test_changes_close_together_are_shown_together(shop: World) -> None:
    await opened(shop, "U0WANG", "You have no open requests.")
    await asyncio.gather(*(shop.send(f"send {OPENID[:-1]}{n} late-10 late", "U0WANG") for n in range(5)))
    await shows(shop, "U0WANG", "Your open requests: 5")
    assert len(shop.slack.calls("views.publish")) == 2


async def test_after_a_refusal_by_slack_it_is_shown_all_the_same(shop: World) -> None:
    shop.slack.faults.next("views.publish", rate_limited(1))
    view = await opened(shop, "U0LI", "You have no open requests.")
    # Somebody else of ours has shown another one meanwhile.
    view.hash = "another"
    await shop.ask()
    await shows(shop, "U0LI", "Your open requests: 1")
    assert "hash_conflict" in [call.error for call in shop.slack.calls("views.publish")]
