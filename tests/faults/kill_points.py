"""Places at which a process kills itself: before and after each commit, call, post and ack."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

import wechatpay.transport
from bot import socket_mode
from storage import ledger

#: What happens there, by the name of the point without its "before_" or "after_".
_KINDS: Final = ("commit", "call", "post", "ack")
POINTS: Final = tuple(f"{when}_{kind}" for kind in _KINDS for when in ("before", "after"))


def die_at(point: str, passing: int) -> None:
    """SIGKILL from within, at this passing of the point (from 1)."""
    left = passing

    def passed(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    _around_commits(passed)
    _around(wechatpay.transport.Transport, "handle_async_request", "call", passed)
    _around(AsyncWebClient, "api_call", "post", passed)
    _around(socket_mode, "send_async_response", "ack", passed)


def _around(owner: Any, name: str, kind: str, passed: Callable[[str], None]) -> None:
    done = getattr(owner, name)

    async def with_points(*args: Any, **options: Any) -> Any:
        passed(f"before_{kind}")
        result = await done(*args, **options)
        passed(f"after_{kind}")
        return result

    setattr(owner, name, with_points)


def _around_commits(passed: Callable[[str], None]) -> None:
    opened = ledger.open_for_writing

    def open_with_points(*args: Any) -> Any:
        database = opened(*args)
        execute = database.execute

        def with_points(sql: str, *parameters: Any) -> Any:
            if sql != "commit":
                return execute(sql, *parameters)
            passed("before_commit")
            result = execute(sql, *parameters)
            passed("after_commit")
            return result

        database.execute = with_points  # type: ignore[method-assign]
        return database

    ledger.open_for_writing = open_with_points
