"""Approvals asked of several groups: who could fill which part, and who is still missing. Pure.

One person counts once. Who is in two groups is not tied to one of them: the parts are given out anew at each
approval, so that the request goes on whenever that is possible. It is a matching of people and parts, by
augmenting paths (https://en.wikipedia.org/wiki/Hopcroft-Karp_algorithm); few people approve one request.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from coupons.recording import Json


@dataclass(frozen=True, slots=True)
class NeedPart:
    """So many approvals, each by another person among these user and group ids."""

    of: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Needs:
    """All parts must be filled; `in_order`: each only once the ones before it are. Parts count from 1."""

    parts: tuple[NeedPart, ...] = ()
    in_order: bool = False

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def total(self) -> int:
        """How many approvals that is, and so how many people."""
        return sum(part.count for part in self.parts)

    @property
    def entries(self) -> tuple[str, ...]:
        """The user and group ids of all parts, each once."""
        return tuple(dict.fromkeys(entry for part in self.parts for entry in part.of))

    def raised(self, more: int) -> Needs:
        """With so many approvals more, by anybody of these groups: last, where there is an order."""
        if not (more and self.parts):
            return self
        return Needs((*self.parts, NeedPart(self.entries, more)), self.in_order)


#: A rule that asks one group, as most do: `approvals_needed` says all.
PLAIN: Final = Needs()

#: The parts that a person could fill when approving.
Fills = tuple[int, ...]


class NoPart(StrEnum):
    """Why one of the approvers cannot approve now; the values are those of `policy.Reason`."""

    #: Those who are asked besides are there already: only other groups are missing.
    GROUP_APPROVED = "group_approved"
    #: Others come before, in the order of the rule.
    NOT_YOUR_TURN = "not_your_turn"
    #: Only this person is left for a later part, and somebody else can fill this one.
    NEEDED_LATER = "needed_later"


@dataclass(frozen=True, slots=True)
class Missing:
    """So many approvals more, by whoever can fill one of these parts."""

    parts: tuple[int, ...]
    count: int


def fills_of(person: str, by_part: Sequence[Collection[str]]) -> Fills:
    """`by_part`: the people of each part."""
    return tuple(place for place, people in enumerate(by_part, start=1) if person in people)


@lru_cache(4096)
def given_out(needs: Needs, given: tuple[Fills, ...]) -> tuple[int, ...] | None:
    """To each approval, in the order in which they came, its part; None: they have not all of them one."""
    if needs.in_order:
        parts = tuple(part for part, _ in zip(_in_order(needs), given, strict=False))
        fit = len(parts) == len(given) and all(
            part in fills for part, fills in zip(parts, given, strict=True)
        )
        return parts if fit else None
    holders: dict[int, list[int]] = {place: [] for place in range(1, len(needs.parts) + 1)}
    for index in range(len(given)):
        if not _find_part(needs, given, holders, index, set()):
            return None
    return tuple(
        next(place for place, indexes in holders.items() if index in indexes) for index in range(len(given))
    )


def are_filled(needs: Needs, given: Iterable[Fills]) -> bool:
    """Whether these approvals are all that is needed."""
    fills = tuple(given)
    return len(fills) == needs.total and given_out(needs, fills) is not None


def missing(needs: Needs, given: Iterable[Fills]) -> tuple[Missing, ...]:
    """What is still needed, in the order of the parts. Several parts in one: any of them may be it."""
    fills = tuple(given)
    parts = given_out(needs, fills)
    if parts is None:
        # Rows that were written by hand; the proof names them.
        parts = ()
    left = {place: part.count for place, part in enumerate(needs.parts, start=1)}
    for place in parts:
        left[place] -= 1
    return tuple(
        Missing((place,) if needs.in_order else _instead(place, parts, fills), count)
        for place, count in left.items()
        if count > 0
    )


def asked_now(needs: Needs, given: Iterable[Fills]) -> frozenset[str]:
    """The user and group ids whose approval would bring it on at this moment."""
    left = missing(needs, given)
    parts = {part for each in (left[:1] if needs.in_order else left) for part in each.parts}
    return frozenset(entry for part in parts for entry in needs.parts[part - 1].of)


def why_not(
    needs: Needs,
    given: Sequence[tuple[str, Fills]],
    person: str,
    by_part: Sequence[frozenset[str]],
    *,
    askers: frozenset[str],
) -> NoPart | None:
    """Why this approver cannot approve now; None: it brings the request on. `given`: who could fill what.

    `askers` approve nothing of it.
    """
    mine, fills = fills_of(person, by_part), tuple(fills for _, fills in given)
    if given_out(needs, (*fills, mine)) is None:
        later = needs.in_order and any(part in mine for each in missing(needs, fills) for part in each.parts)
        return NoPart.NOT_YOUR_TURN if later else NoPart.GROUP_APPROVED
    if not needs.in_order:
        # Whatever can be given out now can be completed by others, if all of it could be before.
        return None
    others = [people - askers - {name for name, _ in given} for people in by_part]
    first, *rest = (part - 1 for each in missing(needs, fills) for part in each.parts * each.count)
    if enough([others[part] - {person} for part in rest]):
        return None
    with_another = [others[first] - {person}, *(others[part] for part in rest)]
    return NoPart.NEEDED_LATER if enough(with_another) else None


def enough(asked: Sequence[Collection[str]]) -> bool:
    """Whether there is a person of its own for each of these approvals, among the people who may give it."""
    # So many are enough to give one, whoever the others take.
    people = [sorted(each)[: len(asked)] for each in asked]
    taken: dict[str, int] = {}

    def find(index: int, seen: set[str]) -> bool:
        for person in people[index]:
            if person in seen:
                continue
            seen.add(person)
            if person not in taken or find(taken[person], seen):
                taken[person] = index
                return True
        return False

    return all(find(index, set()) for index in range(len(asked)))


def enough_people(needs: Needs, by_part: Sequence[Collection[str]]) -> bool:
    """Whether different people could fill every part now. `by_part`: who could fill each."""
    return enough([by_part[part - 1] for part in _in_order(needs)])


def detail_of(needs: Needs) -> Mapping[str, Json] | None:
    """As events tell it; None: nothing to tell beside the count."""
    if not needs:
        return None
    parts: list[Json] = [{"count": part.count, "of": [*part.of]} for part in needs.parts]
    return {"in_order": needs.in_order, "parts": parts}


def needs_of(detail: object) -> Needs | None:
    """From an event; None: it is nothing that we write, and gives no leave to anything."""
    match detail:
        case None:
            return PLAIN
        case {"in_order": bool(in_order), "parts": [_, *_] as parts}:
            read = [_part_of(part) for part in parts]
            known = tuple(part for part in read if part is not None)
            return Needs(known, in_order) if len(known) == len(read) else None
    return None


def written(needs: Needs) -> str:
    """As rows have it: the text that stands in the event, or nothing."""
    detail = detail_of(needs)
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if detail else ""


@lru_cache(256)
def read_needs(text: str) -> Needs:
    """From a row. Raises ValueError for what was not `written`."""
    needs = needs_of(json.loads(text)) if text else PLAIN
    if needs is None:
        raise ValueError(f"these are no parts of a need: {text[:60]!r}")
    return needs


def written_fills(fills: Fills) -> str:
    """As rows have it: the text that stands in the event, or nothing."""
    return f"[{','.join(map(str, fills))}]" if fills else ""


@lru_cache(256)
def read_fills(text: str) -> Fills:
    """From a row. Raises ValueError for what was not `written_fills`."""
    return tuple(map(int, text[1:-1].split(","))) if text else ()


def _part_of(found: object) -> NeedPart | None:
    match found:
        case {"count": int(count), "of": [_, *_] as of} if count > 0 and count is not True:
            return NeedPart(tuple(map(str, of)), count)
    return None


def _in_order(needs: Needs) -> Iterator[int]:
    for place, part in enumerate(needs.parts, start=1):
        for _ in range(part.count):
            yield place


def _find_part(
    needs: Needs, given: Sequence[Fills], holders: dict[int, list[int]], index: int, seen: set[int]
) -> bool:
    """A part for this approval; who has one may have to move to another. False: there is none."""
    for place in given[index]:
        if place in seen or not 1 <= place <= len(needs.parts):
            continue
        seen.add(place)
        if len(holders[place]) < needs.parts[place - 1].count:
            holders[place].append(index)
            return True
        for other in holders[place]:
            if _find_part(needs, given, holders, other, seen):
                holders[place].remove(other)
                holders[place].append(index)
                return True
    return False


def _instead(place: int, parts: Sequence[int], given: Sequence[Fills]) -> tuple[int, ...]:
    """The parts that could be left open in place of this one, by people who could fill either."""
    found = [place]
    for each in found:
        found += {
            part for part, fills in zip(parts, given, strict=False) if each in fills and part not in found
        }
    return tuple(sorted(found))
