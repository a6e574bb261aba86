"""Reads small files that a setting names: within a time and up to a size, whatever the name leads to."""

from __future__ import annotations

import errno
import os
import select
import time
from pathlib import Path
from typing import Final

#: A password manager at the other end of a pipe asks its owner first.
WITHIN_S: Final = 10.0
#: Bytes; no key and no list of stocks comes near it, and /dev/zero never ends.
LONGEST: Final = 1 << 20
_CHUNK: Final = 1 << 16


def read_text_within(path: Path, seconds: float | None = None) -> str:
    """As `Path.read_text`, without a byte order mark: some editors put one before the first character.

    Raises UnicodeDecodeError, ValueError (it is no path) and OSError, whose `strerror` also says that it did
    not end within the time, as a pipe that nobody fills or closes, or is too long.
    """
    text = _read(path, WITHIN_S if seconds is None else seconds).decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read(path: Path, seconds: float) -> bytes:
    # Else the opening of a pipe waits for its other end.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        return _to_its_end(number, until=time.monotonic() + seconds, seconds=seconds)
    finally:
        os.close(number)


def _to_its_end(number: int, *, until: float, seconds: float) -> bytes:
    read = bytearray()
    ready = select.poll()
    ready.register(number, select.POLLIN)
    while len(read) <= LONGEST:
        left = until - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise OSError(
                errno.ETIMEDOUT, f"it had not ended after {seconds:g} seconds, like a pipe that nobody closes"
            )
        try:
            chunk = os.read(number, _CHUNK)
        except BlockingIOError:
            continue
        if not chunk:
            return bytes(read)
        read += chunk
    raise OSError(errno.EFBIG, f"it is longer than {LONGEST:,} bytes")
