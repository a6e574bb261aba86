"""What is counted for `/metrics`. One `Metrics` for each process, handed to those who count."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from coupons.ports import Kind

#: Slack waits 3 seconds for an ack, and the person sees an error after that.
_ACK_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)


class Metrics:
    """The numbers carry no ids of requests, people or customers: each would be a time series for ever."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        #: `.labels(outcome=...)`: a `coupons.ports.Kind`.
        self.attempts = Counter(
            "coupon_attempts",
            "Finished attempts to send a coupon, by what is known after them.",
            ("outcome",),
            registry=self.registry,
        )
        #: `.observe(seconds)`
        self.ack_seconds = Histogram(
            "coupon_ack_seconds",
            "From a Slack payload's arrival to its ack.",
            buckets=_ACK_BUCKETS_S,
            registry=self.registry,
        )
        # From the first scrape on, so that the first unknown outcome is an increase and rings the alarm.
        for kind in Kind:
            self.attempts.labels(outcome=kind)
