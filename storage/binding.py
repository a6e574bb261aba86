"""What people wrote, on its way into a row or an event."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Half a surrogate pair is no character: it has no UTF-8, so no file and no hash can hold it. JSON from
#: outside can hold one (`"\\ud83d"`). PostgreSQL's text holds no NUL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Everything Unicode stays as it is; each lone surrogate and NUL becomes U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def bound(values: Mapping[str, object]) -> dict[str, object]:
    """Parameters as the driver takes them: no enums, and text that can be stored."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    # `str` first: sqlite3 asks each subclass, as StrEnum is, for an adapter.
    return storable(str(value)) if isinstance(value, str) else value
