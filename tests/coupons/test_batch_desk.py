"""Who may do what with a batch, and where a click on it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.asking import Stopped
from coupons.batches import BatchState, LeftOut
from coupons.events import Tag
from coupons.model import ClickAction
from coupons.permissions import URGE_PAUSE_MS, Reason
from coupons.policy import DailyCap, Rule
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
    assert await office.refusals() == [Reason.IN_BATCH] * 2
    assert await office.progress() == {"pending": 3}
    assert await office.posts(PostKind.CARD) == []


async def test_a_line_is_withdrawn_by_its_requester_like_any_request(office: BatchOffice) -> None:
    await office.pending()
    desk = office.desk(POLICY)
    assert isinstance(await desk.cancel(1, "U0WANG"), Stopped)
    assert not isinstance(await desk.cancel(1, "U0LI"), Stopped)
    batch = await office.batch()
    assert (batch.size, batch.value_fen, batch.left_out) == (2, 2000, 1)
    await office.approved_by_two(1)
    # Approved and not begun: it still can be, and the batch's size stays.
    assert not isinstance(await desk.cancel(2, "U0LI"), Stopped)
    await office.send()
    await office.settle()
    assert (await office.progress(), await office.refusals()) == (
        {"cancelled": 2, "sent": 1},
        [Reason.NOT_REQUESTER],
    )
    too_late = await desk.cancel(3, "U0LI")
    assert isinstance(too_late, Stopped)
    assert (await office.state(), len(office.wechat.given)) == (BatchState.DONE, 1)
    assert await office.posts(PostKind.CARD) == await office.posts(PostKind.DIRECT) == []
    await office.prove()


async def test_with_its_last_line_withdrawn_a_batch_waits_for_nobody(office: BatchOffice) -> None:
    await office.pending()
    for number in (1, 2, 3):
        await office.desk(POLICY).cancel(number, "U0LI")
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.CANCELLED, {"cancelled": 3})
    assert (await office.batch_tags())[-1] == Tag.BATCH_CANCELLED
    await office.prove()


async def test_whoever_reminds_of_a_line_reminds_of_its_batch_and_not_too_often(office: BatchOffice) -> None:
    await office.pending()
    desk = office.desk(POLICY)
    for who in ("U0WANG", "U0LI", "U0LI"):
        await desk.urge(2, who)
    assert await office.refusals() == [Reason.NOT_REQUESTER, Reason.TOO_SOON]
    office.clock.now += URGE_PAUSE_MS
    await desk.urge(3, "U0LI")
    urged = [each for each in await office.log() if each.tag == Tag.REQUEST_URGED]
    assert [(each.request_id, each.detail["batch"]) for each in urged] == [(None, 1)] * 2
    assert [post.seq for post in await office.steps()] == [each.seq for each in urged]
    await office.approved_by_two(1)
    await desk.urge(3, "U0LI")
    assert (await office.refusals())[-1] == Reason.TOO_LATE
    await office.prove()


async def test_who_would_strike_out_all_lines_declines_the_batch_instead(office: BatchOffice) -> None:
    before = await office.pending()
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="2-4")
    assert (await office.refusals(), await office.batch()) == ([Reason.TOO_LATE], before)
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="2-3, 3")
    assert (await office.batch()).size == 1
    await office.prove()
