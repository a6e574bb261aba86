"""The only way in: a link from `/coupon audit open`, used once, within ten minutes, by an auditor."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from console.language import N_
from console.ports import LogUnavailable, Outside
from console.record_access import BROWSER
from console.sessions import Session
from coupons.audit_events import ConsoleRefused, ConsoleSignedIn
from coupons.clock_watch import JUMP_MS
from coupons.errors import DirectoryUnavailable
from coupons.model import ConsoleLink
from coupons.ports import Clock, Transaction
from coupons.recording import SYSTEM

UNKNOWN: Final = N_("This link is not one of ours, or only a part of it arrived.")
EXPIRED: Final = N_("This link is too old: one is good for ten minutes.")
USED: Final = N_("This link was used before: one opens the console once.")
NOT_AUDITOR: Final = N_("You are no auditor by Slack's word now (coupon.toml names them).")
NOT_SAID: Final = N_(
    "Slack did not say whether you are still an auditor, so nothing is shown. Try again in a minute."
)
NO_SLACK: Final = N_(
    "Slack did not say whether you are still an auditor. The link is unused; try it again in a minute."
)
NOT_KEPT: Final = N_(
    "The sign-in could not be kept in the log, so it was not done. Try the link again in a minute."
)
OPEN: Final = N_("Type /coupon audit open in Slack and click the link that comes.")

_MOST_GUESSES: Final = 30
_MINUTE_MS: Final = 60_000


class SignInRefused(Exception):
    """The sentence is for the person."""

    def __init__(self, sentence: str, status: int = 403) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class SignedIn:
    person: str
    sql: bool


class Guesses:
    """So many links that are not ours are kept in a minute: nobody outside may fill the log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: deque[int] = deque(maxlen=_MOST_GUESSES)

    def may_be_kept(self) -> bool:
        now = self._clock()
        # A clock that was set back must not keep refusals out of the log until it has caught up.
        if len(self._times) == _MOST_GUESSES and 0 <= now - self._times[0] < _MINUTE_MS:
            return False
        self._times.append(now)
        return True


async def sign_in(outside: Outside, guesses: Guesses, token: str) -> SignedIn:
    """Uses the link up. Raises SignInRefused; each refusal of a link is an event."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        link = await asyncio.to_thread(_link_of, outside, digest)
        why = _wrong(link, outside.clock())
        if link is None and not guesses.may_be_kept():
            raise SignInRefused(UNKNOWN, 429)
        if link is None or why is not None:
            raise await _refused(outside, why or ("unknown", UNKNOWN), link)
        person = link.person
        if not await outside.is_auditor(person):
            raise await _refused(outside, ("not_auditor", NOT_AUDITOR), link)
        sql = await outside.may_write_sql(person)
        if not await asyncio.to_thread(outside.write, partial(_use, outside, digest, person)):
            raise await _refused(outside, ("used", USED), link)
    except DirectoryUnavailable as error:
        raise SignInRefused(NO_SLACK, 503) from error
    except LogUnavailable as error:
        raise SignInRefused(NOT_KEPT, 503) from error
    return SignedIn(person, sql)


async def still(outside: Outside, session: Session) -> Session | None:
    """What this person may now, asked anew for each page; None: nothing any more, which is an event.

    Raises DirectoryUnavailable, FileRefused.
    """
    if await outside.is_auditor(session.person):
        return replace(session, sql=await outside.may_write_sql(session.person))
    event = ConsoleRefused(where=BROWSER, reason="not_auditor").done_by(session.person)
    await asyncio.to_thread(outside.write, lambda tx: tx.append(event))
    return None


def _link_of(outside: Outside, digest: str) -> ConsoleLink | None:
    with outside.reading() as rows:
        return rows.console_link(digest)


def _wrong(link: ConsoleLink | None, now: int) -> tuple[str, str] | None:
    if link is None:
        return "unknown", UNKNOWN
    if link.used_at is not None:
        return "used", USED
    # One made in the future was made by a clock that was ahead, and would be good for hours.
    if not link.made_at - JUMP_MS <= now < link.expires_at:
        return "expired", EXPIRED
    return None


def _use(outside: Outside, digest: str, person: str, tx: Transaction) -> bool:
    """Both or neither: nobody is signed in by a link that stays usable, or without an event."""
    if not tx.use_console_link(digest, outside.clock()):
        return False
    tx.append(ConsoleSignedIn(where=BROWSER).done_by(person))
    return True


async def _refused(outside: Outside, why: tuple[str, str], link: ConsoleLink | None) -> SignInRefused:
    reason, sentence = why
    actor = link.person if link else SYSTEM
    event = ConsoleRefused(where=BROWSER, reason=reason).done_by(actor)
    await asyncio.to_thread(outside.write, lambda tx: tx.append(event))
    return SignInRefused(sentence)
