CREATE INDEX approval_by_approver on approval (approver, request_id);

CREATE INDEX batch_by_sha256 on batch (sha256) where sha256 <> '';

CREATE INDEX batch_by_state on batch (state);

CREATE INDEX batch_line_by_openid on batch_line (openid);

CREATE INDEX batch_without_result on batch (state) where result_promised = 0;

CREATE INDEX click_open on click (id) where done = 0;

CREATE INDEX coupon_state_used on coupon_state (coalesce(happened_at, changed_at)) where state = 'USED';

CREATE INDEX event_by_actor on event (actor, seq);

CREATE INDEX event_by_request on event (request_id, seq, tag);

CREATE INDEX event_by_tag on event (tag, seq);

CREATE INDEX event_by_ts on event (ts);

CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");

CREATE INDEX outbox_due on outbox (kind, due_at);

CREATE INDEX request_by_batch on request (batch, state, id) where batch is not null;

CREATE INDEX request_by_closed on request (closed_at) where closed_at is not null;

CREATE INDEX request_by_coupon on request (coupon_code) where coupon_code is not null;

CREATE INDEX request_by_created on request (created_at);

CREATE INDEX request_by_customer on request (customer, created_at);

CREATE INDEX request_by_requester on request (requester, id);

CREATE UNIQUE INDEX request_by_row on request (batch, batch_row) where batch is not null;

CREATE INDEX request_by_state on request (state || '', id);

CREATE INDEX request_by_stock on request (stock_id || '', id);

CREATE INDEX request_by_ticket on request (ticket, created_at) where ticket <> '';

CREATE INDEX request_by_value on request (value_fen, id);

CREATE INDEX request_counted on request (created_at, value_fen, approvals_needed) where state not in ('declined', 'cancelled', 'expired', 'refused', 'closed') and undoes is null and undone_by is null;

CREATE INDEX request_counted_by_requester on request (requester, created_at, value_fen) where state not in ('declined', 'cancelled', 'expired', 'refused', 'closed') and undoes is null and undone_by is null;

CREATE INDEX request_counted_by_stock on request (stock_id, created_at, value_fen) where state not in ('declined', 'cancelled', 'expired', 'refused', 'closed') and undoes is null and undone_by is null;

CREATE INDEX request_doubtful on request (stock_id) where state in ('sending', 'unknown', 'held');

CREATE INDEX request_due on request (due_at) where due_at is not null and batch is null;

CREATE INDEX request_due_in_batch on request (batch, due_at) where due_at is not null and batch is not null
;

CREATE INDEX request_expiry on request (expires_at) where state = 'pending' and batch is null;

CREATE INDEX request_follows on request (follows) where follows is not null;

CREATE INDEX request_look on request (look_at) where look_at is not null;

CREATE INDEX request_remind on request (remind_at) where remind_at is not null;

CREATE INDEX request_running on request (id) where running = 1;

CREATE INDEX request_undoes on request (undoes) where undoes is not null;

CREATE TABLE absence (
    person text primary key,
    deputy text,
    began_at integer not null,
    until integer not null
) strict, without rowid
;

CREATE TABLE approval (
    id integer primary key autoincrement,
    request_id integer not null references request (id),
    approver text not null,
    at integer not null, fills text not null default '',
    unique (request_id, approver)
) strict
;

CREATE TABLE batch (
    id integer primary key autoincrement,
    rev integer not null,
    state text not null check (state in ('draft', 'pending', 'approved', 'running', 'paused', 'done',
                                         'cancelled', 'declined', 'expired', 'discarded')),
    delivery text not null unique,
    requester text not null,
    file_id text not null,
    file_name text not null,
    stock_id text not null,
    reason text not null,
    ticket text not null,
    asked_at integer not null,
    sha256 text not null default '',
    problem text not null default '',
    remarks text not null default '',
    submitted_at integer,
    size integer not null default 0,
    value_fen integer not null default 0,
    highest_fen integer not null default 0,
    left_out integer not null default 0,
    approvals_needed integer not null default 0,
    approvers text not null default '',
    rule integer not null default 0,
    raised text not null default '',
    waits_from integer,
    expires_at integer,
    remind_at integer,
    urged_at integer,
    closed_by text,
    pause_code text not null default '',
    decline_reason text not null default '',
    closed_at integer,
    result_promised integer not null default 0 check (result_promised in (0, 1)),
    preview_channel text,
    preview_ts text,
    card_channel text,
    card_ts text
, needs text not null default '') strict
;

