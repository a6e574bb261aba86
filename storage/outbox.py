"""Statements on the promises to tell Slack."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from coupons.ports import Clock, Topic
from coupons.posts import LONGEST_PAUSE_MS, Backlog, Post, PostKind, WaitingPost
from storage.base_rows import BaseRows, bound
from storage.dialect_sqlite import LISTED

#: A promise made again while it waits is one promise; its version tells the poster to draw once more.
_AGAIN = """
on conflict (key) do update set version = outbox.version + 1,
    due_at = case when excluded.due_at < outbox.due_at then excluded.due_at else outbox.due_at end
"""
_POST = f"""
insert into outbox (key, kind, request_id, batch, seq, person, channel, approval_seq, due_at, promised_at)
values (:key, :kind, :request_id, :batch, :seq, :person, :channel, :approval_seq, :due_at, :now)
{_AGAIN}
"""
#: The newest first: people look at the end of a channel. A card that does not stand yet is drawn twice.
_REDRAW_OPEN = f"""
insert into outbox (key, kind, request_id, due_at, promised_at)
select case when card_ts is null then 'card:' else 'redraw:' end || id,
    case when card_ts is null then 'card' else 'redraw' end, id, 0, :now
from request where batch is null and state in ('pending', 'approved', 'sending', 'unknown', 'held')
order by id desc
{_AGAIN}
"""
_REDRAW_BATCHES = f"""
insert into outbox (key, kind, batch, due_at, promised_at)
select 'batch_card:' || id, 'batch_card', id, 0, :now
from batch where state in ('pending', 'approved', 'running', 'paused') order by id desc
{_AGAIN}
"""
#: A reply waits for its card, which was promised before it and is drawn in another lane.
_DUE = f"""
select post.*, coalesce(request.card_ts, batch.card_ts) is not null as card_stands
from outbox as post
    left join request on request.id = post.request_id
    left join batch on batch.id = post.batch
where post.kind = :kind and (post.due_at <= :now or post.due_at > :latest)
  and case
      when post.kind = 'redraw'
          or (post.kind in ('card', 'batch_card') and coalesce(request.card_ts, batch.card_ts) is not null)
      then 'redraw/'
      else coalesce(post.channel, '') || '/' || coalesce(post.person, '')
  end not in {LISTED}
  and not (post.kind = 'step' and exists (
      select 1 from outbox as card
      where card.key in ('card:' || post.request_id, 'batch_card:' || post.batch) and card.id < post.id
        and (card.due_at <= :now or card.due_at > :latest)
  ))
order by post.id limit :limit
"""
#: Mostly there is none of a kind, and to see only that costs a twentieth of a search for wide rows in order.
_ANY_DUE = "select 1 from outbox where kind = :kind and (due_at <= :now or due_at > :latest) limit 1"
_NEXT_DUE = "select min(due_at) as due from outbox where due_at > :after"
_WAITING = """
select kind, count(*) as count, min(promised_at) as oldest_at from outbox group by kind
"""
_RECALL = "delete from outbox where key = :key and maybe_posted = 0"
_MAY_BE_POSTED = "select 1 from outbox where key = :key and maybe_posted = 1"
_START = """
update outbox set maybe_posted = 1
where id = :id and exists (select 1 from lease where name = :lease and holder = :holder)
"""
_NOT_POSTED = "update outbox set maybe_posted = 0 where id = :id"
_FINISH = "delete from outbox where id = :id and version = :version"
_RENEWED = "update outbox set maybe_posted = 0, tries = 0 where id = :id"
_PUT_OFF = "update outbox set due_at = :due_at, tries = tries + 1 where id = :id"


class OutboxRows(BaseRows):
    """What Slack is still to be told."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        super().__init__(connection, clock)
        #: What was promised in this transaction, and when it is due: of many lines each promises its batch's
        #: card. Whatever else is done with a promise empties it.
        self._promised: dict[str, int] = {}

    def undo_job(self) -> None:
        super().undo_job()
        self._promised.clear()

    def post(self, post: Post, after_ms: int = 0) -> None:
        self.topics.add(Topic.POSTS)
        key, now = post.key, self._clock()
        # What is due at once is so by any clock: one that is set back must not keep it waiting.
        due_at = now + after_ms if after_ms else 0
        if self._promised.get(key, due_at + 1) <= due_at:
            return
        self._promised[key] = due_at
        values = {
            "key": key,
            "kind": post.kind,
            "request_id": post.request_id,
            "batch": post.batch,
            "seq": post.seq,
            "person": post.person,
            "channel": post.channel,
            "approval_seq": post.approval_seq,
            "due_at": due_at,
            "now": now,
        }
        self._connection.execute(_POST, bound(values))

    def recall_post(self, key: str) -> bool:
        self._promised.clear()
        return bool(self._connection.execute(_RECALL, bound({"key": key})).rowcount)

    def redraw_open_cards(self) -> None:
        self.topics.add(Topic.POSTS)
        self._promised.clear()
        for sql in (_REDRAW_OPEN, _REDRAW_BATCHES):
            self._connection.execute(sql, {"now": self._clock()})

    def due_posts(
        self, kind: PostKind, now: int, limit: int, but: Collection[str] = ()
    ) -> Sequence[WaitingPost]:
        values: dict[str, Any] = {"kind": str(kind), "now": now, "latest": now + LONGEST_PAUSE_MS}
        if self._connection.execute(_ANY_DUE, values).fetchone() is None:
            return []
        values |= {"limit": limit, "listed": json.dumps(list(but))}
        return [_waiting_post(row) for row in self._connection.execute(_DUE, values).fetchall()]

    def may_be_posted(self, key: str) -> bool:
        return self._connection.execute(_MAY_BE_POSTED, bound({"key": key})).fetchone() is not None

    def next_post_due(self, after: int) -> int | None:
        due = self._connection.execute(_NEXT_DUE, {"after": after}).fetchone()["due"]
        return None if due is None else int(due)

    def waiting_posts(self) -> Mapping[PostKind, Backlog]:
        rows = self._connection.execute(_WAITING).fetchall()
        return {PostKind(row["kind"]): Backlog(row["count"], row["oldest_at"]) for row in rows}

    def start_posting(self, post_id: int, lease: str, holder: str) -> bool:
        self._promised.clear()
        values = {"id": post_id, "lease": lease, "holder": holder}
        return bool(self._connection.execute(_START, bound(values)).rowcount)

    def not_posted(self, post_id: int) -> None:
        self._promised.clear()
        self._connection.execute(_NOT_POSTED, {"id": post_id})

    def finish_post(self, post_id: int, version: int) -> bool:
        self._promised.clear()
        if self._connection.execute(_FINISH, {"id": post_id, "version": version}).rowcount:
            return True
        self.topics.add(Topic.POSTS)
        self._connection.execute(_RENEWED, {"id": post_id})
        return False

    def put_post_off(self, post_id: int, due_at: int) -> None:
        self.topics.add(Topic.POSTS)
        self._promised.clear()
        self._connection.execute(_PUT_OFF, {"id": post_id, "due_at": due_at})


def _waiting_post(row: Any) -> WaitingPost:
    return WaitingPost(
        id=row["id"],
        post=Post(
            kind=PostKind(row["kind"]),
            request_id=row["request_id"],
            batch=row["batch"],
            seq=row["seq"],
            person=row["person"],
            channel=row["channel"],
            approval_seq=row["approval_seq"],
        ),
        version=row["version"],
        tries=row["tries"],
        maybe_posted=bool(row["maybe_posted"]),
        promised_at=row["promised_at"],
        card_stands=bool(row["card_stands"]),
    )
