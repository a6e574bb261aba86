"""The search finds exactly what a look at every row finds, newest first, whatever is asked for."""

from __future__ import annotations

import asyncio
import random
import unicodedata
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.audit_words import Filter, Found
from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import Approval, State, Stock
from coupons.ports import Reading, Transaction
from coupons.recording import Recorded
from storage import search
from storage.database import open_for_writing
from storage.ledger import SqliteLedger
from storage.store import Store
from tests.storage.ports_of_batches import new_batch
from tests.storage.records import NOW, OPENID, STOCK, Time, approve, create, open_ledger, rows, send

HOUR = 3_600_000
AGENTS = ("U0LI", "U0HE", "U0MA")
APPROVERS = ("U0WANG", "U0ZHAO")
STOCKS = (STOCK, Stock("999", "gone-5", "¥5 off", 500, STOCK.code_mode))
TICKETS = ("", "ZD-1234", "https://desk.example/1?a=b", "票 12")
REASONS = (
    "the parcel came four days late",
    "物流迟到四天",
    "商品破损，客户投诉",
    "迟",
    "双 eleven 快递delay很久",
    'said "AND" * NEAR( 100% a_b',
    "line\nbreak\x00nul \ud800 🎁",
    "Ünïcode É",
)
TEXTS = (
    "late", "LATE", "la", "a",
    "parc", "四天", "迟到", "迟", "到", "破损，客", "物流迟到四天", "delay很", "递delay",
    "eleven", "AND", "100%", "a_b", '"AND"', "*", "NEAR(", "nosuch", "unicode", "é", "🎁", "nul",
    "客户 投诉", "four days", "days four", "too early", "太早", "1234", "desk.example", "票",
    "x" * 6_000, "\x00", "\ud800",
)  # fmt: skip


def openid(number: int) -> str:
    return f"oUpF8uMuAJO_M2pxb1Q9zNjW{number:04}"


def fill(tx: Transaction, clock: Time, draw: random.Random, number: int) -> None:
    # A clock that is put back now and then must not lose a row.
    clock.now += draw.choice((-1, 0, 1, 7)) * HOUR
    batch = draw.choice((None, None, 1, 2))
    request = create(
        tx,
        f"cb{number}",
        requester=draw.choice(AGENTS),
        openid=openid(draw.randrange(6)),
        stock=draw.choice(STOCKS),
        reason=draw.choice(REASONS),
        ticket=draw.choice(TICKETS),
        approvals_needed=draw.choice((1, 2)),
        created_at=clock.now,
        batch=batch,
        batch_row=None if batch is None else number,
    )
    end = draw.choice(("pending", "declined", "cancelled", "sent", "sent", "approved"))
    if end == "declined":
        reason = draw.choice(("too early, ask again", "太早了"))
        by = draw.choice(APPROVERS)
        tx.save(request, move(request, State.DECLINED, now=clock.now, closed_by=by, decline_reason=reason))
    elif end == "cancelled":
        tx.save(request, move(request, State.CANCELLED, now=clock.now, closed_by=request.requester))
    elif batch is not None:
        # Its approvals are the batch's.
        approved = tx.save(request, move(request, State.APPROVED, now=clock.now, due_at=NOW))
        if end == "sent":
            send(tx, approved, f"CODE{number}")
    elif end in {"sent", "approved"}:
        approvers = draw.sample(APPROVERS, request.approvals_needed)
        for person in approvers[:-1]:
            tx.add_approval(Approval(request.id, person, NOW))
        approved = approve(tx, request, approvers[-1])
        if end == "sent":
            send(tx, approved, f"CODE{number}")


def approve_batches(tx: Transaction) -> None:
    """Of the first both approvers, of the second one."""
    for number, approvers in ((1, APPROVERS), (2, APPROVERS[1:])):
        batch, _ = tx.add_batch(new_batch(f"T0SHOP.V{number}"))
        for seq, person in enumerate(approvers):
            tx.add_batch_approval(batch.id, person, at=NOW, seq=seq)


