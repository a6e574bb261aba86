"""The records of the business. Money is integer fen, times are UTC milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from coupons.needs import PLAIN, Fills, Needs
from coupons.replacing import Replacer


class State(StrEnum):
    """Where a request stands; `coupons.lifecycle` says which may follow which."""

    #: Waits for approvals.
    PENDING = "pending"
    #: Has the approvals its rule asks for; no attempt yet, or released from a hold.
    APPROVED = "approved"
    #: Attempts are being made, and no finished one may have given the coupon.
    SENDING = "sending"
    #: WeChat Pay's signed answer says that the coupon was given. Final.
    SENT = "sent"
    #: An attempt may have given the coupon; the bot is finding out.
    UNKNOWN = "unknown"
    #: WeChat Pay said no, and no attempt may have given the coupon. Final.
    REFUSED = "refused"
    #: A person must put something right first.
    HELD = "held"
    #: An approver ended what was held: nothing was given. Final.
    CLOSED = "closed"
    #: An approver said no. Final.
    DECLINED = "declined"
    #: The requester withdrew it. Final.
    CANCELLED = "cancelled"
    #: Nobody decided in time. Final.
    EXPIRED = "expired"
    #: Of an undo only: WeChat Pay's signed answer says that the coupon can never be used. Final.
    UNDONE = "undone"


class CodeMode(StrEnum):
    """Who makes the coupon codes of a stock (`coupon_code_mode` on the wire)."""

    WECHATPAY_MODE = "WECHATPAY_MODE"
    MERCHANT_API = "MERCHANT_API"
    MERCHANT_UPLOAD = "MERCHANT_UPLOAD"


@dataclass(frozen=True, slots=True)
class Stock:
    """One stock of the catalogue in coupon.toml."""

    stock_id: str
    alias: str
    name: str
    value_fen: int
    code_mode: CodeMode
    #: How long the customer may use it, in days; None: not told.
    valid_days: int | None = None
    #: A sentence to paste to the customer, by language (`en`, `zh`); {code} stands for the coupon code.
    #: Missing: the usual one.
    customer_words: Mapping[str, str] = field(default_factory=dict)
    #: What whoever asks for it, or approves it, should think of; empty: nothing.
    warn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request before it has a row."""

    out_request_no: str
    requester: str
    openid: str
    stock: Stock
    reason: str
    approvals_needed: int
    created_at: int
    expires_at: int
    #: Exact bytes of the send request: composed once, repeated by every attempt.
    body: bytes
    ticket: str = ""
    rule: int = 0
    raised: tuple[str, ...] = ()
    duplicate_of: int | None = None
    follows: int | None = None
    remind_at: int | None = None
    #: None: from `created_at`.
    waits_from: int | None = None
    #: The batch it is a line of, and the row of its file.
    batch: int | None = None
    batch_row: int | None = None
    needs: Needs = PLAIN
    #: It is an undo: the sent request whose coupon it takes back.
    undoes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One row of `request`: the truth that every card is drawn from."""

    id: int
    #: Grows by one with each change; every write names the revision it read (compare-and-set).
    rev: int
    state: State
    out_request_no: str
    #: Slack user id.
    requester: str
    #: Our number for the customer: what events carry in place of the openid.
    customer: int
    openid: str
    stock_id: str
    #: Name and value as they stood when it was asked for.
    stock_name: str
    value_fen: int
    code_mode: CodeMode
    reason: str
    approvals_needed: int
    created_at: int
    expires_at: int
    #: Exact bytes of the send request, repeated by every attempt.
    body: bytes
    #: The number or address of the customer's ticket, as typed.
    ticket: str = ""
    #: Place in coupon.toml of the rule that fitted when it was made, from 1; 0: none did.
    rule: int = 0
    #: `policy.Reason`s for which it needs more approvals than the rule asks for.
    raised: tuple[str, ...] = ()
    #: The like that had been asked for a short time before; the requester confirmed.
    duplicate_of: int | None = None
    #: The declined request in whose place this one was sent, edited.
    follows: int | None = None
    #: The batch it is a line of, and the row of its file. Its approvals are then the batch's.
    batch: int | None = None
    batch_row: int | None = None
    #: Of whom `approvals_needed` are asked, where that is more than one group: as its rule said then.
    needs: Needs = PLAIN
    #: It is an undo: the sent request whose coupon it takes back. It gives nothing.
    undoes: int | None = None
    #: The undo that took its coupon back.
    undone_by: int | None = None
    #: From when its waiting is counted, while it waits: `created_at`, later by each pause of sending.
    waits_from: int = 0
    #: When the approvers are next called to mind; None: not again.
    remind_at: int | None = None
    #: When the requester last did so.
    urged_at: int | None = None
    #: From when reminders are counted: a question or an answer begins them anew. None: from `waits_from`.
    reminders_from: int | None = None
    #: The `offer:accepted` by which it is for a smaller coupon than was asked for.
    offer: int | None = None
    #: Attempts started under `out_request_no`.
    attempts: int = 0
    #: Of these, the ones since it was approved or last released from a hold: they set the pauses.
    tries: int = 0
    #: Attempts that may have given the coupon: running, without an answer, or with one nobody signed.
    open_attempts: int = 0
    #: An attempt is on the wire now (or was, when the process died).
    running: bool = False
    #: The start of the bot that makes this attempt, and how long its lease runs (`coupons.leases`).
    running_by: str | None = None
    running_until: int | None = None
    #: Start of the last attempt that ended without an answer to be believed; while it is held, of the lookups
    #: that `absent_looks` counts.
    unknown_at: int | None = None
    #: Lookups of the customer's coupons that did not find this number, since that attempt; while it is held,
    #: since it was held.
    absent_looks: int = 0
    #: When the sending loop acts next; None: not before a person does.
    due_at: int | None = None
    #: When the sending loop looks the coupon up: WeChat Pay notified us of one, or somebody wants
    #: to close it.
    look_at: int | None = None
    #: Who declined, withdrew or closed it.
    closed_by: str | None = None
    #: The approver's words when declining or closing.
    decline_reason: str = ""
    #: WeChat Pay's code (or ours: TIMEOUT, BAD_SIGNATURE ...) of the last refusal, hold or doubt.
    problem: str = ""
    coupon_code: str | None = None
    #: When it reached its final state.
    closed_at: int | None = None
    card_channel: str | None = None
    card_ts: str | None = None


#: Copies of these are made many times for each.
REQUEST_RECORD: Final = Replacer(Request)


@dataclass(frozen=True, slots=True)
class History:
    """What one customer was given: coupons sent. `last_at` None: none yet."""

    count: int
    fen: int
    last_at: int | None


@dataclass(frozen=True, slots=True)
class Favourite:
    """What one person asked for lately: a stock and a reason together."""

    stock_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent until somebody resumes."""

    by: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may do for a while what only one process at a time may do.

    `term` grows with each change of holders; `until` by the database's clock (`Records.lease_clock`).
    """

    holder: str
    term: int
    until: int
    #: Of a lane: Slack takes nothing in it before, from whomever.
    closed_until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLink:
    """A one-time link to the console in the browser, by the digest of its secret. Times in UTC ms."""

    person: str
    made_at: int
    expires_at: int
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes. `fills`: the parts of the request's `needs` that this person could fill then."""

    request_id: int
    approver: str
    at: int
    fills: Fills = ()


