"""What the lifecycle machine drives and what it judges by: a second, plain telling of the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from coupons.asking import Ask
from coupons.coupon_states import CouponAnswer
from coupons.errors import IssuerUnavailable
from coupons.lifecycle import FINAL, counts
from coupons.model import ClickAction, CodeMode, Pause, Person, Request, State, Stock
from coupons.outcome import Kind, Outcome, Remedy
from coupons.permissions import URGE_PAUSE_MS
from coupons.policy import CustomerTotal, DailyCap, Escalation, Limit, Policy, Rule, WhenReached
from coupons.ports import Place, Reading
from tests.coupons.office import Groups, a_stock

HOUR, DAY = 3_600_000, 86_400_000
STOCKS = (a_stock("1001", 400), a_stock("1002", 1000), a_stock("1003", 3000))
LI, SUN, WANG, ZHAO, BOSS, OUT = "U0LI", "U0SUN", "U0WANG", "U0ZHAO", "U0BOSS", "U0OUT"
PEOPLE = (LI, SUN, WANG, ZHAO, BOSS, OUT)
GROUPS = ("S0AGENTS", "S0SENIORS", "S0LEADS", "S0MANAGERS")
CAP = DailyCap(2, 900)
POLICY = Policy(
    agents=("S0AGENTS", WANG),
    approvers=("S0LEADS",),
    rules=(
        Rule(500, 0, (), requesters=("S0SENIORS",), per_day=CAP),
        Rule(2000, 1, (), customer_total=CustomerTotal(2400, 30)),
        Rule(None, 2, ("S0MANAGERS", ZHAO)),
    ),
    per_customer=Limit(4, 30),
    per_agent=Limit(3, 1, WhenReached.APPROVE),
    per_stock=Limit(None, 7, fen=9000),
    budget=Limit(None, 1, fen=12_000),
    expiry_ms=4 * HOUR,
    duplicate_ms=HOUR,
    reminders_ms=(HOUR // 2, HOUR),
    escalation=Escalation(after_ms=2 * HOUR, mention=BOSS),
)

SENT = Outcome(kind=Kind.SENT, verified=True, attempt_open=False, remedy=Remedy.NONE, coupon_code="CODE")
LOST = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="TIMEOUT")


def _no(code: str, remedy: Remedy, kind: Kind = Kind.REFUSED) -> Outcome:
    return Outcome(kind=kind, verified=True, attempt_open=False, remedy=remedy, said_no=True, code=code)


NO, FIX, SLOWER = (
    _no("RULELIMIT", Remedy.FINAL),
    _no("NO_AUTH", Remedy.OPERATOR),
    _no("FREQUENCY", Remedy.SLOWER),
)
#: A no while an earlier attempt may have given it: the customer's list decides.
NO_IN_DOUBT = _no("RULELIMIT", Remedy.LOOK_UP, Kind.UNKNOWN)
BECAME = ("SENDED", "SENDED", "USED", "", "SENDED", "EXPIRED", "FROZEN")
OUTCOMES = (SENT, SENT, LOST, NO, FIX, SLOWER)


def first_groups() -> Groups:
    return Groups(
        {
            "S0AGENTS": frozenset({LI, SUN, ZHAO}),
            "S0SENIORS": frozenset({LI}),
            "S0LEADS": frozenset({WANG, ZHAO, LI}),
            "S0MANAGERS": frozenset({BOSS, WANG}),
        }
    )


@dataclass
class WeChat:
    """Answers as it is told, and remembers each call's number."""

    outcomes: list[Outcome] = field(default_factory=list)
    found: list[str | None] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    questions: int = 0

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        return f"{out_request_no} {openid} {stock_id}".encode()

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            self.calls.append(body.decode().split()[0])
            outcome = self.outcomes.pop(0) if self.outcomes else SENT
            return NO_IN_DOUBT if outcome is NO and earlier_open else outcome

    def compose_undo(self, *, out_request_no: str, stock_id: str, coupon_code: str) -> bytes:
        return f"{out_request_no} {coupon_code}".encode()

    async def undo(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        outcome = await self.send(body, earlier_open=earlier_open, place=place)
        return replace(outcome, kind=Kind.UNDONE, coupon_code=None) if outcome is SENT else outcome

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        return self.found.pop(0) if self.found else None

    async def coupon(
        self, *, openid: str, stock_id: str, coupon_code: str, out_request_no: str
    ) -> CouponAnswer:
        """One after the other of what can become of it; sometimes nobody answers."""
        self.questions += 1
        state = BECAME[self.questions % len(BECAME)]
        if not state:
            raise IssuerUnavailable("no answer", code="TIMEOUT")
        return CouponAnswer(state=state, happened_at=None, valid_until=None)


@dataclass(frozen=True)
class Moment:
    """Everything on file at one moment, in plain records."""

    requests: tuple[Request, ...]
    pause: Pause | None
    now: int

    def one(self, request_id: int) -> Request:
        return next(request for request in self.requests if request.id == request_id)

    def counted(self, since: int) -> list[Request]:
        return [row for row in self.requests if row.created_at >= since and counts(row)]


def moment_of(reading: Reading, now: int) -> Moment:
    found = (reading.request(number) for number in range(1, 500))
    requests = []
    for request in found:
        if request is None:
            break
        requests.append(request)
    return Moment(tuple(requests), reading.pause(), now)


def expand(ids: Iterable[str], groups: Groups) -> set[str]:
    people: set[str] = set()
    for entry in ids:
        people |= groups.members_of.get(entry, frozenset()) if entry.startswith("S") else {entry}
    return people


def trusted(person: str, groups: Groups) -> bool:
    known = groups.people.get(person, Person(user_id=person, team="T0SHOP"))
    return not (known.is_guest or known.is_deactivated or known.is_bot or known.is_outsider)


def may_be_called(request: Request, moment: Moment, groups: Groups) -> set[str]:
    """Whom the rule names beside those who ask: the three rules of POLICY, by hand."""
    first = request.requester if request.undoes is None else moment.one(request.undoes).requester
    return _named(request, moment, groups) - {request.requester, first}


def may_decide(request: Request, moment: Moment, groups: Groups) -> set[str]:
    """Who may decide at this moment, told once more."""
    return {person for person in _named(request, moment, groups) if trusted(person, groups)}


def _named(request: Request, moment: Moment, groups: Groups) -> set[str]:
    at = request if request.undoes is None else moment.one(request.undoes)
    before = sum(
        row.value_fen
        for row in moment.counted(at.created_at - 30 * DAY)
        if row.openid == request.openid and row.id < at.id
    )
    if request.value_fen <= 500 and request.requester in groups.members_of["S0SENIORS"]:
        ids: tuple[str, ...] = ("S0LEADS",)
    elif request.value_fen <= 2000 and before + request.value_fen <= 2400:
        ids = ("S0LEADS",)
    else:
        ids = ("S0MANAGERS", ZHAO)
    return expand(ids, groups)


def allowed_to_approve(
    request: Request, person: str, given: set[str], moment: Moment, groups: Groups
) -> bool:
    return (
        request.state is State.PENDING
        and person != request.requester
        and (request.undoes is None or person != moment.one(request.undoes).requester)
        and person not in given
        and person in may_decide(request, moment, groups)
    )


def allowed_to_undo(request: Request, person: str, moment: Moment, groups: Groups) -> bool:
    """A coupon that stands, nobody asks back, and of which nothing else may have been taken back."""
    undos = [row for row in moment.requests if row.undoes == request.id]
    may = person == request.requester or person in expand((*POLICY.agents, *POLICY.approvers), groups)
    stands = request.state is State.SENT and request.undone_by is None
    return may and stands and all(row.state in FINAL and not row.open_attempts for row in undos)


def allowed_to_requester(request: Request, person: str, action: ClickAction, now: int) -> bool:
    if action is ClickAction.CANCEL:
        untouched = request.state is State.APPROVED and not request.attempts
        allowed = request.state is State.PENDING or untouched
    else:
        soon = request.urged_at is not None and 0 <= now - request.urged_at < URGE_PAUSE_MS
        allowed = request.state in {State.PENDING, State.HELD} and not soon
    return allowed and person == request.requester


def may_talk(request: Request, person: str, moment: Moment, groups: Groups) -> bool:
    """Ask the requester, who is somebody else: whoever may decide, also who has."""
    waits = request.state is State.PENDING and person != request.requester
    return waits and person in may_decide(request, moment, groups)


def for_stock(request: Request, stock: Stock) -> Request:
    return replace(request, stock_id=stock.stock_id, value_fen=stock.value_fen)


def within_limits(request: Request, stock: Stock, moment: Moment) -> bool:
    """The request changed to this stock, all others counted."""

    def others(days: int) -> list[Request]:
        return [row for row in moment.counted(moment.now - days * DAY) if row.id != request.id]

    of_stock = sum(row.value_fen for row in others(7) if row.stock_id == stock.stock_id)
    return (
        len([row for row in others(30) if row.openid == request.openid]) < 4
        and of_stock + stock.value_fen <= 9000
        and sum(row.value_fen for row in others(1)) + stock.value_fen <= 12_000
    )


def card_ts(request_id: int) -> str:
    """Where its card stands, once it was drawn."""
    return f"{request_id}.000100"


def check_limits(made: Request, before: Moment, after: Moment) -> None:
    """What refuses was not passed by this request; what raises did raise it."""
    now = before.now
    mine = [row for row in after.counted(now - 30 * DAY) if row.openid == made.openid]
    assert len(mine) <= 4
    assert sum(row.value_fen for row in after.counted(now - 7 * DAY) if row.stock_id == made.stock_id) <= 9000
    assert sum(row.value_fen for row in after.counted(now - DAY)) <= 12_000
    of_agent = [row for row in before.counted(now - DAY) if row.requester == made.requester]
    assert ("agent_limit" in made.raised) is (len(of_agent) >= 3)
    base = (0, 0, 1, 2)[made.rule]
    assert made.rule in {1, 2, 3}
    assert made.approvals_needed == base + len(made.raised)
    if made.approvals_needed == 0:
        automatic = [row for row in after.counted(now - DAY) if row.approvals_needed == 0]
        assert len(automatic) <= CAP.count
        assert sum(row.value_fen for row in automatic) <= CAP.fen


def check_made(made: Request, ask: Ask, before: Moment, groups: Groups) -> None:
    """By whom it was asked for, what it is like, and in whose place it stands."""
    assert made.requester in expand(POLICY.agents, groups)
    if made.approvals_needed == 0:
        assert made.state is State.APPROVED
        assert trusted(made.requester, groups)
        assert made.requester in groups.members_of["S0SENIORS"]
    alike = [
        row.id
        for row in before.counted(before.now - POLICY.duplicate_ms)
        if (row.openid, row.stock_id) == (made.openid, made.stock_id)
        or (made.ticket and row.ticket == made.ticket)
    ]
    assert made.duplicate_of == max(alike, default=None)
    assert ask.confirmed or not alike
    if made.follows is not None:
        assert before.one(made.follows).state is State.DECLINED
        assert before.one(made.follows).requester == made.requester
        assert all(row.follows != made.follows for row in before.requests)
