"""The disk fails or is full, or another program holds the database: nothing is half done, doubled or lost."""

from __future__ import annotations

import asyncio
import errno
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.empty_database import empty_database
from tests.faults.agreement import Agreement
from tests.faults.campaign import Campaign, campaign
from tests.machine import lacks
from tests.storage.processes import let_go, line, running

#: Single requests, lines of batches, rounds of trouble.
_LONG, _SHORT = (200, 200, 100), (3, 3, 2)
_SEED = 20261203
_SOURCE = Path(__file__).with_name("io_faults.c")
_FREE_MB = 6


@pytest.fixture
def io_faults(tmp_path: Path) -> Path:
    """`io_faults.c`, built."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        lacks("WRITES THAT FAIL", "no C compiler builds tests/faults/io_faults.c: install gcc")
    library = tmp_path / "io_faults.so"
    command = [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"]
    subprocess.run(command, check=True)
    return library


async def _bad_disk(here: Campaign, rounds: int, met: Counter[str]) -> None:
    """Each life meets failing writes and syncs, from the n-th on and for a while; then it is ended."""
    dice = here.dice
    for number in range(rounds):
        first, many = dice.randint(1, 120), 1 + int(dice.expovariate(1 / 8))
        code = dice.choice((errno.EIO, errno.ENOSPC))
        met[errno.errorcode[code]] += 1
        if await here.bot.start(here.slack, quick=True, io=(first, many, code)):
            await asyncio.sleep(dice.uniform(0.5, 2.0))
            if dice.random() < 0.5:
                await here.bot.kill()
            else:
                met["ended by itself"] += await here.bot.stop() != 0
        else:
            met["refused to start"] += 1
        await here.gone()
        here.done = (number + 1) / rounds
    await here.bot.start(here.slack, quick=True)


def _all_agrees(here: Campaign, found: Agreement) -> None:
    assert here.problems(found) == []


async def test_writes_and_syncs_that_fail_leave_nothing_half_done(
    tmp_path: Path, io_faults: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    met = Counter[str]()
    # A first start writes so much that it would meet all the faults.
    empty_database(tmp_path / "coupon.db")
    preload = {"LD_PRELOAD": str(io_faults)}
    async with campaign(tmp_path, seed=_SEED, preload=preload) as here:
        found = await here.run(requests, lines, lambda: _bad_disk(here, rounds, met), patience_s=300.0)
        figures(f"{rounds} lives in {here.seconds:.0f} s ({dict(met)}); {found.figures()}")
        _all_agrees(here, found)
        assert "Traceback (most recent call last):\n" not in here.bot.log, "a traceback for people"


@contextmanager
def small_disk(folder: Path) -> Generator[Path]:
    """A file system of its own, of a few megabytes."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_FREE_MB}m", "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        # Not a matter of what is installed, and so no failure in CI: many a container may mount nothing.
        pytest.skip("A FULL DISK: nothing may be mounted here (writes that fail with ENOSPC are tested)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def _full_disk(here: Campaign, rounds: int) -> None:
    """Somebody else's file takes all the room again and again, to the last byte or nearly so."""
    await here.bot.start(here.slack, quick=True)
    filler = here.shop.folder / "filler"
    for number in range(rounds):
        await asyncio.sleep(here.dice.uniform(0.2, 0.6))
        free = shutil.disk_usage(here.shop.folder).free
        with suppress(OSError):
            # The bot may have been quicker: then it is full as well.
            filler.write_bytes(bytes(max(free - here.dice.choice((0, 0, 4096, 20_000)), 0)))
        await asyncio.sleep(here.dice.uniform(0.3, 0.8))
        if here.dice.random() < 0.3:
            await here.bot.kill()
            await here.gone()
            await here.bot.start(here.slack, quick=True)
        filler.unlink()
        if not here.bot.runs:
            await here.bot.start(here.slack, quick=True)
        here.done = (number + 1) / rounds


async def test_a_full_disk_is_told_and_nothing_is_lost(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    with small_disk(tmp_path / "disk") as disk:
        async with campaign(disk, seed=_SEED, log=tmp_path / "bot.log") as here:
            found = await here.run(requests, lines, lambda: _full_disk(here, rounds), patience_s=300.0)
            figures(f"{rounds} times full in {here.seconds:.0f} s; {found.figures()}")
            _all_agrees(here, found)


async def _locked(here: Campaign, rounds: int) -> None:
    """Another program holds the file's write lock, for less and for longer than the bot waits for it."""
    await here.bot.start(here.slack, quick=True)
    for number in range(rounds):
        await asyncio.sleep(here.dice.uniform(0.1, 0.4))
        with running("lock", here.shop.folder / "coupon.db") as process:
            assert await asyncio.to_thread(line, process) == "held"
            await asyncio.sleep(here.dice.choice((0.1, 0.5, 2.0)))
            let_go(process)
            assert await asyncio.to_thread(line, process) == "let go"
        here.done = (number + 1) / rounds


async def test_a_locked_database_is_waited_for_or_told(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    async with campaign(tmp_path, seed=_SEED) as here:
        found = await here.run(requests, lines, lambda: _locked(here, rounds), patience_s=300.0)
        figures(f"{rounds} times locked in {here.seconds:.0f} s; {found.figures()}")
        _all_agrees(here, found)
