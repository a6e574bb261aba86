"""A batch from its submission to its last coupon: one card, one thread, and nothing for each line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_app import session, web_client
from sandbox.slack import Message
from tests.flows.batches import (
    card,
    card_now,
    click,
    drafted,
    events,
    line_states,
    lines,
    openid,
    quiet,
    row,
    running,
    state,
    submitted,
    thread,
)
from tests.world import World, until


@asynccontextmanager
async def own_client(shop: World) -> AsyncGenerator[AsyncWebClient]:
    """Slack with the bot's token."""
    async with session() as http:
        yield web_client(shop.slack.setup.bot_token, base_url=shop.slack.api_url, session=http)


def refusals(shop: World) -> list[tuple[str, str]]:
    found = [event["detail"] for event in shop.events() if event["tag"] == "click:refused"]
    return [(detail["action"], detail["reason"]) for detail in found]


async def modal(shop: World, number: int, action_id: str, who: str = "U0WANG") -> Any:
    return await (await click(shop, number, action_id, who)).view()


async def test_leads_approve_a_batch_on_its_card_and_each_customer_gets_one_coupon(shop: World) -> None:
    number = await submitted(shop, lines(3))
    shown = (await card(shop, number)).words()
    for part in (
        "Batch 1: 3 coupons, ¥30.00",
        "late parcels.csv",
        "3 customers. Nobody got a coupon",
        "SHA-256",
    ):
        assert part in shown
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, number, "approve_batch", who)
    assert await state(shop, number, "done") == "done"
    assert line_states(shop, number) == {"sent": 3}
    assert len(shop.wechatpay.ledger.coupons) == 3
    assert "3 sent. Sent so far: ¥30.00" in (await card(shop, number)).words()
    assert [reply.partition("\n")[0] for reply in thread(shop, number)] == [
        "<@U0WANG> approved (1 of 2).",
        "<@U0ZHAO> approved (2 of 2). Its lines go out next.",
        "Batch 1 is done. 3 sent.",
    ]
    tags = ["batch:created", "approval:given", "approval:given", "batch:approved", "batch:done"]
    assert [each["tag"] for each in events(shop, number)] == tags
    # One card, and not a full openid in all that Slack was told.
    assert len(shop.slack.messages("C0APPROVE")) == 1
    said = json.dumps([call.arguments for call in shop.slack.calls()], ensure_ascii=False, default=str)
    assert not [row for row in (2, 3, 4) if openid(row) in said]


async def test_the_card_says_who_of_its_customers_got_something_lately(shop: World) -> None:
    one = await shop.ask(openid=openid(3))
    await shop.approve(one)
    await shop.state(one, "sent")
    number = await submitted(shop, [*lines(3), (openid(3), "sorry-50")])
    shown = (await card(shop, number)).words()
    assert "3 customers. 1 got a coupon in the 30 days before." in shown
    assert "`oC…000003`: 2 coupons, ¥60.00" in shown
    assert "¥50 off, with apologies (`3434343434`): 1 coupon, ¥50.00" in shown


async def test_a_lead_declines_with_a_reason_and_nobody_gets_a_coupon(shop: World) -> None:
    number = await submitted(shop, lines(3))
    view = await modal(shop, number, "decline_batch")
    assert view.callback_id == "decline_reason"
    await shop.slack.person("U0WANG").submit(view, {"reason": "wrong list"})
    await state(shop, number, "declined")
    await until(lambda: line_states(shop, number) == {"declined": 3} or None)
    assert "wrong list" in (await card(shop, number)).words()
    assert "declined batch 1: nobody gets a coupon from it." in thread(shop, number)[0]
    assert shop.wechatpay.ledger.coupons == []


async def test_wrong_rows_are_answered_in_the_form_and_right_ones_are_struck_out(shop: World) -> None:
    number = await submitted(shop, lines(6))
    view, wang = await modal(shop, number, "strike_lines"), shop.slack.person("U0WANG")
    for typed, why in (
        ("17; 20", "is not read as rows"),
        ("5-3", "is not read as rows"),
        ("3-99", "The last row of this batch is 7."),
        ("1", "No line that waits for approval stands in these rows"),
        ("2-7", "These are all lines of the batch: decline it instead."),
    ):
        await wang.submit(view, {"rows": typed})
        assert why in view.errors["rows"], typed
    # As an input method and an editor write it.
    await wang.submit(view, {"rows": "３， 5–6"})
    await until(lambda: row(shop, number)["size"] == 3 or None)
    await quiet(shop)
    assert line_states(shop, number) == {"pending": 3, "declined": 3}
    assert "Batch 1: 3 coupons, ¥30.00" in (await card(shop, number)).words()
    assert "struck 3 rows out of batch 1: 3, 5, 6." in thread(shop, number)[0]
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, number, "approve_batch", who)
    await state(shop, number, "done")
    assert {coupon.openid for coupon in shop.wechatpay.ledger.coupons} == {openid(n) for n in (2, 4, 7)}


