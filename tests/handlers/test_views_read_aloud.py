"""Everything the bot can say, written out in both languages beside this file, to be read as people will read.

Who changes a view sees in the diff what changes for people; `pytest --inline-snapshot=fix` writes it anew.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file

from coupons.asking import Outlook, Stopped
from coupons.events import Tag
from coupons.model import History, Pause, Request, State
from coupons.permissions import YES, Decision, Reason
from coupons.reasons import Wording
from coupons.rules import Terms
from handlers.views import (
    bulk_form,
    card,
    command_replies,
    direct_messages,
    ephemerals,
    form,
    home,
    modals,
    talk_modals,
)
from handlers.views.bulk_form import BulkPrefill, GivenFile
from handlers.views.form import Filled
from handlers.views.form_offer import NOT_KEPT
from handlers.views.home import Overview
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.absence_samples import ALONE, AWAY
from tests.handlers.home_samples import week
from tests.handlers.test_views_home import overview
from tests.handlers.views_samples import (
    IN_ORDER,
    NOW,
    REASONS,
    STOCKS,
    WANG,
    coupons,
    event,
    event_messages,
    events,
    now_messages,
    other_messages,
    refused_click,
    request,
    talk_about,
    written,
)
from tests.words import CHINESE, ENGLISH

FOLDER = Path(__file__).parent / "read_aloud"
TERMS = Terms(decision=YES, approvals_needed=2, place=1, approvers=("U0WANG",))
NEEDS_TWO = Outlook(terms=TERMS, able=("U0WANG", "U0ZHAO"), left=(), duplicate=None, pause=None)
STANDING: dict[State, dict[str, Any]] = {
    State.SENT: {"coupon_code": "7777 8888", "closed_at": NOW},
    State.DECLINED: {"closed_by": "U0LI", "decline_reason": "Already refunded", "closed_at": NOW},
    State.CANCELLED: {"closed_by": "U0AGENT", "closed_at": NOW},
    State.EXPIRED: {"closed_at": NOW},
    State.CLOSED: {"closed_by": "U0LI", "problem": "NO_AUTH", "closed_at": NOW},
    State.REFUSED: {"problem": "NO_AUTH", "closed_at": NOW},
    State.HELD: {"problem": "NO_AUTH"},
    State.UNKNOWN: {"problem": "SYSTEM_ERROR", "unknown_at": NOW},
    State.UNDONE: {"closed_at": NOW},
}


def standing(state: State) -> Request:
    return request(state=state, ticket="https://desk.example/t/4711", **STANDING.get(state, {}))


def undo(state: State) -> Request:
    known = {**STANDING.get(state, {}), "coupon_code": None}
    if state is State.REFUSED:
        known["problem"] = "COUPON_USED"
    return request(state=state, undoes=9, **known)


def cards(words: Words) -> Iterator[Message]:
    for state in State:
        yield from now_messages(words, standing(state), [WANG])


def undos(words: Words) -> Iterator[Message]:
    """Cards of undos, and of a coupon that was taken back; what is told of an undo's events."""
    held = replace(undo(State.HELD), open_attempts=1)
    standing_ones = [undo(state) for state in State if state is not State.SENT]
    for each in (
        *standing_ones,
        replace(standing(State.SENT), undone_by=13),
        replace(undo(State.UNKNOWN), running=True),
        replace(held, absent_looks=2),
        replace(held, look_at=NOW),
    ):
        yield card.card(words, each, [WANG], approvers=["U0WANG"])
        yield command_replies.status(words, each, [WANG])
    for reason in (Reason.SELF, Reason.MAY_BE_GIVEN, Reason.TOO_LATE):
        yield ephemerals.answer(words, refused_click(reason), held)
    yield from event_messages(words, undo(State.PENDING), events())
    line = replace(standing(State.SENT), batch=3, batch_row=17)
    yield direct_messages.to_requester(words, event(Tag.UNDO_CREATED, "U0AGENT", undoes=12, reason=""), line)


def of_events(words: Words) -> Iterator[Message]:
    yield from event_messages(words, request(), events())


def others(words: Words) -> Iterator[Message]:
    yield from other_messages(words, request(), "late-11")
    yield from coupons(words, request(), "FROZEN")


