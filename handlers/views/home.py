"""The app's Home tab: what waits for a person, what is theirs, and what they may still give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from coupons.absence import Absence
from coupons.clicked_on import shown_as
from coupons.masking import masked
from coupons.model import Approval, Pause, Request, State
from coupons.permissions import Reason, may_cancel
from coupons.policy import WhenReached
from coupons.rules import NOTHING, Left, Used
from coupons.week import Week, WeekLine
from handlers.views import week as week_words
from handlers.views.absence import on_home
from handlers.views.batch_card import BatchOnCard
from handlers.views.card import approve_button, close_button, decline_button, retry_button
from handlers.views.card_context import NOTHING_BESIDE, Beside, labelled, warnings, with_reason
from handlers.views.card_notes import grounds, ticket
from handlers.views.channel_loss import Lost, not_posted
from handlers.views.escaping import approver, code, inert, listed, own_words, person, person_or_bot
from handlers.views.home_batches import batches, card_link
from handlers.views.home_decided import Decided, decided
from handlers.views.message import Block, actions, button, confirm, context, header, overflow, section
from handlers.views.state_words import line_of, progress, standing, to_do
from handlers.views.undo_words import undo_button
from handlers.views.words import N_, Words

#: Rows of each kind that are shown; the rest are counted. With all of every kind 95 of Slack's 100 blocks.
SHOWN = 10
#: Of what is over.
LATELY = 5
_NAME = 60
_REASON = 200

View = dict[str, Any]

#: For whoever clicked on what an older coupon.toml had allowed.
NOT_TOGETHER = N_(
    "Nothing was approved: these requests may no longer be approved together. Please approve them one by one."
)

#: For whoever asked for the picture.
WEEK_FOLLOWS = N_("The week follows as a direct message.")


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that is not decided, or not finished."""

    request: Request
    approvals: tuple[Approval, ...] = ()
    #: Read of the drawn ones that wait for this person.
    about: Beside = NOTHING_BESIDE
    #: Of an undo, who had asked for the coupon.
    asked_before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What one person may see, read in one look."""

    may_ask: bool
    may_approve: bool
    #: Fewer than those who approve: a rule's own approvers stop nobody else's requests.
    may_pause: bool = False
    pause: Pause | None = None
    #: Own absence, and those of people who asked this one to decide in their place.
    absence: Absence | None = None
    deputy_for: tuple[Absence, ...] = ()
    #: What this person may decide now, the longest waiting first; no more than SHOWN are drawn.
    waiting: tuple[OpenRequest, ...] = ()
    #: Of the drawn ones, those that one click may approve; fewer than two: no such button.
    together: tuple[Request, ...] = ()
    #: Held ones that this person may retry or close, the oldest first; no more than SHOWN are drawn.
    held: tuple[Request, ...] = ()
    #: Own ones that are not finished, newest first.
    mine: tuple[OpenRequest, ...] = ()
    #: Own ones that are, and those of them whose coupon may be asked back.
    recent: tuple[Request, ...] = ()
    undoable: frozenset[int] = frozenset()
    left: tuple[Left, ...] = ()
    #: Batches that this person may decide about now, those under way that they may pause, and their own.
    batches: tuple[BatchOnCard, ...] = ()
    batches_under_way: tuple[BatchOnCard, ...] = ()
    my_batches: tuple[BatchOnCard, ...] = ()
    #: Newest first.
    decided: tuple[Decided, ...] = ()
    #: What everybody's last days came to; None: not this person's business.
    week: Week | None = None
    #: Of it, what was sent for this person.
    my_week: WeekLine | None = None
    #: And what customers used of it in these days, as far as is known.
    my_used: Used = NOTHING
    #: Where the workspace's messages have their links.
    workspace_url: str = ""


def home(words: Words, seen: Overview, *, note: str = "", lost: Lost | None = None) -> View:
    """For `views.publish`. `note`: an answer to a click on this very tab. `lost`: the approval channel."""
    blocks = [header(words("Coupons")), *_above(words, seen, note, lost)]
    if seen.may_approve or seen.waiting:
        blocks += _waiting(words, seen)
    blocks += batches(words, words("Batches that wait for you"), seen.batches, seen.workspace_url)
    if seen.held:
        blocks += _held(words, seen)
    under_way = seen.batches_under_way
    blocks += batches(words, words("Batches under way"), under_way, seen.workspace_url)
    if seen.may_ask:
        blocks.append(actions(button(words("Compensate a customer"), "home_open_form", "0")))
    blocks += _own(words, seen)
    blocks += decided(words, seen.decided[:LATELY])
    if seen.week is not None:
        blocks += week_words.blocks(words, seen.week)
    return _view([*blocks, context(_commands(words, seen))])


def _above(words: Words, seen: Overview, note: str, lost: Lost | None) -> list[Block]:
    blocks = []
    if note:
        mark = "📊" if note == words(WEEK_FOLLOWS) else "⚠️"
        blocks.append(section(f"{mark} {note}"))
    if lost is not None:
        text = words("Cards and their threads cannot be posted at the moment.")
        blocks.append(section(f"⚠️ {words.sentences(text, not_posted(words, lost))}"))
    if seen.pause is not None:
        blocks.append(section(f"⏸️ {_paused(words, seen.pause)}"))
    return blocks + on_home(words, seen.absence, seen.deputy_for)


def _own(words: Words, seen: Overview) -> list[Block]:
    blocks: list[Block] = []
    shown = {request.id for request in seen.held[:SHOWN]}
    if seen.may_ask or seen.mine:
        blocks += _mine(words, seen.mine, paused=seen.pause is not None, with_buttons=shown)
    blocks += batches(words, words("Your open batches"), seen.my_batches, seen.workspace_url)
    if seen.recent:
        blocks += [_heading(words("Your last finished requests"))]
        blocks += _recent(words, seen.recent[:LATELY], undoable=seen.undoable - shown)
    if seen.may_ask:
        blocks.append(context(week_words.own(words, seen.my_week, seen.my_used)))
    if seen.left:
        blocks += [
            _heading(words("What is left")),
            section("\n".join(_limit_left(words, left) for left in seen.left)),
        ]
    return blocks


def without_role(words: Words, *, approvers: Sequence[str], trusted: bool) -> View:
    """For somebody who neither asks nor approves. `trusted`: a full member, who may see whom to ask."""
    if not trusted:
        text = words(
            "Only full members of this workspace give coupons here. If you think that you should too, please "
            "ask whoever invited you."
        )
    elif approvers:
        text = words(
            "You are not among those who ask for coupons or approve them. If you should be, please ask "
            "{people}; an operator then adds you to a role.",
            people=listed(words, (approver(entry) for entry in approvers)),
        )
    else:
        text = words("You are not among those who ask for coupons. An operator can add you to a role.")
    return _view([header(words("Coupons")), section(text)])


def _view(blocks: list[Block]) -> View:
    return {"type": "home", "blocks": blocks}


def _heading(text: str) -> Block:
    return section(f"*{text}*")


def _paused(words: Words, pause: Pause) -> str:
    text = words(
        "{person} paused sending ({time}): until somebody types `/coupon resume`, nothing can be approved "
        "and nothing goes out.",
        person=person_or_bot(words, pause.by),
        time=words.moment(pause.at),
    )
    return with_reason(words, text, pause)


# --- what waits for this person


def _waiting(words: Words, seen: Overview) -> list[Block]:
    if not seen.waiting:
        return [_heading(words("Waiting for you")), section(words("Nothing waits for your decision."))]
    shown, count = seen.waiting[:SHOWN], len(seen.waiting)
    blocks = [_heading(words("Waiting for you: {count}", count=words.number(count)))]
    for row in shown:
        buttons = [decline_button(words, row.request)]
        if seen.pause is None:
            buttons.insert(0, approve_button(words, row.request))
        # Which request it is: after an older file was put back another one may have the number.
        text = _to_decide(words, row, seen.workspace_url)
        blocks += [section(text), actions(*buttons, block_id=shown_as(row.request))]
    if count > len(shown):
        blocks.append(context(words("The {n} that wait longest are shown.", n=len(shown))))
    if seen.pause is None and len(seen.together) > 1:
        blocks.append(actions(_together(words, seen.together)))
    return blocks


_ASKS = N_("*#{number}* {requester} asks for *{value}*: {stock} for {customer}, since {time}.")
_ASKS_BACK = N_(
    "*#{number}* {requester} asks to take back *{value}*, the coupon of request #{sent}: {stock} for "
    "{customer}, since {time}."
)


def _what(words: Words, request: Request) -> dict[str, object]:
    return {
        "number": request.id,
        "requester": person(request.requester),
        "value": words.money(request.value_fen),
        "sent": request.undoes,
        "stock": inert(request.stock_name, _NAME),
        "customer": code(masked(request.openid)),
        "time": words.moment(request.created_at),
    }


def _to_decide(words: Words, row: OpenRequest, workspace_url: str) -> str:
    """With what its card tells of it, so that nobody need go there to decide."""
    request = row.request
    asked = words(_ASKS if request.undoes is None else _ASKS_BACK, **_what(words, request))
    card = card_link(words, workspace_url, request.card_channel, request.card_ts)
    lines = [words.sentences(asked, progress(words, request, row.approvals), card), *grounds(words, request)]
    if request.reason:
        reason = own_words(request.reason, request.openid, _REASON)
        lines.append(words("Reason: {reason}", reason=reason))
    if request.ticket:
        lines.append(words("Ticket: {ticket}.", ticket=ticket(words, request)))
    beside = (
        words("{label}: {value}", label=label, value=value) for label, value in labelled(words, row.about)
    )
    lines += [*warnings(words, row.about), *beside]
    return "\n".join(lines)


def _held(words: Words, seen: Overview) -> list[Block]:
    shown, count = seen.held[:SHOWN], len(seen.held)
    blocks = [_heading(words("Held, needs you: {count}", count=words.number(count)))]
    for request in shown:
        line = line_of(words, request)
        card = card_link(words, seen.workspace_url, request.card_channel, request.card_ts)
        details = words.sentences(standing(words, request).details, card)
        text = f"{line}\n{details}\n{to_do(words, request.problem)}"
        buttons = retry_button(words, request), close_button(words, request)
        blocks += [section(text), actions(*buttons, block_id=request.out_request_no)]
    if count > len(shown):
        blocks.append(context(words("The {n} that wait longest are shown.", n=len(shown))))
    return blocks


def _together(words: Words, requests: Sequence[Request]) -> Block:
    count, value = len(requests), words.money(sum(request.value_fen for request in requests))
    sure = confirm(
        words("Approve {count} requests, {value} together?", count=count, value=value),
        words.sentences(
            words("These: {numbers}.", numbers=words.list(f"#{request.id}" for request in requests)),
            words("With the last approval needed, the coupons go out at once and cannot be called back."),
        ),
        yes=words("Approve"),
        no=words("Not yet"),
    )
    numbers = ",".join(f"{request.id}:{shown_as(request)}" for request in requests)
    label = words("Approve {count} at once ({value})", count=count, value=value)
    return button(label, "home_approve_together", numbers, confirm=sure)


# --- what is this person's own


def _mine(
    words: Words, mine: Sequence[OpenRequest], *, paused: bool, with_buttons: Collection[int]
) -> list[Block]:
    """Those `with_buttons` above have no menu: their block's id would stand twice in the view."""
    if not mine:
        return [_heading(words("Your open requests")), section(words("You have no open requests."))]
    blocks = [_heading(words("Your open requests: {count}", count=words.number(len(mine))))]
    for row in mine[:SHOWN]:
        block = section(_open(words, row, paused=paused))
        menu = None if row.request.id in with_buttons else _menu(words, row.request)
        more = {"accessory": menu, "block_id": row.request.out_request_no} if menu else {}
        blocks.append({**block, **more})
    if len(mine) > SHOWN:
        blocks.append(context(words("The newest {n} are shown.", n=SHOWN)))
    return blocks


