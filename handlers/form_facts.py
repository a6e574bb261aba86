"""What the form shows beside its fields when it opens: what was asked for lately, and what its ticket got."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from coupons.catalogue import Catalogue
from coupons.errors import StorageUnavailable
from coupons.ports import Ledger
from handlers.views import form
from handlers.views.form import Filled
from handlers.views.message import Block
from handlers.views.words import Words

_FAVOURITES: Final = 3
#: It must not keep the form from opening: the trigger is good for three seconds.
_WITHIN_S: Final = 1.0


class FormFacts:
    """`on_trouble` hears of what could not be read: the form opens without it."""

    def __init__(
        self, *, ledger: Ledger, catalogue: Catalogue, on_trouble: Callable[[BaseException], str]
    ) -> None:
        self._ledger = ledger
        self._catalogue = catalogue
        self._on_trouble = on_trouble

    async def beside(self, words: Words, user: str, filled: Filled) -> tuple[list[Block], str]:
        """Buttons of favourites, while no coupon is chosen; and a sentence on the ticket, if it got any."""
        spellings = words.tickets.spellings(filled.ticket)
        try:
            async with asyncio.timeout(_WITHIN_S):
                lately, history = await self._ledger.read(
                    lambda rows: (
                        rows.favourites_of(user, _FAVOURITES) if filled.stock is None else (),
                        rows.history_of_ticket(spellings) if filled.ticket else None,
                    )
                )
        except (TimeoutError, StorageUnavailable) as error:
            self._on_trouble(error)
            return [], ""
        found = ((self._catalogue.find(each.stock_id), each.reason) for each in lately)
        offered = [(stock, reason) for stock, reason in found if stock is not None]
        got = form.of_ticket(words, history) if history is not None and history.count else ""
        return form.favourite_buttons(words, offered), got
