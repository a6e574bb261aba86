"""Between a preview and the click that submits it an hour may pass: what holds is what is true then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.audit_events import CustomerErased
from coupons.batches import BatchState
from coupons.forgetting import forget
from coupons.model import ClickAction, State
from coupons.permissions import Reason
from coupons.policy import CustomerTotal, Limit, Rule
from coupons.posts import PostKind
from tests.coupons.batch_office import HOUR, BatchOffice, Opening, lines, openid
from tests.coupons.office import a_stock

LEADS, MANAGERS = ("S0LEADS",), ("U0CHEN",)
#: A customer who got much is looked at by two.
BY_CUSTOMER = (
    Rule(None, 1, LEADS, customer_total=CustomerTotal(3000, 30)),
    Rule(None, 2, LEADS),
)


async def test_who_is_no_agent_any_more_submits_nothing_and_may_discard(office: BatchOffice) -> None:
    await office.draft(lines(2))
    office.policy = replace(office.policy, agents=("U0QIAN",))
    await office.crash()
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    assert (await office.state(), await office.refusals()) == (BatchState.DRAFT, [Reason.NOT_AGENT])
    assert await office.lines() == []
    await office.do(ClickAction.DISCARD_BATCH, "U0LI")
    assert await office.state() is BatchState.DISCARDED


async def test_who_left_the_group_of_agents_submits_nothing(opened: Opening) -> None:
    office = opened(agents=("S0AGENTS",))
    office.groups.members_of["S0AGENTS"] = frozenset({"U0LI"})
    await office.draft(lines(2))
    office.groups.members_of["S0AGENTS"] = frozenset()
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    assert await office.refusals() == [Reason.NOT_AGENT]


async def test_it_needs_what_its_rule_asks_for_when_it_is_submitted(opened: Opening) -> None:
    """What its customers are promised between preview and click counts, whoever promised it."""
    office = opened(rules=BY_CUSTOMER)
    batch = await office.draft(lines(3))
    assert (batch.approvals_needed, batch.rule) == (1, 1)
    for number in range(3):
        await office.asking(office.policy).submit(office.ask(f"one {number}", openid(3), "1001"))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    batch = await office.batch()
    assert (batch.state, batch.size, batch.approvals_needed, batch.rule) == (BatchState.PENDING, 3, 2, 2)
    assert {line.approvals_needed for line in await office.lines()} == {2}
    await office.prove()


async def test_it_needs_what_coupon_toml_asks_for_when_it_is_submitted(opened: Opening) -> None:
    office = opened(rules=(Rule(5000, 1, LEADS), Rule(None, 2, MANAGERS)))
    batch = await office.draft(lines(3))
    assert (batch.approvals_needed, batch.value_fen) == (1, 3000)
    office.stock = a_stock("1001", 9000)
    await office.crash()
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    batch = await office.batch()
    assert (batch.value_fen, batch.approvals_needed, batch.approvers) == (27_000, 2, MANAGERS)
    await office.prove()


@pytest.mark.parametrize("crash", [False, True])
async def test_a_line_that_needs_more_than_the_batch_when_its_turn_comes_is_left_out_and_said(
    opened: Opening, crash: bool
) -> None:
    office = opened(rules=BY_CUSTOMER)
    await office.draft(lines(90))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle(parts=1)
    for number in range(3):
        await office.asking(office.policy).submit(office.ask(f"one {number}", openid(80), "1001"))
    if crash:
        await office.crash()
    await office.settle()
    batch = await office.batch()
    assert (batch.size, batch.left_out, batch.approvals_needed) == (89, 1, 1)
    left_out = await office.ledger.read(lambda rows: rows.left_out_of(1, 9))
    assert [(each.row, each.problem) for each in left_out] == [(80, "more_approvals")]
    # Its requester learns which, and why.
    assert [post.batch for post in await office.posts(PostKind.LEFT_OUT)] == [1]


async def test_of_as_many_approvals_the_group_of_fewer_people_decides(opened: Opening) -> None:
    """Who is in a group is asked of Slack: a group that was not asked for would count as nobody."""
    office = opened(rules=(Rule(None, 2, LEADS, stock_ids=("1001",)), Rule(None, 2, ("S0FEW",))))
    office.groups.members_of["S0FEW"] = frozenset({"U0CHEN", "U0SUN"})
    batch = await office.draft([*lines(2), *lines(3, "1002")[2:]])
    assert batch.approvers == ("S0FEW",)


@pytest.mark.parametrize("change", ["nothing", "asked", "forgotten", "time"])
async def test_what_a_draft_is_shown_first_is_what_it_comes_to_at_that_moment(
    opened: Opening, change: str
) -> None:
    """It is worked out when the file is read, and not again unless something has changed since."""
    office = opened(per_stock=Limit(5, 30), duplicate_ms=HOUR)
    before = await office.put(openid(2), "1002", "", State.SENT)
    batch = await office.draft(lines(6))
    assert (batch.size, batch.left_out) == (5, 1)
    match change:
        case "asked":
            await office.asking(office.policy).submit(office.ask("one", openid(3), "1001"))
        case "forgotten":
            erased = CustomerErased(customer=before.customer, user="root")
            await office.ledger.write(lambda tx: forget(tx, erased))
        case "time":
            office.clock.now += 31 * 24 * HOUR
    shown = await office.batch_asking.show(batch)
    again = await office.batch_asking.show(batch)
    assert shown == again
    found = shown.preview
    seen = (len(found.lines), len(found.refused), found.customers_before, len(shown.lately))
    assert (
        seen
        == {
            "nothing": (5, 0, 1, 0),
            "asked": (4, 1, 2, 1),
            "forgotten": (4, 0, 0, 0),
            "time": (5, 0, 0, 0),
        }[change]
    )


async def test_lines_of_a_stock_that_coupon_toml_has_no_longer_are_left_out_and_said(
    office: BatchOffice,
) -> None:
    await office.draft([*lines(2), *lines(4, "1002")[2:]])
    office.stock = a_stock("1009")
    await office.crash()
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    batch = await office.batch()
    assert (batch.state, batch.size, batch.value_fen, batch.left_out) == (BatchState.PENDING, 2, 10_000, 2)
    left_out = await office.ledger.read(lambda rows: rows.left_out_of(1, 9))
    assert [(each.row, each.problem) for each in left_out] == [(2, "stock_gone"), (3, "stock_gone")]
    assert [post.batch for post in await office.posts(PostKind.LEFT_OUT)] == [1]


async def test_what_was_approved_is_given_whatever_coupon_toml_says_then(office: BatchOffice) -> None:
    await office.pending(2)
    office.stock = a_stock("1001", 90_000)
    await office.crash()
    await office.approved_by_two(1)
    office.stock = a_stock("1009")
    await office.crash()
    await office.send()
    await office.settle()
    assert await office.state() is BatchState.DONE
    assert [(line.stock_id, line.value_fen, line.state) for line in await office.lines()] == [
        ("1001", 1000, "sent")
    ] * 2
    await office.prove()
