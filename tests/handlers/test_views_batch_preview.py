"""The preview of a batch in both languages, as people read it, and within Slack's limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file

from coupons.batch import BatchLine
from coupons.batch_asking import ShownDraft
from coupons.batch_preview import BatchPreview, CustomerSum, LimitLeft, RefusedLine, StockSum
from coupons.batches import SAME_FILE, Batch, BatchState, LeftOut
from coupons.model import CodeMode, Stock
from coupons.permissions import YES, Reason
from coupons.policy import Limit
from coupons.rules import Left, Terms, Used
from handlers.bulk import file_json
from handlers.bulk.bulk_file import BadLine, FileRefused, Remark, RemarkKind, WholeFile, Wrong
from handlers.cleaning import Undone
from handlers.views import batch_preview, bulk_file, bulk_form
from handlers.views.batch_preview import AboutFile
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.views_samples import GROUPS, NOW, written
from tests.words import CHINESE, ENGLISH

FOLDER = Path(__file__).parent / "read_aloud"
ANN, BEN = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uN95-Ptaags6E_roPHg7AG0"
LATE = Stock("1212121212", "late-10", "¥10 off, late delivery", 1000, CodeMode.WECHATPAY_MODE)
LOST = Stock("3434343434", "sorry-50", "¥50 off <!channel> *with apologies*", 5000, CodeMode.WECHATPAY_MODE)
BATCH = Batch(
    id=3,
    rev=2,
    state=BatchState.DRAFT,
    delivery="T0SHOP.V1",
    requester="U0LI",
    file_id="",
    file_name="late <parcels>.csv",
    stock_id="",
    reason="",
    ticket="",
    asked_at=NOW,
    sha256="ab" * 32,
    size=3,
    value_fen=7000,
    highest_fen=5000,
    left_out=2,
    approvals_needed=2,
    expires_at=NOW + 3_600_000,
)
TERMS = Terms(
    decision=YES, approvals_needed=2, place=1, approvers=("S0LEADS", "U0WANG"), raised=(Reason.BUDGET_LIMIT,)
)
LINES = tuple(
    BatchLine(row, openid, stock, "late", "")
    for row, openid, stock in ((2, ANN, LATE), (3, BEN, LOST), (4, ANN, LATE))
)
PREVIEW = BatchPreview(
    lines=LINES,
    refused=(RefusedLine(replace(LINES[0], row=9), Reason.CUSTOMER_LIMIT, Limit(2, 30)),),
    fen=7000,
    by_stock=(StockSum(LOST, 1, 5000), StockSum(LATE, 2, 2000)),
    customers=2,
    customers_before=1,
    largest=(CustomerSum(BEN, 1, 5000, Used()), CustomerSum(ANN, 2, 2000, Used(1, 1000))),
    left=(
        LimitLeft(Left(Reason.STOCK_LIMIT, Limit(500, 1), 497, None), LATE.stock_id),
        LimitLeft(Left(Reason.BUDGET_LIMIT, Limit(None, 30, fen=100_000), None, 93_000)),
    ),
    terms=TERMS,
)
NOTHING = replace(
    PREVIEW, lines=(), fen=0, by_stock=(), customers=0, customers_before=0, largest=(), left=(), terms=None
)
SHOWN = ShownDraft(batch=BATCH, preview=PREVIEW, same_file=None, lately={2: 15, 4: 15})
LEFT_OUT = [
    *file_json.left_out([BadLine(row=5, wrong=Wrong.ERROR, column="B", head="stock", read="#N/A")]),
    LeftOut(row=6, column="", read="", problem=Reason.AGENT_LIMIT),
]
REMARKS = tuple(
    Remark(kind=kind, count=25, rows=(2, 3), groups=((2, 5),), names=("Old",), undone=Undone.FULL_WIDTH)
    for kind in RemarkKind
)
EARLIER = replace(BATCH, id=1, submitted_at=NOW)


def previews(words: Words) -> Iterator[Message]:
    yield bulk_form.received(words, "late <parcels>.csv")
    yield batch_preview.waits_for_file(words, replace(BATCH, sha256=""), until=NOW)
    yield batch_preview.draft(words, SHOWN, AboutFile(left_out=LEFT_OUT, remarks=REMARKS))
    again = replace(BATCH, problem=SAME_FILE, left_out=0)
    plain = replace(
        PREVIEW,
        refused=(),
        customers_before=0,
        left=(),
        terms=replace(TERMS, place=0, raised=(), needs=GROUPS),
    )
    yield batch_preview.draft(
        words, ShownDraft(batch=again, preview=plain, same_file=EARLIER, lately={}), AboutFile()
    )
    yield batch_preview.draft(words, replace(SHOWN, preview=NOTHING, lately={}), AboutFile(left_out=LEFT_OUT))
    for batch in (
        replace(BATCH, submitted_at=NOW),
        replace(BATCH, state=BatchState.PENDING, submitted_at=NOW),
        replace(
            BATCH,
            state=BatchState.RUNNING,
            submitted_at=NOW,
            left_out=0,
            size=1,
            card_channel="C0APPROVE",
            card_ts="5.000100",
        ),
        replace(BATCH, state=BatchState.DISCARDED),
        replace(BATCH, state=BatchState.DISCARDED, closed_by="U0LI"),
        replace(BATCH, state=BatchState.DISCARDED, submitted_at=NOW),
    ):
        yield batch_preview.without_preview(words, batch, None, workspace_url="https://shop.slack.com/")
    refused = FileRefused(WholeFile.SEVERAL_SHEETS, names=("Sheet1", "名单"))
    yield batch_preview.without_preview(words, replace(BATCH, state=BatchState.DISCARDED), refused)
    yield bulk_file.left_out_not_taken(words, BATCH.file_name, "missing_scope")
    for count in (1, 12):
        yield Message(bulk_file.left_out_comment(words, BATCH.file_name, count), [])


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_people_read_what_was_read_aloud(words: Words) -> None:
    mark = "zh" if words is CHINESE else "en"
    pages = []
    for message in previews(words):
        lines = (f"  {block['type']}: {' | '.join(written(block))}" for block in message.blocks)
        pages.append("\n".join([message.text, *lines]))
    assert "\n\n".join(pages) + "\n" == external_file(str(FOLDER / f"batch_preview.{mark}.txt"))


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_no_openid_stands_in_it_and_no_name_formats_or_mentions(words: Words) -> None:
    for message in previews(words):
        said = json.dumps([message.text, message.blocks], ensure_ascii=False)
        assert ANN not in said
        assert BEN not in said
        assert "<!channel>" not in said
        assert "<parcels>" not in json.dumps([block for block in message.blocks if block["type"] != "header"])


def test_the_longest_preview_is_within_slacks_limits() -> None:
    many = range(1, 51)
    stocks = tuple(replace(LOST, stock_id=f"{number:010}", name="<" * 200) for number in many)
    customers = tuple(CustomerSum(f"{ANN[:-2]}{number:02}", 9, 9_000, Used(9, 9_000)) for number in many)
    largest = replace(
        PREVIEW,
        by_stock=tuple(StockSum(stock, 50_000, 50_000_000) for stock in stocks),
        largest=customers[:10],
        refused=PREVIEW.refused * 5_000,
        left=tuple(
            LimitLeft(Left(Reason.STOCK_LIMIT, Limit(1, 1), 50_000, 1), stock.stock_id) for stock in stocks
        ),
        terms=replace(TERMS, approvers=tuple(f"U0{number:09}" for number in many)),
    )
    shown = replace(SHOWN, preview=largest, lately={row: 1_000_000 + row for row in range(50_000)})
    bad = BadLine(row=50_000, wrong=Wrong.UNKNOWN_STOCK, column="AAA", head="<" * 200, read="<" * 5_000)
    remarks = tuple(
        replace(
            each,
            count=50_000,
            rows=tuple(range(10_000, 10_020)),
            groups=(tuple(range(10_000, 10_020)),) * 20,
            names=("<" * 31,) * 20,
        )
        for each in REMARKS
    )
    about = AboutFile(left_out=list(file_json.left_out([bad])) * 5, remarks=remarks)
    message = batch_preview.draft(ENGLISH, shown, about)
    assert len(message.blocks) <= 50
    assert sum(len(text) for text in texts(message.blocks)) <= 13_200
    for block in message.blocks:
        for text in texts(block):
            assert len(text) <= 3_000


def texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for each in part.values():
            yield from texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from texts(each)
