"""An office that gives many coupons at once, over a real ledger, and a WeChat Pay that never waits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from coupons.asking import created
from coupons.batch_asking import BatchAsking
from coupons.batch_desk import BatchDesk
from coupons.batch_events import BatchApproved, BatchCreated
from coupons.batch_work import BatchWork
from coupons.batches import Batch, BatchState, DraftLine, LeftOut, NewBatch, Progress, move_batch
from coupons.catalogue import Catalogue
from coupons.events import ApprovalGiven, RequestApproved
from coupons.lifecycle import move
from coupons.loops import Bell
from coupons.model import Click, ClickAction, CodeMode, Draft, NewClick, Request, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.policy import Policy, Rule
from coupons.ports import Place, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Recorded
from coupons.sender import Sender
from coupons.settling import Pace
from storage.ledger import SqliteLedger
from storage.proof.verify import Verified, verify
from tests.clocks import sure
from tests.coupons.office import NOW, TEAM, Office, a_stock

HOUR = 3_600_000
STOCK = a_stock("1001")
#: Two leads, and nobody decides alone.
POLICY = Policy(
    agents=("U0LI", "U0WANG"),
    approvers=("S0LEADS",),
    rules=(Rule(None, 2, ("S0LEADS",)),),
    expiry_ms=10 * HOUR,
    duplicate_ms=0,
)
CARD, PREVIEW = ("C0APPROVE", "9.0001"), ("D0LI", "9.0002")


def openid(row: int) -> str:
    return f"oCustomer-of-a-batch-{row:07d}"


def lines(count: int, stock_id: str = "1001") -> list[DraftLine]:
    """Of rows 2 and on, as under a head."""
    return [
        DraftLine(row=row, openid=openid(row), stock_id=stock_id, reason="late", ticket="")
        for row in range(2, count + 2)
    ]


def put_running(tx: Transaction, numbers: Sequence[str], *, stock_id: str, delivery: str) -> None:
    """A batch that runs, its lines under these numbers, with the events that tell of it."""
    new = NewBatch(
        delivery=delivery,
        requester="U0LI",
        file_id="",
        file_name="late.csv",
        stock_id=stock_id,
        reason="late",
        ticket="",
        asked_at=NOW,
    )
    draft, _ = tx.add_batch(new)
    drafts = [
        Draft(
            out_request_no=number,
            requester="U0LI",
            openid=openid(row),
            stock=a_stock(stock_id),
            reason="late",
            approvals_needed=1,
            created_at=NOW,
            expires_at=NOW + HOUR,
            body=f'{{"out_request_no":"{number}","openid":"{openid(row)}"}}'.encode(),
            batch=draft.id,
            batch_row=row,
        )
        for row, number in enumerate(numbers, 2)
    ]
    made = [request for request, _ in tx.add_requests(drafts)]
    for line in made:
        tx.append(created(line).done_by("U0LI", line.id))
    sums = {"size": len(made), "value_fen": 1000 * len(made), "highest_fen": 1000, "approvals_needed": 1}
    pending = tx.save_batch(draft, move_batch(draft, BatchState.PENDING, now=NOW, **sums))
    event = BatchCreated(
        batch=draft.id, file_name="late.csv", sha256="", left_out=0, approvers=(), rule=0, raised=(), **sums
    )
    tx.append(event.done_by("U0LI"))
    seq = tx.append(ApprovalGiven(count=1, needed=1, batch=draft.id).done_by("U0WANG"))
    tx.add_batch_approval(draft.id, "U0WANG", at=NOW, seq=seq)
    approved = tx.save_batch(pending, move_batch(pending, BatchState.APPROVED, now=NOW))
    tx.append(BatchApproved(batch=draft.id, approvals=["U0WANG"]).done_by("U0WANG"))
    for line in made:
        tx.save(line, move(line, State.APPROVED, now=NOW, due_at=NOW))
        tx.append(RequestApproved(approvals=["U0WANG"], batch=draft.id).done_by("U0WANG", line.id))
    tx.save_batch(approved, move_batch(approved, BatchState.RUNNING, now=NOW))


class Wechat:
    """Gives one coupon for each number; `says` has what customers get instead, in turn."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.given: dict[str, str] = {}
        self.says: dict[str, list[Outcome]] = {}

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        return json.dumps(
            {"no": out_request_no, "openid": openid, "stock": stock_id, "mode": code_mode}
        ).encode()

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            asked = json.loads(body)
            self.calls[asked["no"]] += 1
            if waiting := self.says.get(asked["openid"]):
                return waiting.pop(0)
            code = self.given.setdefault(asked["no"], f"C{len(self.given)}")
            return Outcome(
                kind=Kind.SENT, verified=True, attempt_open=False, remedy=Remedy.NONE, coupon_code=code
            )

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        return self.given.get(out_request_no)


