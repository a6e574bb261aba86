"""Approval and result are one reply where nobody waited between, and two where somebody did."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from coupons.asking import Submitted
from coupons.desk import Desk
from coupons.events import Tag
from coupons.model import ClickAction
from coupons.policy import Policy, Rule
from coupons.ports import Transaction
from coupons.posts import RESULT_WITHIN_MS, PostKind, WaitingPost
from tests.coupons.office import Office
from tests.storage.records import begin_posting

TWO = Rule(max_value_fen=None, approvals=2, approvers=())
POLICY = Policy(agents=(), approvers=("U0WANG", "U0ZHAO"), rules=(TWO,))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    office = Office(tmp_path / "coupon.db")
    yield office
    await office.ledger.close()


async def replies(office: Office, within_ms: int = 0) -> Sequence[WaitingPost]:
    """Those that are due by then."""
    at = office.clock() + within_ms
    return await office.ledger.read(lambda rows: rows.due_posts(PostKind.REPLY, at, 9))


async def draw_cards(office: Office) -> None:
    """As the announcer does: a reply waits for its card."""

    def draw(tx: Transaction) -> None:
        for card in tx.due_posts(PostKind.CARD, office.clock(), 9):
            tx.finish_post(card.id, card.version)

    await office.ledger.write(draw)


async def approved(office: Office) -> tuple[Desk, int]:
    """By both, the card of before them drawn."""
    found = await office.asking(POLICY).submit(office.ask("d1", "customer-number-1", "1001"))
    assert isinstance(found, Submitted)
    number, desk = found.request.id, office.desk(POLICY)
    for person in POLICY.approvers:
        await office.click(desk, number, person, ClickAction.APPROVE)
        await draw_cards(office)
    return desk, number


async def tags_of(office: Office, waiting: WaitingPost) -> tuple[str | None, str | None]:
    """The events of a reply: the approval it tells first, and its own."""
    first, seq = waiting.post.approval_seq, waiting.post.seq
    found = await office.ledger.read(
        lambda rows: [rows.event(each) if each else None for each in (first, seq)]
    )
    return found[0].tag if found[0] else None, found[1].tag if found[1] else None


async def test_an_approval_that_is_not_the_last_is_told_at_once_and_the_last_waits_for_its_result(
    office: Office,
) -> None:
    await approved(office)
    [first] = await replies(office)
    assert [each.id for each in await replies(office, RESULT_WITHIN_MS - 1)] == [first.id]
    [_, last] = await replies(office, RESULT_WITHIN_MS)
    assert await tags_of(office, last) == (None, Tag.APPROVAL_GIVEN)


async def test_what_comes_of_it_meanwhile_tells_both_in_one_reply(office: Office) -> None:
    desk, number = await approved(office)
    await desk.cancel(number, "U0LI")
    await draw_cards(office)
    [_, last] = await replies(office, RESULT_WITHIN_MS)
    assert await tags_of(office, last) == (Tag.APPROVAL_GIVEN, Tag.REQUEST_CANCELLED)


async def test_an_approval_that_is_being_told_is_not_told_again(office: Office) -> None:
    desk, number = await approved(office)
    [_, approval] = await replies(office, RESULT_WITHIN_MS)
    await office.ledger.write(lambda tx: begin_posting(tx, approval.id))
    await desk.cancel(number, "U0LI")
    await draw_cards(office)
    [_, before, last] = await replies(office, RESULT_WITHIN_MS)
    assert before.id == approval.id
    assert await tags_of(office, last) == (None, Tag.REQUEST_CANCELLED)
