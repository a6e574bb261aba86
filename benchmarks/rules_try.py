"""New rules tried on a long log: each request judged, with limits by customer, agent, stock and budget."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.long_log import shared
from benchmarks.report import Load, Row
from coupons.policy import CustomerTotal, Limit, Policy, Rule, WhenReached
from coupons.rules_trial import TRIAL_TAGS, Trial, TrialSum, TrialVerdict
from storage.store import Store

_GOAL_S = 20.0
_POLICY = Policy(
    agents=(),
    approvers=("U0LEAD01",),
    rules=(
        Rule(2000, 1, (), customer_total=CustomerTotal(5000, 30)),
        Rule(None, 2, ("U0LEAD01", "U0LEAD02", "U0LEAD03")),
    ),
    per_customer=Limit(2, 30),
    per_agent=Limit(50, 1, WhenReached.APPROVE),
    per_stock=Limit(None, 30, fen=50_000_000),
    budget=Limit(None, 1, fen=5_000_000),
)


async def run(load: Load) -> list[Row]:
    """Seconds for the whole log, beside its events read alone."""
    return await asyncio.to_thread(_measure, load.events)


def _measure(events: int) -> list[Row]:
    store = Store(Path(shared(events).name) / "coupon.db", clock=lambda: 0)
    started = time.perf_counter()
    stock_ids = {str(event.detail.get("stock_id")) for event in store.events_of(TRIAL_TAGS)}
    alone = time.perf_counter() - started
    trial = Trial(_POLICY, stock_ids=frozenset(stock_ids))
    started = time.perf_counter()
    for event in store.events_of(TRIAL_TAGS):
        trial.take(event)
    found = trial.result()
    elapsed = time.perf_counter() - started
    judged = found.requests.count - found.verdicts.get(TrialVerdict.NO_STOCK, TrialSum()).count
    if not judged or sum(each.count for each in found.verdicts.values()) != found.requests.count:
        raise RuntimeError("not every request was judged once")
    return [
        Row("rules tried on the log", elapsed, "s", alone, "the same events read alone"),
        Row("rules tried on the log", elapsed, "s", _GOAL_S, "the goal, at 1M events"),
    ]
