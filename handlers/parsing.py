"""The text after `/coupon`, read forgivingly: what can be undone exactly is undone, the rest refused.

Pure. A `Misread` carries facts; the sentences for people are made of them in `handlers.views`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from handlers import cleaning
from handlers.cleaning import Undone
from handlers.command_line import CommandLine
from handlers.nearest_names import nearest
from handlers.ticket import take_ticket

SUBCOMMANDS = (
    "send",
    "bulk",
    "status",
    "list",
    "cancel",
    "urge",
    "customer",
    "stocks",
    "check",
    "retry",
    "close",
    "pause",
    "resume",
    "audit",
    "help",
)

#: WeChat Pay allows 1 to 128; 28 of `[0-9A-Za-z_-]` are usual, so a much shorter one is a slip.
OPENID_SHORTEST = 16
OPENID_LONGEST = 64
#: In code points, after cleaning.
REASON_LONGEST = 500

_OPENID_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
#: More would not fit SQLite's integers, and `int` itself gives up at 4300 digits.
_MOST_DIGITS = 18


class Problem(StrEnum):
    """Why a text could not be read; above each, the facts that its `Misread` has besides `subcommand`."""

    #: `read`, `nearest` (names of `SUBCOMMANDS`, perhaps none).
    UNKNOWN_SUBCOMMAND = "unknown_subcommand"
    #: Nothing more.
    MISSING_OPENID = "missing_openid"
    #: Nothing more.
    MISSING_STOCK = "missing_stock"
    #: `read`, `character`: an editor put it for others, and what was typed cannot be known.
    OPENID_DAMAGED = "openid_damaged"
    #: `read`, `character`: one that no openid has.
    OPENID_WRONG_CHARACTER = "openid_wrong_character"
    #: `read`, `count`, `limit`.
    OPENID_TOO_SHORT = "openid_too_short"
    #: `read`, `count`, `limit`.
    OPENID_TOO_LONG = "openid_too_long"
    #: `count`, `limit`.
    REASON_TOO_LONG = "reason_too_long"
    #: Nothing more.
    REQUEST_NUMBER_MISSING = "request_number_missing"
    #: `read`.
    REQUEST_NUMBER_WRONG = "request_number_wrong"
    #: `read`: words after the last one that the subcommand takes; `cancel 12 13` must not cancel only 12.
    UNEXPECTED_WORDS = "unexpected_words"


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
class AuditCommand:
    """`words` with mentions as Slack wrote them: `<@U0LI|li>`. Not in the repr: they may hold an openid."""

    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """What could not be understood; which facts are there stands at each `Problem`."""

    problem: Problem
    #: One of `SUBCOMMANDS`; empty when that is what was not understood.
    subcommand: str = ""
    #: The word or words in question, after cleaning. Not in the repr: it may be an openid.
    read: str = field(default="", repr=False)
    nearest: tuple[str, ...] = ()
    #: For people, as `EM DASH U+2014`.
    character: str = ""
    #: Characters (code points) read, and the most or fewest that there may be.
    count: int = 0
    limit: int = 0


Command: TypeAlias = (
    Send
    | OpenForm
    | OpenBulkForm
    | Check
    | CustomerCommand
    | Stocks
    | Status
    | List
    | Cancel
    | Urge
    | Retry
    | Close
    | PauseCommand
    | Resume
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
_ALONE: dict[str, type[List | Stocks | Resume | OpenBulkForm]] = {
    "list": List,
    "stocks": Stocks,
    "resume": Resume,
    "bulk": OpenBulkForm,
}


def parse(text: str) -> Command:  # noqa: PLR0911 - one return for each subcommand
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
        case "pause":
            return _pause(line)
        case "close":
            return _close(line)
        case "audit":
            return AuditCommand(_audit_words(text))
        case _ if name in _ALONE:
            return _end(line, name, _ALONE[name]())
        case _ if name in _NUMBERED:
            return _numbered(line, name)
        case _:
            return Misread(problem=Problem.UNKNOWN_SUBCOMMAND, read=word, nearest=nearest(name, SUBCOMMANDS))


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
    if misread := openid_misread(openid, name):
        return misread
    if name == "customer":
        return _end(line, name, CustomerCommand(openid))
    stock = line.word(may_hold_ellipsis=True)
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
    return _reason_too_long(reason, "pause") or PauseCommand(reason)


def _close(line: CommandLine) -> Close | Misread:
    number = _number(line, "close")
    if isinstance(number, Misread):
        return number
    reason = line.reason()
    return _reason_too_long(reason, "close") or Close(number, reason)


def _reason_too_long(reason: str, name: str) -> Misread | None:
    if len(reason) <= REASON_LONGEST:
        return None
    return Misread(problem=Problem.REASON_TOO_LONG, subcommand=name, count=len(reason), limit=REASON_LONGEST)


def _send(line: CommandLine) -> Send | OpenForm | Misread:
    openid = line.word()
    if not openid:
        return OpenForm()
    if misread := openid_misread(openid, "send"):
        return misread
    stock = line.word(may_hold_ellipsis=True)
    if not stock:
        return OpenForm(openid)
    reason, ticket = take_ticket(line.reason())
    if misread := _reason_too_long(reason, "send"):
        return misread
    return Send(openid, stock, reason, line.undone(), ticket)


def openid_misread(openid: str, name: str) -> Misread | None:
    """What is wrong with a word as an openid; None: it is one, and there is nothing in it to undo."""
    wrong = next((character for character in openid if character not in _OPENID_CHARACTERS), None)
    if wrong is not None:
        damaged = cleaning.is_editor_damage(wrong)
        return Misread(
            problem=Problem.OPENID_DAMAGED if damaged else Problem.OPENID_WRONG_CHARACTER,
            subcommand=name,
            read=openid,
            character=cleaning.character_name(wrong),
        )
    if OPENID_SHORTEST <= len(openid) <= OPENID_LONGEST:
        return None
    short = len(openid) < OPENID_SHORTEST
    return Misread(
        problem=Problem.OPENID_TOO_SHORT if short else Problem.OPENID_TOO_LONG,
        subcommand=name,
        read=openid,
        count=len(openid),
        limit=OPENID_SHORTEST if short else OPENID_LONGEST,
    )


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
