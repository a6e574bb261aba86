"""What must be so in the Slack workspace before the bot starts to work.

What waiting cannot mend is collected, one sentence each; what it can (Slack not reachable) is raised as
SlackError for the caller to try again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from coupons.errors import Refusal
from coupons.needs import Needs, enough_people
from coupons.permissions import may_be_trusted
from coupons.policy import Policy, Rule, WhenReached
from coupons.ports import Directory
from handlers.approval_channel import loss_of
from handlers.views.channel_loss import ChannelLoss
from handlers.web_api import AnswerLost, Denied, TokenRefused, Unreachable, ask

#: Without these nothing works.
_ESSENTIAL = frozenset({"commands", "chat:write", "users:read"})
#: Needed when coupon.toml names user groups.
_GROUPS = "usergroups:read"
#: Without these a post whose answer got lost can't be looked for, and may come twice.
HISTORY_SCOPES = frozenset({"channels:history", "groups:history", "im:history", "im:write"})
#: Without these the bot reads no file of `/coupon bulk`.
READ_SCOPES = frozenset({"files:read"})
#: Without these Slack takes no file of the bot's: results of batches, parts of the log.
FILE_SCOPES = frozenset({"files:write"})
#: What `sorted_out` calls a 404 without Slack's JSON, and seconds until it is believed.
_NOT_THERE = "http_404"
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the token belongs to."""

    team: str
    bot_user: str
    #: Scopes of the token, or nothing where Slack did not say.
    scopes: frozenset[str]
    #: The workspace's address, `https://....slack.com/`, under which its messages have links.
    url: str

    def lacks(self, scopes: frozenset[str]) -> list[str]:
        """Those that the token has not; none where Slack did not say which it has."""
        return sorted(scopes - self.scopes) if self.scopes else []


class WorkspaceRefused(Refusal):
    """The workspace is not as it must be."""


async def find_workspace(client: AsyncWebClient, *, uses_groups: bool) -> Workspace:
    """Raises WorkspaceRefused (token, scopes), SlackError (try again)."""
    try:
        answer = await _auth(client)
    except (Denied, TokenRefused) as error:
        raise WorkspaceRefused(_token_problem(error.code)) from error
    granted = answer.headers.get("x-oauth-scopes") or answer.headers.get("X-OAuth-Scopes") or ""
    scopes = frozenset(scope.strip() for scope in granted.split(",") if scope.strip())
    missing = (_ESSENTIAL | ({_GROUPS} if uses_groups else set())) - scopes
    if scopes and missing:
        raise WorkspaceRefused(_scope_problem(missing))
    return Workspace(
        team=str(answer["team_id"]),
        bot_user=str(answer["user_id"]),
        scopes=scopes,
        url=str(answer.get("url") or ""),
    )


async def _auth(client: AsyncWebClient) -> AsyncSlackResponse:
    """Raises WorkspaceRefused where the address is not Slack's, SlackError."""
    try:
        return await ask(client, "auth.test", as_json=True)
    except AnswerLost as error:
        # Slack knows this method: what has no such page is something else, or a gateway that is starting.
        if error.code != _NOT_THERE:
            raise
    await asyncio.sleep(_AGAIN_S)
    try:
        return await ask(client, "auth.test", as_json=True)
    except AnswerLost as error:
        if error.code != _NOT_THERE:
            raise
        raise WorkspaceRefused(_address_problem(client.base_url)) from error


def _address_problem(url: str) -> str:
    return (
        f"SLACK_API_URL is {url}, and what answers there says 404 (not found): that is not Slack's Web API, "
        "which is at https://slack.com/api/. Correct it, or take the proxy out of the way"
    )


def _token_problem(code: str) -> str:
    return (
        f"Slack refuses SLACK_BOT_TOKEN: {code}. Copy the Bot User OAuth Token (xoxb-...) again from the "
        "app's page OAuth & Permissions"
    )


def _scope_problem(missing: Iterable[str]) -> str:
    return (
        f"missing scope: the bot token has no {', '.join(sorted(missing))}. Add it under OAuth & Permissions "
        "(manifest.yml lists all) and reinstall the app"
    )


