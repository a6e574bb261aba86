"""What the bot needs to do its whole job. `/readyz`, `/metrics` and docs/operator.md name the same needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Need(StrEnum):
    """Its name in `/readyz`, and the label `need` of the metric `coupon_missing`."""

    START = "start"
    SLACK = "slack"
    SOCKET = "socket"
    APPROVAL_CHANNEL = "approval_channel"
    WECHATPAY = "wechatpay"
    DATABASE = "database"
    CLOCK = "clock"
    SIGNATURES = "signatures"


@dataclass(frozen=True, slots=True)
class Loss:
    """Sentences without a full stop: `when` is for the table, `cure` also ends the line of `/readyz`."""

    when: str
    cure: str


#: One for each Need; docs/operator.md has the same table, word for word.
LOSSES: Final[Mapping[Need, Loss]] = {
    Need.START: Loss(
        "the bot is starting, or is draining after SIGTERM",
        "wait; if it stays, the log says what is being tried again",
    ),
    Need.SLACK: Loss(
        "Slack does not answer at the start, or its Socket Mode cannot be opened",
        "it is tried again; look at the network, the proxy and SLACK_API_URL",
    ),
    Need.SOCKET: Loss(
        "the Socket Mode connection is gone: no command and no click arrives",
        "it is opened again by itself; if that lasts, look at the network and the proxy",
    ),
    Need.APPROVAL_CHANNEL: Loss(
        "the bot cannot post in the approval channel: it was removed, the channel is archived or deleted, "
        "posting rules, token or scopes",
        "do what the line says; posts wait in their order, and go out at the invitation or within a minute",
    ),
    Need.WECHATPAY: Loss(
        "WeChat Pay does not answer, or its platform certificates cannot be downloaded",
        "it is tried again; `coupon-bot doctor` says which of network, clock and keys it is",
    ),
    Need.DATABASE: Loss(
        "the database takes nothing: its file or WAL was deleted, moved away or replaced under the bot, its "
        "disk fails, or another program holds its lock",
        "do what the sentence before says; a lock that ends needs nothing more",
    ),
    Need.CLOCK: Loss(
        "the machine's clock jumped, is behind the log, or neither Slack nor WeChat Pay confirm it",
        "let NTP set the clock; until it is confirmed nothing expires, nobody is reminded or forgotten",
    ),
    Need.SIGNATURES: Loss(
        "WeChat Pay's answers cannot be verified: another key, a wrong clock, a proxy that changes answers",
        "as the log's line `answers_not_verified` says; it heals at the first answer that can be verified",
    ),
}
