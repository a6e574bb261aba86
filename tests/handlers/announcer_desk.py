"""An announcer between its ledger and a Slack, for tests of what is posted when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.pauses import Pauses
from bot.slack_app import session, web_client
from coupons.authority import Authority
from coupons.batch_asking import BatchAsking
from coupons.catalogue import Catalogue
from coupons.events import Tag
from coupons.loops import Bell
from coupons.model import Request
from coupons.policy import Policy
from coupons.ports import Clock, Reading, Topic, Transaction
from coupons.posts import Post, PostKind
from coupons.presence import Presence
from coupons.recording import Event, Json
from handlers.announcer import Announcer
from handlers.approval_channel import ApprovalChannel
from handlers.audit_files import AuditFiles
from handlers.directory import Readers, SlackDirectory
from handlers.posting import Poster
from handlers.views.channel_loss import Lost
from sandbox.slack import Workspace
from sandbox.slack.running import Slack
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.empty_database import empty_database
from tests.storage.records import create
from tests.words import LANGUAGES
from tests.world import ENGLISH_TEAM

CHANNEL = "C0APPROVE"


#: What is promised about our own pauses is that they end.
PAUSES = Pauses(posts_s=(0.1,), lost_channel_s=(0.1,))


POLICY = Policy(
    agents=(),
    approvers=("S0LEADS",),
    auditors=(),
    rules=(),
    per_customer=None,
    per_agent=None,
    expiry_ms=86_400_000,
)


T = TypeVar("T")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class LateReader:
    """The ledger, whose deliveries may be old by the time they are used: threads promise no order."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.gate, self.held = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def read(self, query: Callable[[Reading], T]) -> T:
        found = await self._ledger.read(query)
        deliveries = found[0] if isinstance(found, tuple) else None
        if isinstance(deliveries, list) and deliveries and not self.gate.is_set():
            self.held.set()
            await self.gate.wait()
        return found

    async def write(self, change: Callable[[Transaction], T], *, later: bool = False) -> T:
        return await self._ledger.write(change, later=later)


@dataclass(slots=True)
class Desk:
    """An announcer over a real outbox, beside a real Slack."""

    slack: Slack
    ledger: SqliteLedger
    reader: LateReader
    announcer: Announcer
    troubles: list[BaseException]
    #: What was heard of the approval channel.
    changes: list[Lost | None]
    channel: ApprovalChannel
    #: Of another process on the same database.
    another: Callable[[str], Announcer]
    running: asyncio.Task[None] | None = None

    def go(self) -> None:
        self.running = asyncio.create_task(self.announcer.run())

    async def stop(self) -> None:
        self.announcer.stop()
        if self.running is not None:
            await self.running

    async def outbox(self) -> list[str]:
        """The kinds still waiting, however far off."""
        due = await self.ledger.read(
            lambda rows: [each for kind in PostKind for each in rows.due_posts(kind, 2**62, 1000)]
        )
        return [str(each.post.kind) for each in due]

    async def quiet(self, within_s: float = 60.0) -> None:
        async with asyncio.timeout(within_s):
            while await self.outbox():  # noqa: ASYNC110 - rows tell nobody when they change
                await asyncio.sleep(0.01)

    async def new(self, number: str = "cb1", **changes: Any) -> Request:
        """A pending request with its card promised."""

        def write(tx: Transaction) -> Request:
            request = create(tx, number, **changes)
            tx.post(Post(kind=PostKind.CARD, request_id=request.id))
            return request

        return await self.ledger.write(write)

    async def now(self, request_id: int) -> Request:
        found = await self.ledger.read(lambda rows: rows.request(request_id))
        assert found is not None
        return found

    async def tell(
        self,
        kind: PostKind,
        request: Request,
        event: Event,
        person: str | None = None,
        channel: str = CHANNEL,
    ) -> None:
        def write(tx: Transaction) -> None:
            place = channel if kind is PostKind.ANSWER else None
            seq = tx.append(event)
            tx.post(Post(kind=kind, request_id=request.id, seq=seq, person=person, channel=place))

        await self.ledger.write(write)


def refused(request: Request) -> Event:
    """A click that did not count."""
    detail: dict[str, Json] = {"action": "approve", "reason": "not_approver", "state": "pending"}
    return Event(Tag.CLICK_REFUSED, "U0SUN", request.id, detail)


@asynccontextmanager
async def desk_of(folder: Path, workspace: Workspace, *, steady: Clock = now_ms) -> AsyncGenerator[Desk]:
    bells: list[Bell] = []

    def on_commit(topics: frozenset[Topic]) -> None:
        for bell in bells if Topic.POSTS in topics else ():
            bell.ring()

    async with workspace.serve() as slack, session() as http:
        troubles: list[BaseException] = []
        changes: list[Lost | None] = []
        channel = ApprovalChannel(CHANNEL, pauses_s=PAUSES.lost_channel_s, on_change=changes.append)
        ledger = SqliteLedger(empty_database(folder / "coupon.db"), clock=now_ms, on_commit=on_commit)
        reader = LateReader(ledger)
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        directory = SlackDirectory(client, team="T0SHOP", clock=now_ms)
        poster = Poster(client)
        readers = Readers(directory, LANGUAGES, language="en", on_trouble=troubles.append)

        authority = Authority(policy=POLICY, directory=directory, ledger=ledger, team="T0SHOP")
        clock = sure(now_ms, steady=steady)
        batch_asking = BatchAsking(
            ledger=reader,
            authority=authority,
            policy=POLICY,
            catalogue=Catalogue(()),
            team="T0SHOP",
            clock=clock,
        )

        def announcer(holder: str) -> Announcer:
            bells.append(Bell())
            return Announcer(
                poster=poster,
                readers=readers,
                files=AuditFiles(ledger=reader, catalogue=Catalogue(()), poster=poster, readers=readers),
                ledger=reader,
                approval_channel=channel,
                workspace_url="https://shop.slack.com/",
                authority=authority,
                presence=Presence(policy=POLICY, authority=authority, ledger=ledger),
                batch_asking=batch_asking,
                policy=POLICY,
                catalogue=Catalogue(()),
                clock=clock,
                bell=bells[-1],
                holder=holder,
                pauses_s=PAUSES.posts_s,
                no_card_s=PAUSES.no_card_s,
                on_trouble=troubles.append,
            )

        here = Desk(slack, ledger, reader, announcer("first"), troubles, changes, channel, announcer)
        try:
            yield here
        finally:
            await here.stop()
            await ledger.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with desk_of(tmp_path, ENGLISH_TEAM) as here:
        yield here


def posted(desk: Desk) -> list[str]:
    """The delivery ids of the posts that Slack took, in their order."""
    return [
        call.arguments["metadata"]["event_payload"]["delivery_id"]
        for call in desk.slack.calls("chat.postMessage")
        if call.error is None
    ]


async def drawn(desk: Desk, fault_of: Callable[[], int]) -> None:
    """Until the queued faults were met: the call is on the wire."""
    await desk.slack.wait_for(lambda: fault_of() == 0 or None)
