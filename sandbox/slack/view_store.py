"""Modals and Home tabs: what each person has open, stacked at most three deep, with the values typed in."""

import copy
import secrets
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.changes import Changes
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.messages import Numbered, find_element, interactive_elements, with_ids
from sandbox.slack.setup import Setup

STACK_LIMIT = 3
ECHOED = ("title", "submit", "close", "callback_id", "external_id", "private_metadata")


@dataclass(slots=True)
class View:
    """One view. `definition` is what the app sent last; `values` is what the person has typed or chosen,
    by block id and action id; `errors` what the app answered under the inputs; `problem` what Slack's own
    client shows when the app failed."""

    id: str
    user: str
    definition: JSON
    root_view_id: str
    previous_view_id: str | None
    trigger_id: str | None
    hash: str = ""
    open: bool = True
    ended_by: str | None = None
    values: dict[str, dict[str, JSON]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    versions: list[JSON] = field(default_factory=list)

    @property
    def type(self) -> str:
        return str(self.definition["type"])

    @property
    def callback_id(self) -> str:
        return str(self.definition.get("callback_id", ""))

    @property
    def private_metadata(self) -> str:
        return str(self.definition.get("private_metadata", ""))

    @property
    def blocks(self) -> list[JSON]:
        return list(self.definition["blocks"])

    def element(
        self, action_id: str, value: str | None = None, block_id: str | None = None
    ) -> tuple[JSON, JSON] | None:
        return find_element(self.blocks, action_id, value, block_id)

    def input_block(self, block_id: str) -> JSON | None:
        for block in self.blocks:
            if block.get("block_id") == block_id and block["type"] == "input":
                return block
        return None


class Views:
    def __init__(self, setup: Setup, changes: Changes, fresh: Numbered) -> None:
        self._setup = setup
        self._changes = changes
        self._fresh = fresh
        self.by_id: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """The person's open modals, the one on top last."""
        return [v for v in self.by_id.values() if v.open and v.user == user and v.type == "modal"]

    def home(self, user: str) -> View | None:
        return next((v for v in self.by_id.values() if v.user == user and v.type == "home"), None)

    def open(self, user: str, definition: JSON, trigger_id: str) -> View:
        """A new root modal. Whatever modal of ours was open gives way to it."""
        self._check_external_id(definition, None)
        for other in self.stack(user):
            self.end(other, "replaced")
        view = self._new(user, definition, previous=None, trigger_id=trigger_id)
        self._changes.note("view_opened", view=view.id, user=user, callback_id=view.callback_id)
        return view

    def push(self, user: str, definition: JSON, trigger_id: str | None) -> View:
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        self._check_external_id(definition, None)
        view = self._new(user, definition, previous=stack[-1], trigger_id=trigger_id)
        self._changes.note("view_opened", view=view.id, user=user, callback_id=view.callback_id)
        return view

    def publish(self, user: str, definition: JSON, hash_seen: str | None) -> View:
        view = self.home(user)
        if view is not None:
            return self.update(view, definition, hash_seen)
        self._check_external_id(definition, None)
        view = self._new(user, definition, previous=None, trigger_id=None)
        self._changes.note("home_published", view=view.id, user=user)
        return view

    def find(self, view_id: object, external_id: object) -> View:
        for view in self.by_id.values():
            same = view.id == view_id if view_id else view.definition.get("external_id") == external_id
            if same and view.open:
                return view
        raise SlackError("not_found")

    def update(self, view: View, definition: JSON, hash_seen: str | None) -> View:
        """Replace the definition; values stay only where block id and action id stay the same."""
        if hash_seen and hash_seen != view.hash:
            raise SlackError("hash_conflict")
        if definition["type"] != view.type:
            raise SlackError("invalid_arguments", detail="a view cannot change its type")
        self._check_external_id(definition, view)
        view.versions.append(view.definition)
        view.definition = self._stored(definition)
        view.hash, view.errors, view.problem = _new_hash(), {}, None
        kept = initial_values(view.blocks)
        for block_id, actions in kept.items():
            for action_id in actions:
                typed = view.values.get(block_id, {}).get(action_id)
                if typed is not None:
                    actions[action_id] = typed
        view.values = kept
        kind = "home_published" if view.type == "home" else "view_updated"
        self._changes.note(kind, view=view.id, user=view.user, callback_id=view.callback_id)
        return view

    def end(self, view: View, how: str) -> None:
        view.open, view.ended_by = False, how
        self._changes.note("view_closed", view=view.id, user=view.user, how=how)

    def json(self, view: View) -> JSON:
        """The view object of answers and payloads."""
        echoed: JSON = {key: view.definition.get(key) for key in ECHOED}
        for key in ("callback_id", "external_id", "private_metadata"):
            echoed[key] = echoed[key] or ""
        return {
            "id": view.id,
            "team_id": self._setup.team_id,
            "type": view.type,
            **echoed,
            "blocks": copy.deepcopy(view.blocks),
            "hash": view.hash,
            "state": {"values": copy.deepcopy(view.values)},
            "clear_on_close": bool(view.definition.get("clear_on_close", False)),
            "notify_on_close": bool(view.definition.get("notify_on_close", False)),
            "root_view_id": view.root_view_id,
            "previous_view_id": view.previous_view_id,
            "app_id": self._setup.app_id,
            "app_installed_team_id": self._setup.team_id,
            "bot_id": self._setup.bot_id,
        }

    def _new(self, user: str, definition: JSON, *, previous: View | None, trigger_id: str | None) -> View:
        view_id = f"V0{secrets.token_hex(5).upper()}"
        view = View(
            id=view_id,
            user=user,
            definition=self._stored(definition),
            root_view_id=previous.root_view_id if previous else view_id,
            previous_view_id=previous.id if previous else None,
            trigger_id=trigger_id,
            hash=_new_hash(),
        )
        view.values = initial_values(view.blocks)
        self.by_id[view_id] = view
        return view

    def _stored(self, definition: JSON) -> JSON:
        return {**copy.deepcopy(definition), "blocks": with_ids(definition["blocks"], self._fresh)}

    def _check_external_id(self, definition: JSON, own: View | None) -> None:
        external_id = definition.get("external_id")
        for view in self.by_id.values():
            if external_id and view is not own and view.definition.get("external_id") == external_id:
                raise SlackError("duplicate_external_id")


def _new_hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"


VALUE_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "file_input": ("files", "files"),
}
LISTS = ("selected_options", "selected_users", "files")


def initial_values(blocks: list[JSON]) -> dict[str, dict[str, JSON]]:
    """`state.values` before anybody has typed: every stateful element, null or its initial value."""
    values: dict[str, dict[str, JSON]] = {}
    for block in blocks:
        for element in interactive_elements(block):
            keys = VALUE_KEYS.get(element.get("type", ""))
            if keys:
                initial: Any = element.get(keys[1], [] if keys[0] in LISTS else None)
                values.setdefault(block["block_id"], {})[element["action_id"]] = {
                    "type": element["type"],
                    keys[0]: copy.deepcopy(initial),
                }
    return values
