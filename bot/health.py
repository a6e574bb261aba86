"""What monitoring asks over HTTP: does the process live, can it work, what has it counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.readiness import Readiness


async def _counted() -> None:
    """All numbers are up to date."""


def health_app(
    readiness: Readiness, registry: CollectorRegistry, count: Callable[[], Awaitable[None]] = _counted
) -> web.Application:
    """`/healthz`, `/readyz` and `/metrics`, for which `count` brings numbers up to date; other routes may be
    added before it is run.

    `/readyz` is a JSON list of what is missing, one line each: empty with 200, else with 503.
    """

    async def healthz(_request: web.Request) -> web.Response:
        # That this runs at all is the answer: the event loop turns.
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        missing = readiness.lines()
        return web.json_response(missing, status=503 if missing else 200)

    async def metrics(_request: web.Request) -> web.Response:
        await count()
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app
