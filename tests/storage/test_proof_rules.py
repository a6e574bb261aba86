"""The proof and the rules: what a request was asked with, and that enough people said yes, or a rule did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from coupons.asking import Ask, Submitted
from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import Approval, ClickAction, Request, State
from coupons.policy import DailyCap, Limit, Policy, Rule, WhenReached
from coupons.ports import Transaction
from coupons.recording import SYSTEM, Event, Json
from storage.database import open_for_reading
from storage.proof.replay import lacks, replay
from storage.proof.rows_fast import Agreement
from storage.proof.verify import verify
from tests.coupons.office import Office
from tests.storage.records import NOW, broken, create, open_ledger, tamper

POLICY = Policy(
    agents=(),
    approvers=("U0WANG", "U0ZHAO", "U0QIAN"),
    rules=(Rule(500, 0, (), per_day=DailyCap(9, 9000)), Rule(None, 2, ())),
    per_agent=Limit(2, 30, WhenReached.APPROVE),
    budget=Limit(2, 30, WhenReached.APPROVE),
)


@pytest.fixture
def log(path: Path) -> Path:
    """#1 automatic; #2 approved by two; #3 raised twice, declined; #4 in its place, with the ticket of #2."""

    async def live() -> None:
        office = Office(path)
        asking, desk = office.asking(POLICY), office.desk(POLICY)

        async def ask(number: int, **words: object) -> Request:
            made = await asking.submit(
                Ask(**{**vars_of(office.ask(f"{number}", f"oCustomer-{number:06d}", "1001")), **words})  # type: ignore[arg-type]  # by name
            )
            assert isinstance(made, Submitted)
            return made.request

        small = office.ask("0", "oCustomer-AN-000001", "1000", value_fen=500)
        assert (await asking.submit(small)).request.approvals_needed == 0  # type: ignore[union-attr]  # Submitted
        second = await ask(2, ticket="T-2")
        for person in ("U0WANG", "U0ZHAO"):
            await office.click(desk, second.id, person, ClickAction.APPROVE)
        third = await ask(3, ticket="T-3")
        assert third.raised == ("agent_limit", "budget_limit")
        await office.click(desk, third.id, "U0WANG", ClickAction.APPROVE)
        for action in (ClickAction.APPROVE, ClickAction.WITHDRAW_APPROVAL):
            await office.click(desk, third.id, "U0QIAN", action)
        await office.click(desk, third.id, "U0ZHAO", ClickAction.DECLINE)
        fourth = await ask(4, ticket="T-2", confirmed=True, follows=third.id)
        assert (fourth.duplicate_of, fourth.follows, fourth.rule) == (2, 3, 2)
        await office.ledger.close()

    asyncio.run(live())
    return path


def vars_of(ask: Ask) -> dict[str, object]:
    return {name: getattr(ask, name) for name in Ask.__slots__}


def test_what_the_rules_made_is_whole(log: Path) -> None:
    assert verify(log).rows == 12


def test_what_the_bot_writes_is_found_whole_at_once(log: Path) -> None:
    """Otherwise each verify would compare every request exactly, and take twice as long."""
    database = open_for_reading(log)
    agreement = Agreement(database)
    agreement.help(database)
    assert agreement.holds()
    database.close()


@pytest.mark.parametrize(
    "change",
    [
        "update request set reason = 'x' where id = 4",
        "update request set stock_name = 'x' where id = 4",
        "update approval set approver = 'U0QIAN' where request_id = 2 and approver = 'U0ZHAO'",
        "insert into approval (request_id, approver, at) values (4, 'U0QIAN', 1)",
        "delete from approval where request_id = 3",
        "insert into approval (request_id, approver, at) select 3, 'U0QIAN', at from approval limit 1",
    ],
)
def test_a_row_that_was_changed_is_found_among_what_the_bot_wrote(log: Path, change: str) -> None:
    tamper(log, change)
    assert broken(log)[0] == "request"


@pytest.mark.parametrize(
    "change",
    [
        "ticket = 'T-9' where id = 2",
        "ticket = '' where id = 2",
        "ticket = 'T-1' where id = 1",
        "rule = 0 where id = 2",
        "rule = 3 where id = 2",
        "raised = '' where id = 3",
        "raised = 'agent_limit' where id = 3",
        "raised = 'budget_limit,agent_limit' where id = 3",
        "raised = 'stock_limit' where id = 2",
        "duplicate_of = null where id = 4",
        "duplicate_of = 1 where id = 4",
        "duplicate_of = 1 where id = 3",
        "follows = null where id = 4",
        "follows = 2 where id = 3",
        "approvals_needed = 0 where id = 2",
        "approvals_needed = 1 where id = 1",
    ],
)
def test_a_row_that_says_otherwise_than_the_event_that_made_it_is_named(log: Path, change: str) -> None:
    number = change[-1]
    tamper(log, f"update request set {change}")
    kind, sentence = broken(log)
    assert kind == "request"
    assert sentence.startswith(f"request #{number} has another requester, number")


