"""Every tag of the audit log, and what the events of requests and of the bot tell.

Those of the log itself, of calls by hand and of the console are in `coupons.audit_events`.

An event is written in the same transaction as the change it tells of. Records carry the customer's number,
never the openid, so that a person can be forgotten while the chain stays whole. What is `Personal` is a
person's number, a person's own words, or somebody's name; beside these, `actor` is always a person's.
Retired tags stay here as comments: old rows keep them, and may lack what a record has now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from coupons.recording import Json, Payload, Personal


class Tag(StrEnum):
    """`subject:what happened`; each is told by the record of its name below."""

    REQUEST_CREATED = "request:created"
    APPROVAL_GIVEN = "approval:given"
    APPROVAL_WITHDRAWN = "approval:withdrawn"
    QUESTION_ASKED = "question:asked"
    QUESTION_ANSWERED = "question:answered"
    OFFER_MADE = "offer:made"
    OFFER_ACCEPTED = "offer:accepted"
    OFFER_DECLINED = "offer:declined"
    OFFER_WITHDRAWN = "offer:withdrawn"
    REQUEST_APPROVED = "request:approved"
    REQUEST_DECLINED = "request:declined"
    REQUEST_CANCELLED = "request:cancelled"
    REQUEST_EXPIRED = "request:expired"
    ATTEMPT_STARTED = "attempt:started"
    ATTEMPT_FINISHED = "attempt:finished"
    ATTEMPT_LATE = "attempt:late"
    COUPON_LOOKED_UP = "coupon:looked_up"
    COUPON_RECEIVED = "coupon:received"
    COUPON_CHANGED = "coupon:changed"
    COUPON_VIEWED = "coupon:viewed"
    REQUEST_SENT = "request:sent"
    REQUEST_REFUSED = "request:refused"
    REQUEST_UNKNOWN = "request:unknown"
    REQUEST_HELD = "request:held"
    REQUEST_RETRIED = "request:retried"
    REQUEST_CLOSED = "request:closed"
    UNDO_CREATED = "undo:created"
    UNDO_DONE = "undo:done"
    UNDO_REFUSED = "undo:refused"
    BATCH_CREATED = "batch:created"
    BATCH_APPROVED = "batch:approved"
    BATCH_DECLINED = "batch:declined"
    BATCH_EXPIRED = "batch:expired"
    BATCH_CANCELLED = "batch:cancelled"
    BATCH_STRUCK = "batch:struck"
    BATCH_PAUSED = "batch:paused"
    BATCH_RESUMED = "batch:resumed"
    BATCH_DONE = "batch:done"
    CLICK_REFUSED = "click:refused"
    COMMAND_REFUSED = "command:refused"
    REQUEST_URGED = "request:urged"
    REQUEST_REMINDED = "request:reminded"
    SENDING_PAUSED = "sending:paused"
    SENDING_RESUMED = "sending:resumed"
    ABSENCE_BEGAN = "absence:began"
    ABSENCE_ENDED = "absence:ended"
    BOT_STARTED = "bot:started"
    BOT_STOPPED = "bot:stopped"
    SETTINGS_CHANGED = "settings:changed"
    CLOCK_DOUBTED = "clock:doubted"
    CLOCK_CONFIRMED = "clock:confirmed"
    DATABASE_RESTORED = "database:restored"
    NUMBERS_RAISED = "numbers:raised"
    AUDIT_CHECKPOINT = "audit:checkpoint"
    AUDIT_KEY_CHANGED = "audit:key_changed"
    AUDIT_SEARCHED = "audit:searched"
    AUDIT_VIEWED = "audit:viewed"
    AUDIT_EXPORTED = "audit:exported"
    AUDIT_REPORTED = "audit:reported"
    AUDIT_RECONCILED = "audit:reconciled"
    WEEK_REPORTED = "week:reported"
    AUDIT_REFUSED = "audit:refused"
    OPENID_VIEWED = "openid:viewed"
    CUSTOMER_ERASED = "customer:erased"
    WECHAT_CALLED = "wechat:called"
    WECHAT_ANSWERED = "wechat:answered"
    CONSOLE_LINK_MADE = "console:link_made"
    CONSOLE_SIGNED_IN = "console:signed_in"
    CONSOLE_REFUSED = "console:refused"


# --- a request's life


class RequestCreated(Payload, tag=Tag.REQUEST_CREATED):
    """`rule`: its place in coupon.toml, 0 without. `raised`: the limits that ask for one approval more each.

    `duplicate_of`: like this one, as the requester confirmed. `follows`: declined, and edited to this one.
    `body_sha256`: of the exact bytes for WeChat Pay, which name the openid. `batch`, `row`: of a batch, and
    where in its file; approvals are then given to the batch. `needs`: of whom approvals are asked, where
    several groups are: `parts` with `of` and `count`, and whether they come `in_order`.
    """

    customer: Personal[int]
    stock_id: str
    stock_name: str
    value_fen: int
    reason: Personal[str]
    ticket: Personal[str]
    approvals_needed: int
    body_sha256: str
    rule: int
    raised: Sequence[str]
    duplicate_of: int | None
    follows: int | None
    out_request_no: str
    batch: int | None = None
    row: int | None = None
    needs: Personal[Mapping[str, Json] | None] = None


class ApprovalGiven(Payload, tag=Tag.APPROVAL_GIVEN):
    """One for each approver: the `count`th of `needed`; of a request, or of a `batch`.

    `fills`: the parts of its `needs`, from 1, that the approver's groups could fill at that moment.
    `offer`: by the smaller coupon that they offered, which the requester took.
    """

    count: int
    needed: int
    batch: int | None = None
    fills: Personal[Sequence[int] | None] = None
    offer: int | None = None


class RequestApproved(Payload, tag=Tag.REQUEST_APPROVED):
    """Once, at the last approval, with all who gave one; without any it was `rule` that let it pass.

    `batch`: it is a line of one, whose approvals these are.
    """

    approvals: Personal[Sequence[str]]
    rule: int | None = None
    batch: int | None = None


class RequestDeclined(Payload, tag=Tag.REQUEST_DECLINED):
    reason: Personal[str]


class RequestCancelled(Payload, tag=Tag.REQUEST_CANCELLED):
    """By its requester, before the first attempt."""


class RequestExpired(Payload, tag=Tag.REQUEST_EXPIRED):
    """Its approvals did not come in time."""


class AttemptStarted(Payload, tag=Tag.ATTEMPT_STARTED):
    """Committed before the first byte of a call leaves."""

    attempt: int
    out_request_no: str
    body_sha256: str


class AttemptFinished(Payload, tag=Tag.ATTEMPT_FINISHED):
    """`verified`: WeChat Pay's signature was good. `wechatpay_request_id` is the answer's Request-ID,
    `serial_no` names the key that signed it; what did not come is left out."""

    attempt: int
    kind: str
    verified: bool
    code: str
    remedy: str | None = None
    status: int | None = None
    message: str | None = None
    wechatpay_request_id: str | None = None
    serial_no: str | None = None


class AttemptLate(AttemptFinished, tag=Tag.ATTEMPT_LATE):
    """Its outcome came after it had been called interrupted: kept, and no more than a reason to look."""

    coupon_code: Personal[str | None] = None


class CouponLookedUp(Payload, tag=Tag.COUPON_LOOKED_UP):
    """A lookup of the customer's coupons for our number. `by`: if not by an attempt, what it was made for: a
    `notification`, or a `hold` that somebody wants to close; then so many did not find it since the hold.
    """

    result: str
    by: str | None = None
    absent: int | None = None


class CouponReceived(Payload, tag=Tag.COUPON_RECEIVED):
    """WeChat Pay notified us of a coupon that a customer received; of a request when the code is known.

    `woke`: the requests in doubt that are looked up because of it.
    """

    event: str
    stock_id: str
    coupon_code: Personal[str]
    send_channel: str
    send_time: str
    matched: bool
    woke: Sequence[int]


class RequestSent(Payload, tag=Tag.REQUEST_SENT):
    """`by`: how we know, from the `answer` or from a `look`."""

    coupon_code: Personal[str | None]
    by: str


class RequestRefused(Payload, tag=Tag.REQUEST_REFUSED):
    code: str
    verified: bool


class RequestUnknown(Payload, tag=Tag.REQUEST_UNKNOWN):
    code: str


class RequestHeld(Payload, tag=Tag.REQUEST_HELD):
    """`not_known`: whether the coupon was given all the same."""

    code: str
    not_known: bool


class RequestRetried(Payload, tag=Tag.REQUEST_RETRIED):
    """Released from a hold by an approver, to be sent again under its number."""


class RequestClosed(Payload, tag=Tag.REQUEST_CLOSED):
    """Ended by an approver while it was held: nothing was given.

    `looks`: so many verified lookups did not find the coupon; 0: no attempt was open.
    """

    reason: Personal[str]
    looks: int


class RequestUrged(Payload, tag=Tag.REQUEST_URGED):
    """The requester called a waiting request (or `batch`) to mind."""

    batch: int | None = None


class RequestReminded(Payload, tag=Tag.REQUEST_REMINDED):
    """The bot did, since it (or a `batch`) waits so long; `mention` is whom the setting names by now.

    `worked_ms`: of that, working time, where hours are set. `until`: too few of those who may approve it are
    there, `present` of them who have not, and the first is back then (UTC ms). `no_list_for`: the year whose
    holidays coupon.toml does not list.
    """

    waited_ms: int
    mention: Personal[str | None]
    batch: int | None = None
    worked_ms: int | None = None
    until: int | None = None
    present: int | None = None
    no_list_for: int | None = None


# --- what was not allowed


class ClickRefused(Payload, tag=Tag.CLICK_REFUSED):
    """Somebody clicked or typed what they may not, or too late; `reason` says which.

    `state`: the request's (or batch's) at that moment. `asked_for`: the number or numbers that were named.
    """

    action: str
    reason: str
    state: str | None = None
    asked_for: int | Sequence[int] | None = None
    batch: int | None = None


class CommandRefused(Payload, tag=Tag.COMMAND_REFUSED):
    """A `/coupon send` that a role or a limit stopped. `customer`: when there was a request for them before.

    `limit`: the one that is reached, as coupon.toml has it: `days`, and `count` or `fen`.
    """

    reason: str
    stock_id: str
    value_fen: int
    customer: Personal[int | None] = None
    limit: Mapping[str, int] | None = None


# --- the bot


class SendingPaused(Payload, tag=Tag.SENDING_PAUSED):
    reason: Personal[str]


class SendingResumed(Payload, tag=Tag.SENDING_RESUMED):
    """What waited goes on."""


class BotStarted(Payload, tag=Tag.BOT_STARTED):
    """`version` is ours, `sqlite` that of the library under it."""

    version: str
    sqlite: str


class BotStopped(Payload, tag=Tag.BOT_STOPPED):
    """In order; after a kill there is none."""


class SettingsChanged(Payload, tag=Tag.SETTINGS_CHANGED):
    """Since the last start: which keys, and a keyed digest of each value; never a value."""

    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]
    digests: Mapping[str, str]


class DatabaseRestored(Payload, tag=Tag.DATABASE_RESTORED):
    """The file is older than what was posted to Slack before: a backup was put back, or its end is gone.

    `kind`: `tail` when the log ends before #`posted_seq`, `rewritten` when it tells another story, `key` when
    it holds it, but `key` signed it, which is not the present one, and no `audit:key_changed` tells of that.
    """

    kind: str
    posted_seq: int
    posted_hash: str
    head_seq: int
    key: str | None = None


class NumbersRaised(Payload, tag=Tag.NUMBERS_RAISED):
    """Slack shows requests up to number `seen`, and this file had given out `given_out`: an older file was
    put back, or a new one was begun. Requests are numbered from above `seen` on."""

    seen: int
    given_out: int


class ClockDoubted(Payload, tag=Tag.CLOCK_DOUBTED):
    """The machine's clock is not believed: nothing expires, nobody is called to mind or forgotten.

    `kind`: why (`coupons.clock_watch.DoubtKind`); `ahead_ms`: how far it is ahead of what was expected.
    """

    kind: str
    ahead_ms: int


class ClockConfirmed(Payload, tag=Tag.CLOCK_CONFIRMED):
    """Slack or WeChat Pay say the same time, or the clock is back where it was expected."""


class AuditCheckpoint(Payload, tag=Tag.AUDIT_CHECKPOINT):
    """How far the log was, #`seq` with its `hash`, and the signed `line` for the audit channel.

    `requests`: the highest request number that was given out.
    """

    seq: int
    hash: str
    line: str
    requests: int | None = None
