"""`audit verify` against bare SHA-256 over the same bytes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, sha256_rows_per_second
from bot.wiring import utc_ms
from coupons.events import SYSTEM, Event, Json, Tag
from coupons.ports import Transaction
from storage.database import open_for_reading
from storage.ledger import SqliteLedger
from storage.proof import verify

_EVENTS = 200_000
_AT_ONCE = 5_000


async def run(share: float) -> list[Figure]:
    events = int(_EVENTS * share)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coupon.db"
        ledger = SqliteLedger(path, clock=utc_ms, on_commit=lambda _: None)
        for _ in range(events // _AT_ONCE):
            await ledger.write(_many)
        await ledger.close()
        database = open_for_reading(path)
        bodies = [row["body"].encode() for row in database.execute("select body from event order by seq")]
        database.close()
        limit = sha256_rows_per_second(bodies)
        started = time.perf_counter()
        found = verify(path)
        taken = time.perf_counter() - started
    size = sum(map(len, bodies)) // len(bodies)
    return [Figure(f"audit verify, rows/s ({size} bytes)", found.rows / taken, "bare SHA-256, rows/s", limit)]


def _many(tx: Transaction) -> None:
    detail: dict[str, Json] = {
        "attempt": 1,
        "kind": "sent",
        "verified": True,
        "remedy": "none",
        "status": 200,
        "message": "",
        "wechatpay_request_id": "08A6077CABFB5DFF7CEABA5766C2837FDF5BA7-0",
        "serial_no": "PUB_KEY_ID_01190000010920261123003872970427",
    }
    for _ in range(_AT_ONCE):
        tx.append(Event(Tag.CLICK_REFUSED, SYSTEM, None, detail))
