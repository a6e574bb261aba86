"""Reads a notification (callback): verified first, then opened, then understood. No network.

A coupon notification holds no `out_request_no` and is not guaranteed to come: it is a witness, never the
only proof. The same one may come several times; `stock_id`, `coupon_code` and `event_type` name it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechatpay.aead import ALGORITHM, decrypt
from wechatpay.errors import Malformed
from wechatpay.keyring import KeyRing
from wechatpay.signatures import verify

#: Some hundred bytes are usual. More than this is none of WeChat Pay's: refuse it before holding it.
LONGEST_NOTIFICATION = 64 * 1024
#: The answer must come within 5 seconds, or the notification is sent again.
ANSWER_WITHIN_S = 5.0

COUPON_SEND = "COUPON.SEND"
_BUSIFAVOR_SEND = "EVENT_TYPE_BUSICOUPON_SEND"
#: Longest text of any member that we keep; the documentation's longest is 128.
_LONGEST_TEXT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachInfo:
    """How the coupon was come by, as far as it applies; "" where nothing was said."""

    transaction_id: str
    act_code: str
    hall_code: str
    hall_belong_mch_id: str
    card_id: str
    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponReceived:
    """COUPON.SEND: a user received a coupon of one of our stocks, by whatever channel."""

    notification_id: str
    event_type: str
    stock_id: str
    coupon_code: str
    #: RFC 3339.
    send_time: str
    #: BUSICOUPON_SEND_CHANNEL_API is the merchant's own call; more channels will come.
    send_channel: str
    send_merchant: str
    act_id: str
    #: The user as the stock's `notify_appid` sees them; None when the stock has none.
    openid: str | None = field(repr=False)
    unionid: str | None = field(repr=False)
    attach_info: AttachInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Genuine, and about something else than a merchant coupon. Its contents were not opened."""

    notification_id: str
    event_type: str


def read_notification(
    headers: Mapping[str, str], body: bytes, *, keys: KeyRing, apiv3_key: bytes, now: int
) -> CouponReceived | Other:
    """The notification in a POST of WeChat Pay's; `now` in Unix seconds.

    `headers` has lower-case names (or does not mind case); `body` is raw: a framework that parses and writes
    it again breaks the signature. Nothing of the body is looked at before its signature has held.
    Raises Unsigned, Stale, UnknownSerial, BadSignature (`verify`); Undecryptable; Malformed, for a genuine
    one that is not what the documentation promises.
    """
    verify(headers, body, keys=keys, now=now)
    envelope = _members(body, "its body")
    notification_id = _text(envelope, "id")
    event_type = _needed(envelope, "event_type")
    if event_type != COUPON_SEND:
        return Other(notification_id=notification_id, event_type=event_type)
    received = _members(_open(envelope, apiv3_key), "what was sealed in it")
    # Other products use the same outer word. An inner one of a kind that we do not know is not ours to guess.
    inner = _text(received, "event_type")
    if inner not in ("", _BUSIFAVOR_SEND):
        return Other(notification_id=notification_id, event_type=inner)
    return _received(received, notification_id, event_type)


def _open(envelope: Mapping[str, Any], apiv3_key: bytes) -> bytes:
    resource = envelope.get("resource")
    if not isinstance(resource, dict):
        raise _malformed("it has no resource")
    algorithm, ciphertext, nonce = (resource.get(name) for name in ("algorithm", "ciphertext", "nonce"))
    if algorithm != ALGORITHM:
        raise _malformed(f"its resource is sealed with {str(algorithm)[:40]!a}, not {ALGORITHM}")
    # May be missing (and null is the same as missing): then nothing was bound to the seal.
    associated_data = resource.get("associated_data") or ""
    if not (isinstance(ciphertext, str) and isinstance(nonce, str) and isinstance(associated_data, str)):
        raise _malformed("its resource lacks members")
    return decrypt(apiv3_key, nonce=nonce, associated_data=associated_data, ciphertext=ciphertext)


def _received(members: Mapping[str, Any], notification_id: str, event_type: str) -> CouponReceived:
    attached = members.get("attach_info")
    attach_info = attached if isinstance(attached, dict) else {}
    # A number here, as merchants' numbers are nowhere else.
    hall = attach_info.get("hall_belong_mch_id")
    attach_info = {**attach_info, "hall_belong_mch_id": str(hall) if type(hall) is int else hall}
    return CouponReceived(
        notification_id=notification_id,
        event_type=event_type,
        stock_id=_needed(members, "stock_id"),
        coupon_code=_needed(members, "coupon_code"),
        send_time=_text(members, "send_time"),
        send_channel=_text(members, "send_channel"),
        send_merchant=_text(members, "send_merchant"),
        act_id=_text(members, "act_id"),
        openid=_text(members, "openid") or None,
        unionid=_text(members, "unionid") or None,
        attach_info=AttachInfo(**{name: _text(attach_info, name) for name in AttachInfo.__slots__}),
    )


def _members(text: bytes, what: str) -> dict[str, Any]:
    try:
        # Decoded here: `loads` would take UTF-16 too.
        found = json.loads(text.decode())
    except (ValueError, RecursionError):  # RecursionError: thousands of brackets
        raise _malformed(f"{what} is no JSON") from None
    if not isinstance(found, dict):
        raise _malformed(f"{what} is no JSON object")
    return found


def _needed(members: Mapping[str, Any], name: str) -> str:
    text = _text(members, name)
    if not text:
        raise _malformed(f"it has no usable {name}")
    return text


def _text(members: Mapping[str, Any], name: str) -> str:
    """Empty for what is missing, of another type, or nothing to keep: too long, or with control characters
    or lone surrogates, which no database takes."""
    value = members.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        return ""
    return value


def _malformed(what: str) -> Malformed:
    return Malformed(f"the notification is genuine, but {what}", verified=True)
