"""What WeChat Pay's error codes mean for a coupon, as one table.

No list was ever published for `coupons/send` itself; these come from the busifavor pages and from its
siblings (cash coupons, the mini-program plugin, product coupons). One code has many messages, and its
spelling varies between pages, so codes are compared without case and underscores.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a code says about the attempt it answers."""

    #: It may or may not have been carried out.
    UNKNOWN = "unknown"
    #: Not done, not yet possible: the same again later.
    LATER = "later"
    #: Not done, too fast.
    SLOWER = "slower"
    #: Not done; a person puts something right, then the same number again.
    OPERATOR = "operator"
    #: Not done, and the same request will never be done.
    FINAL = "final"
    #: The number was used before: the coupon is probably there.
    EXISTS = "exists"


class Actor(StrEnum):
    """Who must act before the same request can succeed (or instead of it)."""

    #: Waiting is enough.
    NOBODY = "nobody"
    #: Whoever runs the program: keys, serial numbers, permissions, AppID, merchant number.
    OPERATOR = "operator"
    #: Whoever owns the stock: budget, daily maximum, state.
    STOCK_OWNER = "stock_owner"
    #: Whoever asked: another customer, another stock.
    REQUESTER = "requester"


@dataclass(frozen=True, slots=True)
class Code:
    """One row."""

    name: str
    verdict: Verdict
    actor: Actor


_TABLE = (
    # Also with HTTP 400 in this product.
    Code("SYSTEM_ERROR", Verdict.UNKNOWN, Actor.NOBODY),
    Code("SERVICE_UNAVAILABLE", Verdict.UNKNOWN, Actor.NOBODY),
    Code("RATELIMIT_EXCEEDED", Verdict.SLOWER, Actor.NOBODY),
    Code("RATELIMIT_EXCEED", Verdict.SLOWER, Actor.NOBODY),
    Code("RATE_LIMITED", Verdict.SLOWER, Actor.NOBODY),
    Code("FREQUENCY_LIMITED", Verdict.SLOWER, Actor.NOBODY),
    Code("FREQUENCY_LIMIT", Verdict.SLOWER, Actor.NOBODY),
    Code("FREQUENCY_LIMIT_EXCEED", Verdict.SLOWER, Actor.NOBODY),
    # The stock is still being made.
    Code("STATEMENT_CREATING", Verdict.LATER, Actor.NOBODY),
    # Key, serial number, clock or encoding; never signed, since our own signature did not hold.
    Code("SIGN_ERROR", Verdict.OPERATOR, Actor.OPERATOR),
    # The first error a new merchant meets: the endpoint is permission-gated, and so are others' stocks.
    Code("NO_AUTH", Verdict.OPERATOR, Actor.OPERATOR),
    # Merchant permission check, risk control.
    Code("REQUEST_BLOCKED", Verdict.OPERATOR, Actor.OPERATOR),
    Code("APPID_MCHID_NOT_MATCH", Verdict.OPERATOR, Actor.OPERATOR),
    Code("MCH_NOT_EXISTS", Verdict.OPERATOR, Actor.OPERATOR),
    # Stock or budget used up: works after a raise.
    Code("NOT_ENOUGH", Verdict.OPERATOR, Actor.STOCK_OWNER),
    Code("MAX_QUOTA", Verdict.OPERATOR, Actor.STOCK_OWNER),
    Code("NOT_MONEY", Verdict.OPERATOR, Actor.STOCK_OWNER),
    # The stock's daily maximum: works tomorrow, or after a raise.
    Code("DAY_LIMIT", Verdict.OPERATOR, Actor.STOCK_OWNER),
    # Paused or stopped.
    Code("NOT_RUNNING", Verdict.OPERATOR, Actor.STOCK_OWNER),
    # Over for good: the period can only be changed before it ends.
    Code("EXPIRED", Verdict.FINAL, Actor.REQUESTER),
    Code("PARAM_ERROR", Verdict.FINAL, Actor.REQUESTER),
    # Not now or not so: AppID and openid do not belong together, campaign not begun, wrong code mode. Read
    # the message.
    Code("INVALID_REQUEST", Verdict.FINAL, Actor.REQUESTER),
    # No such stock or coupon, or not ours.
    Code("RESOURCE_NOT_EXISTS", Verdict.FINAL, Actor.REQUESTER),
    Code("NOT_FOUND", Verdict.FINAL, Actor.REQUESTER),
    Code("ORDER_NOT_EXIST", Verdict.FINAL, Actor.REQUESTER),
    # The openid is unknown.
    Code("USER_NOT_EXISTS", Verdict.FINAL, Actor.REQUESTER),
    Code("USER_GET_FAILED", Verdict.FINAL, Actor.REQUESTER),
    # The anti-abuse check rejected the user.
    Code("USER_ACCOUNT_ABNORMAL", Verdict.FINAL, Actor.REQUESTER),
    # The user, or the natural person behind several accounts, has the maximum.
    Code("RULE_LIMIT", Verdict.FINAL, Actor.REQUESTER),
    Code("USER_LIMIT", Verdict.FINAL, Actor.REQUESTER),
    Code("NATURE_LIMIT", Verdict.FINAL, Actor.REQUESTER),
    Code("ALREADY_EXISTS", Verdict.EXISTS, Actor.NOBODY),
    Code("RESOURCE_ALREADY_EXISTS", Verdict.EXISTS, Actor.NOBODY),
    # The plugin's official advice: count it as success.
    Code("DUP_REQUEST", Verdict.EXISTS, Actor.NOBODY),
)


def _squash(name: str) -> str:
    return name.replace("_", "").upper()


_BY_NAME = {_squash(code.name): code for code in _TABLE}
_REFUSALS = range(400, 500)
_TOO_FAST = 429
_TOO_SLOW = 408


def look_up(name: str) -> Code | None:
    """The row for a code in any of its spellings."""
    return _BY_NAME.get(_squash(name))


def judge(status: int, name: str) -> Code:
    """What an answer that is no success says: by code and status together, the careful reading first."""
    code = look_up(name)
    shown = code.name if code else name
    # SYSTEM_ERROR counts at any status; a 5xx, a 202 and a redirect count whatever they are called.
    if status not in _REFUSALS or (code and code.verdict is Verdict.UNKNOWN):
        return Code(shown, Verdict.UNKNOWN, Actor.NOBODY)
    if status == _TOO_FAST:
        return Code(shown, Verdict.SLOWER, Actor.NOBODY)
    if code:
        return code
    # A time-out told by a gateway: it does not know how far the request came.
    if status == _TOO_SLOW:
        return Code(shown, Verdict.UNKNOWN, Actor.NOBODY)
    # Unknown refusals are never silently final: a person reads them.
    return Code(shown, Verdict.OPERATOR, Actor.OPERATOR)
