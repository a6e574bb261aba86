"""A file becomes a batch: kept before the ack, read, shown to its requester, and submitted or discarded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from coupons.asking import Stopped
from coupons.authority import Authority
from coupons.batch import BatchLine, asked_before
from coupons.batch_preview import BatchPreview, RefusedLine, preview, totals_of
from coupons.batch_terms import Members, raised_of
from coupons.batches import SAME_FILE, Batch, BatchState, DraftLine, LeftOut, NewBatch, move_batch
from coupons.catalogue import Catalogue
from coupons.clock_watch import ClockWatch
from coupons.events import CommandRefused
from coupons.masking import keepable
from coupons.needs import PLAIN
from coupons.permissions import Decision, Reason, may_ask
from coupons.policy import Policy
from coupons.ports import Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.rules import Terms, people

T = TypeVar("T")

#: Lines in one transaction: it holds up an ack for some milliseconds.
LINES_AT_ONCE = 500
#: A draft that nobody submits is discarded, and its lines with it.
DRAFT_MS = 3_600_000
#: For so long what a draft comes to is believed, as long as nobody asks for anything.
_LATEST_MS = 10_000
#: Of one file.
MOST_LINES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDraft:
    """A draft as its requester is shown it."""

    batch: Batch
    preview: BatchPreview
    #: The batch that this very file became before.
    same_file: Batch | None
    #: By the row of a line: a request of a short time before, for the same customer and stock.
    lately: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Latest:
    """The preview of a draft as of `at`, by the steady clock, when `highest` was the newest request."""

    batch_id: int
    highest: int
    at: int
    preview: BatchPreview

    def is_of(self, batch: Batch, rows: Records, *, now: int) -> bool:
        """Whether it says the same as a new one would: nobody asked for anything or was forgotten since."""
        return (
            self.batch_id == batch.id
            and now - self.at < _LATEST_MS
            and self.highest == rows.highest_number()
            and batch.left_out == rows.count_left_out(batch.id)
        )


class BatchAsking:
    """`team` is the workspace the bot lives in."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        policy: Policy,
        catalogue: Catalogue,
        team: str,
        clock: ClockWatch,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._policy = policy
        self._catalogue = catalogue
        self._team = team
        self._clock = clock
        #: Of the draft that was read last, until it is shown.
        self._latest: _Latest | None = None

    async def receive(self, new: NewBatch, *, team: str) -> Batch | Stopped:
        """Durable when this returns, so that the ack may go.

        Raises DirectoryUnavailable, StorageUnavailable.
        """
        members = await self._authority.members(self._policy.agents)
        return await self._ledger.write(partial(self._receive, new=new, team=team, members=members))

    def _receive(self, tx: Transaction, *, new: NewBatch, team: str, members: Members) -> Batch | Stopped:
        right = Decision(Reason.OUTSIDER)
        if team == self._team:
            agents = people(self._policy.agents, members) if self._policy.agents else None
            right = may_ask(new.requester, agents)
        if not right.allowed:
            refused = CommandRefused(reason=right.reason, stock_id=new.stock_id, value_fen=0)
            tx.append(refused.done_by(new.requester))
            return Stopped(right)
        # Kept for as long as the batch: what is plainly a person's number is shortened, as in events.
        new = replace(
            new,
            file_name=keepable(new.file_name),
            reason=keepable(new.reason),
            ticket=keepable(new.ticket),
        )
        batch, _ = tx.add_batch(new)
        return batch

    async def keep_lines(
        self,
        batch: Batch,
        *,
        sha256: str,
        good: Sequence[DraftLine],
        bad: Sequence[LeftOut],
        remarks: str = "",
    ) -> None:
        """What the file holds, and what is said of it besides.

        Done again after a crash it comes to the same. Raises DirectoryUnavailable, StorageUnavailable.
        """
        for part in _parts([*good, *bad]):
            lines = [line for line in part if isinstance(line, DraftLine)]
            wrong = [line for line in part if isinstance(line, LeftOut)]
            await self._ledger.write(
                partial(_add_lines, batch_id=batch.id, lines=lines, bad=wrong), later=True
            )
        members = await self._authority.members(self._policy.groups)
        seen, highest = await self._ledger.read(
            lambda rows: (self._preview(rows, batch=batch, members=members), rows.highest_number())
        )
        for refused in _parts(seen.refused):
            await self._ledger.write(partial(_leave_out, batch_id=batch.id, refused=refused), later=True)
        # Before the commit that lets it be shown.
        self._latest = _Latest(batch.id, highest, self._clock.steady(), replace(seen, refused=()))
        await self._ledger.write(
            partial(self._was_read, batch=batch, sha256=sha256, remarks=remarks, seen=seen)
        )

    async def tell_that_it_waits(self, batch: Batch) -> None:
        """Its file does not come: its requester is told that by the preview. Raises StorageUnavailable."""

        def tell(tx: Transaction) -> None:
            now = tx.batch(batch.id)
            if now is not None and now.state is BatchState.DRAFT and not now.sha256:
                tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=now.id, person=now.requester))

        await self._ledger.write(tell)

    async def refuse_file(self, batch: Batch, problem: str, *, sha256: str = "") -> None:
        """Nothing of the file can be used, and why. Raises StorageUnavailable."""
        await self._ledger.write(partial(self._cannot_be_read, batch=batch, problem=problem, sha256=sha256))

    async def show(self, batch: Batch) -> ShownDraft:
        """As it is at this moment. Raises DirectoryUnavailable, StorageUnavailable."""
        members = await self._authority.members(self._policy.groups)
        preview = await self._ledger.read(partial(self._present, batch=batch, members=members))
        same, lately = await self._ledger.read(
            lambda rows: (
                rows.batch_of_file(batch.sha256, but=batch.id),
                self._asked_lately(rows, preview.lines),
            )
        )
        return ShownDraft(batch=batch, preview=preview, same_file=same, lately=lately)

    def _asked_lately(self, rows: Records, lines: Sequence[BatchLine]) -> Mapping[int, int]:
        if not self._policy.duplicate_ms:
            return {}
        since = self._clock.earliest() - self._policy.duplicate_ms
        return asked_before(lines, rows.asked_lately({line.openid for line in lines}, (), since))

    def _was_read(
        self, tx: Transaction, *, batch: Batch, sha256: str, remarks: str, seen: BatchPreview
    ) -> None:
        before = tx.batch(batch.id)
        if before is None or before.state is not BatchState.DRAFT or before.sha256:
            return
        after = replace(
            with_terms(before, seen.terms),
            file_id="",
            sha256=sha256,
            problem=SAME_FILE if tx.batch_of_file(sha256, but=batch.id) is not None else "",
            remarks=remarks,
            size=len(seen.lines),
            value_fen=seen.fen,
            highest_fen=max((line.stock.value_fen for line in seen.lines), default=0),
            left_out=tx.count_left_out(batch.id),
            expires_at=self._clock.latest() + DRAFT_MS,
        )
        self._show(tx, before, after)
        if after.left_out:
            tx.post(Post(kind=PostKind.LEFT_OUT, request_id=None, batch=batch.id, person=batch.requester))

    def _cannot_be_read(self, tx: Transaction, *, batch: Batch, problem: str, sha256: str) -> None:
        before = tx.batch(batch.id)
        if before is None or before.state is not BatchState.DRAFT or before.sha256:
            return
        after = move_batch(before, BatchState.DISCARDED, now=self._clock(), problem=problem, sha256=sha256)
        self._show(tx, before, after)

    def _show(self, tx: Transaction, before: Batch, after: Batch) -> None:
        saved = tx.save_batch(before, after)
        tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=saved.id, person=saved.requester))

    def _present(self, rows: Records, *, batch: Batch, members: Members) -> BatchPreview:
        """The first time it is what was worked out a moment before: it takes seconds for many lines."""
        latest, self._latest = self._latest, None
        if latest is not None and latest.is_of(batch, rows, now=self._clock.steady()):
            return latest.preview
        return self._preview(rows, batch=batch, members=members)

    def _preview(self, rows: Records, *, batch: Batch, members: Members) -> BatchPreview:
        return preview_now(rows, batch, self._policy, self._catalogue, members, now=self._clock.earliest())


