"""What happened to a batch, told from an event in the thread of its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coupons.batches import Batch, BatchState, Progress
from coupons.events import Tag
from coupons.recording import Recorded
from handlers.views import problems
from handlers.views.approver_calls import call
from handlers.views.batch_standing import counts
from handlers.views.escaping import code as code_span
from handlers.views.escaping import listed, person, without_openids
from handlers.views.event_words import text_of
from handlers.views.message import Message, message, quote, section
from handlers.views.words import N_, Words


def step(
    words: Words, event: Recorded, batch: Batch, *, approvers: Sequence[str] = (), paused: bool = False
) -> Message:
    """`approvers`: ids of whom to call where it calls them."""
    if event.tag == Tag.BATCH_DECLINED and (reason := text_of(event, "reason")):
        text = _text(words, event, batch, approvers, paused=paused)
        return message(text, section(text), quote(words("Why"), without_openids(reason)))
    return message(_text(words, event, batch, approvers, paused=paused))


def _text(  # noqa: PLR0911 - one return for each tag
    words: Words, event: Recorded, batch: Batch, approvers: Sequence[str], *, paused: bool
) -> str:
    who, number = person(event.actor), batch.id
    match event.tag:
        case Tag.APPROVAL_GIVEN:
            return _approval(words, event)
        case Tag.BATCH_DECLINED:
            return words(
                "{person} declined batch {batch}: nobody gets a coupon from it.", person=who, batch=number
            )
        case Tag.BATCH_EXPIRED:
            return words(
                "Batch {batch} expired: it did not get its approvals in time, and nobody gets a coupon from "
                "it.",
                batch=number,
            )
        case Tag.BATCH_CANCELLED:
            return words(
                "{person} cancelled batch {batch}: what had not begun is withdrawn, and what is under way "
                "ends by itself.",
                person=who,
                batch=number,
            )
        case Tag.BATCH_STRUCK:
            return _struck(words, event, batch)
        case Tag.BATCH_PAUSED:
            return _paused(words, event, batch)
        case Tag.BATCH_RESUMED:
            return _resumed(words, event, batch)
        case Tag.BATCH_DONE:
            return _done(words, event, batch)
        case _ if batch.state is BatchState.PENDING:
            return _call(words, event, batch, approvers, paused=paused)
        case _:
            return words("Batch {batch} waits for no approval now.", batch=number)


def _approval(words: Words, event: Recorded) -> str:
    count, needed = _number(event, "count"), _number(event, "needed")
    text = words(
        "{person} approved ({count} of {needed}).", person=person(event.actor), count=count, needed=needed
    )
    return text if count < needed else words.sentences(text, words("Its lines go out next."))


def _struck(words: Words, event: Recorded, batch: Batch) -> str:
    named = event.detail.get("rows")
    rows = [str(row) for row in named] if isinstance(named, Sequence) and not isinstance(named, str) else []
    return words.plural(
        "{person} struck 1 row out of batch {batch}: {rows}. Its customer gets no coupon from it.",
        "{person} struck {n} rows out of batch {batch}: {rows}. Their customers get no coupon from it.",
        len(rows),
        person=person(event.actor),
        batch=batch.id,
        rows=listed(words, rows),
    )


def _paused(words: Words, event: Recorded, batch: Batch) -> str:
    code = text_of(event, "code")
    if not code:
        return words(
            "{person} paused batch {batch}: no further line begins until somebody resumes it on the card.",
            person=person(event.actor),
            batch=batch.id,
        )
    stock_id = text_of(event, "stock_id")
    if stock_id:
        text = words(
            "Batch {batch} is paused for the stock {stock}: {cause}, and would refuse its other lines of "
            "that stock in the same way. Lines of other stocks go on.",
            batch=batch.id,
            stock=code_span(stock_id),
            cause=problems.cause(words, code),
        )
    else:
        text = words(
            "Batch {batch} is paused: {cause}, and would refuse its other lines in the same way.",
            batch=batch.id,
            cause=problems.cause(words, code),
        )
    then = words(
        "Then somebody resumes it on the card: held lines go out again with the same out_request_no."
    )
    return words.sentences(text, problems.for_operator(words, code), then)


def _resumed(words: Words, event: Recorded, batch: Batch) -> str:
    text = words("{person} resumed batch {batch}.", person=person(event.actor), batch=batch.id)
    retried = _number(event, "retried")
    if not retried:
        return text
    return words.sentences(
        text,
        words.plural(
            "1 held line is sent again, with the same out_request_no.",
            "{n} held lines are sent again, with the same out_request_no.",
            retried,
        ),
    )


def _done(words: Words, event: Recorded, batch: Batch) -> str:
    found = event.detail.get("states")
    states = (
        {str(state): n for state, n in found.items() if isinstance(n, int)}
        if isinstance(found, Mapping)
        else {}
    )
    return words(
        "Batch {batch} is done. {counts}", batch=batch.id, counts=counts(words, Progress(states), money=False)
    )


def _call(words: Words, event: Recorded, batch: Batch, approvers: Sequence[str], *, paused: bool) -> str:
    return call(
        words,
        event,
        approvers,
        urged=N_("{person} asks for a decision on batch {batch}: {people}."),
        reminded=N_("Batch {batch} has waited {time} for a decision: {people}."),
        unattended=N_("Batch {batch} waits for a decision."),
        expires_at=None if paused else batch.expires_at,
        batch=batch.id,
    )


def _number(event: Recorded, name: str) -> int:
    value = event.detail.get(name)
    return value if isinstance(value, int) else 0
