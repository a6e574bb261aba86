"""The requester's preview of a batch: what the file comes to, before anything is asked for and ever after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from coupons.batch_asking import ShownDraft
from coupons.batch_preview import RECENT_DAYS, BatchPreview, CustomerSum, LimitLeft
from coupons.batches import SAME_FILE, Batch, BatchState, LeftOut
from coupons.masking import masked
from coupons.rules import Terms
from handlers.bulk.bulk_file import FileRefused, Remark, RemarkKind
from handlers.views import bulk_file, inquiry_replies
from handlers.views.escaping import approver, clip, code, inert, listed, message_link
from handlers.views.groups_asked import groups_asked
from handlers.views.message import Block, Message, actions, button, confirm, context, header, message, section
from handlers.views.refusals import refusal
from handlers.views.words import Words

#: Shown in the message itself; all of them stand in the file.
_BAD_SHOWN: Final = 5
_STOCKS_SHOWN: Final = 10
_CUSTOMERS_SHOWN: Final = 5
_LATELY_SHOWN: Final = 10
_NAME_LONGEST: Final = 40
#: Of a list; all blocks of a message together get about 13,200 characters.
_LONGEST: Final = 2_200

_DOUBTS: Final = frozenset(
    {
        RemarkKind.HIDDEN_SHEETS,
        RemarkKind.HIDDEN_COLUMNS,
        RemarkKind.READ_AS_GB18030,
        RemarkKind.SAME_ASKED_TWICE,
        RemarkKind.OPENIDS_ALIKE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutFile:
    """What is known of the file besides its good lines."""

    #: The first lines that are left out.
    left_out: Sequence[LeftOut] = ()
    remarks: Sequence[Remark] = ()


def draft(words: Words, shown: ShownDraft, about: AboutFile) -> Message:
    """It waits for its requester."""
    batch, found = shown.batch, shown.preview
    # A star that ends bold letters needs a space after it, in Chinese too.
    sum_line = f"{_sum(words, found)} {words('Nothing is asked for yet.')}"
    blocks: list[Block] = [
        header(words("Preview of {file}", file=batch.file_name)),
        section(sum_line),
    ]
    if shown.same_file is not None:
        blocks.append(section(f"⚠️ {_same_file(words, shown.same_file)}"))
    blocks += _left_out(words, batch, about, found)
    if found.lines:
        blocks += _lines(words, shown)
    blocks += _remarks(words, about)
    blocks += _end(words, batch)
    blocks.append(_buttons(words, batch, found))
    return message(sum_line, *blocks)


def waits_for_file(words: Words, batch: Batch, *, until: int) -> Message:
    """Its file does not come."""
    return message(
        words(
            "Slack does not give me {file} at the moment. I go on trying until {time}, and the preview then "
            "takes the place of this message. Nothing is asked for yet.",
            file=f"*{inert(batch.file_name)}*",
            time=words.moment(until),
        )
    )


def without_preview(
    words: Words, batch: Batch, refused: FileRefused | None, *, workspace_url: str = ""
) -> Message:
    """In the preview's place, once there is nothing to submit any more."""
    file = f"*{inert(batch.file_name)}*"
    if batch.state is not BatchState.DISCARDED:
        return _submitted(words, batch, file, workspace_url)
    if refused is not None:
        return message(words("{file}: {why}", file=file, why=bulk_file.refused(words, refused)))
    if batch.submitted_at is not None:
        why = words("Since the preview, limits have left nothing of it.")
    elif batch.closed_by is not None:
        why = words("You discarded it.")
    else:
        why = words("Nobody submitted it within an hour. To ask for it, send the file again.")
    return message(words.sentences(words("{file}: nothing was asked for.", file=file), why))


