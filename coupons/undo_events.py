"""What the events of undos tell. Their tags stand among all others in `coupons.events`."""

from __future__ import annotations

from coupons.events import RequestCreated, Tag
from coupons.recording import Payload, Personal


class UndoCreated(RequestCreated, tag=Tag.UNDO_CREATED):
    """A request to take back the coupon of request `undoes`, which `asked_by` had asked for: nobody of both
    who asked approves it. `body_sha256`: of the bytes that deactivate the coupon."""

    undoes: int
    asked_by: Personal[str]


class UndoDone(Payload, tag=Tag.UNDO_DONE):
    """The coupon of request `undoes` can never be used. `by`: how we know, from the `answer` or a `look`."""

    undoes: int
    by: str


class UndoRefused(Payload, tag=Tag.UNDO_REFUSED):
    """It was not taken back. `code`: WeChat Pay's, or ours for what the coupon was found to be by then."""

    undoes: int
    code: str
    verified: bool
