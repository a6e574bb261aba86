"""A month's figures, read in one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from coupons.month import Month, MonthLine, median
from storage.audit import GENESIS
from storage.batch_approvals import OF_LINE

_COUNTS: Final = """
    count(*) as asked,
    count(*) filter (where state = 'refused') as refused,
    count(*) filter (
        where state in ('declined', 'cancelled', 'expired', 'closed') or undone_by is not null
    ) as ended,
    count(*) filter (where state in ('unknown', 'held')) as doubtful,
    count(*) filter (where state in ('pending', 'approved', 'sending')) as waiting
"""
#: An undo gives nothing, and is no request for a coupon.
_MADE: Final = "from request where created_at >= :since and created_at < :before and undoes is null"
#: No request is closed before it is made, so the index on created_at bounds closed_at, too.
_SENT: Final = """
from request where state = 'sent' and created_at < :before and closed_at >= :since and closed_at < :before
  and undone_by is null
"""
_NOT_KNOWN: Final = f"""
{_SENT} and not exists (
    select 1 from coupon_state where coupon_state.request_id = request.id and coupon_state.state <> ''
)
"""
_USED: Final = """
from coupon_state join request on request.id = coupon_state.request_id {others}
where coupon_state.state = 'USED'
    and coalesce(coupon_state.happened_at, coupon_state.changed_at) >= :since
    and coalesce(coupon_state.happened_at, coupon_state.changed_at) < :before
"""
_SUM_USED: Final = "count(*) as used, sum(request.value_fen) as used_fen"
_OF_REQUEST: Final = _USED.format(others="")
_AGENTS_USED = f"select request.requester as name, {_SUM_USED} {_OF_REQUEST} group by request.requester"
_STOCKS_USED = f"select request.stock_id as name, {_SUM_USED} {_OF_REQUEST} group by request.stock_id"
_AGENTS_NOT_KNOWN = f"select requester as name, count(*) as not_known {_NOT_KNOWN} group by requester"
_STOCKS_NOT_KNOWN = f"select stock_id as name, count(*) as not_known {_NOT_KNOWN} group by stock_id"
_AGENTS = f"select requester as name, '' as stock_name, {_COUNTS} {_MADE} group by requester"
_AGENTS_SENT = f"select requester as name, count(*) as sent, sum(value_fen) as fen {_SENT} group by requester"
_STOCKS = f"select stock_id as name, max(stock_name) as stock_name, {_COUNTS} {_MADE} group by stock_id"
_STOCKS_SENT = f"select stock_id as name, count(*) as sent, sum(value_fen) as fen {_SENT} group by stock_id"
_APPROVERS = f"""
select approval.approver as name, '' as stock_name, {_COUNTS}
from approval join request on request.id = approval.request_id
where approval.at >= :since and approval.at < :before and request.undoes is null group by approval.approver
"""
_APPROVERS_SENT = """
select approval.approver as name, count(*) as sent, sum(request.value_fen) as fen
from request join approval on approval.request_id = request.id
where request.state = 'sent' and request.undone_by is null and request.created_at < :before
  and request.closed_at >= :since and request.closed_at < :before
group by approval.approver
"""
_APPROVERS_USED = f"""
select approval.approver as name, {_SUM_USED}
{_USED.format(others="join approval on approval.request_id = request.id")} group by approval.approver
"""
#: How long each request of the month waited for the approval that was its last.
_WAITED = """
select request.requester as agent, request.stock_id as stock, max(approval.at) - request.created_at as waited
from request join approval on approval.request_id = request.id
where request.created_at >= :since and request.created_at < :before and request.undoes is null
group by request.id having count(*) >= request.approvals_needed
"""
_WAITED_FOR = """
select approval.approver as approver, approval.at - request.created_at as waited
from approval join request on request.id = approval.request_id
where approval.at >= :since and approval.at < :before and request.undoes is null
"""
#: The same of the lines of batches, whose approvals are their batch's.
_BATCH_APPROVERS = f"""
select given.approver as name, '' as stock_name, {_COUNTS}
from batch_approval as given join request on {OF_LINE}
where given.at >= :since and given.at < :before group by given.approver
"""
_BATCH_APPROVERS_SENT = f"""
select given.approver as name, count(*) as sent, sum(request.value_fen) as fen
from batch_approval as given join request on {OF_LINE}
where request.state = 'sent' and request.undone_by is null
  and request.closed_at >= :since and request.closed_at < :before
