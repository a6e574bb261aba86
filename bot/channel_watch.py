"""Tells the operator, `/readyz` and Homes that the approval channel is lost, and looks whether it is."""

from __future__ import annotations

import asyncio

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.needs import Need
from bot.pauses import Pauses
from bot.readiness import Readiness
from bot.troubles import Troubles
from coupons.loops import Bell
from handlers.announcer import Announcer
from handlers.approval_channel import ApprovalChannel
from handlers.views.channel_loss import Lost, for_log
from handlers.web_api import SlackError
from handlers.workspace_checks import channel_loss


class ChannelWatch:
    """`bell` is rung for those who show it to people."""

    def __init__(
        self,
        channel: str,
        *,
        readiness: Readiness,
        troubles: Troubles,
        bell: Bell,
        pauses: Pauses,
        logger: structlog.stdlib.BoundLogger,
    ) -> None:
        self.channel = ApprovalChannel(channel, pauses_s=pauses.lost_channel_s, on_change=self._on_change)
        self._every_s = pauses.channel_check_s
        self._readiness = readiness
        self._troubles = troubles
        self._bell = bell
        self._logger = logger

    async def run(self, slack: AsyncWebClient, announcer: Announcer) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                loss = await channel_loss(slack, self.channel.id)
            except SlackError as error:
                self._troubles.expected(error)
            else:
                if self.channel.seen(loss):
                    announcer.try_channel_now()

    def _on_change(self, lost: Lost | None) -> None:
        if lost is None:
            self._readiness.has(Need.APPROVAL_CHANNEL)
            self._logger.info("approval_channel_found", channel=self.channel.id)
        else:
            sentence = for_log(lost)
            self._readiness.lacks(Need.APPROVAL_CHANNEL, sentence)
            self._logger.warning("approval_channel_lost", problem=sentence)
        self._bell.ring()
