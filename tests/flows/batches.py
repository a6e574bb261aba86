"""Batches in flows: a file that was given, its preview and its card, and what people do with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sandbox.slack import Answer, Message
from tests.flows.bulk import give
from tests.world import World, until

NAME = "late parcels.csv"


def openid(row: int) -> str:
    return f"oCustomer-of-a-batch-{row:07d}"


def lines(count: int, stock: str = "late-10", *, first: int = 2) -> list[tuple[str, str]]:
    """The cells of rows 2 and on, as under a head."""
    return [(openid(row), stock) for row in range(first, first + count)]


async def drafted(
    shop: World, cells: Sequence[tuple[str, str]], *, who: str = "U0LI", no: int = 1
) -> Message:
    """Given by the form, and read; returns its preview. Another `no` is another file."""
    content = "\n".join(["openid,stock", *(",".join(each) for each in cells), ""]) + "\n" * (no - 1)
    await give(shop, content.encode(), NAME, who, reason="parcels four days late")
    await until(lambda: shop.rows("select 1 from batch where id = :no and sha256 <> ''", no=no) or None, 30)
    return await until(lambda: preview_now(shop, no))


def preview_now(shop: World, batch_id: int) -> Message | None:
    found = row(shop, batch_id)
    if found["preview_ts"] is None:
        return None
    shown = shop.slack.message(found["preview_channel"], found["preview_ts"])
    return shown if shown.element("submit_batch") else None


async def submitted(shop: World, cells: Sequence[tuple[str, str]], *, who: str = "U0LI", no: int = 1) -> int:
    """Its card stands; returns its number."""
    preview = await drafted(shop, cells, who=who, no=no)
    await shop.slack.person(who).click(preview.channel, preview.ts, "submit_batch")
    await card(shop, no)
    return no


async def running(shop: World, cells: Sequence[tuple[str, str]], *, no: int = 1) -> int:
    """Approved by two."""
    number = await submitted(shop, cells, no=no)
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, number, "approve_batch", who)
    await until(lambda: row(shop, number)["state"] not in {"pending", "approved"} or None)
    return number


async def click(shop: World, batch_id: int, action_id: str, who: str = "U0WANG", **options: Any) -> Answer:
    shown = await card(shop, batch_id)
    return await shop.slack.person(who).click(shown.channel, shown.ts, action_id, **options)


# --- what is there to see


def row(shop: World, batch_id: int) -> dict[str, Any]:
    [found] = shop.rows("select * from batch where id = :id", id=batch_id)
    return found


async def card(shop: World, batch_id: int) -> Message:
    return await until(lambda: card_now(shop, batch_id))


def card_now(shop: World, batch_id: int) -> Message | None:
    found = row(shop, batch_id)
    if found["card_ts"] is None:
        return None
    return shop.slack.message(found["card_channel"], found["card_ts"])


async def state(shop: World, batch_id: int, *states: str) -> str:
    """Wait until the batch has reached one of these, and all that was promised to Slack is told."""
    found: str = await until(lambda: found if (found := row(shop, batch_id)["state"]) in states else None, 30)
    await quiet(shop)
    return found


async def quiet(shop: World) -> None:
    """As `World.quiet`, but previews and results."""
    await until(lambda: not shop.rows("select 1 from outbox") or None, 30)


def thread(shop: World, batch_id: int) -> list[str]:
    shown = card_now(shop, batch_id)
    assert shown is not None
    replies = shop.slack.messages(shown.channel, thread_ts=shown.ts)
    return [reply.words() for reply in replies if not reply.file_ids]


def line_states(shop: World, batch_id: int) -> Counter[str]:
    found = shop.rows("select state from request where batch = :batch", batch=batch_id)
    return Counter(each["state"] for each in found)


def events(shop: World, batch_id: int) -> list[dict[str, Any]]:
    """Those that tell of the batch and of no line."""
    return [
        event
        for event in shop.events()
        if event["request_id"] is None and event["detail"].get("batch") == batch_id
    ]


def blocks_of(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)
