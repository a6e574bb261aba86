"""The schema, as numbered steps. A step that has been released is never edited.

Guarded tables are never changed with sqlite-utils' `transform`: it drops triggers without a word.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from storage.full_text import EventTexts, RequestTexts
from storage.tables_after_sending import AFTER_SENDING, UNDONE
from storage.tables_of_batches import BATCHES

#: In the file's header: says whose database it is. "CpBt".
APPLICATION_ID = 0x43704274
#: The steps below, and in the file's header their number.
STEPS = frozenset(
    {
        "m001_first",
        "m002_notices",
        "m003_rules",
        "m004_audit",
        "m005_event_words",
        "m006_first_letters",
        "m007_promises",
        "m008_batches",
        "m009_after_sending",
    }
)
LATEST = len(STEPS)

MIGRATIONS = Migrations("coupon_bot")

#: `body` is the exact text that was hashed; the other columns are read out of it, so they can't disagree.
_EVENT = """
create table event (
    seq integer primary key,
    body text not null,
    prev text not null,
    hash text not null,
    ts integer generated always as (body ->> '$.ts') virtual,
    tag text generated always as (body ->> '$.tag') virtual,
    actor text generated always as (body ->> '$.actor') virtual,
    request_id integer generated always as (body ->> '$.request_id') virtual
) strict
"""

#: Against accidents; against intent there is the chain. The third also stops REPLACE and UPSERT.
GUARDS = {
    "event_is_never_updated": """
create trigger event_is_never_updated before update on event
begin select raise(abort, 'events are never changed'); end
""",
    "event_is_never_deleted": """
create trigger event_is_never_deleted before delete on event
begin select raise(abort, 'events are never deleted'); end
""",
    "event_follows_the_last": """
create trigger event_follows_the_last before insert on event
when new.seq is not (select coalesce(max(seq), 0) + 1 from event)
begin select raise(abort, 'an event follows the last one'); end
""",
}

_TABLES = (
    # Who the customers are stands only here, so that a person can be forgotten.
    """
create table customer (
    id integer primary key autoincrement,
    openid text not null unique
) strict
""",
    """
create table request (
    id integer primary key autoincrement,
    rev integer not null,
    state text not null check (state in ('pending', 'approved', 'sending', 'sent', 'unknown', 'refused',
                                         'held', 'declined', 'cancelled', 'expired')),
    out_request_no text not null unique,
    requester text not null,
    customer integer not null references customer (id),
    stock_id text not null,
    stock_name text not null,
    value_fen integer not null check (value_fen > 0),
    code_mode text not null,
    reason text not null,
    approvals_needed integer not null check (approvals_needed > 0),
    created_at integer not null,
    expires_at integer not null,
    body blob not null,
    attempts integer not null default 0,
    tries integer not null default 0,
    open_attempts integer not null default 0 check (open_attempts >= 0),
    running integer not null default 0 check (running in (0, 1)),
    unknown_at integer,
    absent_looks integer not null default 0,
    due_at integer,
    closed_by text,
    decline_reason text not null default '',
    problem text not null default '',
    coupon_code text,
    closed_at integer,
    card_channel text,
    card_ts text,
    check ((state = 'sent') = (coupon_code is not null))
) strict
""",
    """
create table approval (
    id integer primary key autoincrement,
    request_id integer not null references request (id),
    approver text not null,
    at integer not null,
    unique (request_id, approver)
) strict
""",
    """
create table click (
    id integer primary key autoincrement,
    key text not null unique,
    action text not null,
    request_id integer not null,
    person text not null,
    team text not null,
    channel text not null,
    reason text not null,
    at integer not null,
    done integer not null default 0 check (done in (0, 1))
) strict
""",
    """
