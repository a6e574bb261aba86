"""What was found in a bulk file as JSON: its way from the process that reads it to the bot, and into rows.

What rows keep of it is masked: they outlast the file, and erasing cannot find an openid that is misspelt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import groupby
from typing import Any

from coupons.batch import BatchLine
from coupons.batches import LeftOut
from coupons.catalogue import Catalogue
from coupons.masking import keepable, masked
from coupons.model import Stock
from handlers.bulk.bulk_file import BadLine, BulkFile, FileRefused, Remark, RemarkKind, WholeFile, Wrong
from handlers.cleaning import Undone
from handlers.misread import Misread, Problem
from handlers.views.escaping import without_openids

#: A misread that has all of what is, or should be, an openid.
_OF_OPENID = frozenset(
    {
        Problem.OPENID_DAMAGED,
        Problem.OPENID_WRONG_CHARACTER,
        Problem.OPENID_TOO_SHORT,
        Problem.OPENID_TOO_LONG,
    }
)
_SHORT = 12


def dump(found: BulkFile | FileRefused) -> Iterator[str]:
    """What was found first, then a line for each good line and each bad cell."""
    if isinstance(found, FileRefused):
        yield json.dumps({"refused": _refusal(found)})
        return
    remarks = [_given(remark) for remark in found.remarks]
    yield json.dumps({"sha256": found.sha256, "sheet": found.sheet, "remarks": remarks})
    for line in found.lines:
        yield json.dumps([line.row, line.openid, line.stock.stock_id, line.reason, line.ticket])
    for bad in found.bad:
        yield json.dumps(_cell(bad))


def load(said: Iterable[str | bytes], catalogue: Catalogue) -> BulkFile:
    """Raises FileRefused where that was found, ValueError and LookupError where this is no such text."""
    texts = iter(said)
    head = json.loads(next(texts, "null"))
    if "refused" in head:
        raise _refused(head["refused"])
    lines: list[BatchLine] = []
    bad: list[BadLine] = []
    for text in texts:
        match json.loads(text):
            case [row, openid, stock_id, reason, ticket]:
                lines.append(BatchLine(row, openid, _stock(catalogue, stock_id), reason, ticket))
            case facts:
                bad.append(_bad(facts))
    return BulkFile(
        sha256=head["sha256"],
        lines=tuple(lines),
        bad=tuple(bad),
        remarks=tuple(map(_remark, head["remarks"])),
        sheet=head["sheet"],
    )


# --- in rows


def left_out(bad: Sequence[BadLine]) -> Iterator[LeftOut]:
    """One for each row; `bad` is in their order."""
    for row, cells in groupby(map(_masked, bad), key=lambda cell: cell.row):
        found = list(cells)
        yield LeftOut(
            row=row,
            column=found[0].column,
            read=found[0].read,
            problem=found[0].wrong,
            facts=json.dumps([_cell(cell) for cell in found]),
        )


def bad_lines(facts: str) -> tuple[BadLine, ...]:
    """What `left_out` kept of one row; none where something else left it out."""
    return tuple(map(_bad, json.loads(facts))) if facts else ()


def dump_remarks(found: BulkFile) -> str:
    """Of a draft's file; names of sheets and columns without what is plainly a person's."""
    named = (replace(each, names=tuple(map(keepable, each.names))) for each in found.remarks)
    return json.dumps([_given(remark) for remark in named])


def load_remarks(text: str) -> tuple[Remark, ...]:
    return tuple(map(_remark, json.loads(text))) if text else ()


def dump_refusal(refused: FileRefused) -> str:
    facts = _refusal(refused)
    names = [keepable(name) for name in refused.names]
    return json.dumps(facts | {"read": without_openids(refused.read), "names": names})


def load_refusal(text: str) -> FileRefused | None:
    """None: it is another problem of a batch."""
    return _refused(json.loads(text)) if text.startswith("{") else None


def _masked(bad: BadLine) -> BadLine:
    misread = bad.misread
    if misread is None:
        return replace(bad, read=without_openids(bad.read))
    hide = _hidden if misread.problem in _OF_OPENID else without_openids
    return replace(bad, read=hide(bad.read), misread=replace(misread, read=hide(misread.read)))


def _hidden(read: str) -> str:
    # What is far too short to be an openid may be a stock in the wrong place.
    return read if len(read) < _SHORT else masked(read)


def _cell(bad: BadLine) -> dict[str, Any]:
    misread = None if bad.misread is None else _given(bad.misread)
    return _given(bad) | {"misread": misread}


def _given(record: Any) -> dict[str, Any]:
    """The facts that a record has, by their names."""
    values = ((each.name, getattr(record, each.name)) for each in fields(record))
    return {name: value for name, value in values if value}


def _refusal(refused: FileRefused) -> dict[str, Any]:
    return {
        "why": refused.why,
        "row": refused.row,
        "read": refused.read,
        "names": refused.names,
        "limit": refused.limit,
    }


def _refused(facts: Mapping[str, Any]) -> FileRefused:
    return FileRefused(
        WholeFile(facts["why"]),
        row=facts["row"],
        read=facts["read"],
        names=tuple(facts["names"]),
        limit=facts["limit"],
    )


def _stock(catalogue: Catalogue, stock_id: str) -> Stock:
    stock = catalogue.find(stock_id)
    if stock is None:
        raise LookupError(stock_id)
    return stock


def _bad(facts: Mapping[str, Any]) -> BadLine:
    known: dict[str, Any] = {"wrong": Wrong(facts["wrong"]), "nearest": tuple(facts.get("nearest", ()))}
    misread = facts.get("misread")
    if misread is not None:
        misread = Misread(
            **misread | {"problem": Problem(misread["problem"]), "nearest": tuple(misread.get("nearest", ()))}
        )
    return BadLine(**dict(facts) | known | {"misread": misread})


def _remark(facts: Mapping[str, Any]) -> Remark:
    known: dict[str, Any] = {name: tuple(facts.get(name, ())) for name in ("rows", "names")}
    known["groups"] = tuple(map(tuple, facts.get("groups", ())))
    known["undone"] = Undone(facts["undone"]) if "undone" in facts else None
    return Remark(**dict(facts) | known | {"kind": RemarkKind(facts["kind"])})
