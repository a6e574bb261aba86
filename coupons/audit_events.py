"""What the events of the log itself tell: who read, took along, checked or erased, by whichever way.

Their tags stand among all others in `coupons.events`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coupons.events import Tag
from coupons.recording import Payload, Personal


class LogAccess(Payload):
    """`where`: slack, browser or command line; there `user` is the machine's, and `actor` is SYSTEM."""

    where: str | None = None
    user: Personal[str | None] = None


class AuditSearched(LogAccess, tag=Tag.AUDIT_SEARCHED):
    """`words` as typed, with the customer's number in place of an openid; `page` by number or by name."""

    words: Personal[str]
    found: int | None = None
    page: int | str | None = None


class AuditViewed(LogAccess, tag=Tag.AUDIT_VIEWED):
    """One request, or a `page` of the console, or so many of the `newest` events that fit `words`."""

    words: Personal[str | None] = None
    page: str | None = None
    newest: int | None = None


class AuditExported(LogAccess, tag=Tag.AUDIT_EXPORTED):
    """Taken along: what fits these `words`, or #`first` to #`last` of the chain, whose hash is `head`."""

    words: Personal[str | None] = None
    found: int | None = None
    page: str | None = None
    format: str | None = None
    first: int | None = None
    last: int | None = None
    head: str | None = None


class AuditKeyChanged(LogAccess, tag=Tag.AUDIT_KEY_CHANGED):
    """Checkpoints are signed with another `key` from now on: public keys, 64 hexadecimal digits each.

    `signature` is by the one `before` it; without that one by `key` itself, which names those `lost`.
    """

    key: str
    signature: str
    before: str | None = None
    lost: Sequence[str] = ()


class AuditReported(LogAccess, tag=Tag.AUDIT_REPORTED):
    month: str
    format: str


class AuditReconciled(LogAccess, tag=Tag.AUDIT_RECONCILED):
    """Of one `month`, or of all time. `by`: `customers` were asked for, or a `bill`; `found` by verdict."""

    month: str
    by: str
    found: Mapping[str, int]
    not_asked: int


class WeekReported(Payload, tag=Tag.WEEK_REPORTED):
    """What was given from `since` up to `before`, in UTC milliseconds, was promised to these `people`: to the
    one who asked for it, or by the setting to all who approve (SYSTEM)."""

    since: int
    before: int
    people: Personal[Sequence[str]]


class AuditRefused(Payload, tag=Tag.AUDIT_REFUSED):
    """Somebody who may not asked for the log."""

    where: str
    action: str


class OpenidViewed(LogAccess, tag=Tag.OPENID_VIEWED):
    """This customer's whole openid was shown."""

    customer: Personal[int]


class CustomerErased(LogAccess, tag=Tag.CUSTOMER_ERASED):
    """By a command, or because nobody asked for them for so many `days` (`why`)."""

    customer: Personal[int]
    requests: int = 0
    why: str | None = None
    days: int | None = None


# --- calls to WeChat Pay by hand


class WechatCalled(LogAccess, tag=Tag.WECHAT_CALLED):
    """A writing call by `wechat call`, committed before it leaves. `path` with its query, openids masked;
    `body_sha256` of the exact bytes, left out without any."""

    method: str
    path: str
    body_sha256: str | None = None


class WechatAnswered(LogAccess, tag=Tag.WECHAT_ANSWERED):
    """What came back of event #`call`. `status` is left out where no answer came; `problem` where there is
    none that can be believed, or none at all. `verified`: WeChat Pay's signature held."""

    call: int
    verified: bool
    status: int | None = None
    problem: str | None = None
    wechatpay_request_id: str | None = None


# --- ways into the console


class ConsoleLinkMade(Payload, tag=Tag.CONSOLE_LINK_MADE):
    """`expires_at` in UTC milliseconds."""

    expires_at: int


class ConsoleSignedIn(Payload, tag=Tag.CONSOLE_SIGNED_IN):
    """By a one-time link."""

    where: str


class ConsoleRefused(Payload, tag=Tag.CONSOLE_REFUSED):
    """A sign-in; `actor` is whose link it was, or SYSTEM."""

    where: str
    reason: str
