"""A long log of requests as a shop's would be after two years, the same at every call."""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coupons.events import Tag
from coupons.recording import SYSTEM, Json
from storage.audit import GENESIS, digest
from storage.database import open_for_writing
from storage.full_text import EventTexts, RequestTexts

#: 24 months up to 2026-11-18, in UTC milliseconds; whoever is decided last may be a day later.
END_MS = 1_795_000_000_000
START_MS = END_MS - 730 * 86_400_000
AGENTS = tuple(f"U0AGENT{number:02d}" for number in range(50))
APPROVERS = tuple(f"U0LEAD{number:02d}" for number in range(8))
#: stock_id, name, value in fen, approvals needed, place of the rule.
STOCKS = (
    ("1212121201", "¥5 off, small delay", 500, 0, 1),
    ("1212121202", "¥10 off, late delivery", 1000, 1, 2),
    ("1212121203", "十元券：破损补偿", 1000, 1, 2),
    ("1212121204", "¥15 off, wrong item", 1500, 1, 2),
    ("1212121205", "二十元券：多次催单", 2000, 1, 2),
    ("1212121206", "¥50 off, lost parcel", 5000, 2, 3),
)
CUSTOMERS = 40_000
#: {} is a number, so that free text has rare words, too.
REASONS = (
    "Parcel {} came four days late, and the customer had asked for it twice before it moved at all",
    "Late delivery: the carrier's page says it left the warehouse on time, the depot says otherwise",
    "The box of order {} was open and one of three cups was broken; photos are in the ticket",
    "Wrong size sent, exchange is on its way; the customer was promised something for the trouble",
    "包裹 {} 晚到四天，客户已催单两次，仓库确认当天漏发，先补偿一张优惠券安抚",
    "商品破损，客户提供了照片，杯子三只碎了一只，补发需要一周，客户同意用优惠券补偿",
    "客户投诉客服电话排队超过四十分钟，订单 {} 至今没有物流信息，主管同意给予补偿",
    "发错颜色，客户愿意留下商品，但要求补偿差价，按规定给予优惠券",
)
DECLINES = (
    "already compensated for this order last week, see the earlier request",
    "not our fault: the customer gave a wrong address and has been told so",
    "该订单已经退款，不再重复补偿",
    "理由不充分，请补充照片和物流截图后重新申请",
)
NOES = ("RULELIMIT", "USER_ACCOUNT_ABNORMAL", "NOT_ENOUGH")
_DECLINED, _REFUSED, _EXPIRED = 0.05, 0.02, 0.01
_DAY = 86_400_000
_AT_ONCE = 20_000

_CUSTOMER = "insert into customer (id, openid) values (:id, :openid)"
_REQUEST = """
insert into request (
    id, rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen, code_mode, reason,
    approvals_needed, created_at, expires_at, body, attempts, tries, closed_by, decline_reason, problem,
    coupon_code, closed_at, card_channel, card_ts, ticket, rule
) values (
    :id, :rev, :state, :out_request_no, :requester, :customer, :stock_id, :stock_name, :value_fen,
    'WECHATPAY_MODE', :reason, :approvals_needed, :created_at, :created_at + 86400000, :body, :attempts,
    :attempts, :closed_by, :decline_reason, :problem, :coupon_code, :closed_at, 'C0APPROVE', :card_ts,
    :ticket, :rule
)
"""
_APPROVAL = "insert into approval (request_id, approver, at) values (:request_id, :approver, :at)"
_EVENT = "insert into event (seq, body, prev, hash) values (:seq, :body, :prev, :hash)"


@dataclass(frozen=True, slots=True)
class _NewEvent:
    """An event before it has its place."""

    at: int
    tag: Tag
    actor: str
    request_id: int
    detail: Mapping[str, Json]


@cache
def shared(events: int) -> TemporaryDirectory[str]:
    """One such log in `coupon.db`, for all benchmarks that only read; removed when the program ends."""
    folder = TemporaryDirectory(prefix="coupon-bench-")
    fill(Path(folder.name) / "coupon.db", events)
    return folder


