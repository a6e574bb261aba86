"""One-time links to the console: made by the bot, used up by the console."""

from __future__ import annotations

from coupons.model import ConsoleLink
from storage.base_rows import BaseRows, bound

_ADD = """
insert into console_link (digest, person, made_at, expires_at)
values (:digest, :person, :made_at, :expires_at)
"""
_GET = "select person, made_at, expires_at, used_at from console_link where digest = :digest"
_USE = "update console_link set used_at = :at where digest = :digest and used_at is null"


class ConsoleLinkRows(BaseRows):
    """`digest`: SHA-256 of a link's secret."""

    def add_console_link(self, *, digest: str, person: str, made_at: int, expires_at: int) -> None:
        values = {"digest": digest, "person": person, "made_at": made_at, "expires_at": expires_at}
        self._connection.execute(_ADD, bound(values))

    def console_link(self, digest: str) -> ConsoleLink | None:
        row = self._connection.execute(_GET, bound({"digest": digest})).fetchone()
        if row is None:
            return None
        return ConsoleLink(
            person=row["person"],
            made_at=row["made_at"],
            expires_at=row["expires_at"],
            used_at=row["used_at"],
        )

    def use_console_link(self, digest: str, at: int) -> bool:
        return bool(self._connection.execute(_USE, bound({"digest": digest, "at": at})).rowcount == 1)
