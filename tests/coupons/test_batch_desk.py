"""Who may do what with a batch, and where a click on it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.batches import BatchState, LeftOut
from coupons.events import Tag
from coupons.model import ClickAction
from coupons.policy import DailyCap, Reason, Rule
from coupons.posts import PostKind
from tests.coupons.batch_office import CARD, POLICY, PREVIEW, BatchOffice, Opening, lines

BAD = LeftOut(row=9, column="openid", read="#N/A", problem="error")


@pytest.mark.parametrize(
    ("action", "who", "why"),
    [
        (ClickAction.APPROVE_BATCH, "U0LI", Reason.SELF),
        (ClickAction.STRIKE_LINES, "U0LI", Reason.SELF),
        (ClickAction.DECLINE_BATCH, "U0LI", Reason.SELF),
        (ClickAction.APPROVE_BATCH, "U0NOBODY", Reason.NOT_APPROVER),
        (ClickAction.CANCEL_BATCH, "U0NOBODY", Reason.NOT_APPROVER),
        (ClickAction.PAUSE_BATCH, "U0WANG", Reason.TOO_LATE),
        (ClickAction.SUBMIT_BATCH, "U0LI", Reason.TOO_LATE),
        (ClickAction.DISCARD_BATCH, "U0WANG", Reason.NOT_REQUESTER),
    ],
)
async def test_who_may_not_is_refused_and_the_refusal_is_an_event(
    office: BatchOffice, action: ClickAction, who: str, why: Reason
) -> None:
    before = await office.pending()
    await office.do(action, who, reason="2")
    assert (await office.refusals(), await office.batch()) == ([why], before)
    [answer] = await office.posts(PostKind.ANSWER)
    assert (answer.person, answer.batch) == (who, 1)


async def test_a_click_counts_only_where_the_batch_stands_now(office: BatchOffice) -> None:
    draft = await office.draft(lines(2))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI", on=("D0LI", "1.0"))
    assert await office.batch() == draft
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    for elsewhere in (("C0APPROVE", "1.0"), ("C0OTHER", CARD[1]), PREVIEW):
        await office.do(ClickAction.APPROVE_BATCH, "U0WANG", on=elsewhere)
    assert await office.refusals() == [Reason.OTHER_CARD] * 4
    assert await office.ledger.read(lambda rows: rows.batch_approvals(1)) == []


async def test_people_from_outside_decide_nothing_and_ask_for_nothing(office: BatchOffice) -> None:
    await office.pending()
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG", team="T0OTHER")
    assert await office.refusals() == [Reason.OUTSIDER]
    with pytest.raises(AssertionError):
        await office.receive("V2", team="T0OTHER")
    with pytest.raises(AssertionError):
        await office.receive("V3", who="U0NOBODY")
    refused = [each.detail["reason"] for each in await office.log() if each.tag == Tag.COMMAND_REFUSED]
    assert refused == [Reason.OUTSIDER, Reason.NOT_AGENT]


async def test_one_person_gives_one_approval(office: BatchOffice) -> None:
    await office.pending()
    for _ in range(2):
        await office.do(ClickAction.APPROVE_BATCH, "U0WANG")
    assert (await office.refusals(), await office.state()) == ([Reason.ALREADY_APPROVED], BatchState.PENDING)


async def test_a_click_that_two_replicas_decide_counts_once(office: BatchOffice) -> None:
    await office.pending()
    click = await office.keep(ClickAction.APPROVE_BATCH, "U0WANG")
    for _ in range(2):
        assert await office.batch_desk.decide(click)
    assert (await office.refusals(), len(await office.batch_tags())) == ([], 2)


async def test_whom_coupon_toml_names_no_longer_approves_nothing(office: BatchOffice) -> None:
    await office.pending()
    office.policy = replace(POLICY, approvers=("S0OTHERS",), rules=())
    await office.crash()
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG")
    assert await office.refusals() == [Reason.NOT_APPROVER]


async def test_only_what_was_read_and_holds_a_line_is_submitted_and_once(office: BatchOffice) -> None:
    unread = await office.receive("V9")
    await office.ledger.write(lambda tx: tx.set_preview(unread.id, *PREVIEW))
    await office.draft([], [BAD], delivery="V2")
    await office.draft(lines(2), delivery="V3", sha256="cd" * 32)
    for number in (1, 2, 3, 3):
        await office.do(ClickAction.SUBMIT_BATCH, "U0LI", number)
    await office.do(ClickAction.DISCARD_BATCH, "U0LI", 3)
    assert await office.refusals() == [Reason.TOO_LATE] * 4
    await office.settle()
    states = [await office.state(number) for number in (1, 2, 3)]
    assert states == [BatchState.DRAFT, BatchState.DRAFT, BatchState.PENDING]


async def test_many_coupons_are_looked_at_by_one_whatever_a_rule_lets_pass(opened: Opening) -> None:
    office = opened(rules=(Rule(None, 0, (), per_day=DailyCap(99, 99_000)),))
    assert (await office.pending()).approvals_needed == 1
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG")
    await office.settle()
    await office.send()
    assert await office.progress() == {"sent": 3}


async def test_who_left_the_group_approves_nothing(office: BatchOffice) -> None:
    await office.pending()
    office.groups.members_of["S0LEADS"] = frozenset({"U0ZHAO"})
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG")
    assert await office.refusals() == [Reason.NOT_APPROVER]


async def test_a_line_is_decided_with_its_batch_alone(office: BatchOffice) -> None:
    await office.pending()
    desk = office.desk(POLICY)
    for action, who in ((ClickAction.APPROVE, "U0WANG"), (ClickAction.DECLINE, "U0WANG")):
        await office.click(desk, 1, who, action)
    await desk.cancel(1, "U0LI")
    await desk.urge(1, "U0LI")
    assert await office.refusals() == [Reason.IN_BATCH] * 4
    assert await office.progress() == {"pending": 3}
    assert await office.posts(PostKind.CARD) == []
