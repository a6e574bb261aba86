"""What coupon.toml says of people, rules, limits and reminders, as plain records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from coupons.needs import PLAIN, Needs
from coupons.reasons import NOTHING_REQUIRED, Required
from coupons.working_hours import WorkingHours

DAY_MS = 86_400_000


class WhenReached(StrEnum):
    """What a reached limit does."""

    REFUSE = "refuse"
    #: One approval more than the rule asks for.
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests, and at most `fen` altogether, in `days` days, the present moment backwards.

    None: that much is not limited.
    """

    count: int | None
    days: int
    when_reached: WhenReached = WhenReached.REFUSE
    fen: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerTotal:
    """What a customer was promised in `days` days, the new request included."""

    fen: int
    days: int


@dataclass(frozen=True, slots=True)
class DailyCap:
    """A rule gives no more leave once this much was given in a day without a person's approval.

    By whichever rule: two rules without approvals do not add up.
    """

    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class Rule:
    """How many approvals a request needs, and whose. What is None or empty fits everything."""

    max_value_fen: int | None
    #: 0: none, as long as `per_day` is not used up.
    approvals: int
    #: User and group ids; empty: those with the role approver. With `needs`: all that its parts name.
    approvers: tuple[str, ...]
    stock_ids: tuple[str, ...] = ()
    #: User and group ids, one of which the requester must be or be in.
    requesters: tuple[str, ...] = ()
    customer_total: CustomerTotal | None = None
    #: Only, and always, of a rule without approvals.
    per_day: DailyCap | None = None
    #: Where it asks several groups: `approvals` is then their total.
    needs: Needs = PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Whom a reminder mentions once a request has waited so long."""

    after_ms: int
    #: A user group, or a person.
    mention: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What coupon.toml says about people."""

    #: User ids (U..., W...) and user group ids (S...). Empty: everyone.
    agents: tuple[str, ...]
    approvers: tuple[str, ...]
    auditors: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    per_customer: Limit | None = None
    per_agent: Limit | None = None
    per_stock: Limit | None = None
    #: Everybody's requests together.
    budget: Limit | None = None
    expiry_ms: int = DAY_MS
    #: A second request for the same customer and stock, or ticket, within this time is asked about. 0: never.
    duplicate_ms: int = DAY_MS
    #: After how long a waiting request is called to mind, in growing order.
    reminders_ms: tuple[int, ...] = ()
    escalation: Escalation | None = None
    #: Reminders and escalation count this time alone; None: all time.
    hours: WorkingHours | None = None
    #: Home approves several at once only up to this value each. 0: never.
    together_fen: int = 0
    #: What a request must say of itself.
    required: Required = NOTHING_REQUIRED

    @property
    def groups(self) -> frozenset[str]:
        """Every user group whose members decide anything."""
        named = {*self.agents, *self.approvers, *self.auditors}
        for rule in self.rules:
            named |= {*rule.approvers, *rule.requesters}
        return frozenset(entry for entry in named if entry.startswith("S"))

    @property
    def deciders(self) -> tuple[str, ...]:
        """User and group ids of all who may approve anything, by the role or by a rule."""
        return tuple(sorted({*self.approvers}.union(*(rule.approvers for rule in self.rules))))

    def approvers_of(self, rule: Rule | None) -> tuple[str, ...]:
        """`rule` None: no rule fitted."""
        return (rule.approvers if rule else ()) or self.approvers

    def reminder_times(self) -> tuple[int, ...]:
        """Milliseconds of waiting, in growing order; the escalation is one of them."""
        times = {*self.reminders_ms}
        if self.escalation:
            times.add(self.escalation.after_ms)
        return tuple(sorted(times))

    def reminders_from(self, began: int) -> tuple[int, ...]:
        """When what waits since then is called to mind, in growing order. UTC ms."""
        return tuple(self._later(began, after) for after in self.reminder_times())

    def latest_reminder(self, now: int) -> int:
        """None is due later than this, unless a clock was wrong when it was set."""
        return self._later(now, max(self.reminder_times(), default=0))

    def waited(self, began: int, now: int) -> int:
        """Milliseconds that count for reminders."""
        return self.hours.worked(began, now) if self.hours else max(now - began, 0)

    def _later(self, at: int, waited_ms: int) -> int:
        return self.hours.after(at, waited_ms) if self.hours else at + waited_ms
