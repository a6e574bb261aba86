"""The Home of a lead for whom 500 requests wait: from the click that opens it to the view that leaves."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.long_log import AGENTS, APPROVERS, STOCKS, openid_of, shared
from benchmarks.report import Load, Row
from coupons.authority import Authority
from coupons.catalogue import Catalogue
from coupons.model import CodeMode, Draft, Person, Stock
from coupons.policy import DAY_MS, Limit, Policy, Rule
from coupons.ports import Transaction
from coupons.tickets import TicketSystem
from handlers.card_facts import CardFacts
from handlers.home_facts import HomeFacts
from handlers.views import home
from handlers.views.words import Words, load_language
from storage.driver import sqlite3
from storage.ledger import SqliteLedger
from storage.store import Store

#: Of the requests that approved ones wait beside in the other benchmarks, a quarter: 500 in the full form.
_SHARE: Final = 4
_REPEATED: Final = 7
_GOAL_MS: Final = 150.0
_LEAD: Final = APPROVERS[3]
_POLICY: Final = Policy(
    agents=(),
    approvers=("S0LEADS",),
    rules=(Rule(2000, 1, ("S0LEADS",)), Rule(None, 2, ())),
    per_agent=Limit(50, 1),
    budget=Limit(None, 7, fen=10**9),
)
_BARE: Final = """
select request.*, customer.openid, approval.approver, approval.at
from request join customer on customer.id = request.customer
    left join approval on approval.request_id = request.id
where request.state = 'pending' and request.batch is null order by request.created_at, request.id
"""


class _Leads:
    """Slack's directory, which is remembered for half a minute and costs nothing here."""

    async def person(self, user_id: str) -> Person:
        return Person(user_id=user_id, team="T0SHOP")

    async def members(self, group_id: str) -> frozenset[str]:
        return frozenset(APPROVERS) if group_id == "S0LEADS" else frozenset()


@dataclass(frozen=True, slots=True)
class _Took:
    """Medians. What else a busy machine does costs no CPU of ours."""

    ms: float
    cpu_ms: float


async def run(load: Load) -> list[Row]:
    """Milliseconds, the median of some: all but Slack's own questions and the way to it."""
    waiting = max(load.waiting // _SHARE, 1)
    with tempfile.TemporaryDirectory(prefix="coupon-bench-") as folder:
        path = Path(folder) / "coupon.db"
        shared_log = await asyncio.to_thread(shared, load.events)
        await asyncio.to_thread(shutil.copyfile, Path(shared_log.name) / "coupon.db", path)
        with Store(path, clock=lambda: 0).read() as rows:
            now = rows.newest_end()
        ledger = SqliteLedger(path, clock=lambda: now, on_commit=lambda _: None)
        try:
            await ledger.write(lambda tx: _ask(tx, waiting, now))
            took, view = await _opened(ledger, waiting, now)
        finally:
            await ledger.close()
        bare = _bare(path, view)
    name = f"Home of a lead, {waiting} waiting"
    return [
        Row(f"CPU of the {name}", took.cpu_ms, "ms", _GOAL_MS, "the goal, at 1M events"),
        Row(name, took.ms, "ms", bare, "its rows by bare SQLite, and JSON"),
    ]


def _ask(tx: Transaction, count: int, now: int) -> None:
    def draft(number: int) -> Draft:
        stock_id, name, value_fen, _, rule = STOCKS[1 + number % 3]
        return Draft(
            out_request_no=f"cbwaits{number:025}",
            requester=AGENTS[number % len(AGENTS)],
            openid=openid_of(number * 7),
            stock=Stock(stock_id, "alias", name, value_fen, CodeMode.WECHATPAY_MODE),
            reason="The box was open and one of three cups was broken",
            approvals_needed=1,
            created_at=now - number * 60_000,
            expires_at=now + DAY_MS,
            body=b"{}",
            rule=rule,
        )

    tx.add_requests([draft(number) for number in range(count)])


async def _opened(ledger: SqliteLedger, waiting: int, now: int) -> tuple[_Took, home.View]:
    words: Words = load_language("en")
    took, cpu = [], []
    for _ in range(_REPEATED):
        # Each as the first after a start: nothing is remembered of the week.
        facts = HomeFacts(
            ledger=ledger,
            authority=Authority(policy=_POLICY, directory=_Leads(), ledger=ledger, team="T0SHOP"),
            policy=_POLICY,
            beside=CardFacts(catalogue=Catalogue(()), tickets=TicketSystem()),
            workspace_url="https://shop.slack.com/",
            clock=lambda: now,
        )
        started, began = time.perf_counter(), time.process_time()
        seen = await facts.overview(_LEAD, await facts.pending())
        if seen is None:
            raise RuntimeError("the lead has no role")
        view = home.home(words, seen)
        json.dumps(view)
        cpu.append((time.process_time() - began) * 1000)
        took.append((time.perf_counter() - started) * 1000)
        if len(seen.waiting) != waiting or seen.week is None or not seen.week.count or not seen.decided:
            raise RuntimeError(f"Home shows {len(seen.waiting)} waiting, and a week with nothing in it")
    return _Took(statistics.median(took), statistics.median(cpu)), view


def _bare(path: Path, view: home.View) -> float:
    """The requests that wait, read by one statement, and the view as JSON: milliseconds."""
    connection = sqlite3.connect(path)
    try:
        took = []
        for _ in range(_REPEATED):
            started = time.perf_counter()
            connection.execute(_BARE).fetchall()
            json.dumps(view)
            took.append((time.perf_counter() - started) * 1000)
    finally:
        connection.close()
    return statistics.median(took)
