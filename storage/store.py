"""The database by its place, for commands and the console: beside the running bot, or without it.

Nothing is opened before something is asked for, and nothing stays open after. Whatever cannot be read, or is
no database of ours, raises DatabaseRefused.

What answers a question is loaded when the question is asked: a command asks one or two, and loading all that
could be asked takes longer than most answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from coupons.errors import StorageUnavailable
from storage.database import one_moment, open_for_one_write, refuse_if_not_ours, unreadable
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.locks import Turn

if TYPE_CHECKING:
    from coupons.audit_words import Filter
    from coupons.month import Month
    from coupons.ports import Clock, Reading, Transaction
    from coupons.reconciling import Period
    from coupons.recording import Recorded
    from storage.export import StoredEvent
    from storage.proof.chain import Verified
    from storage.reconciling import OurSide

# ruff: noqa: PLC0415 - loaded when asked for, see above

T = TypeVar("T")


class Store:
    """Shown to people as its place, which is the path of a SQLite file."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self.path = path
        self.clock = clock

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """All that is read inside is of one moment, while the bot goes on writing."""
        from storage.rows import Rows

        with one_moment(self.path) as database:
            try:
                yield Rows(database.conn, self.clock)
            except AuditBroken as error:
                raise unreadable(self.path, error) from error

    def write_once(self, work: Callable[[Transaction], T]) -> T:
        """One transaction, in turn with the bot (`docs/decisions/0008`); durable when this returns.

        What `work` raises undoes all it did. After DatabaseRefused nothing was changed; after
        StorageUnavailable it is not known whether the change was kept.
        """
        from storage.rows import Rows
        from storage.write_back import write_back_by

        # Before the turn: nothing may be left beside what is no database.
        refuse_if_not_ours(self.path)
        try:
            with Turn(self.path):
                database = open_for_one_write(self.path)
                try:
                    database.execute("begin immediate")
                    tx = Rows(database, self.clock)
                    result = work(tx)
                    tx.index_words()
                    database.execute("commit")
                    if tx.last_erasure():
                        # Whose reading put it off before may have ended; the bot may not run to see to it.
                        write_back_by(database.conn)
                finally:
                    database.rollback()
                    # It may checkpoint, when the bot does not run: still in turn.
                    database.close()
                return result
        except sqlite3.Error as error:
            raise StorageUnavailable(f"the database did not take the change: {error}") from error

    def write_back(self) -> bool:
        """What was erased stands nowhere any more; False: somebody reads an older moment."""
        from storage.write_back import write_back

        return write_back(self.path)

    def holding(self, text: str) -> Sequence[Path]:
        """Which of the database's files hold these bytes anywhere."""
        from storage.write_back import files_holding

        return files_holding(self.path, text)

    def verify(
        self, tell: Callable[[int, int], object] = lambda _place, _last: None, *, thorough: bool = False
    ) -> Verified:
        """As `storage.proof.verify` says. Raises AuditBroken."""
        from storage.proof.verify import verify

        return verify(self.path, tell, thorough=thorough)

    def verify_against(self, export: Path, *, part: bool = False) -> int:
        """As `storage.proof.earlier_export` says. Raises AuditBroken, ExportRefused."""
        from storage.proof.earlier_export import verify_against

        return verify_against(self.path, export, part=part)

    def last_row(self, *, first: int = 1) -> StoredEvent | None:
        """The newest event, when it is `first` or comes after it."""
        from storage.export import last_row

        with one_moment(self.path) as database:
            return last_row(database, first=first)

    def export(
        self, *, first: int = 1, until: int | None = None, asked: Filter | None = None
    ) -> Iterator[StoredEvent]:
        """Those asked for, or all, from `first` to `until` or to the end, of one moment.

        Events are only ever added, so those up to an earlier `last_row` are the same as they were then.
        """
        from coupons.audit_words import EVERYTHING
        from storage.export import StoredEvent
        from storage.rows import Rows

        with one_moment(self.path) as database:
            for row in Rows(database, self.clock).stored_rows(asked or EVERYTHING, first=first):
                if until is not None and row["seq"] > until:
                    return
                yield StoredEvent(*row)

    def events_of(self, tags: Collection[str], *, since: int = 0) -> Iterator[Recorded]:
        """Those with these tags, in their order, from the first of this time (UTC ms) on; one at a time."""
        from storage.audit import recorded
        from storage.dialect_sqlite import EVENTS_OF_TAGS

        values = {"since": since, "listed": json.dumps(sorted(tags))}
        with one_moment(self.path) as database:
            for row in database.conn.execute(EVENTS_OF_TAGS, values):
                yield recorded(row["seq"], row["body"])

    def report(self, *, since: int, before: int) -> Month:
        """A month's figures; times in UTC milliseconds."""
        from storage.report import month

        with one_moment(self.path) as database:
            return month(database, since=since, before=before)

    def our_side(self, period: Period) -> OurSide:
        """Of a comparison with WeChat Pay."""
        from storage.reconciling import our_side

        with one_moment(self.path) as database:
            return our_side(database, period)
