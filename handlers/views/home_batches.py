"""Batches on Home: those that wait for a person, and those under way. Their buttons stand on their cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coupons.batches import BatchState
from handlers.views.batch_card import BatchOnCard, approved_so_far
from handlers.views.batch_standing import line_of
from handlers.views.escaping import message_link, person
from handlers.views.message import Block, context, section
from handlers.views.words import Words

#: The others are counted.
BATCHES_SHOWN: Final = 4


def batches(words: Words, heading: str, rows: Sequence[BatchOnCard], workspace_url: str) -> list[Block]:
    """No blocks without any."""
    if not rows:
        return []
    blocks = [section(f"*{heading}*")]
    blocks += [section(_line(words, row, workspace_url)) for row in rows[:BATCHES_SHOWN]]
    if (more := len(rows) - BATCHES_SHOWN) > 0:
        blocks.append(context(words.plural("… and 1 more batch.", "… and {n} more batches.", more)))
    return blocks


def card_link(words: Words, workspace_url: str, channel: str | None, ts: str | None) -> str:
    """To a card that stands, in mrkdwn; else nothing."""
    if channel is None or ts is None or not workspace_url:
        return ""
    return message_link(workspace_url, channel, ts, words("Its card"))


def _line(words: Words, row: BatchOnCard, workspace_url: str) -> str:
    batch = row.batch
    asked = words(
        "Asked for by {person}, {time}.",
        person=person(batch.requester),
        time=words.moment(batch.submitted_at or batch.asked_at),
    )
    given = approved_so_far(words, row) if batch.state is BatchState.PENDING else ""
    card = card_link(words, workspace_url, batch.card_channel, batch.card_ts)
    return f"{line_of(words, batch)}\n{words.sentences(asked, given, card)}"