async def made(path: Path, count: int) -> None:
    draw, clock = random.Random(7), Time()
    ledger = open_ledger(path, clock)
    await ledger.write(approve_batches)
    for number in range(count):
        await ledger.write(lambda tx, n=number: fill(tx, clock, draw, n))
    await ledger.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "coupon.db"
    asyncio.run(made(path, 160))
    return path


# --- the same, by looking at every row


def tokens(text: str) -> list[str]:
    """What counts as a word: letters and digits, case and accents aside."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in plain).split()


def is_han(char: str) -> bool:
    return "一" <= char <= "鿿"


def holds(text: str, wanted: str) -> bool:
    """Its characters, of any run of Chinese; or its words: the last may go on, a short one alone may not."""
    text, wanted = without_gaps(text), without_gaps(wanted)
    if all(is_han(char) for char in wanted):
        return wanted in text
    stored, asked = tokens(spaced(text)), tokens(spaced(wanted))
    if len(wanted) <= 2 and wanted.isascii() and wanted.isalnum():
        return wanted.casefold() in stored
    places = range(len(stored) - len(asked) + 1)
    return bool(asked) and any(
        stored[at : at + len(asked) - 1] == asked[:-1] and stored[at + len(asked) - 1].startswith(asked[-1])
        for at in places
    )


def without_gaps(text: str) -> str:
    """A space between two Chinese characters means nothing."""
    kept = [
        char
        for at, char in enumerate(text)
        if not (char == " " and 0 < at < len(text) - 1 and is_han(text[at - 1]) and is_han(text[at + 1]))
    ]
    return "".join(kept)


def spaced(text: str) -> str:
    """Each Chinese character a word of its own."""
    return "".join(f" {char} " if is_han(char) else char for char in text)


def fits(found: Found, asked: Filter) -> bool:
    request = found.request
    wanted = (
        (asked.request, request.id),
        (asked.openid, request.openid),
        (asked.customer, request.customer),
        (asked.batch, request.batch),
        (asked.agent, request.requester),
        (asked.stock_id, request.stock_id),
        (asked.ticket, request.ticket),
        (asked.coupon_code, request.coupon_code),
        (asked.state, request.state),
    )
    words = "\n".join(each for each in (request.reason, request.ticket, request.decline_reason) if each)
    searchable = [text for text in asked.texts if tokens(spaced(text))]
    return (
        all(want in (None, have) for want, have in wanted)
        and (asked.approver is None or asked.approver in found.approvers)
        and (asked.least_fen is None or request.value_fen >= asked.least_fen)
        and (asked.most_fen is None or request.value_fen <= asked.most_fen)
        and (asked.since is None or request.created_at >= asked.since)
        and (asked.before is None or request.created_at < asked.before)
        and (not asked.texts or bool(searchable))
        and all(holds(words, text) for text in searchable)
    )


def times() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(-3, 260).map(lambda hours: NOW + hours * HOUR)


FILTERS = st.builds(
    Filter,
    request=st.none() | st.none() | st.integers(0, 165),
    openid=st.none() | st.none() | st.integers(0, 7).map(openid),
    customer=st.none() | st.none() | st.integers(0, 8),
    batch=st.none() | st.none() | st.integers(1, 3),
    agent=st.none() | st.sampled_from((*AGENTS, "U0NOBODY")),
    approver=st.none() | st.none() | st.sampled_from((*APPROVERS, "U0NOBODY")),
    stock_id=st.none() | st.sampled_from(("1212121212", "999", "none")),
    ticket=st.none() | st.none() | st.sampled_from((*TICKETS[1:], "zd-1234")),
    coupon_code=st.none() | st.none() | st.none() | st.integers(0, 165).map(lambda number: f"CODE{number}"),
    state=st.none() | st.sampled_from(State),
    least_fen=st.none() | st.sampled_from((0, 500, 501, 1000)),
    most_fen=st.none() | st.sampled_from((0, 499, 500, 1000)),
    since=times(),
    before=times(),
    texts=st.lists(st.sampled_from(TEXTS), max_size=2).map(tuple),
)


def everything(rows: Reading) -> Sequence[Found]:
    """By the simplest statement there is, not by the search."""
    found = []
    number = 1
    while request := rows.request(number):
        found.append(Found(request, tuple(each.approver for each in rows.approvals(number))))
        number += 1
    return found[::-1]


@given(asked=FILTERS, enough=st.sampled_from((1, 20, 5_000)), page=st.integers(1, 40))
def test_a_search_finds_what_a_look_at_every_row_finds(
    log: Path, asked: Filter, enough: int, page: int
) -> None:
    kept = search._ENOUGH, search._LONG
    search._ENOUGH = search._LONG = enough  # So that every condition leads once, in so few rows.
    try:
        with Store(log, clock=Time()).read() as reading:
            wanted = [each for each in everything(reading) if fits(each, asked)]
            assert list(reading.find_requests(asked, limit=1_000)) == wanted
            assert reading.count_found(asked, most=1_000) == len(wanted)
            assert reading.count_found(asked, most=3) == min(3, len(wanted))
            assert list(paged(reading, asked, page)) == wanted
            below = wanted[0].request.id if wanted else None
            both = reading.find_and_count(asked, below=below, limit=page, most=1_000)
            assert (list(both[0]), both[1]) == (wanted[1 : page + 1], len(wanted))
    finally:
        search._ENOUGH, search._LONG = kept


def paged(rows: Reading, asked: Filter, size: int) -> Iterator[Found]:
    below = None
    while page := rows.find_requests(asked, below=below, limit=size):
        yield from page
        below = page[-1].request.id


EVENT_FILTERS = st.builds(
    Filter,
    request=st.none() | st.integers(0, 165),
    tag=st.none() | st.sampled_from(Tag),
    actor=st.none() | st.sampled_from((*AGENTS, *APPROVERS, "system")),
    since=times(),
    before=times(),
    texts=st.lists(
        st.sampled_from(("CODE1", "code1", "%", "_", '"', "1212121212", "nosuch", "\x00", "answer", "迟")),
        max_size=2,
    ).map(tuple),
).filter(lambda asked: asked.asks_for_events)


@given(asked=EVENT_FILTERS, page=st.integers(1, 60), long=st.sampled_from((5, 5_000)))
def test_events_are_found_the_same_way(log: Path, asked: Filter, page: int, long: int) -> None:
    kept, search._LONG = search._LONG, long
    try:
        compare_events(log, asked, page)
    finally:
        search._LONG = kept


def compare_events(log: Path, asked: Filter, page: int) -> None:
    places = [seq for (seq,) in rows(log, "select seq from event")]
    searchable = [text for text in asked.texts if tokens(spaced(text))]

    def is_asked_for(event: Recorded) -> bool:
        return (
            asked.request in (None, event.request_id)
            and asked.tag in (None, event.tag)
            and asked.actor in (None, event.actor)
            and (asked.since is None or event.ts >= asked.since)
            and (asked.before is None or event.ts < asked.before)
            and (not asked.texts or bool(searchable))
            and all(holds(texts_of(event), text) for text in searchable)
        )

    with Store(log, clock=Time()).read() as reading:
        every = [event for seq in places if (event := reading.event(seq))]
        wanted = [event for event in sorted(every, key=lambda event: -event.seq) if is_asked_for(event)]
        assert list(reading.find_events(asked, limit=5_000)) == wanted
        assert reading.count_found(asked, most=5_000) == len(wanted)
        assert reading.find_and_count(asked, limit=page, most=5_000) == (wanted[:page], len(wanted))
        found: list[Recorded] = []
        below = None
        while part := reading.find_events(asked, below=below, limit=page):
            found += part
            below = part[-1].seq
        assert found == wanted


def texts_of(event: Recorded) -> str:
    """Every text in it, but the digests."""
    texts: list[str] = []
    for name, value in event.detail.items():
        values = value if isinstance(value, list) else [value]
        texts += [each for each in values if isinstance(each, str) and name != "body_sha256"]
    return "\n".join(texts)


# --- one by one


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncGenerator[SqliteLedger]:
    opened = open_ledger(tmp_path / "coupon.db")
    yield opened
    await opened.close()


async def ids(ledger: SqliteLedger, **asked: object) -> list[int]:
    wanted = replace(Filter(), **asked)  # type: ignore[arg-type] # each test names fields of it
    found = await ledger.read(lambda rows: rows.find_requests(wanted, limit=50))
    return [each.request.id for each in found]


@pytest.mark.parametrize(
    ("stored", "found", "not_found"),
    [
        ("物流迟到四天", ("物", "天", "迟到", "到四", "迟到四天", "物流迟到四天"), ("天物", "流四", "迟天")),
        ("迟", ("迟",), ("迟到",)),
        ("双 eleven 快递delay很久", ("双", "递delay", "delay很久", "快递delay", "elev"), ("很delay", "双快")),
        ("商品破损，客户投诉", ("损，客", "破损", "投诉"), ("损客",)),
        ("カードが届かない", ("カード", "届か", "ない"), ("ドカ",)),
        ("four days late", ("LATE", "four days", "day"), ("days four", "ays", "da")),
        ('a "b" AND c* -d', ('"b"', "AND", "c*", "-d", 'a "b'), ("OR", "NOT")),
    ],
)
async def test_any_part_of_a_sentence_finds_it(
    ledger: SqliteLedger, stored: str, found: Sequence[str], not_found: Sequence[str]
) -> None:
    await ledger.write(lambda tx: create(tx, reason=stored))
    assert {text: await ids(ledger, texts=(text,)) for text in found} == {text: [1] for text in found}
    assert {text: await ids(ledger, texts=(text,)) for text in not_found} == {text: [] for text in not_found}


async def test_why_it_was_declined_is_found_from_then_on_and_the_reason_still_is(
    ledger: SqliteLedger,
) -> None:
    request = await ledger.write(lambda tx: create(tx, ticket="ZD-9"))
    assert await ids(ledger, texts=("太早",)) == []
    after = move(request, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="太早了，再等等")
    await ledger.write(lambda tx: tx.save(request, after))
    for text in ("太早", "再等等", "parcel", "ZD-9", "zd"):
        assert await ids(ledger, texts=(text,)) == [1], text
    assert await ids(ledger, texts=("太早", "parcel")) == [1]


async def test_the_customers_number_still_finds_who_was_erased_and_the_openid_no_more(tmp_path: Path) -> None:
    path = tmp_path / "coupon.db"
    ledger = open_ledger(path)
    await ledger.write(create)
    await ledger.close()
    rows(path, "update customer set openid = 'erased:1' where id = 1")
    with Store(path, clock=Time()).read() as reading:
        assert reading.find_requests(Filter(openid=OPENID), limit=9) == []
        [found] = reading.find_requests(Filter(customer=1), limit=9)
        assert found.request.openid == "erased:1"


@pytest.mark.parametrize("text", ["late", "nosuch"])
async def test_however_much_is_typed_it_is_answered(ledger: SqliteLedger, text: str) -> None:
    await ledger.write(create)
    many = tuple(f"{text}{number}" for number in range(3_000))
    assert await ids(ledger, texts=many) == []
    assert await ids(ledger, texts=(text * 50_000,)) == []
    for texts in (many, (text * 50_000,)):
        asked = Filter(tag=Tag.REQUEST_CREATED, texts=texts)
        assert await ledger.read(lambda rows, a=asked: rows.find_events(a, limit=9)) == []
    same = Filter(tag=Tag.REQUEST_CREATED, texts=("1212",) * 3_000)
    assert len(await ledger.read(lambda rows: rows.find_events(same, limit=9))) == 1


@pytest.mark.parametrize("analysed", [False, True])
def test_the_ends_of_a_long_time_are_read_by_its_index(log: Path, analysed: bool, tmp_path: Path) -> None:
    path = tmp_path / "coupon.db"
    path.write_bytes(log.read_bytes())
    database = open_for_writing(path)
    if analysed:
        database.execute("analyze")
    times = {"since": NOW, "before": NOW + 9 * 31 * 86_400_000, "month": 31 * 86_400_000}
    for sql, index in (
        (search.REQUEST.ends, "request_by_created (created_at>? AND created_at<?)"),
        (search.EVENT.ends, "event_by_ts (ts>? AND ts<?)"),
    ):
        plan = [step["detail"] for step in database.execute(f"explain query plan {sql}", times).fetchall()]
        assert sum(step.endswith(index) for step in plan) == 2, plan
    database.close()
