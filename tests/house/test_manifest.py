"""manifest.yml is one that Slack takes, and asks for what the bot uses and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

MANIFEST = Path(__file__).parents[2] / "manifest.yml"

#: Each scope with the method (or thing) that needs it: security teams ask.
SCOPES = {
    "commands": "/coupon",
    "chat:write": "chat.postMessage, chat.update, chat.postEphemeral",
    "users:read": "users.info",
    "usergroups:read": "usergroups.users.list",
    "channels:read": "conversations.info of a public channel",
    "groups:read": "conversations.info of a private channel",
    "channels:history": "conversations.history and .replies of a public channel: finding a post again",
    "groups:history": "conversations.history and .replies of a private channel: the same",
    "im:history": "conversations.history of a direct message: the same",
    "im:write": "conversations.open",
    "files:read": "files.info, and the download: the list of customers of a batch",
    "files:write": "files.getUploadURLExternal and .completeUploadExternal: a part of the log as a file",
}

#: Slack's published schema: every part the manifest may have. A dict: its parts; None: a value.
SCHEMA: dict[str, Any] = {
    "_metadata": {"major_version": None},
    "display_information": {
        "name": None,
        "description": None,
        "long_description": None,
        "background_color": None,
    },
    "features": {
        "app_home": {
            "home_tab_enabled": None,
            "messages_tab_enabled": None,
            "messages_tab_read_only_enabled": None,
        },
        "bot_user": {"display_name": None, "always_online": None},
        "slash_commands": [
            {"command": None, "description": None, "usage_hint": None, "url": None, "should_escape": None}
        ],
        "shortcuts": [{"name": None, "type": None, "callback_id": None, "description": None}],
    },
    "oauth_config": {"redirect_urls": None, "scopes": {"bot": None}, "token_management_enabled": None},
    "settings": {
        "socket_mode_enabled": None,
        "org_deploy_enabled": None,
        "token_rotation_enabled": None,
        "interactivity": {"is_enabled": None, "request_url": None, "message_menu_options_url": None},
        "event_subscriptions": {"request_url": None, "bot_events": None},
    },
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


def unknown_parts(part: object, schema: object, where: str = "") -> Iterator[str]:
    if isinstance(part, dict) and isinstance(schema, dict):
        for key, inner in part.items():
            if key in schema:
                yield from unknown_parts(inner, schema[key], f"{where}.{key}")
            else:
                yield f"{where}.{key}"
    elif isinstance(part, list) and isinstance(schema, list):
        for each in part:
            yield from unknown_parts(each, schema[0], where)
    elif schema is not None:
        yield f"{where} (of another form than Slack's)"


def test_it_has_only_parts_that_slack_knows(manifest: dict[str, Any]) -> None:
    assert list(unknown_parts(manifest, SCHEMA)) == []
    assert manifest["_metadata"]["major_version"] in {1, 2}


def test_its_texts_are_within_slacks_limits(manifest: dict[str, Any]) -> None:
    shown = manifest["display_information"]
    assert 1 <= len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert re.fullmatch("#[0-9a-fA-F]{6}", shown["background_color"])
    assert 1 <= len(manifest["features"]["bot_user"]["display_name"]) <= 80


def test_the_one_command_is_within_slacks_limits_and_escaped(manifest: dict[str, Any]) -> None:
    """Without escaping a user or channel in a command arrives as bare text that anyone could type."""
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/coupon"
    assert len(command["command"]) <= 32
    assert 1 <= len(command["description"]) <= 2000
    assert 1 <= len(command["usage_hint"]) <= 1000
    assert command["should_escape"] is True


def test_it_asks_for_exactly_the_scopes_that_methods_need(manifest: dict[str, Any]) -> None:
    assert manifest["oauth_config"]["scopes"] == {"bot": list(SCOPES)}


def test_it_is_socket_mode_and_so_has_no_address(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    text = "\n".join(line for line in MANIFEST.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    assert "url" not in text
    assert "http" not in text


def test_people_can_open_the_bot_and_write_commands_to_it(manifest: dict[str, Any]) -> None:
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"] is True
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


def test_no_event_is_subscribed_that_nobody_handles(manifest: dict[str, Any]) -> None:
    """That Home was opened needs no scope: it tells the bot nothing but that. That somebody was invited
    (perhaps the bot) needs channels:read and groups:read, which it has."""
    heard = {"bot_events": ["app_home_opened", "member_joined_channel"]}
    assert manifest["settings"]["event_subscriptions"] == heard
