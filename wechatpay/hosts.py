"""Which access point a call tries first: the nearest, unless it has just failed.

A merchant's coupons and numbers are the same behind all of them, and the host is not signed. So what was
asked of one may be asked again of another, with the same number: whether to ask again is for the caller.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

MAIN_HOST = "https://api.mch.weixin.qq.com"
#: An access point in another city.
SECOND_HOST = "https://api2.mch.weixin.qq.com"

T = TypeVar("T")

#: Long enough that an outage costs one slow call a minute, short enough to come back to the nearest host.
_AVOIDED_MS = 60_000


class Hosts(Generic[T]):
    """`hosts` in order of preference; `clock` in UTC milliseconds."""

    def __init__(self, hosts: Sequence[T], *, clock: Callable[[], int]) -> None:
        self._hosts = tuple(hosts)
        self._clock = clock
        self._failed_at: dict[T, int] = {}

    def in_order(self) -> Sequence[T]:
        """For one call: those that failed within the last minute come last, the latest failure at the end."""
        if not self._failed_at:
            return self._hosts
        now = self._clock()
        # A clock that was set back makes old failures look new: they count as over.
        recent = {host: at for host, at in self._failed_at.items() if 0 <= now - at < _AVOIDED_MS}
        return sorted(self._hosts, key=lambda host: recent.get(host, -1))

    def failed(self, host: T) -> None:
        """No whole answer came from it, whether or not anything had left."""
        if len(self._hosts) > 1:
            self._failed_at[host] = self._clock()

    def answered(self, host: T) -> None:
        """It works again."""
        if self._failed_at:
            self._failed_at.pop(host, None)


def is_loopback(host: str) -> bool:
    """A name or address of this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
