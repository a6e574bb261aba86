"""What only SQLite says in this way, for statements that other engines would take as they are.

Statements name these instead of writing them out, so that all which is not everybody's SQL can be read here.
What belongs to the file itself stands with it: opening and writing back, the schema, and the proof.
`tests/storage/test_dialect.py` holds the list of what may stand nowhere else, and why.
"""

from __future__ import annotations

from typing import Final

#: The first that knows all that is asked of it: `string_agg`, `order by` in aggregates and `concat`
#: (https://www.sqlite.org/releaselog/3_44_0.html). Before 3.41 it took `->>` in our tables for unsafe.
OLDEST: Final = (3, 44, 0)

#: What `:listed` names: a list that is bound as one parameter, in JSON.
LISTED: Final = "(select value from json_each(:listed))"
#: A second list in the same statement.
LISTED_TAGS: Final = "(select value from json_each(:tags))"

#: Of an event that tells of a batch and of no request.
EVENT_OF_BATCH: Final = "body ->> '$.detail.batch' = :batch"
#: Of a reminder that names a year without a list of holidays.
NAMES_YEAR: Final = "body ->> '$.detail.no_list_for' = :year"

#: After `analyze` SQLite would read all rows for a sum over a long time, though the index alone holds it.
BY_COUNTED: Final = "indexed by request_counted"

#: What `:rows` names: rows of two values, or of four, in JSON. A statement for each would cost twice as much,
#: and at each the writer's thread lets the others run, and waits for them.
PAIRS: Final = "select value ->> 0, value ->> 1 from json_each(:rows)"
FOURS: Final = "select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(:rows)"

#: Requests as they are to be saved: what `:rows` names are objects.
SAVED_ROWS: Final = """(
select
    value ->> 'id' as id, value ->> 'rev' as rev, value ->> 'state' as state,
    value ->> 'attempts' as attempts, value ->> 'tries' as tries,
    value ->> 'open_attempts' as open_attempts, value ->> 'running' as running,
    value ->> 'running_by' as running_by, value ->> 'running_until' as running_until,
    value ->> 'unknown_at' as unknown_at, value ->> 'absent_looks' as absent_looks,
    value ->> 'due_at' as due_at, value ->> 'look_at' as look_at, value ->> 'closed_by' as closed_by,
    value ->> 'decline_reason' as decline_reason, value ->> 'problem' as problem,
    value ->> 'coupon_code' as coupon_code, value ->> 'closed_at' as closed_at,
    value ->> 'remind_at' as remind_at, value ->> 'urged_at' as urged_at,
    value ->> 'undone_by' as undone_by, value ->> 'reminders_from' as reminders_from
from json_each(:rows)
)"""

#: By FTS5: `:texts` is what `storage.full_text.query` makes.
REQUEST_MATCHES: Final = "request_words match :texts"
EVENT_MATCHES: Final = "event_words match :texts"
#: FTS5's own way to take words out of a table that does not hold them: it must be told what they were.
REMOVE_REQUEST_WORDS: Final = (
    "insert into request_words (request_words, rowid, words) values ('delete', :id, :words)"
)

#: SQLite's own table for `autoincrement`: an ordinary one, which may be changed
#: (https://www.sqlite.org/autoinc.html). It has a row once there was a request.
HIGHEST_NUMBER: Final = "select coalesce(max(seq), 0) as highest from sqlite_sequence where name = 'request'"
BEGIN_NUMBERS_ABOVE: Final = (
    """
insert into sqlite_sequence (name, seq)
select 'request', 0 where not exists (select 1 from sqlite_sequence where name = 'request')
""",
    "update sqlite_sequence set seq = max(seq, :number) where name = 'request'",
)

#: One at a time, as they stand: through the index by tag they would have to be sorted.
EVENTS_OF_TAGS: Final = f"""
select seq, body from event not indexed
where seq >= coalesce((select seq from event where ts >= :since order by ts, seq limit 1), 9e18)
    and tag in {LISTED}
order by seq
"""
