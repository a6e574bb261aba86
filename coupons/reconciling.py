"""What our log says was given, beside what WeChat Pay says: in both, only here, only there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupons.model import State

#: Of a number in a spreadsheet: it is a double.
_DIGITS: Final = 15
#: What was taken back was given before.
_GIVEN: Final = frozenset({State.SENT, State.UNDONE})
#: In WeChat Pay's word: of a coupon that can be used, or was. What was taken back is none.
_USABLE: Final = frozenset({"SENDED", "USED"})
_HALF: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A request, UNDONE where its coupon was taken back. `fen` is its value; times in UTC milliseconds."""

    request: int
    customer: int
    number: str
    state: State
    stock_id: str
    fen: int
    coupon_code: str | None
    created_at: int
    closed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A coupon at WeChat Pay. Where a bill does not tell it, `number` is empty, `received_at` None."""

    code: str
    stock_id: str
    number: str = ""
    #: In WeChat Pay's word: usable, used, expired, ... Told, and no difference, unless it was taken back.
    state: str = ""
    received_at: int | None = None
    #: Whose list it stands in; 0 in a bill.
    customer: int = 0


class Verdict(StrEnum):
    """Where it is."""

    BOTH = "in both"
    #: We say sent; there it is not, or not any more: customers can delete coupons.
    ONLY_HERE = "only here"
    #: Given, and our request says otherwise: somebody may have got two, or will.
    ONLY_THERE = "only there"
    #: Both say given, with another code or stock; or we say taken back, and it can be used.
    DIFFERENT = "different"
    #: Both say given, and the code is ours as a spreadsheet ruins one: neither right nor wrong is known.
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """At least one of the two is there."""

    verdict: Verdict
    ours: Ours | None
    theirs: Theirs | None


@dataclass(frozen=True, slots=True)
class Period:
    """UTC milliseconds; `before` is not included."""

    since: int
    before: int

    def holds(self, at: int | None) -> bool:
        return at is not None and self.since <= at < self.before


def compare(ours: Iterable[Ours], theirs: Iterable[Theirs], period: Period) -> Sequence[Match]:
    """All that concerns the period, in the order of our requests, then what none of them explains.

    `ours` holds the requests of other times too: a coupon is explained by whichever has its number.
    """
    known = list(ours)
    by_number = {each.number: each for each in known}
    by_code = {(each.stock_id, each.coupon_code): each for each in known if each.coupon_code}
    by_ruin = _by_ruin(known)
    found: dict[int, Match] = {}
    strange: list[Match] = []
    for there in theirs:
        # A bill without our numbers is matched by the code: WeChat Pay's are unique within a stock.
        here = (
            by_number.get(there.number)
            if there.number
            else by_code.get((there.stock_id, there.code)) or by_ruin.get((there.stock_id, there.code))
        )
        if here is None:
            if there.received_at is None or period.holds(there.received_at):
                strange.append(Match(verdict=Verdict.ONLY_THERE, ours=None, theirs=there))
        elif _concerns(here, period) or period.holds(there.received_at):
            found[here.request] = Match(verdict=_verdict(here, there), ours=here, theirs=there)
    for here in known:
        if here.state in _GIVEN and period.holds(here.closed_at) and here.request not in found:
            found[here.request] = Match(verdict=Verdict.ONLY_HERE, ours=here, theirs=None)
    return [*(found[request] for request in sorted(found)), *strange]


def _concerns(here: Ours, period: Period) -> bool:
    return period.holds(here.closed_at if here.state in _GIVEN else here.created_at)


def _verdict(here: Ours, there: Theirs) -> Verdict:
    if here.state not in _GIVEN:
        return Verdict.ONLY_THERE
    if here.state is State.UNDONE and there.state in _USABLE:
        return Verdict.DIFFERENT
    pairs = ((here.coupon_code or "", there.code), (here.stock_id, there.stock_id))
    if all(mine == other for mine, other in pairs):
        return Verdict.BOTH
    ruined = all(mine == other or other in ruins(mine) for mine, other in pairs)
    return Verdict.DAMAGED if ruined else Verdict.DIFFERENT


def ruins(code: str) -> frozenset[str]:
    """What spreadsheets make of such a code when they take it for a number, other than itself.

    Leading zeros go. A number has 15 digits: Excel puts zeros for the others, LibreOffice rounds, and whoever
    reads its float finds digits there that nobody wrote.
    """
    if not (code.isascii() and code.isdigit()):
        return frozenset()
    digits = code.lstrip("0") or "0"
    found = {digits}
    if len(digits) > _DIGITS:
        rest = len(digits) - _DIGITS
        cut = int(digits[:_DIGITS])
        rounded = cut + (int(digits[_DIGITS]) >= _HALF)
        found |= {f"{cut}{'0' * rest}", f"{rounded}{'0' * rest}", str(int(float(digits)))}
        found |= {str(int(float(f"{each}{'0' * rest}"))) for each in (cut, rounded)}
    return frozenset(found - {code})


def _by_ruin(known: Sequence[Ours]) -> Mapping[tuple[str, str], Ours]:
    """For a bill without our numbers: only what one code alone, whole or ruined, can have become."""
    found: dict[tuple[str, str], Ours | None] = {}
    for each in known:
        for code in ruins(each.coupon_code or ""):
            place = (each.stock_id, code)
            found[place] = None if place in found else each
    return {place: each for place, each in found.items() if each is not None}
