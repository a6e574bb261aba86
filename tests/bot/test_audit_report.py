"""`audit report`: a month of Beijing's, its figures those of the rows, as table, spreadsheet and page."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import cli
from bot.wording.month import lasting
from coupons.days import milliseconds
from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import Approval, State, Stock
from coupons.money import in_yuan, yuan
from coupons.month import median
from coupons.ports import Transaction
from coupons.recording import Event
from storage.proof.verify import verify
from tests.storage.records import STOCK, Time, create, open_ledger, rows
from tests.storage.test_coupon_states import says
from tests.words import ENGLISH

HOUR = 3_600_000
#: The last minute of September in Beijing, and the first of October, while it is the 30th in London.
SEPTEMBER = milliseconds(datetime(2026, 9, 30, 15, 59, tzinfo=UTC))
OCTOBER = milliseconds(datetime(2026, 9, 30, 16, 1, tzinfo=UTC))
BIG = Stock("1313131313", "sorry-50", "<b>¥50</b> off, 致歉", 5000, STOCK.code_mode)


def typed(*words: object) -> Result:
    result = CliRunner().invoke(cli, ["audit", "report", *map(str, words)], prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def asked(tx: Transaction, number: str, at: int, **changes: Any) -> Any:
    return create(tx, number, created_at=at, expires_at=at + 24 * HOUR, **changes)


def sent(
    tx: Transaction,
    clock: Time,
    number: str,
    at: int,
    *,
    after: int,
    approver: str = "U0WANG",
    **changes: Any,
) -> None:
    """Approved after so long, sent at once."""
    request = asked(tx, number, at, **changes)
    clock.now = at + after
    tx.add_approval(Approval(request.id, approver, at + after))
    tx.append(Event(Tag.APPROVAL_GIVEN, approver, request.id))
    tx.append(Event(Tag.REQUEST_APPROVED, approver, request.id))
    approved = tx.save(request, move(request, State.APPROVED, now=at + after, due_at=at))
    tx.append(Event(Tag.ATTEMPT_STARTED, "system", request.id, {"attempt": 1}))
    sending = tx.save(approved, move(approved, State.SENDING, now=at + after, attempts=1, tries=1))
    tx.append(Event(Tag.REQUEST_SENT, "system", request.id, {"coupon_code": number, "by": "answer"}))
    tx.save(sending, move(sending, State.SENT, now=at + after, coupon_code=number))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One of September, sent in October; of October three sent, one declined and one waiting."""
    path = tmp_path / "coupon.db"

    async def live() -> None:
        clock = Time()
        ledger = open_ledger(path, clock)

        async def write(at: int, work: Any) -> None:
            clock.now = at
            await ledger.write(work)

        await write(SEPTEMBER, lambda tx: sent(tx, clock, "s1", SEPTEMBER, after=2 * HOUR))
        await write(OCTOBER, lambda tx: sent(tx, clock, "o1", OCTOBER, after=HOUR))
        await write(OCTOBER, lambda tx: sent(tx, clock, "o2", OCTOBER, after=3 * HOUR, approver="U0ZHAO"))
        await write(
            OCTOBER, lambda tx: sent(tx, clock, "o3", OCTOBER, after=5 * HOUR, stock=BIG, requester="U0SUN")
        )

        def decline(tx: Transaction) -> None:
            request = asked(tx, "o4", OCTOBER)
            tx.append(Event(Tag.REQUEST_DECLINED, "U0WANG", request.id))
            tx.save(request, move(request, State.DECLINED, now=OCTOBER, closed_by="U0WANG"))

        await write(OCTOBER, decline)
        for number, at in ((1, OCTOBER), (2, OCTOBER), (3, OCTOBER + 40 * 24 * HOUR)):
            await write(at, lambda tx, n=number: says(tx, n, "USED", happened_at=clock.now, now=clock.now))
        await write(OCTOBER, lambda tx: asked(tx, "o5", OCTOBER, requester="=SUM(A1)"))
        await ledger.close()

    asyncio.run(live())
    return path


def sheet(database: Path, month: str = "2026-10") -> dict[tuple[str, str], dict[str, str]]:
    text = typed("--month", month, "--format", "csv", "--database", database).stdout
    found = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    return {(row["by"], row["name"]): row for row in found}


