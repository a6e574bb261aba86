"""The tables of batches, as the eighth step of `storage.migrations` makes them."""

from __future__ import annotations

from typing import Final

BATCHES: Final = (
    """
create table batch (
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
) strict
""",
    # Of drafts alone: what became a request stands in `request`, and the rest is forgotten. `problem` not
    # empty: a bad line, of which `read` is what stands in `column_name`; `facts`: all that is wrong in it.
    """
create table batch_line (
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
""",
    # `seq`: the event that tells of it. Before a line is sent the event is read, and not this row believed.
    """
create table batch_approval (
    batch integer not null references batch (id),
    approver text not null,
    at integer not null,
    seq integer not null,
    primary key (batch, approver)
) strict, without rowid
""",
    "alter table request add column batch_row integer",
    "alter table click add column batch integer",
    "alter table outbox add column batch integer",
    # By customers that are to be forgotten.
    "create index batch_line_by_openid on batch_line (openid)",
    "create index batch_by_state on batch (state)",
    "create index batch_without_result on batch (state) where result_promised = 0",
    "create index batch_by_sha256 on batch (sha256) where sha256 <> ''",
    # Lines have no time of their own to expire: a small index stays small.
    "drop index request_expiry",
    "create index request_expiry on request (expires_at) where state = 'pending' and batch is null",
    "create index request_by_batch on request (batch, state, id) where batch is not null",
    "create unique index request_by_row on request (batch, batch_row) where batch is not null",
)
