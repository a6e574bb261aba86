"""What of coupon.toml and of the tokens cannot be right, by Slack's word: for the start and for `doctor`."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from slack_sdk.web.async_client import AsyncWebClient

from bot.config.coupon_toml import CouponToml
from handlers.directory import SlackDirectory
from handlers.workspace_checks import Workspace, channel_problems, rule_problems

#: Errors of apps.connections.open that no waiting mends.
APP_TOKEN_REFUSED = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "missing_scope",
        "link_disabled",
    }
)
#: Names that no public name server knows.
_OWN_NETWORK = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")


async def config_problems(
    config: CouponToml, slack: AsyncWebClient, directory: SlackDirectory, workspace: Workspace
) -> list[str]:
    """What coupon.toml names and the workspace lacks. Raises SlackError, DirectoryUnavailable (try again)."""
    problems = await channel_problems(slack, "approval_channel", config.approval_channel)
    if config.audit_channel:
        problems += await channel_problems(slack, "audit_channel", config.audit_channel)
    return problems + await rule_problems(config.policy, directory, workspace.team)


async def config_warnings(config: CouponToml, directory: SlackDirectory) -> list[str]:
    """What works, and hardly as it is meant. Raises DirectoryUnavailable (try again)."""
    warnings = []
    escalation = config.policy.escalation
    if escalation is not None and not await _somebody(escalation.mention, directory):
        warnings.append(
            f"[reminders] escalate_to is {escalation.mention}, but Slack knows no such active person or "
            "group, or the group is empty, so late reminders call nobody. Correct the id"
        )
    if _public(config.console_url):
        warnings.append(
            f"[audit] console_url is {config.console_url}, and over http:// anybody on the way reads the log "
            "and takes sign-in links. Put a proxy with TLS before the console, and write https://"
        )
    return warnings


async def _somebody(entry: str, directory: SlackDirectory) -> bool:
    if entry.startswith("S"):
        return bool(await directory.members(entry))
    person = await directory.person(entry)
    return not (person.is_outsider or person.is_deactivated)


def _public(url: str) -> bool:
    """Whether it is http:// to a host that others than the own network may know."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_OWN_NETWORK)


def app_token_problem(code: str) -> str:
    """What Slack's refusal of the app token means."""
    return (
        f"Slack refuses SLACK_APP_TOKEN: {code}. Make an app-level token (xapp-...) with the scope "
        "connections:write, and switch Socket Mode on"
    )
