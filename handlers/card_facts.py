"""What a card, or the Home of who decides, says beside the request's own row: read in one look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from coupons.catalogue import Catalogue
from coupons.lifecycle import FINAL
from coupons.model import Request, State
from coupons.policy import DAY_MS
from coupons.ports import Reading, Records
from coupons.tickets import TicketSystem
from handlers.talk_facts import talk_of
from handlers.views.card_context import Beside

#: Other requests of the customer, and of the ticket, that a card looks through for open ones.
OTHERS: Final = 20


@dataclass(frozen=True, slots=True)
class CardFacts:
    """`catalogue` and `tickets`: as coupon.toml has them."""

    catalogue: Catalogue
    tickets: TicketSystem

    def beside(self, rows: Reading, request: Request) -> Beside:
        """Of what nobody decides about any more: only whether sending is paused."""
        pause = rows.pause() if request.state not in FINAL else None
        if request.state is not State.PENDING:
            sent = request.state is State.SENT
            coupon = rows.coupon_states([request.id]).get(request.id) if sent else None
            return Beside(
                pause=pause, coupon=coupon, undo=open_undo_of(rows, request), talk=talk_of(rows, request)
            )
        stock = self.catalogue.find(request.stock_id)
        shown = Beside(
            history=rows.history_of_customer(request.openid),
            used=rows.asked_for_by(request.requester, request.created_at - DAY_MS, request.id),
            others=_open_but(request, rows.requests_of_customer(request.openid, OTHERS)),
            pause=pause,
            talk=talk_of(rows, request),
            may_offer=request.undoes is None and bool(self.catalogue.smaller_than(request.value_fen)),
            warn=stock.warn if stock is not None else "",
        )
        if not request.ticket:
            return shown
        return replace(
            shown,
            of_ticket=rows.history_of_ticket(self.tickets.spellings(request.ticket)),
            others_of_ticket=_open_but(request, self._of_ticket(rows, request)),
        )

    def redrawn_with(self, rows: Reading, request: Request) -> Sequence[Request]:
        """Those whose cards tell of this one: of the same customer, and of the same ticket."""
        alike = [*rows.requests_of_customer(request.openid, OTHERS)]
        if request.ticket:
            alike += self._of_ticket(rows, request)
        waiting = {other.id: other for other in alike if other.state is State.PENDING and other.card_ts}
        return [other for number, other in waiting.items() if number != request.id]

    def _of_ticket(self, rows: Reading, request: Request) -> Sequence[Request]:
        return rows.requests_with_ticket(self.tickets.spellings(request.ticket), OTHERS)


def open_undo_of(rows: Records, request: Request) -> Request | None:
    """The undo of this sent request that is not finished."""
    if request.state is not State.SENT:
        return None
    return next((undo for undo in rows.undos_of(request.id) if undo.state not in FINAL), None)


def _open_but(request: Request, alike: Sequence[Request]) -> tuple[int, ...]:
    return tuple(row.id for row in alike if row.id != request.id and row.state not in FINAL)
