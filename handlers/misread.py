"""What could not be understood of a command or a cell, and what was read of it all the same. Pure.

A `Misread` carries facts; the sentences for people are made of them in `handlers.views`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from handlers import cleaning
from handlers.views.escaping import may_be_openid

#: WeChat Pay allows 1 to 128; 28 of `[0-9A-Za-z_-]` are usual, so a much shorter one is a slip.
OPENID_SHORTEST = 16
OPENID_LONGEST = 64
_OPENID_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")


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
    #: `read` (what stands in the openid's place): the openid comes after it.
    SWAPPED = "swapped"
    #: Nothing more.
    TICKET_MISSING = "ticket_missing"
    #: `count`, `limit`.
    TICKET_TOO_LONG = "ticket_too_long"
    #: `read`: words after the last one that the subcommand takes; `cancel 12 13` must not cancel only 12.
    UNEXPECTED_WORDS = "unexpected_words"


@dataclass(frozen=True, slots=True)
class FormWords:
    """What was read of a command that asks for a coupon, right or wrong, for the form's fields."""

    #: Not in the repr, which may reach a log.
    openid: str = field(default="", repr=False)
    stock: str = ""
    reason: str = field(default="", repr=False)
    ticket: str = ""


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
    #: Of a command that asks for a coupon. What is wrong is the same, whatever else was read.
    form: FormWords | None = field(default=None, repr=False, compare=False)


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


def with_form(misread: Misread, typed: FormWords) -> Misread:
    """`misread` of the openid; where that stands behind it, the two were only swapped."""
    if may_be_openid(typed.stock) and openid_misread(typed.stock, misread.subcommand) is None:
        return swapped(typed, misread.subcommand)
    return replace(misread, form=typed)


def swapped(typed: FormWords, name: str) -> Misread:
    """Stock and openid stand in each other's place."""
    right = replace(typed, openid=typed.stock, stock=typed.openid)
    return Misread(problem=Problem.SWAPPED, subcommand=name, read=typed.openid, form=right)
