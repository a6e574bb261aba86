"""What makes this request another than most: a like one before, one it takes the place of, more approvals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from coupons.model import Request
from coupons.permissions import Reason
from handlers.views.escaping import code, escape, inert, own_words, person, without_openid
from handlers.views.words import N_, Words

_TICKET_SHOWN = 100
_ADDRESS_LONGEST = 500

_RAISED: Mapping[str, str] = {
    Reason.CUSTOMER_LIMIT: N_("the customer's limit is reached"),
    Reason.AGENT_LIMIT: N_("the requester's limit is reached"),
    Reason.STOCK_LIMIT: N_("the limit of this stock is reached"),
    Reason.BUDGET_LIMIT: N_("the budget is used up"),
    Reason.AUTOMATIC_CAP: N_("the day's share of requests without approval is used up"),
}


def grounds(words: Words, request: Request) -> list[str]:
    """Sentences in mrkdwn, from the row alone."""
    notes: list[str] = []
    if request.raised:
        notes.append(raised_by(words, request.raised))
    if request.duplicate_of is not None:
        notes.append(
            words(
                "The same was asked for in #{number}; {person} says that this is another one.",
                number=request.duplicate_of,
                person=person(request.requester),
            )
        )
    if request.follows is not None:
        notes.append(words("It takes the place of #{number}, which was declined.", number=request.follows))
    return notes


def raised_by(words: Words, reasons: Sequence[str]) -> str:
    """Why more people must say yes than the rule asks for."""
    return words.plural(
        "It needs 1 approval more than its rule asks for: {reasons}.",
        "It needs {n} approvals more than its rule asks for: {reasons}.",
        len(reasons),
        reasons=words.list(_raised(words, reason) for reason in reasons),
    )


def _raised(words: Words, reason: str) -> str:
    known = _RAISED.get(reason)
    return words(known) if known is not None else code(reason)


def ticket(words: Words, request: Request) -> str:
    """As `ticket_link`, and this customer's openid in it is masked. mrkdwn."""
    return ticket_link(words, request.ticket, hide=request.openid)


def ticket_link(words: Words, text: str, *, hide: str = "") -> str:
    """A link where it is a ticket of the system that coupon.toml names, or a web address that says where it
    leads; else the words, harmless. mrkdwn."""
    number = words.tickets.number(text.strip())
    if without_openid(number, hide) == number and (known := words.tickets.address(number)):
        return f"<{escape(known)}|{inert(number, _TICKET_SHOWN)}>"
    address = _address(text, hide)
    if address is None:
        return own_words(text, hide)
    # What is read is the address itself: other words could say another place than where the link leads.
    return f"<{escape(address)}|{inert(address, _TICKET_SHOWN)}>"


def _address(typed: str, hide: str) -> str | None:
    """None: no address, or one that Slack's brackets or the customer's privacy can't take."""
    text = typed.strip()
    if not text.isascii() or not text.isprintable() or len(text) > _ADDRESS_LONGEST:
        return None
    if any(character in text for character in " <>|\"`'\\") or without_openid(text, hide) != text:
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return None
    # https://shop.example@evil.example leads to the second.
    if parts.scheme.lower() not in {"http", "https"} or not host or parts.username is not None:
        return None
    return text