def fill(path: Path, events: int) -> None:
    """Make the database with at least so many events, in whole lives: requests, approvals and customers, too.

    50 agents, 8 approvers, 6 stocks, up to 40,000 customers, tickets on half of the requests, reasons in
    English and Chinese; 5 % declined, 2 % refused, 1 % expired, the others sent. `audit verify` accepts it.
    """
    database = open_for_writing(path)
    try:
        database.execute("begin immediate")
        _Writer(database.conn).write(_in_order(events))
        RequestTexts(database.conn).index_all()
        EventTexts(database.conn).index_all()
        database.execute("commit")
    finally:
        database.close()


class _Writer:
    """Rows by the thousand; each table's in the order in which the bot would have written them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._rows: dict[str, list[Mapping[str, object]]] = {
            sql: [] for sql in (_CUSTOMER, _REQUEST, _APPROVAL, _EVENT)
        }
        self._seq, self._head = 0, GENESIS

    def write(self, lives: Iterator[_NewEvent | tuple[str, Mapping[str, object]]]) -> None:
        for item in lives:
            if isinstance(item, _NewEvent):
                self._event(item)
            else:
                sql, values = item
                self._rows[sql].append(values)
        self._flush()

    def _event(self, expected: _NewEvent) -> None:
        if expected.tag is Tag.APPROVAL_GIVEN:
            approval = {"request_id": expected.request_id, "approver": expected.actor, "at": expected.at}
            self._rows[_APPROVAL].append(approval)
        self._seq += 1
        body = json.dumps(
            {
                "seq": self._seq,
                "ts": expected.at,
                "tag": expected.tag,
                "actor": expected.actor,
                "request_id": expected.request_id,
                "detail": expected.detail,
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        prev, self._head = self._head, digest(self._head, body.encode())
        self._rows[_EVENT].append({"seq": self._seq, "body": body, "prev": prev, "hash": self._head})
        if len(self._rows[_EVENT]) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        for sql, rows in self._rows.items():
            self._connection.executemany(sql, rows)
            rows.clear()


def _in_order(events: int) -> Iterator[_NewEvent | tuple[str, Mapping[str, object]]]:
    """Rows and events by time: while one request waits, others are made."""
    # Not for anything secret: the same log each time.
    chance = random.Random(20_261_118)
    # 5.4 events for each.
    step = (END_MS - START_MS) / max(1, events / 5.4)
    customers: dict[int, int] = {}
    waiting: list[tuple[int, int, _NewEvent]] = []
    made, request_id = 0, 0
    while made < events:
        request_id += 1
        now = START_MS + int(step * request_id)
        while waiting and waiting[0][0] <= now:
            yield heapq.heappop(waiting)[2]
        openid = chance.randrange(CUSTOMERS)
        if openid not in customers:
            customers[openid] = len(customers) + 1
            yield _CUSTOMER, {"id": customers[openid], "openid": openid_of(openid)}
        request, life = _life(chance, request_id, customers[openid], openid_of(openid), now)
        yield _REQUEST, request
        for found in life:
            made += 1
            heapq.heappush(waiting, (found.at, made, found))
    while waiting:
        yield heapq.heappop(waiting)[2]


def openid_of(number: int) -> str:
    return f"oUpF8uMuAJO_M2pxb1Q9{number:08d}"


def _life(
    chance: random.Random, request_id: int, customer: int, openid: str, now: int
) -> tuple[Mapping[str, object], Sequence[_NewEvent]]:
    """A request's row as it is in the end, and its events."""
    agent = chance.choice(AGENTS)
    stock_id, stock_name, value_fen, needed, rule = chance.choice(STOCKS)
    number = f"cb{sha256(b'%d' % request_id).hexdigest()[:30]}"
    body = json.dumps({"stock_id": stock_id, "out_request_no": number, "openid": openid}).encode()
    bytes_sha256 = sha256(body).hexdigest()
    said: dict[str, Json] = {
        "customer": customer,
        "stock_id": stock_id,
        "stock_name": stock_name,
        "value_fen": value_fen,
        "reason": chance.choice(REASONS).format(chance.randrange(10**9)),
        "ticket": f"T-{chance.randrange(10**6):06d}" if chance.random() < 0.5 else "",
        "approvals_needed": needed,
        "rule": rule,
        "out_request_no": number,
    }
    life = [
        _NewEvent(
            now,
            Tag.REQUEST_CREATED,
            agent,
            request_id,
            {**said, "body_sha256": bytes_sha256, "raised": [], "duplicate_of": None, "follows": None},
        )
    ]
    row: dict[str, object] = {
        **said,
        "id": request_id,
        "rev": 1,
        "state": "sent",
        "requester": agent,
        "created_at": now,
        "body": body,
        "attempts": 0,
        "closed_by": None,
        "decline_reason": "",
        "problem": "",
        "coupon_code": None,
        "card_ts": f"{now // 1000}.000100",
    }
    end = chance.random()
    if needed and end < _DECLINED:
        approver, why = chance.choice(APPROVERS), chance.choice(DECLINES)
        row |= {"state": "declined", "closed_by": approver, "decline_reason": why}
        later = now + chance.randrange(60_000, _DAY // 2)
        life.append(_NewEvent(later, Tag.REQUEST_DECLINED, approver, request_id, {"reason": why}))
    elif needed and end < _DECLINED + _EXPIRED:
        row |= {"state": "expired"}
        life.append(_NewEvent(now + _DAY, Tag.REQUEST_EXPIRED, SYSTEM, request_id, {}))
    else:
        later = _approved(chance, request_id, needed, rule, now, life)
        refused = chance.random() < _REFUSED
        row |= {
            "attempts": 1,
            **_sent(chance, request_id, number, bytes_sha256, later, life, refused=refused),
        }
    row |= {"rev": len(life), "closed_at": life[-1].at}
    return row, life


def _approved(
    chance: random.Random, request_id: int, needed: int, rule: int, now: int, life: list[_NewEvent]
) -> int:
    """By a rule at once, or by people within hours; returns when."""
    if not needed:
        detail: dict[str, Json] = {"approvals": [], "rule": rule}
        life.append(_NewEvent(now, Tag.REQUEST_APPROVED, SYSTEM, request_id, detail))
        return now
    people = chance.sample(APPROVERS, needed)
    for count, person in enumerate(people, 1):
        now += chance.randrange(20_000, _DAY // 8)
        life.append(
            _NewEvent(now, Tag.APPROVAL_GIVEN, person, request_id, {"count": count, "needed": needed})
        )
    life.append(_NewEvent(now, Tag.REQUEST_APPROVED, people[-1], request_id, {"approvals": list(people)}))
    return now


def _sent(
    chance: random.Random,
    request_id: int,
    number: str,
    bytes_sha256: str,
    now: int,
    life: list[_NewEvent],
    *,
    refused: bool,
) -> Mapping[str, object]:
    """One attempt and its end; returns what the row says of it."""
    started: dict[str, Json] = {"attempt": 1, "out_request_no": number, "body_sha256": bytes_sha256}
    life.append(_NewEvent(now + 5, Tag.ATTEMPT_STARTED, SYSTEM, request_id, started))
    code = chance.choice(NOES) if refused else ""
    finished: dict[str, Json] = {
        "attempt": 1,
        "kind": "refused" if refused else "sent",
        "verified": True,
        "remedy": "final" if refused else "none",
        "status": 403 if refused else 200,
        "code": code,
        "message": "该用户已达到领取上限" if refused else "",
        "wechatpay_request_id": f"08{chance.randrange(16**36):036X}-0",
        "serial_no": "PUB_KEY_ID_0119000001092026112300382200000001",
    }
    end = now + chance.randrange(80, 900)
    life.append(_NewEvent(end, Tag.ATTEMPT_FINISHED, SYSTEM, request_id, finished))
    if refused:
        life.append(_NewEvent(end, Tag.REQUEST_REFUSED, SYSTEM, request_id, {"code": code, "verified": True}))
        return {"state": "refused", "problem": code}
    coupon = f"1212{request_id:08d}{chance.randrange(10**6):06d}"
    life.append(_NewEvent(end, Tag.REQUEST_SENT, SYSTEM, request_id, {"coupon_code": coupon, "by": "answer"}))
    return {"coupon_code": coupon}
