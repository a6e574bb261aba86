"""chat.*: post, update, delete, ephemeral, permalink."""

from typing import Any

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.conversations import Conversation
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.limits import (
    POST_CHARACTERS,
    UPDATE_CHARACTERS,
    checked_blocks,
    checked_metadata,
    checked_text,
    need_words,
)
from sandbox.slack.messages import Message
from sandbox.slack.state import Draft

# Fields of a message that this workspace cannot draw; taking them silently would hide that.
NOT_DRAWN = ("attachments", "markdown_text", "file_ids")


def _words(arguments: Arguments, *, at_most: int) -> tuple[str, list[JSON]]:
    for name in NOT_DRAWN:
        if arguments.raw(name):
            raise SlackError("invalid_arguments", detail=f"the sandbox does not draw {name}")
    text = checked_text(arguments.raw("text"), at_most=at_most)
    return text, checked_blocks(arguments.structure("blocks", "invalid_blocks_format"))


def _metadata(arguments: Arguments) -> Any:
    return checked_metadata(arguments.structure("metadata", "invalid_metadata_format"))


def direct_message(caller: Caller, user: str) -> Conversation:
    """Opens the direct message. Raises SlackError: channel_not_found, user_disabled, cannot_dm_bot, …"""
    person = caller.state.directory.get(user)
    if person is None or caller.state.directory.is_outsider(person):
        raise SlackError("channel_not_found")
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    if person.deleted:
        raise SlackError("user_disabled")
    if not caller.state.setup.messages_tab_enabled:
        raise SlackError("messages_tab_disabled")
    return caller.state.conversations.direct(user)


def _target(caller: Caller, channel: object) -> Conversation:
    if isinstance(channel, str) and channel[:1] in ("U", "W"):
        return direct_message(caller, channel)
    return caller.writable(channel)


def _thread(conversation: Conversation, thread_ts: object) -> str | None:
    """The parent's ts. Slack would let a reply hang on a ts that is no parent; here that is an error."""
    if thread_ts is None:
        return None
    parent = conversation.find(thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.is_reply:
        raise SlackError("cannot_reply_to_message")
    return parent.ts


def post_message(caller: Caller, arguments: Arguments) -> JSON:
    text, blocks = _words(arguments, at_most=POST_CHARACTERS)
    need_words(text, blocks)
    metadata = _metadata(arguments)
    conversation = _target(caller, arguments.raw("channel"))
    message = caller.state.post(
        Draft(
            conversation,
            caller.bot,
            text,
            blocks,
            metadata,
            thread_ts=_thread(conversation, arguments.raw("thread_ts")),
            reply_broadcast=arguments.flag("reply_broadcast"),
            unfurl_links=arguments.maybe_flag("unfurl_links"),
            unfurl_media=arguments.maybe_flag("unfurl_media"),
        )
    )
    return {"channel": conversation.id, "ts": message.ts, "message": caller.state.message_json(message)}


def post_ephemeral(caller: Caller, arguments: Arguments) -> JSON:
    text, blocks = _words(arguments, at_most=POST_CHARACTERS)
    need_words(text, blocks)
    conversation = caller.writable(arguments.raw("channel"))
    user = arguments.need("user")
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    thread_ts = _thread(conversation, arguments.raw("thread_ts"))
    draft = Draft(
        conversation,
        caller.bot,
        text,
        blocks,
        thread_ts=thread_ts,
        visible_to=user,
        source="chat.postEphemeral",
    )
    return {"message_ts": caller.state.post(draft).ts}


def _own(caller: Caller, arguments: Arguments, error: str) -> tuple[Conversation, Message]:
    conversation = caller.visible(arguments.raw("channel"))
    message = conversation.find(arguments.raw("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.user != caller.bot:
        raise SlackError(error)
    if conversation.is_archived:
        raise SlackError("is_archived")
    return conversation, message


def update(caller: Caller, arguments: Arguments) -> JSON:
    """Without `blocks` the old ones stay under the new text; without `metadata` the old one stays."""
    text, blocks = _words(arguments, at_most=UPDATE_CHARACTERS)
    metadata = _metadata(arguments)
    conversation, message = _own(caller, arguments, "cant_update_message")
    if "blocks" not in arguments.values:
        need_words(text, [])
        blocks = message.blocks
    else:
        need_words(text, blocks)
    if "metadata" not in arguments.values:
        metadata = message.metadata
    caller.state.edit(message, text=text, blocks=blocks, metadata=metadata)
    body = caller.state.message_json(message)
    return {"channel": conversation.id, "ts": message.ts, "text": text, "message": body}


def delete(caller: Caller, arguments: Arguments) -> JSON:
    conversation, message = _own(caller, arguments, "cant_delete_message")
    caller.state.delete(message)
    return {"channel": conversation.id, "ts": message.ts}


def get_permalink(caller: Caller, arguments: Arguments) -> JSON:
    conversation = caller.visible(arguments.raw("channel"))
    message = conversation.find(arguments.raw("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    setup = caller.state.setup
    link = f"https://{setup.team_domain}.slack.com/archives/{conversation.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": link}
