"""Whether WeChat Pay's answers can be verified at present and, if not, why and what to do about it.

One answer that cannot be believed leaves one coupon unknown. When all are so, nothing settles any more, and
only a person can mend it: that person is told once, with the cause.
"""

from __future__ import annotations

from collections.abc import Iterable

from wechatpay.answers import Checked
from wechatpay.errors import BadSignature, Doubtful, Stale, UnknownSerial, Unsigned, WechatPayError
from wechatpay.fields import PUBLIC_KEY_PREFIX
from wechatpay.keyring import PlatformKey
from wechatpay.skew import WARN_FROM_S, Tell, off

UNVERIFIED = "answers_not_verified"

_SUCCESSES = frozenset({200, 204})
_TELL_EVERY_S = 3600
#: WeChat Pay sends single answers with a wrong signature on purpose, to test merchants.
_BAD_SIGNATURES_IN_A_ROW = 2
_PLATFORM = "on the merchant platform (API security)"


class TrustWatch:
    """Hears of each answer; tells each kind of doubt at most once an hour."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._reported_at: dict[str, int] = {}
        self._bad_signatures = 0
        #: Cause and cure, a sentence without a full stop; None once an answer was verified.
        self.problem: str | None = None

    def verified(self) -> None:
        """An answer was genuine."""
        self.problem, self._bad_signatures = None, 0

    def doubted(self, doubt: Doubtful, why: str, *, now: int) -> None:
        """An answer that had to be genuine was not; `why` is its cause and cure, `now` in Unix seconds."""
        self._bad_signatures += isinstance(doubt, BadSignature)
        if isinstance(doubt, BadSignature) and self._bad_signatures < _BAD_SIGNATURES_IN_A_ROW:
            return
        self.problem = why
        reported_at = self._reported_at.get(doubt.code)
        # A clock that is set back, which is one of the cures, must not silence the next one.
        if reported_at is None or not 0 <= now - reported_at < _TELL_EVERY_S:
            self._reported_at[doubt.code] = now
            self._tell(UNVERIFIED, f"WeChat Pay's answers cannot be verified: {why}")


def counts(checked: Checked) -> bool:
    """Whether a doubt about this answer says something. Refusals and errors are often unsigned."""
    return not isinstance(checked.doubt, Unsigned) or checked.answer.status in _SUCCESSES


def explain_doubt(
    doubt: Doubtful,
    *,
    keys: Iterable[PlatformKey],
    serial_no: str,
    trouble: WechatPayError | None,
    ahead: int | None,
) -> str:
    """Cause and cure, without a full stop.

    `keys` are those held, `serial_no` is that of the answer; `trouble` is why certificates could not be
    downloaded; `ahead` how many seconds our clock is ahead of WeChat Pay's `Date`, None: not known.
    """
    match doubt:
        case UnknownSerial():
            return _unknown_serial(doubt.serial_no, tuple(keys), trouble)
        case Stale():
            return _stale(ahead)
        case BadSignature() if serial_no.startswith(PUBLIC_KEY_PREFIX):
            return (
                "the signatures do not fit the public key that is configured; either it is not the key of "
                f"its id: copy id and key again {_PLATFORM}; or a proxy on the way changes answers: take it "
                "out of the way"
            )
        case BadSignature():
            return (
                "the signatures name a platform certificate that is held, and do not fit the bytes; "
                "something on the way changes answers (a proxy that rewrites bodies): take it out of the way"
            )
        case _:
            return (
                "successful answers come without signature; a proxy strips the Wechatpay- headers, or "
                "answers in WeChat Pay's place: take it out of the way, and look at the address of WeChat Pay"
            )


def _unknown_serial(serial_no: str, keys: tuple[PlatformKey, ...], trouble: WechatPayError | None) -> str:
    shown = f"{serial_no[:64]!a}"[1:-1]
    held = next((key.serial_no for key in keys if key.begins is None), None)
    if serial_no.startswith(PUBLIC_KEY_PREFIX) and held is None:
        return (
            f"they are signed with the WeChat Pay public key {shown}, and only platform certificates are "
            f"configured: the merchant has moved to the public key; copy its id and the key {_PLATFORM}, "
            "configure both and restart"
        )
    if serial_no.startswith(PUBLIC_KEY_PREFIX):
        return (
            f"they are signed with the public key {shown}, and {held} is configured: copy the id and the key "
            f"that belongs to it {_PLATFORM}"
        )
    if any(key.serial_no == serial_no for key in keys):
        return (
            f"they are signed with the platform certificate {shown}, which is not valid at this machine's "
            "time: let the clock be set by NTP"
        )
    if trouble is not None:
        return (
            f"they are signed with the platform certificate {shown}, and the certificates could not be "
            f"downloaded: {trouble}"
        )
    return (
        f"they are signed with the platform certificate {shown}, which is not among those that WeChat Pay "
        "lists: if that lasts, see what answers in its place, and look at the merchant platform"
    )


def _stale(ahead: int | None) -> str:
    if ahead is not None and abs(ahead) < WARN_FROM_S:
        return (
            "their timestamps are not of now, and this machine's clock is right: something on the way keeps "
            "old answers (a cache, a replay); take it out of the way"
        )
    seen = "not within 300 s of" if ahead is None else off(ahead)
    return f"this machine's clock is {seen} WeChat Pay's: let it be set by NTP (timedatectl set-ntp true)"
