"""Who is signed in: kept in this process alone, so that its end signs everybody out."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from http.cookies import CookieError
from typing import Any, Final

from coupons.clock_watch import JUMP_MS
from coupons.ports import Clock

COOKIE: Final = "coupon_console"
_HOURS: Final = 8
_LASTS_MS: Final = _HOURS * 3_600_000
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Session:
    """`person` is the Slack user id; `until` in UTC milliseconds."""

    person: str
    sql: bool
    until: int


class Sessions:
    """By the digest of the cookie's secret: whoever sees this memory can sign in with nothing of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}

    def begin(self, person: str, *, sql: bool) -> str:
        """The secret for the cookie."""
        now = self._clock()
        self._open = {key: one for key, one in self._open.items() if one.until > now}
        while len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
        secret = secrets.token_urlsafe(32)
        self._open[_digest(secret)] = Session(person, sql, now + _LASTS_MS)
        return secret

    def find(self, secret: str) -> Session | None:
        found = self._open.get(_digest(secret))
        # One that seems to last longer was begun by a clock that was ahead.
        lasts = 0 if found is None else found.until - self._clock()
        return found if 0 < lasts <= _LASTS_MS + JUMP_MS else None

    def end(self, secret: str) -> None:
        self._open.pop(_digest(secret), None)


def secret_of(request: Any) -> str:
    """What a browser brings of ours; empty without."""
    try:
        return str(request.cookies.get(COOKIE, ""))
    except CookieError:
        return ""


def cookie(secret: str, *, secure: bool) -> str:
    """The value of Set-Cookie; an empty secret takes it away."""
    age = _LASTS_MS // 1000 if secret else 0
    # Lax: the link is clicked in Slack, and Strict would show the sign-in page to who has just signed in.
    parts = [f"{COOKIE}={secret}", "Path=/", f"Max-Age={age}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if secure else parts)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
