"""What became of a batch, read back out of the files that people get."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from coupons.audit_events import CustomerErased
from coupons.batches import Batch, BatchState, DraftLine, LeftOut
from coupons.forgetting import forget
from coupons.model import ClickAction
from coupons.spreadsheet import lines as lines_of
from coupons.spreadsheet import unguarded
from handlers.batch_results import _Drawing
from handlers.bulk.bulk_file import BadLine, Wrong
from handlers.bulk.file_json import left_out
from handlers.views.batch_result import RESULT_COLUMNS, TOTAL_COLUMNS, left_out_line
from handlers.views.message import message
from handlers.workbook import NewWorkbook
from sandbox.slack import Workspace, api_error, cut_after
from tests.coupons.batch_office import CARD, BatchOffice, lines, openid
from tests.coupons.test_batches import NO, held
from tests.handlers.sharing import Sharing, sharing_of
from tests.handlers.views_samples import request
from tests.words import LANGUAGES

LI = "U0LI"
BAD = LeftOut(row=4, column="B", read=f"late {openid(4)}", problem="unknown_stock")
NOT_CLEAR = replace(held("NO_CLEAR_ANSWER"), verified=False, attempt_open=True)
#: What people type into a file, and what spreadsheets make of it.
REASONS = (
    "four days late",
    "=1+1",
    "+86 139",
    "-1",
    "@sum",
    "1/2",
    "0012",
    "1E5",
    "123456789012345678",
    "2026-12-01",
    "two\nlines",
    'a "word", and; more\tthere',
    "包裹迟到，抱歉",
    "emoji 🎁",
    "_x000D_",
    "true",
    "<b>&amp;",
    "12:30",
)


@dataclass(slots=True)
class Desk:
    office: BatchOffice
    sharing: Sharing

    async def files(self, count: int = 1, *, dm: bool = True) -> dict[str, bytes]:
        """Of the newest of so many messages, by the endings of their names."""
        slack = self.sharing.slack

        def found() -> dict[str, bytes] | None:
            here = slack.dms(LI) if dm else slack.messages(CARD[0], thread_ts=self.card)
            messages = [message for message in here if message.file_ids]
            if len(messages) < count:
                return None
            files = [slack.state.files[file] for file in messages[-1].file_ids]
            return {file.extension: file.content for file in files}

        return await slack.wait_for(found)

    def comment(self) -> str:
        return [message.text for message in self.sharing.slack.dms(LI) if message.file_ids][-1]

    @property
    def card(self) -> str:
        return self.sharing.slack.messages(CARD[0])[0].ts


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    office = BatchOffice(tmp_path / "coupon.db")
    async with sharing_of(office.ledger) as sharing:
        yield Desk(office, sharing)
    assert office.troubles == sharing.troubles == []
    await office.ledger.close()


async def run(desk: Desk, good: list[DraftLine], *bad: LeftOut, strike: str = "") -> None:
    """To the end; the card stands in the channel for real."""
    office = desk.office
    batch = await office.draft(good, bad)
    await office.do(ClickAction.SUBMIT_BATCH, LI)
    await office.settle()
    if strike:
        await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason=strike)
    await office.approved_by_two(batch.id)
    await office.send()
    await office.settle()
    poster = desk.sharing.results._poster

    channel, ts = await poster.post(CARD[0], message("card"), metadata_id="card")
    await office.ledger.write(lambda tx: tx.set_batch_card(batch.id, channel, ts))


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheet_of(content: bytes, name: str = "result") -> list[list[str]]:
    """As text, by the reader that reads people's files."""
    found = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()
    return [[_text(cell) for cell in row] for row in found]


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


