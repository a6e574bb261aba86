"""Rows of `request` and records, both ways. Rows are read several times for each line of a batch: quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import itemgetter
from typing import Any

from coupons.model import REQUEST_RECORD, CodeMode, Draft, Request, State
from coupons.needs import PLAIN, read_needs, written

_STATE, _CODE_MODE, _RUNNING, _RAISED, _NEEDS = map(
    REQUEST_RECORD.names.index, ("state", "code_mode", "running", "raised", "needs")
)
#: Calling an enum costs ten times as much.
_STATES = {str(state): state for state in State}
_CODE_MODES = {str(mode): mode for mode in CodeMode}


def requests_of(rows: list[Any]) -> list[Request]:
    """From rows of `request` with the customer's `openid`, all of one statement."""
    if not rows:
        return []
    # Not `row[name]`, which looks through all columns each time.
    columns = _columns_of(tuple(rows[0].keys()))
    return [_request(list(columns(row))) for row in rows]


@cache
def _columns_of(names: tuple[str, ...]) -> Callable[[Any], Iterable[Any]]:
    """Of rows with these columns, those that a Request has, in its order."""
    return itemgetter(*(names.index(name) for name in REQUEST_RECORD.names))


def _request(values: list[Any]) -> Request:
    values[_STATE] = _STATES[values[_STATE]]
    values[_CODE_MODE] = _CODE_MODES[values[_CODE_MODE]]
    values[_RUNNING] = bool(values[_RUNNING])
    raised = values[_RAISED]
    values[_RAISED] = tuple(filter(None, raised.split(","))) if raised else ()
    needs = values[_NEEDS]
    values[_NEEDS] = read_needs(needs) if needs else PLAIN
    return REQUEST_RECORD.make(values)


def columns_of_draft(draft: Draft) -> Mapping[str, object]:
    return {
        "out_request_no": draft.out_request_no,
        "requester": draft.requester,
        "openid": draft.openid,
        "stock_id": draft.stock.stock_id,
        "stock_name": draft.stock.name,
        "value_fen": draft.stock.value_fen,
        "code_mode": draft.stock.code_mode,
        "reason": draft.reason,
        "approvals_needed": draft.approvals_needed,
        "created_at": draft.created_at,
        "expires_at": draft.expires_at,
        "body": draft.body,
        "ticket": draft.ticket,
        "rule": draft.rule,
        "raised": ",".join(draft.raised),
        "duplicate_of": draft.duplicate_of,
        "follows": draft.follows,
        "remind_at": draft.remind_at,
        "waits_from": draft.created_at if draft.waits_from is None else draft.waits_from,
        "batch": draft.batch,
        "batch_row": draft.batch_row,
        "needs": written(draft.needs),
        "undoes": draft.undoes,
    }
