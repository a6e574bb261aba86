"""Clicks: kept when they come, decided in any order, some of them twice."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coupons.asking import Stopped
from coupons.batch_desk import OF_BATCHES
from coupons.clicked_on import shown_as
from coupons.desk import Desk
from coupons.events import Tag
from coupons.model import Click, ClickAction, NewClick, Request, State
from coupons.offer_desk import TALK
from coupons.permissions import Reason
from coupons.posts import PostKind
from coupons.undo_desk import UndoDesk
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_drawing import clickers, people, pick
from tests.coupons.lifecycle_talk import OF_REQUESTER, TalkChecks
from tests.coupons.office import TEAM

_MENU = frozenset({ClickAction.CANCEL, ClickAction.URGE})
_TELLS = {
    ClickAction.DECLINE: Tag.REQUEST_DECLINED,
    ClickAction.RETRY: Tag.REQUEST_RETRIED,
    ClickAction.CLOSE: Tag.REQUEST_CLOSED,
    ClickAction.CANCEL: Tag.REQUEST_CANCELLED,
    ClickAction.URGE: Tag.REQUEST_URGED,
    ClickAction.ASK: Tag.QUESTION_ASKED,
    ClickAction.ANSWER: Tag.QUESTION_ANSWERED,
    ClickAction.OFFER: Tag.OFFER_MADE,
    ClickAction.DECLINE_OFFER: Tag.OFFER_DECLINED,
}


class ClickRules(TalkChecks):
    """What people press, and what must come of it."""

    @precondition(lambda self: self.asks)
    @rule(
        who=clickers,
        choice=pick,
        action=st.sampled_from([*sorted({*ClickAction} - OF_BATCHES), ClickAction.APPROVE]),
        outside=st.sampled_from((False, False, False, True)),
        shown=st.sampled_from(("home", "home", "card", "old card", "old home")),
    )
    def click(self, who: str, choice: int, action: ClickAction, outside: bool, shown: str = "home") -> None:
        requests = self.moment().requests
        request = requests[-1 - choice % len(requests)] if requests else None
        places = {
            "card": {
                "message_ts": world.card_ts(request.id) if request else "1.0",
                "out_request_no": shown_as(request) if request else "cbnone",
            },
            "old card": {"message_ts": "1.000001"},
            "old home": {"out_request_no": "cbanother"},
        }
        place = places.get(shown, {"out_request_no": shown_as(request) if request else "cbnone"})
        click = NewClick(
            key=f"k{len(self.kept)}",
            action=action,
            request_id=request.id if request else 1,
            person=who,
            team="T0OTHER" if outside else TEAM,
            channel="C0APPROVE",
            reason=self.words_of(action, request.id if request else 1, choice),
            at=self.clock(),
            **place,
        )
        self.kept.append(click)
        self.run(self.desk.keep_click(click))

    @precondition(lambda self: self.asks)
    @rule(who=clickers, choice=pick, action=st.sampled_from(sorted(TALK)))
    def lead_asks_or_offers(self, who: str, choice: int, action: ClickAction) -> None:
        """What waits is talked about, and its requester answers mostly."""
        for back, row in enumerate(reversed(self.moment().requests)):
            if row.state is State.PENDING:
                self.click(row.requester if action in OF_REQUESTER else who, back, action, outside=False)
                self.decide(-1)
                break

    @precondition(lambda self: self.asks)
    @rule(choice=st.integers(0, 2), who=st.permutations((world.WANG, world.ZHAO, world.BOSS)))
    def leads_approve(self, choice: int, who: list[str]) -> None:
        for person in who:
            self.click(person, choice, ClickAction.APPROVE, outside=False)
            self.decide(-1)

    @precondition(lambda self: self.asks)
    @rule(
        who=clickers,
        action=st.sampled_from(
            (ClickAction.DECLINE, ClickAction.RETRY, ClickAction.RETRY, ClickAction.CLOSE)
        ),
    )
    def lead_answers_where_it_matters(self, who: str, action: ClickAction) -> None:
        state = State.PENDING if action is ClickAction.DECLINE else State.HELD
        for back, row in enumerate(reversed(self.moment().requests)):
            if row.state is state:
                self.click(who, back, action, outside=False)
                self.decide(-1)
                break

    @precondition(lambda self: self.kept)
    @rule(choice=pick)
    def click_again(self, choice: int) -> None:
        self.run(self.desk.keep_click(self.kept[-1 - choice % len(self.kept)]))

    @rule(choice=pick)
    def decide(self, choice: int) -> None:
        waiting = list(self.run(self.ledger.read(lambda rows: rows.open_clicks(99))))
        if waiting:
            click = waiting[choice % len(waiting)]
            self.taken.append(click)
            if click.action is ClickAction.UNDO:
                self.judge_undo(click)
            else:
                self.judge_click(click)

    @precondition(lambda self: self.taken)
    @rule(choice=pick)
    def decide_again(self, choice: int) -> None:
        click, before = self.taken[choice % len(self.taken)], self.moment()
        self.run(self.judged_by(click).decide(click))
        assert self.moment() == before

    def judged_by(self, click: Click) -> Desk | UndoDesk:
        return self.undo_desk if click.action is ClickAction.UNDO else self.desk

    def judge_click(self, click: Click) -> None:
        before, old = self.moment(), len(self.events(click.request_id))
        request = next((row for row in before.requests if row.id == click.request_id), None)
        given = self.approvers(click.request_id)
        self.run(self.desk.decide(click))
        assert self.moment().pause == before.pause
        tags = [event.tag for event in self.events(click.request_id)[old:]]
        if request is None:
            assert tags == []
            return
        allowed = self.is_allowed(click, request, given, old, before)
        if not allowed:
            assert tags == [Tag.CLICK_REFUSED]
            [event] = self.events(click.request_id)[old:]
            assert Reason(str(event.detail["reason"])) is not Reason.ALLOWED
            assert (click.person, event.seq) in {
                (post.person, post.seq) for post in self.posts(PostKind.ANSWER)
            }
        elif click.action is ClickAction.APPROVE:
            enough = len(given) + 1 >= request.approvals_needed
            assert tags == [Tag.APPROVAL_GIVEN, *([Tag.REQUEST_APPROVED] if enough else [])]
            assert self.approvers(click.request_id) == given | {click.person}
        elif click.action is ClickAction.WITHDRAW_APPROVAL:
            assert tags == [
                *([Tag.APPROVAL_WITHDRAWN] if click.person in given else []),
                *([Tag.OFFER_WITHDRAWN] if self.offers(click, old) else []),
            ]
            assert self.approvers(click.request_id) == given - {click.person}
        elif click.action is ClickAction.ACCEPT_OFFER:
            self.check_accepted(request, given, old, before)
        else:
            assert tags == [_TELLS[click.action]]

    def is_allowed(
        self, click: Click, request: Request, given: set[str], old: int, before: world.Moment
    ) -> bool:
        allowed = click.team == TEAM and world.trusted(click.person, self.groups)
        allowed |= click.action in _MENU
        number, _, offer = click.out_request_no.partition(".")
        if click.message_ts and click.action not in OF_REQUESTER:
            allowed &= click.message_ts == request.card_ts
        else:
            allowed &= number == request.out_request_no
        if click.action is ClickAction.APPROVE:
            # On what showed the coupon that it is for now.
            allowed &= offer == str(request.offer or "")
        if click.action in TALK:
            allowed &= self.may_talk(click, request, old, before)
        elif click.action in _MENU:
            allowed &= world.allowed_to_requester(request, click.person, click.action, before.now)
        elif click.action in {ClickAction.RETRY, ClickAction.CLOSE}:
            allowed &= request.state is State.HELD
            allowed &= click.person in world.may_decide(request, before, self.groups)
            if click.action is ClickAction.CLOSE:
                allowed &= not request.open_attempts or request.absent_looks >= 2
        elif click.action is ClickAction.WITHDRAW_APPROVAL:
            allowed &= request.state is State.PENDING
            allowed &= click.person in given or self.offers(click, old)
        else:
            allowed &= world.allowed_to_approve(request, click.person, given, before, self.groups)
            allowed &= click.action is ClickAction.DECLINE or before.pause is None
        return allowed

    def judge_undo(self, click: Click) -> None:
        """An undo is a request of its own: it needs a person, and its number begins like the first."""
        before, old = self.moment(), len(self.events(click.request_id))
        self.run(self.undo_desk.decide(click))
        after, tags = self.moment(), [event.tag for event in self.events(click.request_id)[old:]]
        sent = next((row for row in before.requests if row.id == click.request_id), None)
        allowed = sent is not None and click.team == TEAM and world.trusted(click.person, self.groups)
        if sent is not None:
            shown = (click.message_ts, sent.card_ts), (click.out_request_no, sent.out_request_no)
            clicked, shows = shown[0] if click.message_ts else shown[1]
            allowed &= clicked == shows and world.allowed_to_undo(sent, click.person, before, self.groups)
        if sent is None or not allowed:
            assert len(after.requests) == len(before.requests)
            assert tags == ([] if sent is None else [Tag.CLICK_REFUSED])
            return
        undo = after.requests[-1]
        assert tags == []
        assert (undo.undoes, undo.requester, undo.state) == (sent.id, click.person, State.PENDING)
        assert undo.out_request_no.startswith(f"{sent.out_request_no}-d")
        assert undo.approvals_needed > 0
        assert [event.tag for event in self.events(undo.id)] == [Tag.UNDO_CREATED]

    @precondition(lambda self: self.asks)
    @rule(who=people, choice=pick)
    def ask_back(self, who: str, choice: int) -> None:
        """Mostly what may be asked back, where there is such a one."""
        for back, row in enumerate(reversed(self.moment().requests)):
            if row.state is State.SENT and row.undone_by is None:
                self.click(who, back, ClickAction.UNDO, outside=False)
                self.decide(-1)
                break

    @precondition(lambda self: self.asks)
    @rule(who=people, choice=pick, urge=st.booleans())
    def withdraw_or_urge(self, who: str, choice: int, urge: bool) -> None:
        before = self.moment()
        if not before.requests:
            return
        request = self.some(choice)
        action = ClickAction.URGE if urge else ClickAction.CANCEL
        found = self.run((self.desk.urge if urge else self.desk.cancel)(request.id, who))
        allowed = world.allowed_to_requester(request, who, action, before.now)
        assert isinstance(found, Request) is allowed
        if isinstance(found, Stopped):
            assert self.events(request.id)[-1].tag == Tag.CLICK_REFUSED