class BatchOffice(Office):
    """`crash` leaves nothing but the file."""

    def __init__(self, path: Path, policy: Policy = POLICY) -> None:
        super().__init__(path)
        self.policy, self.wechat, self.stock = policy, Wechat(), STOCK
        self.groups.members_of = {"S0LEADS": frozenset({"U0WANG", "U0ZHAO", "U0CHEN", "U0LI"})}
        self.troubles: list[BaseException] = []
        self.begin()

    def begin(self) -> None:
        common = {"ledger": self.ledger, "policy": self.policy, "clock": sure(self.clock)}
        authority, catalogue = self.authority(self.policy), Catalogue([self.stock, a_stock("1002", 5000)])
        self.batch_asking = BatchAsking(authority=authority, catalogue=catalogue, team=TEAM, **common)  # type: ignore[arg-type]  # what they have in common
        self.batch_desk = BatchDesk(authority=authority, **common)  # type: ignore[arg-type]
        loop = {"bell": Bell(), "on_trouble": self.troubles.append}
        self.work = BatchWork(
            authority=authority,
            issuer=self.wechat,
            catalogue=catalogue,
            **common,  # type: ignore[arg-type]
            **loop,  # type: ignore[arg-type]
        )
        self.sender = Sender(
            ledger=self.ledger,
            issuer=self.wechat,
            clock=sure(self.clock),
            holder=f"here-{self._clicks}",
            pace=Pace(per_second=1e6),
            on_outcome=lambda _request, _outcome: None,
            **loop,  # type: ignore[arg-type]
        )

    async def crash(self) -> None:
        """The next process has new objects over the same file."""
        await self.ledger.close()
        self.ledger = SqliteLedger(self.path, clock=self.clock, on_commit=lambda _: None)
        self.begin()

    # --- what people do

    async def receive(self, delivery: str = "T0SHOP.V1", who: str = "U0LI", team: str = TEAM) -> Batch:
        batch = await self.batch_asking.receive(
            NewBatch(
                delivery=delivery,
                requester=who,
                file_id="F0FILE",
                file_name="late.csv",
                stock_id="1001",
                reason="late",
                ticket="",
                asked_at=self.clock(),
            ),
            team=team,
        )
        assert isinstance(batch, Batch)
        return batch

    async def draft(
        self,
        good: Sequence[DraftLine],
        bad: Sequence[LeftOut] = (),
        *,
        delivery: str = "T0SHOP.V1",
        who: str = "U0LI",
        sha256: str = "ab" * 32,
    ) -> Batch:
        """Its file was read, and its preview stands."""
        batch = await self.receive(delivery, who)
        await self.batch_asking.keep_lines(batch, sha256=sha256, good=good, bad=bad)
        await self.ledger.write(lambda tx: tx.set_preview(batch.id, *PREVIEW))
        await self.ledger.write(lambda tx: tx.set_batch_card(batch.id, *CARD))
        return await self.batch(batch.id)

    async def do(
        self,
        action: ClickAction,
        who: str,
        batch: int = 1,
        *,
        on: tuple[str, str] | None = None,
        reason: str = "",
        team: str = TEAM,
    ) -> None:
        """Kept and decided."""
        assert await self.batch_desk.decide(
            await self.keep(action, who, batch, on=on, reason=reason, team=team)
        )

    async def keep(
        self,
        action: ClickAction,
        who: str,
        batch: int = 1,
        *,
        on: tuple[str, str] | None = None,
        reason: str = "",
        team: str = TEAM,
    ) -> Click:
        """Without `on` on the message where its button is."""
        preview = {ClickAction.SUBMIT_BATCH, ClickAction.DISCARD_BATCH}
        channel, ts = on or (PREVIEW if action in preview else CARD)
        self._clicks += 1
        click = NewClick(
            key=f"k{self._clicks}",
            action=action,
            request_id=0,
            batch=batch,
            person=who,
            team=team,
            channel=channel,
            reason=reason,
            at=self.clock(),
            message_ts=ts,
        )
        await self.ledger.write(lambda tx: tx.add_click(click))
        [kept] = await self.open_clicks()
        return kept

    async def pending(self, count: int = 3, **changes: str) -> Batch:
        """Submitted, and its lines are requests."""
        batch = await self.draft(lines(count), **changes)  # type: ignore[arg-type]  # words alone
        await self.do(ClickAction.SUBMIT_BATCH, batch.requester, batch.id)
        await self.settle()
        return await self.batch(batch.id)

    async def running(self, count: int = 3) -> Batch:
        batch = await self.pending(count)
        await self.approved_by_two(batch.id)
        return await self.batch(batch.id)

    async def approved_by_two(self, batch_id: int) -> None:
        for who in ("U0WANG", "U0ZHAO"):
            await self.do(ClickAction.APPROVE_BATCH, who, batch_id)
        await self.settle()

    # --- what the loops do

    async def settle(self, *, parts: int = 1000) -> int:
        """Parts of the work, until none is left or so many were done."""
        done = 0
        while done < parts and await self.work.step() == 0.0:
            done += 1
        return done

    async def send(self, steps: int = 20) -> None:
        for _ in range(steps):
            await self.sender.step()
            await self.sender.drain()

    # --- what stands

    async def batch(self, batch_id: int = 1) -> Batch:
        found = await self.ledger.read(lambda rows: rows.batch(batch_id))
        assert found is not None
        return found

    async def state(self, batch_id: int = 1) -> BatchState:
        return (await self.batch(batch_id)).state

    async def progress(self, batch_id: int = 1) -> dict[str, int]:
        progress: Progress = await self.ledger.read(lambda rows: rows.progress_of_batch(batch_id))
        return dict(progress.states)

    async def lines(self, batch_id: int = 1) -> list[Request]:
        return list(await self.ledger.read(lambda rows: rows.requests_of_batch(batch_id, limit=9999)))

    async def log(self) -> list[Recorded]:
        return list(await self.ledger.read(lambda rows: [e for n in range(1, 9999) if (e := rows.event(n))]))

    async def batch_tags(self, batch_id: int = 1) -> list[str]:
        """Of the events that tell of the batch and of no line."""
        return [
            each.tag
            for each in await self.log()
            if each.request_id is None and each.detail.get("batch") == batch_id
        ]

    async def steps(self) -> list[Post]:
        """Of what stands in the threads once the cards are drawn."""
        numbers = await self.ledger.read(lambda rows: [each.id for each in rows.open_batches(9)])
        keys = [Post(kind=PostKind.BATCH_CARD, request_id=None, batch=number).key for number in {1, *numbers}]
        await self.ledger.write(lambda tx: [tx.recall_post(key) for key in keys])
        return await self.posts(PostKind.REPLY)

    async def posts(self, kind: PostKind) -> list[Post]:
        found = await self.ledger.read(lambda rows: rows.due_posts(kind, 10**15, 999))
        return [waiting.post for waiting in found]

    async def refusals(self) -> list[str]:
        return [str(each.detail["reason"]) for each in await self.log() if each.tag == "click:refused"]

    async def prove(self) -> Verified:
        """Everything agrees with the log."""
        return verify(self.path, thorough=True)


#: With changes of `POLICY`.
Opening = Callable[..., BatchOffice]
