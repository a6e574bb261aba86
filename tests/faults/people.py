"""Who works with the bot in a campaign: agents who type again what was not answered, leads who click."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack.errors import CannotDoError
from sandbox.slack.messages import Message
from tests.world import World

LEADS = ("U0WANG", "U0ZHAO", "U0QIAN")
_CHANNEL = "C0APPROVE"
#: A card that does not change is clicked so often, and then left to whoever looks for what is lost.
_CLICKS = 40


@dataclass(slots=True)
class People:
    """`again_s`: a lead looks at the channel so often."""

    shop: World
    dice: random.Random
    again_s: float = 0.1
    #: Requests whose number an agent was told.
    acked: set[int] = field(default_factory=set)
    _typed: int = 0
    _clicks: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: By channel: of the messages before, nothing is left to decide.
    _decided: set[str] = field(default_factory=set)

    async def agent(self, requests: int, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Types until so many were acked by all agents together, each for a customer of its own."""
        while len(self.acked) < requests:
            if not may_go_on():
                await asyncio.sleep(0.01)
                continue
            self._typed += 1
            openid = f"oCust{self._typed:06d}_{self.dice.randrange(10**10):010d}-x"
            stock = self.dice.choice(("late-10", "late-10", "sorry-50"))
            answer = await self.shop.send(f"send {openid} {stock} parcel {self._typed} late")
            found = re.search(r"#(\d+)", answer.text) if answer.error is None else None
            if found:
                self.acked.add(int(found[1]))

    async def lead(self, who: str, *, declines: float = 0.0) -> None:
        """Approves (declines a share, which asks for a reason) whatever waits, until cancelled."""
        while True:
            for card in self._open_cards():
                if self._clicks[card.ts, who] < _CLICKS:
                    self._clicks[card.ts, who] += 1
                    await self._decide(who, card, declines)
            await asyncio.sleep(self.again_s)

    def _open_cards(self) -> list[Message]:
        found = []
        for card in self.shop.slack.messages(_CHANNEL):
            if card.ts in self._decided:
                continue
            if any(card.element(action) for action in ("approve_request", "retry_request", "approve_batch")):
                found.append(card)
            elif card.text.startswith(("Sent", "Refused", "Declined", "Withdrawn")):
                self._decided.add(card.ts)
        return found

    async def _decide(self, who: str, card: Message, declines: float) -> None:
        person = self.shop.slack.person(who)
        for action in ("retry_request", "approve_request", "approve_batch"):
            if not card.element(action):
                continue
            try:
                if action == "approve_request" and self.dice.random() < declines:
                    opened = await person.click(card.channel, card.ts, "decline_request")
                    view = person.modal
                    if opened.error is None and view is not None:
                        await person.submit(view, {"reason": "not this time"})
                else:
                    await person.click(card.channel, card.ts, action, stale=True)
            except CannotDoError:
                # Drawn anew meanwhile.
                continue