create table outbox (
    id integer primary key autoincrement,
    key text not null unique,
    kind text not null,
    request_id integer,
    seq integer,
    person text,
    channel text,
    version integer not null default 1,
    tries integer not null default 0,
    due_at integer not null,
    maybe_posted integer not null default 0 check (maybe_posted in (0, 1)),
    promised_at integer not null
) strict
""",
    _EVENT,
)

_INDEXES = (
    "create index event_by_request on event (request_id, seq, tag)",
    "create index event_by_tag on event (tag, seq)",
    "create index event_by_actor on event (actor, seq)",
    "create index request_by_requester on request (requester, id)",
    "create index request_by_customer on request (customer, created_at)",
    # Final requests are most of the table and have neither.
    "create index request_due on request (due_at) where due_at is not null",
    "create index request_running on request (id) where running = 1",
    "create index request_expiry on request (expires_at) where state = 'pending'",
    "create index click_open on click (id) where done = 0",
    "create index outbox_due on outbox (kind, due_at)",
)


@MIGRATIONS()
def m001_first(database: Database) -> None:
    for statement in (*_TABLES, *_INDEXES, *GUARDS.values()):
        database.execute(statement)


_NOTICES = (
    # Each notification of WeChat Pay's once: it repeats them until it is content with the answer.
    """
create table notice (
    stock_id text not null,
    coupon_code text not null,
    event text not null,
    at integer not null,
    primary key (stock_id, coupon_code, event)
) strict, without rowid
""",
    "alter table request add column look_at integer",
    "create index request_look on request (look_at) where look_at is not null",
    "create index request_doubtful on request (stock_id) where state in ('sending', 'unknown')",
    "create index request_by_coupon on request (coupon_code) where coupon_code is not null",
)


@MIGRATIONS()
def m002_notices(database: Database) -> None:
    for statement in _NOTICES:
        database.execute(statement)


_RULES = (
    "alter table request add column ticket text not null default ''",
    "alter table request add column rule integer not null default 0",
    "alter table request add column raised text not null default ''",
    "alter table request add column duplicate_of integer references request (id)",
    "alter table request add column follows integer references request (id)",
    "alter table request add column remind_at integer",
    "alter table request add column urged_at integer",
    """
create table pause (
    id integer primary key check (id = 1),
    by text not null,
    at integer not null,
    reason text not null
) strict
""",
    "create index request_by_created on request (created_at)",
    "create index request_by_ticket on request (ticket, created_at) where ticket <> ''",
    "create index request_follows on request (follows) where follows is not null",
    "create index request_remind on request (remind_at) where remind_at is not null",
)
#: The first version allowed no request without approvals. A check cannot be altered, and to build the table
#: anew its children would have to be emptied; a check that only widens may be edited where it stands
#: (https://www.sqlite.org/lang_altertable.html, section 7).
_WIDEN = """
update sqlite_schema
set sql = replace(sql, 'check (approvals_needed > 0)', 'check (approvals_needed >= 0)')
where type = 'table' and name = 'request'
"""


@MIGRATIONS()
def m003_rules(database: Database) -> None:
    for statement in _RULES:
        database.execute(statement)
    _edit_schema(database, _WIDEN)


def _edit_schema(database: Database, statement: str) -> None:
    database.execute("pragma writable_schema = on")
    database.execute(statement)
    # Makes every connection, this one too, read the schema again.
    version = database.execute("pragma schema_version").fetchone()[0]
    database.execute(f"pragma schema_version = {int(version) + 1}")
    database.execute("pragma writable_schema = reset")


_AUDIT = (
    # What auditors ask by; newest first is the order of the ids. Two are of expressions, because the loops'
    # questions name state and stock, too, and would leave their own small indexes for these large ones.
    "create index request_by_state on request (state || '', id)",
    "create index request_by_stock on request (stock_id || '', id)",
    "create index request_by_value on request (value_fen, id)",
    "create index approval_by_approver on approval (approver, request_id)",
    "create index event_by_ts on event (ts)",
    # People's words, cut by `storage.full_text`; its rowid is the request's id. It holds no second copy.
    # The sixth step fills it.
    """
create virtual table request_words using fts5 (
    words, content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2"
)
""",
    # The digest of the one-time link's secret: whoever reads this table can sign in with nothing of it.
    """
