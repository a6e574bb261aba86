"""Why WeChat Pay does not accept our signature: our message beside the one that the server built.

Only for a 401. The server sends the beginning of its message and the length of the whole; signatures cannot
be compared, the texts under them can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from wechatpay.answers import Answer, complaint
from wechatpay.codes import find_code
from wechatpay.signatures import request_message
from wechatpay.skew import WARN_FROM_S, off, seconds_ahead

SIGNATURE_REFUSED = "signature_refused"

_UNAUTHORIZED = 401
#: Clocks further apart than this are the whole explanation.
_TOO_FAR_S = 300
_SHOWN = 160
_AROUND = 24
_LONGEST = 4096

#: The openid stands in paths of a user and in bodies; whatever else is long may be one, or as private.
_PRIVATE = re.compile(r"(/users/|\"openid\"\s*:\s*\")([^/?\"\n]+)|()([0-9A-Za-z_-]{16,})")

_LINES = ("the method", "path and query", "the timestamp", "the nonce", "the body")
_URL, _BODY = 1, 4

_CLOCK_WORDS = re.compile(r"timestamp|5\s*分钟|5 minutes|时间戳", re.IGNORECASE)
_SERIAL_WORDS = re.compile(r"serial|序列号|证书", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it went out."""

    method: str
    target: str
    body: bytes = field(repr=False)
    #: The whole header: its signature is never shown.
    authorization: str = field(repr=False)

    def header_value(self, name: str) -> str:
        """One of the five values of the header."""
        found = re.search(rf'[ ,]{name}="([^"]*)"', self.authorization)
        return found[1] if found else ""

    @property
    def message(self) -> bytes:
        """What was signed."""
        return request_message(
            self.method,
            self.target,
            self.header_value("timestamp"),
            self.header_value("nonce_str"),
            self.body,
        )


def is_sign_error(answer: Answer) -> bool:
    """A 401 of WeChat Pay's own, not one of a proxy in between."""
    if answer.status != _UNAUTHORIZED:
        return False
    code = find_code(complaint(answer, hide="").code)
    return code is not None and code.name == "SIGN_ERROR"


def explain_sign_error(
    answer: Answer, sent: SignedRequest, *, platform_serials: Collection[str], now: int
) -> str:
    """Two or three sentences for the operator, without secrets and whole openids.

    `platform_serials`: those of WeChat Pay's keys, with one of which ours may have been confused; `now` in
    Unix seconds. What the answer says is a hint: nobody signs the answer to a badly signed request.
    """
    message, serial_no = sent.message, sent.header_value("serial_no")
    detail = _inner(answer.members() or {}, "detail")
    ours = message.decode(errors="replace")
    found = _inner(detail, "sign_information")
    theirs = found.get("truncated_sign_message")
    length = found.get("sign_message_length")
    # Where it was cut off may be marked.
    theirs = theirs[:_LONGEST].rstrip(".…") if isinstance(theirs, str) else ""
    length = length if isinstance(length, int) and 0 <= length < 10**9 else None
    # A length in characters is as good: no page says which it is.
    same_length = length is None or length in (len(message), len(ours))
    at = _first_difference(ours, theirs)
    said = f"We signed {len(message)} bytes: {_quoted(ours)}."
    if theirs:
        counted = "" if length is None else f"{length} long: "
        said += (
            f" WeChat Pay built another message, {counted}"
            if at is not None or not same_length
            else (f" WeChat Pay built the same message, {counted}")
        )
        said += f"{_quoted(theirs)}."
    if at is not None:
        here, there = (repr(_masked(text)[at : at + _AROUND]) for text in (ours, theirs))
        said += f" First difference at character {at + 1}: ours {here}, theirs {there}."
    cause = _cause_without_texts(answer, detail, serial_no=serial_no, known=platform_serials, now=now)
    if cause is None and theirs:
        cause = _cause_in_texts(ours, theirs, at, same_length=same_length, serial_no=serial_no)
    return f"{said} Likely cause: {cause or _usual(serial_no)}."


