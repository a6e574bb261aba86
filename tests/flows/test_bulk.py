"""Many customers out of one file: from the command to the click that asks for them."""

from __future__ import annotations

import json
from typing import Any

from sandbox.slack.answers import Answer
from sandbox.slack.messages import Message
from sandbox.slack.view_store import View
from tests.world import LATE, World, until

LIST = "openid,stock,reason\n{first},late-10,three days late\n{second},sorry-50,lost\n,late-10,nobody\n"
FIRST, SECOND = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE"
CSV = LIST.format(first=FIRST, second=SECOND).encode()


async def open_form(shop: World, who: str = "U0LI") -> View:
    await shop.send("bulk", who)
    return await shop.slack.wait_for(lambda: shop.slack.person(who).modal)


async def give(
    shop: World, content: bytes, name: str = "late.csv", who: str = "U0LI", **values: Any
) -> Answer:
    """The form with this file, submitted."""
    form = await open_form(shop, who)
    person = shop.slack.person(who)
    return await person.submit(form, {"file": [person.upload(name, content)], **values})


async def preview(shop: World, words: str, who: str = "U0LI") -> Message:
    """The direct message that has these words."""
    return await until(lambda: next((m for m in shop.slack.dms(who) if words in m.words()), None))


async def test_a_file_becomes_a_preview_and_a_click_that_is_kept(shop: World) -> None:
    await give(shop, CSV)
    shown = await preview(shop, "Preview of late.csv")
    words = shown.words()
    assert "2 coupons for 2 customers, ¥60.00." in words
    assert "1 line is left out." in words
    assert "Row 4" in words
    assert FIRST not in json.dumps(shown.blocks), "a full openid"
    [batch] = shop.rows("select * from batch")
    assert (batch["state"], batch["size"], batch["value_fen"], batch["left_out"]) == ("draft", 2, 6000, 1)
    assert batch["file_id"] == ""
    assert (batch["preview_channel"], batch["preview_ts"]) == (shown.channel, shown.ts)
    await shop.slack.person("U0LI").click(shown.channel, shown.ts, "submit_batch")
    [click] = shop.rows("select * from click")
    assert (click["action"], click["batch"], click["message_ts"]) == ("submit_batch", batch["id"], shown.ts)


async def test_the_stock_of_the_form_serves_lines_without_one(shop: World) -> None:
    await give(shop, f"openid\n{FIRST}\n".encode(), stock=LATE, reason="a late parcel")
    shown = await preview(shop, "1 coupon for 1 customer, ¥10.00.")
    assert "These rows have no stock and take that of the form: 2." in shown.words()
    [line] = shop.rows("select * from batch_line")
    assert (line["stock_id"], line["reason"]) == (LATE, "a late parcel")


async def test_a_file_that_is_no_list_is_refused_with_the_reason(shop: World) -> None:
    await give(shop, b"%PDF-1.7 ...", name="list.csv")
    refused = await preview(shop, "Nothing was taken from the file.")
    assert ".pdf" in refused.words()
    [batch] = shop.rows("select * from batch")
    assert (batch["state"], batch["file_id"]) == ("discarded", "")
