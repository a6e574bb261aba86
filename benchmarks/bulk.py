"""Reading a bulk file: seconds beside the bare readers of the same run, and memory, each in its process."""

from __future__ import annotations

import asyncio
import csv
import io
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineWorkbook

from benchmarks.bulk_files import csv_file, xlsx_file
from benchmarks.long_log import END_MS, shared
from benchmarks.report import Load, Row
from coupons.batch_preview import preview, totals_of
from coupons.catalogue import Catalogue
from coupons.model import CodeMode, Stock
from coupons.policy import DAY_MS, CustomerTotal, Limit, Policy, Rule
from handlers.bulk.bulk_file import FormValues
from handlers.bulk.reading import read_lines
from handlers.bulk.reading_process import BulkReader
from storage.store import Store

_STOCKS = Catalogue((Stock("1212121212", "late-10", "¥10 off", 1000, CodeMode.WECHATPAY_MODE),))
_GOAL_MB = 150.0
_PREVIEW_GOAL_S = 10.0
_AGENT = "U0AGENT"
#: Every limit there is, none of which is reached.
_POLICY = Policy(
    agents=(),
    approvers=("U0WANG",),
    rules=(Rule(2000, 1, (), customer_total=CustomerTotal(5000, 7)), Rule(None, 2, ())),
    per_customer=Limit(9, 30),
    per_agent=Limit(10**6, 30),
    per_stock=Limit(None, 30, fen=10**12),
    budget=Limit(None, 30, fen=10**12),
)


@dataclass(frozen=True, slots=True)
class _Figures:
    seconds: float
    bare_seconds: float
    megabytes: float


async def run(load: Load) -> list[Row]:
    """Seconds of CPU for all lines, and the memory that the process has taken in the end."""
    rows = []
    for name, make, bare in (("CSV", csv_file, _bare_csv), (".xlsx", xlsx_file, _bare_xlsx)):
        figures = await asyncio.to_thread(_measure_apart, make(load.lines), bare, load.lines)
        of = f"{load.lines:,} lines of {name}"
        rows.append(Row(f"read {of}", figures.seconds, "CPU s", figures.bare_seconds, "the bare reader"))
        rows.append(Row(f"memory for {of}", figures.megabytes, "MB", _GOAL_MB, "the goal"))
    seconds = await _preview(load)
    goal = f"the goal, at {load.events:,} events"
    rows.append(Row(f"preview of {load.lines:,} lines of .xlsx", seconds, "s", _PREVIEW_GOAL_S, goal))
    return rows


async def _preview(load: Load) -> float:
    """From the bytes to what the batch comes to, with what each customer had."""
    raw = xlsx_file(load.lines)
    store = Store(Path(shared(load.events).name) / "coupon.db", clock=lambda: END_MS)
    started = time.perf_counter()
    lines = (await BulkReader(_STOCKS).read(raw, FormValues())).lines
    with store.read() as rows:
        counts = rows.used(totals_of(_POLICY, _AGENT, lines), END_MS)
        tickets = {line.ticket for line in lines}
        rows.asked_lately({line.openid for line in lines}, tickets, END_MS - DAY_MS)
    found = preview(_POLICY, _AGENT, lines, counts, {})
    elapsed = time.perf_counter() - started
    if len(found.lines) != load.lines or found.terms is None:
        raise RuntimeError(f"{len(found.lines)} of {load.lines} lines may be asked for")
    return elapsed


def _measure_apart(raw: bytes, bare: Callable[[bytes], int], lines: int) -> _Figures:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_measure, raw, bare, lines).result()


def _measure(raw: bytes, bare: Callable[[bytes], int], lines: int) -> _Figures:
    started = time.process_time()
    found = read_lines(raw, catalogue=_STOCKS)
    seconds = time.process_time() - started
    megabytes = _most_megabytes()
    if len(found.lines) != lines or found.bad:
        raise RuntimeError(f"{len(found.lines)} of {lines} lines were read")
    started = time.process_time()
    if bare(raw) != lines + 1:
        raise RuntimeError("the bare reader read another number of rows")
    return _Figures(seconds, time.process_time() - started, megabytes)


def _most_megabytes() -> float:
    """Linux's `ru_maxrss` begins with what the parent had when it started this process."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _bare_csv(raw: bytes) -> int:
    return sum(1 for _ in csv.reader(io.StringIO(raw.decode())))


def _bare_xlsx(raw: bytes) -> int:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
    return sum(1 for _ in sheet.iter_rows())
