"""Errors that must not stop the bot: one log line each, under a reference that people are told."""

from __future__ import annotations

import structlog

from bot.logs import Seldom, reference
from coupons.model import Request
from coupons.outcome import Kind, Outcome, Remedy
from wechatpay.codes import meaning
from wechatpay.errors import BadSignature, Stale, UnknownSerial, Unsigned

#: What WeChat Pay says no to, and repeating does not mend.
_REFUSALS = {Remedy.OPERATOR: "attempt_held", Remedy.FINAL: "attempt_refused"}
#: The client tells of these itself, with what it knows of the cause.
_DOUBTS = frozenset({kind.code for kind in (BadSignature, Stale, UnknownSerial, Unsigned)})
#: Of the same request.
_REPEATED = 2


class Troubles:
    """The traceback stays in the log; a person gets the reference."""

    def __init__(self, logger: structlog.stdlib.BoundLogger) -> None:
        self._logger = logger
        self._seldom = Seldom()
        #: Codes of unknown outcomes that were told since the last clear one.
        self._unknown: set[str] = set()

    def note(self, error: BaseException) -> str:
        """Log the error; returns its reference."""
        ref = reference()
        self._logger.error("trouble", reference=ref, kind=type(error).__name__, exc_info=error)
        return ref

    def expected(self, error: BaseException) -> None:
        """Something that heals by being tried again: one line a minute for each cause, no traceback."""
        cause = type(error).__name__, str(error)
        if self._seldom.may_tell(cause):
            self._logger.warning("will_try_again", kind=cause[0], error=cause[1])

    def still_readable(self) -> None:
        """What was erased waits for whoever reads the database."""
        self._logger.warning(
            "erased_but_readable",
            problem="another program reads an older state of the database, so that an erased openid still "
            "stands in its files; it is overwritten when that ends (Litestream: stop it for a minute)",
        )

    def attempted(self, request: Request, outcome: Outcome) -> None:
        """If a person has to act on this outcome: who, and what is to be looked at.

        `request` as it stood while the attempt ran. A doubt that repeats is told once for each code, until an
        answer is clear again: an outage must not write a line for each of its attempts.
        """
        if outcome.kind is not Kind.UNKNOWN and outcome.verified:
            self._unknown.clear()
        event = _REFUSALS.get(outcome.remedy)
        if event is None:
            if outcome.kind is not Kind.UNKNOWN or request.tries < _REPEATED or outcome.code in _DOUBTS:
                return
            if outcome.code in self._unknown:
                return
            self._unknown.add(outcome.code)
            event = "attempt_unknown"
        code = meaning(outcome.status, outcome.code)
        self._logger.warning(
            event,
            request=request.id,
            code=outcome.code,
            problem=code.operator,
            must_act=code.actor,
            said=outcome.message,
            request_id=outcome.request_id,
        )
