"""What Home and the weekly message ask: decisions of one person, and what a week came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from coupons.month import median
from coupons.policy import DAY_MS
from coupons.recording import Recorded
from coupons.rules import Used
from coupons.week import DAYS, Week, WeekLine
from storage.audit import recorded
from storage.base_rows import BaseRows, bound

#: Of clocks that jumped it may not be the very first: nothing is proved by it.
_FIRST_SINCE: Final = "select seq from event where ts >= :since order by ts limit 1"
_DECISIONS: Final = """
select event.seq, event.body from event left join request on request.id = event.request_id
where event.actor = :person and event.seq >= :first
  and event.tag in ('approval:given', 'approval:withdrawn', 'request:declined', 'batch:declined')
  and request.batch is null
order by event.seq desc limit :limit
"""
_NEWEST_END: Final = "select coalesce(max(closed_at), 0) as at from request where closed_at is not null"
#: Without what was taken back, and what was asked for to take something back.
_ENDED: Final = """
select state, requester, stock_id, max(stock_name) as stock_name, (closed_at - :since) / :day_ms as day,
    count(*) as n, sum(value_fen) as fen
from request
where closed_at >= :since and closed_at < :before and state in ('sent', 'declined')
  and undoes is null and undone_by is null
group by state, requester, stock_id, 5
"""
_WAITED: Final = """
select max(approval.at) - request.created_at as waited
from request join approval on approval.request_id = request.id
where request.closed_at >= :since and request.closed_at < :before and request.state = 'sent'
group by request.id
"""
#: Few rows, however many lines: those of all batches ever.
_BATCHES_WAITED: Final = """
select max(given.at) - batch.submitted_at as waited
from batch_approval as given join batch on batch.id = given.batch
group by batch.id
having max(given.at) >= :since and max(given.at) < :before and count(*) >= batch.approvals_needed
"""
#: By the same times as `storage.report`.
_USED: Final = """
select request.requester, count(*) as n, sum(request.value_fen) as fen
from coupon_state join request on request.id = coupon_state.request_id
where coupon_state.state = 'USED'
    and coalesce(coupon_state.happened_at, coupon_state.changed_at) >= :since
    and coalesce(coupon_state.happened_at, coupon_state.changed_at) < :before
group by request.requester
"""


class WeekRows(BaseRows):
    """For screens: nothing is decided by it."""

    def decisions_of(self, person: str, since: int, limit: int) -> Sequence[Recorded]:
        first = self._connection.execute(_FIRST_SINCE, {"since": since}).fetchone()
        if first is None:
            return []
        values = bound({"person": person, "first": first["seq"], "limit": limit})
        rows = self._connection.execute(_DECISIONS, values).fetchall()
        return [recorded(row["seq"], row["body"]) for row in rows]

    def newest_end(self) -> int:
        return self._number(_NEWEST_END, "at") or 0

    def week(self, since: int, before: int) -> Week:
        span = {"since": since, "before": before}
        ended = self._connection.execute(_ENDED, {**span, "day_ms": DAY_MS}).fetchall()
        sent = [row for row in ended if row["state"] == "sent"]
        rows = [
            row
            for sql in (_WAITED, _BATCHES_WAITED)
            for row in self._connection.execute(sql, span).fetchall()
        ]
        # A wall clock that was put back is no time that somebody saved.
        waited = [max(row["waited"], 0) for row in rows]
        by_day = _summed(sent, "day")
        return Week(
            since=since,
            before=before,
            agents=_lines(sent, "requester"),
            stocks=_lines(sent, "stock_id", named=True),
            days=[by_day.get(day, Used(0, 0)) for day in range(DAYS)],
            declined=sum(row["n"] for row in ended if row["state"] == "declined"),
            median_ms=median(waited),
            longest_ms=max(waited, default=None),
            used=_summed(self._connection.execute(_USED, span).fetchall(), "requester"),
        )


def _summed(rows: Sequence[Any], name: str) -> dict[Any, Used]:
    found: dict[Any, Used] = {}
    for row in rows:
        before = found.get(row[name], Used(0, 0))
        found[row[name]] = Used(before.count + row["n"], before.fen + row["fen"])
    return found


def _lines(rows: Sequence[Any], name: str, *, named: bool = False) -> Sequence[WeekLine]:
    names = {row[name]: row["stock_name"] for row in rows} if named else {}
    lines = [
        WeekLine(name=each, stock_name=names.get(each, ""), count=used.count, fen=used.fen)
        for each, used in _summed(rows, name).items()
    ]
    return sorted(lines, key=lambda line: (-line.fen, -line.count, line.name))
