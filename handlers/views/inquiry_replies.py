"""Answers that only look: a customer's past, a dry run, the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coupons.asking import Outlook, Stopped
from coupons.coupon_lookups import can_be_looked_up
from coupons.coupon_states import KnownCoupon
from coupons.masking import masked
from coupons.model import History, Request, Stock
from coupons.permissions import Reason
from coupons.rules import Left
from handlers.views import stocks
from handlers.views.card_context import given, warning
from handlers.views.card_notes import ticket_link
from handlers.views.coupon_words import being_asked, coupon_line
from handlers.views.escaping import code, inert, listed, person
from handlers.views.groups_asked import groups_asked
from handlers.views.message import Message, context, message, section
from handlers.views.refusals import refusal
from handlers.views.state_words import standing
from handlers.views.words import N_, Words

LISTED = 10
_ABLE = 10

#: What a limit counts.
LIMITS = {
    Reason.CUSTOMER_LIMIT: N_("this customer"),
    Reason.AGENT_LIMIT: N_("your own requests"),
    Reason.STOCK_LIMIT: N_("this stock"),
    Reason.BUDGET_LIMIT: N_("the budget"),
    Reason.AUTOMATIC_CAP: N_("the day's automatic approvals"),
}


def customer(
    words: Words,
    openid: str,
    history: History,
    requests: Sequence[Request],
    coupons: Mapping[int, KnownCoupon],
) -> Message:
    """What this customer already got, what became of it, and what is on its way."""
    lines = [_line_with_coupon(words, request, coupons) for request in requests[:LISTED]]
    if any(map(can_be_looked_up, requests[:LISTED])):
        lines.append(being_asked(words))
    heading = words(
        "Customer {customer}: {history}", customer=code(masked(openid)), history=given(words, history)
    )
    shown = [section(line) for line in lines]
    return message("\n".join([heading, *lines]), section(heading), *shown)


def ticket(words: Words, text: str, history: History, requests: Sequence[Request]) -> Message:
    """What a ticket already got, and what is on its way, whoever the customer."""
    named = ticket_link(words, text)
    if not requests:
        return message(words("Ticket {ticket}: nothing was asked for with it so far.", ticket=named))
    heading = words("Ticket {ticket}: {history}", ticket=named, history=given(words, history))
    lines = [_line_of_ticket(words, request) for request in requests[:LISTED]]
    shown = [section(line) for line in lines]
    return message("\n".join([heading, *lines]), section(heading), *shown)


def _line_with_coupon(words: Words, request: Request, coupons: Mapping[int, KnownCoupon]) -> str:
    line = _line(words, request)
    if not can_be_looked_up(request):
        return line
    return f"{line}\n{coupon_line(words, coupons.get(request.id))}"


def _line_of_ticket(words: Words, request: Request) -> str:
    return f"{_line(words, request)} · {code(masked(request.openid))}"


def _line(words: Words, request: Request) -> str:
    now = standing(words, request)
    return words(
        "*#{number}* {mark} {headline}: {stock} ({value}), asked for by {requester}, {time}",
        number=request.id,
        mark=now.mark,
        headline=now.headline,
        stock=inert(request.stock_name, 40),
        value=words.money(request.value_fen),
        requester=person(request.requester),
        time=words.moment(request.created_at),
    )


def catalogue(words: Words, known: Iterable[Stock]) -> Message:
    """Every coupon that can be given."""
    offered = list(known)
    if not offered:
        return message(words("There are no stocks in the catalogue yet."))
    heading = words("Stocks of which you can give coupons: {count}", count=words.number(len(offered)))
    listing = stocks.listing(words, offered)
    return message(f"{heading}\n{listing}", section(f"*{heading}*"), section(listing))


def check(words: Words, openid: str, stock: Stock, outlook: Outlook | Stopped) -> Message:
    """A dry run: nobody is told, nothing is kept."""
    read = words(
        "A check only, nothing was asked for: {stock} ({value}) for customer {customer}.",
        stock=inert(stock.name),
        value=words.money(stock.value_fen),
        customer=code(masked(openid)),
    )
    if isinstance(outlook, Stopped):
        no = refusal(words, outlook.decision.reason, outlook.limit)
        return message(words.sentences(read, no), section(read), section(f"⛔ {no}"))
    needs = _needs(words, outlook)
    rest = [limit_left(words, each) for each in outlook.left]
    notes = [*([warning(words, stock.warn)] if stock.warn else []), *_notes(words, outlook)]
    blocks = [section(read), section(needs)]
    if notes:
        blocks.append(section("\n".join(notes)))
    if rest:
        blocks.append(context(words("Left before it: {limits}.", limits=" · ".join(rest))))
    return message("\n".join([words.sentences(read, needs), *notes]), *blocks)


def _needs(words: Words, outlook: Outlook) -> str:
    terms = outlook.terms
    if not terms.decision.allowed:
        return f"⛔ {refusal(words, terms.decision.reason, terms.limit)}"
    rule = words("by rule {place}", place=terms.place) if terms.place else words("by the usual rule")
    if terms.approvals_needed == 0:
        return words("It would need no approval, {rule}.", rule=rule)
    text = words.plural(
        "It would need 1 approval, {rule}.",
        "It would need {n} approvals, {rule}.",
        terms.approvals_needed,
        rule=rule,
    )
    more = ""
    if terms.raised:
        names = words.list(words(LIMITS[reason]) for reason in terms.raised if reason in LIMITS)
        more = words("That is more than the rule asks for, since a limit is reached: {limits}.", limits=names)
    return words.sentences(text, more, groups_asked(words, terms.needs), _able(words, outlook))


def _able(words: Words, outlook: Outlook) -> str:
    if not outlook.able:
        return words("Nobody could approve it now.")
    names = listed(words, [person(user) for user in outlook.able[:_ABLE]])
    if not outlook.are_enough and outlook.terms.needs:
        return words(
            "Could approve now: {people}. These cannot give all of them: one person counts once.",
            people=names,
        )
    if not outlook.are_enough:
        return words("Could approve now: {people}. That is too few.", people=names)
    if len(outlook.able) > _ABLE:
        return words("Could approve now: {people} and others.", people=names)
    return words("Could approve now: {people}.", people=names)


def _notes(words: Words, outlook: Outlook) -> list[str]:
    notes = []
    if not outlook.required.allowed:
        notes.append(refusal(words, outlook.required.reason, None))
    if outlook.duplicate is not None:
        notes.append(
            words(
                "The same was asked for a short time ago, in request #{number}: you would be asked whether "
                "this is another one.",
                number=outlook.duplicate.id,
            )
        )
    if outlook.pause is not None:
        notes.append(words("Sending is paused at the moment."))
    return notes


def limit_left(words: Words, left: Left, *, what: str = "") -> str:
    """How much of a limit is left; `what` it counts, in mrkdwn, where its name says too little."""
    parts = []
    if left.count is not None:
        parts.append(words.plural("1 request", "{n} requests", left.count))
    if left.fen is not None:
        parts.append(words.money(left.fen))
    return words("{what}: {rest}", what=what or words(LIMITS[left.reason]), rest=words.list(parts))
