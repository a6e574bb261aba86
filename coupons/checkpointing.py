"""Signed checkpoints of the log go to the audit channel, where those who run the bot can't change them.

Once a day, however quiet it was, so that a missing one is noticed; and after so many events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from coupons.audit_ports import AuditSearch
from coupons.audit_words import Filter
from coupons.events import AuditCheckpoint, DatabaseRestored, Tag
from coupons.loops import Loop, OnTrouble
from coupons.model import Pause
from coupons.ports import Clock, Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM

#: Place, hash and UTC milliseconds to the signed line, as an auditor keeps it.
Sign = Callable[[int, str, int], str]

_DAY_MS: Final = 86_400_000
_EVERY_S: Final = 30.0


class Checkpointer(Loop):
    """Idle without a channel.

    When the next one is due is told by the log itself, so a restart neither doubles nor misses one.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        sign: Sign,
        channel: str | None,
        every: int,
        clock: Clock,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(on_trouble=on_trouble, every_s=_EVERY_S, trouble_s=_EVERY_S)
        self._ledger = ledger
        self._sign = sign
        self._channel = channel
        self._every = every
        self._clock = clock

    @property
    def one_at_a_time(self) -> bool:
        return self._channel is not None

    async def step(self) -> None:
        if self._channel is not None and await self._ledger.read(self._is_due):
            await self._ledger.write(self._make)

    def _is_due(self, rows: AuditSearch) -> bool:
        last = _newest(rows, Tag.AUDIT_CHECKPOINT)
        if last is None:
            return True
        seq, _ = rows.head()
        # A last one of the future was made by a clock that was ahead: it must not silence us for as long.
        return seq - last[0] >= self._every or not 0 <= self._clock() - last[1] < _DAY_MS

    def _make(self, tx: Transaction) -> None:
        if not self._is_due(tx):
            return
        seq, head_hash = tx.head()
        line = self._sign(seq, head_hash, self._clock())
        made = tx.append(
            AuditCheckpoint(seq=seq, hash=head_hash, line=line, requests=tx.highest_number()).done_by(SYSTEM)
        )
        tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=made, channel=self._channel))


@dataclass(frozen=True, slots=True)
class Posted:
    """A checkpoint of ours that stands in the audit channel.

    `stranger` names the key that signed it, where nothing ties that one to the present key.
    """

    seq: int
    hash: str
    stranger: str | None = None


def compare_posted(tx: Transaction, posted: Sequence[Posted], *, channel: str, now: int) -> str | None:
    """Compare what was posted with the log as it is now, before anything is sent.

    When the log does not hold it, the file is an older one, or was changed: requests that were sent may look
    open in it. When another key signed it, whoever wrote the log anew may have taken the key away. Then
    sending is paused, and that is told, once for each such find. Returns `tail` (the log ends before it),
    `rewritten` (it tells another story) or `key`, or None.
    """
    missed = [each for each in posted if each.stranger is not None or tx.hash_of(each.seq) != each.hash]
    if not missed:
        return None
    worst = max(missed, key=lambda each: (tx.hash_of(each.seq) != each.hash, each.seq))
    kind = _kind(tx, worst)
    past = tx.find_events(Filter(tag=Tag.DATABASE_RESTORED), limit=1)
    if past and (past[0].detail.get("posted_hash"), past[0].detail.get("kind")) == (worst.hash, kind):
        return kind
    if tx.pause() is None:
        why = f"the log does not hold the checkpoint of #{worst.seq}"
        if kind == "key":
            why = f"the checkpoint of #{worst.seq} was signed with another key ({worst.stranger})"
        tx.redraw_open_cards()
        tx.set_pause(Pause(SYSTEM, now, why))
    head, _ = tx.head()
    found = DatabaseRestored(
        kind=kind,
        posted_seq=worst.seq,
        posted_hash=worst.hash,
        head_seq=head,
        key=worst.stranger if kind == "key" else None,
    )
    seq = tx.append(found.done_by(SYSTEM))
    tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=seq))
    tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=seq, channel=channel))
    return kind


def _kind(rows: AuditSearch, posted: Posted) -> str:
    there = rows.hash_of(posted.seq)
    if there == posted.hash:
        return "key"
    return "tail" if there is None else "rewritten"


def _newest(rows: AuditSearch, tag: Tag) -> tuple[int, int] | None:
    """Place and time of the newest event with this tag."""
    found = rows.find_events(Filter(tag=tag), limit=1)
    return (found[0].seq, found[0].ts) if found else None
