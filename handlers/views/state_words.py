"""Where a request stands, in words: the one place that turns a row into claims about a coupon.

"Sent" is said of one state only. Where an attempt may have given the coupon, that is said in every state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coupons.batches import BatchApproval
from coupons.masking import masked
from coupons.model import Approval, Request, State
from coupons.permissions import LOOKUPS_BEFORE_CLOSING
from handlers.views import problems, undo_words
from handlers.views.escaping import code, inert, listed, person
from handlers.views.groups_asked import still_missing
from handlers.views.undo_words import asks_next, no_other, not_known
from handlers.views.words import N_, Words

SAME_NUMBER = N_("The same out_request_no is used again, so that there can be only one coupon.")
#: Of what is held, which goes on by nobody's doing but an approver's.
WHO_ACTS = N_("Then an approver retries it, or closes it; until then it waits.")
NOBODY_TO_REMIND = N_("Request #{number} waits for no approver now, so there is nobody to remind.")
FINDING_OUT = N_("The bot is finding out, with the same out_request_no.")

#: In a list, and where the words of a search stand beside it: English is what is typed after `state:`.
STATES: Mapping[State, str] = {
    State.PENDING: N_("pending"),
    State.APPROVED: N_("approved"),
    State.SENDING: N_("sending"),
    State.SENT: N_("sent"),
    State.UNKNOWN: N_("unknown"),
    State.REFUSED: N_("refused"),
    State.HELD: N_("held"),
    State.DECLINED: N_("declined"),
    State.CANCELLED: N_("cancelled"),
    State.EXPIRED: N_("expired"),
    State.CLOSED: N_("closed"),
    State.UNDONE: N_("undone"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`headline` is a few words, `details` whole sentences in mrkdwn."""

    mark: str
    headline: str
    details: str


def is_doubtful(request: Request) -> bool:
    """Whether an attempt that is over may have given the coupon; one on the wire is simply under way."""
    on_the_wire = int(request.running and request.state is State.SENDING)
    return request.unknown_at is not None or request.open_attempts > on_the_wire


def standing(  # noqa: PLR0911, PLR0912, C901 - one for each state
    words: Words,
    request: Request,
    approvals: Sequence[Approval] | None = None,
    *,
    paused: bool | None = None,
) -> Standing:
    """What may be said of the request now; `approvals` and `paused` None where they were not read."""
    no_coupon = undo_words.no_coupon(words, request)
    if request.undone_by is not None:
        return Standing("↩️", words("Taken back"), undo_words.taken_back(words, request))
    match request.state:
        case State.PENDING:
            return Standing("⏳", words("Waiting for approval"), progress(words, request, approvals))
        case State.APPROVED:
            return _approved(words, request)
        case State.SENDING:
            return _sending(words, request, paused=paused)
        case State.UNKNOWN:
            waits = _waits(words, request, paused=paused)
            details = words.sentences(
                undo_words.not_known_yet(words, request), words(FINDING_OUT), waits, no_other(words, request)
            )
            return Standing("❓", words("Not known yet"), details)
        case State.HELD:
            return Standing("🛑", words("Held"), _held(words, request))
        case State.SENT:
            return Standing("✅", words("Sent"), _sent(words, request))
        case State.REFUSED:
            details = words.sentences(no_coupon, undo_words.why_refused(words, request, request.problem))
            return Standing("⛔", words("Refused by WeChat Pay"), details)
        case State.DECLINED:
            return Standing("✋", words("Declined"), words.sentences(_declined(words, request), no_coupon))
        case State.CANCELLED:
            return Standing("↩️", words("Withdrawn"), words.sentences(_withdrawn(words, request), no_coupon))
        case State.EXPIRED:
            late = words("It did not get its approvals by {time}.", time=words.moment(request.expires_at))
            return Standing("⌛", words("Expired"), words.sentences(late, no_coupon))
        case State.CLOSED:
            return Standing("⏹️", words("Closed"), words.sentences(_closed(words, request), no_coupon))
        case State.UNDONE:
            return Standing("↩️", words("Taken back"), undo_words.taken_back(words, request))


def where(words: Words, request: Request) -> str:
    """For who asked about something else, and has to know."""
    now = standing(words, request)
    return words("Where it stands: {headline}. {details}", headline=now.headline, details=now.details)


def progress(words: Words, request: Request, approvals: Sequence[Approval] | None) -> str:
    """`Approvals: 1 of 2 (@wang).`; while it waits, who of several groups is still missing."""
    needed = request.approvals_needed
    if not needed:
        return words("Automatic: no approval needed by rule {rule}.", rule=request.rule)
    if approvals is None:
        return words("Approvals needed: {needed}.", needed=needed)
    so_far = approvals_so_far(words, approvals, needed)
    if request.state is not State.PENDING:
        return so_far
    return words.sentences(so_far, still_missing(words, request.needs, approvals))


def approvals_so_far(words: Words, given: Sequence[Approval | BatchApproval], needed: int) -> str:
    """How many, and by whom."""
    count = len(given)
    if not count:
        return words("Approvals: {count} of {needed}.", count=count, needed=needed)
    people = listed(words, (person(each.approver) for each in given))
    return words("Approvals: {count} of {needed} ({people}).", count=count, needed=needed, people=people)


