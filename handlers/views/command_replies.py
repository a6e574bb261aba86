"""Answers to `/coupon ...`: what was understood, and what came of it. Ephemeral, for whoever typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coupons.batches import Batch
from coupons.masking import masked
from coupons.model import Approval, ClickAction, Pause, Request, State, Stock
from coupons.permissions import Reason
from handlers.cleaning import Undone
from handlers.misread import Misread
from handlers.views import batch_standing, card, misreads, refusals, stocks
from handlers.views.card_notes import ticket
from handlers.views.channel_loss import Lost, not_posted
from handlers.views.ephemerals import MAY_NOT_SEE
from handlers.views.escaping import channel, code, inert, own_words, without_openids
from handlers.views.groups_asked import groups_asked
from handlers.views.message import Message, context, message, quote, section
from handlers.views.modals import REASON_LONGEST
from handlers.views.state_words import (
    NOBODY_TO_REMIND,
    decided_with_its_batch,
    line_of,
    only_the_requester_withdraws,
    sending_began,
    where,
)
from handlers.views.talk import NO_TALK, Talk
from handlers.views.undo_words import no_coupon
from handlers.views.words import N_, Words

_LISTED = 20

#: What was undone to read a command, or the cells of a file.
UNDONE = {
    Undone.FULL_WIDTH: N_("I read full-width letters and digits as ordinary ones."),
    Undone.INVISIBLE: N_("I left out invisible characters."),
    Undone.WRAPPING_MARKS: N_("I left out quotes or marks round a word."),
    Undone.SPACES: N_("I read line breaks and unusual spaces as plain spaces."),
    Undone.LINK: N_("Slack had made a link or a mention of something; I took the text that you saw."),
    Undone.DASHES: N_("I left out dashes before the command."),
    Undone.ELLIPSIS: N_("I read … as three full stops."),
}


_SHORTENED = N_(
    "A telephone, identity card or bank card number, an e-mail address or an openid stood in your words. "
    "I kept it shortened: what is kept can never be taken out again."
)


# --- /coupon send


def submitted(
    words: Words,
    request: Request,
    undone: Sequence[Undone],
    *,
    approval_channel: str,
    lost: Lost | None = None,
    shortened: bool = False,
) -> Message:
    """What was understood. The card is promised, in words too: it is posted after this answer, or much later.

    A repeated delivery gets the same words, so they claim nothing of the request that can change.
    `shortened`: the request's reason or ticket is not what was typed.
    """
    read = words(
        "I read: customer {customer}, stock *{stock}* ({stock_id}), {value}.",
        customer=code(masked(request.openid)),
        stock=inert(request.stock_name),
        stock_id=code(request.stock_id),
        value=words.money(request.value_fen),
    )
    needs = words.sentences(_needs(words, request), _card(words, approval_channel, lost))
    check = _corrected(words, undone)
    withdraw = words(
        "Something wrong? `/coupon cancel {number}` withdraws it until sending begins.", number=request.id
    )
    reason = own_words(request.reason, request.openid)
    said = words("Reason: {reason}", reason=reason) if request.reason else words("No reason stated.")
    named = words("Ticket: {ticket}.", ticket=ticket(words, request)) if request.ticket else ""
    less = words(_SHORTENED) if shortened else ""
    return message(
        words.sentences(read, needs, check, named, less, said),
        section(read),
        quote(words("Reason"), request.reason, hide=request.openid) if request.reason else section(said),
        *(section(part) for part in (named, less) if part),
        section(f"{needs}\n{check}" if check else needs),
        context(withdraw),
    )


def _needs(words: Words, request: Request) -> str:
    if request.approvals_needed == 0:
        return words(
            "Request #{number} needs no approval by rule {place}.", number=request.id, place=request.rule
        )
    needs = words.plural(
        "Request #{number} needs 1 approval.",
        "Request #{number} needs {n} approvals.",
        request.approvals_needed,
        number=request.id,
    )
    return words.sentences(needs, groups_asked(words, request.needs))


def _card(words: Words, approval_channel: str, lost: Lost | None) -> str:
    if lost is None:
        return words("Its card will be posted in {channel}.", channel=channel(approval_channel))
    text = words("Its card cannot be posted yet.")
    return words.sentences(text, not_posted(words, lost))


def _corrected(words: Words, undone: Sequence[Undone]) -> str:
    if not undone:
        return ""
    check = words("Please check that customer and stock are right.")
    return words.sentences(*(words(UNDONE[kind]) for kind in undone), check)


def misread(words: Words, misread: Misread, catalogue: Iterable[Stock]) -> Message:
    """Nothing was done: what was read, what is wrong, what would be right."""
    return message(misreads.sentence(words, misread, catalogue))


def unknown_stock(words: Words, word: str, catalogue: Iterable[Stock]) -> Message:
    """The nearest stocks, or all where they are few."""
    read = words(
        "I read the stock {typed}, which is not in the catalogue.",
        typed=code(without_openids(word), limit=60),
    )
    near = stocks.choice(word, catalogue)
    if not near:
        none = words("No stock has a name like it. An operator keeps the list in coupon.toml.")
        return message(words.sentences(read, none))
    meant = words.sentences(read, words("Did you mean one of these?"))
    return message(f"{meant}\n{stocks.listing(words, near)}")


# --- /coupon status, list, cancel, retry


def status(
    words: Words,
    request: Request,
    approvals: Sequence[Approval],
    *,
    lost: Lost | None = None,
    pause: Pause | None = None,
    undo: Request | None = None,
    about: Talk = NO_TALK,
) -> Message:
    """The card without what decides, and like it without the coupon code: anybody may ask. `undo`: of a sent
    request, the one that is not finished."""
    shown = card.without_buttons(words, request, approvals, pause, undo, about)
    if lost is None or request.card_ts is not None:
        return shown
    text = _card(words, lost.channel, lost)
    return message(f"{shown.text}\n{text}", *shown.blocks, section(text))


def status_of_line(
    words: Words,
    request: Request,
    approvals: Sequence[Approval],
    batch: Batch,
    *,
    pause: Pause | None = None,
    undo: Request | None = None,
) -> Message:
    """As `status`: a line of a batch has no card of its own, and its approvals are the batch's."""
    shown = card.without_buttons(words, request, approvals, pause, undo)
    text = words(
        "It is row {row} of batch {batch} ({file}), whose card stands for it.",
        row=request.batch_row,
        batch=batch.id,
        file=inert(batch.file_name, 60),
    )
    return message(f"{shown.text}\n{text}", *shown.blocks, section(text))


