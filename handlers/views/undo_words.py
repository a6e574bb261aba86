"""What is said of an undo where it differs from a request that gives a coupon, and of the coupon itself."""

from __future__ import annotations

from coupons.events import Tag
from coupons.model import Request, State
from coupons.permissions import LOOKUPS_BEFORE_CLOSING, Reason
from coupons.recording import Recorded
from handlers.views import problems
from handlers.views.escaping import own_words, person
from handlers.views.message import Block, Message, button, confirm, message, quote, section
from handlers.views.words import N_, Words

NO_COUPON = N_("The customer gets no coupon from this request.")
NOT_KNOWN_YET = N_("It is not known yet whether the customer got the coupon.")
NOT_KNOWN = N_("It is not known whether the customer got the coupon.")
NO_OTHER = N_("Please do not ask for another one meanwhile: that could give the customer two.")

#: Ours, for what the coupon was found to be.
_FOUND = frozenset({"COUPON_USED", "COUPON_EXPIRED", "COUPON_DELETED"})


def no_coupon(words: Words, request: Request) -> str:
    """How it ended, where nothing was given, or taken back."""
    if request.undoes is None:
        return words(NO_COUPON)
    return words("The coupon of request #{sent} is not taken back by it.", sent=request.undoes)


def not_known_yet(words: Words, request: Request) -> str:
    """While the bot finds out."""
    if request.undoes is None:
        return words(NOT_KNOWN_YET)
    return words(
        "It is not known yet whether the coupon of request #{sent} is taken back.", sent=request.undoes
    )


def not_known(words: Words, request: Request) -> str:
    """While it is held."""
    if request.undoes is None:
        return words(NOT_KNOWN)
    return words("It is not known whether the coupon of request #{sent} is taken back.", sent=request.undoes)


def no_other(words: Words, request: Request) -> str:
    """An undo that is not settled lets nobody ask for another one."""
    return words(NO_OTHER) if request.undoes is None else ""


def ask_again(words: Words, request: Request) -> str:
    """What who asked can do now that it ended."""
    if request.undoes is None:
        return words("If the customer should still have one, ask again with `/coupon send`.")
    return words(
        "If it should still be taken back, ask again with `/coupon undo {sent}`.", sent=request.undoes
    )


def asks_next(words: Words, request: Request) -> str:
    """What follows the last approval."""
    if request.undoes is None:
        return words("The bot asks WeChat Pay for the coupon next.")
    return words("The bot asks WeChat Pay next to take the coupon back.")


def asks_now(words: Words, request: Request) -> str:
    """While an attempt is on the wire."""
    if request.undoes is None:
        return words("The bot is asking WeChat Pay for the coupon now.")
    return words("The bot is asking WeChat Pay to take the coupon back now.")


def why_refused(words: Words, request: Request, code: str) -> str:
    """WeChat Pay's no, for who asked."""
    if request.undoes is None:
        return problems.for_agent(words, code)
    return _why_not(words, code)


def title(words: Words, request: Request) -> str:
    """Above the card."""
    value = words.money(request.value_fen)
    if request.undoes is None:
        return words("Request #{number}: {value}", number=request.id, value=value)
    return words("Undo #{number}: take back {value}", number=request.id, value=value)


def lookups(words: Words, request: Request) -> str:
    """What the bot found out since an undo was held, and does, for who wants to close it."""
    if request.absent_looks >= LOOKUPS_BEFORE_CLOSING:
        return words("The bot has looked at the coupon twice since, and it was not taken back.")
    if request.look_at is not None:
        return words("The bot looks at the coupon, so that this can be closed if it was not taken back.")
    return ""


def taken_back(words: Words, request: Request) -> str:
    """Of an undo that is done, and of the request whose coupon it took back."""
    if request.undoes is None:
        return words(
            "Undo #{undo} took the coupon back: it can never be used.",
            undo=request.undone_by,
        )
    return words(
        "WeChat Pay says so in a signed answer: the coupon of request #{sent} can never be used.",
        sent=request.undoes,
    )


def open_undo(words: Words, undo: Request | None) -> str:
    """On the card of the coupon that somebody asks to take back."""
    if undo is None:
        return ""
    return words(
        "{person} asks to take this coupon back: undo #{undo}. Until that is done, the customer can use it.",
        person=person(undo.requester),
        undo=undo.id,
    )


def takes_back(words: Words, request: Request) -> tuple[str, str]:
    """A field of the card of an undo."""
    return words("Takes back"), words("the coupon of request #{sent}", sent=request.undoes)


def may_decide(words: Words, request: Request, people: str) -> str:
    """`people`: listed, in mrkdwn."""
    if request.undoes is None:
        return words("May decide, except the requester: {people}", people=people)
    return words("May decide, except who asked for the coupon or its undo: {people}", people=people)


def after_approval(words: Words, request: Request) -> str:
    """What the approver is asked to think of once more."""
    if request.undoes is None:
        return words("With the last approval needed, the coupon goes out at once and cannot be called back.")
    return words(
        "With the last approval needed, the coupon is taken back at once, if the customer has not used it. "
        "That is for good."
    )


def ends_unchanged(words: Words, request: Request) -> str:
    """What closing comes to."""
    if request.undoes is None:
        return words("It ends, and the customer gets no coupon from it.")
    return words("It ends, and does not take the coupon back.")


def lookup_first(words: Words, request: Request) -> str:
    """Before it is closed while an attempt is open."""
    if request.undoes is None:
        return words("The bot looks for the coupon at WeChat Pay first.")
    return words("The bot asks WeChat Pay first what became of the coupon.")


