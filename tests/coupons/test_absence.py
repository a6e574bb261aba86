"""Who is there for a request, whom reminders call, and that no absence lets anybody approve."""

from __future__ import annotations

import pytest

from coupons.absence import LONGEST_ABSENCE_MS, Absence, Attendance, Question, attendance
from coupons.absence_desk import HandedOver, NotAway
from coupons.asking import Submitted
from coupons.clock_watch import ClockWatch
from coupons.events import Tag
from coupons.loops import Bell
from coupons.model import Approval, ClickAction, Person, Request, State
from coupons.needs import NeedPart, Needs
from coupons.permissions import Reason
from coupons.policy import DAY_MS, Escalation, Policy, Rule
from coupons.posts import PostKind
from coupons.returning import Returner
from storage.proof.verify import verify
from tests.coupons.office import NOW, TEAM, Office

HOUR = 3_600_000
AN = "oCustomerAn-0000000000000000"
POLICY = Policy(
    agents=(),
    approvers=("S0LEADS",),
    rules=(Rule(2000, 1, ()), Rule(5000, 2, ("S0LEADS", "U0BOSS")), Rule(None, 1, ("U0BOSS",))),
    reminders_ms=(HOUR,),
    duplicate_ms=0,
    escalation=Escalation(after_ms=4 * HOUR, mention="S0MANAGERS"),
)
LEADS = ("S0LEADS", "U0BOSS")
MEMBERS = {"S0LEADS": frozenset({"U0LI", "U0WANG"})}


def away(person: str, deputy: str | None = None, *, until: int = NOW + DAY_MS) -> Absence:
    return Absence(person=person, deputy=deputy, began_at=NOW, until=until)


def there(
    *absences: Absence,
    requester: str = "U0AGENT",
    asked_before: str = "U0AGENT",
    approved: str = "",
    needed: int = 1,
) -> Attendance:
    given = [Approval(1, person, NOW) for person in approved.split()]
    question = Question(askers=frozenset({requester, asked_before}), named=LEADS, given=given, needed=needed)
    return attendance(question, MEMBERS, absences)


#: Absences, and how the request stands; then whom a reminder calls, whom the card names for whom, and whether
#: too few are there.
@pytest.mark.parametrize(
    ("found", "called", "named", "is_unattended"),
    [
        (there(), LEADS, {}, False),
        (there(away("U0ELSE", "U0LI")), LEADS, {}, False),
        (there(away("U0WANG")), LEADS, {"U0WANG": None}, False),
        (there(away("U0WANG", "U0LI")), (*LEADS, "U0LI"), {"U0WANG": "U0LI"}, False),
        (there(away("U0BOSS", "U0LI")), ("S0LEADS", "U0LI"), {"U0BOSS": "U0LI"}, False),
        # Nobody without the right is named or called, and no requester for their own.
        (there(away("U0BOSS", "U0AGENT")), ("S0LEADS",), {"U0BOSS": None}, False),
        (there(away("U0BOSS", "U0LI"), requester="U0LI"), ("S0LEADS",), {"U0BOSS": None}, False),
        (there(away("U0LI"), requester="U0LI"), LEADS, {}, False),
        # Nor who had asked for the coupon that an undo takes back.
        (there(away("U0BOSS", "U0LI"), asked_before="U0LI"), ("S0LEADS",), {"U0BOSS": None}, False),
        # A deputy who is away stands in for nobody.
        (
            there(away("U0BOSS", "U0LI"), away("U0LI")),
            ("S0LEADS",),
            {"U0BOSS": None, "U0LI": None},
            False,
        ),
        # A deputy counts once: two approvals need two people.
        (there(away("U0WANG", "U0LI"), away("U0BOSS"), needed=2), None, None, True),
        (there(away("U0WANG", "U0LI"), needed=2), None, None, False),
        (there(away("U0WANG", "U0LI"), requester="U0BOSS", needed=2), None, None, True),
        # Whoever said yes is not called again, and is no longer missing.
        (there(away("U0WANG", "U0LI"), approved="U0LI", needed=2), ("U0BOSS",), {"U0WANG": "U0LI"}, False),
        (there(away("U0WANG"), away("U0BOSS"), approved="U0LI", needed=2), LEADS, None, True),
        # Nobody is there: better all than none.
        (there(away("U0LI"), away("U0WANG"), away("U0BOSS")), LEADS, None, True),
    ],
)
def test_whom_a_reminder_calls_and_whom_a_card_names(
    found: Attendance,
    called: tuple[str, ...] | None,
    named: dict[str, str | None] | None,
    is_unattended: bool,
) -> None:
    assert found.is_unattended is is_unattended
    assert called is None or found.called == called
    assert named is None or {each.person: each.deputy for each in found.away} == named
    assert found.named == LEADS


