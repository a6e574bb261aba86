"""The text after `/coupon`, read forgivingly: what can be undone exactly is undone; the rest is refused."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from handlers import cleaning
from handlers.absence_words import Away, Back, read_away
from handlers.cleaning import Undone
from handlers.command_line import CommandLine
from handlers.misread import FormWords, Misread, Problem, openid_misread, with_form
from handlers.nearest_names import nearest
from handlers.ticket import TICKET_LONGEST, take_ticket
from handlers.views.escaping import may_be_openid

SUBCOMMANDS = (
    "send",
    "bulk",
    "status",
    "list",
    "cancel",
    "urge",
    "customer",
    "ticket",
    "stocks",
    "check",
    "retry",
    "close",
    "undo",
    "pause",
    "resume",
    "away",
    "back",
    "audit",
    "help",
)

#: In code points, after cleaning.
REASON_LONGEST = 500

#: More would not fit SQLite's integers, and `int` itself gives up at 4300 digits.
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Send:
    """Ask for a coupon. `stock` is as typed (stock_id or alias, not looked up); `reason` may be empty."""

    #: Not in the repr, which may reach a log.
    openid: str = field(repr=False)
    stock: str
    reason: str = ""
    undone: tuple[Undone, ...] = ()
    #: The number or address of the customer's ticket.
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Nothing yet, or half a command: the form asks for the rest."""

    #: Not in the repr, which may reach a log.
    openid: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OpenBulkForm:
    pass


@dataclass(frozen=True, slots=True)
class Check:
    """Would it be allowed? Nothing is asked for."""

    openid: str = field(repr=False)
    stock: str


@dataclass(frozen=True, slots=True)
class CustomerCommand:
    openid: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TicketQuestion:
    """What did this ticket get already?"""

    ticket: str


@dataclass(frozen=True, slots=True)
class Urge:
    request: int


@dataclass(frozen=True, slots=True)
class Stocks:
    pass


@dataclass(frozen=True, slots=True)
class PauseCommand:
    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    pass


@dataclass(frozen=True, slots=True)
class Status:
    request: int


@dataclass(frozen=True, slots=True)
class List:
    pass


@dataclass(frozen=True, slots=True)
class Cancel:
    request: int


@dataclass(frozen=True, slots=True)
class Retry:
    request: int


@dataclass(frozen=True, slots=True)
class Close:
    request: int
    reason: str


@dataclass(frozen=True, slots=True)
class Undo:
    request: int
    reason: str


@dataclass(frozen=True, slots=True)
class AuditCommand:
    """`words` with mentions as Slack wrote them: `<@U0LI|li>`. Not in the repr: they may hold an openid."""

    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Help:
    pass


Command: TypeAlias = (
    Send
    | OpenForm
    | OpenBulkForm
    | Check
    | CustomerCommand
    | TicketQuestion
    | Stocks
    | Status
    | List
    | Cancel
    | Urge
    | Retry
    | Close
    | Undo
    | PauseCommand
    | Resume
    | Away
    | Back
    | AuditCommand
    | Help
    | Misread
)

_NUMBERED: dict[str, type[Status | Cancel | Retry | Urge]] = {
    "status": Status,
    "cancel": Cancel,
    "retry": Retry,
    "urge": Urge,
}
_ALONE: dict[str, type[List | Stocks | Resume | Back | OpenBulkForm]] = {
    "list": List,
    "stocks": Stocks,
    "resume": Resume,
    "back": Back,
    "bulk": OpenBulkForm,
}


def parse(text: str) -> Command:  # noqa: C901, PLR0911 - one return for each subcommand
    """Read the `text` field of the slash command as Slack delivers it. Never raises."""
    line = CommandLine(text)
    word = line.word(may_be_flag=True)
    name = unicodedata.normalize("NFKC", word).casefold()
    match name:
        case "":
            return OpenForm()
        case "help":
            return Help()
        case "send":
            return _send(line)
        case "check" | "customer":
            return _about_customer(line, name)
        case "ticket":
            return _ticket(line)
        case "pause":
            return _pause(line)
        case "close" | "undo":
            return _with_reason(line, name)
        case "away":
            return read_away(text)
        case "audit":
            return AuditCommand(_audit_words(text))
        case _ if name in _ALONE:
            return _end(line, name, _ALONE[name]())
        case _ if name in _NUMBERED:
            return _numbered(line, name)
        case _:
            return _unknown(line, word, nearest(name, SUBCOMMANDS))


def reason_and_ticket(text: str, ticket: str = "") -> tuple[str, str]:
    """What a person wrote into a field of its own; longer ones are cut.

    `ticket`: from the field beside it. It goes before one that the reason names, which then stays there.
    """
    reason, ticket = with_named_ticket(
        cleaning.clean_reason(cleaning.drop_invisible(text))[0], ticket.strip()
    )
    return reason[:REASON_LONGEST], ticket


def with_named_ticket(reason: str, ticket: str) -> tuple[str, str]:
    """Both cleaned. `ticket`, from a place of its own, goes before one that the reason names."""
    others, named = take_ticket(reason)
    return (others, named) if named and ticket in {"", named} else (reason, ticket)


