"""What comes back from one HTTP exchange: an answer and whether it is genuine, or a failure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wechatpay.errors import Doubtful

#: Long enough for a sentence of the server's, short enough for a card and a log line.
_MESSAGE_LENGTH = 300
_WAIT = re.compile(r"[0-9]{1,9}")
_NOT_OF_AN_ID = re.compile(r"[^0-9A-Za-z_.:-]")


class FailureKind(StrEnum):
    """How far a request came that got no answer."""

    #: Proven: no byte of the request left (name lookup, connect, TLS, no key to check the answer with).
    NEVER_LEFT = "never_left"
    #: Anything else: it may have been carried out.
    AFTER_FIRST_BYTE = "after_first_byte"


@dataclass(frozen=True, slots=True)
class Failure:
    """No whole answer came."""

    kind: FailureKind
    code: str
    #: Safe to log.
    message: str
    #: WeChat Pay's Request-ID, when the answer began and was lost then.
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came; `headers` by lower-case name, `body` raw with only gzip undone."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    #: For the operator, where we can say more than WeChat Pay does: why it does not accept our signature.
    hint: str = field(default="", repr=False)

    @property
    def request_id(self) -> str:
        """WeChat Pay's Request-ID."""
        return plain_request_id(self.headers.get("request-id", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds asked for by Retry-After, at most an hour: nobody in between may silence us for longer."""
        text = self.headers.get("retry-after", "").strip()
        return min(float(text), 3600.0) if _WAIT.fullmatch(text) else None

    def members(self) -> dict[str, Any] | None:
        """The JSON object in the body; None when it is something else (HTML of a gateway, empty, cut off)."""
        if "json" not in self.headers.get("content-type", "json").lower():
            return None
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):  # RecursionError: thousands of brackets
            return None
        return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer and the verdict on it: genuine, signed with `serial_no`, unless there is a `doubt`."""

    answer: Answer
    serial_no: str = ""
    doubt: Doubtful | None = None

    @property
    def verified(self) -> bool:
        """Its signature was there and good."""
        return self.doubt is None


CameBack = Checked | Failure


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a refusal says about itself; both texts are safe to log."""

    code: str
    message: str


def complaint(answer: Answer, *, hide: str) -> Complaint:
    """Read code and message of a non-2xx answer. `hide` is the openid of the request: errors quote fields.

    A body need not be JSON at all: then the code is ours, `HTTP_` and the status.
    """
    members = answer.members() or {}
    code = members.get("code")
    if not isinstance(code, str) or not re.fullmatch(r"[0-9A-Za-z_]{1,64}", code) or _quotes(code, hide):
        code = f"HTTP_{answer.status}"
    message = members.get("message")
    text = message if isinstance(message, str) else ""
    # `detail` names the wrong field, or for SIGN_ERROR what did not match; its other parts may hold values.
    detail = members.get("detail")
    if isinstance(detail, dict):
        hints = [detail[name] for name in ("field", "issue") if isinstance(detail.get(name), str)]
        text += f" ({': '.join(hints)})" if hints else ""
    return Complaint(code.upper(), plain(text, hide=hide))


def plain_request_id(text: str) -> str:
    """A Request-ID with anything strange left out: it goes into logs and to WeChat Pay's support."""
    return _NOT_OF_AN_ID.sub("", text)[:128]


def _quotes(text: str, hidden: str) -> bool:
    return bool(hidden) and hidden.lower() in text.lower()


def plain(text: str, *, hide: str) -> str:
    """One line of printable text, at most 300 characters, without `hide`, in whatever case it is quoted."""
    # Lone surrogates from JSON escapes would otherwise break the first file or database they reach.
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if hide:
        text = re.sub(re.escape(hide), "(openid)", text, flags=re.IGNORECASE)
    return text if len(text) <= _MESSAGE_LENGTH else text[: _MESSAGE_LENGTH - 1] + "…"