def undo_button(words: Words, request: Request) -> Block:
    """It asks once more, and then for approvals."""
    sure = confirm(
        words("Ask to take it back?"),
        words(
            "The coupon of request #{number} ({value}) is taken back once approvers have said yes, if the "
            "customer has not used it by then.",
            number=request.id,
            value=words.money(request.value_fen),
        ),
        yes=words("Ask for it"),
        no=words("Not yet"),
    )
    return button(words("Take it back"), "undo_request", str(request.id), confirm=sure)


def may_show_button(request: Request, undo: Request | None) -> bool:
    """Of a coupon that stands, and that nobody asks back already."""
    sent = request.state is State.SENT and request.undoes is None and request.undone_by is None
    return sent and undo is None


def thread_reply(words: Words, event: Recorded, request: Request) -> Message:
    """An event of an undo, in the thread of the coupon's card. `request`: the coupon's."""
    undo, sent = event.request_id, event.detail.get("undoes")
    match event.tag:
        case Tag.UNDO_CREATED:
            text = words(
                "{person} asks to take back the coupon of request #{sent}: undo #{undo}.",
                person=person(event.actor),
                sent=sent,
                undo=undo,
            )
            return _with_reason(words, text, event, request)
        case Tag.UNDO_DONE:
            text = words(
                "The coupon of request #{sent} is taken back (undo #{undo}): it can never be used.",
                sent=sent,
                undo=undo,
            )
            return message(words.sentences(text, _proof(words, event)))
        case _:
            text = words(
                "The coupon of request #{sent} is not taken back (undo #{undo}).", sent=sent, undo=undo
            )
            return message(words.sentences(text, _why_not(words, str(event.detail.get("code") or ""))))


def direct_message(words: Words, event: Recorded, request: Request, about: str) -> Message:
    """The same as a direct message. `about`: stock and customer, since no card stands beside it."""
    undo, sent = event.request_id, event.detail.get("undoes")
    match event.tag:
        case Tag.UNDO_CREATED:
            text = words(
                "{person} asks to take back the coupon of your request #{sent}: undo #{undo}. You are not "
                "asked for a decision.",
                person=person(event.actor),
                sent=sent,
                undo=undo,
            )
            return message(words.sentences(text, _where_it_ends(words, request), about))
        case Tag.UNDO_DONE:
            text = words(
                "The coupon of request #{sent} is taken back, as you asked in undo #{undo}: it can never be "
                "used.",
                sent=sent,
                undo=undo,
            )
            return message(words.sentences(text, about, _proof(words, event)))
        case _:
            text = words(
                "The coupon of request #{sent} is not taken back, though you asked for it in undo #{undo}.",
                sent=sent,
                undo=undo,
            )
            return message(words.sentences(text, about, _why_not(words, str(event.detail.get("code") or ""))))


def _where_it_ends(words: Words, request: Request) -> str:
    """For who had asked for the coupon: they are told no more by direct message."""
    if request.batch is None:
        return words("The thread of its card tells how it ends.")
    # A line of a batch has no card, and nothing of it stands in the thread of its batch.
    return words("`/coupon status {sent}` tells how it ends.", sent=request.id)


def cannot_undo(words: Words, reason: str, request: Request) -> str:
    """Why nobody can ask to take this coupon back; empty: that is not the reason."""
    number = request.id
    match reason:
        case Reason.UNDONE:
            return words("The coupon of request #{number} was taken back already.", number=number)
        case Reason.UNDO_OPEN:
            return words(
                "Somebody asked already to take back the coupon of request #{number}, and that is not "
                "finished.",
                number=number,
            )
        case Reason.UNDO_IN_DOUBT:
            return words(
                "An earlier undo of request #{number} ended without it being known what WeChat Pay made of "
                "it, so it is not tried under another number. Look for the coupon on the merchant platform.",
                number=number,
            )
        case Reason.ERASED:
            return words(
                "The customer of request #{number} was erased, so nobody could find out what became of the "
                "coupon.",
                number=number,
            )
        case Reason.NOT_SENT:
            return words(
                "Request #{number} has no coupon that could be taken back.",
                number=number,
            )
        case _:
            return ""


def own(words: Words, request: Request) -> str:
    """For whoever may not decide about what they asked for."""
    if request.undoes is None:
        return words("Request #{number} is your own, so somebody else must decide.", number=request.id)
    return words(
        "Undo #{number} is about a coupon that you asked for, or asked to take back, so somebody else must "
        "decide.",
        number=request.id,
    )


def _with_reason(words: Words, text: str, event: Recorded, request: Request) -> Message:
    reason = event.detail.get("reason")
    if not isinstance(reason, str) or not reason:
        return message(text)
    said = words("Reason: {reason}", reason=own_words(reason, request.openid))
    return message(
        words.sentences(text, said), section(text), quote(words("Reason"), reason, hide=request.openid)
    )


def _proof(words: Words, event: Recorded) -> str:
    if event.detail.get("by") == "look":
        return words("WeChat Pay says so of the coupon, in a signed answer.")
    return words("WeChat Pay confirmed it with a signed answer.")


def _why_not(words: Words, code: str) -> str:
    # What is said of WeChat Pay's codes is about giving a coupon.
    if code in _FOUND:
        return problems.for_agent(words, code)
    return words("The reason: {cause}.", cause=problems.cause(words, code))
