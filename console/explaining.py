"""What went wrong, in one sentence for the person who asked, with HTTP's status."""

from __future__ import annotations

from typing import Final

from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400
from datasette.views.base import DatasetteError

from console.address_checks import NotAsked
from console.driver import sqlite3
from console.language import N_, words
from console.ports import LogUnavailable
from console.record_access import NotKept
from console.sign_in import NOT_SAID
from coupons.errors import DirectoryUnavailable

UNKNOWN: Final = N_(
    "Something went wrong here. Whoever runs the console finds it in its log under the reference {reference}."
)
TOO_LONG: Final = N_(
    "It took longer than a page may, and was stopped. Ask for less: of a shorter time, or of fewer rows."
)
_SERVER: Final = 500


def explained(error: Exception) -> tuple[str, int] | None:
    """None: this is nobody's mistake that we know of."""
    found: tuple[str, int] | None = None
    if isinstance(error, (NotAsked, Base400)):
        found = str(error), error.status
    elif isinstance(error, NotKept):
        found = (
            words("Nothing is shown, because your access could not be kept in the log: {why}", why=error),
            503,
        )
    elif isinstance(error, DirectoryUnavailable):
        found = words(NOT_SAID), 503
    elif isinstance(error, QueryInterrupted):
        found = words(TOO_LONG), 503
    elif isinstance(error, (LogUnavailable, sqlite3.Error)):
        found = words("The log cannot be read now: {why}", why=error), 503
    elif isinstance(error, DatasetteError) and error.status < _SERVER:
        # Of a statement that took too long it makes a page of its own.
        found = words(TOO_LONG) if error.message_is_html else str(error.message), error.status
    return found
