"""The workspace while it runs: everything there is, and the few operations that several callers share."""

import time
from dataclasses import dataclass, field

from sandbox.slack.changes import Changes
from sandbox.slack.clock import Clock
from sandbox.slack.conversations import Conversation, Conversations, Timestamps
from sandbox.slack.directory import Directory
from sandbox.slack.errors import JSON
from sandbox.slack.messages import Message, Numbered, with_ids
from sandbox.slack.permits import ResponseUrls, Triggers
from sandbox.slack.setup import Setup
from sandbox.slack.stored_files import PendingUpload, StoredFile, file_json
from sandbox.slack.view_store import Views


@dataclass(frozen=True, slots=True)
class Call:
    """One Web API call (or response_url post, method "response_url") as Slack saw it.

    `status` is the HTTP status answered, None when the connection was cut; `error` Slack's error name or
    None; `fault` the fault that hit it; `processed` whether it took effect. Tokens are not kept.
    """

    at: float
    method: str
    arguments: JSON
    status: int | None
    error: str | None
    fault: str | None = None
    processed: bool = True


@dataclass(slots=True)
class Draft:
    """A message about to be stored."""

    channel: Conversation
    user: str
    text: str
    blocks: list[JSON] = field(default_factory=list)
    metadata: JSON | None = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    visible_to: str | None = None
    source: str = "chat.postMessage"
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    file_ids: tuple[str, ...] = ()


class State:
    def __init__(self, setup: Setup, clock: Clock = time.time) -> None:
        self.setup = setup
        self.clock = clock
        self.changes = Changes()
        self.fresh = Numbered()
        self.timestamp = Timestamps(clock)
        self.directory = Directory(setup)
        self.conversations = Conversations(setup.channels, setup.bot_user_id)
        self.views = Views(setup, self.changes, self.fresh)
        self.triggers = Triggers(clock, setup.team_id)
        self.response_urls = ResponseUrls(clock)
        self.calls: list[Call] = []
        self.files: dict[str, StoredFile] = {}
        self.uploads: dict[str, PendingUpload] = {}
        self.base_url = ""
        # Slack may give fewer than asked for on a page, and still a cursor; None: as many as asked for.
        self.page_cap: int | None = None

    def post(self, draft: Draft) -> Message:
        message = Message(
            channel=draft.channel.id,
            ts=self.timestamp(),
            user=draft.user,
            text=draft.text,
            blocks=with_ids(draft.blocks, self.fresh),
            metadata=draft.metadata,
            thread_ts=draft.thread_ts,
            reply_broadcast=draft.reply_broadcast,
            from_bot=draft.user == self.setup.bot_user_id,
            visible_to=draft.visible_to,
            source=draft.source,
            unfurl_links=draft.unfurl_links,
            unfurl_media=draft.unfurl_media,
            file_ids=draft.file_ids,
        )
        draft.channel.add(message)
        where = {"channel": message.channel, "ts": message.ts}
        if draft.visible_to:
            self.changes.note("ephemeral_posted", **where, user=draft.visible_to, source=draft.source)
        else:
            self.changes.note("message_posted", **where, user=draft.user, thread_ts=draft.thread_ts)
        return message

    def edit(self, message: Message, *, text: str, blocks: list[JSON], metadata: JSON | None) -> None:
        stored = with_ids(blocks, self.fresh)
        message.replace(text=text, blocks=stored, metadata=metadata, at=self.timestamp())
        kind = "ephemeral_updated" if message.visible_to else "message_updated"
        self.changes.note(kind, channel=message.channel, ts=message.ts)

    def delete(self, message: Message) -> None:
        message.deleted = True
        kind = "ephemeral_deleted" if message.visible_to else "message_deleted"
        self.changes.note(kind, channel=message.channel, ts=message.ts)

    def tell(self, user: str, channel: Conversation, text: str) -> None:
        """Slack's own words to one person, when an app failed them."""
        self.post(Draft(channel, "USLACKBOT", text, visible_to=user, source="slack"))

    def file_json(self, file: StoredFile) -> JSON:
        return file_json(file, base_url=self.base_url, team_id=self.setup.team_id)

    def message_json(self, message: Message, *, metadata: bool = True) -> JSON:
        """The message as in answers, histories and payloads: text exactly as it was sent."""
        conversation = self.conversations.get(message.channel)
        body: JSON = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
        if message.from_bot:
            body |= {"bot_id": self.setup.bot_id, "app_id": self.setup.app_id, "team": self.setup.team_id}
        if message.blocks:
            body["blocks"] = message.blocks
        if metadata and message.metadata is not None:
            body["metadata"] = message.metadata
        if message.file_ids:
            body["files"] = [self.file_json(self.files[file_id]) for file_id in message.file_ids]
            body["upload"] = False
        if message.edited_ts:
            body["edited"] = {"user": message.user, "ts": message.edited_ts}
        if message.thread_ts:
            body["thread_ts"] = message.thread_ts
        replies = conversation.replies(message.ts) if conversation else []
        if replies:
            body |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
                "latest_reply": replies[-1].ts,
            }
        if message.is_reply and message.reply_broadcast:
            body["subtype"] = "thread_broadcast"
        return body