def _submitted(words: Words, batch: Batch, file: str, workspace_url: str) -> Message:
    if batch.state is BatchState.DRAFT:
        return message(
            words(
                "{file} is submitted: its lines become requests now, and its card follows in the approval "
                "channel.",
                file=file,
            )
        )
    made = words.plural(
        "{file} is submitted as batch {batch}: 1 request, {sum}.",
        "{file} is submitted as batch {batch}: {n} requests, {sum} together.",
        batch.size,
        file=file,
        batch=batch.id,
        sum=words.money(batch.value_fen),
    )
    left_out = words.plural(
        "1 line of the file is left out.", "{n} lines of the file are left out.", batch.left_out
    )
    link = words("Its card follows in the approval channel.")
    if batch.card_channel and batch.card_ts:
        label = words("Its card in the approval channel")
        link = message_link(workspace_url, batch.card_channel, batch.card_ts, label)
    return message(words.sentences(made, left_out if batch.left_out else "", link))


def _sum(words: Words, found: BatchPreview) -> str:
    if not found.lines:
        return words("*No line of the file can be asked for.*")
    coupons = words.plural("1 coupon", "{n} coupons", len(found.lines))
    customers = words.plural("1 customer", "{n} customers", found.customers)
    return words(
        "*{coupons} for {customers}, {sum}.*",
        coupons=coupons,
        customers=customers,
        sum=words.money(found.fen),
    )


def _same_file(words: Words, same: Batch) -> str:
    return words(
        "This very file was submitted before, as batch {batch}, on {time}.",
        batch=same.id,
        time=words.moment(same.submitted_at or same.asked_at),
    )


# --- lines that are left out


def _left_out(words: Words, batch: Batch, about: AboutFile, found: BatchPreview) -> Iterator[Block]:
    count = batch.left_out + len(found.refused)
    if not count:
        return
    text = words.plural("*1 line is left out.*", "*{n} lines are left out.*", count)
    shown = [
        words("• {place}: {why}", place=each.place, why=each.why)
        for each in islice(bulk_file.left_out(words, about.left_out), _BAD_SHOWN)
    ]
    shown += [
        words(
            "• {place}: {why}",
            place=words("Row {row}", row=each.line.row),
            why=refusal(words, each.reason, each.limit),
        )
        for each in found.refused[: _BAD_SHOWN - len(shown)]
    ]
    yield section(clip("\n".join([text, *shown]), _LONGEST))


# --- lines that would be asked for


def _lines(words: Words, shown: ShownDraft) -> Iterator[Block]:
    found = shown.preview
    yield section("\n".join(_by_stock(words, found)))
    yield section("\n".join(_by_customer(words, found)))
    if shown.lately:
        yield section(f"⚠️ {_lately(words, shown.lately)}")
    if found.terms is not None:
        yield section(_needs(words, found.terms))
    if found.left:
        yield context(
            words(
                "Left after it: {limits}.",
                limits=" · ".join(_limit(words, found, each) for each in found.left),
            )
        )


def _by_stock(words: Words, found: BatchPreview) -> Iterator[str]:
    for each in found.by_stock[:_STOCKS_SHOWN]:
        yield words(
            "• {stock}: {count} × {value} = {sum}",
            stock=inert(each.stock.name, _NAME_LONGEST),
            count=words.number(each.count),
            value=words.money(each.stock.value_fen),
            sum=words.money(each.fen),
        )
    yield from _more(words, len(found.by_stock) - _STOCKS_SHOWN)


def _by_customer(words: Words, found: BatchPreview) -> Iterator[str]:
    if found.customers_before:
        yield words.plural(
            "1 of the customers was promised something in the last {days} days.",
            "{n} of the customers were promised something in the last {days} days.",
            found.customers_before,
            days=RECENT_DAYS,
        )
    yield words("The largest sums:")
    for each in found.largest[:_CUSTOMERS_SHOWN]:
        yield _customer(words, each)


def _customer(words: Words, customer: CustomerSum) -> str:
    now = words.plural("1 coupon, {sum}", "{n} coupons, {sum}", customer.count, sum=words.money(customer.fen))
    line = words("• {customer}: {coupons}", customer=code(masked(customer.openid)), coupons=now)
    if not customer.before.count:
        return line
    before = words.plural(
        "1 request of {sum} before",
        "{n} requests of {sum} before",
        customer.before.count,
        sum=words.money(customer.before.fen),
    )
    return f"{line} · {before}"


