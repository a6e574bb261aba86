"""A channel, a direct message or a modal as plain text, the way people see it on their screens."""

from datetime import datetime

from sandbox.slack.clock import zone
from sandbox.slack.conversations import Conversation
from sandbox.slack.drawing import Drawing
from sandbox.slack.messages import Message
from sandbox.slack.mrkdwn import Reader
from sandbox.slack.running import Slack
from sandbox.slack.setup import ChannelKind
from sandbox.slack.terminal_text import Style, pad, width, wrap
from sandbox.slack.view_store import View

WIDTH = 88
INDENT = 7
THREAD_INDENT = 4


class Transcript:
    """`viewer`: only what this person sees. `after`: only what came after this ts. `tz`: whose clock."""

    def __init__(
        self,
        slack: Slack,
        *,
        viewer: str | None = None,
        after: str = "",
        columns: int = WIDTH,
        tz: str = "Asia/Shanghai",
        color: bool = False,
    ) -> None:
        self._state = slack.state
        self._viewer = viewer
        self._after = after
        self._columns = columns
        self._zone = zone(tz)
        self._style = Style(color)
        self._reader = Reader(slack.state.directory, slack.state.conversations, self._zone, self._style)

    def channel(self, channel: str) -> str:
        """The whole conversation: messages, threads under their parents, ephemerals where they appeared.

        Raises KeyError for an id there is not.
        """
        conversation = self._state.conversations.get(channel)
        if conversation is None:
            raise KeyError(channel)
        lines = [self._rule(self._title(conversation))]
        for message in self._posted(conversation):
            if not self._in_thread(conversation, message):
                lines += ["", *self._message(message, 0), *self._thread(conversation, message)]
        return "\n".join([*lines, ""])

    def everything(self) -> str:
        """Every conversation with something in it, channels before direct messages."""
        busy = [c for c in self._state.conversations if self._posted(c)]
        busy.sort(key=lambda c: c.kind is ChannelKind.DIRECT)
        return "\n".join(self.channel(conversation.id) for conversation in busy)

    def view(self, view: View) -> str:
        """A modal or Home tab in a frame, with what is typed in so far and the errors under the inputs."""
        inner = self._columns - 4
        drawing = Drawing(self._reader, inner, view.values)
        title = view.definition["title"]["text"] if view.type == "modal" else "Home"
        owner = self._state.directory.name(view.user)
        lines = [self._style.bold(title), ""]
        for block in view.blocks:
            lines += drawing.blocks([block])
            if error := view.errors.get(block["block_id"]):
                lines += [self._style.red(line) for line in wrap(f"! {error}", inner)]
        if view.problem:
            lines += ["", self._style.red(view.problem)]
        if view.type == "modal":
            lines += ["", self._buttons(view)]
        top = f"╭─ {owner}'s screen "
        framed = [f"│ {pad(line, inner)} │" for line in lines]
        return "\n".join(
            [top + "─" * (self._columns - width(top) - 1) + "╮", *framed, "╰" + "─" * (inner + 2) + "╯", ""]
        )

    def _buttons(self, view: View) -> str:
        close = view.definition.get("close", {}).get("text", "Cancel")
        submit = view.definition.get("submit", {}).get("text")
        return f"[{close}]  {self._style.green(f'[{submit}]')}" if submit else f"[{close}]"

    def _title(self, conversation: Conversation) -> str:
        if conversation.kind is not ChannelKind.DIRECT:
            lock = " (private)" if conversation.kind is ChannelKind.PRIVATE else ""
            return f"#{conversation.name}{lock}{' (archived)' if conversation.is_archived else ''}"
        names = [self._state.directory.name(member) for member in conversation.members]
        return f"Direct message: {' and '.join(names)}"

    def _rule(self, title: str) -> str:
        start = f"━━ {title} "
        return self._style.bold(start + "━" * max(2, self._columns - width(start)))

    def _posted(self, conversation: Conversation) -> list[Message]:
        """What was posted, oldest first. A deleted message shows only where a thread still hangs on it."""
        found = [
            message
            for message in [*conversation.messages.values(), *conversation.ephemerals.values()]
            if message.ts > self._after
            and (self._viewer is None or message.visible_to in (None, self._viewer))
            and (not message.deleted or conversation.replies(message.ts))
        ]
        return sorted(found, key=lambda message: message.ts)

    def _in_thread(self, conversation: Conversation, message: Message) -> bool:
        """Replies stand under their parent, unless the parent lies before what is shown."""
        return (
            message.is_reply
            and str(message.thread_ts) > self._after
            and message.thread_ts in conversation.messages
        )

    def _thread(self, conversation: Conversation, parent: Message) -> list[str]:
        lines: list[str] = []
        for message in self._posted(conversation):
            if message.is_reply and message.thread_ts == parent.ts:
                lines += ["", *self._message(message, THREAD_INDENT + INDENT - 2)]
        return lines

    def _message(self, message: Message, indent: int) -> list[str]:
        at = datetime.fromtimestamp(float(message.ts), self._zone).strftime("%H:%M")
        name = self._style.bold("Slackbot" if message.source == "slack" else self._name(message.user))
        badge = " APP" if message.from_bot else ""
        only = ""
        if message.visible_to:
            only = self._style.dim(f"  · only visible to {self._name(message.visible_to)}")
        lead = "  ↳ " if indent else ""
        first = (
            f"{' ' * max(0, indent - len(lead))}{lead}{pad(at, INDENT)}{name}{self._style.dim(badge)}{only}"
        )
        body = self._body(message, self._columns - indent - INDENT)
        return [first, *(" " * (indent + INDENT) + line if line else "" for line in body)]

    def _body(self, message: Message, columns: int) -> list[str]:
        if message.deleted:
            return [self._style.dim("This message was deleted.")]
        if message.blocks:
            lines = Drawing(self._reader, columns).blocks(message.blocks)
        else:
            lines = wrap(self._reader.read(message.text), columns)
        return [*lines, self._style.dim("(edited)")] if message.edited_ts else lines

    def _name(self, user: str) -> str:
        person = self._state.directory.get(user)
        if person is None:
            return user
        marks = ["deactivated"] if person.deleted else []
        marks += ["guest"] if person.is_restricted else []
        marks += ["external"] if self._state.directory.is_outsider(person) else []
        return person.shown_name + "".join(f" ({mark})" for mark in marks)
