"""Statements on what comes from outside: clicks, kept before the ack, and WeChat Pay's notices."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from coupons.model import Click, ClickAction, NewClick
from coupons.ports import Topic
from storage.base_rows import BaseRows, bound
from storage.dialect_sqlite import LISTED

_ADD = """
insert into click (key, action, request_id, person, team, channel, reason, at, message_ts, out_request_no,
    batch)
values (:key, :action, :request_id, :person, :team, :channel, :reason, :at, :message_ts, :out_request_no,
    :batch)
on conflict (key) do nothing
"""
#: What only WeChat Pay can answer stands apart, so that no click waits for its answers.
_OPEN = f"""
select * from click
where done = 0 and id not in {LISTED} and action not in ('look_up_coupon', 'look_up_customer')
order by id limit :limit
"""
_LOOKUPS_WANTED = _OPEN.replace("action not in", "action in")
_CLOSE = "update click set done = 1 where id = :id and done = 0"
_ADD_NOTIFICATION = """
insert into notice (stock_id, coupon_code, event, at) values (:stock_id, :coupon_code, :event, :at)
on conflict (stock_id, coupon_code, event) do nothing
"""
_PURGE = "delete from click where done = 1 and at < :before"

#: Slack repeats nothing after so long; until then a repeated delivery must find its click.
KEPT_MS = 86_400_000


class ClickRows(BaseRows):
    """Each is kept once."""

    def add_click(self, click: NewClick) -> bool:
        self.topics.add(Topic.CLICKS)
        values = {
            "key": click.key,
            "action": click.action,
            "request_id": click.request_id,
            "person": click.person,
            "team": click.team,
            "channel": click.channel,
            "reason": click.reason,
            "at": click.at,
            "message_ts": click.message_ts,
            "out_request_no": click.out_request_no,
            "batch": click.batch,
        }
        return bool(self._connection.execute(_ADD, bound(values)).rowcount == 1)

    def open_clicks(self, limit: int, but: Collection[int] = ()) -> Sequence[Click]:
        return self._clicks(_OPEN, limit, but)

    def lookups_wanted(self, limit: int, but: Collection[int] = ()) -> Sequence[Click]:
        return self._clicks(_LOOKUPS_WANTED, limit, but)

    def _clicks(self, sql: str, limit: int, but: Collection[int]) -> Sequence[Click]:
        values = {"limit": limit, "listed": json.dumps(list(but))}
        rows = self._connection.execute(sql, values).fetchall()
        return [
            Click(
                id=row["id"],
                action=ClickAction(row["action"]),
                request_id=row["request_id"],
                person=row["person"],
                team=row["team"],
                channel=row["channel"],
                reason=row["reason"],
                at=row["at"],
                message_ts=row["message_ts"],
                out_request_no=row["out_request_no"],
                batch=row["batch"],
            )
            for row in rows
        ]

    def close_click(self, click_id: int) -> bool:
        return bool(self._connection.execute(_CLOSE, {"id": click_id}).rowcount == 1)

    def purge_clicks(self, now: int) -> None:
        """Forget decided clicks that no delivery can repeat any more."""
        self._connection.execute(_PURGE, {"before": now - KEPT_MS})

    def add_notification(self, *, stock_id: str, coupon_code: str, event: str, at: int) -> bool:
        values = {"stock_id": stock_id, "coupon_code": coupon_code, "event": event, "at": at}
        return bool(self._connection.execute(_ADD_NOTIFICATION, values).rowcount == 1)
