"""What was read, what is wrong, what would be right: one sentence or two for each `parsing.Problem`."""

from __future__ import annotations

from collections.abc import Iterable

from coupons.model import Stock
from handlers.parsing import Misread, Problem
from handlers.views.marks import code, masked, may_be_openid, without_openids
from handlers.views.stocks import example_word

#: A sample that nobody could send to: the dots are no openid characters.
_OPENID = "oUpF8uMu…ChOPENID"

_SHORT = 12

_FORMS = {
    "status": "/coupon status 12",
    "cancel": "/coupon cancel 12",
    "retry": "/coupon retry 12",
    "list": "/coupon list",
    "help": "/coupon help",
}


def sentence(misread: Misread, catalogue: Iterable[Stock]) -> str:
    """As mrkdwn, with the right form at the end."""
    return f"{_wrong(misread)}\n{_right(misread, catalogue)}"


def _wrong(misread: Misread) -> str:  # noqa: PLR0911 - one return for each problem
    match misread.problem:
        case Problem.UNKNOWN_SUBCOMMAND:
            return _unknown_subcommand(misread)
        case Problem.MISSING_OPENID:
            return "I read no customer: the openid comes first, then the stock."
        case Problem.MISSING_STOCK:
            return "I read a customer but no stock: it comes after the openid."
        case Problem.REASON_TOO_LONG:
            return (
                f"I read a reason of {misread.count} characters. It may have at most {misread.limit}: please "
                "make it shorter."
            )
        case Problem.REQUEST_NUMBER_MISSING:
            return "I read no number of a request. It stands on its card, and `/coupon list` shows yours."
        case Problem.REQUEST_NUMBER_WRONG:
            return (
                f"I read {_typed(misread)} where the number of a request belongs. It is digits only, like "
                "`12`."
            )
        case Problem.UNEXPECTED_WORDS:
            return f"I read {_typed(misread)} at the end, which does not belong there. Please take it away."
        case (
            Problem.OPENID_DAMAGED
            | Problem.OPENID_WRONG_CHARACTER
            | Problem.OPENID_TOO_SHORT
            | Problem.OPENID_TOO_LONG
        ):
            return _wrong_openid(misread)


def _unknown_subcommand(misread: Misread) -> str:
    if may_be_openid(misread.read):
        return f"I read {_typed(misread)}, perhaps an openid, where the command belongs: first comes `send`."
    if not misread.nearest:
        return f"I read {_typed(misread)}, which is no command of mine."
    known = ", ".join(code(f"/coupon {name}") for name in misread.nearest)
    return f"I read {_typed(misread)}, which is no command of mine. Did you mean {known}?"


def _wrong_openid(misread: Misread) -> str:
    # What is far too short to be an openid may be a stock in the wrong place: shown as it is.
    is_short = len(misread.read) < _SHORT
    openid, character = code(misread.read if is_short else masked(misread.read)), code(misread.character)
    match misread.problem:
        case Problem.OPENID_DAMAGED:
            return (
                f"I read the customer {openid}, which holds the character {character}. An editor or "
                "keyboard puts that in place of what was typed, and I must not guess: a wrong openid gives "
                "the coupon to a stranger. Please copy the openid again from where it is kept as plain text."
            )
        case Problem.OPENID_TOO_SHORT:
            return (
                f"I read the customer {openid}, which has {misread.count} characters. An openid has at "
                f"least {misread.limit}, usually 28. Please copy it whole; the customer comes first, then "
                "the stock."
            )
        case Problem.OPENID_TOO_LONG:
            return (
                f"I read the customer {openid}, which has {misread.count} characters. An openid has at most "
                f"{misread.limit}, usually 28. Perhaps a space is missing after it."
            )
        case _:
            return (
                f"I read the customer {openid}, which holds the character {character}. An openid has only "
                "letters, digits, `-` and `_`. Please copy it again."
            )


def _right(misread: Misread, catalogue: Iterable[Stock]) -> str:
    if misread.subcommand == "send":
        return f"An example: {send_example(catalogue)}"
    form = _FORMS.get(misread.subcommand)
    return f"An example: {code(form)}" if form else "All commands, with examples: `/coupon help`"


def send_example(catalogue: Iterable[Stock]) -> str:
    """A whole `/coupon send`, as a code span."""
    return code(f"/coupon send {_OPENID} {example_word(catalogue)} parcel came 3 days late")


def _typed(misread: Misread) -> str:
    return code(without_openids(misread.read), limit=60)
