"""What was read, what is wrong, what would be right: one sentence or two for each `misread.Problem`."""

from __future__ import annotations

from collections.abc import Iterable

from coupons.masking import masked
from coupons.model import Stock
from handlers.misread import FormWords, Misread, Problem
from handlers.views.escaping import code, may_be_openid, without_openids
from handlers.views.stocks import example_word
from handlers.views.words import Words

#: A sample that nobody could send to: the dots are no openid characters.
_OPENID = "oUpF8uMu…ChOPENID"

_SHORT = 12

FORMS = {
    "bulk": "/coupon bulk",
    "status": "/coupon status 12",
    "cancel": "/coupon cancel 12",
    "retry": "/coupon retry 12",
    "close": "/coupon close 12",
    "urge": "/coupon urge 12",
    "customer": f"/coupon customer {_OPENID}",
    "ticket": "/coupon ticket ABC-123",
    "check": f"/coupon check {_OPENID} late-10",
    "stocks": "/coupon stocks",
    "pause": "/coupon pause",
    "resume": "/coupon resume",
    "back": "/coupon back",
    "list": "/coupon list",
    "help": "/coupon help",
}


def sentence(words: Words, misread: Misread, catalogue: Iterable[Stock]) -> str:
    """As mrkdwn, with the right form at the end."""
    return f"{wrong(words, misread)}\n{_right(words, misread, catalogue)}"


def wrong(words: Words, misread: Misread) -> str:  # noqa: C901, PLR0911 - one return for each problem
    match misread.problem:
        case Problem.UNKNOWN_SUBCOMMAND:
            return _unknown_subcommand(words, misread)
        case Problem.MISSING_OPENID:
            return words("I read no customer: the openid comes first, then the stock.")
        case Problem.MISSING_STOCK:
            return words("I read a customer but no stock: it comes after the openid.")
        case Problem.REASON_TOO_LONG:
            return words(
                "I read a reason of {count} characters. It may have at most {limit}: please make it shorter.",
                count=misread.count,
                limit=misread.limit,
            )
        case Problem.REQUEST_NUMBER_MISSING:
            return words(
                "I read no number of a request. It stands on its card, and `/coupon list` shows yours."
            )
        case Problem.REQUEST_NUMBER_WRONG:
            return words(
                "I read {typed} where the number of a request belongs. It is digits only, like `12`.",
                typed=_typed(misread),
            )
        case Problem.SWAPPED:
            return words(
                "I read {typed} first and the customer's openid after it. The openid comes first, then the "
                "stock.",
                typed=_typed(misread),
            )
        case Problem.TICKET_MISSING:
            return words("I read no ticket: its number or its address comes after the command.")
        case Problem.TICKET_TOO_LONG:
            return words(
                "I read a ticket of {count} characters. It may have at most {limit}.",
                count=misread.count,
                limit=misread.limit,
            )
        case Problem.UNEXPECTED_WORDS:
            return words(
                "I read {typed} at the end, which does not belong there. Please take it away.",
                typed=_typed(misread),
            )
        case (
            Problem.OPENID_DAMAGED
            | Problem.OPENID_WRONG_CHARACTER
            | Problem.OPENID_TOO_SHORT
            | Problem.OPENID_TOO_LONG
        ):
            return _wrong_openid(words, misread)


def _unknown_subcommand(words: Words, misread: Misread) -> str:
    typed = _typed(misread)
    if may_be_openid(misread.read):
        return words(
            "I read {typed}, perhaps an openid, where the command belongs: first comes `send`.", typed=typed
        )
    if not misread.nearest:
        return words("I read {typed}, which is no command of mine.", typed=typed)
    return words(
        "I read {typed}, which is no command of mine. Did you mean {commands}?",
        typed=typed,
        commands=words.list(code(f"/coupon {name}") for name in misread.nearest),
    )


def _wrong_openid(words: Words, misread: Misread) -> str:
    # What is far too short to be an openid may be a stock in the wrong place: shown as it is.
    is_short = len(misread.read) < _SHORT
    openid, character = code(misread.read if is_short else masked(misread.read)), code(misread.character)
    match misread.problem:
        case Problem.OPENID_DAMAGED:
            return words(
                "I read the customer {openid}, which holds the character {character}. An editor or "
                "keyboard puts that in place of what was typed, and I must not guess: a wrong openid gives "
                "the coupon to a stranger. Please copy the openid again from where it is kept as plain text.",
                openid=openid,
                character=character,
            )
        case Problem.OPENID_TOO_SHORT:
            return words(
                "I read the customer {openid}, which has {count} characters. An openid has at "
                "least {limit}, usually 28. Please copy it whole; the customer comes first, then "
                "the stock.",
                openid=openid,
                count=misread.count,
                limit=misread.limit,
            )
        case Problem.OPENID_TOO_LONG:
            return words(
                "I read the customer {openid}, which has {count} characters. An openid has at most "
                "{limit}, usually 28. Perhaps a space is missing after it.",
                openid=openid,
                count=misread.count,
                limit=misread.limit,
            )
        case _:
            return words(
                "I read the customer {openid}, which holds the character {character}. An openid has only "
                "letters, digits, `-` and `_`. Please copy it again.",
                openid=openid,
                character=character,
            )


def _right(words: Words, misread: Misread, catalogue: Iterable[Stock]) -> str:
    if misread.problem is Problem.SWAPPED and misread.form is not None:
        return words(
            "In the right order: {command}", command=_right_order(misread.subcommand, misread.form, catalogue)
        )
    if misread.subcommand == "send":
        return words("An example: {command}", command=send_example(words, catalogue))
    form = FORMS.get(misread.subcommand)
    if form is None:
        return words("All commands, with examples: `/coupon help`")
    return words("An example: {command}", command=code(form))


def _right_order(name: str, read: FormWords, catalogue: Iterable[Stock]) -> str:
    """The command as it should be, with the openid shortened: the form has it whole."""
    known = {word for stock in catalogue for word in (stock.alias.casefold(), stock.stock_id)}
    # An alias may be as long as an openid.
    stock = read.stock if read.stock.casefold() in known else without_openids(read.stock)
    named = f"ticket:{read.ticket}" if read.ticket else ""
    said = without_openids(" ".join(part for part in (read.reason, named) if part))
    return code(f"/coupon {name} {masked(read.openid)} {stock} {said}".rstrip(), limit=200)


def send_example(words: Words, catalogue: Iterable[Stock]) -> str:
    """A whole `/coupon send`, as a code span."""
    reason = words("parcel came 3 days late")
    return code(f"/coupon send {_OPENID} {example_word(catalogue)} {reason}")


def _typed(misread: Misread) -> str:
    return code(without_openids(misread.read), limit=60)
