"""What the business needs from outside, as Protocols: storage, WeChat Pay, Slack's directory.

Implementations: `storage.ledger`, `wechatpay.issuer`, `handlers.directory`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from coupons.absence_ports import AbsenceChanges, AbsenceRecords
from coupons.audit_ports import AuditSearch
from coupons.batch_ports import BatchChanges, BatchRecords, DueBatches
from coupons.coupon_ports import CouponChanges, CouponIssuer, CouponRecords
from coupons.home_ports import HomeRecords
from coupons.ticket_ports import TicketRecords

if TYPE_CHECKING:
    from coupons.batch import AskedLately
    from coupons.model import (
        Approval,
        Click,
        CodeMode,
        ConsoleLink,
        Draft,
        History,
        Lease,
        NewClick,
        Pause,
        Person,
        Request,
    )
    from coupons.outcome import Outcome
    from coupons.posts import Backlog, Post, PostKind, WaitingPost
    from coupons.recording import Event, Recorded
    from coupons.rules import Used
    from coupons.totals import Counts, Total

T = TypeVar("T")

#: UTC milliseconds.
Clock = Callable[[], int]


class Topic(StrEnum):
    """What a commit touched: the loops wait for theirs."""

    REQUESTS = "requests"
    CLICKS = "clicks"
    POSTS = "posts"
    BATCHES = "batches"
    ABSENCES = "absences"


class Records(BatchRecords, CouponRecords, TicketRecords, AbsenceRecords, Protocol):
    """What decisions need: requests, their stories, and what was asked for already."""

    def request(self, request_id: int) -> Request | None: ...

    def request_by_number(self, out_request_no: str) -> Request | None: ...

    def request_by_coupon(self, stock_id: str, coupon_code: str) -> Request | None:
        """The sent request with this coupon."""

    def highest_number(self) -> int:
        """Of the requests: the highest `id` that was ever given out in this file; 0: none."""

    def doubtful_requests(self, stock_id: str, openid: str | None, limit: int) -> Sequence[Request]:
        """Of this stock and (where it is known) customer, with an attempt that may have given the coupon:
        sending, unknown or held, the oldest first."""

    def undos_of(self, request_id: int) -> Sequence[Request]:
        """Each undo of this request that was ever asked for, oldest first."""

    def open_requests_of(self, requester: str, limit: int) -> Sequence[Request]:
        """Those not in a final state, newest first."""

    def held_requests(self, limit: int) -> Sequence[Request]:
        """The oldest first, without the lines that go on with their paused batch."""

    def follower_of(self, request_id: int) -> Request | None:
        """The request that was sent, edited, in place of this declined one."""

    def duplicate_of(self, *, openid: str, stock_id: str, ticket: str, since: int) -> Request | None:
        """The newest counted request since then for the same customer and stock, or the same ticket."""

    def asked_lately(self, openids: Collection[str], tickets: Collection[str], since: int) -> AskedLately:
        """The same for the lines of a batch: for these customers, and with these tickets."""

    def approvals(self, request_id: int) -> Sequence[Approval]:
        """In the order in which they were given; of a line of a batch the batch's."""

    def requests(self, request_ids: Collection[int]) -> Mapping[int, Request]:
        """By `id`, those that are there."""

    def event(self, seq: int) -> Recorded | None: ...

    def events_of(self, request_id: int, tags: Collection[str] = ()) -> Sequence[Recorded]:
        """One request's story, oldest first; of `tags` only, if there are any."""

    def events_of_many(
        self, request_ids: Collection[int], tags: Collection[str]
    ) -> Mapping[int, Sequence[Recorded]]:
        """The same for many, of these tags; a request without any is left out."""

    def used(self, totals: Collection[Total], now: int) -> Counts:
        """What was asked for already, for each of these; `lifecycle.UNCOUNTED` states are not counted."""

    def used_by_customer(self, openid: str, since: int, before: int) -> Used:
        """Counted in the same way: created since then, with an `id` below `before`."""

    def asked_for_by(self, requester: str, since: int, last: int) -> Used:
        """Requests since then up to number `last`, in whatever state."""

    def history_of_customer(self, openid: str) -> History: ...

    def pause(self) -> Pause | None:
        """None: sending goes on."""

    def console_link(self, digest: str) -> ConsoleLink | None:
        """`digest`: SHA-256 of the link's secret, lower-case hex."""

    def customer_of(self, openid: str) -> int | None:
        """The number of the customer with this openid."""

    def lines_with(self, openid: str) -> int:
        """How many lines of files hold it: good ones of drafts, and what is kept of bad ones."""

    def open_requests_of_customer(self, customer: int) -> Sequence[int]:
        """Numbers of those that are not decided, sent or settled yet."""

    def lease_clock(self) -> int:
        """UTC milliseconds, of the one clock by which all who write here count leases."""

    def may_be_posted(self, key: str) -> bool:
        """Whether the promise with this `Post.key` may stand in Slack while it still waits: it is being
        posted, or its outcome got lost."""


