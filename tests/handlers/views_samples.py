"""Records for the tests of the views, and every message that can be made of one request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from coupons.asking import Outlook, Stopped
from coupons.authority import EVERY_ROLE, NO_ROLE
from coupons.catalogue import Catalogue
from coupons.coupon_states import CouponState, KnownCoupon
from coupons.events import Tag
from coupons.model import Approval, ClickAction, CodeMode, History, Pause, Request, State, Stock
from coupons.needs import NeedPart, Needs
from coupons.offers import ApproverQuestion, Offer
from coupons.permissions import YES, Decision, Reason
from coupons.policy import Limit
from coupons.reasons import NamedReason, Reasons, Wording
from coupons.recording import Recorded
from coupons.rules import Left, Terms, Used
from handlers.cleaning import Undone
from handlers.misread import FormWords, Misread, Problem
from handlers.views import (
    card,
    command_replies,
    coupon_words,
    direct_messages,
    ephemerals,
    failures,
    inquiry_replies,
    refusals,
    thread_replies,
)
from handlers.views.card_context import Beside
from handlers.views.channel_loss import ChannelLoss, Lost
from handlers.views.for_customer import to_paste
from handlers.views.form_offer import with_form
from handlers.views.help import help_text
from handlers.views.message import Message
from handlers.views.talk import Talk
from handlers.views.words import Words
from tests.handlers.absence_samples import absence_messages
from tests.words import LANGUAGES

NOW = 1_795_400_572_000
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
APPROVERS = ("S0LEADS", "U0WANG")
#: One of each of two groups, in order or not.
GROUPS = Needs((NeedPart(("S0LEADS",)), NeedPart(("S0FINANCE", "U0FIN"))))
IN_ORDER = replace(GROUPS, in_order=True)

REQUEST = Request(
    id=12,
    rev=1,
    state=State.PENDING,
    out_request_no="cb0123456789abcdef0123456789abcd",
    requester="U0AGENT",
    customer=3,
    openid=OPENID,
    stock_id="1212121212",
    stock_name="¥10 off, late delivery",
    value_fen=1000,
    code_mode=CodeMode.WECHATPAY_MODE,
    reason="Parcel came 3 days late",
    approvals_needed=2,
    created_at=NOW,
    expires_at=NOW + 86_400_000,
    body=b"{}",
)
WANG = Approval(12, "U0WANG", NOW)
LI = Approval(12, "U0LI", NOW)
STOCKS = (
    Stock("1212121212", "late-10", "¥10 off, late delivery", 1000, CodeMode.WECHATPAY_MODE),
    Stock("1313131313", "cold-20", "¥20 off, cold meal", 2000, CodeMode.WECHATPAY_MODE),
)
CATALOGUE = Catalogue(STOCKS)
ABOUT = Beside(
    history=History(2, 3000, NOW - 86_400_000), used=Used(3, 4000), others=(11,), pause=Pause("U0LI", NOW, "")
)
REASONS = Reasons(
    (
        NamedReason("late", Wording("Parcel came late", "包裹延误")),
        NamedReason("cold", Wording("Meal came cold", "餐品冷了")),
    )
)
OFFERED: dict[str, Any] = {"stock_id": "9500", "stock_name": "¥10 off, late delivery", "value_fen": 500}


def talk_about(typed: str, stock_name: str = "¥10 off, late delivery") -> Talk:
    """A smaller coupon was taken, another one is offered; a question is answered, and one is not."""
    offer = Offer(seq=5, by="U0LI", reason=typed, **OFFERED | {"stock_name": stock_name})
    return Talk(
        questions=(
            ApproverQuestion(seq=3, by="U0WANG", text=typed, answer=typed or "Yes"),
            ApproverQuestion(seq=4, by="U0LI", text=typed),
        ),
        offer=offer,
        accepted=replace(offer, accepted=True),
        asked_for=(stock_name, 5000),
    )


def request(**changes: Any) -> Request:
    if changes.get("state") is State.UNDONE:
        # Only an undo is.
        changes = {"undoes": 9, **changes}
    return replace(REQUEST, **changes)


def event(tag: str, actor: str = "system", **detail: Any) -> Recorded:
    return Recorded(seq=5, ts=NOW, tag=tag, actor=actor, request_id=12, detail=detail)


def refused_click(reason: str, action: str = "approve", state: str = "pending") -> Recorded:
    detail = {"action": action, "reason": reason, "state": state, "asked_for": 12}
    return event(Tag.CLICK_REFUSED, "U0X", **detail)


def events(
    typed: str = "Already refunded", coupon_code: str = "7777 8888", code: str = "NO_AUTH"
) -> list[Recorded]:
    """One of each tag (several where its detail matters)."""
    return [
        event(Tag.APPROVAL_GIVEN, "U0WANG", count=1, needed=2),
        event(Tag.APPROVAL_GIVEN, "U0LI", count=2, needed=2),
        event(Tag.REQUEST_APPROVED, "U0LI", approvals=["U0WANG", "U0LI"]),
        event(Tag.REQUEST_DECLINED, "U0LI", reason=typed),
        event(Tag.REQUEST_CANCELLED, "U0AGENT"),
        event(Tag.REQUEST_EXPIRED),
        event(Tag.REQUEST_RETRIED, "U0WANG"),
        event(Tag.COUPON_LOOKED_UP, result="absent", by="hold", absent=2),
        event(Tag.ATTEMPT_LATE, attempt=1, kind="sent", verified=True, coupon_code=coupon_code),
        event(Tag.REQUEST_CLOSED, "U0LI", reason=typed, looks=0),
        event(Tag.REQUEST_UNKNOWN, code=code),
        event(Tag.REQUEST_HELD, code=code, not_known=False),
        event(Tag.REQUEST_HELD, code=code, not_known=True),
        event(Tag.REQUEST_HELD, code=code),
        event(Tag.REQUEST_REFUSED, code=code, verified=True),
        event(Tag.REQUEST_SENT, coupon_code=coupon_code, by="answer"),
        event(Tag.REQUEST_SENT, coupon_code=coupon_code, by="look"),
        event(Tag.REQUEST_APPROVED, approvals=[], rule=2),
        event(Tag.APPROVAL_WITHDRAWN, "U0LI", count=0, needed=2),
        event(Tag.UNDO_CREATED, "U0AGENT", undoes=12, reason=typed),
        event(Tag.UNDO_CREATED, "U0AGENT", undoes=12, reason=""),
        event(Tag.UNDO_DONE, undoes=12, by="answer"),
        event(Tag.UNDO_DONE, undoes=12, by="look"),
        event(Tag.UNDO_REFUSED, undoes=12, code="COUPON_USED", verified=True),
        event(Tag.UNDO_REFUSED, undoes=12, code=code, verified=True),
        event(Tag.QUESTION_ASKED, "U0LI", question=typed),
        event(Tag.QUESTION_ANSWERED, "U0AGENT", question=5, approver="U0LI", answer=typed),
        event(Tag.OFFER_MADE, "U0LI", **OFFERED, instead_of="1212121212", reason=typed),
        event(Tag.OFFER_MADE, "U0LI", **OFFERED, instead_of="1212121212", reason=""),
        event(Tag.OFFER_ACCEPTED, "U0AGENT", **OFFERED, offer=5, approver="U0LI", dropped=["U0WANG"]),
        event(Tag.OFFER_ACCEPTED, "U0AGENT", **OFFERED, offer=5, approver="U0LI", dropped=[]),
        event(Tag.OFFER_DECLINED, "U0AGENT", offer=5, approver="U0LI"),
        event(Tag.OFFER_WITHDRAWN, "U0LI", offer=5),
        event(Tag.REQUEST_URGED, "U0AGENT"),
        event(Tag.REQUEST_REMINDED, waited_ms=7_200_000, mention=None),
        event(Tag.REQUEST_REMINDED, waited_ms=60_000, mention="S0MANAGERS"),
        event(Tag.SENDING_PAUSED, "U0WANG", reason=typed),
        event(Tag.SENDING_RESUMED, "U0WANG"),
        event(Tag.CLOCK_DOUBTED, kind="jumped", ahead_ms=93_600_000),
        event(Tag.CLOCK_DOUBTED, kind="start", ahead_ms=0),
        event(Tag.CLOCK_CONFIRMED),
        event(Tag.BOT_STARTED),
    ]


#: What one reply may tell together with the last approval.
WITH_APPROVAL = {
    Tag.REQUEST_CANCELLED,
    Tag.REQUEST_UNKNOWN,
    Tag.REQUEST_HELD,
    Tag.REQUEST_REFUSED,
    Tag.REQUEST_SENT,
}


def now_messages(words: Words, request: Request, approvals: list[Approval]) -> Iterator[Message]:
    """All that is drawn from the row as it stands, and so must tell its present state truly."""
    yield card.card(words, request, approvals, approvers=APPROVERS)
    yield card.card(words, request, approvals, approvers=())
    for needs, fills in ((GROUPS, ()), (GROUPS, ((1, 2),)), (GROUPS, ((2,),)), (IN_ORDER, ())):
        given = [Approval(12, f"U{place}", NOW, each) for place, each in enumerate(fills)]
        if request.state is State.PENDING:
            yield card.card(words, replace(request, needs=needs), given, approvers=needs.entries)
    for pause in (Pause("U0LI", NOW, request.reason), None):
        about = replace(ABOUT, pause=pause)
        yield card.card(words, request, approvals, approvers=APPROVERS, about=about)
    if request.state is State.PENDING:
        known = Beside(
            history=History(0, 0, None),
            of_ticket=History(1, 1000, NOW),
            others_of_ticket=(9,),
            warn=request.stock_name,
        )
        yield card.card(words, request, approvals, approvers=APPROVERS, about=known)
    if request.state is State.SENT:
        undo = replace(request, id=13, state=State.PENDING, undoes=request.id)
        yield card.card(words, request, approvals, approvers=APPROVERS, about=Beside(undo=undo))
    about = Beside(talk=talk_about(request.reason, request.stock_name), may_offer=True)
    yield card.card(words, request, approvals, approvers=APPROVERS, about=about)
    yield command_replies.status(words, request, approvals, about=about.talk)
    yield command_replies.status(words, request, approvals)
    yield command_replies.open_list(words, [request] * 20)
    for reason in Reason:
        yield command_replies.cannot_cancel(words, reason, request)
        for action in (*ClickAction, "cancel", "urge", "pause", "resume"):
            yield ephemerals.answer(words, refused_click(reason, action), request)


def event_messages(words: Words, request: Request, expected: list[Recorded]) -> Iterator[Message]:
    """All that is told from events."""
    for each in expected:
        yield thread_replies.step(words, each, request, approvers=APPROVERS)
        if each.tag in WITH_APPROVAL:
            approval = event(Tag.APPROVAL_GIVEN, "U0LI", count=2, needed=2)
            yield thread_replies.step(words, each, request, approval=approval)
        yield thread_replies.news(words, each)
        code = each.detail.get("coupon_code")
        ready = to_paste(LANGUAGES, request, None, code) if isinstance(code, str) else ()
        yield direct_messages.to_requester(words, each, request, to_paste=ready)
        yield ephemerals.answer(words, each, request)
        yield ephemerals.answer(words, each, None)


def other_messages(words: Words, request: Request, word: str) -> Iterator[Message]:
    """The rest: nothing in them depends on the state."""
    yield command_replies.submitted(words, request, tuple(Undone), approval_channel="C0APPROVE")
    yield command_replies.submitted(words, request, (), approval_channel=word)
    yield command_replies.submitted(words, request, (), approval_channel="C0APPROVE", shortened=True)
    yield command_replies.submitted(words, replace(request, needs=IN_ORDER), (), approval_channel="C0APPROVE")
    yield command_replies.cancelled(words, request)
    for problem in Problem:
        for subcommand in ("", "send", "status", "list"):
            read = Misread(
                problem=problem,
                subcommand=subcommand,
                read=word,
                nearest=("send",),
                character=word,
                count=3,
                limit=5,
            )
            yield command_replies.misread(words, read, CATALOGUE)
    yield command_replies.unknown_stock(words, word, CATALOGUE)
    yield command_replies.unknown_stock(words, word, ())
    yield command_replies.unknown_stock(
        words, word, [replace(STOCKS[0], alias=word, name=word, stock_id=word)] * 40
    )
    yield help_text(words, [replace(STOCKS[0], alias=word, name=word, stock_id=word)] * 40)
    yield help_text(words, (), EVERY_ROLE, REASONS)
    yield help_text(words, (), NO_ROLE)
    for role in ("asks", "approves", "pauses", "audits", "sees"):
        yield help_text(words, STOCKS, replace(NO_ROLE, **{role: True}))
    yield with_form(words, swapped_words(words, word), 123456789012345)
    for reason in Reason:
        yield refusals.command_refused(words, reason)
        yield refusals.command_refused(words, reason, limit=Limit(2, 30))
    yield refusals.stopped(words, Stopped(Decision(Reason.OTHER_DATA), replace(request, reason=word)))
    yield command_replies.no_such_request(words, 12)
    yield command_replies.open_list(words, [])
    yield failures.something_went_wrong(words, word)
    yield failures.not_sure_it_was_kept(words)
    yield failures.database_lost(words)
    yield failures.slack_did_not_answer(words)
    yield failures.talk_form_did_not_open(words, 12)
    yield failures.nothing_smaller(words, 12)
    yield failures.nothing_to_answer(words, 12)
    for loss in ChannelLoss:
        lost = Lost("C0APPROVE", loss)
        yield command_replies.submitted(words, request, (), approval_channel="C0APPROVE", lost=lost)
        yield command_replies.status(words, replace(request, card_ts=None), [WANG], lost=lost)
        yield command_replies.checking(words, 12, ClickAction.RETRY, lost=lost)
        yield command_replies.urged(words, request, lost=lost)
        for needed in (0, 2):
            yield direct_messages.no_card(words, replace(request, approvals_needed=needed), lost)
    for action in (ClickAction.RETRY, ClickAction.CLOSE, ClickAction.UNDO):
        yield command_replies.checking(words, 12, action)
    yield failures.not_kept_click_again(words)
    yield failures.form_did_not_open(words, 12)
    yield failures.send_form_did_not_open(words)
    yield command_replies.paused(words)
    yield command_replies.resumed(words)
    yield command_replies.may_not_see(words)
    yield command_replies.urged(words, request)
    for reason in Reason:
        yield command_replies.cannot_urge(words, reason, request)
        yield command_replies.cannot_pause(words, reason)
        yield command_replies.cannot_edit(words, reason, 12)
    yield from looked_up(words, request, word)
    yield from absence_messages(words, request, word)


def swapped_words(words: Words, word: str) -> Message:
    read = FormWords(OPENID, word, word, word)
    misread = Misread(problem=Problem.SWAPPED, subcommand="send", read=word, form=read)
    return command_replies.misread(words, misread, CATALOGUE)


def looked_up(words: Words, request: Request, word: str) -> Iterator[Message]:
    stocks = [replace(STOCKS[0], alias=word, name=word, stock_id=word)] * 40
    yield inquiry_replies.catalogue(words, ())
    yield inquiry_replies.catalogue(words, stocks)
    yield inquiry_replies.customer(words, OPENID, History(0, 0, None), [], {})
    yield inquiry_replies.customer(
        words, OPENID, History(2, 3000, NOW), [replace(request, stock_name=word)] * 40, {}
    )
    for history, found in (
        (History(0, 0, None), []),
        (History(2, 3000, NOW), [replace(request, ticket=word)] * 40),
    ):
        yield inquiry_replies.ticket(words, word or "T-1", history, found)
    limits = tuple(Left(reason, Limit(2, 30), 1, 500) for reason in inquiry_replies.LIMITS)
    asked = Terms(
        decision=YES, approvals_needed=2, place=3, approvers=APPROVERS, raised=(Reason.AGENT_LIMIT,)
    )
    for terms in (
        asked,
        replace(asked, approvals_needed=0, raised=()),
        replace(asked, decision=Decision(Reason.BUDGET_LIMIT), place=0),
    ):
        for able in ((), ("U0WANG",), tuple(f"U0{number}" for number in range(30))):
            outlook = Outlook(
                terms=terms, able=able, left=limits, duplicate=request, pause=Pause("U0LI", NOW, word)
            )
            yield inquiry_replies.check(words, OPENID, stocks[0], outlook)
    lacking = Outlook(
        terms=asked, able=(), left=(), duplicate=None, pause=None, required=Decision(Reason.BOTH_REQUIRED)
    )
    yield inquiry_replies.check(words, OPENID, replace(stocks[0], warn=word), lacking)
    pair = replace(outlook, terms=replace(asked, needs=GROUPS), able=("U0WANG", "U0LI"))
    for by_part in ((frozenset({"U0WANG"}),) * 2, (frozenset({"U0WANG"}), frozenset({"U0LI"}))):
        yield inquiry_replies.check(words, OPENID, stocks[0], replace(pair, by_part=by_part))
    yield inquiry_replies.check(words, OPENID, stocks[0], Stopped(Decision(Reason.NOT_AGENT)))


def coupons(words: Words, request: Request, word: str) -> Iterator[Message]:
    """What became of one that was sent, by each word of WeChat Pay's."""
    sent = replace(request, state=State.SENT, coupon_code="7777 8888", closed_at=NOW)
    known = [
        KnownCoupon(request_id=12, state=state, happened_at=at, valid_until=at, known_at=NOW, tried_at=NOW)
        for state in (*CouponState, word)
        for at in (NOW, None)
    ]
    known += [replace(known[0], problem="TIMEOUT"), KnownCoupon(request_id=12, problem="SYSTEM_ERROR")]
    for each in known:
        yield card.card(words, sent, [WANG], approvers=APPROVERS, about=Beside(coupon=each))
        yield coupon_words.coupon_answer(words, [sent], {12: each})
    status = command_replies.status(words, sent, [WANG])
    yield coupon_words.with_coupon(words, status, None)
    yield coupon_words.with_coupon(words, status, known[2])
    yield coupon_words.coupon_answer(words, [], {})
    yield coupon_words.coupon_answer(words, [sent, replace(sent, id=11)] * 5, {12: known[2]})
    yield inquiry_replies.customer(words, OPENID, History(2, 3000, NOW), [sent] * 10, {12: known[2]})


def every_message(words: Words, request: Request, approvals: list[Approval], word: str) -> Iterator[Message]:
    yield from now_messages(words, request, approvals)
    yield from event_messages(words, request, events(word, code=word))
    yield from other_messages(words, request, word)
    yield from coupons(words, replace(request, stock_name=word), word)


def written(block: Any) -> Iterator[str]:
    """Every text in a block that a person can read."""
    if isinstance(block, list):
        for each in block:
            yield from written(each)
    elif isinstance(block, dict):
        for name, value in block.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from written(value)


def readable(message: Message) -> str:
    """All that a person can read of a message, whether Slack shows its blocks or its text."""
    return "\n".join([message.text, *written(message.blocks)])
