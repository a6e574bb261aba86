"""The body of a call, declared once: which members, and how each must look. No network.

Composed bodies are for ever: the caller keeps the bytes before anything is sent. After an outcome that is
not known the same bytes go out again, and the request number in them makes it one request.

Where two lengths are published the shorter one is obeyed here, in what we send; longer values are read.
A check names all that is wrong with a value and never quotes it: an openid must not get into a log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from wechatpay.errors import BadRequest
from wechatpay.records import wire

#: Name of a field (of a list's entry with its place, like `coupon_code_list[1]`), and what is wrong with it.
Fault = tuple[str, str]
Check = Callable[[str, object], Iterator[Fault]]

#: Ids of public keys begin so. Looked at before anything is taken for hexadecimal: other clients crash there.
PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"
#: Only characters of one to three UTF-8 bytes are taken: no emoji, and no half of one.
_UNSUPPORTED = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a JSON object."""

    check: Check
    required: bool


def needed(check: Check) -> Member:
    """A member that must be there."""
    return Member(check, required=True)


def optional(check: Check) -> Member:
    """A member that may be left out; `null` is no way to leave it out."""
    return Member(check, required=False)


Members = Mapping[str, Member]


def text(least: int, most: int, of: str = "") -> Check:
    """`of`: the characters allowed, as a class of ASCII like [0-9A-Za-z_-]; without it all that WeChat Pay
    takes."""
    pattern = re.compile(f"{of}{{{least},{most}}}") if of else None
    wanted = f"must be {least} to {most} " + (f"of {of}" if of else "characters")

    def check(name: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield name, f"{wanted}; no text was read"
        elif not (pattern.fullmatch(value) if pattern else least <= len(value) <= most):
            yield name, f"{wanted}; {len(value)} characters were read"
        elif pattern is None and _UNSUPPORTED.search(value):
            yield name, "must not hold characters of four UTF-8 bytes, like emoji; WeChat Pay takes none"

    return check


def one_of(allowed: type[StrEnum]) -> Check:
    """A word of a closed set. Words that WeChat Pay adds are read, but not sent before they stand here."""

    def check(name: str, value: object) -> Iterator[Fault]:
        if value not in list(allowed):
            yield name, f"must be one of {', '.join(allowed)}"

    return check


def read_moment(value: object) -> datetime | None:
    """None for what is no time in RFC 3339."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # a 31st of June
        return None


def listed(check: Check, least: int, most: int) -> Check:
    """A list whose entries each pass `check`."""

    def check_all(name: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            read = f"{len(value)} were read" if isinstance(value, list) else "no list was read"
            yield name, f"must be a list of {least} to {most}; {read}"
            return
        for index, entry in enumerate(value):
            yield from check(f"{name}[{index}]", entry)

    return check_all


def faults_of(value: Mapping[str, object], members: Members) -> Iterator[Fault]:
    """All that is wrong, in the order of the documentation. Members that nobody knows are refused by some
    endpoints with an error, so none is sent."""
    for name, member in members.items():
        if name in value:
            yield from member.check(name, value[name])
        elif member.required:
            yield name, "is missing"
    for name in value:
        if name not in members:
            yield ascii(name[:40])[1:-1], "does not belong here"


def callback_url(name: str, value: object) -> Iterator[Fault]:
    """The address of notifications: public https with a path and no query. Source: `POST /callbacks`."""
    faults = list(text(10, 256)(name, value))
    yield from faults
    if faults or not isinstance(value, str):
        return
    try:
        parts = urlsplit(value)
        good = parts.scheme == "https" and bool(parts.hostname) and value.isascii() and value.isprintable()
    except ValueError:
        good = False
    if not good or "?" in value or "#" in value or " " in value:
        yield name, "must be like https://merchant.example/wechatpay/notify, without a query"


#: Characters seen in practice, safe in paths and logs. Of those allowed in request numbers `|` is printed
#: full-width in the documentation, and `*` is refused by some systems on the way: both avoided.
_PLAIN = "[0-9A-Za-z_-]"
OPENID = text(1, 128, _PLAIN)
APPID = text(1, 32, _PLAIN)
STOCK_ID = text(1, 20, _PLAIN)
MCHID = text(8, 15, "[0-9]")
#: A code that we choose in a send.
NEW_COUPON_CODE = text(1, 32, _PLAIN)
#: A code that somebody chose; uploaded ones may hold more than ours.
COUPON_CODE = text(1, 32, r"[0-9A-Za-z \-_\\/=|]")
#: The number of a send comes back as a coupon's `send_request_no`, which was long listed with 32.
SEND_REQUEST_NO = text(1, 32, _PLAIN)
REQUEST_NO = text(1, 128, _PLAIN)


Together = Callable[[Mapping[str, Any]], Iterable[Fault]]


def _nothing(_members: Mapping[str, Any]) -> Iterable[Fault]:
    return ()


@dataclass(frozen=True, slots=True)
class Form:
    """The members of one body. `together`: what is wrong with members that are each right."""

    members: Members
    together: Together = _nothing

    def compose(self, **values: object) -> bytes:
        """The bytes to keep and to send: the same values give the same bytes for ever.

        What is None is left out: `null` is never sent. Raises BadRequest, naming every wrong field.
        """
        given = {name: wire(value) for name, value in values.items() if value is not None}
        self._check(given)
        return json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode()

    def read(self, body: bytes) -> dict[str, Any]:
        """The members in bytes that `compose` made. Raises BadRequest when they are no such thing."""
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):  # RecursionError: thousands of brackets
            given = None
        if not isinstance(given, dict):
            raise BadRequest([("body", "is no JSON object; it must be what was composed")])
        self._check(given)
        return given

    def _check(self, given: Mapping[str, Any]) -> None:
        faults = [*faults_of(given, self.members), *self.together(given)]
        if faults:
            raise BadRequest(faults)
