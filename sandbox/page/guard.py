"""Who may ask: this machine's own browser, on our page. Other pages open in that browser may not.

A page anywhere can make a browser send requests to loopback, and with a name of its own that resolves to
127.0.0.1 even read the answers (DNS rebinding). So the Host must be a loopback name, an Origin must be ours,
and what changes something needs a header which a foreign page may only send after a preflight nobody answers.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@web.middleware
async def only_our_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    refusal = _refusal(request)
    if refusal is not None:
        return web.json_response({"error": refusal}, status=403)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG001 - a signal
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _refusal(request: web.Request) -> str | None:
    if _host_name(f"//{request.host}") not in LOOPBACK:
        return f"the host {request.host!r} is not this machine's; open the page by its 127.0.0.1 address"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return f"the origin {origin!r} is not this page's"
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and request.path != "/":
        return "another page asked"
    if request.method not in ("GET", "HEAD") and request.headers.get("X-Sandbox") != "1":
        return "the header X-Sandbox: 1 is missing"
    return None


def _host_name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