create table console_link (
    digest text primary key,
    person text not null,
    made_at integer not null,
    expires_at integer not null,
    used_at integer
) strict, without rowid
""",
)


@MIGRATIONS()
def m004_audit(database: Database) -> None:
    for statement in _AUDIT:
        database.execute(statement)


#: What events tell in words and codes, cut in the same way; its rowid is the event's seq. Filled later.
_EVENT_WORDS = """
create virtual table event_words using fts5 (
    words, content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2"
)
"""


@MIGRATIONS()
def m005_event_words(database: Database) -> None:
    database.execute(_EVENT_WORDS)


#: With a list for each first letter: who asks for one Chinese character asks for all pairs that begin with
#: it, and to put their lists together takes longer the more there are.
_FIRST_LETTERS = (
    "drop table request_words",
    "drop table event_words",
    """
create virtual table request_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = "unicode61 remove_diacritics 2"
)
""",
    """
create virtual table event_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = "unicode61 remove_diacritics 2"
)
""",
)


@MIGRATIONS()
def m006_first_letters(database: Database) -> None:
    for statement in _FIRST_LETTERS:
        database.execute(statement)
    RequestTexts(database.conn).index_all()
    EventTexts(database.conn).index_all()


#: An approver may close what is held. A check that only widens may be edited where it stands, as in `_WIDEN`.
_CLOSED = """
update sqlite_schema
set sql = replace(sql, '''cancelled'', ''expired'')', '''cancelled'', ''expired'', ''closed'')')
where type = 'table' and name = 'request'
"""
_PROMISES = (
    # WeChat Pay may tell of a coupon after its request was held.
    "drop index request_doubtful",
    "create index request_doubtful on request (stock_id) where state in ('sending', 'unknown', 'held')",
    # What a click was made on. Clicks of before say nothing of it.
    "alter table click add column message_ts text not null default ''",
    "alter table click add column out_request_no text not null default ''",
    # From when its waiting is counted: a pause stops that time, and created_at never changes.
    "alter table request add column waits_from integer not null default 0",
    "update request set waits_from = created_at",
    # Approval and result may be told in one reply.
    "alter table outbox add column approval_seq integer",
    # What limits count on, summed from the index alone: `storage.totals` says the same condition.
    *(
        f"create index request_counted{by} on request ({columns}) "
        "where state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')"
        for by, columns in (
            ("", "created_at, value_fen, approvals_needed"),
            ("_by_stock", "stock_id, created_at, value_fen"),
            ("_by_requester", "requester, created_at, value_fen"),
        )
    ),
    # Whose attempt is on the wire, and until when nobody else may say that it was interrupted.
    "alter table request add column running_by text",
    "alter table request add column running_until integer",
    # Many requests with one approval. Sending has two lanes, so that nobody waits behind a batch.
    "alter table request add column batch integer",
    "drop index request_due",
    "create index request_due on request (due_at) where due_at is not null and batch is null",
    """
create index request_due_in_batch on request (batch, due_at) where due_at is not null and batch is not null
""",
    # What one process at a time may do, and who does it; and until when Slack has closed a lane for all of
    # them. Nothing refers to it.
    """
create table lease (
    name text primary key,
    holder text not null,
    term integer not null,
    until integer not null,
    closed_until integer not null default 0
) strict, without rowid
""",
    # Counted until now beside attempts, without the quiet time: such looks let nobody close what is held.
    "update request set absent_looks = 0 where state = 'held'",
)


@MIGRATIONS()
def m007_promises(database: Database) -> None:
    _edit_schema(database, _CLOSED)
    for statement in _PROMISES:
        database.execute(statement)


@MIGRATIONS()
def m008_batches(database: Database) -> None:
    for statement in BATCHES:
        database.execute(statement)


@MIGRATIONS()
def m009_after_sending(database: Database) -> None:
    for statement in AFTER_SENDING:
        database.execute(statement)
    _edit_schema(database, UNDONE)
