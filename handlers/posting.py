"""One message to Slack: posted, redrawn, whispered, found again.

Slack has no idempotency key for posts. So each post carries an id in its metadata, and one whose
answer got lost is looked for in the channel before it is posted again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from coupons.events import Tag
from coupons.recording import Recorded
from handlers.file_upload import OutgoingFile, share, upload
from handlers.views.message import Message
from handlers.web_api import Denied, Unreachable, ask

EVENT_TYPE = "coupon_bot_delivery"
#: In the metadata of a checkpoint: the highest request number that was given out.
REQUESTS = "requests"

#: The blocks are not to Slack's liking, which is our bug: the sentence alone still tells it.
_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"})
#: Pages of history read when looking for a lost post; a page holds 100 messages.
_PAGES = 20
#: Slack's clock and ours may differ by this much.
_CLOCKS_APART_S = 300.0


def requests_by(event: Recorded) -> int | None:
    """The highest request number by a checkpoint."""
    count = event.detail.get("requests") if event.tag == Tag.AUDIT_CHECKPOINT else None
    return count if isinstance(count, int) else None


class Poster:
    """Posts, redraws, finds again. `client` must have no retry handlers: the default one posts twice."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        metadata_id: str,
        thread_ts: str | None = None,
        requests: int | None = None,
    ) -> tuple[str, str]:
        """The channel and `ts` it stands at. `requests`: see REQUESTS. Raises SlackError."""
        payload: dict[str, Any] = {"delivery_id": metadata_id}
        if requests is not None:
            payload[REQUESTS] = requests
        answer = await self._call(
            "chat.postMessage",
            message,
            channel=channel,
            thread_ts=thread_ts,
            metadata={"event_type": EVENT_TYPE, "event_payload": payload},
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer.get("channel") or channel), str(answer["ts"])

    async def redraw(self, channel: str, ts: str, message: Message) -> None:
        """Harmless to repeat. Raises SlackError."""
        await self._call("chat.update", message, channel=channel, ts=ts)

    async def whisper(self, channel: str, person: str, message: Message) -> bool:
        """An ephemeral; False: not there, so by direct message. Nothing can look one up: after a lost answer
        it is whispered once more.

        On Home or in a form there is no channel: `channel` is empty or the person's own id. And commands work
        in channels that the bot is not in; posts do not. Raises SlackError.
        """
        if channel in {"", person}:
            return False
        try:
            await self._call("chat.postEphemeral", message, channel=channel, user=person)
        except (Unreachable, Denied):
            return False
        return True

    async def tell(self, channel: str, person: str, message: Message) -> None:
        """Whispered, else by direct message; once, as it is about what is over. Raises SlackError."""
        if not await self.whisper(channel, person, message):
            await self.post(person, message, metadata_id="")

    async def upload(self, file: OutgoingFile) -> str:
        """Seen by nobody yet; Slack's id of it. Raises SlackError."""
        return await upload(self._client, file)

    async def share(
        self, ids: Mapping[str, str], channel: str, *, comment: str, thread_ts: str | None = None
    ) -> None:
        """What was uploaded (`ids` by the files' names), in one message. Raises SlackError."""
        channel = await self._opened(channel)
        await share(self._client, ids, channel, comment=comment, thread_ts=thread_ts)

    async def find(
        self, channel: str, *, metadata_id: str, since_ms: int, thread_ts: str | None = None
    ) -> tuple[str, str] | None:
        """Channel and `ts` of the post with this id, or None if it does not stand there.

        Raises SlackError when Slack can't be asked: then it must not be posted either.
        """

        def is_it(message: Mapping[str, Any]) -> bool:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            return payload.get("delivery_id") == metadata_id

        return await self._search(is_it, channel, since_ms, thread_ts)

    async def find_file(
        self, channel: str, *, names: Collection[str], since_ms: int, thread_ts: str | None = None
    ) -> tuple[str, str] | None:
        """The same for a message with a file of one of these names: it can have no metadata."""

        def is_it(message: Mapping[str, Any]) -> bool:
            return any(file.get("name") in names for file in message.get("files") or ())

        return await self._search(is_it, channel, since_ms, thread_ts)

    async def _search(
        self,
        is_it: Callable[[Mapping[str, Any]], bool],
        channel: str,
        since_ms: int,
        thread_ts: str | None,
    ) -> tuple[str, str] | None:
        channel = await self._opened(channel)
        method = "conversations.replies" if thread_ts else "conversations.history"
        asked: dict[str, Any] = {"channel": channel, "limit": 100, "include_all_metadata": True}
        if thread_ts:
            asked["ts"] = thread_ts
        else:
            asked["oldest"] = f"{max(since_ms / 1000 - _CLOCKS_APART_S, 0):.6f}"
        for _ in range(_PAGES):
            page = await ask(self._client, method, **asked)
            for found in page.get("messages") or ():
                if is_it(found):
                    return channel, str(found["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            asked["cursor"] = cursor
        return None

    async def _opened(self, channel: str) -> str:
        """The channel with a person, where it is one's id: history and files know no people."""
        if not channel.startswith(("U", "W")):
            return channel
        opened = await ask(self._client, "conversations.open", as_json=True, users=channel)
        return str((opened.get("channel") or {}).get("id") or channel)

    async def _call(self, method: str, message: Message, **arguments: Any) -> AsyncSlackResponse:
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return await ask(
                self._client, method, as_json=True, text=message.text, blocks=message.blocks, **given
            )
        except Denied as error:
            if error.code not in _BLOCKS:
                raise
            # blocks=[] takes away those that an earlier drawing left behind.
            return await ask(self._client, method, as_json=True, text=message.text, blocks=[], **given)
