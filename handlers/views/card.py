"""The card: the one message of a request in the approval channel, drawn anew from its row at each change."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.absence import Attendance
from coupons.clicked_on import shown_as
from coupons.coupon_lookups import can_be_looked_up
from coupons.masking import masked
from coupons.model import Approval, Pause, Request, State
from handlers.views import absence, problems, talk
from handlers.views.card_context import NOTHING_BESIDE, Beside, beside, pause_line, paused, warnings
from handlers.views.card_notes import grounds, ticket
from handlers.views.coupon_words import coupon_line, look_up_button
from handlers.views.escaping import approver, code, inert, listed, own_words, person, plain
from handlers.views.message import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    fields,
    header,
    message,
    overflow,
    quote,
    section,
)
from handlers.views.state_words import is_doubtful, progress, standing, to_do
from handlers.views.talk import NO_TALK, Talk
from handlers.views.undo_words import (
    after_approval,
    ends_unchanged,
    lookup_first,
    may_decide,
    may_show_button,
    not_known,
    open_undo,
    takes_back,
    title,
    undo_button,
)
from handlers.views.words import Words


def card(
    words: Words,
    request: Request,
    approvals: Sequence[Approval],
    *,
    approvers: Sequence[str],
    about: Beside = NOTHING_BESIDE,
) -> Message:
    """`approvers`: user and group ids that the request's rule names; they are shown, not judged by."""
    became = coupon_line(words, about.coupon) if about.coupon is not None else ""
    return message(
        "\n".join(
            [
                words.sentences(
                    sentence(words, request, approvals, about.pause, about.there),
                    *talk.lines(words, request, about.talk),
                    became,
                ),
                *warnings(words, about),
            ]
        ),
        *facts(words, request),
        *beside(words, about),
        *where_it_stands(words, request, approvals, about.pause),
        *([section(became)] if became else []),
        *(section(line) for line in talk.lines(words, request, about.talk)),
        *_undo(words, about),
        *absence.on_card(words, about.there),
        *pause_line(words, request, about.pause),
        *_buttons(words, request, approvals, about),
        context(*_who_and_when(words, request, approvals, approvers, about.pause)),
    )


def without_buttons(
    words: Words,
    request: Request,
    approvals: Sequence[Approval],
    pause: Pause | None = None,
    undo: Request | None = None,
    said: Talk = NO_TALK,
) -> Message:
    """The same for `/coupon status`, where nobody decides, but everybody may ask to take a coupon back."""
    about, may_ask = Beside(pause=pause, undo=undo), may_show_button(request, undo)
    beside_it = talk.lines(words, request, said)
    return message(
        words.sentences(sentence(words, request, approvals, pause), *beside_it),
        *facts(words, request),
        *where_it_stands(words, request, approvals, pause),
        *_undo(words, about),
        *(section(line) for line in beside_it),
        *pause_line(words, request, pause),
        *([actions(undo_button(words, request), block_id=request.out_request_no)] if may_ask else []),
        context(*_small_print(words, request, approvals, pause)),
    )


def sentence(
    words: Words,
    request: Request,
    approvals: Sequence[Approval],
    pause: Pause | None = None,
    there: Attendance | None = None,
) -> str:
    """The whole card in words: for notifications, for screen readers, and where blocks are refused."""
    now = standing(words, request, approvals, paused=pause is not None)
    text = words(
        "{headline}: request #{number} of {requester}, {stock} ({value}) for customer {customer}. {details}",
        headline=now.headline,
        number=request.id,
        requester=person(request.requester),
        stock=inert(request.stock_name),
        value=words.money(request.value_fen),
        customer=code(masked(request.openid)),
        details=now.details,
    )
    automatic = "" if request.approvals_needed else progress(words, request, approvals)
    parts = [text, automatic, *grounds(words, request), absence.unattended(words, there)]
    if request.ticket:
        parts.append(words("Ticket: {ticket}.", ticket=ticket(words, request)))
    if request.reason:
        parts.append(words("Reason: {reason}", reason=own_words(request.reason, request.openid)))
    # A line of its own: people's words before it end as they like.
    return "\n".join(part for part in (words.sentences(*parts), paused(words, request, pause)) if part)


def facts(words: Words, request: Request) -> list[Block]:
    """What was asked for."""
    top = header(title(words, request))
    known = [] if request.undoes is None else [takes_back(words, request)]
    known += [
        (words("Stock"), f"{inert(request.stock_name)} ({code(request.stock_id)})"),
        (words("Customer"), code(masked(request.openid))),
        (words("Asked for by"), person(request.requester)),
        (words("Asked"), words.moment(request.created_at)),
    ]
    if request.ticket:
        known.append((words("Ticket"), ticket(words, request)))
    asked = fields(*known)
    if not request.reason:
        return [top, asked, section(f"*{words('Reason')}*\n{words('None stated.')}")]
    return [top, asked, quote(words("Reason"), request.reason, hide=request.openid)]


def where_it_stands(
    words: Words, request: Request, approvals: Sequence[Approval], pause: Pause | None = None
) -> list[Block]:
    """The state, and what belongs to it."""
    now = standing(words, request, approvals, paused=pause is not None)
    blocks = [section(f"{now.mark} *{now.headline}*\n{now.details}")]
    if notes := grounds(words, request):
        blocks.append(section("\n".join(notes)))
    if request.state is State.HELD:
        blocks.append(section(to_do(words, request.problem)))
    if request.state in {State.DECLINED, State.CLOSED} and request.decline_reason:
        blocks.append(quote(words("Why"), request.decline_reason, hide=request.openid))
    return blocks


