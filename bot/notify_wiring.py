"""Builds what hears WeChat Pay's notifications; `bot.wiring` builds the rest, once the workspace is known."""

from __future__ import annotations

import structlog

from bot.config.settings import Settings
from bot.metrics import Heard, Metrics
from bot.notify import Notify
from bot.troubles import Troubles
from bot.wechatpay_client import apiv3_key
from coupons.notifications import Notifications
from coupons.ports import Clock, Ledger
from wechatpay import Client


def notify(
    settings: Settings,
    *,
    wechatpay: Client,
    ledger: Ledger,
    clock: Clock,
    metrics: Metrics,
    troubles: Troubles,
    logger: structlog.stdlib.BoundLogger,
) -> Notify:
    """It needs no Slack, and so hears WeChat Pay also while Slack cannot be reached."""

    def count(heard: Heard) -> None:
        metrics.notifications.labels(result=heard).inc()

    return Notify(
        keys=wechatpay.keys,
        apiv3_key=apiv3_key(settings),
        notifications=Notifications(ledger=ledger, clock=clock),
        clock=clock,
        count=count,
        on_trouble=troubles.note,
        logger=logger,
    )
