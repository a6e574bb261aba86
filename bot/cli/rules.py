"""`coupon-bot rules try`: a new coupon.toml on the requests of the past. Changes nothing, sends nothing."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from bot.cli.lazy_group import NearestGroup
from bot.cli.options import DATABASE, must_exist, refuse
from bot.cli.outputs import standard_output
from bot.config.coupon_toml import CouponToml, load_coupon_toml
from bot.wording.language import words_of
from bot.wording.rules_trial import document, tables
from coupons import days
from coupons.policy import DAY_MS, Policy
from coupons.rules_trial import TRIAL_TAGS, Members, Trial
from coupons.totals import customer_days
from storage.store import Store


@click.group(cls=NearestGroup)
def rules() -> None:
    """Try rules before they are in force."""


@rules.command("try")
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--since", metavar="DAY", help="Only requests from this day or month on, in Beijing time.")
@click.option("--slack", is_flag=True, help="Ask Slack who is in the groups, with SLACK_BOT_TOKEN.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of tables.")
@DATABASE
def try_rules(new: Path, since: str | None, store: Store, *, slack: bool, as_json: bool) -> None:
    """Judge each request of the log by the rules and limits of NEW, a coupon.toml.

    How many would have needed more, fewer or other approvals, and how many a limit would have refused.
    """
    must_exist(store)
    config = load_coupon_toml(new)
    start = _start(since)
    members, problems = asyncio.run(_of_slack(config)) if slack else (None, ())
    policy = config.policy
    trial = Trial(
        policy,
        stock_ids=frozenset(stock.stock_id for stock in config.catalogue),
        members=members,
        since=start,
    )
    # What came before still counts in limits.
    for event in store.events_of(TRIAL_TAGS, since=max(start - _longest_ms(policy), 0)):
        trial.take(event)
    found = trial.result()
    if as_json:
        shown = {**document(found, policy, groups_known=members is not None), "problems": list(problems)}
        lines = [json.dumps(shown, ensure_ascii=False, indent=2)]
    else:
        lines = [*tables(words_of(os.environ), policy, found, groups_known=members is not None), *problems]
    with standard_output() as stream:
        stream.writelines(f"{line}\n" for line in lines)


def _start(since: str | None) -> int:
    if since is None:
        return 0
    try:
        return days.span(since)[0]
    except ValueError:
        refuse([f"--since reads {since!r}; it must be a day or a month, like 2026-10-01 or 2026-10"])


def _longest_ms(policy: Policy) -> int:
    """How far back limits and rules look."""
    limits = (policy.per_customer, policy.per_agent, policy.per_stock, policy.budget)
    return max(1, *customer_days(policy), *(limit.days for limit in limits if limit)) * DAY_MS


async def _of_slack(config: CouponToml) -> tuple[Members, Sequence[str]]:
    """Who is in each group now, and which rules nobody could satisfy; what Slack refuses ends the program."""
    # Here, since without --slack nothing of Slack's is needed.
    from bot.clock import utc_ms  # noqa: PLC0415
    from bot.config.settings import AskingSettings, load_part  # noqa: PLC0415
    from bot.slack_app import session, web_client  # noqa: PLC0415
    from coupons.errors import DirectoryUnavailable  # noqa: PLC0415
    from handlers.directory import SlackDirectory  # noqa: PLC0415
    from handlers.web_api import SlackError  # noqa: PLC0415
    from handlers.workspace_checks import find_workspace, rule_problems  # noqa: PLC0415
    from wechatpay.errors import BadSetting  # noqa: PLC0415

    settings = load_part(os.environ, AskingSettings)
    groups = sorted(config.policy.groups)
    async with session() as http:
        try:
            slack = web_client(
                settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url, session=http
            )
            workspace = await find_workspace(slack, uses_groups=bool(groups))
            directory = SlackDirectory(slack, team=workspace.team, clock=utc_ms)
            members = {group: await directory.members(group) for group in groups}
            return members, await rule_problems(config.policy, directory, workspace.team)
        except (SlackError, DirectoryUnavailable, BadSetting) as error:
            refuse([f"Slack was asked for the groups, and did not answer: {error}"], status=1)