FINANCE = frozenset({"U0FIN", "U0LI"})
KEYS = Needs((NeedPart(("S0LEADS",)), NeedPart(("S0FINANCE",))))


#: With two keys, who approved which parts; then whom a reminder calls, for whom a deputy stands, and whether
#: too few are there: different people, one for each.
@pytest.mark.parametrize(
    ("absences", "given", "called", "named", "is_unattended"),
    [
        ([away("U0FIN")], [], {"S0LEADS", "S0FINANCE"}, {"U0FIN": None}, False),
        ([away("U0FIN", "U0LI")], [], {"S0LEADS", "S0FINANCE", "U0LI"}, {"U0FIN": "U0LI"}, False),
        # A lead who is not in finance gives no approval of finance's.
        ([away("U0FIN", "U0WANG")], [], {"S0LEADS", "S0FINANCE"}, {"U0FIN": None}, False),
        # Whoever is in both counts once.
        ([away("U0FIN"), away("U0WANG")], [], {"S0LEADS", "S0FINANCE"}, None, True),
        ([away("U0FIN")], [("U0LI", (1, 2))], {"S0LEADS"}, None, False),
        ([away("U0FIN")], [("U0WANG", (1,))], {"S0FINANCE"}, None, False),
        ([away("U0FIN"), away("U0LI")], [("U0WANG", (1,))], {"S0FINANCE"}, None, True),
    ],
)
def test_with_two_keys_each_must_have_somebody_there(
    absences: list[Absence],
    given: list[tuple[str, tuple[int, ...]]],
    called: set[str],
    named: dict[str, str | None] | None,
    is_unattended: bool,
) -> None:
    question = Question(
        askers=frozenset({"U0AGENT"}),
        named=KEYS.entries,
        given=[Approval(1, person, NOW, fills) for person, fills in given],
        needed=2,
        needs=KEYS,
        by_part=(MEMBERS["S0LEADS"], FINANCE),
    )
    found = attendance(question, {**MEMBERS, "S0FINANCE": FINANCE}, absences)
    assert found.is_unattended is is_unattended
    assert set(found.called) == called
    assert named is None or {each.person: each.deputy for each in found.away} == named


# --- going away


@pytest.fixture
def leads(office: Office) -> Office:
    office.groups.members_of["S0LEADS"] = MEMBERS["S0LEADS"]
    return office


async def asked(office: Office, value_fen: int = 1000, who: str = "U0AGENT") -> Request:
    ask = office.ask(f"{office.clock()}-{value_fen}-{who}", AN, "1001", who=who, value_fen=value_fen)
    found = await office.asking(POLICY).submit(ask)
    assert isinstance(found, Submitted)
    return found.request


async def reminded(office: Office, request: Request) -> list[tuple[object, ...]]:
    """What the reminders of this request say, once those that are due are made."""
    await office.reminder(POLICY).step()
    seen = [each for each in await office.events(request.id) if each.tag == Tag.REQUEST_REMINDED]
    return [(each.detail["mention"], each.detail.get("until"), each.detail.get("present")) for each in seen]


async def direct(office: Office) -> list[str | None]:
    posts = await office.ledger.read(lambda rows: rows.due_posts(PostKind.DIRECT, 10**15, 99))
    return [waiting.post.person for waiting in posts]


#: What is refused to whom, and by which word the log tells it. No right changes: only who is called.
GOING_AWAY = [
    ("U0AGENT", None, Reason.NOT_APPROVER, False),
    ("U0GUEST", None, Reason.GUEST, False),
    ("U0LI", "U0LI", Reason.SELF, True),
    ("U0LI", "U0AGENT", Reason.NOT_APPROVER, True),
    ("U0LI", "U0GUEST", Reason.GUEST, True),
    ("U0LI", "U0WANG", Reason.AWAY, True),
]


