"""`audit show`: one request's whole story, and events by words."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from unittest.mock import ANY

import pytest

from coupons.events import Tag
from coupons.recording import Event
from tests.bot.audit_shop import FORGED, make_shop, newest, shown, typed
from tests.storage.records import OPENID, create, open_ledger


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "coupon.db"
    make_shop(path)
    return path


def test_a_story_is_told_with_everything_and_the_look_is_an_event(database: Path) -> None:
    result = typed("show", "--request", 1, "--database", database)
    for words in (
        "Request #1: sent",
        "¥10.00",
        "U0LI",
        "number 1",
        "four days late",
        "ZD 12",
        "CODE1",
        "Approved by      U0WANG, 2026-11-23 10:13:20",
        "attempt 1: WeChat Pay is asked for the coupon",
    ):
        assert words in result.stdout
    assert OPENID not in result.stdout
    tag, detail = newest(database)
    assert (tag, detail["request"], detail["where"]) == (Tag.AUDIT_VIEWED, 1, "command line")
    assert "Declined because 太早了" in typed("show", "--request", 2, "--database", database).stdout
    typed("show", "--limit", 2, "--database", database)
    assert newest(database)[1]["newest"] == 2


def test_nothing_in_a_story_looks_like_another_line_of_it(database: Path) -> None:
    result = typed("show", "--request", 3, "--database", database)
    _, timeline = result.stdout.split("What happened, in Beijing time:\n")
    found, others = timeline.split("\n\n")
    assert [line.split()[0] for line in found.splitlines()] == ["8", "9"]
    assert others == "This customer has no other request.\n"
    assert "\x1b" not in result.stdout
    assert len([line for line in result.stdout.splitlines() if "U0EVIL" in line]) == 2


async def test_a_story_ends_with_what_else_its_customer_was_asked_for(database: Path) -> None:
    """Why did this customer get two? As in Slack and the browser: the newest ten, and how many there are."""
    printed = (await asyncio.to_thread(typed, "show", "#1", "--database", database)).stdout
    _, others = printed.split("\n\nThis customer has 1 other request:\n")
    [line] = others.splitlines()
    assert line.split()[0] == "#2"
    assert line.endswith("declined  ¥10.00, ¥10 off, late delivery, U0HE: 物流迟到四天")
    ledger = open_ledger(database)
    for number in range(10):
        await ledger.write(partial(create, number=f"more{number}", reason=FORGED, duplicate_of=1))
    await ledger.close()
    printed = (await asyncio.to_thread(typed, "show", "#1", "--database", database)).stdout
    _, others = printed.split("\n\nThis customer has 11 other requests, the newest first:\n")
    lines = others.splitlines()
    assert [line.split()[0] for line in lines[::2]] == [f"#{number}" for number in range(13, 3, -1)]
    # No word of a person makes a line of its own.
    assert set(lines[1::2]) == {"         the requester confirmed that it is another one"}
    assert OPENID not in printed


async def test_a_story_has_all_of_its_events_however_many(database: Path) -> None:
    ledger = open_ledger(database)
    await ledger.write(lambda tx: [tx.append(Event(Tag.REQUEST_URGED, "U0LI", 1)) for _ in range(200)])
    await ledger.close()
    messages = await asyncio.to_thread(typed, "show", "#1", "--database", database)
    assert messages.stdout.count("U0LI asked for a reminder") == 200


@pytest.mark.parametrize(
    ("locale", "first"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "申请 #1：已发券"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "申请 #1：已发券"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C.UTF-8"}, "Request #1: sent"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "申请 #1：已发券"),
        ({}, "Request #1: sent"),
    ],
)
def test_a_story_is_in_the_language_of_the_terminal(
    database: Path, monkeypatch: pytest.MonkeyPatch, locale: dict[str, str], first: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    lines = typed("show", "--request", 1, "--database", database).stdout.splitlines()
    assert lines[0] == first
    assert ("第 1 次尝试：向微信支付请求发券" in "\n".join(lines)) is first.startswith("申请")
    assert any(line.startswith("  商户请求单号") for line in lines) is first.startswith("申请")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_storys_events_as_rows(database: Path, kind: str) -> None:
    result = typed("show", "--request", 2, "--format", kind, "--database", database)
    lines = result.stdout.splitlines()
    assert len(lines) == (3 if kind == "csv" else 2)
    assert "太早了" in lines[-1]


# --- with words


def test_events_are_shown_by_their_own_marks_and_stories_by_those_of_requests(database: Path) -> None:
    assert [line.split()[4] for line in shown(database, "tag:click:refused")] == ["click:refused"]
    assert {line.split()[3] for line in shown(database, "state:declined")} == {"#2"}
    assert {line.split()[3] for line in shown(database, "since:2020-01", "late")} == {"#1", "#3"}
    assert len(shown(database, "agent:U0LI", "--limit", 2)) == 2
    assert shown(database, "agent:U0NOBODY") == []


def test_a_number_alone_is_that_request_s_story(database: Path) -> None:
    assert shown(database, "#2")[0] == shown(database, "--request", 2)[0] == "Request #2: declined"
    assert newest(database) == ("audit:viewed", {"where": "command line", "user": ANY, "request": 2})
    result = typed("show", "late", "--request", 2, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")


def test_what_was_looked_for_stays_in_the_log_without_the_openid(database: Path) -> None:
    shown(database, f"openid:{OPENID}")
    tag, detail = newest(database)
    assert (tag, detail["words"], detail["newest"]) == ("audit:viewed", "customer:1", 50)


def test_a_number_alone_is_the_story_of_that_request(database: Path) -> None:
    by_number, by_word = (typed("show", word, "--database", database) for word in ("#1", "1"))
    assert by_word.stdout.startswith("Request #1: sent")
    assert by_word.exit_code == by_number.exit_code == 0
    assert "1 is read as request #1" in by_word.stderr
    none = typed("show", "881", "--database", database)
    assert (none.exit_code, none.stdout) == (0, "")
    assert "there is no request #881; 881 was looked for" in none.stderr
    assert "nothing was found" in none.stderr
    assert typed("show", "#881", "--database", database).exit_code == 2


def test_the_story_of_a_number_alone_is_exported(database: Path) -> None:
    as_word, as_key = (
        typed("export", word, "--output", "-", "--database", database).stdout for word in ("1", "request:1")
    )
    assert as_word == as_key != ""
