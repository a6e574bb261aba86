"""The side door under `/_sandbox/`, JSON and unsigned: for a demo or a test in another process."""

import dataclasses
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from aiohttp import web

from sandbox.wechatpay.faults import Fault, FaultKind, Faults
from sandbox.wechatpay.keyring import DAY_MS
from sandbox.wechatpay.ledger import Endpoint, Ledger

PREFIX = "/_sandbox/"
_QUEUED = {"kind", "given", "seconds", "endpoint", "times"}
_SHARED = {"kind", "given", "seconds", "endpoint", "share", "seed"}
_MOST_TIMES = 100_000


class Admin:
    """`rotate` takes milliseconds the old certificate stays listed, and returns the new serial."""

    def __init__(self, *, ledger: Ledger, faults: Faults, rotate: Callable[[int], str]) -> None:
        self._ledger = ledger
        self._faults = faults
        self._rotate = rotate

    async def handle(self, request: web.BaseRequest) -> web.Response:
        try:
            match request.method, request.raw_path.removeprefix(PREFIX):
                case "GET", "ledger":
                    return _json(self._read_ledger())
                case "POST", "faults":
                    self._add_fault(await _members(request))
                    return _json(self._faults.summary())
                case "DELETE", "faults":
                    self._faults.clear()
                    return _json(self._faults.summary())
                case "POST", "rotate":
                    members = await _members(request)
                    _known(members, {"keep_old_ms"})
                    keep_old_ms = _whole(members, "keep_old_ms", DAY_MS)
                    return _json({"serial_no": self._rotate(keep_old_ms)})
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _json(
            {"error": "GET ledger, POST faults, DELETE faults and POST rotate are served under /_sandbox/"},
            404,
        )

    def _read_ledger(self) -> dict[str, Any]:
        return {
            "coupons": [dataclasses.asdict(coupon) for coupon in self._ledger.coupons],
            "requests": [request.summary() for request in self._ledger.requests],
            "notices": [notice.summary() for notice in self._ledger.notices],
        }

    def _add_fault(self, members: dict[str, Any]) -> None:
        _known(members, _SHARED if "share" in members else _QUEUED)
        given = members.get("given", False)
        if not isinstance(given, bool):
            raise ValueError(f"given is {given!r}; true or false expected")  # noqa: TRY004
        fault = Fault(
            FaultKind(_one_of(members.get("kind"), "kind", FaultKind)),
            given=given,
            seconds=_number(members, "seconds", 1.0),
        )
        endpoint = Endpoint(_one_of(members.get("endpoint", Endpoint.SEND), "endpoint", Endpoint))
        if "share" in members:
            seed = _whole(members, "seed", 0) if "seed" in members else None
            self._faults.rate(fault, _number(members, "share", 0.0), seed=seed, endpoint=endpoint)
            return
        times = _whole(members, "times", 1)
        if not 1 <= times <= _MOST_TIMES:
            raise ValueError(f"times is {times}; 1 to {_MOST_TIMES} expected")
        self._faults.queue(fault, times=times, endpoint=endpoint)


async def _members(request: web.BaseRequest) -> dict[str, Any]:
    body = await request.read()
    members = json.loads(body) if body else {}
    if not isinstance(members, dict):
        raise ValueError('the body is no JSON object; one like {"kind": "slow"} expected')  # noqa: TRY004
    return members


def _known(members: dict[str, Any], names: set[str]) -> None:
    unknown = sorted(members.keys() - names)
    if unknown:
        raise ValueError(f"unknown member {unknown[0]}; {', '.join(sorted(names))} are known")


def _one_of(value: object, name: str, allowed: type[StrEnum]) -> str:
    if not isinstance(value, str) or value not in list(allowed):
        raise ValueError(f"{name} is {value!r}; one of {', '.join(allowed)} expected")
    return value


def _number(members: dict[str, Any], name: str, default: float) -> float:
    value = members.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}; a number expected")  # noqa: TRY004
    return value


def _whole(members: dict[str, Any], name: str, default: int) -> int:
    value = _number(members, name, default)
    if not isinstance(value, int):
        raise ValueError(f"{name} is {value!r}; a whole number expected")  # noqa: TRY004
    return value


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(body, status=status)
