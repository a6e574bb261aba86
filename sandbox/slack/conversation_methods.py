"""conversations.*: open, info, members, history, replies, list."""

import re

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.chat_methods import direct_message
from sandbox.slack.conversations import Conversation, channel_json
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.messages import Message
from sandbox.slack.paging import page
from sandbox.slack.setup import ChannelKind

TIMESTAMP = re.compile(r"\d+(\.\d+)?")


def _json(caller: Caller, conversation: Conversation) -> JSON:
    return channel_json(conversation, bot_user_id=caller.bot, team_id=caller.state.setup.team_id)


def _readable(caller: Caller, arguments: Arguments, what: str) -> Conversation:
    """A conversation the bot may read, with the scope of its kind (`channels:history`, `im:read`, …)."""
    conversation = caller.visible(arguments.raw("channel"))
    caller.need_scope(f"{conversation.scope_family}:{what}")
    return conversation


def open_conversation(caller: Caller, arguments: Arguments) -> JSON:
    """A direct message with one person. Group direct messages are not part of this workspace."""
    if arguments.raw("channel"):
        conversation = caller.visible(arguments.raw("channel"))
        if conversation.kind is not ChannelKind.DIRECT:
            raise SlackError("method_not_supported_for_channel_type")
    else:
        users = [user for user in arguments.need("users").split(",") if user]
        if len(users) != 1:
            raise SlackError("too_many_users", detail="the sandbox has no group direct messages")
        if caller.state.directory.get(users[0]) is None:
            raise SlackError("user_not_found")
        conversation = direct_message(caller, users[0])
    full = arguments.flag("return_im")
    return {"channel": _json(caller, conversation) if full else {"id": conversation.id}}


def info(caller: Caller, arguments: Arguments) -> JSON:
    conversation = _readable(caller, arguments, "read")
    body = _json(caller, conversation)
    if arguments.flag("include_num_members"):
        body["num_members"] = len(conversation.members)
    return {"channel": body}


def members(caller: Caller, arguments: Arguments) -> JSON:
    everyone = _readable(caller, arguments, "read").members
    found, cursor = page(caller, arguments, everyone, everyone, default=100, most=1000)
    return {"members": found, "response_metadata": {"next_cursor": cursor}}


def list_conversations(caller: Caller, arguments: Arguments) -> JSON:
    kinds = str(arguments.raw("types") or ChannelKind.PUBLIC.value).split(",")
    if set(kinds) - {"public_channel", "private_channel", "im", "mpim"}:
        raise SlackError("invalid_types")
    found: list[Conversation] = []
    for conversation in caller.state.conversations:
        if conversation.kind.value not in kinds:
            continue
        caller.need_scope(f"{conversation.scope_family}:read")
        known = conversation.kind is ChannelKind.PUBLIC or caller.is_member(conversation)
        if known and not (conversation.is_archived and arguments.flag("exclude_archived")):
            found.append(conversation)
    ids = [conversation.id for conversation in found]
    shown, cursor = page(caller, arguments, ids, found, default=100, most=1000)
    return {
        "channels": [_json(caller, conversation) for conversation in shown],
        "response_metadata": {"next_cursor": cursor},
    }


def _bound(arguments: Arguments, name: str) -> str | None:
    value = arguments.raw(name)
    if value is None or value == "0":
        return None
    if not isinstance(value, str) or not TIMESTAMP.fullmatch(value):
        raise SlackError(f"invalid_ts_{name}")
    return value


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")[:6] or 0)


def _within(arguments: Arguments, messages: list[Message]) -> list[Message]:
    """Between `oldest` and `latest`, without the two themselves unless `inclusive`."""
    oldest, latest = _bound(arguments, "oldest"), _bound(arguments, "latest")
    inclusive = arguments.flag("inclusive")
    kept = []
    for message in messages:
        at = _micros(message.ts)
        if oldest is not None and (at < _micros(oldest) or (at == _micros(oldest) and not inclusive)):
            continue
        if latest is not None and (at > _micros(latest) or (at == _micros(latest) and not inclusive)):
            continue
        kept.append(message)
    return kept


def _page_of_messages(caller: Caller, arguments: Arguments, messages: list[Message]) -> JSON:
    ids = [message.ts for message in messages]
    shown, cursor = page(caller, arguments, ids, messages, default=100, most=999)
    metadata = arguments.flag("include_all_metadata")
    body: JSON = {
        "messages": [caller.state.message_json(message, metadata=metadata) for message in shown],
        "has_more": bool(cursor),
    }
    if cursor:
        body["response_metadata"] = {"next_cursor": cursor}
    return body


def history(caller: Caller, arguments: Arguments) -> JSON:
    """Newest first; replies are not in it unless they were broadcast."""
    conversation = _readable(caller, arguments, "history")
    if not caller.is_member(conversation):
        raise SlackError("not_in_channel")
    found = list(reversed(_within(arguments, conversation.main_line())))
    return {**_page_of_messages(caller, arguments, found), "pin_count": 0}


def replies(caller: Caller, arguments: Arguments) -> JSON:
    """The parent first, whatever the bounds, then its replies, oldest first."""
    conversation = _readable(caller, arguments, "history")
    if not caller.is_member(conversation):
        raise SlackError("not_in_channel")
    asked = conversation.find(arguments.raw("ts"))
    parent = conversation.find(asked.thread_ts) if asked and asked.is_reply else asked
    if parent is None:
        raise SlackError("thread_not_found")
    found = [parent, *_within(arguments, conversation.replies(parent.ts))]
    return _page_of_messages(caller, arguments, found)
