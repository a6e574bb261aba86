"""Who works with the bot in a campaign: agents who type again what was not answered, leads who click."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sandbox.slack.errors import CannotDoError
from sandbox.slack.messages import Message
from tests.world import World, until

LEADS = ("U0WANG", "U0ZHAO", "U0QIAN")
REQUESTER = "U0LI"
_CHANNEL = "C0APPROVE"
#: How often a lead takes a card at one look: two often take the same, and not all always.
_TAKES = 0.3
#: A card that has not changed by then is clicked once more; so is what was typed or given without effect.
_AGAIN_S = 3.0
#: A file is read anew after each start, which takes longer than most lives of a bot that is killed.
_PREVIEW_S = 900.0


@dataclass(slots=True)
class People:
    """`pause_s`: a lead looks at the channel so often."""

    shop: World
    dice: random.Random
    pause_s: float = 0.1
    #: Requests whose number an agent was told.
    acked: set[int] = field(default_factory=set)
    #: Lines of batches that were submitted.
    lines: int = 0
    #: What stands in each file that was given: openid and stock of its lines.
    files: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    #: Files that were taken, and are not shown to their requester yet.
    unread: int = 0
    _typed: int = 0
    #: By card and lead: when it was clicked last.
    _clicked: dict[tuple[str, str], float] = field(default_factory=dict)
    #: Cards on which nothing is left to decide.
    _decided: set[str] = field(default_factory=set)

    @property
    def asked(self) -> int:
        return len(self.acked) + self.lines

    def customer(self) -> str:
        """An openid that nobody had before."""
        self._typed += 1
        return f"oCust{self._typed:06d}_{self.dice.randrange(10**10):010d}-x"

    def stock(self) -> str:
        return self.dice.choice(("late-10", "late-10", "sorry-50"))

    async def agent(self, requests: int, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Types until so many were acked by all agents together, each for a customer of its own."""
        while len(self.acked) < requests:
            if not may_go_on():
                await asyncio.sleep(0.01)
                continue
            answer = await self.shop.send(f"send {self.customer()} {self.stock()} parcel {self._typed} late")
            found = re.search(r"#(\d+)", answer.text) if answer.error is None else None
            if found:
                self.acked.add(int(found[1]))

    async def requester(
        self, lines: int, may_go_on: Callable[[], bool] = lambda: True, *, most: int = 120
    ) -> None:
        """Gives files and submits their previews, until so many lines were submitted by all together."""
        while self.lines < lines:
            if not may_go_on():
                await asyncio.sleep(0.01)
                continue
            name, size = f"list-{len(self.files)}.csv", min(self.dice.randint(2, most), lines - self.lines)
            rows = self.files[name] = [(self.customer(), self.stock()) for _ in range(size)]
            written = [f"{openid},{stock},late" for openid, stock in rows]
            content = "\n".join(["openid,stock,reason", *written]).encode()
            if await self._give(name, content) and await self._submit(name):
                self.lines += size

    async def _give(self, name: str, content: bytes) -> bool:
        """False: nobody took it in time."""
        person = self.shop.slack.person(REQUESTER)
        opened = await self.shop.send("bulk", REQUESTER)
        try:
            form = await opened.view(_AGAIN_S)
            given = await person.submit(form, {"file": [person.upload(name, content)]})
        except (CannotDoError, TimeoutError):
            return False
        was_taken = given.error is None and not form.errors
        if form.open:
            await person.close(form)
        return was_taken

    async def _submit(self, name: str) -> bool:
        """The preview that a file which was taken has to get, clicked until it shows no button any more."""
        self.unread += 1
        preview = await until(lambda: self._preview(name), within_s=_PREVIEW_S)
        self.unread -= 1
        person, submitted = self.shop.slack.person(REQUESTER), False
        while not submitted:
            preview = self._preview(name) or preview
            with suppress(CannotDoError, TimeoutError):
                await person.click(preview.channel, preview.ts, "submit_batch", stale=True)
                submitted = await until(lambda: self._is_submitted(name) or None, within_s=_AGAIN_S)
        return True

    def _is_submitted(self, name: str) -> bool:
        sql = "select 1 from batch where file_name = :name and submitted_at is not null"
        return bool(self.shop.rows(sql, name=name))

    def _preview(self, name: str) -> Message | None:
        shown = self.shop.slack.dms(REQUESTER)
        return next((each for each in reversed(shown) if f"Preview of {name}" in each.words()), None)

    async def lead(self, who: str, *, declines: float = 0.0) -> None:
        """Approves (declines a share, which asks for a reason) whatever waits, until cancelled."""
        while True:
            for card in self._open_cards():
                now = time.monotonic()
                rested = now - self._clicked.get((card.ts, who), -_AGAIN_S) >= _AGAIN_S
                if rested and self.dice.random() < _TAKES:
                    self._clicked[card.ts, who] = now
                    await self._decide(who, card, declines)
            await asyncio.sleep(self.pause_s)

    async def operator(self) -> None:
        """Lets sending go on whenever something stopped it, until cancelled."""
        boss = LEADS[0]
        while True:
            await asyncio.sleep(self.pause_s * 5)
            if self.shop.slack.sockets.links and self.shop.rows("select 1 from pause"):
                await self.shop.send("resume", boss)
            for card in self.shop.slack.messages(_CHANNEL):
                if card.element("resume_batch"):
                    with suppress(CannotDoError):
                        await self.shop.slack.person(boss).click(card.channel, card.ts, "resume_batch")

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
