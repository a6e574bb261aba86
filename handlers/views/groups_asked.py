"""Where a rule asks several groups: of whom approvals are asked, and who is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coupons.batches import BatchApproval
from coupons.model import Approval
from coupons.needs import Needs, missing
from handlers.views.escaping import approver
from handlers.views.words import Words

_NAMED = 10


def groups_asked(words: Words, needs: Needs) -> str:
    """Before anybody approved; empty where one group is asked."""
    if not needs:
        return ""
    parts = words.list(_part(words, part.of, part.count) for part in needs.parts)
    if needs.in_order:
        return words("Each by another person, in this order: {parts}.", parts=parts)
    return words("Each by another person: {parts}.", parts=parts)


def still_missing(words: Words, needs: Needs, given: Iterable[Approval | BatchApproval]) -> str:
    """By group; empty where one group is asked, or nobody is missing."""
    parts = [
        _part(words, _entries(needs, each.parts), each.count)
        for each in missing(needs, (approval.fills for approval in given))
    ]
    if not parts:
        return ""
    first, *rest = parts
    if needs.in_order and rest:
        return words("Next: {first}; then {rest}.", first=first, rest=words.list(rest))
    return words("Still missing: {parts}.", parts=words.list(parts))


def _entries(needs: Needs, parts: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(entry for part in parts for entry in needs.parts[part - 1].of))


def _part(words: Words, of: Sequence[str], count: int) -> str:
    # Between the parts there are commas.
    people = " / ".join(map(approver, of[:_NAMED])) + (f" (+{len(of) - _NAMED})" if of[_NAMED:] else "")
    return words.plural("1 of {people}", "{n} of {people}", count, people=people)
