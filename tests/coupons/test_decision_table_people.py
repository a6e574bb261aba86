"""The other half of the table: who may approve, decline, retry, cancel, urge, pause and follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coupons.asking import Stopped, Submitted
from coupons.clicked_on import was_shown
from coupons.events import Tag
from coupons.model import Approval, Click, ClickAction, Person, State
from coupons.permissions import (
    URGE_PAUSE_MS,
    Decision,
    Reason,
    may_approve,
    may_ask,
    may_be_trusted,
    may_cancel,
    may_close,
    may_decline,
    may_follow,
    may_pause,
    may_retry,
    may_urge,
    must_say,
)
from coupons.policy import DailyCap, Policy, Rule
from coupons.reasons import Required
from coupons.talk_policy import may_answer, may_offer, may_question, may_withdraw_approval
from tests.coupons import test_absence, test_decision_table_undo, test_needs
from tests.coupons import test_decision_table as table
from tests.coupons.office import NOW, TEAM, Office
from tests.coupons.samples import a_request

R, S = Reason, State
LI, SUN, WANG, ZHAO = "U0LI", "U0SUN", "U0WANG", "U0ZHAO"
#: U0LI, who asks, is a lead too.
LEADS = frozenset({WANG, ZHAO, LI})
NOBODY: list[str] = []

#: what a person wants, who, the request's state, who approved already -> why, or why not
ON_A_CARD = [
    ("approve", WANG, S.PENDING, NOBODY, R.ALLOWED),
    ("approve", WANG, S.PENDING, [ZHAO], R.ALLOWED),
    ("approve", WANG, S.PENDING, [WANG], R.ALREADY_APPROVED),
    ("approve", LI, S.PENDING, NOBODY, R.SELF),  # though a lead
    ("approve", LI, S.PENDING, [WANG], R.SELF),
    ("approve", LI, S.SENT, NOBODY, R.SELF),
    ("approve", SUN, S.PENDING, NOBODY, R.NOT_APPROVER),
    ("approve", SUN, S.SENT, NOBODY, R.NOT_APPROVER),
    ("approve", WANG, S.APPROVED, [WANG], R.ALREADY_APPROVED),
    ("approve", WANG, S.APPROVED, [ZHAO], R.TOO_LATE),
    ("approve", WANG, S.SENDING, [ZHAO], R.TOO_LATE),
    ("approve", WANG, S.DECLINED, NOBODY, R.TOO_LATE),
    ("approve", WANG, S.CANCELLED, NOBODY, R.TOO_LATE),
    ("approve", WANG, S.EXPIRED, NOBODY, R.TOO_LATE),
    # while sending is paused
    ("approve paused", WANG, S.PENDING, NOBODY, R.PAUSED),
    ("approve paused", WANG, S.PENDING, [ZHAO], R.PAUSED),
    ("approve paused", LI, S.PENDING, NOBODY, R.SELF),
    ("approve paused", SUN, S.PENDING, NOBODY, R.NOT_APPROVER),
    ("approve paused", WANG, S.SENT, NOBODY, R.TOO_LATE),
    # a no is a decision too
    ("decline", WANG, S.PENDING, NOBODY, R.ALLOWED),
    ("decline", WANG, S.PENDING, [ZHAO], R.ALLOWED),
    ("decline", WANG, S.PENDING, [WANG], R.ALREADY_APPROVED),
    ("decline", LI, S.PENDING, NOBODY, R.SELF),
    ("decline", SUN, S.PENDING, NOBODY, R.NOT_APPROVER),
    ("decline", WANG, S.APPROVED, [ZHAO], R.TOO_LATE),
    ("decline", WANG, S.SENT, [ZHAO], R.TOO_LATE),
    ("decline", WANG, S.DECLINED, NOBODY, R.TOO_LATE),
    # who has said yes takes it back, as long as others are missing, and whatever the rule says by now
    ("withdraw", WANG, S.PENDING, [WANG], R.ALLOWED),
    ("withdraw", SUN, S.PENDING, [ZHAO, SUN], R.ALLOWED),
    ("withdraw", WANG, S.PENDING, [ZHAO], R.NO_APPROVAL),
    ("withdraw", LI, S.PENDING, [ZHAO], R.NO_APPROVAL),
    ("withdraw", WANG, S.APPROVED, [WANG], R.TOO_LATE),
    ("withdraw", WANG, S.HELD, [WANG], R.TOO_LATE),
    ("withdraw", WANG, S.EXPIRED, [WANG], R.TOO_LATE),
    ("withdraw offered", ZHAO, S.PENDING, NOBODY, R.ALLOWED),  # an offer is an approval, too
    ("withdraw offered", ZHAO, S.APPROVED, [WANG], R.TOO_LATE),
    # who may decide asks the requester first, also once they have approved
    ("question", WANG, S.PENDING, NOBODY, R.ALLOWED),
    ("question", WANG, S.PENDING, [WANG], R.ALLOWED),
    ("question", LI, S.PENDING, NOBODY, R.SELF),
    ("question", SUN, S.PENDING, NOBODY, R.NOT_APPROVER),
    ("question", WANG, S.SENT, [WANG], R.TOO_LATE),
    # or offers a smaller coupon
    ("offer 999", WANG, S.PENDING, NOBODY, R.ALLOWED),
    ("offer 999", WANG, S.PENDING, [WANG], R.ALLOWED),
    ("offer 1000", WANG, S.PENDING, NOBODY, R.NOT_SMALLER),
    ("offer", WANG, S.PENDING, NOBODY, R.NOT_SMALLER),  # no such stock
    ("offer 999", LI, S.PENDING, NOBODY, R.SELF),
    ("offer 999", SUN, S.PENDING, NOBODY, R.NOT_APPROVER),
    ("offer 999", WANG, S.DECLINED, NOBODY, R.TOO_LATE),
    ("offer_paused 999", WANG, S.PENDING, NOBODY, R.PAUSED),
    # the requester answers, once
    ("answer", LI, S.PENDING, NOBODY, R.ALLOWED),
    ("answer ended", LI, S.PENDING, NOBODY, R.NO_QUESTION),
    ("answer", WANG, S.PENDING, NOBODY, R.NOT_REQUESTER),
    ("answer", LI, S.DECLINED, NOBODY, R.TOO_LATE),
    ("take ended", LI, S.PENDING, NOBODY, R.OFFER_ENDED),
    ("take", LI, S.PENDING, [ZHAO], R.ALLOWED),
    ("take", LI, S.APPROVED, [ZHAO], R.TOO_LATE),
    ("take", WANG, S.PENDING, NOBODY, R.NOT_REQUESTER),
    # a hold is released by who may approve
    ("retry", WANG, S.HELD, [ZHAO], R.ALLOWED),
    ("retry", WANG, S.HELD, [WANG], R.ALLOWED),
    ("retry", SUN, S.HELD, [WANG], R.NOT_APPROVER),
    ("retry", WANG, S.PENDING, NOBODY, R.NOT_HELD),
    ("retry", WANG, S.SENDING, [WANG], R.NOT_HELD),
    ("retry", WANG, S.SENT, [WANG], R.NOT_HELD),
    ("retry", WANG, S.REFUSED, [WANG], R.NOT_HELD),
    # or it is closed by them: at once where no attempt is open, else after two looks
    ("close", WANG, S.HELD, [ZHAO], R.ALLOWED),
    ("close", SUN, S.HELD, [WANG], R.NOT_APPROVER),
    ("close 0", WANG, S.HELD, [ZHAO], R.MAY_BE_GIVEN),
    ("close 1", WANG, S.HELD, [ZHAO], R.MAY_BE_GIVEN),
    ("close 2", WANG, S.HELD, [ZHAO], R.ALLOWED),
    ("close 2", SUN, S.HELD, [ZHAO], R.NOT_APPROVER),
    ("close", WANG, S.UNKNOWN, [ZHAO], R.NOT_HELD),
    ("close 2", WANG, S.SENDING, [ZHAO], R.NOT_HELD),
    ("close", WANG, S.PENDING, NOBODY, R.NOT_HELD),
    ("close", WANG, S.CLOSED, [ZHAO], R.NOT_HELD),
    # the requester withdraws, until an attempt was made
    ("cancel", LI, S.PENDING, [WANG], R.ALLOWED),
    ("cancel", LI, S.APPROVED, [WANG], R.ALLOWED),
    ("cancel attempted", LI, S.APPROVED, [WANG], R.SENDING_BEGAN),
    ("cancel attempted", LI, S.SENDING, [WANG], R.SENDING_BEGAN),
    ("cancel attempted", LI, S.UNKNOWN, [WANG], R.SENDING_BEGAN),
    ("cancel attempted", LI, S.HELD, [WANG], R.SENDING_BEGAN),
    ("cancel attempted", LI, S.SENT, [WANG], R.TOO_LATE),
    ("cancel attempted", LI, S.REFUSED, [WANG], R.TOO_LATE),
    ("cancel", LI, S.DECLINED, NOBODY, R.TOO_LATE),
    ("cancel", LI, S.CANCELLED, NOBODY, R.TOO_LATE),
    ("cancel", WANG, S.PENDING, NOBODY, R.NOT_REQUESTER),  # approvers decline
    # an edited request takes the place of a declined one
    ("follow", LI, S.DECLINED, NOBODY, R.ALLOWED),
    ("follow", WANG, S.DECLINED, NOBODY, R.NOT_REQUESTER),
    ("follow", LI, S.PENDING, NOBODY, R.NOT_DECLINED),
    ("follow", LI, S.EXPIRED, NOBODY, R.NOT_DECLINED),
    ("follow", LI, S.REFUSED, NOBODY, R.NOT_DECLINED),
    ("follow nothing", LI, S.DECLINED, NOBODY, R.NO_SUCH_REQUEST),
]


@pytest.mark.parametrize(("wish", "person", "state", "approved", "reason"), ON_A_CARD)
def test_who_may_do_what_to_a_request(
    wish: str, person: str, state: State, approved: list[str], reason: Reason
) -> None:
    verb, _, more = wish.partition(" ")
    looked = {"open_attempts": 1, "absent_looks": int(more)} if verb == "close" and more else {}
    request = a_request(requester=LI, state=state, attempts=int(more == "attempted"), **looked)
    given = [Approval(request.id, name, 0) for name in approved]
    found: dict[str, Decision] = {
        "approve": may_approve(request, person, LEADS, given, paused=more == "paused"),
        "decline": may_decline(request, person, LEADS, given),
        "withdraw": may_withdraw_approval(request, person, given, offered=more == "offered"),
        "question": may_question(request, person, LEADS),
        "offer": may_offer(request, person, LEADS, int(more) if more.isdigit() else None, paused=False),
        "offer_paused": may_offer(request, person, LEADS, 999, paused=True),
        "answer": may_answer(request, person, waits=more != "ended", ended=R.NO_QUESTION),
        "take": may_answer(request, person, waits=more != "ended", ended=R.OFFER_ENDED),
        "retry": may_retry(request, person, LEADS),
        "close": may_close(request, person, LEADS),
        "cancel": may_cancel(request, person),
        "follow": may_follow(None if more == "nothing" else request, person),
    }
    assert found[verb].reason is reason
    assert found[verb].allowed is (reason is R.ALLOWED)


#: who, state, milliseconds since the last urging (None: never)
URGING = [
    (LI, S.PENDING, None, R.ALLOWED),
    (LI, S.PENDING, 0, R.TOO_SOON),
    (LI, S.PENDING, URGE_PAUSE_MS - 1, R.TOO_SOON),
    (LI, S.PENDING, URGE_PAUSE_MS, R.ALLOWED),
    (LI, S.PENDING, -1, R.ALLOWED),  # the clock was set back
    (LI, S.HELD, None, R.ALLOWED),
    (LI, S.HELD, 0, R.TOO_SOON),
    (WANG, S.HELD, None, R.NOT_REQUESTER),
    (LI, S.CLOSED, None, R.TOO_LATE),
    (LI, S.APPROVED, None, R.TOO_LATE),
    (LI, S.DECLINED, None, R.TOO_LATE),
    (WANG, S.PENDING, None, R.NOT_REQUESTER),
]


@pytest.mark.parametrize(("person", "state", "since", "reason"), URGING)
def test_the_requester_urges_not_too_often(
    person: str, state: State, since: int | None, reason: Reason
) -> None:
    urged_at = None if since is None else NOW - since
    request = a_request(requester=LI, state=state, urged_at=urged_at)
    assert may_urge(request, person, now=NOW).reason is reason


#: who, is it paused, what is wanted
PAUSING = [
    (WANG, False, "pause", R.ALLOWED),
    (WANG, True, "pause", R.PAUSED),
    (WANG, True, "resume", R.ALLOWED),
    (WANG, False, "resume", R.NOT_PAUSED),
    (SUN, False, "pause", R.NOT_APPROVER),
    (SUN, True, "resume", R.NOT_APPROVER),
]


@pytest.mark.parametrize(("person", "paused", "wish", "reason"), PAUSING)
def test_approvers_pause_and_resume(person: str, paused: bool, wish: str, reason: Reason) -> None:
    assert may_pause(person, LEADS, paused=paused, pause=wish == "pause").reason is reason


ASKING = [
    (LI, None, R.ALLOWED),  # the role is open
    (LI, frozenset({LI}), R.ALLOWED),
    (LI, frozenset({SUN}), R.NOT_AGENT),
    (LI, frozenset[str](), R.NOT_AGENT),  # a group that is empty is not open to everyone
]


@pytest.mark.parametrize(("person", "agents", "reason"), ASKING)
def test_who_may_ask(person: str, agents: frozenset[str] | None, reason: Reason) -> None:
    assert may_ask(person, agents).reason is reason


#: From these values (fen) on a reason and a ticket must be there; the request's value, its reason and ticket.
SAYING = [
    ((None, None), 9999, "", "", R.ALLOWED),  # nobody asks for it
    ((1000, None), 999, "", "", R.ALLOWED),
    ((1000, None), 1000, "", "", R.REASON_REQUIRED),  # from the value on
    ((1000, None), 1000, " -… ", "", R.REASON_REQUIRED),  # signs say nothing
    ((1000, None), 1000, "晚", "", R.ALLOWED),
    ((None, 1000), 1000, "late", "", R.TICKET_REQUIRED),
    ((None, 1000), 1000, "", "T-1", R.ALLOWED),
    ((1000, 5000), 5000, "", "T-1", R.REASON_REQUIRED),
    ((1000, 5000), 5000, "late", "", R.TICKET_REQUIRED),
    ((1000, 5000), 5000, "", "", R.BOTH_REQUIRED),
    ((1000, 5000), 4999, "", "", R.REASON_REQUIRED),
]


@pytest.mark.parametrize(("required", "value", "why", "ticket", "reason"), SAYING)
def test_from_a_value_on_a_request_says_why_and_for_which_ticket(
    required: tuple[int | None, int | None], value: int, why: str, ticket: str, reason: Reason
) -> None:
    assert must_say(Required(*required), value, why, ticket).reason is reason


def _shown(action: ClickAction, **place: str) -> Click:
    common: dict[str, Any] = {"id": 1, "request_id": 1, "person": WANG, "team": TEAM, "reason": "", "at": 1}
    return Click(action=action, **{"channel": "C0APPROVE", **common, **place})


_CARD, _HOME = ("C0APPROVE", "5.000100"), "cb1"
#: The action, what the click was made on, where the card stands now, and what comes of it.
SHOWN = [
    (ClickAction.APPROVE, {"message_ts": "5.000100"}, _CARD, R.ALLOWED),
    (ClickAction.DECLINE, {"message_ts": "5.000100"}, _CARD, R.ALLOWED),
    (ClickAction.RETRY, {"message_ts": "4.000100"}, _CARD, R.OTHER_CARD),
    (ClickAction.APPROVE, {"message_ts": "4.000100"}, _CARD, R.OTHER_CARD),
    (ClickAction.APPROVE, {"message_ts": "5.000100", "channel": "C0OLD"}, _CARD, R.OTHER_CARD),
    (ClickAction.CANCEL, {"message_ts": "4.000100"}, _CARD, R.OTHER_CARD),
    (ClickAction.URGE, {"message_ts": "5.000100"}, (None, None), R.OTHER_CARD),
    # As one of before the upgrade: nobody knows where it was made.
    (ClickAction.APPROVE, {}, _CARD, R.OTHER_CARD),
    (ClickAction.APPROVE, {}, (None, None), R.OTHER_CARD),
    (ClickAction.DECLINE, {}, _CARD, R.OTHER_CARD),
    (ClickAction.CANCEL, {}, _CARD, R.OTHER_CARD),
    # Typed.
    (ClickAction.RETRY, {}, _CARD, R.ALLOWED),
    (ClickAction.APPROVE, {"out_request_no": _HOME}, _CARD, R.ALLOWED),
    (ClickAction.APPROVE, {"out_request_no": _HOME}, (None, None), R.ALLOWED),
    (ClickAction.APPROVE, {"out_request_no": "cb2"}, _CARD, R.OTHER_REQUEST),
    # On what showed another coupon than the request is for now.
    (ClickAction.APPROVE, {"message_ts": "5.000100", "out_request_no": "cb1.7"}, _CARD, R.OTHER_COUPON),
    (ClickAction.APPROVE, {"out_request_no": "cb1.7"}, _CARD, R.OTHER_COUPON),
    (ClickAction.DECLINE, {"message_ts": "5.000100", "out_request_no": "cb1.7"}, _CARD, R.ALLOWED),
    # In a direct message.
    (ClickAction.ACCEPT_OFFER, {"message_ts": "8.1", "out_request_no": _HOME}, _CARD, R.ALLOWED),
    (ClickAction.ACCEPT_OFFER, {"message_ts": "5.000100", "out_request_no": "cb2"}, _CARD, R.OTHER_REQUEST),
    (ClickAction.ANSWER, {"message_ts": "5.000100"}, _CARD, R.OTHER_CARD),
    (ClickAction.RETRY, {"out_request_no": "cb2"}, _CARD, R.OTHER_REQUEST),
    (ClickAction.URGE, {"out_request_no": "-"}, _CARD, R.OTHER_REQUEST),
]


@pytest.mark.parametrize(("action", "place", "card", "reason"), SHOWN)
def test_a_click_counts_on_what_shows_this_very_request(
    action: ClickAction, place: dict[str, str], card: tuple[str | None, str | None], reason: Reason
) -> None:
    row = replace(a_request(), out_request_no=_HOME, card_channel=card[0], card_ts=card[1])
    assert was_shown(row, _shown(action, **place)).reason is reason


TRUST = [
    (Person(user_id=WANG, team=TEAM), R.ALLOWED),
    (Person(user_id=WANG, team="T0OTHER"), R.OUTSIDER),
    (Person(user_id=WANG, team=TEAM, is_outsider=True), R.OUTSIDER),
    (Person(user_id=WANG, team="", is_outsider=True, is_bot=True), R.OUTSIDER),
    (Person(user_id=WANG, team=TEAM, is_bot=True), R.BOT),
    (Person(user_id=WANG, team=TEAM, is_deactivated=True), R.DEACTIVATED),
    (Person(user_id=WANG, team=TEAM, is_guest=True), R.GUEST),
]


@pytest.mark.parametrize(("person", "reason"), TRUST)
async def test_nobody_else_takes_part_whatever_the_roles_say(
    tmp_path: Path, person: Person, reason: Reason
) -> None:
    """Over the desk: click, pause, and the automatic rule say the same of the same person."""
    assert may_be_trusted(person, TEAM).reason is reason
    rules = (Rule(500, 0, (), per_day=DailyCap(9, 9000)), Rule(None, 1, ()))
    policy = Policy(agents=(), approvers=(WANG,), rules=rules)
    office = Office(tmp_path / "coupon.db")
    office.groups.people[WANG] = person
    desk, asking = office.desk(policy), office.asking(policy)

    made = await asking.submit(office.ask("1", "oCustomer-AN-000001", "1001"))
    assert isinstance(made, Submitted)
    await office.click(desk, made.request.id, WANG, ClickAction.APPROVE)
    [*_, last] = await office.events(made.request.id)
    clicked = R.ALLOWED if last.tag == Tag.REQUEST_APPROVED else Reason(str(last.detail["reason"]))

    paused = await desk.pause(WANG, pause=True, reason="stock is wrong")
    small = office.ask("2", "oCustomer-BO-000002", "1002", who=WANG, value_fen=500)
    asked = await asking.submit(small)
    assert clicked is reason
    assert (paused.decision.reason if isinstance(paused, Stopped) else R.ALLOWED) is reason
    assert (asked.decision.reason if isinstance(asked, Stopped) else R.ALLOWED) is reason
    await office.ledger.close()


def test_every_reason_stands_in_the_table() -> None:
    mine: list[Sequence[tuple[Any, ...]]] = [ON_A_CARD, URGING, PAUSING, ASKING, SAYING, SHOWN, TRUST]
    used = {row[-1] for rows in mine for row in rows}
    used |= {reason for _, (_, _, raised, _) in table.BY_RULE for reason in raised}
    used |= {reason for _, reason in table.BY_DELIVERY}
    used |= {row[3] for row in table.BY_LIMIT} | {row[3] for row in table.BY_LIKENESS}
    used |= {reason for *_, reason in test_needs.CLICKS} - {None} | {R.NEEDED_LATER}
    # `test_absence` hands over, and is refused with these.
    used |= {reason for *_, reason, _ in test_absence.GOING_AWAY} | {R.NOT_AWAY, R.NOT_DEPUTY}
    used |= {row[-1] for row in (*test_decision_table_undo.ASKS, *test_decision_table_undo.UNDOING)}
    # Said of a line of a batch, whatever else holds: `test_batch_desk` does.
    assert used == set(Reason) - {Reason.IN_BATCH}
    rows = [*mine, test_needs.CLICKS, table.BY_RULE, table.BY_LIMIT, table.AT_ONCE, table.BY_LIKENESS]
    assert sum(len(part) for part in rows) >= 80
