"""The sending loop: claims approved requests, makes attempts, settles what is unknown.

What is due is claimed in one commit, as much of it as may leave now; each call is then made by itself. The
outcome of a single request goes to the ledger at once, those of lines of a batch as many as come together. A
single request never waits behind a
batch: places on the wire are kept for it, and of what may leave now it is the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial

from coupons.attempts import Attempts, Ended
from coupons.brake import Brake
from coupons.clock_watch import ClockWatch
from coupons.errors import StorageUnavailable
from coupons.gathering import Gathering
from coupons.leases import LEASE_MS, RENEW_MS, SAFE_MS
from coupons.lookups import Lookups
from coupons.loops import Bell, InFlight, Loop, OnTrouble
from coupons.model import Request
from coupons.outcome import Outcome, Remedy
from coupons.ports import DueWork, Issuer, Ledger, Reading
from coupons.settling import Lookup, Pace, needs_lookup

#: An outcome that the database did not take is brought to it again.
_AGAIN_S = 1.0
#: Of the places on the wire, those that no batch may take: one in so many.
_KEPT_OF = 32
#: Claimed ahead and signed, one for so many places: the next call leaves when an answer comes, and not a
#: commit later.
_AHEAD_OF = 2
#: Between the begins of two steps: answers come one by one, and what each makes room for is claimed together.
_STEP_S = 0.02
#: Claims or outcomes in one commit: some 5 ms of the one writer, for which an ack may have to wait.
_AT_ONCE = 20
#: Outcomes of lines that come within so many seconds are kept together: nobody waits for one of them.
_GATHERED_S = 0.015
#: Outcomes on their way to the disk, for each place on the wire: their calls take none any more.
_ENDING = 4
#: When what is due may not leave, until it is looked for again; and the least of all such times.
_RECHECK_S, _SHORTEST_S = 1.0, 0.02


class _TooLateError(Exception):
    pass


class Sender(Loop):
    """`holder` names this start of the bot, and no other one ever.

    `on_outcome` hears of each finished attempt; `on_trouble` of what must not stop the loop.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        issuer: Issuer,
        clock: ClockWatch,
        bell: Bell,
        holder: str,
        pace: Pace,
        on_outcome: Callable[[Request, Outcome], None],
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._issuer = issuer
        self._clock = clock
        self._pace = pace
        self._on_outcome = on_outcome
        self._attempts = Attempts(clock=clock, holder=holder, pace=pace)
        self._lookups = Lookups(ledger=ledger, issuer=issuer, clock=clock, pace=pace)
        self._brake = Brake(per_second=pace.per_second, pauses_s=pace.too_fast_s, steady=clock.steady)
        self._lookups_under_way = InFlight[int](pace.in_flight, bell=bell, on_trouble=on_trouble)
        self._rounds = InFlight[int](pace.in_flight * _ENDING, bell=bell, on_trouble=on_trouble)
        #: Claimed, and not answered yet, by request; those that are on the wire hold a place there.
        self._on_wire: dict[int, Request] = {}
        most = pace.in_flight
        self._kept = max(most // _KEPT_OF, 1) if most > 1 else 0
        self._ahead = most // _AHEAD_OF
        self._places = asyncio.Semaphore(most)
        self._places_of_batches = asyncio.Semaphore(most - self._kept)
        self._ended_lines = Gathering[Ended](
            lambda ended: self._keep(ended, later=True), within_s=_GATHERED_S, most=_AT_ONCE
        )
        #: The attempts without an outcome on the disk, and since when their leases run, by the steady clock.
        self._leases: dict[int, tuple[Request, int]] = {}
        #: By the steady clock. A batch of which nothing may leave is not looked through at each step.
        self._batches_rest_until = clock.steady()
        #: By the event loop's clock.
        self._next_step_at = 0.0

    async def step(self) -> float | None:
        """Renew what runs, take up what a dead process left and what is due."""
        await self._rest()
        await self._renew()
        now = self._clock()
        paused, left, due, to_look_up, next_due, shut = await self._ledger.read(
            partial(
                self._work,
                free=min(self._brake.free(), self._free_places()),
                free_in_batch=0 if self._batches_rest() else self._free_places(in_batch=True),
                but=self._brake.closed(),
            )
        )
        if shut:
            rest_ms = min(int(_RECHECK_S * 1000), self._brake.next_free_ms())
            self._batches_rest_until = self._clock.steady() + rest_ms
        for row in left:
            # Of ours none is interrupted as long as it is worked on, whatever became of its lease.
            if row.id not in self._rounds:
                await self._ledger.write(partial(self._attempts.interrupt, left=row))
        if not self.stopping:
            for row in to_look_up:
                self._lookups_under_way.start(
                    row.id, partial(self._lookups.run, row.id), name=f"look-up-{row.id}"
                )
            await self._begin([row.id for row in due])
        due_s = None if next_due is None or paused else self._until(next_due, now, found=bool(due))
        if not self._leases:
            return due_s
        return RENEW_MS / 1000 if due_s is None else min(due_s, RENEW_MS / 1000)

    async def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        if (rest_s := self._next_step_at - loop.time()) > 0:
            await asyncio.sleep(rest_s)
        self._next_step_at = loop.time() + _STEP_S

    def _until(self, next_due: int, now: int, *, found: bool) -> float | None:
        """Seconds until something may be begun, as far as no answer and no commit rings before."""
        if self._free_places() <= 0:
            return None
        if next_due > now or found:
            # A row that failed stays due, and so does one more than was asked for: never a busy loop.
            return max((next_due - now) / 1000, _SHORTEST_S)
        # Something is due, and may not leave yet.
        return min(max(self._brake.next_free_ms() / 1000, _SHORTEST_S), _RECHECK_S)

    def _batches_rest(self) -> bool:
        return self._clock.steady() < self._batches_rest_until

    def _free_places(self, *, in_batch: bool = False) -> int:
        most = self._pace.in_flight
        if not in_batch:
            # Without a place to end in, too, nobody would work on what is claimed, and its lease be renewed.
            ending = most * _ENDING - len(self._rounds.under_way)
            return min(most + self._ahead - len(self._on_wire), ending)
        of_batches = sum(request.batch is not None for request in self._on_wire.values())
        return most + self._ahead - self._kept - of_batches

    def _work(
        self, rows: Reading, *, free: int, free_in_batch: int, but: Collection[str]
    ) -> tuple[bool, Sequence[Request], Sequence[Request], Sequence[Request], int | None, bool]:
        lease_now = rows.lease_clock()
        paused = rows.pause() is not None
        due, shut = ((), False) if paused else self._due(rows, free, free_in_batch, but)
        return (
            paused,
            rows.interrupted_requests(lease_now, lease_now + LEASE_MS),
            due,
            self._lookups.due(rows, self._pace.in_flight),
            rows.next_send_due(),
            shut,
        )

    def _due(
        self, rows: DueWork, free: int, free_in_batch: int, but: Collection[str]
    ) -> tuple[Sequence[Request], bool]:
        """What is due and may leave now, single requests first; and whether some stock keeps batches waiting.

        Where a line is held for what an operator must put right, the others of its stock would be, too. A
        single request is tried all the same: whoever asked for it is told at once.
        """
        now, longest_ms = self._clock(), self._pace.longest_ms
        alone = rows.due_requests(now, free, now + longest_ms, but=but) if free > 0 else ()
        free = min(free - len(alone), free_in_batch)
        if free <= 0:
            return alone, False
        but = [*but, *rows.stopped_stocks()]
        lines = rows.due_requests(now, free, now + longest_ms, in_batch=True, but=but)
        return [*alone, *lines], bool(but) and not lines

    @property
    def brakes(self) -> bool:
        """Whether WeChat Pay found what leaves here too fast, a short time ago."""
        return bool(self._brake.closed())

    async def drain(self) -> None:
        await self._lookups_under_way.drain()
        while not await self._rounds.drain(within_s=RENEW_MS / 1000):
            try:
                await self._renew()
            except StorageUnavailable as error:
                self._on_trouble(error)

    async def _renew(self) -> None:
        """Of all at once: one small commit each time, and none while attempts are quick."""
        asked, begun = self._clock.steady(), tuple(self._leases.values())
        if all(asked - since < RENEW_MS for _, since in begun):
            return
        await self._ledger.write(partial(self._attempts.renew, begun=[request for request, _ in begun]))
        for request, since in begun:
            if self._leases.get(request.id) == (request, since):
                self._leases[request.id] = (request, asked)

    # --- attempts

    async def _begin(self, request_ids: Sequence[int]) -> None:
        """Claim them, many in one commit, and make their calls."""
        wanted = [each for each in request_ids if each not in self._rounds.not_now()]
        for first in range(0, len(wanted), _AT_ONCE):
            await self._begin_some(wanted[first : first + _AT_ONCE])

    async def _begin_some(self, wanted: Sequence[int]) -> None:
        started_at, asked = self._clock.latest(), self._clock.steady()
        try:
            begun = await self._ledger.write(
                partial(self._attempts.begin_all, request_ids=wanted), later=True
            )
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be begun must not keep the others from it
            self._on_trouble(error)
            for request_id in wanted:
                self._rounds.start(request_id, partial(self._alone, request_id), name=f"send-{request_id}")
            return
        self._brake.took(len(begun))
        for request in begun:
            self._claimed(request, asked)
            self._rounds.start(
                request.id, partial(self._round, request, started_at, asked), name=f"send-{request.id}"
            )

    def _claimed(self, request: Request, asked: int) -> None:
        self._on_wire[request.id] = request
        self._leases[request.id] = (request, asked)

    async def _alone(self, request_id: int) -> None:
        started_at, asked = self._clock.latest(), self._clock.steady()
        for request in await self._ledger.write(partial(self._attempts.begin_all, request_ids=(request_id,))):
            self._claimed(request, asked)
            await self._round(request, started_at, asked)

    async def _round(self, request: Request, started_at: int, asked: int) -> None:
        try:
            try:
                outcome = await self._call(request, asked)
            finally:
                del self._on_wire[request.id]
                self._bell.ring()
            if outcome is None:
                return
            retry_in_ms = self._retry_in_ms(request, outcome)
            lookup = await self._look_up(request, outcome)
            await self._end(Ended(request, outcome, lookup, started_at, retry_in_ms))
        finally:
            self._on_wire.pop(request.id, None)
            del self._leases[request.id]
        self._on_outcome(request, outcome)

    async def _call(self, request: Request, asked: int) -> Outcome | None:
        """None: no call was made."""
        place = self._place(request, asked)
        try:
            call = self._issuer.send if request.undoes is None else self._issuer.undo
            return await call(request.body, earlier_open=request.open_attempts > 1, place=place)
        except _TooLateError:
            return None

    @asynccontextmanager
    async def _place(self, request: Request, asked: int) -> AsyncGenerator[None]:
        """Raises _TooLateError: another process may have taken it for interrupted meanwhile."""
        of_batches = nullcontext() if request.batch is None else self._places_of_batches
        async with of_batches, self._places:
            if self._clock.steady() - asked >= SAFE_MS:
                raise _TooLateError
            yield

    def _retry_in_ms(self, request: Request, outcome: Outcome) -> int | None:
        """None: by the tries of this request. What is too fast counts as one of them once it has lasted."""
        if outcome.remedy is not Remedy.SLOWER:
            self._brake.was_taken(request.stock_id)
            return None
        lasts = self._brake.too_fast(request.stock_id, outcome.retry_after)
        return None if lasts else max(self._brake.opens_in_ms(request.stock_id), 1)

    async def _look_up(self, request: Request, outcome: Outcome) -> Lookup | None:
        return await self._lookups.look_up(request) if needs_lookup(request, outcome, self._pace) else None

    async def _end(self, ended: Ended) -> None:
        if ended.begun.batch is None:
            await self._keep([ended], later=False)
            return
        try:
            await self._ended_lines.put(ended)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be kept must not keep the others from it
            self._on_trouble(error)
            await self._keep([ended], later=True)

    async def _keep(self, ended: Sequence[Ended], *, later: bool) -> None:
        """Only this process knows the outcome: a database that is away for a moment must not lose it."""
        while True:
            try:
                await self._ledger.write(partial(self._attempts.finish_all, ended=ended), later=later)
            except StorageUnavailable as error:
                if self.stopping:
                    raise
                self._on_trouble(error)
                await asyncio.sleep(_AGAIN_S)
            else:
                return
