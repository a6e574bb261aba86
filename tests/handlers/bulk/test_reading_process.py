"""A file read by a process of its own comes back as if it had been read here, and harms nobody."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.reasons import NamedReason, Reasons, Required, Wording
from coupons.tickets import TicketSystem
from handlers.bulk import file_json, reading_process
from handlers.bulk.bulk_file import BulkFile, FileRefused, FormValues, WholeFile, Wrong
from handlers.bulk.line_words import LineWords
from handlers.bulk.reading_process import BulkReader
from tests.handlers.bulk.files import (
    ANN,
    BEN,
    CATALOGUE,
    LATE,
    csv_of,
    kinds,
    of_csv,
    read,
    refusal,
    table,
    text_cell,
    with_row,
)
from tests.handlers.bulk.test_properties import TEXTS

FILES = (
    csv_of(
        [
            ("openid", "stock", "name"),
            (f"`{ANN}`", "late-10", ""),
            (BEN, "", ""),
            (BEN, "nothing", ""),
            ("x", "", ""),
        ]
    ),
    csv_of(
        [("openid", "stock"), (ANN, "late-10"), (ANN, "late-10"), (BEN, "late-10"), (BEN.lower(), "12345678")]
    ),
    of_csv(f"title\nopenid,stock,原因\n{ANN},late-10,迟到\n\n{BEN},late-10,\n", "gb18030"),
    with_row(text_cell("A3", BEN) + '<c r="B3" t="e"><v>#N/A</v></c>', ' hidden="1"'),
)


@pytest.mark.parametrize("raw", FILES)
def test_what_was_found_comes_back_as_it_is(raw: bytes) -> None:
    found = read(raw, stock=LATE)
    assert found.bad or kinds(found)
    assert file_json.load(file_json.dump(found), CATALOGUE) == found


@given(TEXTS)
def test_whatever_was_found_comes_back(text: str) -> None:
    raw = f"openid,stock,reason\n{text}".encode("utf-8", "ignore")
    assert outcome(lambda: file_json.load(file_json.dump(found_in(raw)), CATALOGUE)) == outcome(
        lambda: read(raw, stock=LATE)
    )


def found_in(raw: bytes) -> BulkFile | FileRefused:
    try:
        return read(raw, stock=LATE)
    except FileRefused as refused:
        return refused


def outcome(reading: Callable[[], BulkFile]) -> object:
    try:
        return reading()
    except FileRefused as refused:
        return vars(refused)


@given(
    st.sampled_from(
        ["", "[]", "{}", '{"refused": {"why": "?"}}', '{"sha256": "", "sheet": "", "remarks": []}\n[1]']
    )
)
def test_what_is_no_answer_is_not_taken_for_one(said: str) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        file_json.load(said.splitlines(), CATALOGUE)


async def test_a_process_reads_a_file_and_knows_nothing_of_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    reader = BulkReader(CATALOGUE, most_lines=2)
    raw = csv_of([("openid", "stock", "reason"), (ANN, "late-10", ""), (BEN, "", "own")])
    form = FormValues(stock=LATE, reason="for all", ticket="T-1")
    found = await reader.read(raw, form)
    assert [(line.openid, line.stock, line.reason, line.ticket) for line in found.lines] == [
        (ANN, LATE, "for all", "T-1"),
        (BEN, LATE, "own", "T-1"),
    ]
    with pytest.raises(FileRefused) as refused:
        await reader.read(raw + f"{ANN},late-10,\n".encode(), form)
    assert (refused.value.why, refused.value.limit) == (WholeFile.TOO_MANY_LINES, 2)


async def test_a_line_says_what_its_value_asks_for_and_its_words_are_read_as_in_a_command() -> None:
    late = NamedReason("late", Wording("Parcel came late", "包裹延误"))
    desk = TicketSystem("[A-Z]+-[0-9]+", "https://desk.example/t/{ticket}")
    wanted = LineWords(Reasons([late], language="zh-CN"), desk, Required(1000, 2000))
    raw = csv_of(
        [
            ("openid", "stock", "reason", "ticket"),
            (ANN, "late-10", "late again", "https://desk.example/t/A-1"),
            (BEN, "late-10", "", ""),
            (ANN, "cold-20", "", ""),
            (BEN, "cold-20", "late ticket:A-2", ""),
            (ANN, "long", "", ""),
        ]
    )
    found = await BulkReader(CATALOGUE, wanted=wanted).read(raw, FormValues())
    assert [(line.row, line.reason, line.ticket) for line in found.lines] == [
        (2, "包裹延误：again", "A-1"),
        (5, "包裹延误", "A-2"),
        (6, "", ""),
    ]
    assert [(bad.row, bad.column, bad.wrong) for bad in found.bad] == [
        (3, "C", Wrong.REASON_REQUIRED),
        (4, "C", Wrong.REASON_REQUIRED),
        (4, "D", Wrong.TICKET_REQUIRED),
    ]
    # What the form says for all lines is said of each.
    for_all = FormValues(reason="sorry", ticket="A-3")
    assert (await BulkReader(CATALOGUE, wanted=wanted).read(raw, for_all)).bad == ()


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in place of the interpreter, to do what a process that reads a bad file may do."""
    script = tmp_path / "worker"
    monkeypatch.setattr(sys, "executable", str(script))
    return script


