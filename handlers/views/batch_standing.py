"""Where a batch stands, in words and as a bar: the one place that turns its rows into such claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coupons.batches import Batch, BatchState, HeldLines, Progress
from coupons.model import Pause, State
from coupons.recording import SYSTEM
from handlers.views import problems
from handlers.views.escaping import code, inert, person, without_openids
from handlers.views.message import Block, quote, section
from handlers.views.undo_words import NOT_KNOWN
from handlers.views.words import Words

_BAR: Final = 20
_MARKS: Final = {
    BatchState.PENDING: "⏳",
    BatchState.APPROVED: "👍",
    BatchState.RUNNING: "🚚",
    BatchState.PAUSED: "⏸️",
    BatchState.DONE: "✅",
    BatchState.CANCELLED: "↩️",
    BatchState.DECLINED: "✋",
    BatchState.EXPIRED: "⌛",
}
#: What ended a line, or will not end it by itself.
_ENDED: Final = (
    State.SENT,
    State.UNDONE,
    State.REFUSED,
    State.HELD,
    State.CLOSED,
    State.DECLINED,
    State.CANCELLED,
    State.EXPIRED,
)
#: Lines of a batch that was approved; a line that was struck out before is none of them.
_WITHOUT_STRUCK: Final = State.DECLINED
_HELD_SHOWN: Final = 5
_DRAWN: Final = frozenset({BatchState.RUNNING, BatchState.PAUSED, BatchState.DONE, BatchState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast its lines ended in the last minute, while that was measured."""

    per_second: float
    #: Until the rest has ended, at this rate.
    left_ms: int


def standing(
    words: Words,
    batch: Batch,
    progress: Progress,
    held: Sequence[HeldLines],
    speed: Speed | None,
    *,
    pause: Pause | None,
) -> list[Block]:
    """The state, and what belongs to it. `pause`: of all sending."""
    headline, details = now_in_words(words, batch, progress, held, None if pause else speed)
    mark = _MARKS.get(batch.state, "•")
    blocks = [section(f"{mark} *{headline}*\n{details}")]
    if batch.state in _DRAWN and (total := _total(progress)):
        ended = sum(progress.states.get(state, 0) for state in _ENDED if state is not _WITHOUT_STRUCK)
        blocks.append(section(bar(words, ended, total)))
    blocks += [section(_to_do(words, each)) for each in held[:_HELD_SHOWN]]
    if batch.state is BatchState.DECLINED and batch.decline_reason:
        blocks.append(quote(words("Why"), without_openids(batch.decline_reason)))
    return blocks


def line_of(words: Words, batch: Batch) -> str:
    """One batch of a list, in mrkdwn."""
    headline, _ = now_in_words(words, batch, Progress({}), (), None)
    return words.plural(
        "*Batch {batch}* {mark} {headline}: 1 coupon ({value}) out of {file}",
        "*Batch {batch}* {mark} {headline}: {n} coupons ({value}) out of {file}",
        batch.size,
        batch=batch.id,
        mark=_MARKS.get(batch.state, "•"),
        headline=headline,
        value=words.money(batch.value_fen),
        file=inert(batch.file_name, 60),
    )