class DueWork(DueBatches, Protocol):
    """What loops need: what is due, and when the next is."""

    def due_requests(
        self, now: int, limit: int, latest: int, *, in_batch: bool = False, but: Collection[str] = ()
    ) -> Sequence[Request]:
        """In a SENDABLE state, `due_at` reached (or after `latest`), none running; the longest due first.
        What is approved and was not tried yet waits for no time: a clock was set back since.

        Of no batch; or of the batches that run, the oldest batch first. `but` those of these stocks.
        """

    def stopped_stocks(self) -> Collection[str]:
        """Of which a line of a batch is held since WeChat Pay said no: an operator must act first."""

    def requests_to_look_up(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        """Unknown or held, `look_at` reached (`latest` as above), none running; the longest due first."""

    def interrupted_requests(self, now: int, latest: int) -> Sequence[Request]:
        """Marked as running, and the attempt's lease is over (or ends after `latest`), by `lease_clock`."""

    def next_send_due(self) -> int | None:
        """The earliest `due_at` of requests in a SENDABLE state that are not running, `look_at` of unknown
        and held ones, or end of an attempt's lease."""

    def requests_to_remind(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        """Pending, `remind_at` reached (or after `latest`: set by a wrong clock); the longest due first."""

    def next_reminder(self) -> int | None:
        """The earliest `remind_at` of pending requests and batches."""

    def was_reminded_without_list(self, year: int) -> bool:
        """Whether a reminder told that the holidays of this year are not listed."""

    def expired_requests(self, now: int, limit: int) -> Sequence[Request]:
        """Pending, `expires_at` reached."""

    def next_expiry(self) -> int | None:
        """The earliest `expires_at` of pending requests."""

    def asked_ahead(self, after: int) -> int | None:
        """The earliest `waits_from` later than `after` of pending requests and batches."""

    def open_clicks(self, limit: int, but: Collection[int] = ()) -> Sequence[Click]:
        """Kept and not yet decided, oldest first; `but` these ids."""

    def due_posts(
        self, kind: PostKind, now: int, limit: int, but: Collection[str] = ()
    ) -> Sequence[WaitingPost]:
        """Promised to Slack, of this kind, and due, oldest first; `but` those in these `WaitingPost.lane`s,
        and replies to a card that was promised before them and is due, too."""

    def next_post_due(self, after: int) -> int | None:
        """The earliest `due_at` later than `after`: what is due already is being worked on."""

    def waiting_posts(self) -> Mapping[PostKind, Backlog]:
        """All that is promised to Slack and not told yet, due or not; without the kinds of which none is."""

    def customers_to_forget(self, before: int, limit: int, only: int | None = None) -> Sequence[int]:
        """Customers with nothing open and nothing new since `before`; `only`: this one, if it is one."""

    def last_erasure(self) -> int:
        """The `seq` of the newest event that tells of a forgotten customer; 0: there is none."""


class Reading(Records, DueWork, AuditSearch, HomeRecords, Protocol):
    """Committed rows of one moment (and, inside a Transaction, its own writes)."""


class Transaction(Reading, BatchChanges, CouponChanges, AbsenceChanges, Protocol):
    """One all-or-nothing change. Everything done through it is committed together, or not at all."""

    def add_requests(self, drafts: Sequence[Draft]) -> Sequence[tuple[Request, bool]]:
        """For each, in order: the new row and True, or the row that has this `out_request_no` and False."""

    def begin_numbers_above(self, number: int) -> None:
        """The next request's `id` is higher."""

    def save(self, before: Request, after: Request) -> Request:
        """Write of `after` what may change if the row still is at `before.rev`; returns `before` with that.

        Raises RowChanged.
        """

    def save_all(self, pairs: Sequence[tuple[Request, Request]]) -> Sequence[Request]:
        """As `save`, of many different ones, before and after. Raises RowChanged: none may be saved then."""

    def renew_attempt(self, begun: Request, until: int) -> None:
        """Its lease ends then, if this attempt still runs and is still `begun.running_by`'s."""

    def resume_waiting(self, now: int, since: int) -> None:
        """What waits has, from now on, the time that it had left at `since`, when sending was paused.

        What was asked for later than that has its whole time.
        """

    def set_waiting_right(self, now: int, after: int) -> Sequence[int]:
        """What waits from later than `after` waits from now, with its whole time; returns their numbers."""

    def add_approval(self, approval: Approval) -> bool:
        """False: this person has approved this request already."""

    def remove_approval(self, request_id: int, approver: str) -> bool:
        """False: this person has not approved this request."""

    def change_stock(self, before: Request, after: Request) -> Request:
        """Write what `after` is for, with its bytes and what it needs, before anything was sent.

        Raises RowChanged: also where an attempt was made, or it no longer waits for approvals.
        """

    def append(self, event: Event) -> int:
        """Write the event; returns its `seq`."""

    def append_all(self, events: Sequence[Event]) -> int:
        """Write them, in their order; returns the `seq` of the last event of the log."""

    def post(self, post: Post, after_ms: int = 0) -> None:
        """Promise to tell Slack, not before so long; waiting promises with the same key become one."""

    def recall_post(self, key: str) -> bool:
        """Take the promise with this `Post.key` back. False: it was kept, is being kept, or there is none."""

    def redraw_open_cards(self) -> None:
        """Promise that the cards of all that is not finished are drawn anew."""

    def set_pause(self, pause: Pause | None) -> None:
        """None: resume."""

    def take_lease(self, name: str, holder: str, ms: int) -> Lease:
        """Who holds it now: `holder`, for `ms` from now on, unless somebody else's term has not ended."""

    def close_lane(self, lease: str, until: int) -> None:
        """Slack takes nothing in the lane of this lease before then, by `lease_clock`."""

    def erase_customer(self, customer: int) -> int:
        """`erased:<number>` takes the openid's place for good; returns how many requests they had."""

    def erase_lines(self, openid: str) -> None:
        """In `lines_with` it: whether or not a customer has the openid."""

    def add_console_link(self, *, digest: str, person: str, made_at: int, expires_at: int) -> None: ...

    def use_console_link(self, digest: str, at: int) -> bool:
        """False: it is unknown, or was used before."""

    def add_click(self, click: NewClick) -> bool:
        """False: this delivery was kept before."""

    def close_click(self, click_id: int) -> bool:
        """False: it was decided before."""

    def add_notification(self, *, stock_id: str, coupon_code: str, event: str, at: int) -> bool:
        """False: this notification was kept before."""

    def set_card(self, request_id: int, channel: str, ts: str) -> None:
        """Where the card stands. No new revision: it changes nothing that people decide on."""

    def start_posting(self, post_id: int, lease: str, holder: str) -> bool:
        """Remember, before the first byte leaves, that this may stand in Slack already. False: it was
        recalled or told, or `holder` does not hold this lease any more."""

    def not_posted(self, post_id: int) -> None:
        """Slack said no: it does not stand there."""

    def finish_post(self, post_id: int, version: int) -> bool:
        """Forget the promise; False if it was renewed meanwhile and so must be told once more."""

    def put_post_off(self, post_id: int, due_at: int) -> None:
        """Try again then."""


class Ledger(Protocol):
    """Storage. `work` and `query` are plain functions, run away from the event loop."""

    async def write(self, work: Callable[[Transaction], T], *, later: bool = False) -> T:
        """Run `work` in one transaction; durable when this returns.

        `later`: it is a part of something long, and all else that waits goes before it.

        What `work` raises undoes all it did and is raised here. `work` must have no other side effect.
        Raises StorageUnavailable: it is not known whether the change was kept.
        """

    async def read(self, query: Callable[[Reading], T]) -> T: ...

    async def write_back(self) -> bool:
        """Make what was erased unreadable in the storage's files too; False: a reader puts it off.

        Raises StorageUnavailable.
        """


#: On the wire, where only so many fit. Entering it may take its time, and what it raises is raised on.
Place = AbstractAsyncContextManager[None]


class Issuer(CouponIssuer, Protocol):
    """WeChat Pay, in our own verbs."""

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        """The exact body of the send request: pure, and the same for ever for the same arguments."""

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        """One attempt. Never raises for what WeChat Pay or the wire does: that is the outcome.

        All is made ready before `place` is entered, once, and nothing leaves before that.
        """

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        """The coupon code given under this number, or None when a verified list does not hold it.

        Raises IssuerUnavailable.
        """

    def compose_undo(self, *, out_request_no: str, stock_id: str, coupon_code: str) -> bytes:
        """The exact body that takes a coupon back; as `compose`."""

    async def undo(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        """One attempt to take it back; as `send`."""


class Directory(Protocol):
    """Slack's present word on people and user groups (groups may be up to 30 seconds old)."""

    async def person(self, user_id: str) -> Person:
        """Raises DirectoryUnavailable."""

    async def members(self, group_id: str) -> frozenset[str]:
        """Raises DirectoryUnavailable."""
