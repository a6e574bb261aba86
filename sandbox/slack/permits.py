"""What an interaction lets the app do for a short while: one modal (trigger_id), five posts
(response_url)."""

import secrets
from dataclasses import dataclass

from sandbox.slack.clock import Clock
from sandbox.slack.errors import SlackError

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5


@dataclass(slots=True)
class Trigger:
    id: str
    user: str
    clicked_at: float
    spent: bool = False


class Triggers:
    """`seconds`: so long one lives, on a machine too busy for Slack's three."""

    def __init__(self, clock: Clock, team_id: str) -> None:
        self._clock = clock
        self._team = team_id
        self._by_id: dict[str, Trigger] = {}
        self.seconds = TRIGGER_SECONDS

    def issue(self, user: str) -> Trigger:
        # Random, as Slack's are: the app may derive numbers from it that must not repeat between runs.
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        trigger = Trigger(trigger_id, user, self._clock())
        self._by_id[trigger_id] = trigger
        return trigger

    def check(self, trigger_id: object) -> Trigger:
        """The trigger if it may still be exchanged. It is spent by `Trigger.spent = True` once the view is
        good.

        Raises SlackError: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id.
        """
        trigger = self._by_id.get(trigger_id) if isinstance(trigger_id, str) else None
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.spent:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.clicked_at > self.seconds:
            raise SlackError("expired_trigger_id")
        return trigger


@dataclass(slots=True)
class ResponseUrl:
    """`message_ts` is the message that was clicked, None for a slash command."""

    key: str
    user: str
    channel: str
    message_ts: str | None
    thread_ts: str | None
    issued_at: float
    uses: int = 0


class ResponseUrls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.by_key: dict[str, ResponseUrl] = {}

    def issue(
        self, user: str, channel: str, *, message_ts: str | None = None, thread_ts: str | None = None
    ) -> ResponseUrl:
        key = secrets.token_hex(12)
        self.by_key[key] = ResponseUrl(key, user, channel, message_ts, thread_ts, self._clock())
        return self.by_key[key]

    def check(self, key: str) -> ResponseUrl:
        """Raises SlackError: expired_url (30 minutes, or never issued), used_url (five posts)."""
        url = self.by_key.get(key)
        if url is None or self._clock() - url.issued_at > RESPONSE_URL_SECONDS:
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        return url
