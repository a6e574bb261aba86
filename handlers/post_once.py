"""Posts what the outbox promises once, and notes what the approval channel made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from coupons.clock_watch import ClockWatch
from coupons.ports import Ledger
from coupons.posts import WaitingPost
from handlers.approval_channel import ApprovalChannel, loss_of
from handlers.file_upload import OutgoingFile
from handlers.lane_leases import LaneLeases
from handlers.posting import Poster
from handlers.views.channel_loss import ChannelLoss
from handlers.views.message import Message
from handlers.web_api import AnswerLost, Denied, SlackError, Unreachable

T = TypeVar("T")


class Find(Protocol):
    """Looks for a post of ours: channel and `ts`. Raises SlackError."""

    async def __call__(
        self, channel: str, *, since_ms: int, thread_ts: str | None = None
    ) -> tuple[str, str] | None: ...


class ChannelLost(SlackError):
    """The approval channel took no post, and would take no other; or, not `post`, no change."""

    def __init__(self, code: str, loss: ChannelLoss, *, post: bool) -> None:
        super().__init__(code)
        self.loss = loss
        self.post = post


class Recalled(SlackError):
    """Another post tells it, or another process."""

    def __init__(self) -> None:
        super().__init__("recalled")


class PostOnce:
    """`on_trouble` hears when nobody can say whether a post stands already."""

    def __init__(
        self,
        *,
        poster: Poster,
        ledger: Ledger,
        leases: LaneLeases,
        approval_channel: ApprovalChannel,
        clock: ClockWatch,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._poster = poster
        self._ledger = ledger
        self._leases = leases
        self._channel = approval_channel
        self._clock = clock
        self._on_trouble = on_trouble

    async def post(
        self,
        waiting: WaitingPost,
        channel: str,
        message: Message,
        *,
        thread_ts: str | None = None,
        requests: int | None = None,
    ) -> tuple[str, str]:
        """Post, unless an earlier try with a lost answer turns out to stand there already.

        `requests`: see `posting.REQUESTS`. Returns channel and `ts`.
        Raises Recalled, ChannelLost, and SlackError.
        """
        find = partial(self._poster.find, metadata_id=waiting.metadata_id)
        found = await self._find(waiting, channel, thread_ts, find)
        if found is not None:
            return found

        async def post() -> tuple[str, str]:
            return await self._poster.post(
                channel,
                message,
                metadata_id=waiting.metadata_id,
                thread_ts=thread_ts,
                requests=requests,
            )

        return await self._once(waiting, channel, post)

    async def share(
        self,
        waiting: WaitingPost,
        channel: str,
        files: Sequence[OutgoingFile],
        *,
        comment: str,
        thread_ts: str | None = None,
    ) -> None:
        """The same for files in one message: see `handlers.file_upload`. `channel` may be a person.

        Until they are shared nobody sees them, and a crash needs no looking for them. After a lost answer
        they are looked for; what Slack is still about to show then comes twice. Raises as `post`.
        """
        find = partial(self._poster.find_file, names={file.name for file in files})
        if await self._find(waiting, channel, thread_ts, find) is not None:
            return
        ids = {file.name: await self._poster.upload(file) for file in files}
        share = partial(self._poster.share, ids, channel, comment=comment, thread_ts=thread_ts)
        await self._once(waiting, channel, share)

    async def _once(self, waiting: WaitingPost, channel: str, post: Callable[[], Awaitable[T]]) -> T:
        """Noted as perhaps posted before it is."""
        if not await self._ledger.write(lambda tx: self._leases.begins(tx, waiting)):
            raise Recalled
        if not self._leases.holds(waiting.lane):
            # Frozen while that was committed: another process may look for it by now, and post it.
            raise Recalled
        try:
            stands = await post()
        except AnswerLost:
            raise
        except SlackError as error:
            # Slack said no: it does not stand there, and nobody needs to look for it.
            await self._ledger.write(lambda tx: tx.not_posted(waiting.id))
            self._judge(channel, error)
            raise
        self._took(channel)
        return stands

    async def redraw(self, channel: str, ts: str, message: Message) -> None:
        """Raises ChannelLost, and SlackError."""
        try:
            await self._poster.redraw(channel, ts, message)
        except SlackError as error:
            self._judge(channel, error, post=False)
            raise
        self._took(channel, post=False)

    async def _find(
        self, waiting: WaitingPost, channel: str, thread_ts: str | None, find: Find
    ) -> tuple[str, str] | None:
        """An earlier try that stands."""
        if not waiting.maybe_posted:
            return None
        try:
            return await find(channel, since_ms=self._since(waiting), thread_ts=thread_ts)
        except Unreachable as error:
            self._judge(channel, error)
            raise
        except Denied as error:
            # The token may not read this history: told twice is better than never.
            self._on_trouble(error)
            return None

    def _since(self, waiting: WaitingPost) -> int:
        """From when a lost post is looked for. 0: a clock that is or was ahead says when it was promised."""
        now = self._clock.sure()
        return waiting.promised_at if now is not None and waiting.promised_at <= now else 0

    def _judge(self, channel: str, error: SlackError, *, post: bool = True) -> None:
        """Raises ChannelLost where the error says that of the approval channel."""
        loss = loss_of(error.code) if channel == self._channel.id else None
        if loss is not None:
            raise ChannelLost(error.code, loss, post=post) from error

    def _took(self, channel: str, *, post: bool = True) -> None:
        if channel == self._channel.id:
            self._channel.took(post=post)
