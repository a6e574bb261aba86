"""The payloads of commands, clicks, modals and events, field by field as Slack sends them."""

import copy
import secrets
import time
from typing import Any

from sandbox.slack.conversations import Conversation
from sandbox.slack.errors import JSON
from sandbox.slack.messages import Message
from sandbox.slack.permits import ResponseUrl, Trigger
from sandbox.slack.setup import ChannelKind, Person
from sandbox.slack.state import State
from sandbox.slack.view_store import VALUE_KEYS, View, initial_values

# The old verification token, which nobody should look at.
OLD_TOKEN = "sandbox-verification"  # noqa: S105 - not a secret, and not read by anybody


class Payloads:
    def __init__(self, state: State) -> None:
        self._state = state

    def response_url(self, url: ResponseUrl) -> str:
        return f"{self._state.base_url}/response/{self._state.setup.team_id}/{url.key}"

    def command(
        self,
        person: Person,
        channel: Conversation,
        words: tuple[str, str],
        trigger: Trigger,
        url: ResponseUrl,
    ) -> JSON:
        setup = self._state.setup
        return {
            "token": OLD_TOKEN,
            "team_id": setup.team_id,
            "team_domain": setup.team_domain,
            "channel_id": channel.id,
            "channel_name": _channel_name(channel),
            "user_id": person.id,
            "user_name": person.handle,
            "command": words[0],
            "text": words[1],
            "api_app_id": setup.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_url(url),
            "trigger_id": trigger.id,
        }

    def global_shortcut(self, person: Person, callback_id: str, trigger: Trigger) -> JSON:
        """No channel and no response_url: it is called from anywhere."""
        shared = self._shared("shortcut", person, trigger)
        return {**shared, "callback_id": callback_id, "action_ts": f"{time.time():.6f}"}

    def message_shortcut(
        self, person: Person, callback_id: str, message: Message, trigger: Trigger, url: ResponseUrl
    ) -> JSON:
        return {
            **self._shared("message_action", person, trigger),
            "callback_id": callback_id,
            "action_ts": f"{time.time():.6f}",
            "channel": self._channel(message.channel),
            "message_ts": message.ts,
            "message": copy.deepcopy(self._state.message_json(message)),
            "response_url": self.response_url(url),
        }

    def message_click(
        self, person: Person, message: Message, action: JSON, trigger: Trigger, url: ResponseUrl
    ) -> JSON:
        ephemeral = message.visible_to is not None
        payload = {
            **self._shared("block_actions", person, trigger),
            "container": _container(message),
            "channel": self._channel(message.channel),
            "state": {"values": _values_with(message, action)},
            "response_url": self.response_url(url),
            "actions": [action],
        }
        if not ephemeral:
            payload["message"] = copy.deepcopy(self._state.message_json(message))
        return payload

    def view_click(self, person: Person, view: View, action: JSON, trigger: Trigger) -> JSON:
        return {
            **self._shared("block_actions", person, trigger),
            "container": {"type": "view", "view_id": view.id},
            "view": self._state.views.json(view),
            "actions": [action],
        }

    def submission(self, person: Person, view: View, trigger: Trigger) -> JSON:
        return {
            **self._shared("view_submission", person, trigger),
            "view": self._state.views.json(view),
            "response_urls": [],
        }

    def closed(self, person: Person, view: View, *, is_cleared: bool) -> JSON:
        shared = self._shared("view_closed", person, None)
        return {**shared, "view": self._state.views.json(view), "is_cleared": is_cleared}

    def suggestion(
        self, person: Person, place: View | Message, block: JSON, element: JSON, typed: str
    ) -> JSON:
        """What is typed into an external select, in a view or in a message."""
        where: JSON = {}
        if isinstance(place, View):
            where["container"] = {"type": "view", "view_id": place.id}
            where["view"] = self._state.views.json(place)
        else:
            where["container"] = _container(place)
            where["channel"] = self._channel(place.channel)
            if place.visible_to is None:
                where["message"] = copy.deepcopy(self._state.message_json(place))
        return {
            **self._shared("block_suggestion", person, None),
            **where,
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": typed,
        }

    def home_opened(self, person: Person, view: View | None, channel: Conversation, tab: str) -> JSON:
        event: JSON = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": channel.id,
            "tab": tab,
            "event_ts": f"{time.time():.6f}",
        }
        if view is not None and tab == "home":
            event["view"] = self._state.views.json(view)
        return self._event(event)

    def member_joined(self, user: str, channel: Conversation, inviter: str) -> JSON:
        return self._event(
            {
                "type": "member_joined_channel",
                "user": user,
                "channel": channel.id,
                "channel_type": "G" if channel.kind is ChannelKind.PRIVATE else "C",
                "team": self._state.setup.team_id,
                "inviter": inviter,
                "event_ts": f"{time.time():.6f}",
            }
        )

    def _event(self, event: JSON) -> JSON:
        setup = self._state.setup
        return {
            "token": OLD_TOKEN,
            "team_id": setup.team_id,
            "api_app_id": setup.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._state.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": setup.team_id,
                    "user_id": setup.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def _channel(self, channel: str) -> JSON:
        conversation = self._state.conversations.get(channel)
        return {"id": channel, "name": _channel_name(conversation) if conversation else ""}

    def _shared(self, kind: str, person: Person, trigger: Trigger | None) -> JSON:
        """The person's own team is named with them: an outsider's click says so here and nowhere else."""
        setup = self._state.setup
        shared: JSON = {
            "type": kind,
            "team": {"id": setup.team_id, "domain": setup.team_domain},
            "user": {
                "id": person.id,
                "username": person.handle,
                "name": person.handle,
                "team_id": self._state.directory.team_of(person),
            },
            "api_app_id": setup.app_id,
            "token": OLD_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }
        if trigger is not None:
            shared["trigger_id"] = trigger.id
        return shared


def action_json(block: JSON, element: JSON, chosen: JSON) -> JSON:
    """One entry of `actions`: the element as pressed, with what was chosen in it."""
    action: dict[str, Any] = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        **copy.deepcopy(chosen),
        "action_ts": f"{time.time():.6f}",
    }
    for name in ("text", "style") if element["type"] == "button" else ():
        if name in element:
            action[name] = copy.deepcopy(element[name])
    return action


def _container(message: Message) -> JSON:
    container: JSON = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.visible_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return container


def _values_with(message: Message, action: JSON) -> dict[str, dict[str, JSON]]:
    """`state.values` of a message: what was chosen just now, and everything else as it was sent."""
    values = initial_values(message.blocks)
    keys = VALUE_KEYS.get(action["type"])
    if keys and keys[0] in action:
        chosen = {"type": action["type"], keys[0]: action[keys[0]]}
        values.setdefault(action["block_id"], {})[action["action_id"]] = chosen
    return values


def _channel_name(channel: Conversation) -> str:
    if channel.kind is ChannelKind.DIRECT:
        return "directmessage"
    return "privategroup" if channel.kind is ChannelKind.PRIVATE else channel.name
