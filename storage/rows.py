"""`coupons.ports.Reading` and `Transaction`: the statements of each subject under the business's names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from coupons.audit_words import Filter, Found
from coupons.model import Approval, Click, ConsoleLink, Draft, History, NewClick, Pause, Request
from coupons.ports import Clock, Delivery, Topic
from coupons.posts import Post, PostKind
from coupons.recording import Event, Recorded
from coupons.terms import Used
from storage.audit import EventRows
from storage.clicks import ClickRows
from storage.console_links import ConsoleLinkRows
from storage.erasing import Erasing
from storage.notices import NoticeRows
from storage.outbox import OutboxRows
from storage.pauses import PauseRow
from storage.requests import RequestRows
from storage.search import Search
from storage.uses import Uses


class Rows:
    """Looks at one moment of the database."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        self._clock = clock
        self._requests = RequestRows(connection)
        self._clicks = ClickRows(connection)
        self._outbox = OutboxRows(connection)
        self._events = EventRows(connection)
        self._uses = Uses(connection)
        self._pause = PauseRow(connection)
        self._console_links = ConsoleLinkRows(connection)
        self._search = Search(connection)
        self._erasing = Erasing(connection)

    def request(self, request_id: int) -> Request | None:
        return self._requests.by_id(request_id)

    def highest_number(self) -> int:
        return self._requests.highest_number()

    def request_by_number(self, out_request_no: str) -> Request | None:
        return self._requests.by_number(out_request_no)

    def request_by_coupon(self, stock_id: str, coupon_code: str) -> Request | None:
        return self._requests.by_coupon(stock_id, coupon_code)

    def doubtful_requests(self, stock_id: str, openid: str | None, limit: int) -> Sequence[Request]:
        return self._requests.doubtful(stock_id, openid, limit)

    def open_requests_of(self, requester: str, limit: int) -> Sequence[Request]:
        return self._requests.open_of(requester, limit)

    def approvals(self, request_id: int) -> Sequence[Approval]:
        return self._requests.approvals(request_id)

    def event(self, seq: int) -> Recorded | None:
        return self._events.by_seq(seq)

    def events_of(self, request_id: int, tags: Collection[str] = ()) -> Sequence[Recorded]:
        return self._events.of_request(request_id, tags)

    def duplicate_of(self, *, openid: str, stock_id: str, ticket: str, since: int) -> Request | None:
        return self._requests.duplicate_of(openid=openid, stock_id=stock_id, ticket=ticket, since=since)

    def used_by_customer(self, openid: str, since: int, before: int | None = None) -> Used:
        return self._uses.by_customer(openid, since, before)

    def used_by_requester(self, requester: str, since: int) -> Used:
        return self._uses.by_requester(requester, since)

    def asked_for_by(self, requester: str, since: int, last: int) -> Used:
        return self._uses.asked_for_by(requester, since, last)

    def used_of_stock(self, stock_id: str, since: int) -> Used:
        return self._uses.of_stock(stock_id, since)

    def used_by_all(self, since: int) -> Used:
        return self._uses.by_all(since)

    def used_automatically(self, since: int) -> Used:
        return self._uses.automatic(since)

    def history_of_customer(self, openid: str) -> History:
        return self._uses.history(openid)

    def requests_of_customer(self, openid: str, limit: int) -> Sequence[Request]:
        return self._requests.of_customer(openid, limit)

    def requests_of(self, requester: str, limit: int) -> Sequence[Request]:
        return self._requests.of_requester(requester, limit)

    def pending_requests(self, limit: int) -> Sequence[Request]:
        return self._requests.pending(limit)

    def follower_of(self, request_id: int) -> Request | None:
        return self._requests.follower_of(request_id)

    def pause(self) -> Pause | None:
        return self._pause.get()

    def find_requests(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Found]:
        return self._search.requests(asked, below=below, limit=limit)

    def find_told(self, asked: Filter, *, limit: int) -> Sequence[Recorded]:
        return self._search.told(asked, limit=limit)

    def find_events(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Recorded]:
        return self._search.events(asked, below=below, limit=limit)

    def count_found(self, asked: Filter, *, most: int) -> int:
        if asked.asks_for_events:
            return self._search.count_events(asked, most=most)
        return self._search.count_requests(asked, most=most)

    def console_link(self, digest: str) -> ConsoleLink | None:
        return self._console_links.get(digest)

    def requests_to_remind(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        return self._requests.to_remind(now, limit, latest)

    def next_reminder(self) -> int | None:
        return self._requests.next_reminder()

    def due_requests(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        return self._requests.due(now, limit, latest)

    def head(self) -> tuple[int, str]:
        return self._events.head()

    def hash_of(self, seq: int) -> str | None:
        return self._events.hash_of(seq)

    def customer_of(self, openid: str) -> int | None:
        return self._erasing.customer_of(openid)

    def open_requests_of_customer(self, customer: int) -> Sequence[int]:
        return self._erasing.open_of(customer)

    def customers_to_forget(self, before: int, limit: int, only: int | None = None) -> Sequence[int]:
        return self._erasing.due(before, limit, only)

    def last_erasure(self) -> int:
        return self._erasing.last()

    def requests_to_look_for(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        return self._requests.to_look_for(now, limit, latest)

    def expired_requests(self, now: int, limit: int) -> Sequence[Request]:
        return self._requests.expired(now, limit)

    def next_send_due(self) -> int | None:
        return self._requests.next_send_due()

    def asked_ahead(self, after: int) -> int | None:
        return self._requests.asked_ahead(after)

    def next_expiry(self) -> int | None:
        return self._requests.next_expiry()

    def interrupted_requests(self) -> Sequence[Request]:
        return self._requests.interrupted()

    def open_clicks(self, limit: int, but: Collection[int] = ()) -> Sequence[Click]:
        return self._clicks.open(limit, but)

    def due_posts(
        self, kind: PostKind, now: int, limit: int, but: Collection[str] = ()
    ) -> Sequence[Delivery]:
        return self._outbox.due(kind, now, limit, but)

    def may_be_posted(self, key: str) -> bool:
        return self._outbox.may_be_posted(key)

    def next_post_due(self, after: int) -> int | None:
        return self._outbox.next_due(after)


class WritableRows(Rows):
    """The same, and changes; `topics` is what they touched."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        super().__init__(connection, clock)
        self._notices = NoticeRows(connection)
        self.topics: set[Topic] = set()

    def erase_customer(self, customer: int) -> int:
        return self._erasing.erase(customer)

    def add_request(self, draft: Draft) -> tuple[Request, bool]:
        self.topics.add(Topic.REQUESTS)
        return self._requests.add(draft)

    def begin_numbers_above(self, number: int) -> None:
        self._requests.begin_above(number)

    def save(self, before: Request, after: Request) -> Request:
        self.topics.add(Topic.REQUESTS)
        return self._requests.save(before, after)

    def resume_waiting(self, now: int, since: int) -> None:
        self.topics.add(Topic.REQUESTS)
        self._requests.resume(now, since)

    def set_waiting_right(self, now: int, after: int) -> Sequence[int]:
        self.topics.add(Topic.REQUESTS)
        return self._requests.set_right(now, after)

    def add_approval(self, approval: Approval) -> bool:
        self.topics.add(Topic.REQUESTS)
        return self._requests.add_approval(approval)

    def append(self, event: Event) -> int:
        return self._events.append(event, self._clock())

    def post(self, post: Post) -> None:
        self.topics.add(Topic.POSTS)
        self._outbox.post(post, self._clock())

    def redraw_open_cards(self) -> None:
        self.topics.add(Topic.POSTS)
        self._outbox.redraw_open(self._clock())

    def set_pause(self, pause: Pause | None) -> None:
        # What waited goes on at once.
        self.topics.add(Topic.REQUESTS)
        self._pause.set(pause)

    def add_console_link(self, *, digest: str, person: str, made_at: int, expires_at: int) -> None:
        self._console_links.add(digest=digest, person=person, made_at=made_at, expires_at=expires_at)

    def use_console_link(self, digest: str, at: int) -> bool:
        return self._console_links.use(digest, at)

    def add_click(self, click: NewClick) -> bool:
        self.topics.add(Topic.CLICKS)
        return self._clicks.add(click)

    def close_click(self, click_id: int) -> bool:
        return self._clicks.close(click_id)

    def add_notice(self, *, stock_id: str, coupon_code: str, event: str, at: int) -> bool:
        return self._notices.add(stock_id=stock_id, coupon_code=coupon_code, event=event, at=at)

    def set_card(self, request_id: int, channel: str, ts: str) -> None:
        self._requests.set_card(request_id, channel, ts)

    def start_posting(self, post_id: int) -> None:
        self._outbox.start(post_id)

    def not_posted(self, post_id: int) -> None:
        self._outbox.not_posted(post_id)

    def finish_post(self, post_id: int, version: int) -> bool:
        finished = self._outbox.finish(post_id, version)
        if not finished:
            self.topics.add(Topic.POSTS)
        return finished

    def put_post_off(self, post_id: int, due_at: int) -> None:
        self.topics.add(Topic.POSTS)
        self._outbox.put_off(post_id, due_at)
