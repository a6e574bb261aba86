"""A running workspace: what a test or a demonstration holds in its hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sandbox.slack.acting import Actor
from sandbox.slack.changes import WAIT_SECONDS
from sandbox.slack.conversations import Conversation
from sandbox.slack.deliveries import Deliverer, Delivery, Kind, Twice, repeat
from sandbox.slack.faults import Faults
from sandbox.slack.messages import Message
from sandbox.slack.payloads import Payloads
from sandbox.slack.request_url import RequestUrl
from sandbox.slack.setup import Setup
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.state import Call, State
from sandbox.slack.view_store import View

T = TypeVar("T")


class Slack:
    """`api_url` ends in `/api/`. `faults` and `sockets` make bad days; `person()` acts; the rest reads."""

    def __init__(
        self, state: State, faults: Faults, sockets: Sockets, deliverer: Deliverer, payloads: Payloads
    ) -> None:
        self.state = state
        self.faults = faults
        self.sockets = sockets
        self.deliverer = deliverer
        self._payloads = payloads
        self._request_urls: list[RequestUrl] = []

    @property
    def setup(self) -> Setup:
        return self.state.setup

    @property
    def base_url(self) -> str:
        return self.state.base_url

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    # People

    def person(self, user: str) -> Actor:
        """Raises CannotDoError for an id nobody has."""
        return Actor(user, self.state, self._payloads, self.deliverer)

    @property
    def duplicate(self) -> Twice:
        """Whether every delivery goes twice, unless an act says otherwise itself. Settable, also with a
        bool."""
        return self.deliverer.duplicate

    @duplicate.setter
    def duplicate(self, twice: Twice | bool) -> None:
        self.deliverer.duplicate = repeat(twice)

    async def use_request_url(self, url: str, *, verify: bool = True) -> None:
        """HTTP mode from now on: payloads are posted, signed, to this URL. Raises ValueError if it fails
        Slack's challenge."""
        target = RequestUrl(self.state, url, self.deliverer.ack_seconds)
        self._request_urls.append(target)
        if verify:
            await target.verify()
        self.deliverer.transport = target

    def use_socket_mode(self) -> None:
        self.deliverer.transport = self.sockets

    # Waiting

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float = WAIT_SECONDS) -> T:  # noqa: ASYNC109 - it reports
        """The first true value of `predicate`, which is asked again after every change.

        Raises TimeoutError naming the last changes.
        """
        return await self.state.changes.wait_for(predicate, timeout)

    # Reading

    def messages(self, channel: str, *, thread_ts: str | None = None, deleted: bool = False) -> list[Message]:
        """Oldest first: the main line of a channel, or the replies of one thread; with `deleted`, also
        those."""
        conversation = self.conversation(channel)
        if thread_ts is not None:
            return [
                m
                for m in conversation.messages.values()
                if m.is_reply and m.thread_ts == thread_ts and (deleted or not m.deleted)
            ]
        return list(conversation.messages.values()) if deleted else conversation.main_line()

    def message(self, channel: str, ts: str) -> Message:
        """One message, deleted or not. Raises KeyError."""
        return self.conversation(channel).messages[ts]

    def ephemerals(self, user: str | None = None, channel: str | None = None) -> list[Message]:
        """What single people see, oldest first: ephemerals, answers to commands, Slack's own failure
        words."""
        found = [
            message
            for conversation in self.state.conversations
            for message in conversation.ephemerals.values()
            if not message.deleted
            and user in (None, message.visible_to)
            and channel in (None, message.channel)
        ]
        return sorted(found, key=lambda message: message.ts)

    def dms(self, user: str) -> list[Message]:
        """The direct messages between the app and this person, oldest first; [] when none was opened."""
        conversation = self.state.conversations.get(self.state.conversations.direct_id(user))
        return conversation.live() if conversation else []

    def conversation(self, channel: str) -> Conversation:
        """Raises KeyError for an id there is not."""
        conversation = self.state.conversations.get(channel)
        if conversation is None:
            raise KeyError(channel)
        return conversation

    def views(self, user: str | None = None) -> list[View]:
        return [view for view in self.state.views.by_id.values() if user in (None, view.user)]

    def calls(self, method: str | None = None) -> list[Call]:
        return [call for call in self.state.calls if method in (None, call.method)]

    @property
    def deliveries(self) -> list[Delivery]:
        return self.deliverer.all

    # The workspace changes, and the app is not told

    def set_group(self, group: str, members: Sequence[str]) -> None:
        self.state.directory.set_members(group, tuple(members))
        self.state.changes.note("group_changed", group=group, members=list(members))

    def set_person(self, user: str, **fields: Any) -> None:
        """Change fields of a Person: `slack.set_person("U0LI", deleted=True)`."""
        self.state.directory.put(replace(self.state.directory.people[user], **fields))
        self.state.changes.note("person_changed", user=user, fields=sorted(fields))

    def archive(self, channel: str) -> None:
        self.conversation(channel).is_archived = True
        self.state.changes.note("channel_archived", channel=channel)

    def unarchive(self, channel: str) -> None:
        self.conversation(channel).is_archived = False
        self.state.changes.note("channel_unarchived", channel=channel)

    async def invite(self, channel: str, user: str, *, by: str) -> None:
        """Somebody types `/invite`: unlike after `join`, the app hears member_joined_channel."""
        self.join(channel, user)
        payload = self._payloads.member_joined(user, self.conversation(channel), by)
        await self.deliverer.deliver(Kind.EVENT, payload, accepts_answer=False)

    def join(self, channel: str, user: str) -> None:
        members = self.conversation(channel).members
        if user not in members:
            members.append(user)
        self.state.changes.note("member_joined", channel=channel, user=user)

    def leave(self, channel: str, user: str) -> None:
        self.conversation(channel).members.remove(user)
        self.state.changes.note("member_left", channel=channel, user=user)

    def delete_message(self, channel: str, ts: str) -> None:
        """Somebody deletes a message by hand."""
        self.state.delete(self.message(channel, ts))

    async def close_request_urls(self) -> None:
        for target in self._request_urls:
            await target.close()