group by given.approver
"""
_BATCH_APPROVERS_USED = f"""
select given.approver as name, {_SUM_USED}
{_USED.format(others=f"join batch_approval as given on {OF_LINE}")} group by given.approver
"""
_BATCHES_WAITED = f"""
select request.requester as agent, request.stock_id as stock, given.at - request.created_at as waited
from (select batch, max(at) as at, count(*) as n from batch_approval group by batch) as given
join request on {OF_LINE}
where request.created_at >= :since and request.created_at < :before and given.n >= request.approvals_needed
"""
_BATCHES_WAITED_FOR = f"""
select given.approver as approver, given.at - request.created_at as waited
from batch_approval as given join request on {OF_LINE}
where given.at >= :since and given.at < :before
"""
_SPAN = """
select coalesce(min(seq), 0) as low, coalesce(max(seq), 0) as high
from event where ts >= :since and ts < :before
"""
_HEAD = "select seq, hash from event order by seq desc limit 1"


def month(database: Any, *, since: int, before: int) -> Month:
    """Times in UTC milliseconds."""
    span = {"since": since, "before": before}

    def rows(*statements: str) -> list[Any]:
        return [row for sql in statements for row in database.execute(sql, span).fetchall()]

    waited = rows(_WAITED, _BATCHES_WAITED)
    waited_for = rows(_WAITED_FOR, _BATCHES_WAITED_FOR)
    agents = _lines(
        rows(_AGENTS), rows(_AGENTS_SENT, _AGENTS_USED, _AGENTS_NOT_KNOWN), _grouped(waited, "agent")
    )
    stocks = _lines(
        rows(_STOCKS), rows(_STOCKS_SENT, _STOCKS_USED, _STOCKS_NOT_KNOWN), _grouped(waited, "stock")
    )
    approvers = _lines(
        rows(_APPROVERS, _BATCH_APPROVERS),
        rows(_APPROVERS_SENT, _BATCH_APPROVERS_SENT, _APPROVERS_USED, _BATCH_APPROVERS_USED),
        _grouped(waited_for, "approver"),
    )
    events = database.execute(_SPAN, span).fetchone()
    head = database.execute(_HEAD).fetchone()
    return Month(
        **span,
        agents=agents,
        stocks=stocks,
        approvers=approvers,
        total=_total(agents, [row["waited"] for row in waited]),
        first_seq=events["low"],
        last_seq=events["high"],
        head_seq=head["seq"] if head else 0,
        head_hash=head["hash"] if head else GENESIS,
    )


def _lines(
    counts: Iterable[Any], sent: Iterable[Any], waited: Mapping[str, Sequence[int]]
) -> Sequence[MonthLine]:
    """Those who cost most first. A name may stand twice: its counts are added up."""
    given = _summed(sent)
    asked = _summed(counts)
    lines = []
    for name in asked.keys() | given.keys():
        # Asked for in an earlier month, sent in this one: only what was sent counts here.
        values = {**asked.get(name, {}), **given.get(name, {})}
        times = waited.get(name, [])
        lines.append(MonthLine(**values, median_ms=median(times), longest_ms=max(times, default=None)))
    return sorted(lines, key=lambda line: (-line.fen, -line.asked, line.name))


def _summed(rows: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """By name."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        values = dict(row)
        before = found.setdefault(values["name"], values)
        if before is not values:
            for key, value in values.items():
                if isinstance(value, int):
                    before[key] = before.get(key, 0) + value
    return found


def _grouped(rows: Iterable[Any], name: str) -> Mapping[str, Sequence[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        # A wall clock that was put back is no time that somebody saved.
        found[row[name]].append(max(row["waited"], 0))
    return found


def _total(lines: Sequence[MonthLine], waited: Sequence[int]) -> MonthLine:
    times = [max(each, 0) for each in waited]

    def summed(name: str) -> int:
        return sum(getattr(line, name) for line in lines)

    return MonthLine(
        name="",
        asked=summed("asked"),
        sent=summed("sent"),
        fen=summed("fen"),
        used=summed("used"),
        used_fen=summed("used_fen"),
        not_known=summed("not_known"),
        refused=summed("refused"),
        ended=summed("ended"),
        doubtful=summed("doubtful"),
        waiting=summed("waiting"),
        median_ms=median(times),
        longest_ms=max(times, default=None),
    )