def views(words: Words) -> Iterator[dict[str, Any]]:
    """Forms and Home."""
    yield modals.decline_batch_modal(words, 7, modals.Origin("C0APPROVE", "5.000100"))
    yield modals.strike_modal(words, 7, modals.Origin("C0APPROVE", "5.000100"))
    yield talk_modals.question_form(words, 12, modals.Origin("C0APPROVE", "5.000100"))
    yield talk_modals.answer_form(words, request(), talk_about("Why so late?").questions[1])
    yield talk_modals.offer_form(words, request(), STOCKS, modals.Origin("C0APPROVE", "5.000100"))
    yield modals.decline_modal(words, 12, modals.Origin("C0APPROVE", "5.000100"))
    yield form.send_form(words, Filled())
    templates = modals.decline_templates([Wording("Already refunded.", "已退款。")], words, words)
    yield modals.decline_modal(words, 12, modals.Origin("C0APPROVE", "5.000100"), templates)
    offered = form.favourite_buttons(words, [(STOCKS[0], "Parcel came late"), (STOCKS[1], "")])
    got = form.of_ticket(words, History(1, 1000, NOW))
    warned = replace(STOCKS[0], warn="A, B, C.")
    yield form.send_form(words, Filled(note=words(NOT_KEPT)), reasons=REASONS, favourites=offered)
    yield form.send_form(words, Filled(stock=warned, ticket="ABC-1", of_ticket=got), reasons=REASONS)
    given = GivenFile(file_id="F0LIST", name="late.csv")
    for prefill in (
        BulkPrefill(),
        BulkPrefill(file=given, files_of_message=1, ticket="https://shop.slack.com/archives/C0SUPPORT/p1"),
        BulkPrefill(files_of_message=0),
        BulkPrefill(files_of_message=2),
    ):
        yield bulk_form.bulk_form(words, prefill)
    for outlook in (
        Stopped(Decision(Reason.NOT_AGENT)),
        Outlook(terms=TERMS, able=("U0WANG", "U0ZHAO"), left=(), duplicate=None, pause=None),
        Outlook(terms=TERMS, able=("U0WANG",), left=(), duplicate=None, pause=None),
        replace(NEEDS_TWO, required=Decision(Reason.BOTH_REQUIRED)),
        Outlook(terms=TERMS, able=(), left=(), duplicate=None, pause=Pause("U0LI", NOW, "")),
        Outlook(
            terms=replace(TERMS, needs=IN_ORDER),
            able=("U0WANG",),
            left=(),
            duplicate=None,
            pause=None,
            by_part=(frozenset({"U0WANG"}),) * 2,
        ),
        Outlook(terms=replace(TERMS, approvals_needed=0), able=(), left=(), duplicate=None, pause=None),
        Outlook(
            terms=replace(TERMS, decision=Decision(Reason.BUDGET_LIMIT)),
            able=(),
            left=(),
            duplicate=None,
            pause=None,
        ),
    ):
        hint = form.hint(words, outlook)
        filled = Filled(openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", stock=STOCKS[0], reason="late", follows=12)
        yield form.send_form(words, filled, hint=hint, duplicate=request())
    seen = overview(request(), 2)
    yield home.home(words, seen)
    yield home.home(
        words, replace(seen, pause=Pause("U0LI", NOW, "wrong stock")), note=words(home.NOT_TOGETHER)
    )
    seen = overview(request(), 7)
    yield home.home(words, replace(seen, waiting=(), held=(), mine=(), recent=()))
    nothing = Overview(may_ask=True, may_approve=True, week=week(0))
    yield home.home(words, nothing)
    yield home.home(words, replace(nothing, absence=AWAY, deputy_for=(ALONE,)))
    yield home.home(words, replace(nothing, absence=ALONE))
    yield home.home(words, replace(nothing, may_approve=False))
    yield home.home(words, replace(nothing, may_ask=False))
    yield home.without_role(words, approvers=["U0WANG"], trusted=True)
    yield home.without_role(words, approvers=[], trusted=True)
    yield home.without_role(words, approvers=[], trusted=False)


def lines(blocks: Iterable[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        words = " | ".join(written(block))
        yield f"  {block['type']}: {words}" if words else f"  {block['type']}"


def spoken(words: Words, chapter: str) -> str:
    """A chapter: each message once, its sentence first and its blocks under it."""
    pages: dict[str, None] = {}
    if chapter == "views":
        for view in views(words):
            frame = [view[part]["text"] for part in ("title", "submit", "close") if part in view]
            pages["\n".join([f"{view['type']}: {' / '.join(frame)}", *lines(view["blocks"])])] = None
    else:
        for message in CHAPTERS[chapter](words):
            pages["\n".join([message.text, *lines(message.blocks)])] = None
    # The twenty lines of a list are one line twenty times.
    return "\n\n".join(re.sub(r"(?m)^(.*)$(?:\n\1$)+", r"\1", page) for page in pages) + "\n"


CHAPTERS = {"cards": cards, "undos": undos, "events": of_events, "others": others}


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("chapter", [*CHAPTERS, "views"])
def test_people_read_what_was_read_aloud(words: Words, chapter: str) -> None:
    mark = "zh" if words is CHINESE else "en"
    assert spoken(words, chapter) == external_file(str(FOLDER / f"{chapter}.{mark}.txt"))


def test_every_form_and_every_home_is_read_aloud() -> None:
    """Messages are counted by the samples they come from."""

    source = inspect.getsource(views)
    for module in (modals, form, bulk_form, home):
        room = module.__name__.rpartition(".")[2]
        made = {
            name
            for name, thing in vars(module).items()
            if inspect.isfunction(thing)
            and thing.__module__ == module.__name__
            and not name.startswith("_")
            and str(thing.__annotations__.get("return")) in {"View", "dict[str, Any]"}
        }
        assert made
        assert not {name for name in made if f"{room}.{name}(" not in source}