def bar(words: Words, ended: int, total: int) -> str:
    """`▓▓▓▓▓░░░░░ 1,040 of 2,000`: full only when all has ended, and begun with the first."""
    filled = min(_BAR * ended // total, _BAR)
    filled = max(filled, 1) if ended else 0
    return f"{'▓' * filled}{'░' * (_BAR - filled)} " + words(
        "{ended} of {total}", ended=words.number(ended), total=words.number(total)
    )


def now_in_words(  # noqa: PLR0911 - one for each state
    words: Words, batch: Batch, progress: Progress, held: Sequence[HeldLines], speed: Speed | None
) -> tuple[str, str]:
    """A headline, and sentences in mrkdwn."""
    counted = counts(words, progress)
    match batch.state:
        case BatchState.PENDING:
            return words("Waiting for approval"), words("Nothing is sent before it has its approvals.")
        case BatchState.APPROVED:
            return words("Approved"), words("Its lines are made ready, and go out then.")
        case BatchState.RUNNING:
            return words("Being sent"), words.sentences(counted, _speed(words, speed))
        case BatchState.PAUSED:
            return words("Paused"), words.sentences(_paused(words, batch, held), counted)
        case BatchState.DONE:
            return words("Done"), words.sentences(counted, _doubt(words, progress, held))
        case BatchState.CANCELLED:
            who = person(batch.closed_by or "")
            text = words("{person} cancelled it: what had not begun was withdrawn.", person=who)
            return words("Cancelled"), words.sentences(text, counted)
        case BatchState.DECLINED:
            text = words(
                "{person} declined it: nobody gets a coupon from it.", person=person(batch.closed_by or "")
            )
            return words("Declined"), text
        case BatchState.EXPIRED:
            return words("Expired"), words(
                "It did not get its approvals in time: nobody gets a coupon from it."
            )
        case _:
            return words("Not submitted"), words("Nobody gets a coupon from it.")


def counts(words: Words, progress: Progress, *, money: bool = True) -> str:
    """How many lines stand how; only what there is. "Sent" is said of one state only."""
    states = progress.states
    waiting = states.get(State.PENDING, 0) + states.get(State.APPROVED, 0)
    parts = [
        (states.get(State.SENT, 0), words("{n} sent", n=words.number(states.get(State.SENT, 0)))),
        (
            states.get(State.UNDONE, 0),
            words("{n} taken back", n=words.number(states.get(State.UNDONE, 0))),
        ),
        (waiting, words("{n} waiting", n=words.number(waiting))),
        (states.get(State.SENDING, 0), words("{n} under way", n=words.number(states.get(State.SENDING, 0)))),
        (
            states.get(State.UNKNOWN, 0),
            words("{n} not known yet", n=words.number(states.get(State.UNKNOWN, 0))),
        ),
        (
            states.get(State.REFUSED, 0),
            words("{n} refused by WeChat Pay", n=words.number(states.get(State.REFUSED, 0))),
        ),
        (states.get(State.HELD, 0), words("{n} held", n=words.number(states.get(State.HELD, 0)))),
        (states.get(State.CLOSED, 0), words("{n} closed", n=words.number(states.get(State.CLOSED, 0)))),
        (
            states.get(State.CANCELLED, 0),
            words("{n} withdrawn", n=words.number(states.get(State.CANCELLED, 0))),
        ),
        (
            states.get(State.DECLINED, 0),
            words("{n} struck out", n=words.number(states.get(State.DECLINED, 0))),
        ),
    ]
    shown = words.list(text for count, text in parts if count)
    if not money:
        return words("{counts}.", counts=shown or words("nothing yet"))
    value = words.money(progress.sent_fen)
    return words("{counts}. Sent so far: {value}.", counts=shown or words("nothing yet"), value=value)


def _total(progress: Progress) -> int:
    return progress.total - progress.states.get(_WITHOUT_STRUCK, 0)


def _speed(words: Words, speed: Speed | None) -> str:
    if speed is None or not speed.left_ms:
        return ""
    rate = f"{speed.per_second:.0f}" if speed.per_second >= 10 else f"{speed.per_second:.1f}"  # noqa: PLR2004 - digits that say something
    return words("{rate} a second; at this rate {time} more.", rate=rate, time=words.duration(speed.left_ms))


def _paused(words: Words, batch: Batch, held: Sequence[HeldLines]) -> str:
    if batch.closed_by == SYSTEM:
        return words(
            "The bot paused it, because WeChat Pay would refuse the lines of every stock in the same way. "
            "Once the cause has been put right, resume it; where sending is paused too, `/coupon resume` "
            "resumes both."
        )
    if batch.closed_by is not None:
        return words(
            "{person} paused it: no further line begins until somebody resumes it.",
            person=person(batch.closed_by),
        )
    if not held:
        return words("The bot paused it. Nothing of it is held any more: resume it.")
    return words(
        "The bot paused it for what is held, because WeChat Pay would refuse the other lines of the same "
        "stock too. Lines of other stocks go on."
    )


def _to_do(words: Words, held: HeldLines) -> str:
    text = words.plural(
        "🛑 1 line of {stock} ({id}) is held: {cause}.",
        "🛑 {n} lines of {stock} ({id}) are held: {cause}.",
        held.count,
        stock=inert(held.stock_name),
        id=code(held.stock_id),
        cause=problems.cause(words, held.code),
    )
    return words.sentences(text, problems.for_operator(words, held.code))


def _doubt(words: Words, progress: Progress, held: Sequence[HeldLines]) -> str:
    if not progress.states.get(State.HELD):
        return ""
    doubt = words(NOT_KNOWN) if any(each.not_known for each in held) else ""
    return words.sentences(doubt, words("An approver retries or closes what is held, one by one."))
