"""One call of Slack's Web API, and what became of it, sorted by what the caller may do next.

SlackError
├── AnswerLost    no answer to be believed: Slack may have done it
├── RateLimited   not taken; again after `retry_after` seconds
├── MessageGone   the message to change or to reply to is not there any more
├── Unreachable   this channel or person can't be reached this way
├── TokenRefused  Slack refuses the bot itself, whatever it asks for
└── Denied        Slack said no for another reason (`code`)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

#: Slack may have done it all the same.
_UNKNOWN = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_RATE = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
#: The message is gone, or may not be changed: a fresh one takes its place.
_GONE = frozenset(
    {"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
)
#: This person can't be reached this way.
_UNREACHABLE = frozenset(
    {
        "user_not_in_channel",
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "user_disabled",
        "messages_tab_disabled",
        "cannot_dm_bot",
        "user_not_found",
        "user_not_visible",
    }
)
#: The bot's token, and so every call: what was promised to people waits until an operator has acted.
_TOKEN = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "org_login_required"}
)

#: Of a trigger by which a view was opened.
_USED_TRIGGER = "exchanged_trigger_id"

_HTTP_TOO_MANY = 429
_HTTP_SERVER = 500


class SlackError(Exception):
    """Base. `code` is Slack's own word, safe to log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AnswerLost(SlackError):
    """It may have been done: look before doing it again."""


class RateLimited(SlackError):
    """Not taken; this method and channel are closed for `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class MessageGone(SlackError):
    """The message to change or to reply to is not there any more, or may not be changed."""


class Unreachable(SlackError):
    """Not this way; another may do."""


class TokenRefused(SlackError):
    """Not now and not otherwise, until an operator gives the bot a token that Slack takes."""


class Denied(SlackError):
    """Slack said no: repeating changes nothing, an operator must look."""


async def ask(
    client: AsyncWebClient, method: str, *, as_json: bool = False, **arguments: Any
) -> AsyncSlackResponse:
    """Reads go as GET, writes as JSON, as slack_sdk does it.

    Raises SlackError, and nothing else that Slack or the wire can cause.
    """
    try:
        if as_json:
            return await client.api_call(method, json=arguments)
        return await client.api_call(method, http_verb="GET", params=arguments)
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise sorted_out(error) from error
    except (AttributeError, ValueError) as error:
        # slack_sdk stumbles over a 200 that is no JSON object (a proxy's page).
        raise AnswerLost("not_json") from error


async def open_view(client: AsyncWebClient, trigger_id: str, view: Mapping[str, Any]) -> None:
    """For the click or command of this trigger. Raises SlackError."""
    try:
        await ask(client, "views.open", as_json=True, trigger_id=trigger_id, view=view)
    except Denied as error:
        # A trigger opens one view: this delivery came twice, and its person has the view already.
        if error.code != _USED_TRIGGER:
            raise


async def update_view(client: AsyncWebClient, view: Mapping[str, Any], drawn: Mapping[str, Any]) -> None:
    """In the place of `view`, unless that was changed meanwhile. Raises SlackError."""
    await ask(client, "views.update", as_json=True, view_id=view["id"], hash=view["hash"], view=drawn)


def sorted_out(error: Exception) -> SlackError:
    """What slack_sdk or the wire raised, by what may be done next."""
    if not isinstance(error, SlackApiError):
        return AnswerLost(type(error).__name__)
    # slack_sdk puts its own response here, or aiohttp's when the body was no JSON.
    response: Any = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", 0) or 0)
    answer = getattr(response, "data", None)
    code = str(answer.get("error") or "") if isinstance(answer, dict) else ""
    if status == _HTTP_TOO_MANY or code in _RATE:
        return RateLimited(seconds(response.headers.get("Retry-After")))
    if status >= _HTTP_SERVER or not code or code in _UNKNOWN:
        return AnswerLost(code or f"http_{status}")
    sorts = ((_GONE, MessageGone), (_UNREACHABLE, Unreachable), (_TOKEN, TokenRefused))
    return next((sort(code) for codes, sort in sorts if code in codes), Denied(code))


def seconds(retry_after: str | None) -> float:
    """What a Retry-After says."""
    try:
        return max(float(retry_after or 1), 0.0)
    except ValueError:
        return 1.0
