"""What of Slack's side works: the same checks as at the start of `run`, each told instead of the first."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import utc_ms
from bot.config.coupon_toml import CouponToml
from bot.config.settings import SlackSettings
from bot.doctor.findings import Finding
from bot.slack_app import session, web_client
from bot.start_checks import app_token_problem, config_problems, config_warnings
from coupons.errors import DirectoryUnavailable
from handlers.directory import SlackDirectory
from handlers.web_api import AnswerLost, RateLimited, SlackError, ask
from handlers.workspace_checks import (
    FILE_SCOPES,
    HISTORY_SCOPES,
    READ_SCOPES,
    Workspace,
    WorkspaceRefused,
    find_workspace,
)
from wechatpay.errors import BadSetting

_NETWORK = "look at this machine's network, DNS, firewall and HTTPS_PROXY, and at SLACK_API_URL"
_WITHOUT = {
    HISTORY_SCOPES: "a post whose answer is lost may come twice",
    READ_SCOPES: "the file of a batch (`/coupon bulk`) cannot be read",
    FILE_SCOPES: "no file reaches anybody: results of batches, parts of the audit log",
}
_TOML = "name more people or groups in coupon.toml, or ask for fewer approvals"


async def examine_slack(settings: SlackSettings, config: CouponToml | None) -> AsyncIterator[Finding]:
    """`config` None: coupon.toml is not whole, and what it names is left out."""
    async with session() as http:
        try:
            slack = web_client(
                settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url, session=http
            )
        except BadSetting as error:
            yield Finding.of_sentence("Slack", str(error), _NETWORK)
            return
        groups = config.policy.groups if config is not None else ()
        try:
            workspace = await find_workspace(slack, uses_groups=bool(groups))
        except WorkspaceRefused as error:
            for problem in error.problems:
                yield Finding.of_sentence("bot token", problem, _NETWORK)
        except SlackError as error:
            yield _unreached("Slack", error)
            return
        else:
            yield Finding.ok("bot token", f"{workspace.bot_user} in {workspace.team}")
            yield _scopes(workspace)
            if config is not None:
                async for finding in _channels_and_rules(slack, config, workspace):
                    yield finding
        yield await _app_token(settings, http)


def _scopes(workspace: Workspace) -> Finding:
    if not workspace.scopes:
        return Finding.ok("scopes", "Slack did not say which the token has")
    seen = [
        f"the token has no {', '.join(lacking)}: {so}"
        for scopes, so in _WITHOUT.items()
        if (lacking := workspace.lacks(scopes))
    ]
    if seen:
        cure = "add them under OAuth & Permissions (coupon-bot manifest lists all) and reinstall the app"
        return Finding.warn("scopes", "; ".join(seen), cure)
    return Finding.ok("scopes", "all there")


async def _channels_and_rules(
    slack: AsyncWebClient, config: CouponToml, workspace: Workspace
) -> AsyncIterator[Finding]:
    directory = SlackDirectory(slack, team=workspace.team, clock=utc_ms)
    check = "channels and approvers"
    try:
        problems = await config_problems(config, slack, directory, workspace)
        warnings = await config_warnings(config, directory)
    except (SlackError, DirectoryUnavailable) as error:
        yield _unreached(check, error)
        return
    for problem in problems:
        yield Finding.of_sentence(check, problem, _TOML)
    for warning in warnings:
        seen, _, cure = warning.rpartition(". ")
        yield Finding.warn(check, seen, cure)
    if not problems:
        yield Finding.ok(check, f"the bot is in {config.approval_channel}, and every rule can be satisfied")


async def _app_token(settings: SlackSettings, http: aiohttp.ClientSession) -> Finding:
    token = settings.slack_app_token
    if token is None:
        return Finding.ok("app token", "none: HTTP mode; Slack posts to /slack/events")
    app = web_client(token.get_secret_value(), base_url=settings.slack_api_url, session=http)
    try:
        # An address that nobody opens does not disturb a running bot.
        await ask(app, "apps.connections.open", as_json=True)
    except (AnswerLost, RateLimited) as error:
        return _unreached("app token", error)
    except SlackError as error:
        return Finding.of_sentence("app token", app_token_problem(error.code), _NETWORK)
    return Finding.ok("app token", "opens Socket Mode")


def _unreached(check: str, error: Exception) -> Finding:
    return Finding.fail(check, f"Slack does not answer: {error}", _NETWORK)