CREATE TABLE batch_approval (
    batch integer not null references batch (id),
    approver text not null,
    at integer not null,
    seq integer not null, fills text not null default '',
    primary key (batch, approver)
) strict, without rowid
;

CREATE TABLE batch_line (
    batch integer not null references batch (id),
    row integer not null,
    openid text not null,
    stock_id text not null,
    reason text not null,
    ticket text not null,
    column_name text not null default '',
    read text not null default '',
    problem text not null default '',
    facts text not null default '',
    primary key (batch, row)
) strict, without rowid
;

CREATE TABLE click (
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
, message_ts text not null default '', out_request_no text not null default '', batch integer) strict
;

CREATE TABLE console_link (
    digest text primary key,
    person text not null,
    made_at integer not null,
    expires_at integer not null,
    used_at integer
) strict, without rowid
;

CREATE TABLE coupon_state (
    request_id integer primary key references request (id),
    state text not null default '',
    happened_at integer,
    valid_until integer,
    changed_at integer,
    known_at integer,
    tried_at integer not null,
    problem text not null default ''
) strict
;

CREATE TABLE customer (
    id integer primary key autoincrement,
    openid text not null unique
) strict
;

CREATE TABLE event (
    seq integer primary key,
    body text not null,
    prev text not null,
    hash text not null,
    ts integer generated always as (body ->> '$.ts') virtual,
    tag text generated always as (body ->> '$.tag') virtual,
    actor text generated always as (body ->> '$.actor') virtual,
    request_id integer generated always as (body ->> '$.request_id') virtual
) strict
;

CREATE VIRTUAL TABLE event_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = "unicode61 remove_diacritics 2"
);

CREATE TABLE 'event_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'event_words_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'event_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE lease (
    name text primary key,
    holder text not null,
    term integer not null,
    until integer not null,
    closed_until integer not null default 0
) strict, without rowid
;

CREATE TABLE notice (
    stock_id text not null,
    coupon_code text not null,
    event text not null,
    at integer not null,
    primary key (stock_id, coupon_code, event)
) strict, without rowid
;

CREATE TABLE outbox (
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
, approval_seq integer, batch integer) strict
;

CREATE TABLE pause (
    id integer primary key check (id = 1),
    by text not null,
    at integer not null,
    reason text not null
) strict
;

CREATE TABLE request (
    id integer primary key autoincrement,
    rev integer not null,
    state text not null check (state in ('pending', 'approved', 'sending', 'sent', 'unknown', 'refused',
                                         'held', 'declined', 'cancelled', 'expired', 'closed', 'undone')),
    out_request_no text not null unique,
    requester text not null,
    customer integer not null references customer (id),
    stock_id text not null,
    stock_name text not null,
    value_fen integer not null check (value_fen > 0),
    code_mode text not null,
    reason text not null,
    approvals_needed integer not null check (approvals_needed >= 0),
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
    card_ts text, look_at integer, ticket text not null default '', rule integer not null default 0, raised text not null default '', duplicate_of integer references request (id), follows integer references request (id), remind_at integer, urged_at integer, waits_from integer not null default 0, running_by text, running_until integer, batch integer, batch_row integer, undoes integer references request (id), undone_by integer references request (id), reminders_from integer, offer integer, needs text not null default '',
    check ((state = 'sent') = (coupon_code is not null))
) strict
;

CREATE VIRTUAL TABLE request_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = "unicode61 remove_diacritics 2"
);

CREATE TABLE 'request_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'request_words_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'request_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TRIGGER event_follows_the_last before insert on event
when new.seq is not (select coalesce(max(seq), 0) + 1 from event)
begin select raise(abort, 'an event follows the last one'); end;

CREATE TRIGGER event_is_never_deleted before delete on event
begin select raise(abort, 'events are never deleted'); end;

CREATE TRIGGER event_is_never_updated before update on event
begin select raise(abort, 'events are never changed'); end;