def message_words(text: str) -> str:
    """A message as people read it: without Slack's escapes, links as their addresses or shown words."""
    return cleaning.unescape(cleaning.take_apart(text))


def read_openid(text: str) -> str | Misread:
    """What a person typed or pasted into a field of its own."""
    return take_openid(CommandLine(text))


def take_openid(line: CommandLine) -> str | Misread:
    """All of a line that has nothing but an openid; `line` then knows what was undone."""
    openid = line.word()
    if not openid:
        return Misread(problem=Problem.MISSING_OPENID, subcommand="send")
    misread = openid_misread(openid, "send")
    if misread is None and (rest := line.reason()):
        return Misread(problem=Problem.UNEXPECTED_WORDS, subcommand="send", read=rest)
    return misread or openid


def _about_customer(line: CommandLine, name: str) -> Command:
    openid = line.word()
    if not openid:
        return Misread(problem=Problem.MISSING_OPENID, subcommand=name)
    misread = openid_misread(openid, name)
    if name == "customer":
        return misread or _end(line, name, CustomerCommand(openid))
    stock = line.word(may_hold_ellipsis=True)
    if misread is not None:
        return with_form(misread, FormWords(openid, stock))
    if not stock:
        return Misread(problem=Problem.MISSING_STOCK, subcommand=name)
    return _end(line, name, Check(openid, stock))


def _audit_words(text: str) -> str:
    """What stands after the subcommand, in one line; mentions are kept, because they name people exactly."""
    plain = cleaning.unescape(cleaning.take_apart_but_people(text))
    words = cleaning.drop_invisible(plain).split(maxsplit=1)
    return " ".join(words[1].split()) if len(words) > 1 else ""


def _pause(line: CommandLine) -> PauseCommand | Misread:
    reason = line.reason()
    return reason_too_long(reason, "pause") or PauseCommand(reason)


def _with_reason(line: CommandLine, name: str) -> Close | Undo | Misread:
    number = _number(line, name)
    if isinstance(number, Misread):
        return number
    reason = line.reason()
    return reason_too_long(reason, name) or (Close if name == "close" else Undo)(number, reason)


def reason_too_long(reason: str, name: str) -> Misread | None:
    """`name`: of the subcommand. None: it may be kept."""
    if len(reason) <= REASON_LONGEST:
        return None
    return Misread(problem=Problem.REASON_TOO_LONG, subcommand=name, count=len(reason), limit=REASON_LONGEST)


def _ticket(line: CommandLine) -> TicketQuestion | Misread:
    """Named as in a reason (`ticket:ABC-1`), or by itself; one may hold spaces."""
    text = line.reason()
    others, ticket = take_ticket(text)
    ticket = ticket if ticket and not others else text
    if not ticket:
        return Misread(problem=Problem.TICKET_MISSING, subcommand="ticket")
    if len(ticket) > TICKET_LONGEST:
        return Misread(
            problem=Problem.TICKET_TOO_LONG, subcommand="ticket", count=len(ticket), limit=TICKET_LONGEST
        )
    return TicketQuestion(ticket)


def _send(line: CommandLine) -> Send | OpenForm | Misread:
    openid = line.word()
    if not openid:
        return OpenForm()
    typed = _form_words(line, openid)
    if misread := openid_misread(openid, "send"):
        return with_form(misread, typed)
    if not typed.stock:
        return OpenForm(openid)
    if misread := reason_too_long(typed.reason, "send"):
        return replace(misread, form=typed)
    return Send(openid, typed.stock, typed.reason, line.undone(), typed.ticket)


def _form_words(line: CommandLine, openid: str) -> FormWords:
    """What follows the openid."""
    stock = line.word(may_hold_ellipsis=True)
    reason, ticket = take_ticket(line.reason())
    return FormWords(openid, stock, reason, ticket)


def _unknown(line: CommandLine, word: str, names: tuple[str, ...]) -> Misread:
    """Of one that asks for a coupon all the same, what was read: the command forgotten or misspelt."""
    openid = word if may_be_openid(word) else line.word()
    form = _form_words(line, openid) if may_be_openid(openid) else None
    return Misread(problem=Problem.UNKNOWN_SUBCOMMAND, read=word, nearest=names, form=form)


def _numbered(line: CommandLine, name: str) -> Command:
    number = _number(line, name)
    return number if isinstance(number, Misread) else _end(line, name, _NUMBERED[name](number))


def _number(line: CommandLine, name: str) -> int | Misread:
    word = line.word()
    if not word:
        return Misread(problem=Problem.REQUEST_NUMBER_MISSING, subcommand=name)
    digits = word.removeprefix("#").lstrip("0")
    # `isascii` too: `int` would read `²` and the digits of other scripts.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        return Misread(problem=Problem.REQUEST_NUMBER_WRONG, subcommand=name, read=word)
    return int(digits)


def _end(line: CommandLine, name: str, command: Command) -> Command:
    rest = line.reason()
    return Misread(problem=Problem.UNEXPECTED_WORDS, subcommand=name, read=rest) if rest else command