def test_each_line_counts_its_own(database: Path) -> None:
    lines = sheet(database)
    names = ("asked", "sent", "yuan_sent", "refused", "ended", "doubtful", "waiting")
    found = {key: tuple(row[name] for name in names) for key, row in lines.items()}
    # Used in October: the one of September too; of one sent, WeChat Pay never told.
    names = ("used", "yuan_used", "use_not_known")
    used = {key: tuple(row[name] for name in names) for key, row in lines.items()}
    assert used == {
        ("agent", "U0SUN"): ("0", "0.00", "1"),
        ("agent", "U0LI"): ("2", "20.00", "0"),
        ("agent", "'=SUM(A1)"): ("0", "0.00", "0"),
        ("stock", "1313131313"): ("0", "0.00", "1"),
        ("stock", "1212121212"): ("2", "20.00", "0"),
        ("approver", "U0WANG"): ("2", "20.00", "0"),
        ("approver", "U0ZHAO"): ("0", "0.00", "0"),
    }
    november = sheet(database, "2026-11")["agent", "U0LI"]
    assert (november["sent"], november["used"], november["yuan_used"]) == ("0", "1", "10.00")
    assert found == {
        # The coupon of September was given in October.
        ("agent", "U0SUN"): ("1", "1", "50.00", "0", "0", "0", "0"),
        ("agent", "U0LI"): ("3", "3", "30.00", "0", "1", "0", "0"),
        ("agent", "'=SUM(A1)"): ("1", "0", "0.00", "0", "0", "0", "1"),
        ("stock", "1313131313"): ("1", "1", "50.00", "0", "0", "0", "0"),
        ("stock", "1212121212"): ("4", "3", "30.00", "0", "1", "0", "1"),
        ("approver", "U0WANG"): ("3", "3", "70.00", "0", "0", "0", "0"),
        ("approver", "U0ZHAO"): ("1", "1", "10.00", "0", "0", "0", "0"),
    }
    assert lines["agent", "U0LI"]["median_to_approve_s"] == "3600"
    assert lines["agent", "U0LI"]["longest_to_approve_s"] == str(3 * 3600)
    assert lines["agent", "'=SUM(A1)"]["median_to_approve_s"] == ""


def test_a_month_is_beijings(database: Path) -> None:
    september = sheet(database, "2026-09")
    assert september["agent", "U0LI"]["asked"] == "1"
    assert september["agent", "U0LI"]["sent"] == "0"
    assert sheet(database, "2026-12") == {}


def test_the_table_has_all_and_says_what_it_counts_and_what_it_rests_on(database: Path) -> None:
    printed = typed("--month", "2026-10", "--database", database).stdout
    assert "2026-10-01 00:00:00 to 2026-11-01 00:00:00, Beijing time" in printed
    [total] = {" ".join(line.split()) for line in printed.splitlines() if line.startswith("all ")}
    assert total.startswith("all 5 4 80.00 2 20.00 1 0 1 0 1 3.0 h 5.0 h")
    [(seq, head)] = rows(database, "select seq, hash from event where seq = (select max(seq) - 1 from event)")
    assert f"of the log whose head is #{seq} {head}" in printed


def test_the_page_escapes_what_people_named_and_loads_nothing(database: Path) -> None:
    file = database.parent / "october.html"
    assert (
        typed("--month", "2026-10", "--format", "html", "--output", file, "--database", database).exit_code
        == 0
    )
    text = file.read_text(encoding="utf-8")
    seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, attrs))

    Tags().feed(text)
    tags = {tag for tag, _ in seen}
    assert not tags & {"script", "link", "img", "iframe", "b"}
    assert not [attrs for _, attrs in seen if any(name in {"src", "href"} for name, _ in attrs)]
    assert "&lt;b&gt;¥50&lt;/b&gt; off, 致歉" in text
    assert "80.00" in text


def test_that_it_was_made_is_kept_and_the_log_is_whole(database: Path) -> None:
    typed("--month", "2026-10", "--format", "csv", "--database", database)
    [(tag, body)] = rows(database, "select tag, body from event order by seq desc limit 1")
    detail = json.loads(body)["detail"]
    assert (tag, detail["month"], detail["format"]) == (Tag.AUDIT_REPORTED, "2026-10", "csv")
    assert verify(database).rows > 0


@pytest.mark.parametrize("month", ["october", "2026", "2026-13", "2026-10-01", "10-2026"])
def test_a_month_that_is_none_is_told_with_what_would_be_right(database: Path, month: str) -> None:
    result = typed("--month", month, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"--month reads '{month}'; it must be a year and a month, like 2026-10" in result.stderr


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_the_median_is_a_value_with_as_many_on_both_sides(values: list[int]) -> None:
    middle = median(values)
    assert middle in values
    assert sum(value < middle for value in values) <= len(values) / 2
    assert sum(value > middle for value in values) <= len(values) / 2


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        (None, "–"),
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000, "1.0 h"),
        (200_000_000, "2.3 d"),
    ],
)
def test_how_long_something_took_is_told_in_one_unit(ms: int | None, expected: str) -> None:
    assert lasting(ENGLISH, ms) == expected


@given(st.integers(0, 10**12))
def test_no_fen_is_lost_in_yuan(fen: int) -> None:
    assert int(str(in_yuan(fen)).replace(".", "")) == fen
    assert yuan(-fen).lstrip("-¥").replace(",", "") == str(in_yuan(fen))
