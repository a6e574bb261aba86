"""Which numbers Slack shows: read off the bot's own posts, as far back as it takes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack_app import session, web_client
from coupons.numbering import Shown
from handlers.shown_numbers import shown_numbers
from tests.world import ENGLISH_TEAM

LINE = f"```coupon-checkpoint v1 seq=345 hash={'0' * 64} at=2026-11-23T12:00:00Z key=... sig=...```"


def _metadata(**payload: Any) -> dict[str, Any]:
    return {"event_type": "coupon_bot_delivery", "event_payload": payload}


@pytest.mark.parametrize(
    ("posts", "shown"),
    [
        ([], Shown()),
        ([("card", _metadata(delivery_id="7.card:12"))], Shown(number=12)),
        # One that was posted anew is no higher for that.
        (
            [("a", _metadata(delivery_id="7.card:12")), ("b", _metadata(delivery_id="9.card:3"))],
            Shown(number=12),
        ),
        ([("line", _metadata(delivery_id="8.news:9:C0AUDIT", requests=40))], Shown(number=40)),
        # Of an older version, which said only how many events there were.
        ([(LINE, _metadata(delivery_id="8.news:9:C0AUDIT"))], Shown(events=345)),
        ([(LINE, {"event_type": "another", "event_payload": {"delivery_id": "7.card:12"}})], Shown()),
        ([("step", _metadata(delivery_id="7.step:12"))], Shown()),
        ([("odd", _metadata(delivery_id="7.card:12x"))], Shown()),
        ([("odd", _metadata(delivery_id="7.card:99999999999999999999"))], Shown()),
    ],
)
async def test_what_is_taken_for_a_number(posts: list[tuple[str, dict[str, Any]]], shown: Shown) -> None:
    async with ENGLISH_TEAM.serve() as slack, session() as http:
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        for text, metadata in posts:
            await client.chat_postMessage(channel="C0APPROVE", text=text, metadata=metadata)
        found = await shown_numbers(client, ["C0APPROVE", "C0AUDIT"], bot_user=slack.setup.bot_user_id)
        assert found == shown
        assert await shown_numbers(client, ["C0APPROVE"], bot_user="U0SOMEONE") == Shown()


async def test_cards_behind_much_talk_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.shown_numbers._PAGE", 5)
    async with ENGLISH_TEAM.serve() as slack, session() as http:
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        await client.chat_postMessage(
            channel="C0APPROVE", text="card", metadata=_metadata(delivery_id="7.card:12")
        )
        for number in range(23):
            slack.person("U0WANG").say("C0APPROVE", f"talk {number}")
        found = await shown_numbers(client, ["C0APPROVE"], bot_user=slack.setup.bot_user_id)
        assert found == Shown(number=12)
