"""Errors that must not stop the bot: one log line each, under a reference that people are told."""

from __future__ import annotations

import structlog

from bot.logs import reference


class Troubles:
    """The traceback stays in the log; a person gets the reference."""

    def __init__(self, logger: structlog.stdlib.BoundLogger) -> None:
        self._logger = logger

    def note(self, error: BaseException) -> str:
        """Log the error; returns its reference."""
        ref = reference()
        self._logger.error("trouble", reference=ref, kind=type(error).__name__, exc_info=error)
        return ref

    def expected(self, error: BaseException) -> None:
        """Something that heals by being tried again: one line, no traceback."""
        self._logger.warning("will_try_again", kind=type(error).__name__, error=str(error))