@pytest.mark.parametrize(("person", "deputy", "reason", "of_deputy"), GOING_AWAY)
async def test_nobody_hands_over_what_the_other_has_no_right_to(
    leads: Office, person: str, deputy: str | None, reason: Reason, of_deputy: bool
) -> None:
    leads.groups.members_of["S0LEADS"] |= {"U0GUEST"}
    leads.groups.people["U0GUEST"] = Person(user_id="U0GUEST", team=TEAM, is_guest=True)
    desk = leads.absences(POLICY)
    await desk.begin("U0WANG", until=NOW + HOUR, deputy=None)
    found = await desk.begin(person, until=NOW + HOUR, deputy=deputy)
    assert isinstance(found, NotAway)
    assert (found.decision.reason, found.of_deputy) == (reason, of_deputy)
    assert [each.person for each in await leads.ledger.read(lambda rows: rows.absences())] == ["U0WANG"]
    refusal = await leads.ledger.read(lambda rows: rows.event(2))
    assert refusal is not None
    assert refusal.detail["reason"] == (Reason.NOT_DEPUTY if of_deputy else reason)


async def test_a_hand_over_says_which_rules_it_leaves_uncovered(leads: Office) -> None:
    found = await leads.absences(POLICY).begin("U0BOSS", until=NOW + HOUR, deputy="U0LI")
    assert isinstance(found, HandedOver)
    assert found.uncovered == (3,)


async def test_no_absence_changes_who_may_approve(leads: Office) -> None:
    """Neither gives it to whoever is named, nor takes it from whoever is away."""
    desk, absences = leads.desk(POLICY), leads.absences(POLICY)
    await absences.begin("U0BOSS", until=NOW + HOUR, deputy="U0LI")
    large, own, small = await asked(leads, 9000), await asked(leads, who="U0LI"), await asked(leads, 1500)
    # Only the boss may approve this: the deputy has no rule for it.
    await leads.click(desk, large.id, "U0LI", ClickAction.APPROVE)
    await leads.click(desk, own.id, "U0LI", ClickAction.APPROVE)
    assert [(await leads.request(each.id)).state for each in (large, own)] == [State.PENDING] * 2
    await leads.click(desk, large.id, "U0BOSS", ClickAction.APPROVE)
    # Whoever has left the group since is a deputy without the right.
    leads.groups.members_of["S0LEADS"] = frozenset({"U0WANG"})
    await leads.click(desk, small.id, "U0LI", ClickAction.APPROVE)
    assert [(await leads.request(each.id)).state for each in (large, small)] == [
        State.APPROVED,
        State.PENDING,
    ]
    refusals = [(await leads.events(each.id))[-1].detail["reason"] for each in (own, small)]
    assert refusals == [Reason.SELF, Reason.NOT_APPROVER]


# --- what it changes


async def test_what_nobody_there_can_approve_is_escalated_at_once(leads: Office) -> None:
    """Whether it was asked for before they went away or after; once, until the next reminder."""
    absences, early = leads.absences(POLICY), await asked(leads)
    await absences.begin("U0LI", until=NOW + 2 * DAY_MS, deputy=None)
    assert await reminded(leads, early) == []
    await absences.begin("U0WANG", until=NOW + DAY_MS, deputy=None)
    late = await asked(leads, 1500)
    call = ("S0MANAGERS", NOW + DAY_MS, 0)
    for request in (early, late):
        assert await reminded(leads, request) == [call]
        assert await reminded(leads, request) == [call]
    leads.clock.now += HOUR
    assert await reminded(leads, early) == [call, call]
    # Somebody is back: from now on as usual.
    await absences.end("U0WANG")
    leads.clock.now += 3 * HOUR
    assert (await reminded(leads, late))[2:] == [("S0MANAGERS", None, None)]
    verify(leads.path, thorough=True)


async def test_where_others_are_there_nobody_is_called_before_the_time(leads: Office) -> None:
    await leads.absences(POLICY).begin("U0WANG", until=NOW + DAY_MS, deputy="U0LI")
    request = await asked(leads)
    assert await reminded(leads, request) == []
    assert (await leads.request(request.id)).remind_at == NOW + HOUR
    leads.clock.now += HOUR
    assert await reminded(leads, request) == [(None, None, None)]