@pytest.mark.parametrize("action_id", ["approve_batch", "decline_batch", "strike_lines"])
async def test_nobody_decides_about_the_own_file_also_as_a_lead(shop: World, action_id: str) -> None:
    number = await submitted(shop, lines(3), who="U0WANG")
    if action_id == "approve_batch":
        await click(shop, number, action_id, "U0WANG")
    else:
        view = await modal(shop, number, action_id, "U0WANG")
        filled = {"reason": "x"} if action_id == "decline_batch" else {"rows": "2"}
        await shop.slack.person("U0WANG").submit(view, filled)
    await shop.whisper("U0WANG", "Batch 1 is your own, so somebody else must decide.")
    assert (line_states(shop, number), shop.rows("select 1 from batch_approval")) == ({"pending": 3}, [])
    assert [reason for _, reason in refusals(shop)] == ["self"]


async def test_an_approval_counts_once_and_who_is_no_approver_is_told_so(shop: World) -> None:
    number = await submitted(shop, lines(3))
    for who, why in (
        ("U0WANG", ""),
        ("U0WANG", "your approval counts once"),
        ("U0SUN", "You are not among those who may decide about batch 1."),
    ):
        await click(shop, number, "approve_batch", who)
        if why:
            await shop.whisper(who, why)
    assert row(shop, number)["state"] == "pending"
    view = await modal(shop, number, "decline_batch")
    await shop.slack.person("U0WANG").submit(view, {"reason": "after all"})
    await shop.whisper("U0WANG", "so you cannot decline it or strike out lines too")
    assert shop.wechatpay.ledger.coupons == []


async def test_two_leads_at_once_are_two_approvals_and_each_line_is_sent_once(shop: World) -> None:
    number = await submitted(shop, lines(20))
    await asyncio.gather(
        *(click(shop, number, "approve_batch", who, twice=True) for who in ("U0WANG", "U0ZHAO"))
    )
    await state(shop, number, "done")
    assert [each["tag"] for each in events(shop, number)].count("approval:given") == 2
    assert len(shop.wechatpay.ledger.coupons) == len({c.openid for c in shop.wechatpay.ledger.coupons}) == 20


async def test_a_click_on_an_older_message_with_its_buttons_counts_for_nothing(shop: World) -> None:
    number = await submitted(shop, lines(3))
    shown = await card(shop, number)
    async with own_client(shop) as slack:
        posted = await slack.chat_postMessage(channel=shown.channel, text=shown.text, blocks=shown.blocks)
    old: Message = shop.slack.message(shown.channel, posted["ts"])
    for who in ("U0WANG", "U0ZHAO"):
        await shop.slack.person(who).click(old.channel, old.ts, "approve_batch")
        await shop.whisper(who, "may be about another batch")
    place = f"archives/{shown.channel}/p{shown.ts.replace('.', '')}"
    assert [m.text for m in shop.slack.ephemerals("U0WANG") if place in m.text]
    assert (row(shop, number)["state"], refusals(shop)) == ("pending", [("approve_batch", "other_card")] * 2)


async def test_the_card_of_one_batch_decides_nothing_about_another(shop: World) -> None:
    first, second = await submitted(shop, lines(3)), await submitted(shop, lines(3), no=2)
    shown = await card(shop, first)
    async with own_client(shop) as slack:
        blocks = json.loads(json.dumps((await card(shop, second)).blocks))
        await slack.chat_update(channel=shown.channel, ts=shown.ts, text="forged", blocks=blocks)
    await shop.slack.person("U0WANG").click(shown.channel, shown.ts, "approve_batch")
    await shop.whisper("U0WANG", "This did not come from the message of batch 2")
    assert shop.rows("select 1 from batch_approval") == []


async def test_while_sending_is_paused_a_batch_cannot_be_approved_and_its_card_says_so(shop: World) -> None:
    number = await submitted(shop, lines(3))
    await shop.send("pause wrong stock", "U0WANG")
    await quiet(shop)
    assert "nothing can be approved until somebody resumes it" in (await card(shop, number)).words()
    await click(shop, number, "approve_batch", "U0ZHAO")
    await shop.whisper("U0ZHAO", "Sending is paused, so batch 1 cannot be approved now.")
    await shop.send("resume", "U0WANG")
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, number, "approve_batch", who)
    await state(shop, number, "done")


async def test_a_deleted_card_is_posted_anew_and_counts_from_then_on(shop: World) -> None:
    number = await submitted(shop, lines(3))
    first = await card(shop, number)
    shop.slack.delete_message(first.channel, first.ts)
    await shop.send(f"urge {shop.newest()}")
    second = await until(
        lambda: shown if (shown := card_now(shop, number)) and shown.ts != first.ts else None
    )
    await quiet(shop)
    assert "asks for a decision on batch 1" in thread(shop, number)[0]
    for who in ("U0WANG", "U0ZHAO"):
        await shop.slack.person(who).click(second.channel, second.ts, "approve_batch")
    await state(shop, number, "done")
    assert len(shop.wechatpay.ledger.coupons) == 3