def _undo(words: Words, about: Beside) -> list[Block]:
    return [section(f"↩️ {open_undo(words, about.undo)}")] if about.undo is not None else []


def _who_and_when(
    words: Words,
    request: Request,
    approvals: Sequence[Approval],
    approvers: Sequence[str],
    pause: Pause | None,
) -> list[str]:
    who = listed(words, (approver(entry) for entry in approvers))
    who = who or words("nobody, because coupon.toml names no approvers")
    small_print = _small_print(words, request, approvals, pause)
    match request.state:
        case State.PENDING:
            return [may_decide(words, request, who), *small_print]
        case State.HELD:
            return [words("May retry or close it: {people}", people=who), *small_print]
        case _:
            return small_print


def _small_print(
    words: Words, request: Request, approvals: Sequence[Approval], pause: Pause | None
) -> list[str]:
    if request.state is State.PENDING:
        if pause is not None:
            return [words("Does not expire while sending is paused")]
        return [words("Expires {time}", time=words.moment(request.expires_at))]
    lines = [progress(words, request, approvals)]
    if request.attempts:
        # Under this number it is found on the merchant platform, and by WeChat Pay's support.
        lines.append(words("out_request_no: {number}", number=code(request.out_request_no)))
    if request.problem and request.state in {State.REFUSED, State.UNKNOWN}:
        lines.append(words("Last attempt: {cause}", cause=problems.cause(words, request.problem)))
    if request.closed_at is not None and request.state not in {State.SENT, State.UNDONE}:
        lines.append(words("Ended {time}", time=words.moment(request.closed_at)))
    return lines


def _buttons(words: Words, request: Request, approvals: Sequence[Approval], about: Beside) -> list[Block]:
    if request.state is State.PENDING:
        shown = [approve_button(words, request), decline_button(words, request)]
        shown.append(button(words("Ask the requester"), "ask_requester", str(request.id)))
        if about.may_offer:
            shown.append(button(words("Offer a smaller one"), "offer_smaller", str(request.id)))
        if approvals or about.talk.offer is not None:
            shown.append(_withdraw_approval_button(words, request))
        shown.append(_more(words, request))
    elif request.state is State.HELD:
        shown = [retry_button(words, request), close_button(words, request)]
    else:
        shown = _of_sent(words, request, about)
    if not shown:
        return []
    # Without it Slack gives the block a new id at each drawing, and who confirms while the card is drawn anew
    # would press what is no longer there.
    return [actions(*shown, block_id=shown_as(request))]


def _of_sent(words: Words, request: Request, about: Beside) -> list[Block]:
    shown = [look_up_button(words, request)] if can_be_looked_up(request) else []
    return [*shown, undo_button(words, request)] if may_show_button(request, about.undo) else shown


def approve_button(words: Words, request: Request) -> Block:
    """It asks once more, with the amount."""
    warning = after_approval(words, request)
    sure = confirm(
        words("Approve {value}?", value=words.money(request.value_fen)),
        words.sentences(_what_for_whom(words, request), warning),
        yes=words("Approve"),
        no=words("Not yet"),
    )
    return button(words("Approve"), "approve_request", str(request.id), style="primary", confirm=sure)


def decline_button(words: Words, request: Request) -> Block:
    """It opens the form for the reason."""
    # No confirm: the form that asks for the reason is the second thought.
    return button(words("Decline"), "decline_request", str(request.id), style="danger")


def _withdraw_approval_button(words: Words, request: Request) -> Block:
    # No confirm: nothing is lost by it, and in the race with the last approval each second counts.
    return button(words("Take back my approval"), "withdraw_approval", str(request.id))


def _more(words: Words, request: Request) -> Block:
    # Slack shows one card to everybody: who may is judged at the click.
    sure = confirm(
        words("Is request #{number} yours?", number=request.id),
        words(
            "Only the requester can withdraw it, which ends it, or remind the approvers, which mentions "
            "them, at most every half hour."
        ),
        yes=words("Go on"),
        no=words("Not yet"),
    )
    return overflow(
        "more_request",
        (words("Withdraw"), f"cancel:{request.id}"),
        (words("Remind the approvers"), f"urge:{request.id}"),
        confirm=sure,
    )


def retry_button(words: Words, request: Request) -> Block:
    """It asks once more: the cause should have been put right."""
    doubt = not_known(words, request) if is_doubtful(request) else ""
    warning = words("The same out_request_no is used again. Retry only once the cause has been put right.")
    sure = confirm(
        words("Retry {value}?", value=words.money(request.value_fen)),
        words.sentences(_what_for_whom(words, request), doubt, warning),
        yes=words("Retry"),
        no=words("Not yet"),
    )
    return button(words("Retry"), "retry_request", str(request.id), style="primary", confirm=sure)


def close_button(words: Words, request: Request) -> Block:
    """It asks once more: what is closed is never sent."""
    first = lookup_first(words, request) if request.open_attempts else ""
    sure = confirm(
        words("Close request #{number}?", number=request.id),
        words.sentences(ends_unchanged(words, request), first),
        yes=words("Close it"),
        no=words("Not yet"),
    )
    return button(words("Close it"), "close_request", str(request.id), confirm=sure)


def _what_for_whom(words: Words, request: Request) -> str:
    """As plain text."""
    return words(
        "{stock} ({value}) for customer {customer}.",
        stock=plain(request.stock_name, 80),
        value=words.money(request.value_fen),
        customer=masked(request.openid),
    )