def open_list(words: Words, requests: Sequence[Request], batches: Sequence[Batch] = ()) -> Message:
    """One's own requests that are not finished, newest first, and before them one's batches."""
    of_batches = [batch_standing.line_of(words, batch) for batch in batches]
    if not requests and of_batches:
        heading = words("Your open batches: {count}", count=len(of_batches))
        shown = [section(line) for line in of_batches[:_LISTED]]
        return message("\n".join([heading, *of_batches[:_LISTED]]), section(f"*{heading}*"), *shown)
    if not requests:
        return message(
            words("You have no open requests. `/coupon status 12` shows a finished one by its number.")
        )
    lines = [line_of(words, request) for request in requests[:_LISTED]]
    heading = words("Your open requests: {count}", count=len(lines))
    if len(requests) >= _LISTED:
        heading = words("Your newest {count} open requests", count=len(lines))
    lines = [*of_batches[:_LISTED], *lines]
    shown = [section(line) for line in lines]
    return message("\n".join([heading, *lines]), section(f"*{heading}*"), *shown)


def cancelled(words: Words, request: Request) -> Message:
    """It is withdrawn."""
    text = words("Request #{number} is withdrawn.", number=request.id)
    return message(words.sentences(text, no_coupon(words, request)))


def cannot_cancel(words: Words, reason: Reason, request: Request) -> Message:
    """It was not withdrawn, and why."""
    number, now = request.id, where(words, request)
    match reason:
        case Reason.NOT_REQUESTER:
            text = only_the_requester_withdraws(words, request)
        case Reason.SENDING_BEGAN:
            text = sending_began(words, request)
        case Reason.IN_BATCH:
            text = decided_with_its_batch(words, request)
        case _ if request.state is State.CANCELLED:
            text = words("Request #{number} is withdrawn already.", number=number)
        case _:
            text = words("Request #{number} cannot be withdrawn any more.", number=number)
    return message(words.sentences(text, now))


def no_such_request(words: Words, number: int) -> Message:
    """Nothing was done."""
    return message(
        words("There is no request {number}. `/coupon list` shows your open ones.", number=code(f"#{number}"))
    )


