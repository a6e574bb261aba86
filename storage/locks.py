"""Who may write: one bot at a time, and of all processes one at any moment."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from coupons.errors import StorageUnavailable
from storage.errors import DatabaseRefused

#: Longest wait for somebody else's lock. Slack wants the ack within 3 seconds, so a listener's commit must
#: fail before.
BUSY_MS = 1_500
_TRY_AGAIN_S = 0.001


class _Lock:
    """An open file; the kernel gives its lock back when it is closed, or the process dies."""

    _file: int | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class FileLock(_Lock):
    """Held while a process may write: a second one is refused by name instead of by corruption.

    The kernel gives it back when the process dies, however it dies. Raises DatabaseRefused on entering.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        # Two names of one file (a symbolic link, a relative path) must meet at one lock.
        self._file = _opened(f"{self._path.resolve()}.lock")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.read(self._file, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            self._file = None
            raise DatabaseRefused(
                f"{self._path} is in use by another coupon-bot (process {pid}); only one may write to it"
            ) from error
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())
        return self


class Turn(_Lock):
    """Entered around each write transaction, and around what may checkpoint. Not for two threads at once.

    SQLite's own locks would do, were it not for the bug of `docs/decisions/0003`: it needs two connections
    that write or checkpoint at the same moment. The kernel gives it back when the process dies. Raises on
    entering DatabaseRefused when it cannot be made, StorageUnavailable when another holds it for too long.
    """

    def __init__(self, path: Path) -> None:
        self._name = f"{path.resolve()}.turn"

    def __enter__(self) -> Self:
        self._file = _opened(self._name)
        until = time.monotonic() + BUSY_MS / 1000
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > until:
                    os.close(self._file)
                    self._file = None
                    raise StorageUnavailable(
                        "the database is busy: another process has its turn to write and does not end it"
                    ) from error
                time.sleep(_TRY_AGAIN_S)
            else:
                return self


def _opened(name: str) -> int:
    try:
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseRefused(f"{name} cannot be made beside the database: {error.strerror}") from error
