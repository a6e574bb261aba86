"""What people read of a batch: its card, its thread, its forms and answers, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file

from coupons.batches import BatchState, Progress
from handlers.views import batch_lines, modals, struck_rows
from handlers.views.batch_card import batch_card
from handlers.views.batch_standing import bar
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.batch_samples import BATCH, SHOWN, batch_messages, cards, named, shown
from tests.handlers.test_views_read_aloud import lines
from tests.handlers.views_samples import OPENID, readable
from tests.words import CHINESE, ENGLISH

FOLDER = Path(__file__).parent / "read_aloud"
ORIGIN = modals.Origin("C0APPROVE", "5.000100")
HOSTILE = "<!channel> *x* `y` <@U0X> &amp; :tada: ~z~ " + OPENID


def views(words: Words) -> Iterator[dict[str, Any]]:
    yield modals.decline_batch_modal(words, 7, ORIGIN)
    yield modals.strike_modal(words, 7, ORIGIN)


def spoken(words: Words) -> str:
    pages: dict[str, None] = {}
    for message in batch_messages(words):
        pages["\n".join([message.text, *lines(message.blocks)])] = None
    for size in (1, 2000):
        pages[batch_lines.comment(words, replace(BATCH, size=size))] = None
    for wrong in struck_rows.WrongRows:
        pages[struck_rows.problem(words, struck_rows.RowsProblem(wrong, 2001), "17; 20")] = None
    return "\n\n".join(pages) + "\n"


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_people_read_what_was_read_aloud(words: Words) -> None:
    mark = "zh" if words is CHINESE else "en"
    assert spoken(words) == external_file(str(FOLDER / f"batches.{mark}.txt"))


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_what_people_typed_formats_mentions_and_names_nobody(words: Words) -> None:
    hostile = (batch_card(words, named(each, HOSTILE)) for each in cards())
    for message in (*hostile, *batch_messages(words, HOSTILE)):
        said = readable(message)
        assert OPENID not in said
        for block in (*message.blocks, {"type": "section", "text": {"type": "mrkdwn", "text": message.text}}):
            text = json.dumps(mrkdwn(block), ensure_ascii=False)
            assert "<!channel>" not in text
            assert "<@U0X>" not in text
            assert "*x*" not in text


def mrkdwn(block: Any) -> list[str]:
    """Only what Slack parses."""
    if isinstance(block, list):
        return [text for each in block for text in mrkdwn(each)]
    if not isinstance(block, dict):
        return []
    if block.get("type") == "mrkdwn":
        return [block["text"]]
    return [text for value in block.values() for text in mrkdwn(value)]


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    found = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {each["action_id"]: each for elements in found for each in elements}


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (BatchState.PENDING, ["approve_batch", "decline_batch", "strike_lines", "cancel_batch"]),
        (BatchState.APPROVED, ["cancel_batch"]),
        (BatchState.RUNNING, ["pause_batch", "cancel_batch"]),
        (BatchState.PAUSED, ["resume_batch", "pause_batch", "cancel_batch"]),
        (BatchState.DONE, []),
        (BatchState.CANCELLED, []),
        (BatchState.DECLINED, []),
        (BatchState.EXPIRED, []),
    ],
)
def test_a_card_offers_what_can_be_done_now_and_asks_once_more(state: BatchState, actions: list[str]) -> None:
    found = buttons(batch_card(ENGLISH, shown(state)))
    assert list(found) == actions
    for name, each in found.items():
        assert each["value"] == "7"
        # The forms are their own second thought.
        assert ("confirm" in each) is (name not in {"decline_batch", "strike_lines"})


def test_a_card_has_the_totals_the_file_and_who_may_decide() -> None:
    said = readable(batch_card(ENGLISH, SHOWN))
    for part in ("Batch 7: 2,000 coupons, ¥24,000.00", "ab" * 32, "late parcels.xlsx", "41 got a coupon"):
        assert part in said
    for part in ("1,900 coupons, ¥19,000.00", "`oU…jWeS6o`: 3 coupons, ¥110.00", "<!subteam^S0LEADS>"):
        assert part in said


@pytest.mark.parametrize(
    ("ended", "total", "filled"), [(0, 2000, 0), (1, 2000, 1), (1999, 2000, 19), (2000, 2000, 20), (1, 1, 20)]
)
def test_the_bar_is_begun_with_the_first_line_and_full_with_the_last(
    ended: int, total: int, filled: int
) -> None:
    assert bar(ENGLISH, ended, total).count("▓") == filled
    assert len(bar(ENGLISH, ended, total).partition(" ")[0]) == 20


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_card_keeps_slacks_limits(words: Words) -> None:
    for each in cards():
        message = batch_card(words, replace(each, batch=replace(each.batch, reason="x" * 500)))
        assert len(message.blocks) <= 50
        assert len(json.dumps(message.blocks, ensure_ascii=False)) < 13_000
        primary = [each for each in buttons(message).values() if each.get("style") == "primary"]
        assert len(primary) <= 1


def test_without_any_line_there_is_no_bar() -> None:
    message = batch_card(ENGLISH, replace(shown(BatchState.DONE), progress=Progress({})))
    assert "░" not in readable(message)


def test_the_forms_carry_the_batch_and_where_they_were_opened() -> None:
    for form in views(ENGLISH):
        assert modals.batch_of(form) == 7
        assert modals.origin_of(form) == ORIGIN
    of_request = modals.decline_modal(ENGLISH, 12, ORIGIN)
    assert (modals.batch_of(of_request), modals.request_of(of_request)) == (None, 12)
    assert BATCH.id == 7
