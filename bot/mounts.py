"""Is the database's file mounted by itself, as by `docker run -v ./coupon.db:/data/coupon.db`?

Then the WAL with the newest commits, and the lock that keeps a second bot out, lie in the container: they are
gone with it, and no other container sees them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

#: proc(5): one mount a line, its place in the fifth column, where white space and backslashes are octal.
_MOUNTINFO: Final = Path("/proc/self/mountinfo")
_PLACE: Final = 4
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def problem_of_mount(database: Path, mountinfo: str | None = None) -> str | None:
    """The sentence, or None; always None where the system does not tell of mounts."""
    if os.path.realpath(database) not in mount_points(_read() if mountinfo is None else mountinfo):
        return None
    return (
        f"{database} is mounted by itself: the files beside it, with the newest requests and the lock, are "
        "lost with the container. Mount the folder that holds it instead, for example -v ./bot:/data with "
        "COUPON_DATABASE=/data/coupon.db"
    )


def mount_points(mountinfo: str) -> frozenset[str]:
    """The places of /proc/self/mountinfo."""
    rows = (line.split(" ") for line in mountinfo.splitlines())
    return frozenset(
        _OCTAL.sub(lambda found: chr(int(found[1], 8)), row[_PLACE]) for row in rows if len(row) > _PLACE
    )


def _read() -> str:
    try:
        return _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
