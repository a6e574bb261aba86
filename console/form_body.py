"""A form that was sent, read only as far as one of ours can be long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from console.address_checks import NotAsked
from console.language import words

#: LONGEST characters, each as the twelve letters that a form makes of the largest.
_MOST: Final = 50_000


async def posted(request: Any) -> Mapping[str, str]:
    """Raises NotAsked."""
    body = b""
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise NotAsked(words("What was sent did not arrive whole."))
        body += message.get("body", b"")
        if len(body) > _MOST:
            raise NotAsked(
                words("What was sent is longer than {most} bytes, which nothing here is.", most=f"{_MOST:,}"),
                413,
            )
        if not message.get("more_body", False):
            break
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise NotAsked(words("What was sent is no text in UTF-8.")) from None
