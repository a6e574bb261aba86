"""A part of the log, asked for by words: what it proves, and what it does not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from coupons.events import RequestDeclined
from coupons.lifecycle import move
from coupons.model import State
from coupons.ports import Transaction
from storage.audit import digest
from storage.export import read
from tests.bot.exporting import alone, every_format, relined, typed
from tests.storage.records import (
    NOW,
    OPENID,
    approve,
    create,
    open_ledger,
    rows,
    send,
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """#1 sent, #2 of another agent and declined in Chinese, #3 waiting; their events lie among each other."""
    path = tmp_path / "shop.db"

    def fill(tx: Transaction) -> None:
        first, second = create(tx, "n1"), create(tx, "n2", requester="U0HE")
        approved = approve(tx, first)
        create(tx, "n3")
        send(tx, approved, "CODE1")
        tx.append(RequestDeclined(reason="太早了").done_by("U0WANG", second.id))
        tx.save(second, move(second, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="太早了"))

    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(fill)
        await ledger.close()

    asyncio.run(live())
    return path


def story_of(database: Path, *numbers: int) -> list[int]:
    places = ", ".join(map(str, numbers))
    found = rows(database, f"select seq from event where request_id in ({places}) order by seq")
    return [seq for (seq,) in found]


@every_format
@pytest.mark.parametrize(
    ("words", "numbers"), [(["state:sent"], [1]), (["agent:U0HE"], [2]), (["太早"], [2]), (["#3"], [3])]
)
def test_the_whole_stories_of_what_is_found_are_taken_along_as_a_part(
    shop: Path, kind: str, words: list[str], numbers: list[int]
) -> None:
    expected = story_of(shop, *numbers)
    file = shop.parent / f"part.{kind}"
    result = typed("export", *words, "--database", shop, "--format", kind, "--output", file)
    assert result.exit_code == 0, result.stderr
    assert [row.seq for row in read(file)] == expected
    assert expected
    assert alone(file, "part").stdout.startswith(f"a part, its rows unchanged: {len(expected)} rows, ")
    assert typed("verify", "--database", shop, "--against", file, "--part").exit_code == 0


def test_single_events_are_taken_along_by_their_tag(shop: Path) -> None:
    file = shop.parent / "part.jsonl"
    result = typed("export", "tag:request:created", "--database", shop, "--output", file)
    tags = [json.loads(row.body)["tag"] for row in read(file)]
    assert tags == ["request:created"] * 3
    assert "3 events, a part of #1 to #" in result.stderr


def test_a_time_is_a_piece_of_the_chain_and_is_whole_as_that(shop: Path) -> None:
    file = shop.parent / "time.jsonl"
    result = typed("export", "since:2020-01", "--database", shop, "--output", file)
    assert "a part" not in result.stderr
    assert alone(file).returncode == 0
    assert typed("export", "until:2020-01", "--database", shop, "--output", "-").stdout == ""


def test_a_part_is_no_whole_export_to_who_does_not_know_of_it(shop: Path) -> None:
    """Else a row could be removed from an export, and the rest be passed off as a part."""
    file = shop.parent / "part.csv"
    typed("export", "agent:U0LI", "--database", shop, "--format", "csv", "--output", file)
    found = alone(file)
    assert found.returncode == 1
    assert "a row was removed, added or moved" in found.stderr
    result = typed("verify", "--database", shop, "--against", file)
    assert result.exit_code == 1
    assert "does not follow" in result.stderr


def test_a_changed_row_of_a_part_is_found_out_by_the_script_and_by_the_log(shop: Path) -> None:
    file = shop.parent / "part.jsonl"
    typed("export", "agent:U0LI", "--database", shop, "--output", file)
    first, *others = read(file)
    body = first.body.replace("U0LI", "U0NO")
    forged = first._replace(body=body)
    file.write_text("".join(json.dumps(row._asdict()) + "\n" for row in [forged, *others]))
    assert "its body does not give its hash" in alone(file, "part").stderr
    # With a hash to fit, and nothing after it, it is one that only the log can tell.
    fitting = forged._replace(hash=digest(first.prev, body.encode()))
    file.write_text(json.dumps(fitting._asdict()) + "\n")
    assert alone(file, "part").returncode == 0
    result = typed("verify", "--database", shop, "--against", file, "--part")
    assert result.exit_code == 1
    assert f"event #{first.seq} is not the one that" in result.stderr


def test_rows_of_a_part_stand_in_their_order(shop: Path) -> None:
    file = shop.parent / "part.jsonl"
    typed("export", "agent:U0LI", "--database", shop, "--output", file)
    relined(file, lambda lines: lines[::-1])
    assert alone(file, "part").returncode == 1
    assert typed("verify", "--database", shop, "--against", file, "--part").exit_code == 1


def test_the_words_of_a_part_are_told_without_the_openid(shop: Path) -> None:
    assert typed("export", f"openid:{OPENID}", "--database", shop, "--output", "-").stdout
    [(body,)] = rows(shop, "select body from event order by seq desc limit 1")
    assert json.loads(body)["detail"]["words"] == "customer:1"
    result = typed("export", "agnt:U0LI", "--database", shop, "--output", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "agent" in result.stderr
