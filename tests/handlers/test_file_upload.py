"""A file that the outbox promises is shared once, and its address is nobody's business."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from coupons.posts import Post, PostKind
from handlers.file_upload import OutgoingFile, promised_name
from handlers.web_api import AnswerLost, Denied, RateLimited, SlackError
from sandbox.slack import api_error, cut_after, cut_before, rate_limited, server_error
from sandbox.slack.faults import Fault
from sandbox.slack.running import Slack
from storage.ledger import SqliteLedger
from tests.empty_database import empty_database
from tests.handlers.announcer_desk import now_ms
from tests.handlers.sharing import CHANNEL, Sharing, sharing_of

LI = "U0LI"
CONTENT = b"row,state\r\n2,sent\r\n"


@dataclass(slots=True)
class Counter:
    """One promise of a file, and what came of it."""

    sharing: Sharing

    @property
    def slack(self) -> Slack:
        return self.sharing.slack

    @property
    def troubles(self) -> list[BaseException]:
        return self.sharing.troubles

    async def share(self, channel: str = LI, thread_ts: str | None = None, *names: str) -> None:
        [waiting] = await self.sharing.waiting()
        files = [
            OutgoingFile(promised_name(waiting, "batch-1", ending), io.BytesIO(CONTENT))
            for ending in names or ("csv",)
        ]
        await self.sharing.once.share(waiting, channel, files, comment="The result", thread_ts=thread_ts)

    async def shared(self, count: int = 1) -> list[list[str]]:
        """The names of the files in each message, when there are so many messages."""
        found = await self.slack.wait_for(lambda: self._shared(count))
        # A message too many would come as late as Slack shares.
        await asyncio.sleep(0.1)
        return self._shared(count) or found

    def _shared(self, least: int) -> list[list[str]] | None:
        messages = [message for message in self.slack.dms(LI) if message.file_ids]
        names = [[self.slack.state.files[file].name for file in each.file_ids] for each in messages]
        return names if len(names) >= least else None


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncGenerator[Counter]:
    ledger = SqliteLedger(empty_database(tmp_path / "coupon.db"), clock=now_ms, on_commit=lambda _: None)
    await ledger.write(lambda tx: tx.post(Post(kind=PostKind.RESULT, request_id=None, batch=1, person=LI)))
    async with sharing_of(ledger) as sharing:
        yield Counter(sharing)
    await ledger.close()


async def test_several_files_come_in_one_message_by_the_name_of_their_promise(counter: Counter) -> None:
    await counter.share(LI, None, "csv", "xlsx")
    [names] = await counter.shared()
    assert [name.rpartition(".")[2] for name in names] == ["csv", "xlsx"]
    [message] = [message for message in counter.slack.dms(LI) if message.file_ids]
    assert message.text == "The result"
    assert counter.slack.state.files[message.file_ids[0]].content == CONTENT
    assert not counter.slack.state.uploads


async def test_a_file_hangs_in_a_thread(counter: Counter) -> None:
    client = AsyncWebClient(counter.slack.setup.bot_token, base_url=counter.slack.api_url)
    card = await client.chat_postMessage(channel=CHANNEL, text="card")
    await counter.share(CHANNEL, str(card["ts"]))
    [reply] = await counter.slack.wait_for(
        lambda: counter.slack.messages(CHANNEL, thread_ts=str(card["ts"])) or None
    )
    assert len(reply.file_ids) == 1
    # And is found there again.
    counter.slack.state.calls.clear()
    await counter.share(CHANNEL, str(card["ts"]))
    assert [call.method for call in counter.slack.state.calls] == ["conversations.replies"]


@pytest.mark.parametrize(
    ("step", "fault", "error"),
    [
        ("files.getUploadURLExternal", server_error(502), AnswerLost),
        ("files.getUploadURLExternal", rate_limited(1), RateLimited),
        ("upload", cut_before(), AnswerLost),
        ("upload", cut_after(), AnswerLost),
        ("upload", server_error(503), AnswerLost),
        ("upload", rate_limited(1), RateLimited),
        ("files.completeUploadExternal", rate_limited(1), RateLimited),
        ("files.completeUploadExternal", cut_before(), AnswerLost),
        ("files.completeUploadExternal", cut_after(), AnswerLost),
        ("files.completeUploadExternal", server_error(500), AnswerLost),
        ("files.completeUploadExternal", api_error("internal_error"), AnswerLost),
    ],
)
async def test_whatever_fails_the_next_try_shares_it_once(
    counter: Counter, step: str, fault: Fault, error: type[SlackError]
) -> None:
    counter.slack.faults.next(step, fault)
    with pytest.raises(error):
        await counter.share()
    # What was shared comes a moment later, as in Slack.
    await asyncio.sleep(0.1)
    await counter.share()
    assert len(await counter.shared()) == 1
    assert counter.troubles == []


@pytest.mark.parametrize(
    ("step", "fault", "error"),
    [
        ("upload", cut_before(), AnswerLost),
        ("files.completeUploadExternal", rate_limited(1), RateLimited),
    ],
)
async def test_what_cannot_stand_is_not_looked_for(
    counter: Counter, step: str, fault: Fault, error: type[SlackError]
) -> None:
    counter.slack.faults.next(step, fault)
    with pytest.raises(error):
        await counter.share()
    await counter.share()
    assert "conversations.history" not in {call.method for call in counter.slack.state.calls}


async def test_a_history_that_may_not_be_read_means_twice_rather_than_never(counter: Counter) -> None:
    counter.slack.faults.next("files.completeUploadExternal", cut_after())
    with pytest.raises(AnswerLost):
        await counter.share()
    counter.slack.faults.next("conversations.history", api_error("missing_scope"))
    await counter.share()
    assert len(await counter.shared(2)) == 2
    assert [str(error) for error in counter.troubles] == ["missing_scope"]


async def test_the_missing_scope_is_said(counter: Counter) -> None:
    counter.slack.faults.next("files.getUploadURLExternal", api_error("missing_scope"))
    with pytest.raises(Denied, match="missing_scope"):
        await counter.share()


async def test_the_address_of_an_upload_stands_in_no_error_and_no_log(
    counter: Counter, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.INFO):
        monkeypatch.setattr(counter.slack.state, "base_url", "http://[bad")
        with pytest.raises(AnswerLost) as lost:
            await counter.share()
    address = "/upload/v1/"
    cause: BaseException | None = lost.value
    while cause is not None:
        assert address not in str(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    assert address not in caplog.text


async def test_a_large_file_is_read_as_it_goes_out(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiohttp takes bytes into memory, and a file by pieces."""
    sizes: list[int] = []
    real = TemporaryFile

    with real() as stream:
        stream.write(b"x" * 5_000_000)
        read = stream.read

        class Watched(io.RawIOBase):
            """What is asked for at once."""

            def readable(self) -> bool:
                return True

            def seekable(self) -> bool:
                return True

            def fileno(self) -> int:
                return stream.fileno()

            def tell(self) -> int:
                return stream.tell()

            def seek(self, offset: int, whence: int = 0) -> int:
                return stream.seek(offset, whence)

            def read(self, size: int | None = -1) -> bytes:
                sizes.append(size or -1)
                return read(size)

        [waiting] = await counter.sharing.waiting()
        await counter.sharing.once.share(
            waiting,
            LI,
            [OutgoingFile("large.csv", Watched())],
            comment="large",  # type: ignore[arg-type]
        )
    await counter.shared()
    assert max(sizes) <= 1_000_000
    assert min(sizes) > 0
