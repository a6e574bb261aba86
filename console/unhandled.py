"""What Datasette cannot answer comes back to the console, which tells it in one sentence.

Its own way prints the exception, with the values that people asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Final

from datasette import hookimpl
from datasette.plugins import pm

_DATASETTES: Final = "datasette.handle_exception"


@hookimpl  # type: ignore[untyped-decorator]  # datasette has no types
def handle_exception(exception: Exception) -> Callable[[], Awaitable[None]]:
    async def again() -> None:
        raise exception

    return again


def install() -> None:
    """For every Datasette of this process."""
    if pm.has_plugin(_DATASETTES):
        pm.unregister(name=_DATASETTES)
        pm.register(sys.modules[__name__], name=__name__)
