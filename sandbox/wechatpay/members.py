"""What the members of a JSON body must look like: small rules, put together into one shape for each endpoint.

A name with a star at its end is required, as in the platform's own tables. Whatever is not named is refused,
and so is `null`: the platform says a member without value is left out.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.wechatpay.errors import EXTRA_MEMBER, bad_parameter

# Looks at one value; raises RefusedError with the JSON Pointer it was given.
Rule = Callable[[str, object], None]

# The platform takes characters of one to three UTF-8 bytes: no emoji, no half of one.
_UNSUPPORTED = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[0-9A-Za-z|_*-]+")
_DIGITS = re.compile(r"[0-9]+")


def text(least: int, most: int, pattern: re.Pattern[str] | None = None, expected: str = "") -> Rule:
    def check(pointer: str, value: object) -> None:
        if not isinstance(value, str):
            raise bad_parameter(pointer, "not a string")
        if not least <= len(value) <= most:
            raise bad_parameter(pointer, f"{least} to {most} characters expected")
        if _UNSUPPORTED.search(value):
            raise bad_parameter(pointer, "character without a UTF-8 form of one to three bytes")
        if pattern is not None and not pattern.fullmatch(value):
            raise bad_parameter(pointer, f"only {expected} expected")

    return check


def number(most: int = 128) -> Rule:
    """A number the merchant makes up for a request."""
    return text(1, most, _NUMBER, "digits, letters and | _ * -")


# Where the platform's pages give two lengths, the shorter: a client that keeps to it is right under both.
STOCK_ID = text(1, 20)
COUPON_CODE = text(1, 32)
APPID = text(1, 32)
OPENID = text(1, 128)
MCHID = text(8, 15, _DIGITS, "digits")


def whole(least: int, most: int) -> Rule:
    def check(pointer: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad_parameter(pointer, "not a whole number")
        if not least <= value <= most:
            raise bad_parameter(pointer, f"{least} to {most} expected")

    return check


def flag(pointer: str, value: object) -> None:
    if not isinstance(value, bool):
        raise bad_parameter(pointer, "not true or false")


def never(why: str) -> Rule:
    """A member that exists, but may not be sent here."""

    def check(pointer: str, _value: object) -> None:
        raise bad_parameter(pointer, why)

    return check


def one_of(names: type[StrEnum] | tuple[str, ...]) -> Rule:
    allowed = tuple(names)

    def check(pointer: str, value: object) -> None:
        if value not in allowed:
            raise bad_parameter(pointer, f"one of {', '.join(allowed)} expected")

    return check


def listed(rule: Rule, least: int, most: int) -> Rule:
    def check(pointer: str, value: object) -> None:
        if not isinstance(value, list):
            raise bad_parameter(pointer, "not a list")
        if not least <= len(value) <= most:
            raise bad_parameter(pointer, f"{least} to {most} entries expected")
        for at, entry in enumerate(value):
            rule(f"{pointer}/{at}", entry)

    return check


def time_ms(written: str) -> int:
    """Raises ValueError for what is no RFC 3339 time with an offset."""
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None or "T" not in written:
        raise ValueError(f"{written!r} is no time with date and offset")
    return int(moment.timestamp() * 1000)


def moment(pointer: str, value: object) -> None:
    try:
        time_ms(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise bad_parameter(pointer, "time in RFC 3339 with an offset expected") from None


class Shape:
    """The members of one JSON object. Itself a rule, so that objects hold objects."""

    def __init__(self, members: Mapping[str, Rule]) -> None:
        self._rules = {name.removesuffix("*"): rule for name, rule in members.items()}
        self._required = [name.removesuffix("*") for name in members if name.endswith("*")]

    def __call__(self, pointer: str, value: object) -> None:
        if not isinstance(value, dict):
            raise bad_parameter(pointer, "not an object")
        for name, member in value.items():
            if name not in self._rules:
                raise bad_parameter(f"{pointer}/{name}", "unknown member", number=EXTRA_MEMBER)
            self._rules[name](f"{pointer}/{name}", member)
        for name in self._required:
            if name not in value:
                raise bad_parameter(f"{pointer}/{name}", "missing")

    def parse(self, body: bytes) -> dict[str, Any]:
        """Raises RefusedError: PARAM_ERROR, with the member in `detail.field`."""
        try:
            members: Any = json.loads(body.decode())
        except ValueError:
            raise bad_parameter("", "body is no JSON in UTF-8") from None
        self("", members)
        checked: dict[str, Any] = members
        return checked
