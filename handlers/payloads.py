"""What every payload of Slack says: who, of which team, where, and the key that names its delivery.

Of a command these stand flat; of all else in objects of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from coupons.errors import CouponsError

#: Ours have fewer digits, and what is longer is no row of any database.
_DIGITS = 18


def person(body: Mapping[str, Any]) -> str:
    """Their user id."""
    return str(body["user_id"] if "user_id" in body else body["user"]["id"])


def team(body: Mapping[str, Any]) -> str:
    """The person's team, which through Slack Connect may not be ours."""
    user, installed = body.get("user") or {}, body.get("team") or {}
    return str(user.get("team_id") or installed.get("id") or body.get("team_id") or "")


def channel(body: Mapping[str, Any]) -> str:
    """Where it was typed or clicked; empty: in a view, which stands nowhere."""
    place, container = body.get("channel") or {}, body.get("container") or {}
    return str(body.get("channel_id") or place.get("id") or container.get("channel_id") or "")


def permalink(body: Mapping[str, Any], channel: str, ts: str) -> str:
    """Of a message, as Slack itself writes it: asking for it would cost a call. Empty: it cannot be made."""
    domain = str((body.get("team") or {}).get("domain") or "")
    if not (re.fullmatch(r"[a-z0-9-]+", domain) and re.fullmatch(r"\d+\.\d+", ts) and channel):
        return ""
    return f"https://{domain}.slack.com/archives/{channel}/p{ts.replace('.', '')}"


def number(value: object) -> int | None:
    """A number that we put into a button, which only a client that is not Slack's could have changed."""
    digits = str(value or "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS else None


def delivery_key(body: Mapping[str, Any], *what: object) -> str:
    """The same for ever, for this delivery of Slack. With other data in `what` it is another one.

    WeChat Pay knows a coupon by a number derived from it: changed in one byte, it would let a delivery that
    is repeated across an upgrade give a second coupon. Raises CouponsError where nothing names the delivery.
    """
    if body.get("type") == "view_submission":
        # A form keeps its id, however often it is submitted and redrawn.
        named = body["view"].get("root_view_id") or body["view"]["id"]
    elif not (named := body.get("trigger_id")):
        # Each command and click has a trigger of its own. Of a click, its person and time name it as well.
        at = next((action.get("action_ts") for action in body.get("actions") or ()), None)
        if at is None:
            raise CouponsError("Slack sent something without a trigger_id")
        named = f"{person(body)}:{at}"
    return ":".join([team(body), str(named), *map(str, what)])