def test_rows_of_before_the_third_schema_are_whole_and_their_defaults_are_looked_at(path: Path) -> None:
    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(create)  # an event without ticket, rule, raised
        await ledger.close()

    asyncio.run(live())
    assert verify(path).rows == 1
    tamper(path, "update request set rule = 1 where id = 1")
    assert broken(path)[0] == "request"


# --- enough people, or a rule


def approved(
    tx: Transaction, *, needed: int, people: tuple[str, ...], by: str, detail: dict[str, Json] | None = None
) -> None:
    """What the desk would never write."""
    request = create(tx, approvals_needed=needed)
    for person in people:
        tx.add_approval(Approval(request.id, person, NOW))
        tx.append(Event(Tag.APPROVAL_GIVEN, person, request.id))
    tx.append(Event(Tag.REQUEST_APPROVED, by, request.id, detail or {}))
    tx.save(request, move(request, State.APPROVED, now=NOW, due_at=NOW))


def then_late(tx: Transaction) -> None:
    """Approved by one of two; the second yes is put in afterwards, so that the lists agree."""
    approved(tx, needed=2, people=("U0WANG",), by="U0WANG")
    tx.add_approval(Approval(1, "U0ZHAO", NOW))
    tx.append(Event(Tag.APPROVAL_GIVEN, "U0ZHAO", 1))


def twice(tx: Transaction) -> None:
    """One person's yes told twice."""
    approved(tx, needed=2, people=("U0WANG", "U0WANG"), by="U0WANG")


EMPTY: dict[str, Json] = {"approvals": []}
NAMED: dict[str, Json] = {"approvals": ["U0WANG"]}

FORGED: list[tuple[Callable[[Transaction], None], str]] = [
    (
        lambda tx: approved(tx, needed=2, people=("U0WANG",), by="U0WANG"),
        "was approved with 1 of the 2 approvals it needs",
    ),
    (lambda tx: approved(tx, needed=1, people=(), by="U0WANG"), "was approved with 0 of the 1 approvals"),
    (then_late, "its events cannot follow each other so"),
    (twice, "has another list of approvers than its events say"),
    # by a rule, where people were needed
    (
        lambda tx: approved(tx, needed=1, people=(), by=SYSTEM, detail=EMPTY),
        "needs 1 approval(s), but its events say that a rule sent it",
    ),
    # by nobody and no rule, where none was needed
    (lambda tx: approved(tx, needed=0, people=(), by="U0WANG", detail=EMPTY), "needs no approval, but its"),
    (lambda tx: approved(tx, needed=0, people=(), by=SYSTEM), "needs no approval, but its events do not"),
    (
        lambda tx: approved(tx, needed=0, people=(), by=SYSTEM, detail=NAMED),
        "needs no approval, but its events do not say that a rule approved it",
    ),
]


@pytest.mark.parametrize(("forge", "sentence"), FORGED)
def test_an_approval_by_too_few_is_named_though_row_chain_and_lists_agree(
    path: Path, forge: Callable[[Transaction], None], sentence: str
) -> None:
    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(forge)
        await ledger.close()

    asyncio.run(live())
    kind, found = broken(path)
    assert kind in {"state", "request"}
    assert sentence in found


def test_lowering_the_need_in_row_and_event_shows_in_the_chain(log: Path) -> None:
    lowered = "update event set body = replace(body, '\"approvals_needed\":4', '\"approvals_needed\":1')"
    tamper(log, "update request set approvals_needed = 1 where id = 3", f"{lowered} where request_id = 3")
    assert broken(log)[0] == "edited"


@pytest.mark.parametrize(
    ("story", "needed", "is_right"),
    [
        ("n", 2, True),
        ("ng", 2, True),
        ("ngga", 2, True),
        ("nggga", 2, True),
        ("nga", 2, False),
        ("na", 1, False),
        ("no", 0, True),
        ("no", 1, False),
        ("na", 0, False),
        ("nga", 0, False),
        ("ngathyts", 1, True),
        ("ngd", 3, True),
        # Taken back: it counts as none.
        ("ngwga", 1, True),
        ("nggwga", 2, True),
        ("ngwa", 1, False),
        ("nggwa", 2, False),
    ],
)
def test_a_story_has_the_approvals_it_needs(story: str, needed: int, is_right: bool) -> None:
    assert replay(story) is not None
    assert (lacks(story, needed) is None) is is_right