async def test_a_lost_channel_loses_no_batch(shop: World) -> None:
    shop.slack.archive("C0APPROVE")
    preview = await drafted(shop, lines(3))
    await shop.slack.person("U0LI").click(preview.channel, preview.ts, "submit_batch")
    await until(lambda: row(shop, 1)["state"] == "pending" or None)
    await until(lambda: shop.rows("select 1 from outbox where kind = 'batch_card'") or None)
    assert card_now(shop, 1) is None
    shop.slack.unarchive("C0APPROVE")
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, 1, "approve_batch", who)
    await state(shop, 1, "done")


async def test_its_requester_withdraws_a_batch_and_others_may_not(shop: World) -> None:
    number = await submitted(shop, lines(3))
    await click(shop, number, "cancel_batch", "U0SUN")
    await shop.whisper("U0SUN", "Only <@U0LI>, who asked for batch 1, and those who may approve it")
    await click(shop, number, "cancel_batch", "U0LI")
    await state(shop, number, "cancelled")
    await until(lambda: line_states(shop, number) == {"cancelled": 3} or None)
    await quiet(shop)
    late = await card(shop, number)
    assert late.element("approve_batch") is None
    assert shop.wechatpay.ledger.coupons == []


async def test_a_click_that_came_too_late_says_how_the_batch_stands(shop: World) -> None:
    number = await running(shop, lines(3))
    await state(shop, number, "done")
    shown = await card(shop, number)
    async with own_client(shop) as slack:
        button = {"type": "button", "action_id": "pause_batch", "value": str(number)}
        text = {"type": "plain_text", "text": "Pause"}
        blocks = [{"type": "actions", "elements": [{**button, "text": text}]}]
        await slack.chat_update(channel=shown.channel, ts=shown.ts, text="late", blocks=blocks)
    await shop.slack.person("U0LI").click(shown.channel, shown.ts, "pause_batch")
    await shop.whisper("U0LI", "Your click on batch 1 came too late. It is done.")


async def test_with_a_new_file_numbers_begin_above_those_of_a_batchs_lines(shop: World) -> None:
    await submitted(shop, lines(5))
    await shop.stop()
    for file in shop.folder.glob("coupon.db*"):
        if not file.name.endswith("checkpoint-key"):
            file.unlink()
    await shop.start()
    assert await shop.ask() == 6


async def test_its_lines_are_in_the_thread_for_those_who_decide_without_whole_openids(shop: World) -> None:
    one = await shop.ask(openid=openid(3))
    number = await submitted(shop, [*lines(3), (openid(9), "sorry-50")])
    shown = await card(shop, number)
    [reply] = await until(lambda: shop.slack.messages(shown.channel, thread_ts=shown.ts) or None)
    assert "*The 4 lines of batch 1* (late parcels.csv)" in reply.text
    [file_id] = reply.file_ids
    text = shop.slack.state.files[file_id].content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(each["row"], each["openid_masked"], each["value_yuan"]) for each in rows] == [
        ("2", "oC…000002", "10.00"),
        ("3", "oC…000003", "10.00"),
        ("4", "oC…000004", "10.00"),
        ("5", "oC…000009", "50.00"),
    ]
    assert "oCustomer" not in text
    assert one == 1


async def test_of_each_line_the_file_says_what_else_its_customer_gets_and_got(shop: World) -> None:
    for _ in range(2):
        await shop.ask(openid=openid(3))
    number = await submitted(shop, [*lines(3), (openid(3), "sorry-50"), (openid(4), "sorry-50")])
    shown = await card(shop, number)
    [reply] = await until(lambda: shop.slack.messages(shown.channel, thread_ts=shown.ts) or None)
    content = shop.slack.state.files[reply.file_ids[0]].content.decode("utf-8-sig")
    columns = ("row", "other_rows", "promised_before", "promised_before_yuan")
    assert [tuple(each[name] for name in columns) for each in csv.DictReader(io.StringIO(content))] == [
        ("2", "", "", ""),
        ("3", "5", "2", "20.00"),
        ("4", "6", "", ""),
        ("5", "3", "2", "20.00"),
        ("6", "4", "", ""),
    ]


async def test_the_status_of_a_line_tells_its_batch_and_row_and_the_approvals_of_the_batch(
    shop: World,
) -> None:
    number = await submitted(shop, lines(3))
    await click(shop, number, "approve_batch", "U0WANG")
    await until(lambda: shop.rows("select 1 from batch_approval") or None)
    said = (await shop.send("status 2")).text
    assert "Approvals: 1 of 2 (<@U0WANG>)." in said
    assert "It is row 3 of batch 1 (late parcels.csv), whose card stands for it." in said
    listed = (await shop.send("list")).text
    assert "*Batch 1* ⏳ Waiting for approval: 3 coupons (¥30.00) out of late parcels.csv" in listed
    assert "#2" not in listed
    assert "You have no open requests" in (await shop.send("list", "U0SUN")).text
    # A line is withdrawn by its own number.
    assert "Request #2 is withdrawn." in (await shop.send("cancel 2")).text
    await until(lambda: row(shop, number)["size"] == 2 or None)