async def test_each_line_of_the_file_is_told_with_what_became_of_it(desk: Desk) -> None:
    desk.office.wechat.says = {openid(3): [NO], openid(5): [NOT_CLEAR]}
    good = [line for line in lines(5) if line.row != BAD.row]
    await run(desk, good, BAD, strike="6")
    assert await desk.sharing.tell() == []
    files = await desk.files()
    rows = rows_of(files["csv"])
    assert list(rows[0]) == list(RESULT_COLUMNS)
    columns = [(row["row"], row["request"], row["state"], row["coupon_code"], row["problem"]) for row in rows]
    assert columns == [
        ("2", "1", "sent", "C0", ""),
        ("3", "2", "refused", "", "RULELIMIT"),
        ("4", "", "left_out", "", "unknown_stock"),
        ("5", "3", "held", "", "NO_CLEAR_ANSWER"),
        ("6", "4", "declined", "", ""),
    ]
    said = {row["row"]: row["explanation"] for row in rows}
    assert "gets no coupon" in said["3"]
    assert "not known whether" in said["5"]
    assert "comes in another file" in said["5"]
    assert "struck it out" in said["6"]
    assert said["2"] == ""
    assert sheet_of(files["xlsx"])[0] == list(RESULT_COLUMNS)
    assert sheet_of(files["xlsx"], "totals") == [
        list(TOTAL_COLUMNS),
        ["sent", "1001", "stock 1001", "1", "10"],
        ["refused", "1001", "stock 1001", "1", "10"],
        ["held", "1001", "stock 1001", "1", "10"],
        ["declined", "1001", "stock 1001", "1", "10"],
        ["left_out", "", "", "1", ""],
    ]
    assert desk.comment() == (
        "*Result of batch 1* (late.csv): 1 sent, 1 refused, 1 held, 1 struck out; sent in all ¥10.00. "
        "1 line of the file was left out. 1 line waits for a person: when it has ended, the files come again."
    )


async def test_what_was_wrong_in_a_line_is_said_to_its_requester_alone_and_then_forgotten(desk: Desk) -> None:
    [bad] = left_out([BadLine(row=9, wrong=Wrong.ERROR, column="B", head="stock", read="#N/A private")])
    await run(desk, lines(1), bad)
    await desk.sharing.tell()
    mine, theirs = [rows_of((await desk.files(dm=dm))["csv"])[-1] for dm in (True, False)]
    assert (mine["state"], mine["problem"]) == (theirs["state"], theirs["problem"]) == ("left_out", "error")
    assert mine["explanation"].startswith("Row 9, column B (stock): I read #N/A private: a formula failed.")
    assert theirs["explanation"] == ""
    # Nor would it in a thread that is told first, before it is forgotten.
    assert "private" not in lines_of([left_out_line(LANGUAGES.of("en"), bad, public=True)])
    [kept] = await desk.office.ledger.read(lambda rows: rows.left_out_of(1, 9))
    assert (kept.row, kept.problem, kept.read, kept.facts) == (9, "error", "", "")


async def test_the_same_stands_in_the_thread_of_the_card_and_no_openid_anywhere(desk: Desk) -> None:
    await run(desk, lines(3), replace(BAD, row=9))
    await desk.sharing.tell()
    person, thread = await desk.files(), await desk.files(dm=False)
    assert person["csv"] == thread["csv"]
    book = b"".join(line.encode() for row in sheet_of(thread["xlsx"]) for line in row)
    for row in range(2, 10):
        assert openid(row).encode() not in thread["csv"] + book
    assert len(desk.sharing.slack.calls("files.completeUploadExternal")) == 2


async def test_spreadsheets_read_what_people_typed(desk: Desk, tmp_path: Path, long_form: bool) -> None:
    good = [replace(line, reason=reason) for line, reason in zip(lines(len(REASONS)), REASONS, strict=True)]
    await run(desk, good)
    await desk.sharing.tell()
    files = await desk.files()
    for name in ("csv", "xlsx"):
        (tmp_path / f"result.{name}").write_bytes(files[name])
    place = RESULT_COLUMNS.index("reason")
    assert [unguarded(row["reason"]) for row in rows_of(files["csv"])] == [
        unguarded(reason) for reason in REASONS
    ]
    assert [row[place] for row in sheet_of(files["xlsx"])[1:]] == list(REASONS)
    sheet = openpyxl.load_workbook(tmp_path / "result.xlsx")["result"]
    assert sheet.freeze_panes == "A2"
    cells = [row[place] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    # openpyxl leaves the format's own escapes to its callers.
    assert [unescape(str(cell.value)) for cell in cells] == list(REASONS)
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed: what it really reads is not seen (apt: libreoffice-calc)")
    # It reads both, and writes them again: no cell is another one then.
    converted(tmp_path / "result.csv", "xlsx", tmp_path / "a")
    there = [row[place] for row in sheet_of((tmp_path / "a" / "result.xlsx").read_bytes())[1:]]
    assert [unguarded(cell) for cell in there] == [unguarded(reason) for reason in REASONS]
    if not long_form:
        return
    converted(tmp_path / "result.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76", tmp_path / "b")
    back = csv.DictReader(io.StringIO((tmp_path / "b" / "result.csv").read_text("utf-8"), newline=""))
    assert [row["reason"] for row in back] == list(REASONS)


def converted(source: Path, form: str, folder: Path) -> None:
    program = shutil.which("soffice") or ""
    # UTF-8, commas, quotation marks: what it finds by the mark itself in a window.
    reading = ["--infilter=CSV:44,34,76"] if source.suffix == ".csv" else []
    profile = f"-env:UserInstallation={(source.parent / 'profile').as_uri()}"
    command = [program, profile, "--headless", *reading, "--convert-to", form, "--outdir", str(folder)]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=120)


