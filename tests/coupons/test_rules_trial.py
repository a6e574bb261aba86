"""Rules tried on the past: those of then come to what they came to, and others to what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coupons.asking import Submitted
from coupons.events import Tag
from coupons.model import ClickAction
from coupons.needs import NeedPart, Needs
from coupons.permissions import Reason
from coupons.policy import DAY_MS, CustomerTotal, DailyCap, Limit, Policy, Rule, WhenReached
from coupons.reasons import Required
from coupons.recording import Recorded
from coupons.rules_trial import TRIAL_TAGS, Trial, TrialSum, TrialVerdict, Tried
from storage.store import Store
from tests.coupons.batch_office import BatchOffice
from tests.coupons.office import NOW, Office

LI, SUN, WANG, ZHAO, FIN = "U0LI", "U0SUN", "U0WANG", "U0ZHAO", "U0FIN"
GROUPS = {"S0LEADS": frozenset({WANG, ZHAO}), "S0SENIORS": frozenset({SUN}), "S0FINANCE": frozenset({FIN})}
STOCKS = frozenset({"1001", "1002"})
#: What is in force, with all that rules and limits look at.
POLICY = Policy(
    agents=(),
    approvers=("S0LEADS",),
    rules=(
        Rule(500, 0, (), requesters=("S0SENIORS",), per_day=DailyCap(2, 900)),
        Rule(2000, 1, (), customer_total=CustomerTotal(2400, 30)),
        Rule(None, 2, ("S0LEADS",)),
    ),
    per_customer=Limit(3, 10),
    per_agent=Limit(3, 1, WhenReached.APPROVE),
    duplicate_ms=0,
)


def events(path: Path) -> list[Recorded]:
    return list(Store(path, clock=lambda: 0).events_of(TRIAL_TAGS))


def tried(found: list[Recorded], policy: Policy, **more: Any) -> Tried:
    trial = Trial(policy, **{"stock_ids": STOCKS, "members": GROUPS, **more})
    for event in found:
        trial.take(event)
    return trial.result()


def counts(found: Tried) -> dict[str, int]:
    return {str(verdict): each.count for verdict, each in found.verdicts.items() if each.count}


@pytest.fixture
async def log(tmp_path: Path) -> list[Recorded]:
    """Some forty requests of ten days, some declined or withdrawn; what a limit refused left no request."""
    office = Office(tmp_path / "coupon.db")
    office.groups.members_of = dict(GROUPS)
    asking, desk = office.asking(POLICY), office.desk(POLICY)
    made = 0
    for number in range(60):
        office.clock.now = NOW + number * DAY_MS // 6
        customer = f"oCustomer-{number % 9:06d}"
        ask = office.ask(
            str(number),
            customer,
            "1002" if number % 4 == 0 else "1001",
            who=SUN if number % 3 == 0 else LI,
            value_fen=(400, 1000, 3000)[number % 3],
        )
        found = await asking.submit(ask)
        if not isinstance(found, Submitted):
            continue
        made += 1
        if number % 5 == 0:
            await office.click(desk, found.request.id, WANG, ClickAction.DECLINE)
        elif number % 7 == 0:
            await desk.cancel(found.request.id, found.request.requester)
        else:
            for who in (WANG, ZHAO):
                await office.click(desk, found.request.id, who, ClickAction.APPROVE)
    await office.ledger.close()
    assert 30 < made < 60
    return events(office.path)


def test_the_rules_of_then_come_to_what_they_came_to(log: list[Recorded]) -> None:
    made = sum(event.tag == Tag.REQUEST_CREATED for event in log)
    found = tried(log, POLICY)
    assert counts(found) == {"same": made}
    needed = {event.detail["approvals_needed"] for event in log if event.tag == Tag.REQUEST_CREATED}
    assert needed == {0, 1, 2, 3}
    assert sum(each.count for each in found.by_rule.values()) == made
    assert {place for place, each in found.nobody.items() if each.count} <= {2, 3}


def test_other_rules_ask_more_fewer_or_others_and_limits_refuse(log: list[Recorded]) -> None:
    one = replace(POLICY, rules=(Rule(None, 1, ()),), per_customer=None, per_agent=None)
    found = counts(tried(log, one))
    assert set(found) == {"same", "more", "fewer"}
    finance = replace(one, rules=(Rule(None, 1, ("S0FINANCE",)),))
    assert counts(tried(log, finance))["other_people"] > 0
    needs = Needs((NeedPart(("S0LEADS",)), NeedPart(("S0FINANCE",))))
    pair = replace(one, rules=(Rule(None, 2, needs.entries, needs=needs),))
    assert counts(tried(log, pair))["other_people"] > 0

    tight = tried(log, replace(one, per_customer=Limit(1, 1000)))
    # Each of the nine customers got one; what ended without a coupon made room for another.
    assert tight.refused[Reason.CUSTOMER_LIMIT].count == tight.verdicts[TrialVerdict.REFUSED].count
    kept = tight.requests.count - tight.verdicts[TrialVerdict.REFUSED].count
    ended = sum(event.tag in {Tag.REQUEST_DECLINED, Tag.REQUEST_CANCELLED} for event in log)
    assert 9 <= kept <= 9 + ended
    assert counts(tried(log, one, stock_ids=frozenset({"1001"})))["no_stock"] > 0


def test_what_does_not_say_what_its_value_asks_for_is_refused(log: list[Recorded]) -> None:
    asked = [event for event in log if event.tag == Tag.REQUEST_CREATED]
    large = sum(event.detail["value_fen"] == 3000 for event in asked)
    assert large
    found = tried(log, replace(POLICY, required=Required(reason_from_fen=1, ticket_from_fen=3000)))
    assert counts(found)["refused"] >= large
    assert found.refused[Reason.TICKET_REQUIRED].count == large
    assert Reason.REASON_REQUIRED not in found.refused


def test_without_slack_it_says_what_it_cannot_know(log: list[Recorded]) -> None:
    found = counts(tried(log, POLICY, members=None))
    # A senior's small one may be by the first rule, or by the second.
    assert found["rule_not_known"] > 0
    assert found["people_not_known"] > 0
    people = replace(POLICY, approvers=(WANG, ZHAO), rules=(Rule(None, 2, (WANG, ZHAO)),))
    assert set(counts(tried(log, people, members=None))) == {"same", "more"}


def test_what_came_before_counts_and_is_not_told(log: list[Recorded]) -> None:
    since = NOW + 5 * DAY_MS
    later = sum(event.tag == Tag.REQUEST_CREATED and event.ts >= since for event in log)
    assert counts(tried(log, POLICY, since=since)) == {"same": later}


def test_what_nobody_could_approve_is_counted_by_rule(log: list[Recorded]) -> None:
    alone = replace(POLICY, rules=(Rule(2000, 1, (SUN,)), Rule(None, 1, (WANG,))), per_agent=None)
    found = tried(log, alone)
    asked_by_sun = [event for event in log if event.tag == Tag.REQUEST_CREATED and event.actor == SUN]
    assert (
        found.nobody[1].count
        == len(asked_by_sun) - found.verdicts.get(TrialVerdict.REFUSED, TrialSum()).count
    )
    assert found.nobody[2].count == 0


def test_a_coupon_that_was_taken_back_counts_no_longer_from_then_on(log: list[Recorded]) -> None:
    first = next(event for event in log if event.tag == Tag.REQUEST_CREATED)
    second = replace(first, seq=first.seq + 3, request_id=99)
    undone = replace(first, seq=2, tag=Tag.UNDO_DONE, request_id=2, detail={"undoes": first.request_id})
    one = replace(POLICY, rules=(Rule(None, 1, ()),), per_customer=Limit(1, 10))
    assert counts(tried([first, second], one))["refused"] == 1
    assert "refused" not in counts(tried([first, undone, second], one))
    # Asked back, it counts until that is done.
    assert Tag.UNDO_DONE in TRIAL_TAGS
    assert counts(tried([first, replace(undone, tag=Tag.UNDO_REFUSED), second], one))["refused"] == 1


async def test_a_batch_is_tried_as_a_whole(tmp_path: Path) -> None:
    office = BatchOffice(tmp_path / "coupon.db")
    await office.pending(4)
    await office.approved_by_two(1)
    await office.ledger.close()
    found = events(office.path)
    groups = office.groups.members_of
    assert counts(tried(found, office.policy, members=groups)) == {"same": 4}
    # 4000 fen in all: no rule for a single one of 1000 decides.
    by_total = replace(office.policy, rules=(Rule(2000, 1, ()), Rule(None, 3, ("S0LEADS",))))
    assert counts(tried(found, by_total, members=groups)) == {"more": 4}
    limited = replace(office.policy, budget=Limit(3, 1))
    assert counts(tried(found, limited, members=groups)) == {"same": 3, "refused": 1}
