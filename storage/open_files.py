"""Are the files at their paths still the ones that the bot has open?

SQLite goes on writing into a file that was deleted or moved away, and every commit succeeds; what was
acknowledged then is gone with the process. So paths are compared with what was opened: by device and inode.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.locks import Turn

#: A file system may note a moment as coarsely as to two seconds: what changed a folder just before may not
#: show in its times yet.
_SETTLED_NS: Final = 3_000_000_000
_CHANGED: Final = "was deleted, moved away or replaced while the bot has it open; nothing is recorded or sent"


#: Of each folder: device, inode, when its names were changed last, when anything of it was (ns).
_States = tuple[tuple[int, int, int, int], ...]


class OpenFiles:
    """Made once all are open; the lock file, too, without which a second bot could start beside this one."""

    def __init__(self, path: Path) -> None:
        # What a symbolic link led to then; SQLite makes the files beside that.
        real = path.resolve()
        self._path = str(path)
        self._real = str(real)
        self._wal, self._shm, self._lock = (f"{real}{end}" for end in ("-wal", "-shm", ".lock"))
        self._opened = {name: _identity(name) for name in (self._path, self._wal, self._shm, self._lock)}
        # A symbolic link may be turned in any folder on its way: then each file is asked each time.
        self._folders = () if path.is_symlink() else tuple({str(path.parent), str(real.parent)})
        #: Their states when all files were found in place, and long enough after their last change.
        self._in_place: _States | None = None
        #: The copy that was made when the database was no longer at its path.
        self._rescued: str | None = None
        self._written_back = False

    def problem(self) -> str | None:
        """One sentence on what is wrong and what to do, from each file itself."""
        now, states = time.time_ns(), self._states()
        for name, opened in self._opened.items():
            if _identity(name) != opened:
                return self._sentence(name)
        self._written_back = False
        settled = states is not None and all(now - _changed_ns(state) > _SETTLED_NS for state in states)
        self._in_place = states if settled else None
        return None

    def problem_if_folder_changed(self) -> str | None:
        """As `problem`, but one call of the system where nothing happened, in place of four.

        Each lets all other threads go first. A name can only be deleted, moved or replaced by changing its
        folder, and the time of that change cannot be set back by anybody.
        """
        states = self._in_place
        return None if states is not None and states == self._states() else self.problem()

    def save(self, connection: Any, turn: Turn, now: int) -> None:
        """Bring what was recorded so far out of danger, as far as it goes; again and again until it is done.

        `connection` is the one that has the files open. What it may not write to, another's file, is not
        touched.
        """
        if self._written_back:
            return
        try:
            with turn:
                if self._may_write_back():
                    [busy, *_] = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
                    self._written_back = busy == 0
                if not self._is_there(self._path) and self._rescued is None:
                    self._rescued = _copied(connection, f"{self._real}.rescued-{now}")
        except (sqlite3.Error, DatabaseRefused, OSError):
            # The folder may be gone as well, or the disk be full. The next who asks tries again.
            return

    def _states(self) -> _States | None:
        """None: not all can be seen, or there are none by which to tell."""
        try:
            found = [os.stat(name) for name in self._folders]  # noqa: PTH116 - as in _identity
        except OSError:
            return None
        return tuple((each.st_dev, each.st_ino, each.st_mtime_ns, each.st_ctime_ns) for each in found) or None

    def _may_write_back(self) -> bool:
        """False: somebody else may have written to other files of these names."""
        if not self._is_there(self._path):
            # Into the file that is open, wherever it is now. Nor must a WAL of the old file be left beside a
            # new one: SQLite would mix the two.
            return True
        try:
            ours_or_empty = self._is_there(self._wal) or Path(self._wal).stat().st_size == 0
        except OSError:
            ours_or_empty = True
        return ours_or_empty and (self._is_there(self._shm) or not Path(self._shm).exists())

    def _is_there(self, name: str) -> bool:
        return _identity(name) == self._opened[name]

    def _sentence(self, name: str) -> str:
        if name != self._path:
            return f"{name} {_CHANGED} until the bot is restarted; delete no file of the database that runs"
        copy = f"or {self._rescued}, which holds all that was recorded, " if self._rescued else ""
        return f"{name} {_CHANGED}. Stop the bot, put the file back {copy}under this name, and start it again"


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116 - twice as quick as Path's, and asked around each commit
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _changed_ns(state: tuple[int, int, int, int]) -> int:
    _, _, names_ns, anything_ns = state
    return max(names_ns, anything_ns)


def _copied(connection: Any, name: str) -> str:
    """A new whole database of this name, for its owner only."""
    with closing(connection.cursor()) as cursor:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        cursor.execute("vacuum into :name", {"name": name})
    return name
