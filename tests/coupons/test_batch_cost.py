"""What a line of a batch costs, counted in what does not depend on the machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.posts import PostKind
from tests.coupons.batch_office import BatchOffice

#: FTS5 and `data_version` are SQLite's own; a savepoint and its release are the ledger's for each outcome.
_OWN = ("--", "pragma", "savepoint", "release", "begin", "commit", "rollback")
_LINES = 240


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[BatchOffice]:
    office = BatchOffice(tmp_path / "coupon.db")
    yield office
    assert office.troubles == []
    await office.ledger.close()


class Statements:
    """Of the one writer, by their first words."""

    def __init__(self, office: BatchOffice) -> None:
        self.counted: Counter[str] = Counter()
        self._connection = office.ledger._database.conn

    def __enter__(self) -> Counter[str]:
        self._connection.set_trace_callback(self._count)
        return self.counted

    def __exit__(self, *_: object) -> None:
        self._connection.set_trace_callback(None)

    def _count(self, sql: str) -> None:
        words = sql.split()
        if not words[0].lower().startswith(_OWN):
            self.counted[" ".join(words[:3]).lower()] += 1


async def test_a_line_costs_few_statements_at_each_stage(office: BatchOffice) -> None:
    with Statements(office) as statements:
        batch = await office.pending(_LINES)
        # Its draft; customer, request and their words; the event, its guard and its words.
        assert statements.total() / _LINES < 8, statements
        statements.clear()
        await office.approved_by_two(batch.id)
        # The row; the event, its guard and its words.
        assert statements.total() / _LINES < 5, statements
        statements.clear()
        await office.send()
        assert await office.progress() == {"sent": _LINES}
        # Begun: row, event, words. Ended: read, row, two events with their words.
        assert statements.total() / _LINES < 14, statements
        # Promised by each begin and each end without it: of one commit only once.
        assert statements["insert into outbox"] < 1.5 * _LINES


async def test_slack_is_told_as_much_of_many_lines_as_of_few(tmp_path: Path) -> None:
    posts = []
    for count in (20, _LINES):
        office = BatchOffice(tmp_path / f"{count}.db")
        await office.running(count)
        await office.send()
        await office.settle()
        assert await office.progress() == {"sent": count}
        posts.append({kind: len(await office.posts(kind)) for kind in PostKind})
        await office.ledger.close()
    assert posts[0] == posts[1]