async def channel_loss(client: AsyncWebClient, channel: str) -> ChannelLoss | None:
    """What a look at the channel shows; None: the bot may post, or Slack won't say. Raises SlackError."""
    try:
        answer = await ask(client, "conversations.info", channel=channel)
    except Unreachable as error:
        return loss_of(error.code) or ChannelLoss.NOT_VISIBLE
    except Denied:
        # Slack won't say (missing_scope); the first post will tell.
        return None
    info = answer.get("channel") or {}
    if info.get("is_archived"):
        return ChannelLoss.ARCHIVED
    return ChannelLoss.NOT_A_MEMBER if info.get("is_member") is False else None


async def channel_problems(client: AsyncWebClient, setting: str, channel: str) -> list[str]:
    """Whether the bot can post there. Raises SlackError (try again)."""
    loss = await channel_loss(client, channel)
    if loss is None:
        return []
    wrong = {
        ChannelLoss.ARCHIVED: "that channel is archived. Name one that is in use",
        ChannelLoss.NOT_A_MEMBER: "the bot is not in it. Type /invite and the bot's name there",
    }
    unseen = (
        "Slack shows the bot no such channel (channel_not_found). Check the id, and if the channel is "
        "private invite the bot to it"
    )
    return [f"{setting} is {channel}, but {wrong.get(loss, unseen)}"]


async def rule_problems(policy: Policy, directory: Directory, team: str) -> list[str]:
    """Rules that nobody could satisfy. Raises DirectoryUnavailable (try again)."""
    rules: list[tuple[str, int, Rule | None]] = [
        (f"rule {place}", rule.approvals, rule) for place, rule in enumerate(policy.rules, start=1)
    ]
    if not any(_fits_all(rule) for rule in policy.rules):
        rules.append(("the default rule", 1, None))
    # Limits may ask for more than the rule does, also where it asks for none.
    limits = (policy.per_customer, policy.per_agent, policy.per_stock, policy.budget)
    more = sum(limit is not None and limit.when_reached is WhenReached.APPROVE for limit in limits)
    problems = []
    for which, approvals, rule in rules:
        most = max(approvals, 1) + more if more or not approvals else approvals
        if rule is not None and rule.needs:
            problems += await _parts_problem(which, rule.needs.raised(more), directory, team)
            continue
        ids = policy.approvers_of(rule)
        able = await _able(ids, most, directory, team)
        if able < most:
            names = ", ".join(ids) or "nobody"
            wanted = (
                f"{most} approval(s)" if most == approvals else f"up to {most} approval(s), limits included,"
            )
            problems.append(
                f"{which} asks for {wanted} from {names}, but only {able} active full "
                "member(s) of this workspace could give one"
            )
    return problems


async def _parts_problem(which: str, needs: Needs, directory: Directory, team: str) -> list[str]:
    """Whether different people could fill all parts. `needs`: the limits' approvals among them."""
    able = [await _able_people(part.of, needs.total, directory, team) for part in needs.parts]
    if enough_people(needs, able):
        return []
    counts = ", ".join(
        f"{part.count} of {' '.join(part.of)} ({len(people)} could)"
        for part, people in zip(needs.parts, able, strict=True)
    )
    problem = (
        f"{which} asks for {needs.total} approvals, each by another active full member of this workspace: "
        f"{counts}. Together these are too few people"
    )
    return [problem]


def _fits_all(rule: Rule) -> bool:
    return not (rule.max_value_fen is not None or rule.stock_ids or rule.requesters or rule.customer_total)


async def _able(ids: Iterable[str], enough: int, directory: Directory, team: str) -> int:
    """How many distinct people could approve; counts no further than `enough`."""
    return len(await _able_people(ids, enough, directory, team))


async def _able_people(ids: Iterable[str], enough: int, directory: Directory, team: str) -> set[str]:
    """Distinct people who could approve; looks for no more than `enough`."""
    people: set[str] = set()
    for entry in ids:
        people |= await directory.members(entry) if entry.startswith("S") else {entry}
    able: set[str] = set()
    for user_id in sorted(people):
        if may_be_trusted(await directory.person(user_id), team).allowed:
            able.add(user_id)
            if len(able) >= enough:
                break
    return able
