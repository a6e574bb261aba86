"""`audit show batch:1` and `audit search batch:1`: one batch on a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coupons.events import Tag
from coupons.model import ClickAction
from tests.bot.audit_shop import newest, typed
from tests.coupons.batch_office import BatchOffice, lines, openid
from tests.coupons.test_batches import BAD, NO


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    office = BatchOffice(tmp_path / "coupon.db")
    office.wechat.says = {openid(3): [NO]}
    batch = await office.draft(lines(4), [replace(BAD, row=9)])
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    await office.approved_by_two(batch.id)
    await office.send()
    await office.settle()
    await office.draft(lines(1), delivery="T0SHOP.V2", sha256="cd" * 32)
    await office.ledger.close()
    return tmp_path / "coupon.db"


def test_the_story_of_a_batch(database: Path) -> None:
    result = typed("show", "batch:1", "--database", database)
    for words in (
        "Batch 1\n",
        "File             late.csv",
        f"SHA-256          {'ab' * 32}",
        "Asked for by     U0LI, 2026-11-23 10:13:20",
        "Approved by      U0WANG, U0ZHAO",
        "Lines            1 refused, 3 sent",
        "U0ZHAO approved batch 1 (2 of 2)",
        "batch 1 is done: 1 refused, 3 sent",
    ):
        assert words in result.stdout, result.stdout
    assert "oCustomer" not in result.stdout
    tag, detail = newest(database)
    assert (tag, detail["page"]) == (Tag.AUDIT_VIEWED, "batch 1")


def test_its_events_as_objects(database: Path) -> None:
    result = typed("show", "batch:1", "--format", "jsonl", "--database", database)
    tags = [json.loads(line)["tag"] for line in result.stdout.splitlines()]
    assert tags == [
        *("batch:created", "approval:given", "approval:given", "batch:approved", "batch:done"),
    ]


@pytest.mark.parametrize("number", [2, 3])
def test_what_nobody_asked_for_is_no_batch_of_the_log(database: Path, number: int) -> None:
    result = typed("show", f"batch:{number}", "--database", database)
    assert result.exit_code == 2
    assert f"has no batch {number}" in result.stderr


def test_its_lines_are_found(database: Path) -> None:
    result = typed("search", "batch:1", "state:sent", "--format", "csv", "--database", database)
    assert len(result.stdout.splitlines()) == 4
    # Events with the lines they tell of, as for any search that only requests can answer.
    result = typed("show", "batch:1", "state:refused", "--format", "jsonl", "--database", database)
    assert {json.loads(line)["request_id"] for line in result.stdout.splitlines()} == {2}
