"""How long Slack's payloads wait for their ack, and which never got one.

Measured where the ack leaves the process: Bolt's `next()` returns before the listener runs, so that a
middleware measures nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.metrics import Metrics, PayloadKind

_BY_TYPE: Mapping[str, PayloadKind] = {
    "block_actions": PayloadKind.BUTTON,
    "view_submission": PayloadKind.FORM,
    "view_closed": PayloadKind.FORM,
    "block_suggestion": PayloadKind.SEARCH,
    "event_callback": PayloadKind.EVENT,
    "shortcut": PayloadKind.SHORTCUT,
    "message_action": PayloadKind.SHORTCUT,
}


def payload_of(body: Mapping[str, Any]) -> PayloadKind:
    """What a person did, by the parsed payload."""
    if "command" in body:
        return PayloadKind.COMMAND
    return _BY_TYPE.get(str(body.get("type")), PayloadKind.OTHER)


class Ack:
    """Of one payload, from its arrival on."""

    def __init__(self) -> None:
        self._arrived = time.perf_counter()
        self.seconds: float | None = None

    def on_wire(self) -> None:
        """It is on the wire."""
        self.seconds = time.perf_counter() - self._arrived


class Acks:
    """Counts into the metrics of this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def awaited(self, body: Mapping[str, Any]) -> Iterator[Ack]:
        """Counted at the end, however it ends: as an ack when `on_wire` was called, else as missing."""
        payload, ack = payload_of(body), Ack()
        try:
            yield ack
        finally:
            if ack.seconds is None:
                self._metrics.acks_missing.labels(payload=payload).inc()
            else:
                self._metrics.ack_seconds.labels(payload=payload).observe(ack.seconds)
