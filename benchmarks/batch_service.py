"""What a batch goes through in the bot, wired together without Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stand_in_process import STOCK_ID
from bot.bells import Bells
from bot.clock import steady_ms, utc_ms
from coupons.asking import Ask, Asking, Stopped
from coupons.authority import Authority
from coupons.batch_asking import BatchAsking
from coupons.batch_desk import BatchDesk
from coupons.batch_work import BatchWork
from coupons.batches import Batch, BatchState, DraftLine, NewBatch
from coupons.catalogue import Catalogue
from coupons.clock_watch import ClockWatch
from coupons.model import ClickAction, CodeMode, NewClick, Person, Request, Stock
from coupons.outcome import Outcome
from coupons.policy import Limit, Policy, Rule
from coupons.ports import Issuer
from coupons.sender import Sender
from coupons.settling import Pace
from handlers.bulk.bulk_file import FormValues
from handlers.bulk.reading_process import BulkReader
from storage.ledger import SqliteLedger

IN_FLIGHT = 64
_TEAM, _REQUESTER, _APPROVER = "T0SHOP", "U0LI", "U0WANG"
_STOCK = Stock(STOCK_ID, "late-10", "¥10 off", 1000, CodeMode.WECHATPAY_MODE)
#: Every limit there is, none of which is reached.
_POLICY = Policy(
    agents=(_REQUESTER,),
    approvers=(_APPROVER,),
    rules=(Rule(None, 1, (_APPROVER,)),),
    per_customer=Limit(9, 30),
    per_agent=Limit(10**6, 30),
    per_stock=Limit(None, 30, fen=10**12),
    budget=Limit(None, 30, fen=10**12),
)
_PREVIEW, _CARD = ("D0LI", "1.000001"), ("C0APPROVE", "1.000002")
#: The rate of coupon.toml would be measured else.
_UNBOUND = 1e6


class _Everybody:
    """A directory of active full members."""

    async def person(self, user_id: str) -> Person:
        return Person(user_id=user_id, team=_TEAM)

    async def members(self, _group_id: str) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class _Parts:
    asking: Asking
    batch_asking: BatchAsking
    desk: BatchDesk
    work: BatchWork
    sender: Sender


class BatchService:
    """Over a file of its own; to be closed. `on_outcome` hears of each finished attempt."""

    def __init__(self, path: Path, issuer: Issuer, *, on_outcome: Callable[[Request, Outcome], None]) -> None:
        bells, clock = Bells(), ClockWatch(utc_ms, steady=steady_ms)
        clock.confirm(utc_ms())
        self.ledger = SqliteLedger(path, clock=utc_ms, on_commit=bells.ring)
        directory, catalogue = _Everybody(), Catalogue((_STOCK,))
        authority = Authority(policy=_POLICY, directory=directory, ledger=self.ledger, team=_TEAM)
        self._reader = BulkReader(catalogue)
        ledger, policy = self.ledger, _POLICY
        self._parts = _Parts(
            Asking(ledger=ledger, authority=authority, issuer=issuer, policy=policy, team=_TEAM, clock=clock),
            BatchAsking(
                ledger=ledger,
                authority=authority,
                policy=policy,
                catalogue=catalogue,
                team=_TEAM,
                clock=clock,
            ),
            BatchDesk(
                ledger=ledger,
                authority=authority,
                policy=policy,
                clock=clock,
            ),
            BatchWork(
                ledger=ledger,
                authority=authority,
                issuer=issuer,
                policy=policy,
                catalogue=catalogue,
                clock=clock,
                bell=bells.expiring,
                on_trouble=_raise,
            ),
            Sender(
                ledger=ledger,
                issuer=issuer,
                clock=clock,
                bell=bells.sending,
                holder="benchmark",
                pace=Pace(in_flight=IN_FLIGHT, per_second=_UNBOUND),
                on_outcome=on_outcome,
                on_trouble=_raise,
            ),
        )
        self.sender = self._parts.sender

    async def preview(self, raw: bytes, delivery: str) -> Batch:
        """The file is read, its lines are kept, and what it comes to is known."""
        new = NewBatch(
            delivery=delivery,
            requester=_REQUESTER,
            file_id="F0FILE",
            file_name="late.xlsx",
            stock_id="",
            reason="",
            ticket="",
            asked_at=utc_ms(),
        )
        batch = await self._parts.batch_asking.receive(new, team=_TEAM)
        if isinstance(batch, Stopped):
            raise TypeError(f"the file was not taken: {batch}")
        file = await self._reader.read(raw, FormValues())
        good = [
            DraftLine(
                row=line.row,
                openid=line.openid,
                stock_id=line.stock.stock_id,
                reason=line.reason,
                ticket=line.ticket,
            )
            for line in file.lines
        ]
        await self._parts.batch_asking.keep_lines(batch, sha256=file.sha256, good=good, bad=())
        return await self.batch(batch.id)

    async def submit(self, batch: Batch) -> None:
        """Its lines become requests."""
        await self.ledger.write(lambda tx: tx.set_preview(batch.id, *_PREVIEW))
        await self._click(batch, ClickAction.SUBMIT_BATCH)
        await self._work_until(batch, BatchState.PENDING)

    async def approve(self, batch: Batch) -> None:
        """All lines are approved, and may be sent."""
        await self.ledger.write(lambda tx: tx.set_batch_card(batch.id, *_CARD))
        await self._click(batch, ClickAction.APPROVE_BATCH)
        await self._work_until(batch, BatchState.RUNNING)

    async def finish(self, batch: Batch) -> None:
        """All lines were sent."""
        await self._work_until(batch, BatchState.DONE)

    async def ask(self, openid: str, delivery: str) -> None:
        """One request of a person, which waits for its approval."""
        ask = Ask(
            delivery=delivery,
            requester=_REQUESTER,
            team=_TEAM,
            openid=openid,
            stock=_STOCK,
            reason="the parcel came four days late",
        )
        if isinstance(said := await self._parts.asking.submit(ask), Stopped):
            raise TypeError(f"a request was not taken: {said}")

    async def batch(self, batch_id: int) -> Batch:
        found = await self.ledger.read(lambda rows: rows.batch(batch_id))
        if found is None:
            raise LookupError(f"there is no batch {batch_id}")
        return found

    async def _work_until(self, batch: Batch, state: BatchState) -> None:
        """A step without anything to do cannot lead there any more."""
        while await self._parts.work.step() == 0.0:
            pass
        if (found := await self.batch(batch.id)).state is not state:
            raise RuntimeError(f"the batch is {found.state} where it was to be {state}")

    async def _click(self, batch: Batch, action: ClickAction) -> None:
        of_requester = action is ClickAction.SUBMIT_BATCH
        channel, ts = _PREVIEW if of_requester else _CARD
        click = NewClick(
            key=f"{batch.id}-{action}",
            action=action,
            request_id=0,
            batch=batch.id,
            person=_REQUESTER if of_requester else _APPROVER,
            team=_TEAM,
            channel=channel,
            reason="",
            at=utc_ms(),
            message_ts=ts,
        )
        await self.ledger.write(lambda tx: tx.add_click(click))
        for kept in await self.ledger.read(lambda rows: rows.open_clicks(1)):
            await self._parts.desk.decide(kept)


def _raise(error: BaseException) -> None:
    raise error
