"""A ledger and a Slack, and between them what shares files: without the loop around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.slack_app import session, web_client
from coupons.posts import PostKind, WaitingPost
from handlers.approval_channel import ApprovalChannel
from handlers.batch_results import BatchResults
from handlers.directory import Readers, SlackDirectory
from handlers.lane_leases import LaneLeases
from handlers.post_once import PostOnce
from handlers.posting import Poster
from handlers.web_api import SlackError
from sandbox.slack import Workspace
from sandbox.slack.running import Slack
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.handlers.announcer_desk import now_ms
from tests.words import LANGUAGES
from tests.world import ENGLISH_TEAM

CHANNEL = "C0APPROVE"


@dataclass(slots=True)
class Sharing:
    slack: Slack
    ledger: SqliteLedger
    poster: Poster
    once: PostOnce
    leases: LaneLeases
    results: BatchResults
    troubles: list[BaseException] = field(default_factory=list)

    async def waiting(self) -> list[WaitingPost]:
        found = await self.ledger.read(lambda rows: rows.due_posts(PostKind.RESULT, 2**62, 9))
        await self.leases.hold([waiting.lane for waiting in found])
        return list(found)

    async def tell(self) -> list[str]:
        """Each result that waits; those that Slack or the wire refused stay, and their codes come back."""
        refused = []
        for waiting in await self.waiting():
            try:
                await self.results.post(waiting)
            except SlackError as error:
                refused.append(error.code)
                await self.ledger.write(lambda tx, post=waiting.id: tx.put_post_off(post, 0))  # type: ignore[misc]  # bound now
        return refused


@asynccontextmanager
async def sharing_of(ledger: SqliteLedger, workspace: Workspace = ENGLISH_TEAM) -> AsyncGenerator[Sharing]:
    async with workspace.serve() as slack, session() as http:
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        poster, troubles = Poster(client), list[BaseException]()
        leases = LaneLeases(holder="first", ledger=ledger, steady=now_ms)
        once = PostOnce(
            poster=poster,
            ledger=ledger,
            leases=leases,
            approval_channel=ApprovalChannel(CHANNEL, pauses_s=(0.1,), on_change=lambda _: None),
            clock=sure(now_ms),
            on_trouble=troubles.append,
        )
        directory = SlackDirectory(client, team="T0SHOP", clock=now_ms)
        results = BatchResults(
            once=once,
            poster=poster,
            readers=Readers(directory, LANGUAGES, language="en", on_trouble=troubles.append),
            ledger=ledger,
            on_trouble=troubles.append,
        )
        yield Sharing(slack, ledger, poster, once, leases, results, troubles)