def _open(words: Words, row: OpenRequest, *, paused: bool) -> str:
    line = line_of(words, row.request)
    return f"{line}\n{standing(words, row.request, row.approvals, paused=paused).details}"


def _menu(words: Words, request: Request) -> Block | None:
    options, endings = [], []
    if may_cancel(request, request.requester).allowed:
        options.append((words("Withdraw"), f"cancel:{request.id}"))
        endings.append(words("Withdrawing ends it."))
    if request.state in {State.PENDING, State.HELD}:
        options.append((words("Remind the approvers"), f"urge:{request.id}"))
        endings.append(
            words("Reminding the approvers mentions them in the card's thread, at most every half hour.")
        )
    if not options:
        return None
    sure = confirm(
        words("Request #{number}", number=request.id),
        words.sentences(*endings),
        yes=words("Go on"),
        no=words("Not yet"),
    )
    return overflow("more_request", *options, confirm=sure)


def _recent(words: Words, recent: Sequence[Request], *, undoable: Collection[int]) -> list[Block]:
    """What was held a moment ago and is sent has no button while it stands above, like `_mine`."""
    blocks = []
    for request in recent:
        block = section(_finished(words, request))
        if request.id in undoable:
            more = {"accessory": undo_button(words, request), "block_id": request.out_request_no}
            block = {**block, **more}
        blocks.append(block)
    return blocks


