"""Events of batches as short sentences: a part of the table of `handlers.views.story`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coupons.events import Tag
from coupons.model import State
from handlers.views.rendering import EventWords
from handlers.views.state_words import STATES
from handlers.views.translations import N_


def _created(words: EventWords) -> str:
    made = words.plural(
        "{who} asked for batch {batch}, 1 coupon out of {file}, in all {value}",
        "{who} asked for batch {batch}, {n} coupons out of {file}, in all {value}",
        words.whole("size"),
        file=words.typed(words.text("file_name"), 60),
    )
    left_out = words.whole("left_out")
    if not left_out:
        return made
    return words.plural(
        "{sentence}; 1 line of the file was left out",
        "{sentence}; {n} lines of the file were left out",
        left_out,
        sentence=made,
    )


def _struck(words: EventWords) -> str:
    rows = words.names("rows")
    return words.plural(
        "{who} struck 1 row out of batch {batch}: {rows}",
        "{who} struck {n} rows out of batch {batch}: {rows}",
        len(rows),
        rows=words.list(rows),
    )


def _paused(words: EventWords) -> str:
    if not words.text("code"):
        return words("{who} paused batch {batch}")
    if words.text("stock_id"):
        return words("batch {batch} was paused for stock {stock_id}: {cause}", cause=words.cause())
    return words("batch {batch} was paused: {cause}", cause=words.cause())


def _resumed(words: EventWords) -> str:
    resumed = words("{who} resumed batch {batch}")
    retried = words.whole("retried")
    if not retried:
        return resumed
    return words.plural(
        "{sentence}; 1 held line is sent again, with the same out_request_no",
        "{sentence}; {n} held lines are sent again, with the same out_request_no",
        retried,
        sentence=resumed,
    )


def _done(words: EventWords) -> str:
    states = words.event.detail.get("states")
    counted = states if isinstance(states, Mapping) else {}
    parts = words.list(
        words("{n} {state}", n=number, state=words(STATES[State(state)]))
        for state, number in counted.items()
        if state in {*State}
    )
    return words("batch {batch} is done: {states}", states=parts)


SENTENCES: Mapping[str, tuple[str, ...] | Callable[[EventWords], str]] = {
    Tag.BATCH_CREATED: _created,
    Tag.BATCH_APPROVED: (N_("batch {batch} had the approvals it needs: {approvals}"),),
    Tag.BATCH_DECLINED: (N_("{who} declined batch {batch}: “{reason}”"), N_("{who} declined batch {batch}")),
    Tag.BATCH_EXPIRED: (N_("batch {batch} expired without its approvals"),),
    Tag.BATCH_CANCELLED: (N_("{who} cancelled batch {batch}: what had not begun was withdrawn"),),
    Tag.BATCH_STRUCK: _struck,
    Tag.BATCH_PAUSED: _paused,
    Tag.BATCH_RESUMED: _resumed,
    Tag.BATCH_DONE: _done,
}