class ClickAction(StrEnum):
    """What a person asks for on a card or on Home, or by a command that needs an approver."""

    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW_APPROVAL = "withdraw_approval"
    #: `reason`: the question; the `seq` of the one that is answered, and the answer.
    ASK = "ask"
    ANSWER = "answer"
    #: `reason`: the stock_id, and why; the `seq` of the offer.
    OFFER = "offer"
    ACCEPT_OFFER = "accept_offer"
    DECLINE_OFFER = "decline_offer"
    RETRY = "retry"
    CLOSE = "close"
    #: The requester's own: withdraw, and call the approvers.
    CANCEL = "cancel"
    URGE = "urge"
    #: What became of a request's coupon, or of all coupons of its customer: WeChat Pay is asked.
    LOOK_UP_COUPON = "look_up_coupon"
    LOOK_UP_CUSTOMER = "look_up_customer"
    #: Ask to take a sent coupon back.
    UNDO = "undo"
    #: Under a batch's preview, and on its card. `reason` of a strike: the rows, as typed.
    SUBMIT_BATCH = "submit_batch"
    DISCARD_BATCH = "discard_batch"
    APPROVE_BATCH = "approve_batch"
    DECLINE_BATCH = "decline_batch"
    STRIKE_LINES = "strike_lines"
    PAUSE_BATCH = "pause_batch"
    RESUME_BATCH = "resume_batch"
    CANCEL_BATCH = "cancel_batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """Who clicked what, where and when."""

    action: ClickAction
    request_id: int
    person: str
    #: The team Slack names in the payload: another than ours for people from outside.
    team: str
    #: Where it was clicked, for the ephemeral answer.
    channel: str
    reason: str
    at: int
    #: The message in `channel` that it was made on; empty: on none.
    message_ts: str = ""
    #: Of the request that Home showed; empty: not made there. Without both it was typed as a command.
    out_request_no: str = ""
    #: The batch it is about; `request_id` is 0 then.
    batch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Clicked):
    """A click kept before Slack gets its ack, decided after it: a crash in between loses nothing."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClick(Clicked):
    """A click before it has a row; `key` is the same for the same Slack delivery."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What Slack says about a user at this moment."""

    user_id: str
    team: str
    is_bot: bool = False
    is_deactivated: bool = False
    is_guest: bool = False
    #: From another company, here through Slack Connect.
    is_outsider: bool = False
    #: The language chosen in Slack, like `zh-CN`; empty: Slack did not say.
    locale: str = ""