async def test_a_pause_keeps_the_call_and_a_restart_too(leads: Office) -> None:
    """What was due at once is due in the row."""
    request = await asked(leads)
    await leads.desk(POLICY).pause("U0LI", pause=True)
    for person in ("U0LI", "U0WANG"):
        await leads.absences(POLICY).begin(person, until=NOW + DAY_MS, deputy=None)
    assert await reminded(leads, request) == []
    leads.clock.now += HOUR
    await leads.desk(POLICY).pause("U0LI", pause=False)
    assert [until for _, until, _ in await reminded(leads, request)] == [NOW + DAY_MS]


async def test_the_cards_that_name_somebody_are_drawn_anew_and_who_is_named_is_told(leads: Office) -> None:
    request, other = await asked(leads), await asked(leads, 9000)
    for each in (request, other):
        await leads.ledger.write(lambda tx, number=each.id: tx.set_card(number, "C0APPROVE", f"{number}.0"))
    absences = leads.absences(POLICY)

    async def redrawn() -> list[int | None]:
        posts = await leads.ledger.read(lambda rows: rows.due_posts(PostKind.REDRAW, 10**15, 99))
        for waiting in posts:
            await leads.ledger.write(lambda tx, post=waiting: tx.finish_post(post.id, post.version))
        return [waiting.post.request_id for waiting in posts]

    await absences.begin("U0WANG", until=NOW + HOUR, deputy="U0LI")
    assert await redrawn() == [request.id]
    await absences.begin("U0WANG", until=NOW + 2 * HOUR, deputy="U0BOSS")
    assert sorted(map(str, (await direct(leads))[1:])) == ["U0BOSS", "U0LI"]
    await redrawn()
    await absences.end("U0WANG")
    assert await redrawn() == [request.id]
    assert (await direct(leads))[3:] == ["U0BOSS"]


# --- its end


async def test_an_absence_ends_by_itself_by_a_clock_that_is_believed(leads: Office) -> None:
    await leads.absences(POLICY).begin("U0WANG", until=NOW + HOUR, deputy="U0LI")
    await leads.absences(POLICY).begin("U0BOSS", until=NOW + 3 * HOUR, deputy=None)
    returner = leads.returner(POLICY)
    assert await returner.step() == pytest.approx(3600, abs=1)
    leads.clock.now += HOUR
    assert await returner.step() == pytest.approx(7200, abs=1)
    assert [each.person for each in await leads.ledger.read(lambda rows: rows.absences())] == ["U0BOSS"]
    # The deputy knew until when; whose absence it was may be away for longer.
    assert await direct(leads) == ["U0LI", "U0WANG"]
    verify(leads.path, thorough=True)


async def test_a_clock_that_was_wrong_when_it_was_told_keeps_nobody_away(leads: Office) -> None:
    leads.clock.now = NOW + 4 * LONGEST_ABSENCE_MS
    await leads.absences(POLICY).begin("U0WANG", until=leads.clock.now + DAY_MS, deputy=None)
    leads.clock.now = NOW
    await leads.returner(POLICY).step()
    assert await leads.ledger.read(lambda rows: rows.absences()) == []


async def test_an_old_button_ends_no_later_absence(leads: Office) -> None:
    absences = leads.absences(POLICY)
    first = await absences.begin("U0WANG", until=NOW + HOUR, deputy=None)
    assert isinstance(first, HandedOver)
    leads.clock.now += 1
    await absences.begin("U0WANG", until=NOW + DAY_MS, deputy=None)
    assert isinstance(await absences.end("U0WANG", began_at=first.absence.began_at), NotAway)
    assert isinstance(await absences.end("U0WANG", began_at=NOW + 1), Absence)
    assert isinstance(await absences.end("U0WANG"), NotAway)


async def test_a_clock_in_doubt_ends_no_absence(leads: Office) -> None:
    await leads.absences(POLICY).begin("U0WANG", until=NOW + HOUR, deputy=None)
    leads.clock.now += 2 * HOUR
    returner = Returner(
        ledger=leads.ledger,
        desk=leads.absences(POLICY),
        # Nobody has confirmed it since the start.
        clock=ClockWatch(leads.clock, steady=lambda: 0),
        bell=Bell(),
        on_trouble=lambda _: None,
    )
    assert await returner.step() is None
    assert len(await leads.ledger.read(lambda rows: rows.absences())) == 1
