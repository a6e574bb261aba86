"""Rows of `request` become records: several times for each line of a batch, so this is the quick way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from operator import itemgetter
from typing import Any

from coupons.model import REQUEST_RECORD, CodeMode, Request, State

_STATE, _CODE_MODE, _RUNNING, _RAISED = map(
    REQUEST_RECORD.names.index, ("state", "code_mode", "running", "raised")
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
    return REQUEST_RECORD.make(values)
