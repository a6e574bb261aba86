"""What WeChat Pay says no to, and not finally: it stops a stock, or everything, is told once, and goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.batches import BatchState
from coupons.errors import DirectoryUnavailable
from coupons.events import Tag
from coupons.model import ClickAction, Pause, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.permissions import Reason
from coupons.posts import PostKind
from tests.coupons.batch_office import POLICY, BatchOffice, lines, openid

NO = Outcome(
    kind=Kind.REFUSED,
    verified=True,
    attempt_open=False,
    remedy=Remedy.OPERATOR,
    status=403,
    code="NOT_ENOUGH",
)
OF_MERCHANT = replace(NO, status=401, code="SIGN_ERROR", of_merchant=True)


async def two_stocks(office: BatchOffice) -> None:
    """Rows 2 to 91 of a stock that is used up, 92 to 111 of another; 40 are claimed before a first no."""
    good = [
        *lines(90),
        *(
            replace(line, row=line.row + 90, stock_id="1002", openid=openid(line.row + 90))
            for line in lines(20)
        ),
    ]
    batch = await office.draft(good)
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI", batch.id)
    await office.settle()
    await office.approved_by_two(batch.id)
    office.wechat.says = {line.openid: [NO] for line in good if line.stock_id == "1001"}


async def paused(office: BatchOffice) -> list[tuple[object, object]]:
    found = [each for each in await office.log() if each.tag == Tag.BATCH_PAUSED]
    return [(each.detail["code"], each.detail.get("stock_id")) for each in found]


async def by_stock(office: BatchOffice, stock_id: str) -> dict[str, int]:
    states: dict[str, int] = {}
    for line in await office.lines():
        if line.stock_id == stock_id:
            states[line.state] = states.get(line.state, 0) + 1
    return states


async def test_a_stock_that_is_used_up_stops_its_own_lines_and_the_others_are_sent(
    office: BatchOffice,
) -> None:
    await two_stocks(office)
    await office.send(40)
    assert await by_stock(office, "1002") == {"sent": 20}
    assert await by_stock(office, "1001") == {"held": 40, "approved": 50}
    assert (await office.state(), await paused(office)) == (BatchState.PAUSED, [("NOT_ENOUGH", "1001")])
    await office.settle()
    assert await office.state() is BatchState.PAUSED
    office.wechat.says = {}
    await office.do(ClickAction.RESUME_BATCH, "U0LI")
    office.clock.now += 1_000
    await office.send(40)
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.DONE, {"sent": 110})
    assert set(office.wechat.calls.values()) == {1, 2}
    assert len(office.wechat.given) == 110
    await office.prove()


async def test_each_stock_that_is_used_up_is_told_once(office: BatchOffice) -> None:
    await two_stocks(office)
    office.wechat.says |= {openid(row): [NO] for row in range(92, 112)}
    await office.send(40)
    assert await paused(office) == [("NOT_ENOUGH", "1001"), ("NOT_ENOUGH", "1002")]
    assert (await by_stock(office, "1002")).keys() <= {"held", "approved"}
    await office.prove()


async def test_a_person_may_pause_what_is_paused_for_one_stock_alone(office: BatchOffice) -> None:
    await two_stocks(office)
    await office.send(1)
    assert (await office.state(), (await office.batch()).closed_by) == (BatchState.PAUSED, None)
    await office.do(ClickAction.PAUSE_BATCH, "U0LI")
    assert (await office.batch()).closed_by == "U0LI"
    await office.send(40)
    assert await by_stock(office, "1002") == {"sent": 4, "approved": 16}
    await office.do(ClickAction.PAUSE_BATCH, "U0LI")
    assert await office.refusals() == [Reason.TOO_LATE]
    await office.prove()


@pytest.mark.parametrize("signed", [True, False])
async def test_a_fault_of_the_merchant_stops_every_stock_and_resuming_sending_is_enough(
    office: BatchOffice, signed: bool
) -> None:
    await two_stocks(office)
    # Who does not know whose request it is signs no answer, and nobody knows then what was given.
    no = replace(OF_MERCHANT, verified=signed, attempt_open=not signed)
    office.wechat.says = {openid(row): [no] for row in range(2, 112)}
    await office.send(40)
    assert (await office.progress()).keys() == {"held", "approved"}
    pause = await office.ledger.read(lambda rows: rows.pause())
    assert pause is not None
    assert (pause.by, await paused(office)) == ("system", [("SIGN_ERROR", None)])
    assert (await office.state(), (await office.batch()).closed_by) == (BatchState.PAUSED, "system")
    assert len(await office.posts(PostKind.NEWS)) == 1
    office.wechat.says = {}
    assert await office.desk(POLICY).pause("U0WANG", pause=False) is None
    assert (await office.state(), (await office.progress()).get("held")) == (BatchState.RUNNING, None)
    office.clock.now += 1_000
    await office.send(40)
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.DONE, {"sent": 110})
    assert len(office.wechat.given) == 110
    await office.prove()


async def test_what_a_person_or_a_stock_paused_goes_on_by_no_resuming_of_all_sending(
    office: BatchOffice,
) -> None:
    await two_stocks(office)
    await office.send(1)
    for by in (None, "U0LI"):
        if by:
            await office.do(ClickAction.PAUSE_BATCH, by)
        await office.ledger.write(lambda tx: tx.set_pause(Pause("U0WANG", office.clock(), "")))
        await office.desk(POLICY).pause("U0WANG", pause=False)
        assert (await office.state(), (await office.batch()).closed_by) == (BatchState.PAUSED, by)
    assert (await by_stock(office, "1001"))["held"] == 40


async def test_while_slack_does_not_say_who_is_in_a_group_the_loop_goes_on_with_other_batches(
    office: BatchOffice,
) -> None:
    await office.pending()
    await office.draft(lines(3), delivery="V2", sha256="cd" * 32)
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI", 2)
    await office.do(ClickAction.DECLINE_BATCH, "U0WANG", 1)
    members = office.groups.members

    async def away(_group_id: str) -> frozenset[str]:
        raise DirectoryUnavailable("users.list")

    office.groups.members = away  # type: ignore[method-assign]  # Slack is away
    assert await office.work.step() == 0.0
    assert await office.work.step() == 1.0
    assert (await office.progress(1), await office.state(2)) == ({State.DECLINED: 3}, BatchState.DRAFT)
    assert {type(error) for error in office.troubles} == {DirectoryUnavailable}
    office.troubles.clear()
    office.groups.members = members  # type: ignore[method-assign]  # and back
    await office.settle()
    assert await office.state(2) is BatchState.PENDING


async def test_a_fault_of_the_merchant_is_told_though_a_stock_was_used_up_before(office: BatchOffice) -> None:
    await two_stocks(office)
    office.wechat.says |= {openid(row): [OF_MERCHANT] for row in range(92, 112)}
    await office.send(40)
    assert await paused(office) == [("NOT_ENOUGH", "1001"), ("SIGN_ERROR", None)]
    batch = await office.batch()
    assert (batch.closed_by, batch.pause_code) == ("system", "SIGN_ERROR")
    office.wechat.says = {}
    await office.desk(POLICY).pause("U0WANG", pause=False)
    office.clock.now += 1_000
    await office.send(40)
    await office.settle()
    assert (await office.state(), await office.progress()) == (BatchState.DONE, {"sent": 110})
    await office.prove()