def _approved(words: Words, request: Request) -> Standing:
    if not request.attempts:
        return Standing("👍", words("Approved"), _careful(words, request, asks_next(words, request)))
    again = words("An approver released it: the bot asks WeChat Pay again, with the same out_request_no.")
    return Standing("👍", words("Approved, to be tried again"), _careful(words, request, again))


def _waits(words: Words, request: Request, *, paused: bool | None) -> str:
    """Until when, where no pause of sending makes that unknown."""
    if request.running or request.due_at is None or paused is not False:
        return ""
    return words("It waits, and asks again from {time} on.", time=words.moment(request.due_at))


def _sending(words: Words, request: Request, *, paused: bool | None) -> Standing:
    if request.running:
        now = undo_words.asks_now(words, request)
    elif request.problem:
        now = words(
            "WeChat Pay has not said yes yet: {cause}. The bot asks again, with the same out_request_no.",
            cause=problems.cause(words, request.problem),
        )
    else:
        now = words("WeChat Pay has not said yes yet. The bot asks again, with the same out_request_no.")
    now = words.sentences(now, _waits(words, request, paused=paused))
    return Standing("📨", words("Sending"), _careful(words, request, now))


def _careful(words: Words, request: Request, sentence: str) -> str:
    if not is_doubtful(request):
        return sentence
    return words.sentences(sentence, undo_words.not_known_yet(words, request), no_other(words, request))


def _held(words: Words, request: Request) -> str:
    if is_doubtful(request):
        first = words("An operator must look into it first.")
        why = words.sentences(not_known(words, request), first, _lookups(words, request))
    else:
        why = words("An operator must put something right first.")
    return words.sentences(why, words(WHO_ACTS), no_other(words, request))


def _lookups(words: Words, request: Request) -> str:
    """What the bot found out since it was held, and does, for who wants to close it."""
    if request.undoes is not None:
        return undo_words.lookups(words, request)
    if request.absent_looks >= LOOKUPS_BEFORE_CLOSING:
        return words("The bot has looked for the coupon at WeChat Pay since, twice, and it is not there.")
    if request.look_at is not None:
        return words(
            "The bot looks for the coupon at WeChat Pay, so that it can be closed if it is not there."
        )
    return ""


def to_do(words: Words, problem: str) -> str:
    """What an operator has to do about a request held with this code."""
    heading = words(
        "*For the operator* ({code}): {advice}",
        code=code(problem or words("no code")),
        advice=problems.for_operator(words, problem),
    )
    return words.sentences(heading, words(SAME_NUMBER))


def _sent(words: Words, request: Request) -> str:
    if request.closed_at is None:
        return words("WeChat Pay has confirmed the coupon. Look for its code in the card's thread.")
    return words(
        "WeChat Pay has confirmed the coupon ({time}). Look for its code in the card's thread.",
        time=words.moment(request.closed_at),
    )


def _declined(words: Words, request: Request) -> str:
    if not request.closed_by:
        return words("An approver declined it.")
    return words("{person} declined it.", person=person(request.closed_by))


def _closed(words: Words, request: Request) -> str:
    if not request.closed_by:
        return words("An approver closed it.")
    return words("{person} closed it.", person=person(request.closed_by))


def _withdrawn(words: Words, request: Request) -> str:
    return words("{person} withdrew it.", person=person(request.closed_by or request.requester))


def sending_began(words: Words, request: Request) -> str:
    """Why it cannot be withdrawn, and who can do something."""
    if request.state is State.HELD:
        return words(
            "Request #{number} is held and cannot be withdrawn, but an approver can close it (`/coupon close "
            "{number}`).",
            number=request.id,
        )
    return words(
        "Request #{number} cannot be withdrawn any more: WeChat Pay was asked for the coupon already, and "
        "nobody can call that back. Its card shows how it ends.",
        number=request.id,
    )


def decided_with_its_batch(words: Words, request: Request) -> str:
    """For whoever wants something of a single line of a batch."""
    return words(
        "Request #{number} is a line of a batch: it is approved, declined, withdrawn and called to mind "
        "with it.",
        number=request.id,
    )


def only_the_requester_withdraws(words: Words, request: Request) -> str:
    """For somebody else; approvers have other ways."""
    text = words(
        "Request #{number} is not yours: only {requester} can withdraw it.",
        number=request.id,
        requester=person(request.requester),
    )
    match request.state:
        case State.PENDING:
            return words.sentences(text, words("Approvers can decline it on its card."))
        case State.HELD:
            return words.sentences(text, words("Approvers can close it on its card."))
        case _:
            return text


def line_of(words: Words, request: Request) -> str:
    """One request of a list, in mrkdwn."""
    now = standing(words, request)
    return words(
        "*#{number}* {mark} {headline}: {stock} ({value}) for {customer}",
        number=request.id,
        mark=now.mark,
        headline=now.headline,
        stock=inert(request.stock_name, 60),
        value=words.money(request.value_fen),
        customer=code(masked(request.openid)),
    )
