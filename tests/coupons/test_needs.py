"""One of each of several groups: who fills which part, whoever comes first."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.asking import Outlook, Submitted
from coupons.batch_preview import strictness
from coupons.events import Tag
from coupons.model import ClickAction, Request, State
from coupons.needs import (
    PLAIN,
    Fills,
    Missing,
    NeedPart,
    Needs,
    NoPart,
    are_filled,
    detail_of,
    enough_people,
    fills_of,
    given_out,
    missing,
    needs_of,
    read_needs,
    why_not,
    written,
)
from coupons.permissions import Reason
from coupons.policy import Limit, Policy, Rule, WhenReached
from storage.proof.verify import verify
from tests.coupons.batch_office import BatchOffice
from tests.coupons.office import Office
from tests.coupons.samples import a_request

LI, WANG, ZHAO, FIN, BOTH = "U0LI", "U0WANG", "U0ZHAO", "U0FIN", "U0BOTH"
LEADS, FINANCE = "S0LEADS", "S0FINANCE"
NEEDS = Needs((NeedPart((LEADS,)), NeedPart((FINANCE,))))
ORDERED = replace(NEEDS, in_order=True)
GROUPS = {LEADS: frozenset({LI, WANG, ZHAO, BOTH}), FINANCE: frozenset({FIN, BOTH})}


def policy_of(needs: Needs, **changes: object) -> Policy:
    rule = Rule(None, needs.total, needs.entries, needs=needs)
    return Policy(agents=(), approvers=(LEADS,), rules=(rule,), **changes)  # type: ignore[arg-type]


def by_part(needs: Needs) -> list[frozenset[str]]:
    return [frozenset().union(*(GROUPS[entry] for entry in part.of)) for part in needs.parts]


def assignments(needs: Needs, fills: Sequence[Fills]) -> list[tuple[int, ...]]:
    """Every way to give each approval a part, by trying all of them."""
    slots = [place for place, part in enumerate(needs.parts, start=1) for _ in range(part.count)]
    if needs.in_order:
        ways = [tuple(slots[: len(fills)])] if len(fills) <= len(slots) else []
    else:
        ways = sorted(set(itertools.permutations(slots, len(fills))))
    return [way for way in ways if all(part in own for part, own in zip(way, fills, strict=True))]


parts = st.lists(st.integers(1, 2), min_size=1, max_size=3)
crowd = st.lists(st.sets(st.integers(1, 3), max_size=3), min_size=1, max_size=6)


@given(counts=parts, crowd=crowd, in_order=st.booleans(), clicks=st.permutations(range(6)))
@settings(max_examples=150)
def test_no_click_is_one_too_many_and_none_that_helps_is_turned_away(
    counts: list[int], crowd: list[set[int]], clicks: list[int], *, in_order: bool
) -> None:
    needs = Needs(tuple(NeedPart((f"S{place}",), count) for place, count in enumerate(counts)), in_order)
    people = [
        frozenset(f"U{who}" for who, own in enumerate(crowd) if place in own)
        for place in range(1, len(counts) + 1)
    ]
    could = enough_people(needs, people)
    taken: list[tuple[str, Fills]] = []
    for who in (f"U{who}" for who in clicks if who < len(crowd)):
        fills = [own for _, own in taken]
        problem = why_not(needs, taken, who, people, askers=frozenset({"U0LI"}))
        fit = bool(assignments(needs, [*fills, fills_of(who, people)]))
        assert (problem in {None, NoPart.NEEDED_LATER}) is fit
        assert problem is not NoPart.NEEDED_LATER or in_order
        if problem is None:
            taken.append((who, fills_of(who, people)))
        fills = [own for _, own in taken]
        assert (given_out(needs, tuple(fills)) in assignments(needs, fills)) or not fills
        assert sum(each.count for each in missing(needs, fills)) == needs.total - len(taken)
        # Whoever came first: as long as it could be filled at all, the rest can still fill it.
        rest = [each - {name for name, _ in taken} for each in people]
        left = [part for each in missing(needs, fills) for part in each.parts[:1] * each.count]
        open_parts = Needs(tuple(NeedPart(needs.parts[part - 1].of) for part in left))
        if could and not in_order:
            assert any(
                enough_people(open_parts, [rest[part - 1] for part in way])
                for way in itertools.product(
                    *(each.parts for each in missing(needs, fills) for _ in range(each.count))
                )
            )
    # Each has clicked once; an order may need a second round.
    if could and not in_order:
        assert are_filled(needs, [own for _, own in taken])


#: The need, who approved before, who clicks, and what comes of it.
CLICKS = [
    (NEEDS, [], WANG, None),
    (NEEDS, [WANG], FIN, None),
    (NEEDS, [WANG], ZHAO, Reason.GROUP_APPROVED),
    # Who is in both is tied to neither.
    (NEEDS, [BOTH], ZHAO, None),
    (NEEDS, [BOTH], FIN, None),
    (NEEDS, [WANG], BOTH, None),
    (ORDERED, [], FIN, Reason.NOT_YOUR_TURN),
    (ORDERED, [], WANG, None),
    (ORDERED, [WANG], ZHAO, Reason.GROUP_APPROVED),
    (ORDERED, [WANG], FIN, None),
    (ORDERED, [], BOTH, None),
    (ORDERED, [BOTH], ZHAO, Reason.GROUP_APPROVED),
]


@pytest.mark.parametrize(("needs", "before", "person", "reason"), CLICKS)
async def test_a_click_counts_where_it_brings_the_request_on(
    tmp_path: Path, needs: Needs, before: list[str], person: str, reason: Reason | None
) -> None:
    office = Office(tmp_path / "coupon.db")
    office.groups.members_of = dict(GROUPS)
    desk, asking = office.desk(policy_of(needs)), office.asking(policy_of(needs))
    made = await asking.submit(office.ask("1", "oCustomer-AN-000001", "1001"))
    assert isinstance(made, Submitted)
    for who in before:
        await office.click(desk, 1, who, ClickAction.APPROVE)
    assert await office.tags(1) == [Tag.REQUEST_CREATED, *[Tag.APPROVAL_GIVEN] * len(before)]
    await office.click(desk, 1, person, ClickAction.APPROVE)
    request, [*_, last] = await office.request(1), await office.events(1)
    assert request.needs == needs
    assert (last.detail.get("reason") if last.tag == Tag.CLICK_REFUSED else None) == reason
    assert (request.state is State.APPROVED) is (reason is None and len(before) == 1)
    await office.ledger.close()
    verify(office.path)


async def test_the_only_one_left_for_a_later_part_does_not_fill_an_earlier_one(tmp_path: Path) -> None:
    office = Office(tmp_path / "coupon.db")
    office.groups.members_of = {LEADS: frozenset({WANG, BOTH}), FINANCE: frozenset({BOTH, LI})}
    policy = policy_of(ORDERED)
    desk, asking = office.desk(policy), office.asking(policy)
    await asking.submit(office.ask("1", "oCustomer-AN-000001", "1001"))
    # U0LI asks, and so decides nothing: nobody else of finance is there.
    for who in (BOTH, WANG, BOTH):
        await office.click(desk, 1, who, ClickAction.APPROVE)
    assert [event.detail.get("reason") for event in await office.events(1)][1] == Reason.NEEDED_LATER
    assert (await office.request(1)).state is State.APPROVED
    await office.ledger.close()
    verify(office.path)


async def test_groups_that_change_in_between_and_clicks_at_once(tmp_path: Path) -> None:
    """An approval stays what it was when it was given; coupon.toml takes rights away at once."""
    office = Office(tmp_path / "coupon.db")
    office.groups.members_of = dict(GROUPS)
    policy = policy_of(NEEDS)
    asking, desk = office.asking(policy), office.desk(policy)
    for delivery in "123":
        await asking.submit(office.ask(delivery, f"oCustomer-AN-00000{delivery}", f"100{delivery}"))
    await office.click(desk, 1, BOTH, ClickAction.APPROVE)
    # No lead any more: what was a part of both then still is.
    office.groups.members_of = {LEADS: frozenset({WANG}), FINANCE: frozenset({BOTH})}
    await office.click(desk, 1, BOTH, ClickAction.APPROVE)
    await office.click(desk, 1, WANG, ClickAction.APPROVE)
    assert (await office.request(1)).state is State.APPROVED

    # All of both groups at once: each group's first counts, and it goes out once.
    office.groups.members_of = dict(GROUPS)
    shown = (await office.request(2)).out_request_no
    for who in (WANG, ZHAO, BOTH, FIN):
        await desk.keep_click(office.new_click(2, who, ClickAction.APPROVE, out_request_no=shown))
    await asyncio.gather(*(desk.decide(click) for click in await office.open_clicks()))
    approved = [event for event in await office.events(2) if event.tag == Tag.REQUEST_APPROVED]
    assert len(approved) == 1
    assert len(approved[0].detail["approvals"]) == 2  # type: ignore[arg-type]

    # A group that coupon.toml names no longer fills nothing.
    changed = office.desk(replace(policy, rules=(), approvers=(LEADS,)))
    await office.click(changed, 3, FIN, ClickAction.APPROVE)
    await office.click(changed, 3, WANG, ClickAction.APPROVE)
    assert (await office.events(3))[1].detail["reason"] == Reason.NOT_APPROVER
    assert (await office.request(3)).state is State.PENDING
    await office.ledger.close()
    verify(office.path)


async def test_a_limit_asks_one_more_of_any_of_the_groups_and_a_check_says_whether_they_are_enough(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path / "coupon.db")
    office.groups.members_of = {LEADS: frozenset({WANG}), FINANCE: frozenset({FIN, BOTH})}
    policy = policy_of(NEEDS, per_agent=Limit(0, 1, WhenReached.APPROVE))
    asking, desk = office.asking(policy), office.desk(policy)
    ask = office.ask("1", "oCustomer-AN-000001", "1001")
    outlook = await asking.outlook(ask)
    assert isinstance(outlook, Outlook)
    assert outlook.are_enough
    assert (outlook.terms.approvals_needed, outlook.terms.needs.total) == (3, 3)
    office.groups.members_of[FINANCE] = frozenset({FIN, WANG})
    poorer = await asking.outlook(ask)
    assert isinstance(poorer, Outlook)
    assert (len(poorer.able), poorer.are_enough) == (2, False)
    office.groups.members_of[FINANCE] = frozenset({FIN, BOTH})
    await asking.submit(ask)
    for who in (FIN, BOTH, WANG):
        assert (await office.request(1)).state is State.PENDING
        await office.click(desk, 1, who, ClickAction.APPROVE)
    assert (await office.request(1)).state is State.APPROVED
    await office.ledger.close()
    verify(office.path)


@pytest.mark.parametrize(
    ("needs", "fills", "expected"),
    [
        (PLAIN, [], ()),
        (NEEDS, [], (Missing((1,), 1), Missing((2,), 1))),
        (NEEDS, [(2,)], (Missing((1,), 1),)),
        (NEEDS, [(1, 2)], (Missing((1, 2), 1),)),
        (ORDERED, [(1, 2)], (Missing((2,), 1),)),
        (Needs((NeedPart((LEADS,), 2), NeedPart((FINANCE,)))), [(1,)], (Missing((1,), 1), Missing((2,), 1))),
    ],
)
def test_who_is_missing(needs: Needs, fills: list[Fills], expected: tuple[Missing, ...]) -> None:
    assert missing(needs, fills) == expected


@pytest.mark.parametrize("needs", [PLAIN, NEEDS, ORDERED, Needs((NeedPart(("S0É",), 3),))])
def test_a_need_is_read_as_it_was_written(needs: Needs) -> None:
    assert read_needs(written(needs)) == needs
    assert needs_of(detail_of(needs)) == needs


@pytest.mark.parametrize(
    "forged",
    [
        {},
        [],
        True,
        {"in_order": False, "parts": []},
        {"in_order": 0, "parts": [{"count": 1, "of": ["S1"]}]},
        {"in_order": False, "parts": [{"count": 0, "of": ["S1"]}]},
        {"in_order": False, "parts": [{"count": True, "of": ["S1"]}]},
        {"in_order": False, "parts": [{"count": 1, "of": []}]},
    ],
)
def test_what_is_no_need_gives_no_leave(forged: object) -> None:
    assert needs_of(forged) is None


def test_a_request_of_one_group_is_as_before() -> None:
    request: Request = a_request()
    assert (request.needs, written(request.needs)) == (PLAIN, "")


async def test_in_order_only_the_last_approval_is_taken_back_and_without_order_any(tmp_path: Path) -> None:
    office = Office(tmp_path / "coupon.db")
    office.groups.members_of = dict(GROUPS)
    three = replace(ORDERED, parts=(*ORDERED.parts, NeedPart((LEADS,))))
    asking, desk = office.asking(policy_of(three)), office.desk(policy_of(three))
    await asking.submit(office.ask("1", "oCustomer-AN-000001", "1001"))
    for who in (WANG, FIN):
        await office.click(desk, 1, who, ClickAction.APPROVE)
    for who in (WANG, FIN):
        await office.click(desk, 1, who, ClickAction.WITHDRAW_APPROVAL)
    assert [each.tag for each in await office.events(1)][-2:] == [Tag.CLICK_REFUSED, Tag.APPROVAL_WITHDRAWN]
    for who in (BOTH, WANG, ZHAO):
        await office.click(desk, 1, who, ClickAction.APPROVE)
    assert (await office.request(1)).state is State.APPROVED

    loose = policy_of(replace(three, in_order=False))
    asking, desk = office.asking(loose), office.desk(loose)
    await asking.submit(office.ask("2", "oCustomer-BO-000002", "1002"))
    for who, action in (
        (BOTH, ClickAction.APPROVE),
        (WANG, ClickAction.APPROVE),
        (BOTH, ClickAction.WITHDRAW_APPROVAL),
        (FIN, ClickAction.APPROVE),
        (BOTH, ClickAction.APPROVE),
    ):
        await office.click(desk, 2, who, action)
    assert (await office.request(2)).state is State.APPROVED
    await office.ledger.close()
    verify(office.path)


def test_the_stricter_of_two_forms() -> None:
    """Most approvals, then most groups, then in order, then the fewest people: each row is stricter."""
    rows = (
        (1, (LEADS,), PLAIN),
        (1, (FINANCE,), PLAIN),
        (2, (LEADS, FINANCE), PLAIN),
        (2, (FINANCE,), PLAIN),
        (2, NEEDS.entries, NEEDS),
        (2, ORDERED.entries, ORDERED),
        (3, (LEADS,), PLAIN),
    )
    found = [strictness(*row, LI, GROUPS) for row in rows]
    assert found == sorted(found)
    assert len({*found}) == len(found)


async def test_a_batch_is_decided_by_the_stricter_form_and_goes_on_with_one_of_each(tmp_path: Path) -> None:
    small = Rule(1500, NEEDS.total, NEEDS.entries, needs=NEEDS)
    policy = Policy(agents=(), approvers=(LEADS,), rules=(small, Rule(None, 2, (LEADS,))), duplicate_ms=0)
    office = BatchOffice(tmp_path / "coupon.db", policy)
    office.groups.members_of = dict(GROUPS)
    # By the rule for a single one of 1000: that for the 3000 in all asks as many of one group.
    await office.pending(3)
    assert (await office.batch(1)).needs == NEEDS
    for who in (WANG, ZHAO):
        await office.do(ClickAction.APPROVE_BATCH, who)
    assert (await office.batch(1)).state == "pending"
    await office.do(ClickAction.APPROVE_BATCH, FIN)
    await office.settle()
    assert (await office.request(1)).needs == NEEDS
    assert (await office.request(1)).state is not State.PENDING
    await office.prove()
    await office.ledger.close()
