"""What requests are asked once they have ended, as the ninth step of `storage.migrations` makes it."""

from __future__ import annotations

from typing import Final

AFTER_SENDING: Final = (
    # What a week came to, which is read for each Home of a lead: by when it ended, not by when it was asked.
    "create index request_by_closed on request (closed_at) where closed_at is not null",
)
