"""What every answer says to the browser, whoever made it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]

_OURS = frozenset(
    {
        b"content-security-policy",
        b"cache-control",
        b"referrer-policy",
        b"x-content-type-options",
        b"x-frame-options",
        b"link",
        b"server",
    }
)
#: Ours is one cookie; Datasette's have no meaning here.
_COOKIE = b"coupon_console="


def guarded(send: Send, style: str, referrer: str) -> Send:
    """No script, no other site, no frame, no copy in a cache. `style`: digest of the one style sheet."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    ours = [
        (b"content-security-policy", policy.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", referrer.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
    ]

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (bytes(key).lower(), bytes(value))
                for key, value in message.get("headers", [])
                if bytes(key).lower() not in _OURS
                and not (bytes(key).lower() == b"set-cookie" and not bytes(value).startswith(_COOKIE))
            ]
            message = {**message, "headers": kept + ours}
        await send(message)

    return sent