def _cause_without_texts(
    answer: Answer, detail: Mapping[str, Any], *, serial_no: str, known: Collection[str], now: int
) -> str | None:
    if serial_no in known:
        return (
            f"the serial number ...{serial_no[-8:]} is that of a platform certificate; it must be that of "
            "the merchant's own API certificate (apiclient_cert.pem)"
        )
    ahead = seconds_ahead(answer.headers, now=now)
    words = " ".join(_words(answer, detail))
    if (ahead is not None and abs(ahead) > _TOO_FAR_S) or _CLOCK_WORDS.search(words):
        seen = off(ahead) if ahead is not None and abs(ahead) >= WARN_FROM_S else "not within 300 s of"
        return f"this machine's clock is {seen} WeChat Pay's; let it be set by NTP"
    if _SERIAL_WORDS.search(words):
        return (
            f"WeChat Pay does not know a certificate ...{serial_no[-8:]} of this merchant; compare the "
            "serial number with the console, and see that the certificate was neither replaced nor ran out"
        )
    return None


def _words(answer: Answer, detail: Mapping[str, Any]) -> Iterator[str]:
    # Seen with `issue` in `detail` itself, and one room further in.
    inner = _inner(detail, "detail")
    members = answer.members() or {}
    for value in (members.get("message"), detail.get("field"), detail.get("issue"), inner.get("issue")):
        if isinstance(value, str):
            yield value[:_LONGEST]


def _cause_in_texts(ours: str, theirs: str, at: int | None, *, same_length: bool, serial_no: str) -> str:
    if at is None:
        return _body_changed(ours, theirs) if not same_length else _pair(serial_no)
    line = min(ours.count("\n", 0, at), _BODY)
    if line == _URL:
        return _url_changed(ours.split("\n")[_URL], theirs.split("\n")[_URL])
    if line == _BODY:
        return _body_changed(ours, theirs)
    return f"{_LINES[line]} was changed between signing and WeChat Pay, by a proxy or an HTTP library"


def _url_changed(ours: str, theirs: str) -> str:
    if theirs.startswith(f"{ours}?"):
        return "the query was left out when the URL was signed"
    if ours.startswith(f"{theirs}?"):
        return "the query was signed but did not arrive: a proxy or an HTTP library dropped it"
    if unquote(ours.replace("+", " ")) == unquote(theirs.replace("+", " ")):
        return "a proxy or an HTTP library escapes the URL anew; it must arrive spelled as it was signed"
    return "path and query were changed between signing and WeChat Pay (a gateway with a prefix?)"


def _body_changed(ours: str, theirs: str) -> str:
    # Theirs is cut off, so that equal JSON cannot be proved; equal without its spaces is good enough a hint.
    squeezed, cut = (re.sub(r"\s", "", text.split("\n", _BODY)[-1]) for text in (ours, theirs))
    if cut and squeezed.startswith(_unescaped(cut)):
        return "the body was written anew after signing (spaces, order or \\u escapes of the JSON)"
    return "the body was changed between signing and WeChat Pay, by a proxy or an HTTP library"


def _unescaped(text: str) -> str:
    try:
        found = json.loads('"' + text.replace('"', '\\"') + '"')
    except ValueError:
        return text
    return found if isinstance(found, str) else text


def _pair(serial_no: str) -> str:
    return (
        f"the private key does not belong to the certificate ...{serial_no[-8:]}, or that certificate was "
        "replaced in the console or ran out"
    )


def _usual(serial_no: str) -> str:
    return f"{_pair(serial_no)}; or the merchant number is another's, or this machine's clock is wrong"


def _first_difference(ours: str, theirs: str) -> int | None:
    """None: theirs is how ours begins."""
    for at, (here, there) in enumerate(zip(ours, theirs, strict=False)):
        if here != there:
            return at
    return len(ours) if len(theirs) > len(ours) else None


def _quoted(text: str) -> str:
    masked = _masked(text)
    return repr(masked[:_SHOWN]) + ("..." if len(masked) > _SHOWN else "")


def _masked(text: str) -> str:
    """As long as it was, so that positions stay."""

    def stars(found: re.Match[str]) -> str:
        before, secret = (found[1], found[2]) if found[1] else ("", found[4])
        kept = 4 if len(secret) >= 16 else 0  # noqa: PLR2004 - as in the pattern
        return f"{before}{secret[:kept]}{'*' * (len(secret) - 2 * kept)}{secret[len(secret) - kept :]}"

    return _PRIVATE.sub(stars, text)


def _inner(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}
