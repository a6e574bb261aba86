"""A batch for the tests of the views, and every message that its card and its thread can show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from coupons.batches import (
    Batch,
    BatchApproval,
    BatchState,
    CustomerOfBatch,
    CustomersOfBatch,
    HeldLines,
    Progress,
    StockOfBatch,
)
from coupons.events import Tag
from coupons.model import ClickAction, Pause, State
from coupons.permissions import Reason
from coupons.recording import Recorded
from handlers.views import batch_answers, batch_card, batch_thread, command_replies, failures
from handlers.views.batch_card import BatchOnCard
from handlers.views.batch_standing import Speed
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.views_samples import APPROVERS, GROUPS, IN_ORDER, LI, NOW, OPENID, WANG, request

BATCH = Batch(
    id=7,
    rev=1,
    state=BatchState.PENDING,
    delivery="T0SHOP.V1",
    requester="U0AGENT",
    file_id="",
    file_name="late parcels.xlsx",
    stock_id="1212121212",
    reason="Parcels four days late",
    ticket="",
    asked_at=NOW,
    sha256="ab" * 32,
    submitted_at=NOW,
    size=2000,
    value_fen=2_400_000,
    highest_fen=5000,
    left_out=3,
    approvals_needed=2,
    approvers=APPROVERS,
    rule=2,
    waits_from=NOW,
    expires_at=NOW + 86_400_000,
    card_channel="C0APPROVE",
    card_ts="5.000100",
)
SHOWN = BatchOnCard(
    batch=BATCH,
    approvals=(BatchApproval(approver="U0WANG", at=NOW, seq=9),),
    progress=Progress({"pending": 2000}),
    stocks=(
        StockOfBatch(stock_id="1212121212", stock_name="¥10 off, late delivery", count=1900, fen=1_900_000),
        StockOfBatch(stock_id="1313131313", stock_name="¥50 off, sorry", count=100, fen=500_000),
    ),
    customers=CustomersOfBatch(
        count=1990, before=41, largest=(CustomerOfBatch(openid=OPENID, count=3, fen=11_000),)
    ),
    approvers=APPROVERS,
)
PROGRESS = Progress(
    {"sent": 1040, "refused": 7, "unknown": 2, "sending": 30, "approved": 900, "held": 1, "declined": 20},
    1_040_000,
)
HELD = HeldLines(
    stock_id="1212121212", stock_name="¥10 off, late delivery", code="NOT_ENOUGH", count=3, not_known=0
)


def shown(state: BatchState, **changes: Any) -> BatchOnCard:
    """As it is drawn in this state; `changes` of the row."""
    batch = replace(BATCH, state=state, **changes)
    if state is BatchState.PENDING:
        return replace(SHOWN, batch=batch)
    progress = {
        BatchState.RUNNING: PROGRESS,
        BatchState.PAUSED: PROGRESS,
        BatchState.DONE: Progress({"sent": 1990, "refused": 7, "held": 3}, 1_990_000),
        BatchState.CANCELLED: Progress({"sent": 1040, "cancelled": 960}, 1_040_000),
    }
    return replace(
        SHOWN, batch=batch, customers=None, progress=progress.get(state, Progress({"declined": 2000}))
    )


def named(each: BatchOnCard, typed: str) -> BatchOnCard:
    """With this as what people wrote, and what the file and the stocks are called."""
    batch = replace(each.batch, reason=typed, file_name=typed, ticket=typed, decline_reason=typed)
    stocks = tuple(replace(stock, stock_name=typed) for stock in each.stocks)
    held = tuple(replace(lines, stock_name=typed) for lines in each.held)
    return replace(each, batch=batch, stocks=stocks, held=held, stopped=stocks if each.stopped else ())


def cards() -> Iterator[BatchOnCard]:
    """One of each kind."""
    yield SHOWN
    yield replace(
        SHOWN, approvals=(), approvers=(), customers=CustomersOfBatch(count=1, before=1, largest=())
    )
    one = replace(BATCH, approvals_needed=1)
    yield replace(SHOWN, batch=one, approvals=(), customers=CustomersOfBatch(count=9, before=0, largest=()))
    yield replace(SHOWN, batch=replace(one, rule=0))
    for needs in (GROUPS, IN_ORDER):
        given = (BatchApproval(approver="U0WANG", at=NOW, seq=9, fills=(1, 2)),)
        yield replace(SHOWN, batch=replace(BATCH, needs=needs), approvals=given)
    raised = (Reason.AGENT_LIMIT, Reason.BUDGET_LIMIT)
    yield shown(BatchState.PENDING, raised=raised, size=1, rule=0, ticket="https://desk.example/t/4711")
    yield replace(SHOWN, pause=Pause("U0LI", NOW, "wrong stock"), stocks=SHOWN.stocks * 6)
    yield shown(BatchState.APPROVED)
    for speed in (None, Speed(41.7, 23_000), Speed(0.4, 7_300_000), Speed(75.0, 0)):
        yield replace(shown(BatchState.RUNNING), speed=speed)
    yield replace(shown(BatchState.RUNNING), pause=Pause("U0LI", NOW, ""), speed=Speed(41.7, 23_000))
    yield replace(shown(BatchState.RUNNING), stopped=SHOWN.stocks[:1])
    yield shown(BatchState.PAUSED, closed_by="U0WANG")
    yield replace(shown(BatchState.PAUSED), held=(HELD, replace(HELD, code="WHATEVER", count=1)))
    yield replace(shown(BatchState.PAUSED, closed_by="system"), held=(replace(HELD, code="SIGN_ERROR"),))
    yield shown(BatchState.PAUSED)
    yield shown(BatchState.DONE, closed_at=NOW)
    yield replace(shown(BatchState.DONE, closed_at=NOW), held=(replace(HELD, not_known=1),))
    for state in (BatchState.CANCELLED, BatchState.DECLINED, BatchState.EXPIRED, BatchState.DISCARDED):
        yield shown(state, closed_by="U0WANG", closed_at=NOW, decline_reason="Already refunded")


def event(tag: str, actor: str = "system", **detail: Any) -> Recorded:
    return Recorded(seq=5, ts=NOW, tag=tag, actor=actor, request_id=None, detail={"batch": 7, **detail})


def events(typed: str = "Already refunded", code: str = "NOT_ENOUGH") -> Iterator[Recorded]:
    yield event(Tag.APPROVAL_GIVEN, "U0WANG", count=1, needed=2)
    yield event(Tag.APPROVAL_GIVEN, "U0LI", count=2, needed=2)
    yield event(Tag.BATCH_DECLINED, "U0LI", reason=typed)
    yield event(Tag.BATCH_DECLINED, "U0LI", reason="")
    yield event(Tag.BATCH_EXPIRED)
    yield event(Tag.BATCH_CANCELLED, "U0AGENT")
    yield event(Tag.BATCH_STRUCK, "U0LI", rows=[17])
    yield event(Tag.BATCH_STRUCK, "U0LI", rows=list(range(2, 40)))
    yield event(Tag.BATCH_PAUSED, "U0LI", code=None)
    yield event(Tag.BATCH_PAUSED, code=code, stock_id="1212121212")
    yield event(Tag.BATCH_PAUSED, code=code, stock_id=None)
    yield event(Tag.BATCH_RESUMED, "U0LI", retried=0)
    yield event(Tag.BATCH_RESUMED, "U0LI", retried=3)
    yield event(Tag.BATCH_DONE, states={"sent": 1990, "refused": 7, "held": 3, typed: 1})
    yield event(Tag.REQUEST_URGED, "U0AGENT")
    yield event(Tag.REQUEST_REMINDED, waited_ms=7_200_000, mention=None)
    yield event(Tag.REQUEST_REMINDED, waited_ms=60_000, mention="S0MANAGERS")


def refused(reason: str, action: str) -> Recorded:
    return event(Tag.CLICK_REFUSED, "U0X", action=action, reason=reason, state="pending")


OF_BATCHES = tuple(action for action in ClickAction if action.endswith(("_batch", "_lines")))


def batch_messages(words: Words, typed: str = "Already refunded") -> Iterator[Message]:
    """All of them. `typed`: what somebody wrote."""
    for each in cards():
        yield batch_card.batch_card(words, each)
    for found in events(typed):
        for state in (BatchState.PENDING, BatchState.RUNNING):
            batch = replace(BATCH, state=state)
            yield batch_thread.step(words, found, batch, approvers=APPROVERS)
            yield batch_thread.step(words, found, batch, paused=True)
    for state in BatchState:
        for reason in Reason:
            for action in OF_BATCHES:
                batch = replace(BATCH, state=state)
                yield batch_answers.answer(words, refused(reason, action), batch)
    yield batch_answers.answer(words, refused(Reason.NO_SUCH_REQUEST, "approve_batch"), None)
    placed = replace(BATCH, preview_channel="D0AGENT", preview_ts="4.000100")
    for action in OF_BATCHES:
        found = refused(Reason.OTHER_CARD, action)
        yield batch_answers.answer(words, found, placed, workspace_url="https://shop.slack.com/")
        yield batch_answers.answer(words, found, replace(placed, card_ts=None, preview_ts=None))
    yield failures.batch_form_did_not_open(words, 7)
    line = request(batch=7, batch_row=17)
    yield command_replies.status_of_line(words, line, [WANG], BATCH)
    yield command_replies.status_of_line(words, replace(line, state=State.APPROVED), [WANG, LI], BATCH)
    yield command_replies.open_list(words, [], [BATCH])
    yield command_replies.open_list(words, [request()], [shown(BatchState.RUNNING).batch])