def _lately(words: Words, lately: Mapping[int, int]) -> str:
    rows = [
        words("row {row} (#{number})", row=row, number=number)
        for row, number in sorted(lately.items())[:_LATELY_SHOWN]
    ]
    more = len(lately) - len(rows)
    return words(
        "The same stock was asked for a short time ago for the same customer: {rows}.",
        rows=words.list(rows) + (f" (+{words.number(more)})" if more > 0 else ""),
    )


def _needs(words: Words, terms: Terms) -> str:
    rule = words("by rule {place}", place=terms.place) if terms.place else words("by the usual rule")
    text = words.plural(
        "It will need 1 approval, {rule}.",
        "It will need {n} approvals, {rule}.",
        # What many people get is looked at by one at least.
        max(terms.approvals_needed, 1),
        rule=rule,
    )
    raised = [words(inquiry_replies.LIMITS[each]) for each in terms.raised if each in inquiry_replies.LIMITS]
    more = ""
    if raised:
        more = words(
            "That is more than the rule asks for, since a limit is reached: {limits}.",
            limits=words.list(raised),
        )
    who = ""
    if terms.approvers:
        who = words("Who may approve: {people}.", people=listed(words, map(approver, terms.approvers)))
    return words.sentences(text, more, groups_asked(words, terms.needs), who)


def _limit(words: Words, found: BatchPreview, each: LimitLeft) -> str:
    names = {line.stock.stock_id: line.stock.name for line in found.by_stock}
    name = names.get(each.stock_id)
    what = inert(name, _NAME_LONGEST) if name else words(inquiry_replies.LIMITS[each.left.reason])
    return inquiry_replies.limit_left(words, each.left, what=what)


def _more(words: Words, count: int) -> Iterator[str]:
    if count > 0:
        yield words("… and {count} more", count=words.number(count))


def _remarks(words: Words, about: AboutFile) -> Iterator[Block]:
    """What may mean another customer or another coupon stands by itself."""
    doubts = [each for each in about.remarks if each.kind in _DOUBTS]
    others = [each for each in about.remarks if each.kind not in _DOUBTS]
    for mark, remarks in (("⚠️", doubts), ("•", others)):
        if remarks:
            said = "\n".join(f"{mark} {bulk_file.remark(words, each)}" for each in remarks)
            yield section(clip(said, _LONGEST))


# --- below


def _end(words: Words, batch: Batch) -> Iterator[Block]:
    facts = [words("SHA-256 of the file: {sha256}", sha256=code(batch.sha256))]
    if batch.expires_at is not None:
        facts.append(words("It is discarded at {time} by itself.", time=words.moment(batch.expires_at)))
    yield context(*facts)


def _buttons(words: Words, batch: Batch, found: BatchPreview) -> Block:
    discard = button(
        words("Discard"),
        "discard_batch",
        str(batch.id),
        confirm=confirm(
            words("Discard the preview?"),
            words("Nothing is asked for, and the lines are forgotten. The file can be sent again."),
            yes=words("Discard"),
            no=words("Back"),
        ),
    )
    if not found.lines:
        return actions(discard)
    return actions(_submit(words, batch, found), discard)


def _submit(words: Words, batch: Batch, found: BatchPreview) -> Block:
    asked = words.plural("1 coupon", "{n} coupons", len(found.lines))
    text = words("{coupons}, {sum}.", coupons=asked, sum=words.money(found.fen))
    left_out = batch.left_out + len(found.refused)
    if left_out:
        text = words.sentences(
            text,
            words.plural("1 line of the file is left out.", "{n} lines of the file are left out.", left_out),
        )
    if batch.problem == SAME_FILE:
        text = words.sentences(text, words("This very file was submitted before!"))
    return button(
        words("Ask for approval"),
        "submit_batch",
        str(batch.id),
        style="primary",
        confirm=confirm(words("Ask for all of them?"), text, yes=words("Ask for approval"), no=words("Back")),
    )
