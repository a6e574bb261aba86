"""At start: a rule that could come to ask for more people than there are is named."""

from __future__ import annotations

from typing import Any

import pytest

from coupons.model import Person
from coupons.needs import NeedPart, Needs
from coupons.policy import CustomerTotal, DailyCap, Limit, Policy, Rule, WhenReached
from handlers.workspace_checks import rule_problems
from tests.coupons.office import TEAM, Groups

ONE, TWO, THREE = ("U0A",), ("U0A", "U0B"), ("S0THREE",)
GROUPS = {"S0THREE": frozenset({"U0A", "U0B", "U0C"}), "S0EMPTY": frozenset[str]()}
GONE = {
    "U0GONE": Person(user_id="U0GONE", team=TEAM, is_deactivated=True),
    "U0GUEST": Person(user_id="U0GUEST", team=TEAM, is_guest=True),
    "U0BOT": Person(user_id="U0BOT", team=TEAM, is_bot=True),
    "U0OUT": Person(user_id="U0OUT", team="T0OTHER"),
}


def of(*groups: tuple[str, ...]) -> Rule:
    """One of each."""
    needs = Needs(tuple(NeedPart(group) for group in groups))
    return Rule(None, needs.total, needs.entries, needs=needs)


MORE, NO = Limit(1, 1, WhenReached.APPROVE), Limit(1, 1)
FREE = Rule(None, 0, (), per_day=DailyCap(9, 9000))

#: the role's approvers, rules, limits -> how each problem begins
CASES: list[tuple[tuple[str, ...], tuple[Rule, ...], dict[str, Limit], list[str]]] = [
    (ONE, (), {}, []),
    (("S0EMPTY",), (), {}, ["the default rule asks for 1 approval(s) from S0EMPTY, but only 0 active"]),
    (ONE, (Rule(None, 2, ()),), {}, ["rule 1 asks for 2 approval(s) from U0A, but only 1 active"]),
    (ONE, (Rule(None, 3, THREE),), {}, []),
    (ONE, (Rule(None, 4, THREE),), {}, ["rule 1 asks for 4 approval(s) from S0THREE, but only 3 active"]),
    # who is in two places is one person
    (ONE, (Rule(None, 4, (*THREE, "U0A", "U0B")),), {}, ["rule 1 asks for 4"]),
    (ONE, (Rule(None, 2, ("U0A", *GONE)),), {}, ["rule 1 asks for 2 approval(s) from U0A, U0GONE"]),
    # several groups: a person fills one part, whichever lets the others be filled
    (ONE, (of(("U0A",), THREE),), {}, []),
    (ONE, (of(THREE, THREE, THREE),), {}, []),
    (
        ONE,
        (of(THREE, THREE, THREE, THREE),),
        {},
        ["rule 1 asks for 4 approvals, each by another active full"],
    ),
    (
        ONE,
        (of(("U0A",), ("U0A", "U0GONE")),),
        {},
        ["rule 1 asks for 2 approvals, each by another active full"],
    ),
    (ONE, (of(("S0EMPTY",), THREE),), {}, ["rule 1 asks for 2 approvals, each by another active full"]),
    (ONE, (of(("U0A",), THREE),), {"budget": MORE}, []),
    (ONE, (of(("U0A",), THREE),), {"budget": MORE, "per_agent": MORE}, ["rule 1 asks for 4 approvals"]),
    # a limit may ask for one more than any rule, and each limit for its own
    (ONE, (), {"budget": NO}, []),
    (ONE, (), {"budget": MORE}, ["the default rule asks for up to 2 approval(s), limits included, from U0A"]),
    (TWO, (), {"budget": MORE}, []),
    (TWO, (), {"budget": MORE, "per_stock": MORE}, ["the default rule asks for up to 3"]),
    (
        TWO,
        (Rule(None, 2, ()),),
        {"per_agent": MORE},
        ["rule 1 asks for up to 3 approval(s), limits included"],
    ),
    # no approval, until its day is used up
    (ONE, (FREE,), {}, []),
    (("U0GONE",), (FREE,), {}, ["rule 1 asks for up to 1 approval(s), limits included, from U0GONE, but"]),
    (ONE, (FREE,), {"per_customer": MORE}, ["rule 1 asks for up to 2"]),
    (TWO, (FREE,), {"per_customer": MORE}, []),
    # the default rule stands where no rule fits everything
    (("S0EMPTY",), (Rule(None, 1, ONE),), {}, []),
    (("S0EMPTY",), (Rule(9, 1, ONE),), {}, ["the default rule"]),
    (("S0EMPTY",), (Rule(None, 1, ONE, ("1001",)),), {}, ["the default rule"]),
    (("S0EMPTY",), (Rule(None, 1, ONE, (), ("U0LI",)),), {}, ["the default rule"]),
    (("S0EMPTY",), (Rule(None, 1, ONE, customer_total=CustomerTotal(1, 1)),), {}, ["the default rule"]),
]


@pytest.mark.parametrize(("approvers", "rules", "limits", "begins"), CASES)
async def test_only_a_rule_that_enough_active_full_members_can_satisfy_passes(
    approvers: tuple[str, ...], rules: tuple[Rule, ...], limits: dict[str, Any], begins: list[str]
) -> None:
    policy = Policy(agents=(), approvers=approvers, rules=rules, **limits)
    found = await rule_problems(policy, Groups(dict(GROUPS), dict(GONE)), TEAM)
    assert len(found) == len(begins)
    assert all(problem.startswith(start) for problem, start in zip(found, begins, strict=True)), found
