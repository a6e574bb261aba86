"""Every tag of the audit log, in one place.

An event is written in the same transaction as the change it tells of. Details carry the customer's number,
never the openid, so that a person can be forgotten while the chain stays whole.
Retired tags stay here as comments: old rows keep them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Union

#: JSON without floats: two programs may print the same float differently, and the text is hashed.
Json = Union[str, int, bool, None, "list[Json]", "dict[str, Json]"]

#: The actor of what no person did.
SYSTEM = "system"


class Tag(StrEnum):
    """`subject:what happened`."""

    REQUEST_CREATED = "request:created"
    #: One for each approver.
    APPROVAL_GIVEN = "approval:given"
    #: Once, at the last approval.
    REQUEST_APPROVED = "request:approved"
    REQUEST_DECLINED = "request:declined"
    REQUEST_CANCELLED = "request:cancelled"
    REQUEST_EXPIRED = "request:expired"
    #: Committed before the first byte of a call leaves.
    ATTEMPT_STARTED = "attempt:started"
    ATTEMPT_FINISHED = "attempt:finished"
    #: A look at the customer's coupons for our number.
    COUPON_LOOKED_UP = "coupon:looked_up"
    #: WeChat Pay notified us of a coupon that a customer received; of a request when the code is known.
    COUPON_RECEIVED = "coupon:received"
    REQUEST_SENT = "request:sent"
    REQUEST_REFUSED = "request:refused"
    REQUEST_UNKNOWN = "request:unknown"
    REQUEST_HELD = "request:held"
    #: Released from a hold by an approver, to be sent again under its number.
    REQUEST_RETRIED = "request:retried"
    #: Somebody clicked who may not, or too late; `reason` says which.
    CLICK_REFUSED = "click:refused"
    #: A `/coupon send` that a role or a limit stopped.
    COMMAND_REFUSED = "command:refused"
    #: The requester called a waiting request to mind.
    REQUEST_URGED = "request:urged"
    #: The bot did, since it waits so long; `mention` is whom the setting names by now.
    REQUEST_REMINDED = "request:reminded"
    SENDING_PAUSED = "sending:paused"
    SENDING_RESUMED = "sending:resumed"
    BOT_STARTED = "bot:started"
    BOT_STOPPED = "bot:stopped"
    #: Since the last start: which keys, and a digest of each value; never a secret.
    SETTINGS_CHANGED = "settings:changed"
    #: The file is older than what was posted to Slack before: a backup was put back, or its end is gone.
    DATABASE_RESTORED = "database:restored"
    #: How far the log was when a signed checkpoint was made for the audit channel.
    AUDIT_CHECKPOINT = "audit:checkpoint"
    #: Somebody looked: `where` is slack, browser or command line, `words` or `request` what they asked.
    AUDIT_SEARCHED = "audit:searched"
    AUDIT_VIEWED = "audit:viewed"
    AUDIT_EXPORTED = "audit:exported"
    AUDIT_REPORTED = "audit:reported"
    AUDIT_RECONCILED = "audit:reconciled"
    #: Somebody who may not asked for the log.
    AUDIT_REFUSED = "audit:refused"
    #: A customer's whole openid was shown.
    OPENID_VIEWED = "openid:viewed"
    CUSTOMER_ERASED = "customer:erased"
    CONSOLE_LINK_MADE = "console:link_made"
    CONSOLE_SIGNED_IN = "console:signed_in"
    CONSOLE_REFUSED = "console:refused"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, before the log gives it `seq`, `ts` and its place in the chain."""

    tag: Tag
    actor: str
    request_id: int | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log; `ts` in UTC milliseconds."""

    seq: int
    ts: int
    tag: str
    actor: str
    request_id: int | None
    detail: Mapping[str, Json]


class PostKind(StrEnum):
    """What the announcer has to tell Slack."""

    #: The card of a request: posted once, redrawn ever after. All waiting redraws are one.
    CARD = "card"
    #: A reply in the card's thread, told from an event.
    STEP = "step"
    #: A direct message to `person`, told from an event.
    NOTICE = "notice"
    #: An ephemeral answer to `person` in `channel`, told from an event.
    ANSWER = "answer"
    #: A message about no request in particular, told from an event; `channel` None: the approval channel.
    NEWS = "news"
    #: A file to `person`: what they asked for stands in an event, its rows are read when it is made.
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A promise to tell Slack something, kept in the same transaction as what it tells.

    It holds no text: the words are drawn from the rows at the moment of posting.
    """

    kind: PostKind
    request_id: int | None
    #: The event it tells; None for cards.
    seq: int | None = None
    person: str | None = None
    channel: str | None = None

    @property
    def lane(self) -> str:
        """Whom it goes to; one lane keeps its order, and waits for no other. The same for all cards."""
        return f"{self.channel or ''}/{self.person or ''}"

    @property
    def key(self) -> str:
        """The same promise has the same key."""
        if self.kind is PostKind.CARD:
            return f"card:{self.request_id}"
        if self.kind is PostKind.NEWS and self.channel:
            # The same news may be told in two channels.
            return f"{self.kind}:{self.seq}:{self.channel}"
        return f"{self.kind}:{self.seq}"
