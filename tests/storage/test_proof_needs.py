"""One of each of several groups, proved from the events: who could fill what stands in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coupons.asking import created
from coupons.events import ApprovalGiven, RequestApproved
from coupons.lifecycle import move
from coupons.model import Approval, State
from coupons.needs import Fills, NeedPart, Needs
from coupons.ports import Transaction
from storage.proof.verify import verify
from tests.storage.records import NOW, a_draft, broken, tamper, written
from tests.storage.test_agreeing import holds

NEEDS = Needs((NeedPart(("S0LEADS",)), NeedPart(("S0FINANCE", "U0FIN"))))
ORDERED = Needs(NEEDS.parts, in_order=True)


def approved(tx: Transaction, number: str, needs: Needs, *fills: Fills, needed: int = 2) -> None:
    """By as many people, each of whom could fill these parts."""
    draft = a_draft(number, approvals_needed=needed, needs=needs)
    request, _ = tx.add_requests([draft])[0]
    tx.append(created(request).done_by(request.requester, request.id))
    people = [f"U0A{place}" for place in range(len(fills))]
    for count, (person, own) in enumerate(zip(people, fills, strict=True), start=1):
        tx.add_approval(Approval(request.id, person, NOW, own))
        given = ApprovalGiven(count=count, needed=needed, fills=own or None)
        tx.append(given.done_by(person, request.id))
    tx.append(RequestApproved(approvals=people).done_by(people[-1], request.id))
    tx.save(request, move(request, State.APPROVED, now=NOW, due_at=NOW))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def works(tx: Transaction) -> None:
        approved(tx, "n1", NEEDS, (2,), (1,))
        approved(tx, "n2", NEEDS, (1, 2), (1,))
        approved(tx, "n3", ORDERED, (1, 2), (2,))
        approved(tx, "n4", Needs(), (), ())

    return written(tmp_path_factory.mktemp("needs") / "coupon.db", works)


@pytest.fixture
def log(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


def test_what_the_bot_writes_is_whole_and_known_for_it_at_once(log: Path) -> None:
    assert holds(log)
    assert verify(log).rows == 16


@pytest.mark.parametrize(
    "change",
    [
        "approval set fills = '[1]' where request_id = 1 and approver = 'U0A0'",
        "approval set fills = '' where request_id = 2 and approver = 'U0A1'",
        "approval set fills = '[1,2]' where request_id = 4 and approver = 'U0A1'",
        "request set needs = '' where id = 1",
        "request set needs = replace(needs, 'S0FINANCE', 'S0LEADS') where id = 2",
        "request set needs = replace(needs, 'true', 'false') where id = 3",
        "request set needs = (select needs from request where id = 3) where id = 4",
    ],
)
def test_a_row_that_says_otherwise_is_named(log: Path, change: str) -> None:
    tamper(log, f"update {change}")
    assert not holds(log)
    assert broken(log)[0] == "request"


@pytest.mark.parametrize(
    ("needs", "fills", "needed"),
    [
        (NEEDS, [(1,), (1,)], 2),
        (NEEDS, [(1,), ()], 2),
        (ORDERED, [(2,), (1,)], 2),
        # As many as the row says, and fewer than the parts.
        (NEEDS, [(1,)], 1),
        (NEEDS, [(1,), (2,), (2,)], 3),
    ],
)
def test_an_approval_by_the_wrong_groups_is_named_though_rows_and_events_agree(
    path: Path, needs: Needs, fills: list[Fills], needed: int
) -> None:
    written(path, lambda tx: approved(tx, "n1", needs, *fills, needed=needed))
    kind, sentence = broken(path)
    assert kind == "state"
    assert "request #1 was approved, and its approvals do not fill all parts of its need" in sentence
