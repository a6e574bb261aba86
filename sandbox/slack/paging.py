"""Pages with cursors, as every listing method gives them."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import SlackError

T = TypeVar("T")
MARK = "next:"


def page(
    caller: Caller, arguments: Arguments, keys: Sequence[str], items: Sequence[T], *, default: int, most: int
) -> tuple[list[T], str]:
    """The items of this page and the cursor of the next, "" at the end.

    `keys` are the items' own ids: a cursor names the first item of its page, so that things added meanwhile
    shift nothing. Raises SlackError: invalid_limit, invalid_cursor.
    """
    limit = arguments.limit(default, most)
    if caller.state.page_cap is not None:
        limit = min(limit, caller.state.page_cap)
    start = 0
    if cursor := arguments.raw("cursor"):
        try:
            start = list(keys).index(_read(cursor))
        except ValueError:
            raise SlackError("invalid_cursor") from None
    end = start + limit
    return list(items[start:end]), _write(keys[end]) if end < len(keys) else ""


def _write(key: str) -> str:
    return base64.b64encode(f"{MARK}{key}".encode()).decode()


def _read(cursor: object) -> str:
    try:
        plain = base64.b64decode(str(cursor), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(cursor) from None
    if not plain.startswith(MARK):
        raise ValueError(cursor)
    return plain.removeprefix(MARK)
