"""How a fault meets one HTTP request: instead of the answer, before it, or after the work is done."""

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from sandbox.slack.faults import Fault, FaultKind

NOT_PROCESSED = {
    FaultKind.RATE_LIMITED,
    FaultKind.SERVER_ERROR,
    FaultKind.API_ERROR,
    FaultKind.CUT_BEFORE,
}


def cut(request: web.Request) -> web.Response:
    """Drop the connection at once. The response is for aiohttp's sake; nobody receives it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def instead(request: web.Request, fault: Fault) -> web.Response:
    """The answer of a call that was not processed."""
    match fault.kind:
        case FaultKind.RATE_LIMITED:
            headers = {"Retry-After": str(int(fault.seconds))}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case FaultKind.API_ERROR:
            return web.json_response({"ok": False, "error": fault.error})
        case FaultKind.SERVER_ERROR:
            page = "<html><body>Server error</body></html>"
            return web.Response(text=page, status=fault.status, content_type="text/html")
        case _:
            return cut(request)


class Misbehaving:
    """Runs requests through their faults. `closing` wakes the slow ones when the workspace shuts."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    async def answer(
        self, request: web.Request, fault: Fault | None, process: Callable[[], web.Response]
    ) -> web.Response:
        if fault is None:
            return process()
        if fault.kind in NOT_PROCESSED:
            return instead(request, fault)
        if fault.kind is FaultKind.SLOW:
            await self.pause(fault.seconds)
        response = process()
        if fault.kind is FaultKind.SLOW_ANSWER:
            await self.pause(fault.seconds)
        if fault.kind is FaultKind.CUT_AFTER:
            return cut(request)
        return response
