"""Payloads on their way to the app: sent once or twice, acknowledged in three seconds or not."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.slack.errors import JSON
from sandbox.slack.state import State

ACK_SECONDS = 3.0
# The Events API repeats a missed event at once, after a minute and after five. Commands and clicks never.
EVENT_RETRY_SECONDS = (0.0, 60.0, 300.0)

OPERATION_TIMEOUT = "operation_timeout"
DISPATCH_FAILED = "dispatch_failed"


class Kind(StrEnum):
    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


class Twice(StrEnum):
    """The same delivery two times, with the same ids: at the same moment, or the second after the first's
    ack."""

    NO = "no"
    TOGETHER = "together"
    IN_ORDER = "in_order"


Repeat = Twice | bool | None


def repeat(twice: Repeat) -> Twice:
    """True is the harder of the two: at the same moment."""
    if isinstance(twice, Twice):
        return twice
    return Twice.TOGETHER if twice else Twice.NO


@dataclass(slots=True)
class Delivery:
    """One sending of one payload. `error` is None when it was acknowledged in time, else operation_timeout
    (no answer in 3 s) or dispatch_failed (a refusal). `answer` is what the ack carried; `elapsed` seconds
    until the ack or the giving up; `late_after` is set when an ack came after that."""

    id: str
    kind: Kind
    payload: JSON
    accepts_answer: bool
    at: float
    answer: Any = None
    error: str | None = None
    elapsed: float = 0.0
    late_after: float | None = None
    link: int | None = None
    retry_attempt: int = 0
    done: bool = False


class Transport(Protocol):
    async def deliver(self, delivery: Delivery) -> None:
        """Send it and wait for its ack; fills in answer, error and elapsed."""
        ...


class Deliverer:
    """`duplicate` makes every delivery go twice unless one says otherwise itself."""

    def __init__(self, state: State, transport: Transport, ack_seconds: float) -> None:
        self._state = state
        self.transport = transport
        self.ack_seconds = ack_seconds
        self.event_retry_seconds = EVENT_RETRY_SECONDS
        self.duplicate = Twice.NO
        self.all: list[Delivery] = []
        self._retries: set[asyncio.Task[None]] = set()

    async def deliver(
        self,
        kind: Kind,
        payload: JSON,
        *,
        accepts_answer: bool,
        show: Callable[[Delivery], None] = lambda _: None,
        twice: Repeat = None,
    ) -> tuple[Delivery, ...]:
        """One delivery, or two with the same envelope id. `show` puts each ack on the screen as it comes."""
        envelope_id = str(uuid.uuid4())
        how = self.duplicate if twice is None else repeat(twice)
        copies = [
            Delivery(envelope_id, kind, payload, accepts_answer, self._state.clock())
            for _ in range(1 if how is Twice.NO else 2)
        ]
        if how is Twice.TOGETHER:
            await asyncio.gather(*(self._send(delivery, show) for delivery in copies))
        else:
            for delivery in copies:
                await self._send(delivery, show)
        if kind is Kind.EVENT and copies[-1].error:
            self._repeat_later(copies[-1])
        return tuple(copies)

    async def close(self) -> None:
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)

    async def _send(self, delivery: Delivery, show: Callable[[Delivery], None] = lambda _: None) -> None:
        self.all.append(delivery)
        self._state.changes.note("delivery", id=delivery.id, kind=delivery.kind.value)
        await self.transport.deliver(delivery)
        delivery.done = True
        show(delivery)
        self._state.changes.note(
            "ack", id=delivery.id, error=delivery.error, elapsed=round(delivery.elapsed, 3)
        )

    def _repeat_later(self, missed: Delivery) -> None:
        task = asyncio.create_task(self._repeat(missed))
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _repeat(self, missed: Delivery) -> None:
        for attempt, pause in enumerate(self.event_retry_seconds, start=1):
            await asyncio.sleep(pause)
            again = Delivery(
                missed.id, missed.kind, missed.payload, missed.accepts_answer, self._state.clock()
            )
            again.retry_attempt = attempt
            await self._send(again)
            if again.error is None:
                return
