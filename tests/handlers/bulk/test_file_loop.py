"""From the file of a draft to its lines: once, whoever reads it and whenever that ends in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web

from coupons.batch_asking import DRAFT_MS, LINES_AT_ONCE, BatchAsking
from coupons.batches import BatchState
from coupons.catalogue import Catalogue
from coupons.errors import StorageUnavailable
from coupons.loops import Bell
from coupons.ports import Ledger, Reading, Transaction
from coupons.posts import PostKind
from handlers.bulk import file_json
from handlers.bulk.bulk_file import WholeFile
from handlers.bulk.file_loop import FileLoop
from handlers.bulk.reading_process import BulkReader
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.coupons.batch_office import STOCK, BatchOffice, openid
from tests.coupons.office import TEAM
from tests.handlers.file_server import FileServer, file_server

T = TypeVar("T")

#: More than one transaction of good lines, and some that are wrong.
GOOD, BAD = LINES_AT_ONCE + 20, 3
LIST = "openid,stock,note\n" + "".join(f"{openid(row)},1001,not-for-us\n" for row in range(2, GOOD + 2))
CONTENT = (LIST + ",1001,x\n" * BAD).encode()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[BatchOffice]:
    opened = BatchOffice(tmp_path / "coupon.db")
    yield opened
    await opened.ledger.close()


@pytest.fixture
async def slack() -> AsyncGenerator[FileServer]:
    async with file_server() as here:
        here.about = {"size": len(CONTENT)}
        here.give = whole
        yield here


async def whole(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=CONTENT, content_type="text/csv")


class Dying:
    """A ledger whose process is gone after so many writes."""

    def __init__(self, ledger: SqliteLedger, left: int) -> None:
        self.ledger, self.left = ledger, left

    async def read(self, query: Callable[[Reading], T]) -> T:
        return await self.ledger.read(query)

    async def write(self, work: Callable[[Transaction], T], *, later: bool = False) -> T:
        if not self.left:
            raise StorageUnavailable("the process is gone")
        self.left -= 1
        return await self.ledger.write(work, later=later)

    async def write_back(self) -> bool:
        return await self.ledger.write_back()


def loop_of(
    office: BatchOffice, slack: FileServer, ledger: Ledger | None = None, *, pause_s: float = 0.01
) -> FileLoop:
    catalogue = Catalogue([STOCK])
    asking = BatchAsking(
        ledger=ledger or office.ledger,
        authority=office.authority(office.policy),
        policy=office.policy,
        catalogue=catalogue,
        team=TEAM,
        clock=sure(office.clock),
    )
    return FileLoop(
        ledger=office.ledger,
        asking=asking,
        files=slack.files,
        reader=BulkReader(catalogue),
        catalogue=catalogue,
        clock=sure(office.clock),
        bell=Bell(),
        pauses_s=(pause_s,),
        on_trouble=office.troubles.append,
    )


async def read_once(loop: FileLoop) -> None:
    await loop.step()
    await loop.drain()


async def what_is_kept(office: BatchOffice) -> tuple[Any, ...]:
    batch = await office.ledger.read(lambda rows: rows.batch(1))
    good, bad = await office.ledger.read(
        lambda rows: (rows.lines(1, after=0, limit=9_999), rows.left_out_of(1, 9_999))
    )
    posts = await office.ledger.read(
        lambda rows: [
            (kind, post.version)
            for kind in (PostKind.PREVIEW, PostKind.LEFT_OUT)
            for post in rows.due_posts(kind, office.clock(), 9)
        ]
    )
    assert batch is not None
    return batch.state, batch.file_id, batch.size, batch.left_out, len(good), len(bad), posts


READ = (BatchState.DRAFT, "", GOOD, BAD, GOOD, BAD, [(PostKind.PREVIEW, 1), (PostKind.LEFT_OUT, 1)])


async def test_it_is_read_once_and_nothing_of_the_file_is_kept_but_its_lines(
    office: BatchOffice, slack: FileServer
) -> None:
    await office.receive()
    loop = loop_of(office, slack)
    await read_once(loop)
    await read_once(loop)
    assert await what_is_kept(office) == READ
    assert len(slack.tokens) == 1
    await office.ledger.close()
    assert b"not-for-us" not in b"".join(each.read_bytes() for each in office.path.parent.iterdir())


async def test_two_processes_that_read_the_same_file_keep_it_once(
    office: BatchOffice, slack: FileServer
) -> None:
    await office.receive()
    await asyncio.gather(*(read_once(loop_of(office, slack)) for _ in range(2)))
    assert len(slack.tokens) == 2
    assert await what_is_kept(office) == READ
    assert office.troubles == []


@pytest.mark.parametrize("writes", range(4))
async def test_what_ended_in_the_middle_of_keeping_comes_to_the_same(
    office: BatchOffice, slack: FileServer, writes: int
) -> None:
    """Two parts of lines, then the batch itself: the process is gone before, between and after them."""
    await office.receive()
    dying = Dying(office.ledger, writes)
    await read_once(loop_of(office, slack, dying))
    assert dying.left == max(writes - 3, 0)
    await office.crash()
    await read_once(loop_of(office, slack))
    assert await what_is_kept(office) == READ


async def test_a_draft_whose_file_never_came_ends_and_says_so(office: BatchOffice, slack: FileServer) -> None:
    await office.receive()
    slack.answer = {"ok": False, "error": "internal_error"}
    loop = loop_of(office, slack)
    await read_once(loop)
    assert (await what_is_kept(office))[0] is BatchState.DRAFT
    office.clock.now += DRAFT_MS + 1
    loop._reading.wake(1)
    await read_once(loop)
    batch = await office.ledger.read(lambda rows: rows.batch(1))
    assert batch is not None
    refused = file_json.load_refusal(batch.problem)
    assert (batch.state, refused and refused.why) == (BatchState.DISCARDED, WholeFile.NOT_GIVEN)
    assert len(slack.asked) == 1, "nor is Slack asked once more"


async def test_a_file_is_asked_for_once_at_least_whatever_the_clock_says_of_its_age(
    office: BatchOffice, slack: FileServer
) -> None:
    """It was given by a clock that was behind, or the bot was away for long."""
    await office.receive()
    office.clock.now += 26 * DRAFT_MS
    await read_once(loop_of(office, slack))
    assert await what_is_kept(office) == READ


async def test_one_that_slack_does_not_give_holds_up_no_other(office: BatchOffice, slack: FileServer) -> None:
    for number in range(3):
        await office.receive(f"T0SHOP.V{number}")

    async def not_the_first_two(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500) if len(slack.tokens) <= 2 else await whole(request)

    slack.give = not_the_first_two
    loop = loop_of(office, slack, pause_s=60.0)
    await read_once(loop)
    await read_once(loop)
    batch = await office.ledger.read(lambda rows: rows.batch(3))
    assert batch is not None
    assert (batch.file_id, batch.size) == ("", GOOD)
