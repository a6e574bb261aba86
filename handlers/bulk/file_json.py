"""A bulk file that was read, as lines of JSON: its way from the process that reads it to the bot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from coupons.batch import BatchLine
from coupons.catalogue import Catalogue
from coupons.model import Stock
from handlers.bulk.bulk_file import BadLine, BulkFile, FileRefused, Remark, RemarkKind, WholeFile, Wrong
from handlers.cleaning import Undone
from handlers.parsing import Misread, Problem


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
        misread = None if bad.misread is None else _given(bad.misread)
        yield json.dumps(_given(bad) | {"misread": misread})


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
