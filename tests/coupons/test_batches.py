"""The life of a batch: from a file to its result, on a real ledger, with a sender that sends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.batches import BATCH_FINAL, BatchState, LeftOut
from coupons.events import Tag
from coupons.model import ClickAction, Pause, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.permissions import Reason
from coupons.policy import Escalation
from coupons.posts import PostKind
from coupons.reminding import Reminder
from tests.coupons.batch_office import HOUR, POLICY, BatchOffice, Opening, lines, openid

BAD = LeftOut(row=9, column="openid", read="#N/A", problem="error")
LOST = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="TIMEOUT")
NO = Outcome(
    kind=Kind.REFUSED,
    verified=True,
    attempt_open=False,
    remedy=Remedy.FINAL,
    said_no=True,
    code="RULELIMIT",
)


def held(code: str) -> Outcome:
    return Outcome(
        kind=Kind.UNKNOWN,
        verified=True,
        attempt_open=False,
        remedy=Remedy.OPERATOR,
        said_no=True,
        code=code,
    )


# --- the whole way


async def test_a_file_becomes_coupons_that_two_approved(office: BatchOffice) -> None:
    batch = await office.draft(lines(150), [replace(BAD, row=200)])
    shown = await office.batch_asking.show(batch)
    assert (len(shown.preview.lines), shown.preview.fen, shown.same_file) == (150, 150_000, None)
    assert (batch.size, batch.value_fen, batch.left_out, batch.approvals_needed) == (150, 150_000, 1, 2)
    assert await office.requests() == 0, "a draft asks for nothing"
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    assert await office.settle() == 9, "seven of 20, one of 10, and none are left"
    assert [line.state for line in await office.lines()] == [State.PENDING] * 150
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG")
    await office.settle()
    await office.send()
    assert (await office.state(), office.wechat.calls) == (BatchState.PENDING, {})
    await office.do(ClickAction.APPROVE_BATCH, "U0ZHAO")
    assert await office.settle() == 8
    assert (await office.state(), await office.progress()) == (BatchState.RUNNING, {"approved": 150})
    await office.send()
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.DONE, {"sent": 150})
    assert {*office.wechat.calls.values()} == {1}
    assert len({line.coupon_code for line in await office.lines()}) == 150
    assert await office.batch_tags() == [
        Tag.BATCH_CREATED,
        Tag.APPROVAL_GIVEN,
        Tag.APPROVAL_GIVEN,
        Tag.BATCH_APPROVED,
        Tag.BATCH_DONE,
    ]
    assert (await office.prove()).rows > 150 * 5
    # No line says anything by itself; one card and one result tell of all.
    assert await office.posts(PostKind.CARD) == await office.posts(PostKind.DIRECT) == []
    assert len(await office.posts(PostKind.BATCH_CARD)) == 1
    assert [(post.person, post.channel) for post in await office.posts(PostKind.RESULT)] == [
        ("U0LI", None),
        (None, "C0APPROVE"),
    ]
    assert [post.request_id for post in await office.steps()] == [None] * 3


async def crashed_everywhere(office: BatchOffice) -> int:
    """The whole way, with a crash after each part; how many."""
    crashes = 0
    await office.draft(lines(150))
    await office.crash()
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.crash()
    while await office.settle(parts=1):
        await office.crash()
        crashes += 1
    for who in ("U0WANG", "U0ZHAO"):
        await office.do(ClickAction.APPROVE_BATCH, who)
        await office.crash()
    while await office.state() is not BatchState.DONE:
        await office.settle(parts=1)
        await office.crash()
        await office.send(steps=1)
        await office.crash()
        crashes += 1
    return crashes


async def test_a_crash_after_any_part_loses_and_repeats_nothing(office: BatchOffice) -> None:
    assert await crashed_everywhere(office) >= 7
    assert await office.progress() == {"sent": 150}
    assert {*office.wechat.calls.values()} == {1}
    assert len(office.wechat.calls) == 150
    assert [line.batch_row for line in await office.lines()] == [*range(2, 152)]
    await office.prove()


async def test_reading_begun_again_after_a_crash_comes_to_the_same(office: BatchOffice) -> None:
    first = await office.receive()
    assert await office.receive() == first, "the same delivery"
    good = lines(3)
    await office.ledger.write(lambda tx: tx.add_lines(first.id, good[:2], [BAD]))
    await office.crash()
    for _ in range(2):
        await office.batch_asking.keep_lines(first, sha256="ab" * 32, good=good, bad=[BAD])
    # Nor is it refused by another start that could not read it.
    await office.batch_asking.refuse_file(first, "too_large")
    batch = await office.batch()
    assert (batch.size, batch.left_out, batch.file_id, batch.rev) == (3, 1, "", 2)
    assert list(await office.ledger.read(lambda rows: rows.lines(1, after=0, limit=9))) == good


# --- ends


async def test_a_declined_batch_declines_its_lines_with_the_reason(office: BatchOffice) -> None:
    await office.pending(70)
    await office.do(ClickAction.DECLINE_BATCH, "U0WANG", reason=f"not {openid(2)}")
    assert await office.settle() == 4
    assert (await office.state(), await office.progress()) == (BatchState.DECLINED, {"declined": 70})
    [line, *_] = await office.lines()
    assert (line.closed_by, line.decline_reason) == ("U0WANG", "not oC…000002")
    assert await office.posts(PostKind.RESULT) == [], "nothing was given, and its card says so"
    assert await office.settle() == 0
    ended = await office.batch()
    # Another replica had read it before.
    assert not await office.work._work(ended)
    assert await office.batch() == ended
    await office.prove()


@pytest.mark.parametrize("who", ["U0LI", "U0WANG"])
async def test_cancelled_in_the_middle_what_is_under_way_ends_and_the_rest_is_withdrawn(
    office: BatchOffice, who: str
) -> None:
    await office.running(102)
    office.wechat.says = {openid(row): [LOST] for row in range(2, 104)}
    await office.send(steps=1)
    assert await office.progress() == {"unknown": 94, "approved": 8}
    await office.do(ClickAction.CANCEL_BATCH, who)
    await office.settle()
    assert await office.progress() == {"unknown": 94, "cancelled": 8}
    assert await office.posts(PostKind.RESULT) == [], "not all have ended"
    office.clock.now += HOUR
    await office.send(steps=3)
    await office.settle()
    assert await office.progress() == {"sent": 94, "cancelled": 8}
    assert (len(office.wechat.given), len(await office.posts(PostKind.RESULT))) == (94, 2)
    await office.prove()


async def test_cancelled_between_approval_and_running_nothing_is_sent(office: BatchOffice) -> None:
    await office.pending(70)
    for who in ("U0WANG", "U0ZHAO"):
        await office.do(ClickAction.APPROVE_BATCH, who)
    assert await office.settle(parts=1) == 1
    assert await office.progress() == {"approved": 20, "pending": 50}
    await office.send()
    assert office.wechat.calls == {}, "none begins before all are approved"
    await office.do(ClickAction.CANCEL_BATCH, "U0WANG")
    await office.send()
    await office.settle()
    assert (await office.progress(), office.wechat.calls) == ({"cancelled": 70}, {})
    await office.prove()


async def test_what_nobody_decides_expires_and_a_draft_is_forgotten(office: BatchOffice) -> None:
    await office.pending()
    await office.draft(lines(2), [BAD], delivery="V2", sha256="cd" * 32)
    office.clock.now += HOUR
    await office.settle()
    assert (await office.state(), await office.state(2)) == (BatchState.PENDING, BatchState.DISCARDED)
    assert await office.ledger.read(
        lambda rows: (rows.lines(2, after=0, limit=9), rows.count_left_out(2))
    ) == (
        [],
        0,
    )
    office.clock.now += 9 * HOUR
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.EXPIRED, {"expired": 3})
    assert await office.batch_tags() == [Tag.BATCH_CREATED, Tag.BATCH_EXPIRED]
    await office.prove()


async def test_a_discarded_draft_makes_nothing_and_keeps_no_openid(office: BatchOffice) -> None:
    await office.draft(lines(2), [BAD])
    await office.do(ClickAction.DISCARD_BATCH, "U0LI")
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    assert (await office.state(), await office.requests()) == (BatchState.DISCARDED, 0)
    assert await office.refusals() == [Reason.TOO_LATE]
    assert await office.ledger.read(lambda rows: rows.lines(1, after=0, limit=9)) == []


# --- pausing


async def test_paused_none_begins_and_resumed_it_goes_on(office: BatchOffice) -> None:
    await office.running()
    await office.do(ClickAction.PAUSE_BATCH, "U0LI")
    await office.send()
    await office.settle()
    assert (await office.state(), office.wechat.calls) == (BatchState.PAUSED, {})
    await office.do(ClickAction.RESUME_BATCH, "U0ZHAO")
    await office.send()
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.DONE, {"sent": 3})
    assert await office.batch_tags() == [
        *[Tag.BATCH_CREATED, Tag.APPROVAL_GIVEN, Tag.APPROVAL_GIVEN, Tag.BATCH_APPROVED],
        *[Tag.BATCH_PAUSED, Tag.BATCH_RESUMED, Tag.BATCH_DONE],
    ]
    await office.prove()


@pytest.mark.parametrize(
    ("count", "states"), [(90, {"held": 40, "approved": 50}), (3, {"held": 3})], ids=["some", "all"]
)
async def test_what_stops_all_pauses_once_and_goes_on_with_the_same_numbers(
    office: BatchOffice, count: int, states: dict[str, int]
) -> None:
    await office.running(count)
    office.wechat.says = {openid(row): [held("NOT_ENOUGH")] for row in range(2, 92)}
    await office.send()
    assert (await office.state(), await office.progress()) == (BatchState.PAUSED, states)
    paused = [each for each in await office.log() if each.tag == Tag.BATCH_PAUSED]
    assert [(each.actor, each.detail["code"]) for each in paused] == [("system", "NOT_ENOUGH")]
    await office.settle()
    assert await office.state() is BatchState.PAUSED, "what is held goes on when somebody resumes"
    office.wechat.says = {}
    await office.do(ClickAction.RESUME_BATCH, "U0LI")
    office.clock.now += 1_000
    await office.send()
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.DONE, {"sent": count})
    assert len(office.wechat.given) == count
    await office.prove()


async def test_a_line_of_its_own_trouble_stops_no_other_and_is_sent_again_after_the_end(
    office: BatchOffice,
) -> None:
    await office.running(3)
    not_clear = replace(held("NO_CLEAR_ANSWER"), verified=False, attempt_open=True)
    office.wechat.says = {openid(2): [not_clear], openid(3): [NO]}
    await office.send()
    await office.settle()
    assert await office.progress() == {"held": 1, "refused": 1, "sent": 1}
    assert (await office.state(), (await office.batch()).result_promised) == (BatchState.DONE, True)
    await office.click(office.desk(POLICY), 1, "U0WANG", ClickAction.RETRY)
    await office.send()
    assert await office.progress() == {"refused": 1, "sent": 2}
    assert not (await office.batch()).result_promised
    await office.settle()
    assert (await office.batch()).result_promised, "it has another result now"
    assert await office.posts(PostKind.CARD) == []
    await office.prove()


async def test_lines_that_somebody_ends_after_their_batch_are_told_together_a_minute_later(
    office: BatchOffice,
) -> None:
    await office.running(3)
    not_clear = replace(held("NO_CLEAR_ANSWER"), verified=False, attempt_open=False)
    office.wechat.says = {openid(2): [not_clear], openid(3): [not_clear]}
    await office.send()
    await office.settle()
    assert await office.state() is BatchState.PAUSED
    await office.do(ClickAction.CANCEL_BATCH, "U0LI")
    await office.settle()
    assert await office.progress() == {"held": 2, "sent": 1}
    for post in await office.posts(PostKind.RESULT):
        await office.ledger.write(lambda tx, key=post.key: tx.recall_post(key))  # type: ignore[misc]  # bound now
    for number in (1, 2):
        office.clock.now += 1_000
        await office.click(office.desk(POLICY), number, "U0WANG", ClickAction.CLOSE)
    assert await office.progress() == {"closed": 2, "sent": 1}
    due = await office.ledger.read(lambda rows: rows.next_post_due(office.clock.now + 1_000))
    assert due == office.clock.now - 1_000 + 60_000, "the first of them says when"
    assert len(await office.posts(PostKind.RESULT)) == 2
    await office.prove()


@pytest.mark.parametrize("action", [ClickAction.DECLINE_BATCH, None])
async def test_what_stood_in_bad_lines_is_forgotten_where_nobody_is_told_of_it(
    office: BatchOffice, action: ClickAction | None
) -> None:
    batch = await office.draft(lines(2), [replace(BAD, read=openid(9), facts="[]")])
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    [bad] = await office.ledger.read(lambda rows: rows.left_out_of(batch.id, 9))
    assert bad.read == openid(9)
    if action is None:
        office.clock.now += 11 * HOUR
    else:
        await office.do(action, "U0WANG")
    await office.settle()
    assert (await office.state()) in BATCH_FINAL
    [bad] = await office.ledger.read(lambda rows: rows.left_out_of(batch.id, 9))
    assert (bad.row, bad.problem, bad.read, bad.facts) == (9, "error", "", "")


async def test_a_pause_of_sending_stops_the_time_of_a_batch_and_its_approvals(office: BatchOffice) -> None:
    before = await office.pending()
    desk = office.desk(POLICY)
    assert isinstance(await desk.pause("U0WANG", pause=True), Pause)
    office.clock.now += 20 * HOUR
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG")
    await office.settle()
    assert (await office.refusals(), await office.state()) == ([Reason.PAUSED], BatchState.PENDING)
    await desk.pause("U0WANG", pause=False)
    after = await office.batch()
    assert (after.expires_at, after.waits_from) == (
        (before.expires_at or 0) + 20 * HOUR,
        (before.waits_from or 0) + 20 * HOUR,
    )
    await office.settle()
    assert await office.state() is BatchState.PENDING


async def test_a_batch_is_called_to_mind_like_a_request(opened: Opening) -> None:
    office = opened(
        reminders_ms=(HOUR, 2 * HOUR), escalation=Escalation(after_ms=3 * HOUR, mention="S0BOSSES")
    )
    await office.pending()
    reminder: Reminder = office.reminder(office.policy)
    for _ in range(5):
        await reminder.step()
        office.clock.now += HOUR
    reminded = [each for each in await office.log() if each.tag == Tag.REQUEST_REMINDED]
    assert [(each.request_id, each.detail["batch"], each.detail["mention"]) for each in reminded] == [
        (None, 1, None),
        (None, 1, None),
        (None, 1, "S0BOSSES"),
    ]
    steps = await office.steps()
    assert [(post.batch, post.seq) for post in steps] == [(1, each.seq) for each in reminded]
    await office.prove()


async def test_nobody_is_called_to_a_batch_that_can_only_expire(opened: Opening) -> None:
    office = opened(reminders_ms=(HOUR,))
    await office.pending()
    office.clock.now += 10 * HOUR
    await office.reminder(office.policy).step()
    assert (await office.batch()).remind_at is None
    assert [each for each in await office.log() if each.tag == Tag.REQUEST_REMINDED] == []
