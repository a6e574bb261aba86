"""Batches in flows: a draft that is in the ledger, its preview, and what people do with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bot.clock import utc_ms
from bot.config.coupon_toml import load_coupon_toml
from bot.slack_app import session, web_client
from coupons.authority import Authority
from coupons.batch_asking import BatchAsking
from coupons.batches import Batch, DraftLine, LeftOut, NewBatch
from coupons.posts import Post, PostKind
from sandbox.slack import Answer, Message
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.coupons.office import Groups
from tests.world import LATE, World, until

TEAM = "T0SHOP"


def openid(row: int) -> str:
    return f"oCustomer-of-a-batch-{row:07d}"


def lines(count: int, stock_id: str = LATE, *, first: int = 2) -> list[DraftLine]:
    """Of rows 2 and on, as under a head."""
    return [
        DraftLine(row=row, openid=openid(row), stock_id=stock_id, reason="late", ticket="")
        for row in range(first, first + count)
    ]


async def drafted(
    shop: World, good: Sequence[DraftLine], *, who: str = "U0LI", bad: Sequence[LeftOut] = (), no: int = 1
) -> Batch:
    """As it is when its file was read, with a preview of ours in the requester's direct messages.

    Written while the bot is down: only one process may.
    """
    await shop.stop()
    ledger = SqliteLedger(shop.folder / "coupon.db", clock=utc_ms, on_commit=lambda _: None)
    config = load_coupon_toml(shop.folder / "coupon.toml")
    groups = Groups({"S0LEADS": frozenset({"U0WANG", "U0ZHAO"}), "S0AGENTS": frozenset({"U0LI"})})
    authority = Authority(policy=config.policy, directory=groups, ledger=ledger, team=TEAM)
    asking = BatchAsking(
        ledger=ledger,
        authority=authority,
        policy=config.policy,
        catalogue=config.catalogue,
        team=TEAM,
        clock=sure(utc_ms),
    )
    try:
        new = NewBatch(
            delivery=f"T0SHOP.V{no}",
            requester=who,
            file_id="F0FILE",
            file_name="late parcels.csv",
            stock_id=LATE,
            reason="parcels four days late",
            ticket="",
            asked_at=utc_ms(),
        )
        batch = await asking.receive(new, team=TEAM)
        assert isinstance(batch, Batch)
        await asking.keep_lines(batch, sha256=f"{no:064x}", good=good, bad=bad)
        preview = await _preview(shop, who, batch.id)

        def shown(tx: Any) -> Batch:
            tx.recall_post(Post(kind=PostKind.PREVIEW, request_id=None, batch=batch.id).key)
            tx.set_preview(batch.id, preview.channel, preview.ts)
            return tx.batch(batch.id)

        return await ledger.write(shown)
    finally:
        await ledger.close()
        await shop.start()


async def _preview(shop: World, who: str, batch_id: int) -> Message:
    button = {"type": "button", "action_id": "submit_batch", "value": str(batch_id)}
    blocks = [{"type": "actions", "elements": [{**button, "text": {"type": "plain_text", "text": "Submit"}}]}]
    async with session() as http:
        slack = web_client(shop.slack.setup.bot_token, base_url=shop.slack.api_url, session=http)
        posted = await slack.chat_postMessage(channel=who, text="preview", blocks=blocks)
    return shop.slack.message(posted["channel"], posted["ts"])


async def submitted(shop: World, good: Sequence[DraftLine], *, who: str = "U0LI", no: int = 1) -> int:
    """Its card stands; returns its number."""
    batch = await drafted(shop, good, who=who, no=no)
    assert batch.preview_channel is not None
    assert batch.preview_ts is not None
    await shop.slack.person(who).click(batch.preview_channel, batch.preview_ts, "submit_batch")
    await card(shop, batch.id)
    return batch.id


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
    await until(
        lambda: not shop.rows("select 1 from outbox where kind not in ('preview', 'result')") or None, 30
    )


def thread(shop: World, batch_id: int) -> list[str]:
    shown = card_now(shop, batch_id)
    assert shown is not None
    return [reply.words() for reply in shop.slack.messages(shown.channel, thread_ts=shown.ts)]


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
