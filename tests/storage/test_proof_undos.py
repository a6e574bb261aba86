"""The proof agrees with every moment of an undo's life, and names each row of one that was changed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coupons.audit_events import CustomerErased
from coupons.coupon_states import CouponAnswer
from coupons.errors import IssuerUnavailable
from coupons.forgetting import StillOpen, forget
from coupons.loops import Bell
from coupons.model import ClickAction, Request, State
from coupons.needs import NeedPart, Needs, written
from coupons.outcome import Kind, Outcome, Remedy
from coupons.ports import Place, Topic
from coupons.undo_desk import UndoDesk
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import sure
from tests.empty_database import empty_database
from tests.storage.records import Time, a_click, broken, rows, tamper
from tests.storage.test_agreeing import holds
from tests.storage.test_proof_lives import FIX, LOST, NO, NO_IN_DOUBT, Script, Shop

UNDONE = Outcome(kind=Kind.UNDONE, verified=True, attempt_open=True, remedy=Remedy.NONE)


@dataclass
class UndoScript(Script):
    """WeChat Pay, by what it answers to undos, and what it says of the coupon when it is asked."""

    undone: list[Outcome] = field(default_factory=list)
    states: list[str | None] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def compose_undo(self, *, out_request_no: str, stock_id: str, coupon_code: str) -> bytes:
        return f"{out_request_no} {stock_id} {coupon_code}".encode()

    async def undo(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            self.bodies.append(body)
            return self.undone.pop(0) if self.undone else UNDONE

    async def coupon(
        self, *, openid: str, stock_id: str, coupon_code: str, out_request_no: str
    ) -> CouponAnswer:
        state = self.states.pop(0) if self.states else None
        if state is None:
            raise IssuerUnavailable("nobody answers", code="TIMEOUT")
        return CouponAnswer(state=state, happened_at=None, valid_until=None)


class UndoShop(Shop):
    """Request 1 is sent; what is asked and clicked then is about its undo, request 2."""

    script: UndoScript
    undo_desk: UndoDesk
    #: Whose state the sending loop is waited for.
    about = 1

    async def sent(self) -> None:
        await self.approved()
        await self.send_until(State.SENT)

    async def ask_back(self, person: str = "U0SUN", number: int = 1) -> None:
        """By the command."""
        click = a_click(f"undo-{person}-{number}", action=ClickAction.UNDO, person=person, request_id=number)
        await self.desk.keep_click(click)
        [kept] = await self.ledger.read(lambda rows: rows.open_clicks(9))
        assert await self.undo_desk.decide(kept)

    async def request(self, number: int = 2) -> Request:
        found = await self.ledger.read(lambda rows: rows.request(number))
        assert found is not None
        return found

    async def click_undo(self, action: ClickAction, person: str) -> None:
        self._clicks += 1
        shown = (await self.request()).out_request_no
        values = {"action": action, "person": person, "request_id": 2, "out_request_no": shown}
        await self.desk.keep_click(a_click(f"k{self._clicks}", **values))
        [click] = await self.ledger.read(lambda rows: rows.open_clicks(9))
        await self.desk.decide(click)

    async def approve_back(self) -> None:
        for person in ("U0WANG", "U0ZHAO"):
            await self.click_undo(ClickAction.APPROVE, person)

    async def undo_until(self, *states: State) -> State:
        self.about = 2
        return await self.send_until(*states)

    async def state(self) -> State:
        return (await self.request(self.about)).state


@pytest.fixture
async def shop(path: Path, clock: Time) -> AsyncGenerator[UndoShop]:
    bell = Bell()

    def ring(topics: frozenset[Topic]) -> None:
        bell.ring()

    ledger = SqliteLedger(empty_database(path), clock=clock, on_commit=ring)
    here = UndoShop(ledger, path, clock, bell, UndoScript())
    here.undo_desk = UndoDesk(
        ledger=here.ledger,
        authority=here.desk._authority,
        issuer=here.script,  # type: ignore[arg-type]
        policy=here.desk._policy,
        clock=sure(clock),
    )
    yield here
    await ledger.close()


@pytest.mark.parametrize(
    ("outcomes", "states", "end"),
    [
        ([UNDONE], [], State.UNDONE),
        ([LOST, LOST, UNDONE], [], State.UNDONE),
        # Taken back, and by whom does not matter.
        ([NO], ["DEACTIVATED"], State.UNDONE),
        ([NO], ["SENDED"], State.REFUSED),
        # Why not is not known before the coupon was looked at: somebody may have taken it back by hand.
        ([NO, NO], [None, "DEACTIVATED"], State.UNDONE),
        ([NO, NO], [None, "SENDED"], State.REFUSED),
        ([NO], ["USED"], State.REFUSED),
        ([LOST, NO_IN_DOUBT], ["EXPIRED"], State.REFUSED),
        ([FIX], [], State.HELD),
        ([LOST] * 4, [], State.HELD),
    ],
    ids=lambda value: None if isinstance(value, State) else "",
)
async def test_every_moment_of_an_undo_is_proven(
    shop: UndoShop, outcomes: Sequence[Outcome], states: Sequence[str | None], end: State
) -> None:
    await shop.sent()
    shop.script.undone, shop.script.states = list(outcomes), list(states)
    await shop.ask_back()
    await shop.click_undo(ClickAction.APPROVE, "U0WANG")
    await shop.click_undo(ClickAction.WITHDRAW_APPROVAL, "U0WANG")
    await shop.approve_back()
    assert await shop.undo_until(State.UNDONE, State.REFUSED, State.HELD) is end
    assert shop.script.undone == []
    assert (await shop.request(1)).undone_by == (2 if end is State.UNDONE else None)


async def test_every_moment_of_an_undo_of_a_smaller_coupon_is_proven(shop: UndoShop) -> None:
    """It takes back what the requester took, and is approved by that value."""
    await shop.ask()
    await shop.click(ClickAction.OFFER, "U0WANG", "9500")
    await shop.click(ClickAction.ACCEPT_OFFER, "U0LI", "2")
    assert await shop.send_until(State.SENT) is State.SENT
    await shop.ask_back()
    await shop.click_undo(ClickAction.APPROVE, "U0ZHAO")
    assert await shop.undo_until(State.UNDONE) is State.UNDONE
    assert ((await shop.request()).stock_id, (await shop.request()).value_fen) == ("9500", 500)


@pytest.mark.parametrize("undoes", ["null", "2"])
async def test_an_undo_that_is_pointed_at_another_coupon_is_not_sent(
    path: Path, shop: UndoShop, undoes: str
) -> None:
    """Its bytes take back the one, and its row would say that the other was."""
    await shop.sent()
    await shop.ask_back()
    await shop.approve_back()
    tamper(path, f"update request set undoes = {undoes} where id = 2")
    shop.ledger = shop.ledger._ledger  # type: ignore[assignment]  # whose proof would name it
    assert await shop.undo_until(State.HELD, State.SENT, State.REFUSED) is State.HELD
    assert (await shop.request()).problem == "BODY_CHANGED"
    assert shop.script.bodies == []


@pytest.mark.parametrize(
    ("state", "end"),
    [("DEACTIVATED", State.UNDONE), ("USED", State.REFUSED)],
)
async def test_a_held_undo_that_somebody_wants_to_close_ends_by_what_the_coupon_is(
    shop: UndoShop, state: str, end: State
) -> None:
    await shop.sent()
    shop.script.undone, shop.script.states = [LOST] * 4, [state]
    await shop.ask_back()
    await shop.approve_back()
    await shop.undo_until(State.HELD)
    await shop.click_undo(ClickAction.CLOSE, "U0WANG")
    assert await shop.undo_until(State.UNDONE, State.REFUSED) is end
    # In doubt or undone: never a second number.
    await shop.ask_back("U0LI")
    assert await shop.ledger.read(lambda rows: rows.highest_number()) == 2


async def test_a_customer_is_not_erased_while_an_undo_waits_and_no_coupon_is_asked_back_after(
    path: Path, shop: UndoShop
) -> None:
    erased = CustomerErased(customer=1, why="command", days=None)
    await shop.sent()
    await shop.ask_back()
    with pytest.raises(StillOpen):
        await shop.ledger.write(lambda tx: forget(tx, erased))
    await shop.click_undo(ClickAction.DECLINE, "U0WANG")
    await shop.ledger.write(lambda tx: forget(tx, erased))
    await shop.ask_back("U0LI")
    assert await shop.ledger.read(lambda rows: rows.highest_number()) == 2
    assert (await shop.tags())[-1] == "click:refused"
    assert verify(path, thorough=True).rows


@pytest.fixture
async def undone(shop: UndoShop, path: Path, tmp_path: Path) -> Path:
    """One coupon taken back, and the file put aside."""
    await shop.sent()
    await shop.ask_back()
    await shop.approve_back()
    await shop.undo_until(State.UNDONE)
    copy = tmp_path / "copy.db"
    rows(path, f"vacuum into '{copy}'")
    return copy


NEEDS = Needs((NeedPart(("U0WANG",), 2),))
#: What is changed, and the kind of damage that is named for it.
CHANGES = {
    "update request set undoes = null where id = 2": "request",
    "update request set undoes = 2 where id = 2": "request",
    "update request set undoes = 2 where id = 1": "request",
    "update request set undone_by = null where id = 1": "request",
    "update request set undone_by = 1 where id = 1": "request",
    "update request set undone_by = 2 where id = 2": "request",
    "update request set state = 'sent', coupon_code = 'CODE1' where id = 2": "state",
    "update request set state = 'refused' where id = 2": "state",
    "update request set approvals_needed = 1 where id = 2": "request",
    "update request set approvals_needed = 0 where id = 2": "request",
    "update request set rule = 1 where id = 2": "request",
    f"update request set needs = '{written(NEEDS)}' where id = 2": "request",
    "update request set offer = 3 where id = 2": "request",
    "update request set requester = 'U0WANG' where id = 1": "request",
    "update request set value_fen = 1 where id = 2": "request",
    "update request set closed_at = closed_at + 99999 where id = 2": "request",
    "update approval set approver = 'U0LI' where request_id = 2 and approver = 'U0WANG'": "request",
    "update approval set fills = '[1]' where request_id = 2 and approver = 'U0WANG'": "request",
    "delete from approval where request_id = 2 and approver = 'U0WANG'": "request",
    "update request set body = x'7b7d' where id = 2": "body",
    "update coupon_state set state = 'SENDED' where request_id = 1": "coupon",
    "delete from event where request_id = 2 and tag = 'approval:given' and actor = 'U0WANG'": "missing",
    "delete from event where request_id = 2 and tag = 'undo:done'": "missing",
}


async def test_each_change_of_what_stands_of_an_undo_is_named(undone: Path, tmp_path: Path) -> None:
    assert holds(undone)
    assert verify(undone, thorough=True).rows
    for change, kind in CHANGES.items():
        log = Path(shutil.copy(undone, tmp_path / "changed.db"))
        tamper(log, change)
        found = broken(log, thorough=True)
        assert found[0] == kind, (change, found)
