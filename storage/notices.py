"""Statements on WeChat Pay's notifications: each is kept once."""

from __future__ import annotations

from typing import Any

_ADD = """
insert into notice (stock_id, coupon_code, event, at) values (:stock_id, :coupon_code, :event, :at)
on conflict (stock_id, coupon_code, event) do nothing
"""


class NoticeRows:
    """Over one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def add(self, *, stock_id: str, coupon_code: str, event: str, at: int) -> bool:
        values = {"stock_id": stock_id, "coupon_code": coupon_code, "event": event, "at": at}
        return bool(self._connection.execute(_ADD, values).rowcount == 1)
