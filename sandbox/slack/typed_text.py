"""How Slack hands on what was typed behind a command: three characters escaped, mentions and links
resolved."""

import re

from sandbox.slack.conversations import Conversations
from sandbox.slack.directory import Directory

MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9._-]+)")
CHANNEL = re.compile(r"(?<![\w#&;])#([a-z0-9_-]+)")
LINK = re.compile(r"https?://[^\s<>|]+")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_delivered(text: str, directory: Directory, conversations: Conversations, *, resolve: bool) -> str:
    """`resolve` is `should_escape` of the manifest. A name nobody has stays as typed."""
    escaped = escape(text)
    if not resolve:
        return escaped

    def mention(match: re.Match[str]) -> str:
        name = match[1]
        for person in directory.people.values():
            if person.handle == name:
                return f"<@{person.id}|{person.handle}>"
        for group in directory.groups.values():
            if group.handle == name:
                return f"<!subteam^{group.id}|@{group.handle}>"
        return f"<!{name}>" if name in ("here", "channel", "everyone") else match[0]

    def channel(match: re.Match[str]) -> str:
        found = next((c for c in conversations if c.name == match[1]), None)
        return f"<#{found.id}|{found.name}>" if found else match[0]

    linked = LINK.sub(lambda match: f"<{match[0]}>", escaped)
    return CHANNEL.sub(channel, MENTION.sub(mention, linked))
