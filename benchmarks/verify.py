"""`audit verify` over a long log of whole requests, against its hashes alone."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.limits import sha256_rows_per_second
from benchmarks.report import Load, Row
from coupons.events import SYSTEM, Event, Json, Tag
from storage.audit import EventRows
from storage.database import open_for_writing
from storage.driver import sqlite3
from storage.proof import verify

_START_MS = 1_795_000_000_000
_REQUESTER, _APPROVER = "U0LI", "U0WANG"
#: So many requests for each customer.
_REPEATED = 4

_CUSTOMER = "insert into customer (id, openid) values (:id, :openid)"
_REQUEST = """
insert into request (
    id, rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen, code_mode, reason,
    approvals_needed, created_at, expires_at, body, attempts, tries, coupon_code, closed_at, card_channel,
    card_ts
) values (
    :id, 4, 'sent', :out_request_no, :requester, :customer, '1212121212', '¥10 off, late delivery', 1000,
    'WECHATPAY_MODE', 'parcel four days late', 1, :now, :now + 86400000, x'7b7d', 1, 1, :coupon_code, :now,
    'C0APPROVE', '1795000000.000100'
)
"""
_APPROVAL = "insert into approval (request_id, approver, at) values (:id, :approver, :now)"


async def run(load: Load) -> list[Row]:
    """Rows verified in a second."""
    with tempfile.TemporaryDirectory(prefix="coupon-bench-") as folder:
        path = Path(folder) / "coupon.db"
        # No loop is needed, but one that stands still could not be interrupted.
        return await asyncio.to_thread(_measure, path, load.events)


def _measure(path: Path, events: int) -> list[Row]:
    _fill(path, events)
    started = time.perf_counter()
    found = verify(path)
    elapsed = time.perf_counter() - started
    if found.rows < events:
        raise RuntimeError(f"verify read {found.rows} events; {events} had been written")
    bare = sha256_rows_per_second(_bodies(path))
    return [Row("verify, rows of the log", found.rows / elapsed, "/s", bare, "SHA-256 of the same bytes")]


def _fill(path: Path, events: int) -> None:
    """Whole lives of requests, so that verify also compares the log with what became of them."""
    database = open_for_writing(path)
    try:
        rows = EventRows(database.conn)
        database.execute("begin immediate")
        seq, request_id = 0, 0
        while seq < events:
            request_id += 1
            now = _START_MS + request_id * 1_000
            _add_request(database, request_id, now)
            for event in _life(request_id):
                seq = rows.append(event, now)
        database.execute("commit")
    finally:
        database.close()


def _add_request(database: Any, request_id: int, now: int) -> None:
    customer = (request_id + _REPEATED - 1) // _REPEATED
    if request_id % _REPEATED == 1:
        database.execute(_CUSTOMER, {"id": customer, "openid": f"oUpF8uMuAJO_M2pxb1Q9{customer:08d}"})
    database.execute(
        _REQUEST,
        {
            "id": request_id,
            "out_request_no": f"bench-{request_id:020d}",
            "requester": _REQUESTER,
            "customer": customer,
            "coupon_code": _code(request_id),
            "now": now,
        },
    )
    database.execute(_APPROVAL, {"id": request_id, "approver": _APPROVER, "now": now})


def _life(request_id: int) -> Iterator[Event]:
    """The six events of a request that went well, as the bot writes them."""

    def event(tag: Tag, actor: str, **detail: Json) -> Event:
        return Event(tag, actor, request_id, detail)

    number = f"bench-{request_id:020d}"
    yield event(
        Tag.REQUEST_CREATED,
        _REQUESTER,
        customer=(request_id + _REPEATED - 1) // _REPEATED,
        stock_id="1212121212",
        stock_name="¥10 off, late delivery",
        value_fen=1000,
        reason="parcel four days late",
        approvals_needed=1,
        out_request_no=number,
    )
    yield event(Tag.APPROVAL_GIVEN, _APPROVER, count=1, needed=1)
    yield event(Tag.REQUEST_APPROVED, _APPROVER, approvals=[_APPROVER])
    yield event(Tag.ATTEMPT_STARTED, SYSTEM, attempt=1, out_request_no=number, body_sha256="0" * 64)
    yield event(
        Tag.ATTEMPT_FINISHED,
        SYSTEM,
        attempt=1,
        kind="sent",
        verified=True,
        remedy="none",
        status=200,
        code="",
        message="",
        wechatpay_request_id="08B8DEB3C90610F9051893C5E2B80328D3F20E30-0",
        serial_no="PUB_KEY_ID_0119000001092026112300382200000001",
    )
    yield event(Tag.REQUEST_SENT, SYSTEM, coupon_code=_code(request_id), by="answer")


def _code(request_id: int) -> str:
    return f"1212{request_id:012d}"


def _bodies(path: Path) -> list[bytes]:
    connection = sqlite3.connect(path)
    try:
        connection.text_factory = bytes
        return [body for (body,) in connection.execute("select body from event order by seq")]
    finally:
        connection.close()
