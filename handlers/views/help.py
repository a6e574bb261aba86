"""`/coupon help`: the commands with examples, for what the person may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from coupons.authority import EVERY_ROLE, Roles
from coupons.model import Stock
from coupons.reasons import NO_REASONS, Reasons
from handlers.views import misreads, stocks
from handlers.views.escaping import code, inert
from handlers.views.message import Message, message, section
from handlers.views.words import N_, Words

_LISTED: Final = 20
_ASKING: Final = (
    N_("• `/coupon` opens a form; {example} asks for a coupon at once"),
    N_("• `/coupon bulk` asks for coupons for many customers, with a file"),
    N_("• {check} shows what it would need, and tells nobody"),
    N_("• `/coupon list` shows your open requests"),
    N_("• `/coupon urge 12` reminds the approvers of your request #12"),
    N_("• `/coupon cancel 12` withdraws your request #12, until sending begins"),
    N_("• `/coupon undo 12` asks to take back the coupon of #12, if it is not used yet"),
)
_LOOKING: Final = (
    N_("• {customer} shows the coupons of a customer"),
    N_("• {ticket} shows the coupons of a ticket, whoever the customer"),
    N_("• `/coupon status 12` shows where request #12 stands"),
    N_("• `/coupon stocks` shows the coupons you can give"),
    N_("• `/coupon help` shows this"),
)
_APPROVING: Final = (
    N_("• Approve and decline on the cards in the approval channel, or on this app's Home"),
    N_("• `/coupon retry 12` puts a held request back to work; `/coupon close 12` ends it"),
    N_("• `/coupon away friday @wang` hands your approvals over; `/coupon back` ends that"),
)
_PAUSING: Final = (N_("• `/coupon pause` and `/coupon resume` stop all sending and let it go on"),)
_AUDITING: Final = (
    N_("• `/coupon audit` searches the audit log; `/coupon audit open` opens it in the browser"),
)


def help_text(
    words: Words, catalogue: Iterable[Stock], roles: Roles = EVERY_ROLE, reasons: Reasons = NO_REASONS
) -> Message:
    """Only what this person may do: a list that is read in a hurry."""
    known = list(catalogue)
    heading = words("Compensate a customer with a WeChat Pay coupon; rules say which need a lead first.")
    chapters = [
        (words("Ask for a coupon"), _ASKING if roles.asks else ()),
        (words("Look something up"), _LOOKING if roles.sees else ()),
        (words("Decide"), (*(_APPROVING if roles.approves else ()), *(_PAUSING if roles.pauses else ()))),
        (words("Audit"), _AUDITING if roles.audits else ()),
    ]
    values = {
        "example": misreads.send_example(words, known),
        "check": code(misreads.FORMS["check"]),
        "customer": code(misreads.FORMS["customer"]),
        "ticket": code(misreads.FORMS["ticket"]),
    }
    shown = [
        "\n".join([f"*{title}*", *(words(line, **values) for line in lines)])
        for title, lines in chapters
        if lines
    ]
    if not shown:
        shown = [words("You have no role with coupons here yet. An operator can give you one.")]
    if roles.asks and reasons:
        shown.append(_named(words, reasons))
    if roles.asks:
        listing = stocks.listing(words, known)
        shown.append(
            f"*{words('Stocks')}*\n{listing}" if known else words("There are no stocks in the catalogue yet.")
        )
    return message("\n".join([heading, *shown]), section(f"*{heading}*"), *map(section, shown))


def _named(words: Words, reasons: Reasons) -> str:
    title = words("Reasons with a short name: type it first, and your own words after it")
    each = list(reasons)
    lines = [
        f"• {code(reason.name)} {inert(reason.wording.of(words.language), 100)}" for reason in each[:_LISTED]
    ]
    rest = len(each) - _LISTED
    return "\n".join([f"*{title}*", *lines, *([f"(+{rest})"] if rest > 0 else [])])
