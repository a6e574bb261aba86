"""A bill of coupons as WeChat Pay's console gives it: CSV, whose columns are known by their names.

No layout is published for merchant coupons, and the console's has changed; so columns are found by any of the
names they go by, and what is not needed is left alone. Excel's version of a number is refused, not guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from coupons.days import BEIJING, milliseconds
from coupons.reconciling import Theirs

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("coupon_code", "券code", "券code码", "商家券code", "券码", "优惠券code", "券id"),
    "stock_id": ("stock_id", "批次号", "商家券批次号", "券批次号", "批次id", "商家券批次id"),
    "number": ("out_request_no", "send_request_no", "商户请求单号", "发券凭证", "发放请求单号", "发放单据号"),
    "state": ("coupon_state", "券状态", "状态"),
    "received_at": ("receive_time", "发放时间", "领取时间", "领券时间", "发券时间"),
}
_NEEDED: Final = ("code", "stock_id")
#: A spreadsheet showed the long number as 1.21E+15 and saved that.
_ROUNDED: Final = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M")


class BillRefused(Exception):
    """The sentence says which file and line, what was read, and what would be right."""


def read_bill(path: Path) -> Sequence[Theirs]:
    """Until the sums at its end, which have fewer columns. Raises BillRefused."""
    reader = csv.reader(io.StringIO(_text(path)))
    try:
        rows = list(reader)
    except csv.Error as error:
        raise BillRefused(f"{path} line {reader.line_num} is not CSV: {error}") from error
    for place, row in enumerate(rows):
        columns = _columns(row)
        if all(name in columns for name in _NEEDED):
            return list(_coupons(path, rows[place:], columns, place + 1))
    heads = ", ".join(_clean(cell) for cell in rows[0])[:200] if rows else "nothing"
    raise BillRefused(
        f"{path} has no line that names the columns of coupon codes and stocks (券code, 批次号); its "
        f"first line reads: {heads}"
    )


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BillRefused(f"{path} cannot be read: {error.strerror or error}") from error
    # The console writes UTF-8; Excel in China saves GB18030.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BillRefused(f"{path} is no text in UTF-8 or GB18030; save it as CSV")


def _columns(row: Sequence[str]) -> Mapping[str, int]:
    heads = [re.sub(r"[\s（(].*", "", _clean(cell)).casefold() for cell in row]
    found: dict[str, int] = {}
    for name, known in _NAMES.items():
        for place, head in enumerate(heads):
            if head in known:
                found.setdefault(name, place)
    return found


def _coupons(
    path: Path, rows: Sequence[Sequence[str]], columns: Mapping[str, int], first: int
) -> Iterator[Theirs]:
    """`rows`: from the line with the columns' names on, which is number `first`."""
    for line, row in enumerate(rows[1:], first + 1):
        if row and len(row) < len(rows[0]):
            # The sums at the end.
            return
        cells = {name: _clean(row[place]) if place < len(row) else "" for name, place in columns.items()}
        if not cells["code"] or not cells["stock_id"]:
            continue
        for name in _NEEDED:
            if _ROUNDED.fullmatch(cells[name]):
                raise BillRefused(
                    f"{path} line {line} reads {cells[name]}: a spreadsheet rounded the number. Take the "
                    "file as WeChat Pay gave it"
                )
        received = cells.get("received_at", "")
        yield Theirs(
            code=cells["code"],
            stock_id=cells["stock_id"],
            number=cells.get("number", ""),
            state=cells.get("state", ""),
            received_at=_time(path, line, received) if received else None,
        )


def _clean(cell: str) -> str:
    """WeChat Pay's bills put a backtick before each value, so that spreadsheets leave it alone."""
    return cell.strip().lstrip("`'").strip()


def _time(path: Path, line: int, text: str) -> int:
    """Bills are in Beijing time; what names its own offset keeps it."""
    try:
        moment = datetime.fromisoformat(text)
        return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=BEIJING))
    except ValueError:
        pass
    for form in _TIMES:
        try:
            return milliseconds(datetime.strptime(text, form).replace(tzinfo=BEIJING))
        except ValueError:
            continue
    raise BillRefused(f"{path} line {line} reads the time {text[:40]!r}; it must be like 2026-10-05 12:00:00")
