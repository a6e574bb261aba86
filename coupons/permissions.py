"""Who may do what: pure functions that return a decision with its reason.

They see plain records; asking Slack who is in a group, and the database who approved already, is done before
by `coupons.desk`, at the moment of the click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from coupons.batches import Batch, BatchApproval
from coupons.lifecycle import FINAL
from coupons.masking import ERASED
from coupons.model import Approval, Person, Request, State
from coupons.needs import Needs, are_filled, why_not
from coupons.reasons import Required

#: Between two urgings of one request.
URGE_PAUSE_MS = 1_800_000
#: Verified ones that did not find the coupon, `Pace.quiet_ms` apart: it may show late.
LOOKUPS_BEFORE_CLOSING = 2


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
    #: Only who has approved can take that back.
    NO_APPROVAL = "no_approval"
    #: Where a rule asks several groups (`needs.NoPart`): only others are missing, others come before, or only
    #: this person is left for a later part.
    GROUP_APPROVED = "group_approved"
    NOT_YOUR_TURN = "not_your_turn"
    NEEDED_LATER = "needed_later"
    #: What is offered must be worth less than what it takes the place of.
    NOT_SMALLER = "not_smaller"
    #: Taken, declined, replaced or withdrawn before, or no longer in the catalogue.
    OFFER_ENDED = "offer_ended"
    #: Answered before.
    NO_QUESTION = "no_question"
    #: The card was another coupon's when it was clicked: the requester took a smaller one meanwhile.
    OTHER_COUPON = "other_coupon"
    #: Decided, sent or closed before the click came.
    TOO_LATE = "too_late"
    NOT_HELD = "not_held"
    NOT_REQUESTER = "not_requester"
    NO_SUCH_REQUEST = "no_such_request"
    #: Sending has begun: it cannot be withdrawn any more.
    SENDING_BEGAN = "sending_began"
    CUSTOMER_LIMIT = "customer_limit"
    AGENT_LIMIT = "agent_limit"
    STOCK_LIMIT = "stock_limit"
    BUDGET_LIMIT = "budget_limit"
    #: The day's share of automatic approvals is used up: a person decides.
    AUTOMATIC_CAP = "automatic_cap"
    #: The same was asked for a short time ago; nothing was made until that is confirmed.
    DUPLICATE = "duplicate"
    #: From this value on the requester must say why, name a ticket, or both.
    REASON_REQUIRED = "reason_required"
    TICKET_REQUIRED = "ticket_required"
    BOTH_REQUIRED = "both_required"
    #: This very form or command has made a request already, which asks for something else.
    OTHER_DATA = "other_data"
    #: Sending is paused: nothing can be approved until it is resumed.
    PAUSED = "paused"
    NOT_PAUSED = "not_paused"
    #: Whoever should decide for another person is away too.
    AWAY = "away"
    NOT_AWAY = "not_away"
    #: Nor may anybody decide for another person who could not decide alone.
    NOT_DEPUTY = "not_deputy"
    #: Reminded a short time ago.
    TOO_SOON = "too_soon"
    #: An attempt may have given the coupon: it is looked for before a person closes the request.
    MAY_BE_GIVEN = "may_be_given"
    #: Only what was declined can be edited and sent again, once.
    NOT_DECLINED = "not_declined"
    #: Made on a message that is not the request's card now: an old one, a copy, or another request's.
    OTHER_CARD = "other_card"
    #: A line of a batch, which is approved, declined, withdrawn and called to mind as a whole.
    IN_BATCH = "in_batch"
    #: What was shown there under this number was another request.
    OTHER_REQUEST = "other_request"
    #: Only a coupon that was sent can be taken back.
    NOT_SENT = "not_sent"
    #: It was taken back before.
    UNDONE = "undone"
    #: Another undo of it is not decided or settled yet.
    UNDO_OPEN = "undo_open"
    #: An earlier undo ended without it being known what WeChat Pay made of its number.
    UNDO_IN_DOUBT = "undo_in_doubt"
    #: The customer was forgotten: what became of the coupon cannot be looked up.
    ERASED = "customer_erased"


#: The requester can mend these at once.
MUST_SAY = frozenset({Reason.REASON_REQUIRED, Reason.TICKET_REQUIRED, Reason.BOTH_REQUIRED})


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    reason: Reason

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.ALLOWED


YES = Decision(Reason.ALLOWED)


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


def must_say(required: Required, value_fen: int, reason: str, ticket: str) -> Decision:
    """Whether a request of this value says what it must."""
    lacks = required.lacks_reason(value_fen, reason), required.lacks_ticket(value_fen, ticket)
    match lacks:
        case True, True:
            return Decision(Reason.BOTH_REQUIRED)
        case True, False:
            return Decision(Reason.REASON_REQUIRED)
        case False, True:
            return Decision(Reason.TICKET_REQUIRED)
        case _:
            return YES


def may_decide_request(
    request: Request, person: str, approvers: frozenset[str], asked_before: str | None = None
) -> Decision:
    """`asked_before`: of an undo, who had asked for the coupon."""
    if person in {request.requester, asked_before}:
        return Decision(Reason.SELF)
    if person not in approvers:
        return Decision(Reason.NOT_APPROVER)
    return YES


def may_approve(
    request: Request,
    person: str,
    approvers: frozenset[str],
    given: Sequence[Approval],
    *,
    by_part: Sequence[frozenset[str]] = (),
    paused: bool = False,
    asked_before: str | None = None,
) -> Decision:
    """`approvers`: everyone whom the request's rule names at this moment; `by_part`: for each of its needs'
    parts, who could fill it. `asked_before`: of an undo, who had asked for the coupon, and decides no more
    about taking it back than who asks for that.
    """
    right = may_decline(request, person, approvers, given, asked_before=asked_before)
    if not right.allowed:
        return right
    askers = frozenset({request.requester, asked_before or request.requester})
    part = may_fill(request.needs, person, given, by_part, askers=askers)
    if not part.allowed:
        return part
    return Decision(Reason.PAUSED) if paused else YES


def may_fill(
    needs: Needs,
    person: str,
    given: Sequence[Approval | BatchApproval],
    by_part: Sequence[frozenset[str]],
    *,
    askers: frozenset[str],
) -> Decision:
    """Whether this approval would bring on what several groups are asked for. `askers` give none."""
    if not needs:
        return YES
    fills = [(approval.approver, approval.fills) for approval in given]
    problem = why_not(needs, fills, person, by_part, askers=askers)
    return Decision(Reason(problem)) if problem else YES


def have_all(waiting: Request | Batch, given: Sequence[Approval | BatchApproval]) -> bool:
    """Whether these approvals are all that it needs, of whomever it asks."""
    if len(given) < waiting.approvals_needed:
        return False
    return not waiting.needs or are_filled(waiting.needs, (approval.fills for approval in given))


def may_decline(
    request: Request,
    person: str,
    approvers: frozenset[str],
    given: Sequence[Approval],
    *,
    asked_before: str | None = None,
) -> Decision:
    """Who has said yes cannot also say no: one person counts once, on one side."""
    right = may_decide_request(request, person, approvers, asked_before)
    if not right.allowed:
        return right
    if any(approval.approver == person for approval in given):
        return Decision(Reason.ALREADY_APPROVED)
    return YES if request.state is State.PENDING else Decision(Reason.TOO_LATE)


def may_retry(request: Request, person: str, approvers: frozenset[str]) -> Decision:
    """Sending a held request again, under its number, is an approver's right."""
    if person not in approvers:
        return Decision(Reason.NOT_APPROVER)
    if request.state is not State.HELD:
        return Decision(Reason.NOT_HELD)
    return YES