def _finished(words: Words, request: Request) -> str:
    line = line_of(words, request)
    if request.state is State.SENT and request.coupon_code:
        return f"{line}\n{words('Coupon code: {code}', code=code(request.coupon_code, 256))}"
    if request.state in {State.DECLINED, State.CLOSED} and request.decline_reason:
        reason = own_words(request.decline_reason, request.openid, _REASON)
        return f"{line}\n{words('Reason: {reason}', reason=reason)}"
    return line


# --- limits and commands


def _limit_left(words: Words, left: Left) -> str:
    limit = left.limit
    parts = [words("Your own limit:") if left.reason is Reason.AGENT_LIMIT else words("Everybody's budget:")]
    if left.count is not None and limit.count is not None:
        parts.append(
            words(
                "{left} of {limit} requests are left.",
                left=words.number(left.count),
                limit=words.number(limit.count),
            )
        )
    if left.fen is not None and limit.fen is not None:
        parts.append(
            words("{left} of {limit} is left.", left=words.money(left.fen), limit=words.money(limit.fen))
        )
    parts.append(
        words.plural("Counted over the last 24 hours.", "Counted over the last {n} days.", limit.days)
    )
    if limit.when_reached is WhenReached.APPROVE:
        parts.append(words("Beyond it, a request needs one approval more."))
    return f"• {words.sentences(*parts)}"


def _commands(words: Words, seen: Overview) -> str:
    parts = [words("Commands, in any channel: `/coupon send`, `/coupon list`, `/coupon help`.")]
    if seen.may_pause:
        parts.append(words("For approvers: `/coupon pause`, `/coupon resume`."))
    return words.sentences(*parts)
