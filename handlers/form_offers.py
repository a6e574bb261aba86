"""What was read of misread commands, until their buttons open the form with it.

In memory alone: it holds openids, right and wrong ones, which neither Slack nor the database needs to keep.
After a restart the form opens empty and says so.
"""

from __future__ import annotations

import secrets
from typing import Final

from handlers.misread import FormWords

_KEPT: Final = 1_000


class FormOffers:
    """The newest ones, each for the person who typed it."""

    def __init__(self) -> None:
        self._offers: dict[int, tuple[str, FormWords]] = {}

    def keep(self, person: str, read: FormWords) -> int:
        """The number for the button: no other one, of before a restart neither, is like it."""
        number = secrets.randbelow(10**15)
        self._offers[number] = person, read
        if len(self._offers) > _KEPT:
            del self._offers[next(iter(self._offers))]
        return number

    def find(self, number: int | None, person: str) -> FormWords | None:
        """None: it is kept no more, or was somebody else's."""
        typed_by, read = self._offers.get(number or 0, ("", FormWords()))
        return read if typed_by == person else None
