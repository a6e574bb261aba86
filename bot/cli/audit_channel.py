"""The audit channel's newest messages, for a command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from bot.cli.options import refuse
from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import AskingSettings, PlaceSettings, load_part
from bot.slack_app import session, web_client
from handlers.audit_channel import ChannelText, posted_texts
from handlers.web_api import SlackError
from handlers.workspace_checks import find_workspace
from wechatpay.errors import BadSetting


def channel_texts() -> Sequence[ChannelText]:
    """Raises Refusal; ends the program with status 2 where Slack does not let them be read."""
    slack = load_part(os.environ, AskingSettings)
    config = load_coupon_toml(load_part(os.environ, PlaceSettings).coupon_config)
    if config.audit_channel is None:
        refuse(["coupon.toml names no audit_channel, so there are no checkpoints in Slack"])
    try:
        return asyncio.run(_read(slack, config.audit_channel))
    except BadSetting as error:
        refuse([str(error)])
    except SlackError as error:
        refuse([f"the audit channel {config.audit_channel} cannot be read: {error}"])


async def _read(slack: AskingSettings, channel: str) -> Sequence[ChannelText]:
    async with session() as http:
        token = slack.slack_bot_token.get_secret_value()
        client = web_client(token, base_url=slack.slack_api_url, session=http)
        workspace = await find_workspace(client, uses_groups=False)
        return await posted_texts(client, channel, bot_user=workspace.bot_user)