def preview_now(
    rows: Records, batch: Batch, policy: Policy, catalogue: Catalogue, members: Members, *, now: int
) -> BatchPreview:
    """Of a draft, before anybody asks for anything else. `members`: of every group that coupon.toml names."""
    lines = tuple(lines_of(rows.lines(batch.id, after=0, limit=MOST_LINES), catalogue))
    counts = rows.used(totals_of(policy, batch.requester, lines), now)
    return preview(policy, batch.requester, lines, counts, members)


def with_terms(batch: Batch, terms: Terms | None) -> Batch:
    """The approvals that its lines need together, and by which rule; None: there is no line."""
    return replace(
        batch,
        # What many people get is looked at by one at least, whatever a rule lets pass by itself.
        approvals_needed=max(terms.approvals_needed, 1) if terms else 1,
        approvers=terms.approvers if terms else (),
        rule=terms.place if terms else 0,
        raised=raised_of(terms) if terms else (),
        needs=terms.needs if terms else PLAIN,
    )


def _add_lines(tx: Transaction, *, batch_id: int, lines: Sequence[DraftLine], bad: Sequence[LeftOut]) -> None:
    batch = tx.batch(batch_id)
    # Read by another start meanwhile, or given up.
    if batch is not None and batch.state is BatchState.DRAFT and not batch.sha256:
        tx.add_lines(batch_id, lines, bad)


def _leave_out(tx: Transaction, *, batch_id: int, refused: Sequence[RefusedLine]) -> None:
    batch = tx.batch(batch_id)
    if batch is not None and batch.state is BatchState.DRAFT and not batch.sha256:
        for each in refused:
            tx.leave_line_out(batch_id, each.line.row, each.reason)


def lines_of(lines: Iterable[DraftLine], catalogue: Catalogue) -> Iterator[BatchLine]:
    """With their stocks; a stock that coupon.toml has no longer is left out."""
    for line in lines:
        stock = catalogue.find(line.stock_id)
        if stock is not None:
            yield BatchLine(line.row, line.openid, stock, line.reason, line.ticket)


def _parts(lines: Sequence[T]) -> Iterable[Sequence[T]]:
    rest = iter(lines)
    while part := tuple(islice(rest, LINES_AT_ONCE)):
        yield part
