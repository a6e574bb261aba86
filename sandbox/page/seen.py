"""What one person sees of the workspace, as the page's JSON: channels, ephemerals, views of their own."""

import json
from collections.abc import Iterator

from sandbox.slack.conversations import Conversation
from sandbox.slack.errors import JSON
from sandbox.slack.messages import Message
from sandbox.slack.setup import ChannelKind, Person
from sandbox.slack.state import State
from sandbox.slack.view_store import View

SLACKBOT = "USLACKBOT"


class Seen:
    """`busy` holds the ids of views with something under way; whoever acts keeps it."""

    def __init__(self, state: State, busy: set[str]) -> None:
        self._state = state
        self._busy = busy

    def hello(self, user: str) -> JSON:
        state, setup = self._state, self._state.setup
        home = state.views.home(user)
        return {
            "me": self.person(state.directory.people[user]),
            "people": self.people(),
            "groups": [
                {"id": group.id, "handle": group.handle, "name": group.name}
                for group in state.directory.groups.values()
            ],
            "channels": self.channels(user),
            "app": {"id": setup.app_id, "name": setup.bot_name, "bot_user_id": setup.bot_user_id},
            "commands": self._commands(),
            "shortcuts": [
                {
                    "type": shortcut.type.value,
                    "callback_id": shortcut.callback_id,
                    "name": shortcut.name,
                    "description": shortcut.description,
                }
                for shortcut in setup.shortcuts
            ],
            "messages": [self.message(each) for each in sorted(self._messages(user), key=_moment)],
            "modals": self.modals(user),
            "home": self.view(home) if home is not None else None,
            "now": state.clock(),
        }

    def people(self) -> list[JSON]:
        return [self.person(each) for each in self._state.directory.people.values()]

    def person(self, person: Person) -> JSON:
        return {
            "id": person.id,
            "name": person.shown_name,
            "title": person.title,
            "locale": person.locale,
            "tz": person.tz,
            "outsider": self._state.directory.is_outsider(person),
            "bot": person.is_bot,
            "deleted": person.deleted,
        }

    def channels(self, user: str) -> list[JSON]:
        """Public channels can be found by everybody of the workspace but guests; the rest by members only.

        The direct message with the app is there before it is opened, as in Slack's client.
        """
        person, directory = self._state.directory.people[user], self._state.directory
        finds = not (directory.is_outsider(person) or person.is_restricted or person.is_ultra_restricted)
        found = [
            _channel(each, member=user in each.members)
            for each in self._state.conversations
            if each.kind is not ChannelKind.DIRECT
            and (user in each.members or (finds and each.kind is ChannelKind.PUBLIC))
        ]
        direct = {
            "id": self._state.conversations.direct_id(user),
            "name": "",
            "kind": ChannelKind.DIRECT.value,
            "member": True,
            "archived": False,
        }
        return [*found, direct]

    def sees(self, user: str, message: Message) -> bool:
        if message.visible_to is not None:
            return message.visible_to == user
        conversation = self._state.conversations.get(message.channel)
        return conversation is not None and user in conversation.members

    def at(self, user: str, channel: str, ts: str) -> Message | None:
        """The message a change tells of, deleted or not, if this person sees it."""
        conversation = self._state.conversations.get(channel)
        if conversation is None:
            return None
        message = conversation.ephemerals.get(ts) or conversation.messages.get(ts)
        return message if message is not None and self.sees(user, message) else None

    def message(self, message: Message) -> JSON:
        of_slack = message.user == SLACKBOT
        name = self._state.setup.bot_name if message.from_bot else self._state.directory.name(message.user)
        return {
            "channel": message.channel,
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "user": message.user,
            "bot": message.from_bot or of_slack,
            "username": "Slackbot" if of_slack else name,
            "text": message.text,
            "blocks": message.blocks or None,
            "files": [self._file(file_id) for file_id in message.file_ids],
            "edited": message.edited_ts is not None,
            "ephemeral": message.visible_to is not None,
            "deleted": message.deleted,
        }

    def modals(self, user: str) -> list[JSON]:
        return [self.view(each) for each in self._state.views.stack(user)]

    def home(self, user: str) -> JSON | None:
        view = self._state.views.home(user)
        return self.view(view) if view is not None else None

    def view(self, view: View) -> JSON:
        return {
            "id": view.id,
            "type": view.type,
            "definition": view.definition,
            "errors": view.errors,
            "values": view.values,
            "busy": view.id in self._busy,
        }

    def may_read(self, user: str, file_id: str) -> bool:
        """Their own files, and those in messages and views they see, as attachments or as pictures."""
        if self._state.files[file_id].user == user:
            return True
        if any(file_id in message.file_ids for message in self._messages(user)):
            return True
        drawn = [message.blocks for message in self._messages(user)]
        drawn += [view.blocks for view in self._state.views.by_id.values() if view.user == user and view.open]
        return any(f'"{file_id}"' in json.dumps(blocks) for blocks in drawn)

    def _messages(self, user: str) -> Iterator[Message]:
        for conversation in self._state.conversations:
            for message in (*conversation.messages.values(), *conversation.ephemerals.values()):
                if not message.deleted and self.sees(user, message):
                    yield message

    def _file(self, file_id: str) -> JSON:
        file = self._state.file_json(self._state.files[file_id])
        kept = {key: file[key] for key in ("id", "name", "mimetype", "size")}
        return {**kept, "url": f"/api/files/{file_id}/{file['url_private'].rpartition('/')[2]}"}

    def _commands(self) -> list[JSON]:
        words = self._state.setup.command_words
        return [
            {
                "command": command,
                "description": words[command].description if command in words else "",
                "usage_hint": words[command].usage_hint if command in words else "",
            }
            for command in self._state.setup.commands
        ]


def _channel(conversation: Conversation, *, member: bool) -> JSON:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "kind": conversation.kind.value,
        "member": member,
        "archived": conversation.is_archived,
    }


def _moment(message: Message) -> tuple[int, int]:
    seconds, _, micros = message.ts.partition(".")
    return int(seconds), int(micros)
