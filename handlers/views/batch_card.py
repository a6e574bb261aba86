"""The card of a batch: the one message about all its lines in the approval channel, drawn anew on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coupons.absence import Attendance
from coupons.batches import (
    BATCH_FINAL,
    Batch,
    BatchApproval,
    BatchState,
    CustomersOfBatch,
    HeldLines,
    Progress,
    StockOfBatch,
)
from coupons.masking import masked
from coupons.model import Pause
from handlers.views import absence
from handlers.views.batch_buttons import buttons
from handlers.views.batch_standing import Speed, now_in_words, standing
from handlers.views.card_context import with_reason
from handlers.views.card_notes import raised_by
from handlers.views.escaping import approver, code, inert, listed, person, person_or_bot, without_openids
from handlers.views.groups_asked import still_missing
from handlers.views.message import Block, Message, context, fields, header, message, quote, section
from handlers.views.state_words import approvals_so_far
from handlers.views.words import Words

_NAME: Final = 60
_STOCKS: Final = 8
#: How far back an approver is told what its customers got already.
BEFORE_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOnCard:
    """All that is read for one drawing, in one look. `customers` None: nobody decides about it any more.

    `approvers`: user and group ids; they are shown, not judged by.
    """

    batch: Batch
    approvals: Sequence[BatchApproval]
    progress: Progress
    stocks: Sequence[StockOfBatch] = ()
    held: Sequence[HeldLines] = ()
    customers: CustomersOfBatch | None = None
    approvers: Sequence[str] = ()
    pause: Pause | None = None
    #: Stocks whose lines wait, since WeChat Pay refused one of another batch.
    stopped: Sequence[StockOfBatch] = ()
    speed: Speed | None = None
    #: Who of those who may decide is there; None: it is decided.
    there: Attendance | None = None


def batch_card(words: Words, shown: BatchOnCard) -> Message:
    """For whoever decides, and for all who want to know how far it is."""
    return message(
        sentence(words, shown),
        header(title(words, shown.batch)),
        fields(*_facts(words, shown)),
        *_reason(words, shown.batch),
        *_sums(words, shown),
        *standing(words, shown.batch, shown.progress, shown.held, shown.speed, pause=shown.pause),
        *_stopped_elsewhere(words, shown),
        *absence.on_card(words, shown.there),
        *_pause_line(words, shown),
        *buttons(words, shown.batch, shown.progress),
        context(*_small_print(words, shown)),
    )


def title(words: Words, batch: Batch) -> str:
    """As plain text."""
    return words.plural(
        "Batch {batch}: 1 coupon, {value}",
        "Batch {batch}: {n} coupons, {value}",
        batch.size,
        batch=batch.id,
        value=words.money(batch.value_fen),
    )


def sentence(words: Words, shown: BatchOnCard) -> str:
    """The whole card in words: for notifications, for screen readers, and where blocks are refused."""
    batch = shown.batch
    headline, details = now_in_words(words, batch, shown.progress, shown.held, shown.speed)
    text = words.plural(
        "{headline}: batch {batch} of {requester}, 1 coupon ({value}) out of {file}. {details}",
        "{headline}: batch {batch} of {requester}, {n} coupons ({value}) out of {file}. {details}",
        batch.size,
        headline=headline,
        batch=batch.id,
        requester=person(batch.requester),
        value=words.money(batch.value_fen),
        file=inert(batch.file_name, _NAME),
        details=details,
    )
    reason = inert(without_openids(batch.reason), 500)
    return words.sentences(
        text,
        approved_so_far(words, shown) if batch.state is BatchState.PENDING else "",
        _paused(words, shown),
        absence.unattended(words, shown.there),
        words("Reason: {reason}", reason=reason) if reason else "",
    )


def _facts(words: Words, shown: BatchOnCard) -> list[tuple[str, str]]:
    batch = shown.batch
    known = [
        (words("Asked for by"), person(batch.requester)),
        (words("Asked"), words.moment(batch.submitted_at or batch.asked_at)),
        (words("File"), inert(batch.file_name, _NAME)),
        (words("SHA-256 of the file"), code(batch.sha256)),
    ]
    if batch.ticket:
        known.append((words("Ticket"), inert(without_openids(batch.ticket), 100)))
    if shown.customers is not None:
        known.append((words("Customers"), _customers(words, shown.customers)))
    if batch.left_out:
        known.append((words("Left out or struck out"), words.number(batch.left_out)))
    return known


def _customers(words: Words, customers: CustomersOfBatch) -> str:
    before = words("Nobody got a coupon in the {days} days before.", days=BEFORE_DAYS)
    if customers.before:
        before = words.plural(
            "1 got a coupon in the {days} days before.",
            "{n} got a coupon in the {days} days before.",
            customers.before,
            days=BEFORE_DAYS,
        )
    return words.sentences(words.plural("1 customer.", "{n} customers.", customers.count), before)


def _reason(words: Words, batch: Batch) -> list[Block]:
    return [quote(words("Reason"), without_openids(batch.reason))] if batch.reason else []


def _sums(words: Words, shown: BatchOnCard) -> list[Block]:
    blocks = []
    if shown.stocks:
        lines = [_stock(words, stock) for stock in shown.stocks[:_STOCKS]]
        if (more := len(shown.stocks) - _STOCKS) > 0:
            lines.append(words.plural("… and 1 more stock", "… and {n} more stocks", more))
        blocks.append(section("\n".join([f"*{words('By stock')}*", *lines])))
    if shown.customers is not None and shown.customers.largest:
        lines = [
            words.plural(
                "• {customer}: 1 coupon, {value}",
                "• {customer}: {n} coupons, {value}",
                each.count,
                customer=code(masked(each.openid)),
                value=words.money(each.fen),
            )
            for each in shown.customers.largest
        ]
        blocks.append(section("\n".join([f"*{words('The largest customers')}*", *lines])))
    return blocks


def _stock(words: Words, stock: StockOfBatch) -> str:
    return words.plural(
        "• {stock} ({id}): 1 coupon, {value}",
        "• {stock} ({id}): {n} coupons, {value}",
        stock.count,
        stock=inert(stock.stock_name),
        id=code(stock.stock_id),
        value=words.money(stock.fen),
    )


def _stopped_elsewhere(words: Words, shown: BatchOnCard) -> list[Block]:
    if not shown.stopped:
        return []
    stocks = words.list(f"{inert(stock.stock_name)} ({code(stock.stock_id)})" for stock in shown.stopped)
    text = words(
        "🛑 Lines of {stocks} wait: WeChat Pay refused a line of another batch for that. They go on when "
        "that batch is resumed or cancelled.",
        stocks=stocks,
    )
    return [section(text)]


def _pause_line(words: Words, shown: BatchOnCard) -> list[Block]:
    text = _paused(words, shown)
    return [context(f"⏸️ {text}")] if text else []


def _paused(words: Words, shown: BatchOnCard) -> str:
    """Of the pause of all sending."""
    pause, state = shown.pause, shown.batch.state
    if pause is None or state in BATCH_FINAL:
        return ""
    if state is BatchState.PENDING:
        text = words(
            "{person} paused sending ({time}): nothing can be approved until somebody resumes it.",
            person=person_or_bot(words, pause.by),
            time=words.moment(pause.at),
        )
    else:
        text = words(
            "{person} paused sending ({time}): nothing goes out until somebody resumes it.",
            person=person_or_bot(words, pause.by),
            time=words.moment(pause.at),
        )
    return with_reason(words, text, pause)


def _small_print(words: Words, shown: BatchOnCard) -> list[str]:
    batch = shown.batch
    if batch.state is not BatchState.PENDING:
        lines = [approved_so_far(words, shown)] if shown.approvals else []
        if batch.closed_at is not None:
            lines.append(words("Ended {time}", time=words.moment(batch.closed_at)))
        return lines or [words("Approvals needed: {needed}.", needed=batch.approvals_needed)]
    who = listed(words, (approver(entry) for entry in shown.approvers))
    who = who or words("nobody, because coupon.toml names no approvers")
    lines = [words("May decide, except the requester: {people}", people=who), _rule(words, batch)]
    lines.append(approved_so_far(words, shown))
    if shown.pause is not None:
        lines.append(words("Does not expire while sending is paused"))
    elif batch.expires_at is not None:
        lines.append(words("Expires {time}", time=words.moment(batch.expires_at)))
    return lines


def _rule(words: Words, batch: Batch) -> str:
    if batch.rule:
        text = words.plural(
            "1 approval by rule {rule}, the stricter of those for {value} in all and for a single {highest}",
            "{n} approvals by rule {rule}, the stricter of those for {value} in all and for a single "
            "{highest}",
            batch.approvals_needed,
            rule=batch.rule,
            value=words.money(batch.value_fen),
            highest=words.money(batch.highest_fen),
        )
    else:
        text = words.plural(
            "1 approval by the usual rule", "{n} approvals by the usual rule", batch.approvals_needed
        )
    if not batch.raised:
        return text
    return words.sentences(text + ".", raised_by(words, batch.raised))


def approved_so_far(words: Words, shown: BatchOnCard) -> str:
    """`Approvals: 1 of 2 (@wang).`; while it waits, who of several groups is still missing."""
    so_far = approvals_so_far(words, shown.approvals, shown.batch.approvals_needed)
    if shown.batch.state is not BatchState.PENDING:
        return so_far
    return words.sentences(so_far, still_missing(words, shown.batch.needs, shown.approvals))
