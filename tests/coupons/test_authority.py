"""Who may approve is looked up when it is asked: the rule that fits then, the groups as they are then."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.asking import Outlook, Stopped, Submitted
from coupons.events import Tag
from coupons.model import ClickAction, Person, Request, State
from coupons.permissions import Reason
from coupons.policy import CustomerTotal, DailyCap, Escalation, Policy, Rule
from tests.coupons.office import TEAM, Office

AN = "oCustomer-AN-000001"
HOUR = 3_600_000
POLICY = Policy(
    agents=(),
    approvers=("S0LEADS",),
    rules=(Rule(None, 1, (), customer_total=CustomerTotal(2000, 30)), Rule(None, 1, ("S0MANAGERS",))),
    duplicate_ms=0,
    reminders_ms=(HOUR, 2 * HOUR),
    escalation=Escalation(after_ms=3 * HOUR, mention="S0MANAGERS"),
    expiry_ms=10 * HOUR,
)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    here = Office(tmp_path / "coupon.db")
    here.groups.members_of = {
        "S0LEADS": frozenset({"U0WANG", "U0LI"}),
        "S0MANAGERS": frozenset({"U0BOSS"}),
    }
    yield here
    await here.ledger.close()


async def asked(office: Office, number: int, policy: Policy = POLICY) -> Request:
    made = await office.asking(policy).submit(office.ask(f"{number}", AN, "1001"))
    assert isinstance(made, Submitted)
    return made.request


async def test_requests_made_later_do_not_move_an_earlier_one_to_another_rule(office: Office) -> None:
    first, second, third = [await asked(office, number) for number in range(3)]
    assert [request.rule for request in (first, second, third)] == [1, 1, 2]
    authority = office.authority(POLICY)
    assert [await authority.named(request) for request in (first, second, third)] == [
        ("S0LEADS",),
        ("S0LEADS",),
        ("S0MANAGERS",),
    ]


async def test_who_left_the_group_since_the_card_was_posted_is_refused_and_who_joined_is_not(
    office: Office,
) -> None:
    request, desk = await asked(office, 1), office.desk(POLICY)
    office.groups.members_of["S0LEADS"] = frozenset({"U0ZHAO"})
    await office.click(desk, request.id, "U0WANG", ClickAction.APPROVE)
    assert (await office.events(request.id))[-1].detail["reason"] == Reason.NOT_APPROVER
    await office.click(desk, request.id, "U0ZHAO", ClickAction.APPROVE)
    assert (await office.request(request.id)).state is State.APPROVED


async def test_a_dry_run_names_who_could_approve_now_and_writes_nothing(office: Office) -> None:
    office.groups.people["U0GONE"] = Person(user_id="U0GONE", team=TEAM, is_deactivated=True)
    office.groups.members_of["S0LEADS"] |= {"U0GONE"}
    found = await office.asking(POLICY).outlook(office.ask("dry", AN, "1001"))
    assert isinstance(found, Outlook)
    assert found.able == ("U0WANG",), "neither the requester nor who is gone"
    assert await office.ledger.read(lambda rows: rows.event(1)) is None


@pytest.mark.parametrize("flag", ["is_guest", "is_bot", "is_deactivated", "is_outsider"])
async def test_whom_nobody_looks_at_must_be_a_full_member(office: Office, flag: str) -> None:
    flags: dict[str, bool] = {flag: True}
    office.groups.people["U0LI"] = Person(user_id="U0LI", team=TEAM, **flags)  # type: ignore[arg-type]  # a flag's name
    policy = Policy(agents=(), approvers=("S0LEADS",), rules=(Rule(None, 0, (), per_day=DailyCap(9, 9000)),))
    asking, ask = office.asking(policy), office.ask("1", AN, "1001")
    for found in (await asking.submit(ask), await asking.outlook(ask)):
        assert isinstance(found, Stopped)
        assert found.decision.reason == flag.removeprefix("is_")
    assert await office.requests() == 0


# --- time


async def remind(office: Office) -> list[object]:
    """What the reminders that are due now mention."""
    await office.reminder(POLICY).step()
    return [event.detail["mention"] for event in await office.events(1) if event.tag == Tag.REQUEST_REMINDED]


async def test_reminders_come_at_their_times_once_each_and_then_with_somebody_else(office: Office) -> None:
    request = await asked(office, 1)
    seen = []
    for _ in range(12):
        seen.append(len(await remind(office)))
        office.clock.now += HOUR // 2
    assert seen == [0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3]
    assert await remind(office) == [None, None, "S0MANAGERS"]
    assert (await office.request(request.id)).remind_at is None


async def test_a_clock_that_jumps_over_several_reminders_makes_one_and_back_makes_none(
    office: Office,
) -> None:
    await asked(office, 1)
    office.clock.now += 2 * HOUR + HOUR // 2
    assert await remind(office) == [None]
    office.clock.now -= 2 * HOUR
    assert await remind(office) == [None]
    office.clock.now += 4 * HOUR
    assert await remind(office) == [None, "S0MANAGERS"]


async def test_nobody_is_called_to_a_request_that_can_only_expire(office: Office) -> None:
    request = await asked(office, 1)
    office.clock.now += 10 * HOUR
    assert await remind(office) == []
    assert await office.ledger.read(lambda rows: rows.next_reminder()) is None
    assert await office.desk(POLICY).expire(office.clock()) == 1
    assert (await office.request(request.id)).state is State.EXPIRED
