"""Messages: what a channel, a thread or one person sees, with every earlier version."""

import copy
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.errors import JSON


@dataclass(frozen=True, slots=True)
class Version:
    """What the message said until `replaced_at` (a ts)."""

    text: str
    blocks: list[JSON]
    metadata: JSON | None
    replaced_at: str


@dataclass(slots=True)
class Message:
    """One message. `visible_to` is set for an ephemeral one: nobody else ever sees it, and it is in no
    history.

    `source` says how it came: chat.postMessage, chat.postEphemeral, ack, response_url, person, or slack (the
    words Slack's own client shows when an app fails).
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[JSON] = field(default_factory=list)
    metadata: JSON | None = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    from_bot: bool = False
    visible_to: str | None = None
    source: str = "chat.postMessage"
    edited_ts: str | None = None
    deleted: bool = False
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    versions: list[Version] = field(default_factory=list)
    file_ids: tuple[str, ...] = ()

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def replace(self, *, text: str, blocks: list[JSON], metadata: JSON | None, at: str) -> None:
        self.versions.append(Version(self.text, self.blocks, self.metadata, at))
        self.text, self.blocks, self.metadata = text, blocks, metadata
        self.edited_ts = at

    def element(
        self, action_id: str, value: str | None = None, block_id: str | None = None
    ) -> tuple[JSON, JSON] | None:
        """The (block, element) with this action id, and this value and in this block where they are asked
        for; None if not there."""
        return find_element(self.blocks, action_id, value, block_id)

    def earlier_element(self, action_id: str, value: str | None = None) -> tuple[JSON, JSON] | None:
        """The same in the versions somebody's screen may still show, newest first."""
        for version in reversed(self.versions):
            found = find_element(version.blocks, action_id, value)
            if found:
                return found
        return None

    def words(self) -> str:
        """Text and every text inside the blocks, one per line: for looking things up in tests."""
        return "\n".join([self.text, *block_texts(self.blocks)])


def find_element(
    blocks: list[JSON], action_id: str, value: str | None = None, block_id: str | None = None
) -> tuple[JSON, JSON] | None:
    for block in blocks:
        if block_id is not None and block.get("block_id") != block_id:
            continue
        for element in interactive_elements(block):
            if element.get("action_id") == action_id and (value is None or element.get("value") == value):
                return block, element
    return None


def interactive_elements(block: JSON) -> list[JSON]:
    match block.get("type"):
        case "actions":
            return list(block.get("elements", []))
        case "section":
            return [block["accessory"]] if "accessory" in block else []
        case "input":
            return [block["element"]]
        case _:
            return []


def block_texts(node: Any) -> list[str]:
    """Every string under a `text` key, in order of the page."""
    found: list[str] = []
    if isinstance(node, list):
        for item in node:
            found.extend(block_texts(item))
    elif isinstance(node, dict):
        for key, item in node.items():
            if key == "text" and isinstance(item, str):
                found.append(item)
            else:
                found.extend(block_texts(item))
    return found


def with_ids(blocks: list[JSON], fresh: "Numbered") -> list[JSON]:
    """A copy of the blocks in which Slack has filled in the block and action ids the app left out."""
    stored = copy.deepcopy(blocks)
    for block in stored:
        block.setdefault("block_id", fresh("b"))
        for element in interactive_elements(block):
            if element.get("type") != "image":
                element.setdefault("action_id", fresh("a"))
    return stored


class Numbered:
    """Short ids with a prefix, counting up."""

    def __init__(self) -> None:
        self._n = 0

    def __call__(self, prefix: str) -> str:
        self._n += 1
        return f"{prefix}{self._n:05d}"