def checking(words: Words, number: int, action: ClickAction, *, lost: Lost | None = None) -> Message:
    """A retry, a close or an undo is kept and judged in a moment; its answer, or a card, tells it."""
    if action is ClickAction.UNDO:
        text = words(
            "I am checking whether the coupon of request #{number} can be taken back. If not, you are told "
            "in a moment; if so, a card asks the approvers.",
            number=number,
        )
    elif action is ClickAction.CLOSE:
        text = words(
            "I am checking whether request #{number} can be closed. If not, you are told in a moment; if so, "
            "it will stand in the thread of its card.",
            number=number,
        )
    else:
        text = words(
            "I am checking whether request #{number} can be retried. If not, you are told in a moment; if "
            "so, it will stand in the thread of its card.",
            number=number,
        )
    return message(words.sentences(text, _thread(words, lost)))


def urged(words: Words, request: Request, *, lost: Lost | None = None) -> Message:
    """The approvers will be called in the card's thread: after this answer, or much later."""
    if request.batch is not None:
        text = words(
            "Request #{number} is a line of batch {batch}, whose approvers will be called in the thread of "
            "its card.",
            number=request.id,
            batch=request.batch,
        )
    else:
        text = words(
            "The approvers of request #{number} will be called in the thread of its card.", number=request.id
        )
    return message(words.sentences(text, _thread(words, lost)))


def _thread(words: Words, lost: Lost | None) -> str:
    if lost is None:
        return ""
    text = words("Nothing can be posted there yet.")
    return words.sentences(text, not_posted(words, lost))


def cannot_urge(words: Words, reason: Reason, request: Request) -> Message:
    """Nobody was called, and why."""
    number = request.id
    match reason:
        case Reason.NOT_REQUESTER:
            return message(
                words("Request #{number} is not yours, so you cannot remind anybody of it.", number=number)
            )
        case Reason.IN_BATCH:
            return message(decided_with_its_batch(words, request))
        case Reason.TOO_SOON:
            return message(
                words(
                    "You asked for a reminder of request #{number} less than half an hour ago. Please give "
                    "the approvers time.",
                    number=number,
                )
            )
        case _:
            text = words(NOBODY_TO_REMIND, number=number)
            return message(words.sentences(text, where(words, request)))


def paused(words: Words) -> Message:
    """Nothing is sent from now on."""
    return message(
        words(
            "Sending is paused. Nothing can be approved and nothing goes out until an approver types "
            "`/coupon resume`; what is on its way now may still arrive."
        )
    )


def resumed(words: Words) -> Message:
    """Sending goes on."""
    return message(words("Sending goes on. What was approved before the pause goes out now."))


def cannot_pause(words: Words, reason: Reason) -> Message:
    """Nothing was changed, and why."""
    match reason:
        case Reason.PAUSED:
            return message(words("Sending is paused already. `/coupon resume` lets it go on."))
        case Reason.NOT_PAUSED:
            return message(words("Sending is not paused."))
        case _:
            return message(words("Nothing was changed: only approvers may pause and resume sending."))


def cannot_edit(words: Words, reason: Reason, number: int) -> Message:
    """The form was not opened, and why."""
    match reason:
        case Reason.NOT_REQUESTER:
            return message(
                words("Request #{number} is not yours: only its requester can send it again.", number=number)
            )
        case Reason.NO_SUCH_REQUEST:
            return no_such_request(words, number)
        case Reason.OTHER_REQUEST:
            return message(
                words(
                    "This button may be about another request than what is #{number} now, so it opens "
                    "nothing. `/coupon` opens an empty form.",
                    number=number,
                )
            )
        case _:
            return message(refusals.refusal(words, Reason.NOT_DECLINED, None))


def may_not_see(words: Words) -> Message:
    """Requests and customers are for those who work with them."""
    return message(words(MAY_NOT_SEE))


def decline_reason_problem(words: Words, reason: str) -> str | None:
    """What is wrong with the reason, as plain text to stand under its field; None: nothing."""
    if not reason.strip():
        return words("Please say why, so that the requester knows what to do.")
    if len(reason) > REASON_LONGEST:
        return words(
            "The reason has {count} characters. It may have at most {limit}.",
            count=len(reason),
            limit=REASON_LONGEST,
        )
    return None
