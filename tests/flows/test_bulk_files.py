"""The way of a file from Slack to a draft, on bad days: read once, or refused with a sentence, never lost."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.pauses import Pauses
from sandbox.slack import api_error, rate_limited, server_error
from tests.flows.bulk import CSV, batch, give, preview
from tests.world import ENGLISH_TEAM, World, until, world


@pytest.fixture
def pauses() -> Pauses:
    return Pauses(files_s=(0.05,), posts_s=(0.1,))


async def test_a_file_that_slack_does_not_give_at_once_is_asked_for_again(shop: World) -> None:
    for fault in (server_error(), rate_limited(0), api_error("file_not_found"), server_error(503)):
        shop.slack.faults.next("files.info", fault)
    await give(shop, CSV)
    await preview(shop, "2 coupons for 2 customers")
    assert len(shop.slack.calls("files.info")) == 5


async def test_a_file_that_was_deleted_meanwhile_is_told(shop: World) -> None:
    shop.slack.faults.next("files.info", api_error("file_deleted"), times=9)
    await give(shop, CSV)
    refused = await preview(shop, "Slack shows me no such file")
    assert "*late.csv*" in refused.text
    assert (batch(shop)["state"], batch(shop)["file_id"]) == ("discarded", "")
    # It is shown to the bot a moment later than to people: so not at the first no.
    assert len(shop.slack.calls("files.info")) == 3


@asynccontextmanager
async def without(scope: str, folder: Path, pauses: Pauses) -> AsyncGenerator[World]:
    scopes = tuple(each for each in ENGLISH_TEAM.bot_scopes if each != scope)
    async with world(folder, workspace=replace(ENGLISH_TEAM, bot_scopes=scopes), pauses=pauses) as started:
        yield started


async def test_without_the_scope_to_read_the_person_and_the_operator_are_told(
    tmp_path: Path, pauses: Pauses, capsys: pytest.CaptureFixture[str]
) -> None:
    async with without("files:read", tmp_path, pauses) as shop:
        await give(shop, CSV)
        refused = await preview(shop, "the app lacks the scope `files:read`")
        assert "Please tell an operator." in refused.text
    said = capsys.readouterr().out
    assert "files_cannot_be_read" in said
    assert "missing_scope" in said


async def test_without_the_scope_to_write_the_preview_comes_and_the_file_later(
    tmp_path: Path, pauses: Pauses
) -> None:
    async with without("files:write", tmp_path, pauses) as shop:
        await give(shop, CSV)
        await preview(shop, "1 line is left out.")
        warned = await preview(
            shop, "Slack did not take the file of the lines of *late.csv* that are left out"
        )
        calls = len(shop.slack.calls("files.getUploadURLExternal"))
        await until(lambda: len(shop.slack.calls("files.getUploadURLExternal")) > calls + 1 or None)
        assert [m.ts for m in shop.slack.dms("U0LI") if "did not take" in m.text] == [warned.ts]


async def test_who_waits_for_a_file_that_does_not_come_is_told_and_then_shown_the_preview_there(
    shop: World,
) -> None:
    shop.slack.faults.next("files.info", server_error(), times=10_000)
    await give(shop, CSV)
    waits = await preview(shop, "Slack does not give me *late.csv* at the moment.")
    shop.slack.faults.clear()
    shown = await preview(shop, "Preview of late.csv")
    assert (shown.channel, shown.ts) == (waits.channel, waits.ts)


async def test_a_file_that_waits_when_the_bot_stops_is_read_by_the_next_start(shop: World) -> None:
    shop.slack.faults.next("files.info", server_error(), times=10_000)
    await give(shop, CSV)
    await until(lambda: len(shop.slack.calls("files.info")) > 1 or None)
    await shop.stop()
    assert batch(shop)["file_id"]
    shop.slack.faults.clear()
    await shop.start()
    await preview(shop, "2 coupons for 2 customers")
