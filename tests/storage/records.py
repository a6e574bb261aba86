"""Records to start from, and the few ways in which tests touch the file beside the ledger."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from coupons.audit_words import EVERYTHING
from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import Approval, ClickAction, CodeMode, Draft, NewClick, Request, State, Stock
from coupons.ports import Topic, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Event, Json, Recorded
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.ledger import SqliteLedger
from storage.migrations import GUARDS
from storage.proof.verify import verify
from storage.store import Store
from tests.empty_database import empty_database

NOW = 1_795_400_000_000
DAY = 86_400_000
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
STOCK = Stock("1212121212", "late-10", "¥10 off, late delivery", 1000, CodeMode.WECHATPAY_MODE)
ROOT = Path(__file__).parents[2]


class Time:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def a_draft(number: str = "cb1", **changes: Any) -> Draft:
    values: dict[str, Any] = {
        "out_request_no": number,
        "requester": "U0LI",
        "openid": OPENID,
        "stock": STOCK,
        "reason": "the parcel came four days late",
        "approvals_needed": 1,
        "created_at": NOW,
        "expires_at": NOW + DAY,
    }
    values |= changes
    values.setdefault("body", f'{{"openid":"{values["openid"]}","out_request_no":"{number}"}}'.encode())
    return Draft(**values)


def a_click(key: str = "click-1", **changes: Any) -> NewClick:
    values: dict[str, Any] = {
        "key": key,
        "action": ClickAction.APPROVE,
        "request_id": 1,
        "person": "U0WANG",
        "team": "T0SHOP",
        "channel": "C0APPROVE",
        "reason": "",
        "at": NOW,
    }
    return NewClick(**{**values, **changes})


def begin_posting(tx: Transaction, post_id: int) -> bool:
    """As whoever holds its lane does."""
    tx.take_lease("lane /", "here-1", 5)
    return tx.start_posting(post_id, "lane /", "here-1")


def card(request_id: int = 1) -> Post:
    return Post(kind=PostKind.CARD, request_id=request_id)


def open_ledger(
    path: Path, clock: Time | None = None, heard: list[frozenset[Topic]] | None = None
) -> SqliteLedger:
    found: list[frozenset[Topic]] = [] if heard is None else heard
    return SqliteLedger(empty_database(path), clock=clock or Time(), on_commit=found.append)


def create(tx: Transaction, number: str = "cb1", **changes: Any) -> Request:
    """A pending request and the event that tells of it."""
    request, _ = tx.add_requests([a_draft(number, **changes)])[0]
    detail: dict[str, Json] = {
        "out_request_no": number,
        "customer": request.customer,
        "stock_id": request.stock_id,
        "value_fen": request.value_fen,
        "approvals_needed": request.approvals_needed,
    }
    if request.ticket:
        detail["ticket"] = request.ticket
    tx.append(Event(Tag.REQUEST_CREATED, request.requester, request.id, detail))
    return request


def approve(tx: Transaction, request: Request, approver: str = "U0WANG", due_at: int = NOW) -> Request:
    tx.add_approval(Approval(request.id, approver, NOW))
    tx.append(Event(Tag.APPROVAL_GIVEN, approver, request.id))
    tx.append(Event(Tag.REQUEST_APPROVED, approver, request.id))
    return tx.save(request, move(request, State.APPROVED, now=NOW, due_at=due_at))


def send(tx: Transaction, request: Request, coupon_code: str = "CODE1") -> Request:
    tx.append(Event(Tag.ATTEMPT_STARTED, "system", request.id, {"attempt": 1}))
    sending = tx.save(request, move(request, State.SENDING, now=NOW, attempts=1, tries=1))
    tx.append(Event(Tag.REQUEST_SENT, "system", request.id, {"coupon_code": coupon_code, "by": "answer"}))
    return tx.save(sending, move(sending, State.SENT, now=NOW, coupon_code=coupon_code))


def written(path: Path, *works: Callable[[Transaction], object]) -> Path:
    """A database in which each of these was done, in a transaction of its own."""

    async def live() -> None:
        ledger = open_ledger(path)
        for work in works:
            await ledger.write(work)
        await ledger.close()

    asyncio.run(live())
    return path


def make_log(path: Path, events: int) -> None:
    """A database with so many events: whole lives of five events each, then pending requests."""
    lives = [
        lambda tx, n=number: send(tx, approve(tx, create(tx, f"cb{n}")), f"CODE{n}")
        for number in range(events // 5)
    ]
    rest = [lambda tx, n=number: create(tx, f"rest{n}") for number in range(events % 5)]
    written(path, *lives, *rest)


def broken(path: Path, *, thorough: bool = False) -> tuple[str, str]:
    """The kind and the sentence of the damage that the proof names."""
    with pytest.raises(AuditBroken) as found:
        verify(path, thorough=thorough)
    assert "\n" not in str(found.value)
    return found.value.kind, str(found.value)


def connect(path: Path) -> Any:
    """Past everything that guards the file; statements are committed as they come."""
    return sqlite3.connect(path, isolation_level=None)


def tamper(path: Path, *statements: str, **values: object) -> None:
    """What somebody with the file and a SQLite shell does, who leaves the guards as they were."""
    connection = connect(path)
    try:
        connection.execute("begin immediate")
        for name in GUARDS:
            connection.execute(f"drop trigger {name}")
        for statement in statements:
            connection.execute(statement, {name: values[name] for name in values if f":{name}" in statement})
        for sql in GUARDS.values():
            connection.execute(sql)
        connection.execute("commit")
    finally:
        connection.close()


def settle_file(path: Path) -> None:
    """All of it in the one file, so that its bytes can be changed."""
    connection = connect(path)
    assert connection.execute("pragma journal_mode = delete").fetchone()[0] == "delete"
    connection.close()


def overwrite(path: Path, before: bytes, after: bytes) -> None:
    """What a hex editor or a bad disk does: past SQLite, which would refuse a body that is no JSON."""
    whole = path.read_bytes()
    assert whole.count(before) == 1
    assert len(before) == len(after)
    path.write_bytes(whole.replace(before, after))


def rows(path: Path, sql: str, **values: object) -> list[tuple[Any, ...]]:
    connection = connect(path)
    try:
        return [tuple(row) for row in connection.execute(sql, values)]
    finally:
        connection.close()


def newest(path: Path, limit: int = 50) -> list[Recorded]:
    """The newest events, oldest first."""
    with Store(path, clock=Time()).read() as reading:
        return list(reading.events_of_found(EVERYTHING, limit=limit))


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def chained(prev: str, body: str) -> str:
    """The hash by the published rule, written a second time on purpose."""
    return hashlib.sha256(bytes.fromhex(prev) + body.encode()).hexdigest()


def files(folder: Path) -> dict[str, str]:
    """Name and hash of everything in it."""

    def read(paths: Iterable[Path]) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}

    return read(sorted(folder.rglob("*")))