async def test_a_result_that_was_cancelled_says_what_was_given(desk: Desk) -> None:
    office = desk.office
    await office.running(3)
    await office.send(steps=1)
    await office.do(ClickAction.CANCEL_BATCH, LI)
    await office.settle()
    await office.ledger.write(lambda tx: tx.recall_post("result:1:C0APPROVE"))
    await desk.sharing.tell()
    assert {row["state"] for row in rows_of((await desk.files())["csv"])} <= {"sent", "cancelled"}


async def test_who_was_forgotten_meanwhile_stays_a_number(desk: Desk) -> None:
    await run(desk, lines(2))
    office = desk.office
    [first, _] = await office.lines()
    await office.ledger.write(lambda tx: forget(tx, CustomerErased(customer=first.customer)))
    await desk.sharing.tell()
    [row, _] = rows_of((await desk.files())["csv"])
    assert (row["customer"], row["state"]) == (str(first.customer), "sent")


async def test_without_the_scope_the_requester_is_told_once_and_the_files_come_later(desk: Desk) -> None:
    await run(desk, lines(1))
    slack = desk.sharing.slack
    slack.faults.next("files.getUploadURLExternal", api_error("missing_scope"), times=4)
    for _ in range(2):
        assert await desk.sharing.tell() == ["missing_scope"] * 2
    [message] = [each.text for each in slack.dms(LI)]
    assert "files:write" in message
    assert await desk.sharing.tell() == []
    await desk.files()
    await desk.files(dm=False)


async def test_after_a_lost_answer_the_files_are_not_there_twice(desk: Desk) -> None:
    await run(desk, lines(1))
    slack = desk.sharing.slack
    slack.faults.next("files.completeUploadExternal", cut_after(), times=2)
    assert len(await desk.sharing.tell()) == 2
    await desk.files()
    await desk.files(dm=False)
    assert await desk.sharing.tell() == []
    shared = [m for m in (*slack.dms(LI), *slack.messages(CARD[0], thread_ts=desk.card)) if m.file_ids]
    assert len(shared) == 2
    assert await desk.sharing.waiting() == []


async def test_each_reads_it_in_their_own_language(tmp_path: Path) -> None:
    """The thread in the channel's; heads and states are the log's in any."""
    office = BatchOffice(tmp_path / "coupon.db")
    async with sharing_of(office.ledger, Workspace()) as sharing:
        desk = Desk(office, sharing)
        office.wechat.says = {openid(2): [NO]}
        await run(desk, lines(1))
        await sharing.tell()
        mine, theirs = [rows_of((await desk.files(dm=dm))["csv"])[0] for dm in (True, False)]
        assert (mine["state"], theirs["state"]) == ("refused", "refused")
        assert "gets no coupon" in theirs["explanation"]
        assert "客户" in mine["explanation"]
    await office.ledger.close()


BATCH = Batch(
    id=1,
    rev=1,
    state=BatchState.DONE,
    delivery="T0SHOP.V1",
    requester=LI,
    file_id="",
    file_name="late.csv",
    stock_id="",
    reason="",
    ticket="",
    asked_at=0,
)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufffe\uffff"), min_size=1, max_size=40
)


@given(reason=TEXTS, ticket=TEXTS)
def test_whatever_is_typed_is_read_again(reason: str, ticket: str) -> None:

    plain, book = io.BytesIO(), io.BytesIO()
    drawing = _Drawing(LANGUAGES.of("en"), BATCH, csv=plain, book=NewWorkbook(book), public=True)
    drawing.add([replace(request(), batch=1, batch_row=2, reason=reason, ticket=ticket)])
    drawing.close()
    [row] = rows_of(plain.getvalue())
    for name, typed in (("reason", reason), ("ticket", ticket)):
        assert row[name] in {typed, f"'{typed}", f"`{typed}"}
        sheet = openpyxl.load_workbook(io.BytesIO(book.getvalue()))["result"]
        cell = sheet.cell(2, RESULT_COLUMNS.index(name) + 1)
        assert (cell.data_type, unescape(str(cell.value))) == ("s", typed)
