"""Who calls, with what token and scopes, and what they pass: the side of a call that every method reads."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.slack.conversations import Conversation
from sandbox.slack.errors import JSON, SlackError, refused
from sandbox.slack.setup import ChannelKind
from sandbox.slack.state import State


class Arguments:
    """The arguments of one call. A form gives everything as strings; JSON gives real types."""

    def __init__(self, values: JSON) -> None:
        self.values = values

    def raw(self, name: str) -> Any:
        return self.values.get(name)

    def need(self, name: str) -> str:
        """A required string. Raises SlackError invalid_arguments."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise refused("invalid_arguments", [f"missing required field: {name} [json-pointer:/{name}]"])
        return value

    def flag(self, name: str) -> bool:
        return self.values.get(name) in (True, "1", "true", "True")

    def maybe_flag(self, name: str) -> bool | None:
        return self.flag(name) if name in self.values else None

    def limit(self, default: int, most: int) -> int:
        """The page size. Raises SlackError invalid_limit."""
        value = self.values.get("limit", default)
        try:
            limit = int(value)
        except (TypeError, ValueError):
            raise SlackError("invalid_limit") from None
        if not 1 <= limit <= most:
            raise SlackError("invalid_limit")
        return limit

    def structure(self, name: str, error: str) -> Any:
        """A list or object, which a form carries as JSON text. Raises SlackError with the given code."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise SlackError(error) from None
        return value


@dataclass(frozen=True, slots=True)
class Caller:
    """The app, by one of its tokens."""

    state: State
    token_kind: str
    scopes: tuple[str, ...]

    def need_scope(self, *any_of: str) -> None:
        """Raises SlackError missing_scope with what is needed and what the token has."""
        if any_of and not set(any_of) & set(self.scopes):
            raise SlackError("missing_scope", needed=",".join(any_of), provided=",".join(self.scopes))

    @property
    def bot(self) -> str:
        return self.state.setup.bot_user_id

    def is_member(self, conversation: Conversation) -> bool:
        return self.bot in conversation.members

    def visible(self, channel: object) -> Conversation:
        """A conversation the bot may know of. Private ones it is not in do not exist for it:
        channel_not_found."""
        conversation = self.state.conversations.get(channel)
        if conversation is None:
            raise SlackError("channel_not_found")
        if conversation.kind is not ChannelKind.PUBLIC and not self.is_member(conversation):
            raise SlackError("channel_not_found")
        return conversation

    def writable(self, channel: object) -> Conversation:
        """Where the bot may post. Raises SlackError: channel_not_found, not_in_channel, is_archived."""
        conversation = self.visible(channel)
        if conversation.is_archived:
            raise SlackError("is_archived")
        if not self.is_member(conversation) and "chat:write.public" not in self.scopes:
            raise SlackError("not_in_channel")
        return conversation
