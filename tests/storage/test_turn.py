"""Several processes write to a file in turn: nothing is lost, nobody hangs, no turn dies with its holder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coupons.errors import StorageUnavailable
from coupons.events import Tag
from coupons.ports import Transaction
from coupons.recording import Event
from storage.errors import DatabaseRefused
from storage.locks import Turn
from storage.proof.verify import verify
from storage.store import Store
from tests.storage.records import ROOT, Time, make_log, open_ledger, rows

_WRITER = """
import sys
from pathlib import Path
from coupons.recording import Event
from coupons.events import Tag
from storage.store import Store
for number in range(int(sys.argv[2])):
    event = Event(Tag.AUDIT_VIEWED, "system", None, {"by": sys.argv[3], "number": number})
    Store(Path(sys.argv[1]), clock=lambda: 1).write_once(lambda tx: tx.append(event))
"""
_HOLDER = """
import sys
from pathlib import Path
from storage.store import Store
from coupons.recording import Event
from coupons.events import Tag
def hold(tx):
    tx.append(Event(Tag.AUDIT_VIEWED, "system", None, {"by": "holder"}))
    print("mine", flush=True)
    sys.stdin.readline()
Store(Path(sys.argv[1]), clock=lambda: 1).write_once(hold)
"""


@contextmanager
def holding(path: Path) -> Generator[subprocess.Popen[str]]:
    """A process in the middle of its transaction, in its turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def leave(path: Path) -> int:
    return Store(path, clock=Time()).write_once(lambda tx: tx.append(Event(Tag.AUDIT_VIEWED, "system")))


async def test_four_commands_and_the_bot_write_at_once_and_nothing_is_lost(path: Path) -> None:
    ledger = open_ledger(path)
    commands = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _WRITER,
            str(path),
            "50",
            str(number),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        for number in range(4)
    ]

    def one(tx: Transaction) -> int:
        return tx.append(Event(Tag.BOT_STARTED, "system"))

    async def bot() -> None:
        for _ in range(500):
            await ledger.write(one)

    _, *errors = await asyncio.gather(bot(), *(command.communicate() for command in commands))
    assert [error for _, error in errors] == [b""] * 4
    await ledger.close()
    assert verify(path).rows == 700
    detail = rows(
        path, "select body ->> '$.detail.by', count(*) from event where tag = 'audit:viewed' group by 1"
    )
    assert detail == [(str(number), 50) for number in range(4)]
    assert rows(path, "pragma integrity_check") == [("ok",)]


def test_a_stopped_holder_makes_others_fail_and_not_hang_and_goes_on_afterwards(path: Path) -> None:
    make_log(path, 5)
    with holding(path) as process:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(StorageUnavailable, match="another process has its turn"):
            leave(path)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait() == 0
    assert leave(path) == 7
    assert verify(path).rows == 7


async def test_the_bot_itself_answers_that_it_is_busy_and_works_again_afterwards(path: Path) -> None:
    ledger = open_ledger(path)
    with holding(path) as process:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(StorageUnavailable):
            await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system")))
    assert await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system"))) == 1
    await ledger.close()
    assert verify(path).rows == 1


def test_kill_9_in_its_turn_frees_it_and_leaves_nothing_of_its_write(path: Path) -> None:
    make_log(path, 5)
    with holding(path) as process:
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert leave(path) == 6
    assert verify(path).rows == 6


def test_what_the_work_raises_undoes_it_and_gives_the_turn_back(path: Path) -> None:
    make_log(path, 5)

    def work(tx: Transaction) -> None:
        tx.append(Event(Tag.BOT_STARTED, "system"))
        raise KeyError("no")

    with pytest.raises(KeyError):
        Store(path, clock=Time()).write_once(work)
    assert leave(path) == 6


def test_a_file_of_another_schema_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_log(path, 5)
    monkeypatch.setattr("storage.database.LATEST", 99)
    with pytest.raises(DatabaseRefused, match="run `coupon-bot migrate`"):
        leave(path)
    monkeypatch.undo()
    assert verify(path).rows == 5


def test_two_names_of_one_file_have_one_turn(path: Path, tmp_path: Path) -> None:
    make_log(path, 5)
    other = tmp_path / "other.db"
    other.symlink_to(path)
    with Turn(path), pytest.raises(StorageUnavailable):
        leave(other)
    assert leave(other) == 6
