"""The keys we trust to sign WeChat Pay's answers, by serial number. Never changed, only replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from wechatpay.errors import UnknownSerial


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """One key of WeChat Pay: the public key (no dates), or that of a platform certificate."""

    serial_no: str
    key: RSAPublicKey = field(repr=False)
    #: Validity in Unix seconds.
    begins: int | None = None
    ends: int | None = None

    def valid_at(self, now: int) -> bool:
        """`now` in Unix seconds."""
        return (self.begins is None or self.begins <= now) and (self.ends is None or now <= self.ends)


class KeyRing:
    """An immutable map from serial number to key, holding any number of both kinds.

    Both kinds together are normal: a merchant who moves from certificates to the public key gets answers
    signed with either for days.
    """

    def __init__(self, keys: Iterable[PlatformKey] = ()) -> None:
        self._keys = {key.serial_no: key for key in keys}

    def __iter__(self) -> Iterator[PlatformKey]:
        return iter(self._keys.values())

    def find(self, serial_no: str, *, now: int) -> PlatformKey:
        """The key with this serial number, if it is valid at `now` (Unix seconds). Raises UnknownSerial."""
        if not self.holds(serial_no, now=now):
            raise UnknownSerial(serial_no)
        return self._keys[serial_no]

    def holds(self, serial_no: str, *, now: int) -> bool:
        """Whether `find` finds it."""
        key = self._keys.get(serial_no)
        return key is not None and key.valid_at(now)

    def verifies_until(self, *, now: int) -> int | None:
        """When the last key that is valid at `now`, or will be, ends (Unix seconds).

        None: never, thanks to a public key, or there is no key at all.
        """
        ends = [key.ends for key in self._keys.values() if key.ends is None or key.ends >= now]
        dated = [end for end in ends if end is not None]
        return max(dated) if dated and len(dated) == len(ends) else None

    def preferred(self, *, now: int) -> str | None:
        """The serial number to ask answers for: the public key's, else that of the newest certificate.

        None: nothing could be verified at `now` (Unix seconds).
        """
        valid = [key for key in self._keys.values() if key.valid_at(now)]
        if not valid:
            return None
        if len(valid) == 1:
            return valid[0].serial_no
        return max(valid, key=lambda key: (key.begins is None, key.begins or 0)).serial_no
