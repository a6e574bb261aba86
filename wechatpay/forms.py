"""The body of a call, declared once: which members, and what they must look like. No network.

Composed bodies are for ever: the caller keeps the bytes before anything is sent. After an outcome that is
not known the same bytes go out again, and the request number in them makes it one request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wechatpay.errors import BadRequest
from wechatpay.fields import Fault, Members, faults_of
from wechatpay.records import wire

Together = Callable[[Mapping[str, Any]], Iterable[Fault]]


def _nothing(_members: Mapping[str, Any]) -> Iterable[Fault]:
    return ()


@dataclass(frozen=True, slots=True)
class Form:
    """The members of one body. `together`: what is wrong with members that are each right."""

    members: Members
    together: Together = _nothing

    def compose(self, **values: object) -> bytes:
        """The bytes to keep and to send: the same values give the same bytes for ever.

        What is None is left out: `null` is never sent. Raises BadRequest, naming every wrong field.
        """
        given = {name: wire(value) for name, value in values.items() if value is not None}
        self._check(given)
        return json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode()

    def read(self, body: bytes) -> dict[str, Any]:
        """The members in bytes that `compose` made. Raises BadRequest when they are no such thing."""
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):  # RecursionError: thousands of brackets
            given = None
        if not isinstance(given, dict):
            raise BadRequest([("body", "is no JSON object; it must be what was composed")])
        self._check(given)
        return given

    def _check(self, given: Mapping[str, Any]) -> None:
        faults = [*faults_of(given, self.members), *self.together(given)]
        if faults:
            raise BadRequest(faults)
