"""A bill of coupons as WeChat Pay's console gives it: CSV, whose columns are known by their names.

No layout is published for merchant coupons, and the console's has changed; so columns are found by any of the
names they go by, and what is not needed is left alone. A row that is read one column off is a wrong verdict
about money: what cannot be read for sure is refused, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from coupons.csv_rows import BillRefused, CsvLine, clean, delimiter_of, lines_of, text_of
from coupons.days import BEIJING, milliseconds
from coupons.reconciling import Theirs

#: In the order in which one is taken where a bill has two of them.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("coupon_code", "券code", "券code码", "商家券code", "券码", "优惠券code", "券id"),
    "stock_id": ("stock_id", "商家券批次号", "券批次号", "批次号", "商家券批次id", "批次id"),
    "number": ("out_request_no", "send_request_no", "商户请求单号", "发券凭证", "发放请求单号", "发放单据号"),
    "state": ("coupon_state", "券状态", "状态"),
    "received_at": ("receive_time", "发放时间", "领取时间", "领券时间", "发券时间"),
}
_NEEDED: Final = ("code", "stock_id")
#: What WeChat Pay allows in one; where such a cell reads otherwise, it is another column's.
_SHAPES: Final = {
    "code": ("coupon code", re.compile(r"[0-9A-Za-z_|*-]{1,32}", re.ASCII)),
    "stock_id": ("stock", re.compile(r"[0-9A-Za-z_-]{1,20}", re.ASCII)),
    "number": ("number", re.compile(r"[0-9A-Za-z_|*@-]{1,128}", re.ASCII)),
}
#: A spreadsheet showed the long number as 1.21E+15 and saved that.
_ROUNDED: Final = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_SUMS: Final = re.compile(r"总|合计|小计|汇总|total|sum", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M")
_CURE: Final = "take the file as WeChat Pay gave it, or put this line right"


@dataclass(frozen=True, slots=True)
class _Head:
    """Where each column is; `width` without the empty cells that a spreadsheet puts after the last name."""

    columns: Mapping[str, int]
    width: int


def read_bill(path: Path) -> Sequence[Theirs]:
    """Without the sums at its end. Raises BillRefused."""
    text = text_of(path)
    delimiter = delimiter_of(text, lambda cells: _head(path, CsvLine(0, cells)) is not None)
    if delimiter is None:
        first = ", ".join(clean(cell) for cell in text.partition("\n")[0].split(","))[:200]
        raise BillRefused(
            f"{path} has no line that names the columns of coupon codes and stocks (券code, 批次号); its "
            f"first line reads: {first or 'nothing'}"
        )
    return list(_coupons(path, lines_of(path, text, delimiter)))


def _coupons(path: Path, lines: Iterator[CsvLine]) -> Iterator[Theirs]:
    """What stands before the first head is a title. Bills that were joined have a head and sums each."""
    head: _Head | None = None
    #: Cells in the head of the sums; 0: they have not begun.
    sums = 0
    for line in lines:
        found, cells = _head(path, line), line.named
        if found is not None:
            head, sums = found, 0
        elif head is None or not cells:
            continue
        elif sums and len(cells) > sums:
            raise BillRefused(f"{path} line {line.number} comes after the sums and is none of them; {_CURE}")
        elif not sums and _is_head_of_sums(line, head):
            sums = len(cells)
        elif not sums:
            yield _coupon(path, line, head)


def _is_head_of_sums(line: CsvLine, head: _Head) -> bool:
    """Names stand there, fewer than above or of sums, and no digit, which every coupon has."""
    cells = line.named
    names_sums = len(cells) <= head.width and _SUMS.match(next(filter(None, cells)))
    return bool(len(line.cells) < head.width or names_sums) and not _DIGIT.search("".join(cells))


def _head(path: Path, line: CsvLine) -> _Head | None:
    """None: it does not name the columns. Raises BillRefused when it names one twice."""
    heads = [re.sub(r"[\s(].*", "", name).casefold() for name in line.named]
    columns: dict[str, int] = {}
    for name, known in _NAMES.items():
        called = next((each for each in known if each in heads), None)
        if called is not None:
            columns[name] = heads.index(called)
            if heads.count(called) > 1 and line.number:
                raise BillRefused(f"{path} line {line.number} names the column {called} twice; {_CURE}")
    if not all(name in columns for name in _NEEDED):
        return None
    return _Head(columns, len(heads))


def _coupon(path: Path, line: CsvLine, head: _Head) -> Theirs:
    row = line.fitted(head.width)
    if row is None:
        raise BillRefused(
            f"{path} line {line.number} has {len(line.cells)} cells under a head of {head.width}, so which "
            f"is which is not sure: a comma in a name, or a cell that is gone; {_CURE}"
        )
    cells = {name: row[place] for name, place in head.columns.items()}
    for name in ("code", "stock_id", "number"):
        if _ROUNDED.fullmatch(cells.get(name, "")):
            raise BillRefused(
                f"{path} line {line.number} reads {cells[name]}: a spreadsheet rounded the number; {_CURE}"
            )
    for name, (called, shape) in _SHAPES.items():
        if name not in cells or (name == "number" and not cells[name]):
            continue
        if not shape.fullmatch(cells[name]):
            read = f"the {called} {cells[name][:40]!r}" if cells[name] else f"no {called}"
            raise BillRefused(f"{path} line {line.number} has {read}; {_CURE}")
    received = cells.get("received_at", "")
    return Theirs(
        code=cells["code"],
        stock_id=cells["stock_id"],
        number=cells.get("number", ""),
        state=cells.get("state", ""),
        received_at=_time(path, line.number, received) if received else None,
    )


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
