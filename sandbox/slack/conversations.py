"""Channels and direct messages as they stand now: who is in, what was posted."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.slack.clock import Clock
from sandbox.slack.errors import JSON
from sandbox.slack.messages import Message
from sandbox.slack.setup import Channel, ChannelKind


class Timestamps:
    """Slack's `ts`: seconds with six decimals, as a string, strictly increasing even on a clock that
    stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def __call__(self) -> str:
        self._last = max(int(self._clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


@dataclass(slots=True)
class Conversation:
    """`messages` and `ephemerals` are by ts, oldest first; deleted ones stay, marked."""

    id: str
    name: str
    kind: ChannelKind
    members: list[str]
    is_archived: bool = False
    topic: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    _threads: dict[str, list[Message]] = field(default_factory=dict)

    @classmethod
    def start(cls, channel: Channel) -> "Conversation":
        kind = ChannelKind.PRIVATE if channel.is_private else ChannelKind.PUBLIC
        return cls(channel.id, channel.name, kind, list(channel.members), channel.is_archived, channel.topic)

    @property
    def scope_family(self) -> str:
        """The word in front of `:read` and `:history` for this kind of conversation."""
        return {ChannelKind.PUBLIC: "channels", ChannelKind.PRIVATE: "groups", ChannelKind.DIRECT: "im"}[
            self.kind
        ]

    def add(self, message: Message) -> None:
        if message.visible_to:
            self.ephemerals[message.ts] = message
            return
        self.messages[message.ts] = message
        if message.thread_ts:
            self._threads.setdefault(message.thread_ts, []).append(message)

    def live(self) -> list[Message]:
        return [message for message in self.messages.values() if not message.deleted]

    def main_line(self) -> list[Message]:
        """What the channel shows outside its threads, oldest first."""
        return [m for m in self.live() if not m.is_reply or m.reply_broadcast]

    def replies(self, thread_ts: str) -> list[Message]:
        return [m for m in self._threads.get(thread_ts, []) if not m.deleted]

    def find(self, ts: object) -> Message | None:
        """A live message. A ts that is not the exact string finds nothing: floats lose the last digits."""
        message = self.messages.get(ts) if isinstance(ts, str) else None
        return None if message is None or message.deleted else message

    def seen_by(self, user: str, ts: str) -> Message | None:
        """The message or ephemeral this person's client shows at `ts`."""
        ephemeral = self.ephemerals.get(ts)
        if ephemeral is not None and not ephemeral.deleted and ephemeral.visible_to == user:
            return ephemeral
        return self.find(ts)


class Conversations:
    def __init__(self, channels: tuple[Channel, ...], bot_user_id: str) -> None:
        self._by_id = {channel.id: Conversation.start(channel) for channel in channels}
        self._bot = bot_user_id

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self._by_id.values())

    def get(self, channel: object) -> Conversation | None:
        return self._by_id.get(channel) if isinstance(channel, str) else None

    @staticmethod
    def direct_id(user: str) -> str:
        """The id the direct message between the app and this person has, or will have once it is opened."""
        return f"D{user[1:]}"

    def direct(self, user: str) -> Conversation:
        """The direct message between the app and this person, opened when it is not there yet."""
        channel = self.direct_id(user)
        if channel not in self._by_id:
            self._by_id[channel] = Conversation(channel, "", ChannelKind.DIRECT, [user, self._bot])
        return self._by_id[channel]


def channel_json(conversation: Conversation, *, bot_user_id: str, team_id: str) -> JSON:
    """The conversation object of conversations.info and conversations.list."""
    shared: JSON = {"id": conversation.id, "created": 1_700_000_000, "is_archived": conversation.is_archived}
    if conversation.kind is ChannelKind.DIRECT:
        other = next(m for m in conversation.members if m != bot_user_id)
        return {**shared, "is_im": True, "user": other, "is_open": True}
    return {
        **shared,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_channel": conversation.kind is ChannelKind.PUBLIC,
        "is_group": conversation.kind is ChannelKind.PRIVATE,
        "is_im": False,
        "is_mpim": False,
        "is_private": conversation.kind is ChannelKind.PRIVATE,
        "is_member": bot_user_id in conversation.members,
        "context_team_id": team_id,
        "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
