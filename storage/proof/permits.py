"""Is sending paused, and who got a link to the console, as the events say?

Whoever can write the file could let coupons go out that people had stopped, or let themselves in.
"""

from __future__ import annotations

from typing import Any, Final

from storage.errors import AuditBroken

#: The event that paused: the first after the last resuming.
_PAUSED: Final = """
select actor, ts from event
where tag in ('sending:paused', 'database:restored')
    and seq > (select coalesce(max(seq), 0) from event where tag = 'sending:resumed')
order by seq limit 1
"""
#: As the bot reads it: another number is no pause.
_PAUSE: Final = "select by, at from pause where id = 1"
_WITHOUT_EVENT: Final = """
select person, expires_at from console_link
except select actor, body ->> '$.detail.expires_at' from event where tag = 'console:link_made'
limit 1
"""
#: Both are read off the clock in one transaction.
_APART_MS: Final = 60_000


def check_permits(database: Any) -> None:
    """Raises AuditBroken: `pause`, `console_link`."""
    event, row = database.execute(_PAUSED).fetchone(), database.execute(_PAUSE).fetchone()
    if event is None and row is not None:
        raise AuditBroken("pause", f"sending is paused by {row['by']}, and no event tells of it")
    if event is not None and row is None:
        raise AuditBroken(
            "pause", f"{event['actor']} paused sending, nobody resumed it, and it is not paused"
        )
    if row is not None and (row["by"] != event["actor"] or abs(row["at"] - event["ts"]) > _APART_MS):
        raise AuditBroken("pause", f"sending was paused by {event['actor']}, and its row says something else")
    link = database.execute(_WITHOUT_EVENT).fetchone()
    if link is not None:
        raise AuditBroken(
            "console_link", f"a link to the console is {link['person']}'s, and no event tells of its making"
        )
