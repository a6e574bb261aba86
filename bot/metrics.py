"""What is counted for `/metrics`. One `Metrics` for each process, handed to those who count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from math import nan
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.needs import Need
from coupons.outcome import Kind
from coupons.posts import Backlog, PostKind

#: Slack waits 3 seconds for an ack, and the person sees an error after that.
_ACK_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)


class Heard(StrEnum):
    """What a POST to `/wechatpay/notify` turned out to be: the first three were accepted."""

    RECEIVED = "received"
    DUPLICATE = "duplicate"
    OTHER = "other"
    TOO_LARGE = "too_large"
    #: Its body did not come in time, or was cut off.
    UNREADABLE = "unreadable"
    UNSIGNED = "unsigned"
    STALE = "stale"
    UNKNOWN_SERIAL = "unknown_serial"
    BAD_SIGNATURE = "bad_signature"
    #: Genuine, but not sealed with our APIv3 key, or not as documented: a person must look.
    UNDECRYPTABLE = "undecryptable"
    MALFORMED = "malformed"
    #: Genuine, and our database did not take it.
    NOT_KEPT = "not_kept"


class PayloadKind(StrEnum):
    """What of Slack's waits for an ack."""

    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    #: What is typed into a menu that is looked up.
    SEARCH = "search"
    EVENT = "event"
    SHORTCUT = "shortcut"
    OTHER = "other"


class Metrics:
    """The numbers carry no ids of requests, people or customers: each would be a time series for ever."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        #: `.labels(outcome=...)`: a `coupons.outcome.Kind`.
        self.attempts = Counter(
            "coupon_attempts",
            "Finished attempts to send a coupon, by what is known after them.",
            ("outcome",),
            registry=self.registry,
        )
        #: `.labels(answered="yes" or "no")`.
        self.coupon_lookups = Counter(
            "coupon_lookups",
            "Questions to WeChat Pay what became of a sent coupon, by whether it answered.",
            ("answered",),
            registry=self.registry,
        )
        #: `.labels(payload=...)`: a `PayloadKind`, `.observe(seconds)`
        self.ack_seconds = Histogram(
            "coupon_ack_seconds",
            "From the arrival of a payload of Slack's to its ack on the wire, in seconds.",
            ("payload",),
            buckets=_ACK_BUCKETS_S,
            registry=self.registry,
        )
        #: `.labels(payload=...)`: a `PayloadKind`.
        self.acks_missing = Counter(
            "coupon_acks_missing",
            "Payloads of Slack's that never got an ack: the person saw an error.",
            ("payload",),
            registry=self.registry,
        )
        #: `.labels(result=...)`: a `Heard`.
        self.notifications = Counter(
            "coupon_notifications",
            "What was posted to /wechatpay/notify, by what it was taken for.",
            ("result",),
            registry=self.registry,
        )
        #: `.labels(need=...)`: a `Need`; asked at each scrape, see `follow`.
        self.missing = Gauge(
            "coupon_missing",
            "1 while `/readyz` falls for this need, else 0.",
            ("need",),
            registry=self.registry,
        )
        #: `.labels(kind=...)`: a name of `PostKind`; both are set for each scrape, see `wait`.
        self.outbox_waiting = Gauge(
            "coupon_outbox_waiting",
            "What is promised to Slack and not posted yet.",
            ("kind",),
            registry=self.registry,
        )
        self.outbox_oldest = Gauge(
            "coupon_outbox_oldest_seconds",
            "For how long the oldest of it waits.",
            ("kind",),
            registry=self.registry,
        )
        # From the first scrape on, so that the first unknown outcome is an increase and rings the alarm.
        for kind in Kind:
            self.attempts.labels(outcome=kind)
        for answered in ("yes", "no"):
            self.coupon_lookups.labels(answered=answered)
        for heard in Heard:
            self.notifications.labels(result=heard)
        for payload in PayloadKind:
            self.ack_seconds.labels(payload=payload)
            self.acks_missing.labels(payload=payload)

    def wait(self, posts: Mapping[PostKind, Backlog] | None, now: int) -> None:
        """What the outbox holds at this scrape, in UTC milliseconds; None: the database does not say."""
        for kind in PostKind:
            # A direct message has the name of 0.1.0 on disk.
            label = kind.name.lower()
            found = Backlog(0, now) if posts is None else posts.get(kind, Backlog(0, now))
            self.outbox_waiting.labels(kind=label).set(nan if posts is None else found.count)
            age_s = max(now - found.oldest_at, 0) / 1000
            self.outbox_oldest.labels(kind=label).set(nan if posts is None else age_s)

    def follow(self, is_missing: Callable[[Need], bool]) -> None:
        """What `/readyz` says is asked of `is_missing` at each scrape, so that the two cannot differ."""
        for need in Need:
            self.missing.labels(need=need).set_function(partial(is_missing, need))
