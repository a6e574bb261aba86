"""The lines of a batch, for those who decide about it: customers as on cards, not by their whole openids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coupons.batches import Batch
from coupons.masking import masked
from coupons.model import Request
from coupons.money import in_yuan
from coupons.rules import NOTHING, Used
from coupons.spreadsheet import Cell
from handlers.views.batch_card import BEFORE_DAYS
from handlers.views.escaping import inert, plain, without_openid
from handlers.views.words import Words

LINE_COLUMNS: Final = (
    *("row", "request", "customer", "openid_masked", "stock_id", "stock", "value_yuan"),
    *("reason", "ticket", "like_request", "other_rows", "promised_before", "promised_before_yuan"),
)
_NAME: Final = 60
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class SameCustomer:
    """The customer's other lines, and what was promised beside the batch in the BEFORE_DAYS before it."""

    rows: Sequence[int] = ()
    before: Used = NOTHING


def line(request: Request, same: SameCustomer) -> tuple[Cell, ...]:
    """Under LINE_COLUMNS. `customer` is our own number, the same for all of a customer's lines."""
    return (
        request.batch_row,
        request.id,
        request.customer,
        masked(request.openid),
        request.stock_id,
        request.stock_name,
        in_yuan(request.value_fen),
        plain(without_openid(request.reason, request.openid), _LONGEST),
        plain(without_openid(request.ticket, request.openid), _LONGEST),
        request.duplicate_of,
        ", ".join(map(str, same.rows)) or None,
        same.before.count or None,
        in_yuan(same.before.fen) if same.before.count else None,
    )


def comment(words: Words, batch: Batch) -> str:
    """Beside the file, as mrkdwn."""
    lines = words.plural(
        "*The line of batch {batch}* ({file}), to look at before you decide. `row` is what you write to "
        "strike it out; `like_request` is a request for the same customer and stock a short time before.",
        "*The {n} lines of batch {batch}* ({file}), to look at before you decide. `row` is what you write to "
        "strike one out; `like_request` is a request for the same customer and stock a short time before.",
        batch.size,
        batch=batch.id,
        file=inert(batch.file_name, _NAME),
    )
    others = words(
        "`other_rows` are the same customer's other lines; `promised_before` counts what the customer was "
        "promised in the {days} days before.",
        days=BEFORE_DAYS,
    )
    return words.sentences(lines, others)
