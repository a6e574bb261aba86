"""`coupon-bot wechat call`: which calls may be made by hand, and what of the answer is shown.

Coupons are given and taken back by approved requests alone, so here they must not be: not under another
spelling either. Servers and gateways resolve what a target leaves open (escapes, empty and dot segments,
letter case), each in its own way. So only the one canonical spelling passes, and of writing calls only those
that are known to move nothing; each of these leaves its events.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

from bot.logs import Redactor, mask_openid
from coupons.audit_events import WechatAnswered, WechatCalled
from coupons.errors import Refusal
from wechatpay.answers import CameBack, Checked, Failure

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: A body would not be read.
_BODILESS: Final = frozenset({"GET", "DELETE"})
_LONGEST_TARGET: Final = 2048

_QUERY: Final = re.compile(r"(?:[0-9A-Za-z._~=&+,:-]|%[0-9A-F]{2})+")

#: Coupons and money are moved in more ways than any list can name: of the calls that write, these neither
#: give a customer anything nor take anything away, and no others pass. What is in braces is a plain segment.
_MOVES_NOTHING: Final = tuple(
    (method, re.compile("/v3/" + path.replace("{}", "[0-9A-Za-z_-]+")))
    for method, path in (
        ("POST", "marketing/busifavor/stocks"),
        ("PATCH", "marketing/busifavor/stocks/{}"),
        ("PATCH", "marketing/busifavor/stocks/{}/budget"),
        ("POST", "marketing/busifavor/stocks/{}/couponcodes"),
        # An uploaded code may hold escaped characters.
        ("DELETE", "marketing/busifavor/stocks/{}/couponcodes/[0-9A-Za-z._~%-]+"),
        ("POST", "marketing/busifavor/coupons/(?:associate|disassociate)"),
        ("POST", "marketing/busifavor/callbacks"),
        ("POST", "pay/transactions/out-trade-no/{}/close"),
    )
)
#: Deactivating and using end a customer's coupon, returning makes a used one good again.
_TAKING: Final = re.compile("deactivate|/use$|/return$")
_REFUSED: Final = (
    "this call could give a coupon or money: coupons are given by approved requests only "
    "(/coupon send in Slack), never by hand"
)
_NOT_TAKEN: Final = (
    "this call takes a customer's coupon away, or makes a used one good again: that needs an approval, which "
    "no command asks for yet, and is not done by hand; nothing was sent"
)


class TargetRefused(Refusal):
    """One sentence; it quotes nothing, since openids stand in targets."""


def check_call(method: str, target: str, *, has_body: bool) -> None:
    """`method` in upper case, `target` path and query as they will be signed. Raises TargetRefused."""
    path, mark, query = target.partition("?")
    if not (path.isascii() and path.startswith("/v3/")) or len(target) > _LONGEST_TARGET:
        raise TargetRefused(
            "the target must be path and query of an APIv3 call, without the host, in ASCII: /v3/..."
        )
    for segment in path.split("/")[2:]:
        _check_segment(segment)
    if mark and not _QUERY.fullmatch(query):
        raise TargetRefused(
            "the query must be name=value pairs of letters, digits, and escapes like %2F in upper case"
        )
    if method in _BODILESS and has_body:
        raise TargetRefused(f"a {method} has no body; leave --body out")
    if writes(method) and not any(method == known and form.fullmatch(path) for known, form in _MOVES_NOTHING):
        raise TargetRefused(_NOT_TAKEN if _TAKING.search(path.casefold()) else _REFUSED)


def writes(method: str) -> bool:
    """Whether it may change something at WeChat Pay; `method` in upper case."""
    return method != "GET"


def _check_segment(segment: str) -> None:
    if not segment:
        raise TargetRefused("the path must be without double slashes and without a slash at its end")
    plain = unquote(segment, errors="replace")
    if quote(plain, safe="") != segment or not plain.isprintable():
        raise TargetRefused(
            "the path must be escaped as it is signed: letters, digits and -_.~ as they are, everything else "
            "as upper-case escapes of UTF-8 like %2F"
        )
    # Double escapes too: who decodes twice would see dots and slashes.
    if any(part in {".", ".."} for part in re.split(r"[/\\]", plain)) or re.search("%[0-9A-Fa-f]{2}", plain):
        raise TargetRefused("the path must be without segments of dots and without escapes of escapes")


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer as people and programs may see it."""

    status: int
    request_id: str
    #: Of the key whose signature was good; "" when none was.
    serial_no: str
    #: Why the answer must not be believed; "" when it may.
    doubt: str
    #: For the operator: why our own signature was not accepted.
    hint: str
    #: JSON, or text when it is none.
    body: Any


def shown_answer(
    checked: Checked, *, asked: Iterable[str], secrets: Iterable[str], show_openids: bool
) -> ShownAnswer:
    """`asked`: target and body of the request, whose openids the answer may quote."""
    answer = checked.answer
    text = answer.body.decode("utf-8", "replace")
    try:
        body = json.loads(text) if text else None
    except (ValueError, RecursionError):
        body = text
    if not show_openids:
        body = _Masking(asked, body, secrets).of(body)
    return ShownAnswer(
        status=answer.status,
        request_id=answer.request_id,
        serial_no=checked.serial_no,
        doubt=f"{checked.doubt.code}: {checked.doubt.message}" if checked.doubt else "",
        hint=answer.hint,
        body=body,
    )


def called(method: str, target: str, body: bytes, *, secrets: Iterable[str]) -> WechatCalled:
    """What the log keeps of a writing call before it leaves."""
    asked = (target, body.decode())
    return WechatCalled(
        method=method,
        path=_Masking(asked, None, secrets).of(target),
        body_sha256=hashlib.sha256(body).hexdigest() if body else None,
    )


def answered(call: int, came_back: CameBack) -> WechatAnswered:
    """What the log keeps of what came back of event #`call`."""
    if isinstance(came_back, Failure):
        return WechatAnswered(
            call=call,
            verified=False,
            problem=came_back.code,
            wechatpay_request_id=came_back.request_id or None,
        )
    answer, doubt = came_back.answer, came_back.doubt
    return WechatAnswered(
        call=call,
        verified=came_back.verified,
        status=answer.status,
        problem=doubt.code if doubt is not None else None,
        wechatpay_request_id=answer.request_id or None,
    )


class _Masking:
    """Members that are openids, whatever they look like, and what looks like one or was asked about."""

    def __init__(self, asked: Iterable[str], body: Any, secrets: Iterable[str]) -> None:
        self._redactor = Redactor(secrets)
        known = {found for text in asked for found in _openids_asked(text)} | set(_openids_in(body))
        self._known = sorted((openid for openid in known if openid), key=len, reverse=True)

    def of(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                self._text(name): (
                    mask_openid(inner)
                    if _is_openid(name) and isinstance(inner, str)
                    # A seal looks like anything, and masking would break it.
                    else inner
                    if name == "ciphertext" and isinstance(inner, str)
                    else self.of(inner)
                )
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.of(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        return self._redactor.text(text, self._known)


def _is_openid(name: str) -> bool:
    return name.casefold().endswith(("openid", "unionid"))


def _openids_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _is_openid(name) and isinstance(inner, str):
                yield inner
            else:
                yield from _openids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _openids_in(inner)


def _openids_asked(text: str) -> Iterator[str]:
    yield from (unquote(found) for found in re.findall(r"/users/([^/?]+)", text))
    query = text.partition("?")[2] if text.startswith("/") else ""
    yield from (value for name, value in parse_qsl(query) if _is_openid(name))
    try:
        yield from _openids_in(json.loads(text))
    except (ValueError, RecursionError):
        return
