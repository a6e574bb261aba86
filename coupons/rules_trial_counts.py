"""What limits would have counted at each moment of the past: requests that slide out of a limit's days."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from coupons.policy import DAY_MS, Limit, Policy
from coupons.rules import NOTHING, Facts, Used
from coupons.totals import Counts, Proposal, Scope, Total, customer_days


class _Entry:
    """One request, in as many windows as it counts in."""

    __slots__ = ("at", "counts", "fen")

    def __init__(self, at: int, fen: int) -> None:
        self.at, self.fen, self.counts = at, fen, True


class _Window:
    """The requests of one total, the oldest first. Those that ended are taken off its sums at once."""

    __slots__ = ("count", "entries", "fen", "since")

    def __init__(self) -> None:
        self.entries: deque[_Entry] = deque()
        self.count = self.fen = self.since = 0

    def slide(self, since: int) -> None:
        # No clock that was set back brings back what has left.
        self.since = max(self.since, since)
        while self.entries and self.entries[0].at < self.since:
            self.take_off(self.entries.popleft())

    def add(self, entry: _Entry) -> None:
        self.entries.append(entry)
        self.count += 1
        self.fen += entry.fen

    def take_off(self, entry: _Entry) -> None:
        if entry.counts:
            self.count -= 1
            self.fen -= entry.fen


#: Scope, key and days: what `Total` says, hashed a hundred thousand times a second.
_Key = tuple[str, str, int]


class PastCounts:
    """As `Records.used`, at each moment that is asked about, in growing order."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._customer_days = sorted(customer_days(policy))
        self._with_cap = any(rule.per_day for rule in policy.rules)
        self._windows: dict[_Key, _Window] = {}
        self._of: dict[int, tuple[_Entry, tuple[_Window, ...]]] = {}

    def used(self, asked: Collection[Total], now: int) -> Counts:
        """At `now`, UTC ms."""
        return {total: self._used((total.scope, total.key, total.days), now) for total in asked}

    def facts(self, proposal: Proposal, now: int) -> Facts:
        """The same for one request, as `totals.facts` puts it together."""
        policy, openid = self._policy, proposal.openid

        def by(limit: Limit | None, scope: Scope, key: str) -> Used:
            return NOTHING if limit is None else self._used((scope, key, limit.days), now)

        return Facts(
            value_fen=proposal.value_fen,
            stock_id=proposal.stock_id,
            requester=proposal.requester,
            customer_fen={
                days: self._used((Scope.CUSTOMER, openid, days), now).fen for days in self._customer_days
            },
            by_customer=by(policy.per_customer, Scope.CUSTOMER, openid),
            by_agent=by(policy.per_agent, Scope.AGENT, proposal.requester),
            by_stock=by(policy.per_stock, Scope.STOCK, proposal.stock_id),
            by_all=by(policy.budget, Scope.ALL, ""),
            automatic=self._used((Scope.AUTOMATIC, "", 1), now) if self._with_cap else NOTHING,
        )

    def _used(self, key: _Key, now: int) -> Used:
        window = self._windows.get(key)
        if window is None:
            return NOTHING
        window.slide(now - key[2] * DAY_MS)
        return Used(window.count, window.fen)

    def add(self, number: int, proposal: Proposal, at: int, *, automatic: bool) -> None:
        """It is asked for; `automatic`: without any approval."""
        entry = _Entry(at, proposal.value_fen)
        windows = []
        for key in self._keys(proposal, automatic=automatic):
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = _Window()
            window.add(entry)
            windows.append(window)
        if windows:
            self._of[number] = entry, tuple(windows)

    def _keys(self, proposal: Proposal, *, automatic: bool) -> set[_Key]:
        policy = self._policy
        keys: set[_Key] = {(Scope.CUSTOMER, proposal.openid, days) for days in self._customer_days}
        for scope, key, limit in (
            (Scope.CUSTOMER, proposal.openid, policy.per_customer),
            (Scope.AGENT, proposal.requester, policy.per_agent),
            (Scope.STOCK, proposal.stock_id, policy.per_stock),
            (Scope.ALL, "", policy.budget),
        ):
            if limit is not None:
                keys.add((scope, key, limit.days))
        if automatic and self._with_cap:
            keys.add((Scope.AUTOMATIC, "", 1))
        return keys

    def end(self, number: int) -> None:
        """It was declined, withdrawn and the like: it counts no longer."""
        found = self._of.pop(number, None)
        if found is None:
            return
        entry, windows = found
        for window in windows:
            if entry.at >= window.since:
                window.take_off(entry)
        entry.counts = False
