"""What stands on a card beside its own row: the customer's past, the agent's day, the pause.

Whatever of it can change draws the cards that tell it anew (`PostKind.REDRAW`), or does not stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coupons.absence import Attendance
from coupons.coupon_states import KnownCoupon
from coupons.lifecycle import FINAL
from coupons.model import History, Pause, Request, State
from coupons.rules import Used
from handlers.views.escaping import inert, person_or_bot, without_openids
from handlers.views.message import Block, context, fields, section
from handlers.views.talk import NO_TALK, Talk
from handlers.views.words import Words

_PAUSE_REASON = 200
#: As coupon.toml takes it.
_WARNING = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Read in one look, when the card is drawn; None: it was not, since nobody decides by it any more."""

    history: History | None = None
    #: Asked for by the requester in the 24 hours until this one, itself among them: the same for ever.
    used: Used | None = None
    #: Numbers of the customer's other requests that are not finished.
    others: tuple[int, ...] = ()
    pause: Pause | None = None
    #: What the request's ticket already got, whoever the customer; None: it names none.
    of_ticket: History | None = None
    #: Numbers of the other requests with this ticket that are not finished.
    others_of_ticket: tuple[int, ...] = ()
    #: Of the stock: what whoever approves should think of.
    warn: str = ""
    #: What became of the coupon, once it was sent.
    coupon: KnownCoupon | None = None
    #: Of a sent request: the undo of it that is not finished.
    undo: Request | None = None
    #: Who of those who may decide is there; None: it is decided.
    there: Attendance | None = None
    #: Questions to its requester, and the smaller coupon that is offered or was taken.
    talk: Talk = NO_TALK
    #: The catalogue has a coupon of less value.
    may_offer: bool = False


NOTHING_BESIDE = Beside()


def beside(words: Words, about: Beside) -> list[Block]:
    """For who decides: the customer's history and the agent's last day."""
    shown = labelled(words, about)
    blocks = [section(warn) for warn in warnings(words, about)]
    return [*blocks, fields(*shown)] if shown else blocks


def labelled(words: Words, about: Beside) -> list[tuple[str, str]]:
    """The same as pairs of a label and mrkdwn."""
    shown: list[tuple[str, str]] = []
    if about.history is not None:
        shown.append((words("This customer so far"), _history(words, about.history, about.others)))
    if about.of_ticket is not None:
        shown.append((words("This ticket so far"), _history(words, about.of_ticket, about.others_of_ticket)))
    if about.used is not None:
        shown.append((words("The agent's 24 hours until then"), _used(words, about.used)))
    return shown


def warnings(words: Words, about: Beside) -> list[str]:
    """What the stock's `warn` says, if it says anything."""
    return [warning(words, about.warn)] if about.warn else []


def warning(words: Words, warn: str) -> str:
    """What the operator wrote beside a stock, as mrkdwn: for who asks and who approves."""
    return words("⚠️ Please note: {warn}", warn=inert(warn, _WARNING))


def _history(words: Words, history: History, others: Sequence[int]) -> str:
    so_far = given(words, history)
    if not others:
        return so_far
    open_too = words("Also open: {numbers}.", numbers=words.list(f"#{number}" for number in others))
    return words.sentences(so_far, open_too)


def given(words: Words, history: History) -> str:
    """What this customer already got."""
    if not history.count or history.last_at is None:
        return words("No coupon yet.")
    return words.plural(
        "1 coupon, {sum}, {time}.",
        "{n} coupons, {sum} together, the last {time}.",
        history.count,
        sum=words.money(history.fen),
        time=words.moment(history.last_at),
    )


def _used(words: Words, used: Used) -> str:
    return words.plural(
        "1 request, {sum}.",
        "{n} requests, {sum} together.",
        used.count,
        sum=words.money(used.fen),
    )


def paused(words: Words, request: Request, pause: Pause | None) -> str:
    """Nothing to say of what is finished: no pause keeps it from anything."""
    if pause is None or request.state in FINAL:
        return ""
    if request.state is State.PENDING:
        text = words(
            "{person} paused sending ({time}): nothing can be approved until somebody resumes it.",
            person=person_or_bot(words, pause.by),
            time=words.moment(pause.at),
        )
    else:
        text = words(
            "{person} paused sending ({time}): nothing goes out until somebody resumes it.",
            person=person_or_bot(words, pause.by),
            time=words.moment(pause.at),
        )
    return with_reason(words, text, pause)


def with_reason(words: Words, sentence: str, pause: Pause) -> str:
    """The sentence, and after it why sending is paused, where that was said."""
    if not pause.reason:
        return sentence
    reason = inert(without_openids(pause.reason), _PAUSE_REASON)
    return words.sentences(sentence, words("Reason: {reason}", reason=reason))


def pause_line(words: Words, request: Request, pause: Pause | None) -> list[Block]:
    """At most one line of small print."""
    text = paused(words, request, pause)
    return [context(f"⏸️ {text}")] if text else []
