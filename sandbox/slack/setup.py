"""What a workspace is made of when it starts: people, groups, channels, the app and its tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ALL_BOT_SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "im:read",
    "im:history",
    "users:read",
    "usergroups:read",
    "channels:read",
    "groups:read",
    "channels:history",
    "groups:history",
    "files:read",
    "files:write",
)


class ShortcutType(StrEnum):
    GLOBAL = "global"
    MESSAGE = "message"


class ChannelKind(StrEnum):
    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    DIRECT = "im"


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `team_id` empty means "of this workspace"; another team's id makes a Slack Connect
    outsider."""

    id: str
    handle: str
    real_name: str
    display_name: str = ""
    locale: str = "en-US"
    tz: str = "Etc/UTC"
    is_bot: bool = False
    is_admin: bool = False
    deleted: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    team_id: str = ""
    title: str = ""

    @property
    def shown_name(self) -> str:
        """What Slack's clients show: the display name, or the full name where that is empty."""
        return self.display_name or self.real_name


@dataclass(frozen=True, slots=True)
class UserGroup:
    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """`members` includes the bot's user id where the bot was invited."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    is_private: bool = False
    is_archived: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """As in the manifest: `name` at most 24 characters, `description` at most 150."""

    callback_id: str
    name: str
    type: ShortcutType
    description: str = ""


@dataclass(frozen=True, slots=True)
class CommandWords:
    """What Slack's client shows while a command is typed: the manifest's words for it."""

    description: str
    usage_hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The workspace at its start. Everything in it may change while it runs; this record does not."""

    team_id: str = "T0SHOP"
    team_name: str = "Shop"
    team_domain: str = "shop"
    app_id: str = "A0COUPON"
    bot_id: str = "B0COUPON"
    bot_user_id: str = "U0BOT"
    bot_name: str = "Coupon Bot"
    bot_token: str = field(default="xoxb-sandbox-bot", repr=False)
    app_token: str = field(default="xapp-sandbox-app", repr=False)
    signing_secret: str = field(default="sandbox-signing-secret", repr=False)
    bot_scopes: tuple[str, ...] = ALL_BOT_SCOPES
    app_scopes: tuple[str, ...] = ("connections:write",)
    commands: tuple[str, ...] = ("/coupon",)
    command_words: Mapping[str, CommandWords] = field(default_factory=dict)
    shortcuts: tuple[Shortcut, ...] = ()
    should_escape: bool = True
    home_tab_enabled: bool = True
    messages_tab_enabled: bool = True
    # User groups exist on paid plans only; a free workspace answers plan_upgrade_required.
    paid_plan: bool = True
    people: tuple[Person, ...] = ()
    groups: tuple[UserGroup, ...] = ()
    channels: tuple[Channel, ...] = ()
