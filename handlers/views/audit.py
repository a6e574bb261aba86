"""The audit log in Slack: a page of what was found, and one request's whole story, each a modal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from coupons.audit_words import Found
from coupons.auditing import MOST_COUNTED, STORY_EVENTS, Page, Story
from coupons.masking import masked
from coupons.model import Request, State
from coupons.recording import Recorded
from handlers.views import story
from handlers.views.card_notes import grounds, ticket
from handlers.views.escaping import code, inert, listed, own_words, person, search_text
from handlers.views.message import (
    Block,
    actions,
    button,
    confirm,
    context,
    fields,
    header,
    plain_text,
    quote,
    section,
)
from handlers.views.state_words import standing
from handlers.views.words import Words

View = dict[str, Any]

_TITLE = 24
#: Of a section; some room is left for what stands around.
_SECTION = 2_800
#: Slack keeps 3,000 characters; each page before takes up to 19.
_PAGES_KEPT = 80


def results(words: Words, page: Page, *, note: str = "") -> View:
    """Newest first. `note`: what became of the last click."""
    blocks: list[Block] = [context(_heading(words, page))]
    if note:
        blocks.append(section(note))
    if not page.requests and not page.events:
        blocks.append(section(words("Nothing in the log fits. `/coupon audit help` shows how to ask.")))
    blocks += [_line(words, found) for found in page.requests]
    if page.events:
        blocks += _events(words, page.events)
    buttons = []
    if page.below:
        buttons.append(button(words("Newer"), "audit_newer", "newer"))
    if page.following is not None:
        buttons.append(button(words("Older"), "audit_older", str(page.following)))
    if page.count:
        buttons.append(button(words("Send me these as a file"), "audit_export", "export"))
    if buttons:
        blocks.append(actions(*buttons))
    metadata = {"text": page.text, "below": page.below[-_PAGES_KEPT:]}
    return _modal(words, words("Audit log"), blocks, metadata)


def one(words: Words, whole: Story, *, openid: str = "") -> View:
    """`openid`: the whole one, when it was asked for just now."""
    request = whole.request
    now = standing(words, request, whole.approvals)
    blocks: list[Block] = [
        header(f"#{request.id} {now.mark} {now.headline}"),
        fields(*_facts(words, whole)),
        *([quote(words("Reason"), request.reason, hide=request.openid)] if request.reason else []),
        *([context(*grounds(words, request))] if grounds(words, request) else []),
    ]
    if request.decline_reason:
        closed = request.state is State.CLOSED
        why = words("Why it was closed") if closed else words("Why it was declined")
        blocks.append(quote(why, request.decline_reason, hide=request.openid))
    blocks.append({"type": "divider"})
    if len(whole.events) == STORY_EVENTS:
        blocks.append(context(words("Only the newest events are shown.")))
    blocks += _timeline(words, whole.events)
    blocks.append({"type": "divider"})
    blocks += _others(words, whole)
    if openid:
        blocks.append(section(words("The whole openid: {openid}", openid=code(openid))))
    else:
        blocks.append(actions(_show_openid(words, request.id)))
    return _modal(words, words("Request #{number}", number=request.id), blocks, {"request": request.id})


def metadata_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """What `results` or `one` kept in it."""
    try:
        known = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}


def _modal(words: Words, title: str, blocks: list[Block], metadata: Mapping[str, object]) -> View:
    return {
        "type": "modal",
        "callback_id": "audit",
        "title": plain_text(title, _TITLE),
        "close": plain_text(words("Close"), _TITLE),
        "private_metadata": json.dumps(metadata, ensure_ascii=False),
        "blocks": blocks[:100],
    }


def _heading(words: Words, page: Page) -> str:
    what = search_text(page.text) if page.text.strip() else words("everything")
    if page.count >= MOST_COUNTED:
        return words(
            "Looked for {what}: more than {count}, newest first.",
            what=what,
            count=words.number(MOST_COUNTED - 1),
        )
    return words("Looked for {what}: {count}, newest first.", what=what, count=words.number(page.count))


def _line(words: Words, found: Found) -> Block:
    request = found.request
    now = standing(words, request)
    text = words(
        "*#{number}* {mark} {headline} · *{value}* {stock}",
        number=request.id,
        mark=now.mark,
        headline=now.headline,
        value=words.money(request.value_fen),
        stock=inert(request.stock_name, 40),
    )
    who = words(
        "{requester} for customer {customer}, {time}",
        requester=person(request.requester),
        customer=request.customer,
        time=words.instant(request.created_at),
    )
    parts = [who]
    if found.approvers:
        parts.append(words("approved by {people}", people=listed(words, map(person, found.approvers))))
    if request.state is State.DECLINED and request.closed_by:
        parts.append(words("declined by {person}", person=person(request.closed_by)))
    if request.state is State.CLOSED and request.closed_by:
        parts.append(words("closed by {person}", person=person(request.closed_by)))
    if request.ticket:
        parts.append(ticket(words, request))
    if request.coupon_code:
        parts.append(code(request.coupon_code))
    reason = own_words(request.reason, request.openid, 150)
    lines = [text, " · ".join(parts), *([f"“{reason}”"] if reason else [])]
    shown = section("\n".join(lines))
    shown["accessory"] = button(words("Open"), "audit_story", str(request.id))
    return shown


def _events(words: Words, events: Sequence[Recorded]) -> list[Block]:
    shown = []
    for event in events:
        about = words("request #{number}", number=event.request_id) if event.request_id is not None else ""
        where = " · ".join(
            part for part in (words.instant(event.ts), about, code(event.tag), _place(words, event)) if part
        )
        block = section(f"{story.sentence(words, event)}\n{where}")
        if event.request_id is not None:
            block["accessory"] = button(words("Open"), "audit_story", str(event.request_id))
        shown.append(block)
    return shown


def _facts(words: Words, whole: Story) -> list[tuple[str, str]]:
    request = whole.request
    approved = listed(words, (person(given.approver) for given in whole.approvals))
    facts = [
        (words("Coupon"), inert(request.stock_name, 60)),
        (words("Value"), words.money(request.value_fen)),
        (words("Asked for by"), person(request.requester)),
        (words("Approved by"), approved or words("nobody")),
        (words("Customer"), f"{code(masked(request.openid))} ({request.customer})"),
        (words("Stock"), code(request.stock_id)),
        (words("out_request_no"), code(request.out_request_no)),
    ]
    if request.ticket:
        facts.append((words("Ticket"), ticket(words, request)))
    if request.coupon_code:
        facts.append((words("Coupon code"), code(request.coupon_code)))
    return facts


def _timeline(words: Words, events: Sequence[Recorded]) -> list[Block]:
    """Sections of many lines: a story may have more events than a view has room for blocks."""
    blocks, lines, length = list[Block](), list[str](), 0
    for event in events:
        line = f"{words.instant(event.ts)} · {story.sentence(words, event)} · {_place(words, event)}"
        if length + len(line) > _SECTION:
            blocks.append(section("\n".join(lines)))
            lines, length = [], 0
        lines.append(line)
        length += len(line) + 1
    return [*blocks, *([section("\n".join(lines))] if lines else [])]


def _place(words: Words, event: Recorded) -> str:
    return words("event {seq}", seq=event.seq)


def _others(words: Words, whole: Story) -> list[Block]:
    """Why did this customer get two?"""
    heading = story.heading_of_others(words, whole)
    if not whole.others:
        return [context(heading)]
    blocks = [section(f"*{heading}*")]
    for other in whole.others:
        block = section(_other(words, other, whole.request))
        block["accessory"] = button(words("Open"), "audit_other", str(other.id))
        blocks.append(block)
    return blocks


def _other(words: Words, other: Request, request: Request) -> str:
    now = standing(words, other)
    line = words(
        "*#{number}* {mark} {headline} · {value} {stock}, {requester}, {time}",
        number=other.id,
        mark=now.mark,
        headline=now.headline,
        value=words.money(other.value_fen),
        stock=inert(other.stock_name, 40),
        requester=person(other.requester),
        time=words.instant(other.created_at),
    )
    reason = own_words(other.reason, other.openid, 120)
    tied = request.duplicate_of == other.id or other.duplicate_of == request.id
    notes = [
        f"“{reason}”" if reason else "",
        words("the requester confirmed that it is another one") if tied else "",
    ]
    note = " · ".join(part for part in notes if part)
    return f"{line}\n{note}" if note else line


def _show_openid(words: Words, number: int) -> Block:
    return button(
        words("Show the whole openid"),
        "audit_openid",
        str(number),
        confirm=confirm(
            words("Show the openid?"),
            words("That you looked at it is kept in the audit log."),
            yes=words("Show it"),
            no=words("Back"),
        ),
    )
