"""What hears clicks on cards and forms, put together."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.coupon_toml import CouponToml
from coupons.ports import Ledger
from handlers.actions import Actions
from handlers.after_ack import AfterAck
from handlers.batch_actions import BatchActions
from handlers.clicks import Clicks
from handlers.directory import Readers
from handlers.posting import Poster
from handlers.talk_actions import TalkActions


def register_clicks(
    app: AsyncApp,
    clicks: Clicks,
    *,
    ledger: Ledger,
    config: CouponToml,
    client: AsyncWebClient,
    poster: Poster,
    after_ack: AfterAck,
    readers: Readers,
    on_trouble: Callable[[BaseException], str],
) -> None:
    """Those of requests, of batches, and of questions and offers."""
    Actions(
        clicks=clicks,
        client=client,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        templates=config.decline_reasons,
        on_trouble=on_trouble,
    ).register(app)
    BatchActions(
        clicks=clicks,
        ledger=ledger,
        client=client,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        templates=config.decline_reasons,
        on_trouble=on_trouble,
    ).register(app)
    TalkActions(
        clicks=clicks,
        ledger=ledger,
        catalogue=config.catalogue,
        client=client,
        poster=poster,
        after_ack=after_ack,
        readers=readers,
        on_trouble=on_trouble,
    ).register(app)
