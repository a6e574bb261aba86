"""Who is away, as the events say? Whoever can write the file could let reminders call somebody else."""

from __future__ import annotations

from typing import Any, Final

from storage.errors import AuditBroken

#: Each person's last event. What a bot ended names the person; else it was the actor.
_LAST: Final = """
last as materialized (
    select tag, ts, body, coalesce(body ->> '$.detail.person', actor) as person, max(seq) as seq
    from event where tag in ('absence:began', 'absence:ended')
    group by coalesce(body ->> '$.detail.person', actor)
)
"""
_AWAY: Final = "select * from last where tag = 'absence:began'"
_WITHOUT_EVENT: Final = f"""
with {_LAST}
select person from absence where person not in (select person from ({_AWAY})) order by person limit 1
"""
#: Both times are read off the clock in one transaction.
_OTHERWISE: Final = f"""
with {_LAST}
select away.person, absence.person is null as is_missing from ({_AWAY}) as away
left join absence on absence.person = away.person
where absence.person is null
    or absence.deputy is not (away.body ->> '$.detail.deputy')
    or absence.until is not (away.body ->> '$.detail.until')
    or abs(absence.began_at - away.ts) > 60000
order by away.person limit 1
"""


def check_absences(database: Any) -> None:
    """Raises AuditBroken: `absence`."""
    row = database.execute(_WITHOUT_EVENT).fetchone()
    if row is not None:
        raise AuditBroken("absence", f"{row['person']} is away, and no event says so")
    row = database.execute(_OTHERWISE).fetchone()
    if row is None:
        return
    says = "has no row" if row["is_missing"] else "has a row with another time or deputy"
    raise AuditBroken("absence", f"by the events {row['person']} is away, and {says}")
