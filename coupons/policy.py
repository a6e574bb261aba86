"""Who may do what: pure functions that return a decision with its reason.

They see plain records; asking Slack who is in a group, and the database who approved already, is done before
by `coupons.desk`, at the moment of the click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from coupons.model import Approval, Person, Request, State

DAY_MS = 86_400_000


class WhenReached(StrEnum):
    """What a reached limit does."""

    REFUSE = "refuse"
    #: One approval more than the rule asks for.
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests in `days` days, the present moment backwards."""

    count: int
    days: int
    when_reached: WhenReached = WhenReached.REFUSE


@dataclass(frozen=True, slots=True)
class Rule:
    """How many approvals a value needs, and whose."""

    #: None: any value.
    max_value_fen: int | None
    approvals: int
    #: User and group ids; empty: those with the role approver.
    approvers: tuple[str, ...]


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
    expiry_ms: int = DAY_MS

    @property
    def groups(self) -> frozenset[str]:
        """Every user group that is named anywhere."""
        named = {*self.agents, *self.approvers, *self.auditors}
        named.update(entry for rule in self.rules for entry in rule.approvers)
        return frozenset(entry for entry in named if entry.startswith("S"))

    def rule_for(self, value_fen: int) -> Rule:
        """The first rule that fits; without one, a single approval by an approver."""
        for rule in self.rules:
            if rule.max_value_fen is None or value_fen <= rule.max_value_fen:
                return Rule(rule.max_value_fen, rule.approvals, rule.approvers or self.approvers)
        return Rule(None, 1, self.approvers)


class Reason(StrEnum):
    """Why a decision is what it is; goes to the card, the log and the tests."""

    ALLOWED = "allowed"
    #: From another company, through Slack Connect.
    OUTSIDER = "outsider"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    GUEST = "guest"
    NOT_AGENT = "not_agent"
    NOT_APPROVER = "not_approver"
    #: The requester decides nothing about the own request; withdrawing is for that.
    SELF = "self"
    ALREADY_APPROVED = "already_approved"
    #: Decided, sent or closed before the click came.
    TOO_LATE = "too_late"
    NOT_HELD = "not_held"
    NOT_REQUESTER = "not_requester"
    NO_SUCH_REQUEST = "no_such_request"
    #: Sending has begun: it cannot be withdrawn any more.
    SENDING_BEGAN = "sending_began"
    CUSTOMER_LIMIT = "customer_limit"
    AGENT_LIMIT = "agent_limit"


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    reason: Reason

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.ALLOWED


YES = Decision(Reason.ALLOWED)


@dataclass(frozen=True, slots=True)
class Use:
    """What was asked for already, in the periods of the limits."""

    customer_count: int
    agent_count: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new request needs, or why there can be none."""

    decision: Decision
    approvals_needed: int


def may_be_trusted(person: Person, team: str) -> Decision:
    """Whether this user may take part at all, whatever the roles say."""
    if person.is_outsider or person.team != team:
        return Decision(Reason.OUTSIDER)
    if person.is_bot:
        return Decision(Reason.BOT)
    if person.is_deactivated:
        return Decision(Reason.DEACTIVATED)
    if person.is_guest:
        return Decision(Reason.GUEST)
    return YES


def may_ask(requester: str, agents: frozenset[str] | None) -> Decision:
    """`agents` None: the role is open to everyone."""
    if agents is not None and requester not in agents:
        return Decision(Reason.NOT_AGENT)
    return YES


def terms(policy: Policy, value_fen: int, use: Use) -> Terms:
    """The approvals that a request of this value needs now, limits included."""
    needed = policy.rule_for(value_fen).approvals
    for limit, used, reason in (
        (policy.per_customer, use.customer_count, Reason.CUSTOMER_LIMIT),
        (policy.per_agent, use.agent_count, Reason.AGENT_LIMIT),
    ):
        if limit is None or used < limit.count:
            continue
        if limit.when_reached is WhenReached.REFUSE:
            return Terms(Decision(reason), needed)
        needed += 1
    return Terms(YES, needed)


def _may_decide(request: Request, person: str, approvers: frozenset[str]) -> Decision:
    if person == request.requester:
        return Decision(Reason.SELF)
    if person not in approvers:
        return Decision(Reason.NOT_APPROVER)
    return YES


def may_approve(
    request: Request, person: str, approvers: frozenset[str], given: Sequence[Approval]
) -> Decision:
    """`approvers`: everyone whom the request's rule names at this moment."""
    right = _may_decide(request, person, approvers)
    if not right.allowed:
        return right
    if any(approval.approver == person for approval in given):
        return Decision(Reason.ALREADY_APPROVED)
    if request.state is not State.PENDING:
        return Decision(Reason.TOO_LATE)
    return YES


def may_decline(
    request: Request, person: str, approvers: frozenset[str], given: Sequence[Approval]
) -> Decision:
    """Who has said yes cannot also say no: one person counts once, on one side."""
    return may_approve(request, person, approvers, given)


def may_retry(request: Request, person: str, approvers: frozenset[str]) -> Decision:
    """Sending a held request again, under its number, is an approver's right."""
    if person not in approvers:
        return Decision(Reason.NOT_APPROVER)
    if request.state is not State.HELD:
        return Decision(Reason.NOT_HELD)
    return YES


def may_cancel(request: Request, person: str) -> Decision:
    """The requester withdraws, until sending begins."""
    if person != request.requester:
        return Decision(Reason.NOT_REQUESTER)
    if request.state is State.PENDING or (request.state is State.APPROVED and not request.attempts):
        return YES
    if request.state in {State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD}:
        return Decision(Reason.SENDING_BEGAN)
    return Decision(Reason.TOO_LATE)
