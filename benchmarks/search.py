"""What auditors search for, over a long log: the newest 50 by each key, and by several together."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.long_log import shared
from benchmarks.report import Load, Row
from coupons.audit_ports import AuditSearch
from coupons.audit_words import Filter
from coupons.events import Tag
from coupons.model import State
from storage.store import Store

_NEWEST = 50
_REPEATED = 5
_GOAL_MS = 20.0


async def run(load: Load) -> list[Row]:
    """The slowest search by one key and by several."""
    return await asyncio.to_thread(_measure, load.events)


def _measure(events: int) -> list[Row]:
    path = Path(shared(events).name) / "coupon.db"
    with Store(path, clock=lambda: 0).read() as rows:
        [newest] = rows.find_requests(Filter(), limit=1)
        middle = rows.request(newest.request.id // 2)
        if middle is None:
            raise RuntimeError("the log has no request in its middle")
        month = Filter(since=middle.created_at, before=middle.created_at + 30 * 86_400_000)
        single = _slowest(rows, _single(middle.openid, middle.id, middle.ticket or "T-1", month))
        several = _slowest(rows, _several(month))
    return [
        Row(f"newest 50 by one key, slowest: {single[0]}", single[1], "ms", _GOAL_MS, "the goal"),
        Row(f"newest 50 by several, slowest: {several[0]}", several[1], "ms", _GOAL_MS, "the goal"),
    ]


def _single(openid: str, request: int, ticket: str, month: Filter) -> Mapping[str, Filter]:
    return {
        "nothing": Filter(),
        "request": Filter(request=request),
        "openid": Filter(openid=openid),
        "customer": Filter(customer=request // 4),
        "agent": Filter(agent="U0AGENT07"),
        "approver": Filter(approver="U0LEAD03"),
        "stock": Filter(stock_id="1212121203"),
        "ticket": Filter(ticket=ticket),
        "code": Filter(coupon_code="121200000001006616"),
        **{f"state {state}": Filter(state=state) for state in (State.SENT, State.REFUSED, State.PENDING)},
        "amount": Filter(least_fen=1500, most_fen=1500),
        "amounts": Filter(least_fen=1500, most_fen=2000),
        "amounts that nothing has": Filter(least_fen=5001),
        "since": replace(month, before=None),
        "until": replace(month, since=None),
        "a month": month,
        **{
            f"text {text}": Filter(texts=(text,))
            for text in ("late", "the", "迟到", "客", "户", "一", "p", "nosuch", "123456")
        },
        **{f"tag {tag}": Filter(tag=tag) for tag in (Tag.REQUEST_SENT, Tag.REQUEST_DECLINED)},
        "actor": Filter(actor="U0LEAD03"),
    }


def _several(month: Filter) -> Mapping[str, Filter]:
    return {
        "agent, state": Filter(agent="U0AGENT07", state=State.REFUSED),
        "agent, state, month": replace(month, agent="U0AGENT07", state=State.DECLINED),
        "agent, approver": Filter(agent="U0AGENT07", approver="U0LEAD03"),
        "approver, month": replace(month, approver="U0LEAD03"),
        "stock, state, amounts": Filter(stock_id="1212121203", state=State.REFUSED, least_fen=1500),
        "stock, text": Filter(stock_id="1212121203", texts=("迟到",)),
        "state, text": Filter(state=State.REFUSED, texts=("late",)),
        "two texts": Filter(texts=("late", "投诉")),
        "text, month": replace(month, texts=("破损",)),
        "tag, until": replace(month, since=None, tag=Tag.REQUEST_SENT),
        "tag, actor": Filter(tag=Tag.APPROVAL_GIVEN, actor="U0LEAD03"),
        "tag, month": replace(month, tag=Tag.REQUEST_REFUSED),
        "actor, until": replace(month, since=None, actor="U0LEAD03"),
        "tag, text": Filter(tag=Tag.REQUEST_CREATED, texts=("投诉",)),
        "tag, text that nothing has": Filter(tag=Tag.REQUEST_SENT, texts=("nosuch",)),
        "actor, text": Filter(actor="U0LEAD03", texts=("nosuch",)),
    }


def _slowest(rows: AuditSearch, asked: Mapping[str, Filter]) -> tuple[str, float]:
    """Its name and the median of some, in milliseconds."""
    found = {name: statistics.median(_times(rows, each)) for name, each in asked.items()}
    name = max(found, key=lambda name: found[name])
    return name, found[name]


def _times(rows: AuditSearch, asked: Filter) -> Iterator[float]:
    for _ in range(_REPEATED):
        started = time.perf_counter()
        rows.find(asked, limit=_NEWEST)
        yield (time.perf_counter() - started) * 1_000
