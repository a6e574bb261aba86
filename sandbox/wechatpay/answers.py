"""An answer on its way out: its bytes, its headers, and what a fault does to them."""

import json
from dataclasses import dataclass, field
from typing import Any

from sandbox.wechatpay.errors import RefusedError
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import signed_headers
from sandbox.wechatpay.keys import PlatformKey
from sandbox.wechatpay.lies import STALE_SECONDS, forge, name_nobody, probe
from sandbox.wechatpay.request_numbers import Result
from sandbox.wechatpay.signatures import UnsignedError

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_JSON = "application/json; charset=utf-8"
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """`number` is the last part of Request-ID; None where no Request-ID comes, as from a gateway in front.
    `signable`: false for what the platform does not sign."""

    status: int
    body: bytes
    number: int | None = 0
    signable: bool = True
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": _JSON})
    code: str | None = None


def good(result: Result) -> Answer:
    """None is 204, which has no body; its signature covers the emptiness."""
    return Answer(204, b"", headers={}) if result is None else Answer(200, _dumps(result))


def refused(error: RefusedError) -> Answer:
    signable = not isinstance(error, UnsignedError)
    return Answer(error.status, _dumps(error.body()), error.number, signable=signable, code=error.code)


def bent(fault: Fault | None, honest: Answer | None) -> Answer:
    """What is said in the end; `honest` is the true answer where the request was carried out."""
    if fault is None:
        return _carried_out(honest)
    refusal = fault.refusal()
    if refusal is not None:
        answer = refused(refusal)
        if fault.kind is FaultKind.RATE_LIMITED:
            answer.headers["Retry-After"] = str(round(fault.seconds))
        return answer
    if fault.kind is FaultKind.ACCEPTED_202:
        return Answer(202, _dumps({}))
    if fault.kind is FaultKind.HTML_502:
        return Answer(502, _HTML, None, signable=False, headers={"Content-Type": "text/html"})
    return _carried_out(honest)


def _carried_out(honest: Answer | None) -> Answer:
    if honest is None:
        raise ValueError("a request that was not carried out needs an answer from its fault")
    return honest


def signature_of(answer: Answer, key: PlatformKey, now_ms: int, fault: Fault | None) -> dict[str, str]:
    """The `Wechatpay-*` headers, spoiled if the fault says so; empty where the answer is not signed."""
    kind = fault.kind if fault is not None else None
    if not answer.signable or kind is FaultKind.UNSIGNED:
        return {}
    seconds = now_ms // 1000 - (STALE_SECONDS if kind is FaultKind.STALE else 0)
    headers = signed_headers(key, seconds, answer.body)
    if kind is FaultKind.BAD_SIGNATURE:
        forge(headers)
    elif kind is FaultKind.SIGNTEST:
        probe(headers)
    elif kind is FaultKind.WRONG_SERIAL:
        name_nobody(headers, key)
    return headers


def _dumps(body: dict[str, Any]) -> bytes:
    return _ENCODER.encode(body).encode("utf-8", "replace")