def be(script: Path, does: str) -> None:
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o700)


@pytest.mark.parametrize("does", ["kill -9 $$", "kill -6 $$", "exit 1"])
async def test_a_process_that_dies_is_a_file_that_was_too_much(worker: Path, does: str) -> None:
    be(worker, does)
    with pytest.raises(FileRefused) as refused:
        await BulkReader(CATALOGUE).read(table((ANN, "late-10")), FormValues())
    assert refused.value.why is WholeFile.TOO_MUCH_WORK


async def test_a_process_that_takes_too_long_is_ended(worker: Path, tmp_path: Path) -> None:
    be(worker, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    with pytest.raises(FileRefused) as refused:
        await BulkReader(CATALOGUE, limit_s=0.5).read(table((ANN, "late-10")), FormValues())
    assert refused.value.why is WholeFile.TOO_MUCH_WORK
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("limit", ["_MEMORY = 2**20", "_CPU_S = 0"])
async def test_a_process_has_no_more_memory_and_time_than_it_may(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = table(*((ANN, "late-10") for _ in range(2_000)))
    script = tmp_path / "worker"
    program = f"from handlers.bulk import reading_worker as worker; worker.{limit}; worker.main()"
    be(script, f"exec {sys.executable} -c '{program}'")
    assert len((await BulkReader(CATALOGUE).read(raw, FormValues())).lines) == 2_000
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(FileRefused) as refused:
        await BulkReader(CATALOGUE).read(raw, FormValues())
    assert refused.value.why is WholeFile.TOO_MUCH_WORK


async def test_the_environment_of_the_process_has_no_secret(
    worker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    be(worker, f"env > {tmp_path}/env; exit 1")
    with pytest.raises(FileRefused):
        await BulkReader(CATALOGUE).read(table((ANN, "late-10")), FormValues())
    said = (tmp_path / "env").read_text()
    assert "PYTHONPATH=" in said
    assert "xoxb-1" not in said


async def test_a_file_that_is_too_big_starts_no_process(
    worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "MOST_BYTES", 3)
    with pytest.raises(FileRefused) as refused:
        await BulkReader(CATALOGUE).read(b"1234", FormValues())
    assert refused.value.why is WholeFile.TOO_BIG


async def test_two_files_are_read_one_after_the_other(worker: Path, tmp_path: Path) -> None:
    be(
        worker,
        f"cd {tmp_path}; test ! -e lock || touch both; touch lock; sleep 0.2; rm lock",
    )
    reader = BulkReader(CATALOGUE)
    answers = await asyncio.gather(
        *(reader.read(b"openid", FormValues()) for _ in range(2)), return_exceptions=True
    )
    assert len(answers) == 2
    assert not (tmp_path / "both").exists()
    assert refusal(b"openid").why is WholeFile.NO_STOCK
