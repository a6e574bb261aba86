"""What of coupon.toml and of the tokens cannot be right, by Slack's word: for the start and for `doctor`."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot.coupon_toml import CouponToml
from handlers.directory import SlackDirectory
from handlers.premises import Workspace, channel_problems, rule_problems

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


async def config_problems(
    config: CouponToml, slack: AsyncWebClient, directory: SlackDirectory, workspace: Workspace
) -> list[str]:
    """What coupon.toml names and the workspace lacks. Raises SlackError, DirectoryUnavailable (try again)."""
    problems = await channel_problems(slack, "approval_channel", config.approval_channel)
    if config.audit_channel:
        problems += await channel_problems(slack, "audit_channel", config.audit_channel)
    return problems + await rule_problems(config.policy, directory, workspace.team)


def app_token_problem(code: str) -> str:
    """What Slack's refusal of the app token means."""
    return (
        f"Slack refuses SLACK_APP_TOKEN: {code}. Make an app-level token (xapp-...) with the scope "
        "connections:write, and switch Socket Mode on"
    )
