"""Many customers out of one file: from the command, or a message's file, to the click that asks for them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.demo.workspace import SETUP
from sandbox.slack.deliveries import Twice
from tests.flows.bulk import CSV, FIRST, SECOND, batch, file_of, form_of, give, preview
from tests.handlers.bulk.files import SHEET, table, text_cell, with_xml
from tests.world import BIG, COUPON_TOML, ENGLISH_TEAM, LATE, World, until, world

GUARDED = COUPON_TOML.replace("[duplicates]\nhours = 0", "[duplicates]\nhours = 24")
LIMITED = f"{GUARDED}\n[limits]\nper_customer = {{ count = 2, days = 30 }}\n"


@pytest.fixture
async def with_shortcuts(tmp_path: Path) -> AsyncGenerator[World]:
    team = ENGLISH_TEAM.__class__(people=ENGLISH_TEAM.people, shortcuts=SETUP.shortcuts)
    async with world(tmp_path, workspace=team) as started:
        yield started
        started.audit_holds()


async def test_a_file_becomes_a_preview_and_a_click_that_is_kept(shop: World) -> None:
    await give(shop, CSV)
    shown = await preview(shop, "Preview of late.csv")
    words = shown.words()
    for sentence in (
        "2 coupons for 2 customers, ¥60.00.",
        "Nothing is asked for yet.",
        "1 line is left out.",
        "Row 4, column A (openid): The row has no openid.",
        "¥50 off, with apologies: 1 × ¥50.00 = ¥50.00",
        "It will need 2 approvals, by rule 2.",
    ):
        assert sentence in words
    assert not [openid for openid in (FIRST, SECOND) if openid in json.dumps(shown.blocks)]
    await shop.quiet()
    row = batch(shop)
    assert (row["state"], row["size"], row["value_fen"], row["left_out"]) == ("draft", 2, 6000, 1)
    assert row["file_id"] == ""
    assert (row["preview_channel"], row["preview_ts"]) == (shown.channel, shown.ts)
    dialog = (await shop.slack.person("U0LI").click(shown.channel, shown.ts, "submit_batch")).confirm
    assert dialog is not None
    assert "2 coupons, ¥60.00. 1 line of the file is left out." in json.dumps(dialog, ensure_ascii=False)
    [click] = shop.rows("select * from click")
    assert (click["action"], click["batch"], click["message_ts"]) == ("submit_batch", 1, shown.ts)


async def test_what_is_submitted_shows_no_button_any_more_and_leads_to_its_card(shop: World) -> None:
    await give(shop, CSV.replace(b"reason", b"note"))
    shown = await preview(shop, "Preview of late.csv")
    remarks = batch(shop)["remarks"]
    li = shop.slack.person("U0LI")
    await li.click(shown.channel, shown.ts, "submit_batch")
    await until(lambda: batch(shop)["card_ts"])
    await preview(shop, "Its card in the approval channel")
    now = shop.slack.message(shown.channel, shown.ts)
    assert now is not None
    assert (now.element("submit_batch"), now.element("discard_batch")) == (None, None)
    assert (remarks != "[]", batch(shop)["remarks"]) == (True, "")
    for sentence in (
        "*late.csv* is submitted as batch 1: 2 requests, ¥60.00 together.",
        "1 line of the file is left out.",
        batch(shop)["card_ts"].replace(".", ""),
    ):
        assert sentence in now.text
    # Its screen had not caught up: the click counts for nothing, and says so.
    await li.click(shown.channel, shown.ts, "discard_batch", stale=True)
    await shop.whisper("U0LI", "Your click on batch 1 came too late.")
    assert batch(shop)["state"] == "pending"


async def test_what_is_discarded_is_forgotten_and_may_come_again(shop: World) -> None:
    await give(shop, CSV)
    shown = await preview(shop, "Preview of late.csv")
    await shop.slack.person("U0LI").click(shown.channel, shown.ts, "discard_batch")
    await preview(shop, "*late.csv*: nothing was asked for. You discarded it.")
    await shop.quiet()
    assert shop.rows("select * from batch_line") == []
    assert shop.rows("select * from request") == []
    await give(shop, CSV, name="again.csv")
    again = await preview(shop, "Preview of again.csv")
    assert "submitted before" not in again.words()


async def test_lines_that_are_left_out_come_as_a_file_by_row_and_column(shop: World) -> None:
    await give(shop, CSV + f"{FIRST},=1+1,x\n".encode())
    text = await file_of(shop, "batch-1-left-out-")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row[:4] for row in rows] == [
        ["Row", "Column", "Name", "Read"],
        ["4", "A", "openid", ""],
        ["5", "B", "stock", "'=1+1"],
    ]
    await shop.quiet()
    [said] = [message.text for message in shop.slack.dms("U0LI") if message.file_ids]
    assert said.startswith("2 lines of *late.csv* are left out")


async def test_the_form_serves_lines_without_a_stock_or_reason_of_their_own(shop: World) -> None:
    content = f"openid\n{FIRST}\n".encode()
    typed = {"reason": "a late parcel, call 13800138000", "ticket": "T-1"}
    await give(shop, content, name=f"{FIRST}.csv", stock=LATE, **typed)
    shown = await preview(shop, "1 coupon for 1 customer, ¥10.00.")
    assert "These rows have no stock and take that of the form: 2." in shown.words()
    [line] = shop.rows("select * from batch_line")
    assert (line["stock_id"], line["ticket"]) == (LATE, "T-1")
    # What is plainly a person's is shortened before it is kept.
    assert line["reason"] == batch(shop)["reason"] == "a late parcel, call 138…00"
    assert batch(shop)["file_name"] == f"{FIRST[:2]}…{FIRST[-6:]}.csv"


async def test_a_coupon_that_is_no_longer_there_is_said_at_its_field(shop: World) -> None:
    await give(shop, CSV, stock="9999999999")
    assert (await form_of(shop)).errors == {"stock": "Please choose a coupon of the list."}
    assert shop.rows("select id from batch") == []


async def test_a_file_that_is_no_list_is_refused_with_the_reason(shop: World) -> None:
    await give(shop, b"%PDF-1.7 ...", name="list.csv")
    refused = await preview(shop, "Nothing was taken from the file.")
    assert ".pdf" in refused.words()
    assert refused.element("submit_batch") is None
    assert (batch(shop)["state"], batch(shop)["file_id"]) == ("discarded", "")


async def test_what_spreadsheets_do_to_a_list_is_said_in_its_preview(shop: World) -> None:
    """A lookup that failed, a row that a filter hides, digits that were made up, a size that is too small."""
    good = [(FIRST, "late-10"), (SECOND, "late-10"), (FIRST[:-1] + "p", "late-10")]
    odd = (
        f'<row r="5">{text_cell("A5", SECOND)}<c r="B5" t="e"><v>#N/A</v></c></row>'
        f'<row r="6" hidden="1">{text_cell("A6", FIRST)}{text_cell("B6", "late-10")}</row>'
        f'<row r="7">{text_cell("A7", FIRST)}<c r="B7"><v>123456789012345678</v></c></row></sheetData>'
    )
    book = with_xml(table(*good), SHEET, {"</sheetData>": odd, 'ref="A1:D4"': 'ref="A1:D2"'})
    await give(shop, book, name="list.xlsx", stock=BIG)
    shown = await preview(shop, "3 coupons for 3 customers, ¥30.00.")
    words = shown.words()
    assert "3 lines are left out." in words
    for sentence in (
        "Row 5, column B (stock): I read #N/A: a formula failed.",
        "Row 6: The row is hidden, by hand or by a filter",
        "Row 7, column B (stock): I read 1.23456789012346E+17, a number, of which",
    ):
        assert sentence in words.replace("`", "")
    # The form's stock went to none of them.
    assert {row["stock_id"] for row in shop.rows("select stock_id from batch_line where problem = ''")} == {
        LATE
    }


async def test_duplicates_limits_and_openids_that_look_alike_are_shown(tmp_path: Path) -> None:
    (tmp_path / "coupon.toml").write_text(LIMITED, encoding="utf-8")
    async with world(tmp_path) as shop:
        number = await shop.ask(openid=FIRST)
        lines = [FIRST, FIRST, SECOND, SECOND.swapcase()]
        await give(shop, b"openid,stock\n" + "".join(f"{each},late-10\n" for each in lines).encode())
        shown = await preview(shop, "3 coupons for 3 customers, ¥30.00.")
        words = shown.words()
        for sentence in (
            f"for the same customer: row 2 (#{number}).",
            "The same stock for the same customer: rows 2+3.",
            "differ only in upper and lower case, and a spreadsheet's lookups take them for one person: 4+5.",
            "1 of the customers was promised something in the last 30 days.",
            "Row 3: This customer has reached the limit",
        ):
            assert sentence in words


async def test_one_submission_delivered_twice_makes_one_draft(shop: World) -> None:
    await shop.send("bulk")
    li = shop.slack.person("U0LI")
    await li.submit(await form_of(shop), {"file": [li.upload("late.csv", CSV)]}, twice=Twice.TOGETHER)
    await preview(shop, "Preview of late.csv")
    await shop.quiet()
    assert len(shop.rows("select id from batch")) == 1
    assert len([m for m in shop.slack.dms("U0LI") if "Preview of" in m.words()]) == 1


async def test_who_may_not_ask_is_told_at_the_form_and_nothing_is_kept(shop: World) -> None:
    await give(shop, CSV, who="U0QIAN")
    form = await form_of(shop, "U0QIAN")
    assert "You are not among those who may ask for coupons." in form.errors["file"]
    assert shop.rows("select id from batch") == []
    assert [event["tag"] for event in shop.events() if event["actor"] == "U0QIAN"] == ["command:refused"]


async def test_the_file_of_a_message_is_named_in_the_form_and_read(with_shortcuts: World) -> None:
    shop = with_shortcuts
    wang, li = shop.slack.person("U0WANG"), shop.slack.person("U0LI")
    said = wang.say("C0APPROVE", "all of these are late", files=[wang.upload("late.csv", CSV)])
    await wang.message_shortcut("bulk_from_message", said.channel, said.ts)
    form = await form_of(shop, "U0WANG")
    assert "The file of the message: *late.csv*" in json.dumps(form.definition)
    await wang.submit(form, {})
    shown = await preview(shop, "2 coupons for 2 customers", who="U0WANG")
    assert shown.channel == "D0WANG"
    assert batch(shop)["ticket"].endswith(said.ts.replace(".", ""))
    assert li.modal is None


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "I see no CSV or .xlsx file in the message."),
        (["photo.png"], "I see no CSV or .xlsx file in the message."),
        (["a.csv", "b.XLSX"], "The message has 2 files that could be meant, and I do not choose among them."),
    ],
)
async def test_a_message_with_no_or_several_lists_opens_the_form_and_says_so(
    with_shortcuts: World, names: list[str], sentence: str
) -> None:
    wang = with_shortcuts.slack.person("U0WANG")
    said = wang.say("C0APPROVE", "here", files=[wang.upload(name, CSV) for name in names])
    await wang.message_shortcut("bulk_from_message", said.channel, said.ts)
    form = await form_of(with_shortcuts, "U0WANG")
    assert sentence in json.dumps(form.definition)
    await wang.submit(form, {"file": [wang.upload("late.csv", CSV)]})
    await preview(with_shortcuts, "2 coupons for 2 customers", who="U0WANG")


async def test_the_same_file_again_is_said(shop: World) -> None:
    await give(shop, CSV)
    shown = await preview(shop, "Preview of late.csv")
    await shop.slack.person("U0LI").click(shown.channel, shown.ts, "submit_batch")
    await until(lambda: batch(shop)["submitted_at"])
    await give(shop, CSV, name="again.csv")
    again = await preview(shop, "Preview of again.csv")
    assert "This very file was submitted before, as batch 1" in again.words()
