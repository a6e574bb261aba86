"""How long Slack's payloads wait for their ack, and which never got one.

Measured where the ack leaves the process: Bolt's `next()` returns before the listener runs, so that a
middleware measures nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.metrics import Metrics, Payload

_BY_TYPE: Mapping[str, Payload] = {
    "block_actions": Payload.BUTTON,
    "view_submission": Payload.FORM,
    "view_closed": Payload.FORM,
    "block_suggestion": Payload.SEARCH,
    "event_callback": Payload.EVENT,
    "shortcut": Payload.SHORTCUT,
    "message_action": Payload.SHORTCUT,
}


def payload_of(body: Mapping[str, Any]) -> Payload:
    """What a person did, by the parsed payload."""
    if "command" in body:
        return Payload.COMMAND
    return _BY_TYPE.get(str(body.get("type")), Payload.OTHER)


class Ack:
    """Of one payload, from its arrival on."""

    def __init__(self) -> None:
        self._arrived = time.perf_counter()
        self.seconds: float | None = None

    def left(self) -> None:
        """It is on the wire."""
        self.seconds = time.perf_counter() - self._arrived


class Acks:
    """Counts into the metrics of this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def awaited(self, body: Mapping[str, Any]) -> Iterator[Ack]:
        """Counted at the end, however it ends: as an ack when `left` was called, else as missing."""
        payload, ack = payload_of(body), Ack()
        try:
            yield ack
        finally:
            if ack.seconds is None:
                self._metrics.acks_missing.labels(payload=payload).inc()
            else:
                self._metrics.ack_seconds.labels(payload=payload).observe(ack.seconds)