def may_close(request: Request, person: str, approvers: frozenset[str]) -> Decision:
    """Ending a held request is an approver's right, once it is sure that nothing was given."""
    right = may_retry(request, person, approvers)
    if right.allowed and request.open_attempts and request.absent_looks < LOOKUPS_BEFORE_CLOSING:
        return Decision(Reason.MAY_BE_GIVEN)
    return right


def may_cancel(request: Request, person: str) -> Decision:
    """The requester withdraws, until sending begins."""
    if person != request.requester:
        return Decision(Reason.NOT_REQUESTER)
    if request.state is State.PENDING or (request.state is State.APPROVED and not request.attempts):
        return YES
    if request.state in {State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD}:
        return Decision(Reason.SENDING_BEGAN)
    return Decision(Reason.TOO_LATE)


def may_urge(request: Request, person: str, *, now: int) -> Decision:
    """The requester reminds the approvers of what waits for them, not more often than every URGE_PAUSE_MS."""
    if person != request.requester:
        return Decision(Reason.NOT_REQUESTER)
    if request.state not in {State.PENDING, State.HELD}:
        return Decision(Reason.TOO_LATE)
    # A clock that was set back must not silence the requester for longer than the pause.
    if request.urged_at is not None and 0 <= now - request.urged_at < URGE_PAUSE_MS:
        return Decision(Reason.TOO_SOON)
    return YES


def may_pause(person: str, approvers: frozenset[str], *, paused: bool, pause: bool) -> Decision:
    """Stopping (`pause` True) and resuming everybody's sending is an approver's right."""
    if person not in approvers:
        return Decision(Reason.NOT_APPROVER)
    if paused is pause:
        return Decision(Reason.PAUSED if pause else Reason.NOT_PAUSED)
    return YES


def may_follow(request: Request | None, person: str) -> Decision:
    """Sending an edited request again in place of a declined one."""
    if request is None:
        return Decision(Reason.NO_SUCH_REQUEST)
    if person != request.requester:
        return Decision(Reason.NOT_REQUESTER)
    if request.undoes is not None:
        # Whoever still wants the coupon back asks that of the coupon.
        return Decision(Reason.NOT_DECLINED)
    return YES if request.state is State.DECLINED else Decision(Reason.NOT_DECLINED)


def may_ask_for_undo(
    person: str, requester: str, agents: frozenset[str] | None, approvers: frozenset[str]
) -> Decision:
    """Who asked for the coupon, whoever may ask for coupons, and the approvers. `agents` as in `may_ask`."""
    return YES if person == requester or person in approvers else may_ask(person, agents)


def may_undo(request: Request, undos: Sequence[Request]) -> Decision:
    """Whether its coupon can be asked back. `undos`: all that were ever asked for.

    Never under a second number while one under the first may have taken it back.
    """
    if request.undoes is not None or request.state is not State.SENT:
        return Decision(Reason.NOT_SENT)
    if request.undone_by is not None:
        return Decision(Reason.UNDONE)
    if request.openid.startswith(ERASED):
        return Decision(Reason.ERASED)
    if any(undo.state not in FINAL for undo in undos):
        return Decision(Reason.UNDO_OPEN)
    if any(undo.open_attempts for undo in undos):
        return Decision(Reason.UNDO_IN_DOUBT)
    return YES
