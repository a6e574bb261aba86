"""Never a lie: what may be said of a coupon in each state, whatever else stands in the row."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from coupons.events import Tag
from coupons.model import ClickAction, Request, State
from coupons.permissions import Reason
from handlers.views import card, causes, command_replies, direct_messages, ephemerals, story, thread_replies
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.views_samples import (
    APPROVERS,
    LI,
    NOW,
    REQUEST,
    WANG,
    event,
    event_messages,
    events,
    now_messages,
    other_messages,
    readable,
    refused_click,
    request,
    written,
)
from tests.words import CHINESE, ENGLISH
from wechatpay.code_table import OURS

DOUBT = "whether the customer got the coupon"
#: Words that claim a coupon.
CLAIMS = re.compile(r"\b(sent|given|gave|got|gets the|received|confirmed|succeeded|success)\b", re.IGNORECASE)
NO_COUPON = "gets no coupon"
CLOSED_WITHOUT = {State.REFUSED, State.DECLINED, State.CANCELLED, State.EXPIRED, State.CLOSED}
_WITH_A_CODE = (Tag.ATTEMPT_FINISHED, Tag.REQUEST_UNKNOWN, Tag.REQUEST_HELD, Tag.REQUEST_REFUSED)
CODES = (
    "",
    "TIMEOUT",
    "RULE_LIMIT",
    "NO_AUTH",
    "SIGN_ERROR",
    "ALREADY_EXISTS",
    "NO_CLEAR_ANSWER",
    "WHO_KNOWS",
)


def rows(state: State, *, every_code: bool) -> Iterator[Request]:
    """This state with every combination of flags, also those that never happen.

    Each with every code, or each with one: then all codes come in turn, each beside each flag.
    """
    flags: dict[str, tuple[Any, ...]] = {
        "attempts": (0, 2),
        "open_attempts": (0, 1, 2),
        "running": (False, True),
        "unknown_at": (None, NOW),
        "closed_at": (None, NOW),
        "closed_by": (None, "U0LI"),
        "coupon_code": (None, "77778888"),
    }
    for count, values in enumerate(itertools.product(*flags.values())):
        for code in CODES if every_code else [CODES[(count + count // len(CODES)) % len(CODES)]]:
            yield request(state=state, problem=code, **dict(zip(flags, values, strict=True)))


def claims(message: Message) -> list[str]:
    return [found[0] for found in CLAIMS.finditer(readable(message).replace(DOUBT, ""))]


def shown(words: Words, state_row: Request) -> list[Message]:
    """The messages that speak of the present state, one of each kind."""
    return [
        card.card(words, state_row, [WANG], approvers=APPROVERS),
        command_replies.status(words, state_row, [WANG]),
        command_replies.open_list(words, [state_row]),
        command_replies.cannot_cancel(words, Reason.TOO_LATE, state_row),
        ephemerals.answer(words, refused_click(Reason.TOO_LATE), state_row),
    ]


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENT])
def test_no_state_but_sent_says_that_the_customer_has_the_coupon(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        for message in shown(ENGLISH, row):
            assert claims(message) == []
            assert "77778888" not in readable(message)


def test_no_other_message_about_a_request_that_is_not_sent_claims_it() -> None:
    tags = [each for each in events() if each.tag not in {Tag.REQUEST_SENT, Tag.UNDO_DONE}]
    for state in State:
        if state is not State.SENT:
            row = request(state=state, attempts=1, open_attempts=1)
            for message in [
                *now_messages(ENGLISH, row, [WANG]),
                *event_messages(ENGLISH, row, tags),
                *other_messages(ENGLISH, row, "word"),
            ]:
                assert claims(message) == []


def test_a_sent_request_says_so_everywhere(*, long_form: bool) -> None:
    for row in rows(State.SENT, every_code=long_form):
        assert card.card(ENGLISH, row, [WANG, LI], approvers=APPROVERS).text.startswith("Sent: request #12 ")
        for message in shown(ENGLISH, row):
            assert "Sent" in message.text
            assert DOUBT not in readable(message)


def test_the_card_does_not_show_the_coupon_code() -> None:
    row = request(state=State.SENT, coupon_code="77778888", closed_at=NOW)
    assert "77778888" not in readable(card.card(ENGLISH, row, [], approvers=APPROVERS))
    assert "77778888" not in readable(command_replies.status(ENGLISH, row, []))


@pytest.mark.parametrize("state", [State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD])
def test_where_an_attempt_may_have_given_the_coupon_that_is_said(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        on_the_wire = 1 if state is State.SENDING and row.running else 0
        may_have = row.unknown_at is not None or row.open_attempts > on_the_wire or state is State.UNKNOWN
        if may_have:
            for message in (
                card.card(ENGLISH, row, [], approvers=APPROVERS),
                command_replies.status(ENGLISH, row, []),
            ):
                assert "It is not known" in message.text
                assert DOUBT in message.text
                assert DOUBT in "\n".join(written(message.blocks))
                assert "do not ask for another one" in message.text


@pytest.mark.parametrize("state", State)
def test_only_a_final_no_says_that_the_customer_gets_no_coupon(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        for message in (
            card.card(ENGLISH, row, [], approvers=APPROVERS),
            command_replies.status(ENGLISH, row, []),
        ):
            assert (NO_COUPON in message.text) is (state in CLOSED_WITHOUT)


def test_advice_for_a_final_no_is_not_given_while_it_is_not_known() -> None:
    # "Choose another stock" would give the customer two coupons.
    for code in CODES:
        for state in (State.UNKNOWN, State.SENDING, State.APPROVED, State.HELD):
            row = request(state=state, problem=code, attempts=2, open_attempts=2, unknown_at=NOW)
            found = [
                event(Tag.REQUEST_UNKNOWN, code=code),
                event(Tag.REQUEST_HELD, code=code, not_known=True),
            ]
            for message in [*shown(ENGLISH, row), *event_messages(ENGLISH, row, found)]:
                assert "another stock" not in readable(message)


@pytest.mark.parametrize("open_attempts", [0, 1])
@pytest.mark.parametrize("not_known", [True, False, None])
def test_a_hold_is_told_with_doubt_unless_event_and_row_both_know_better(
    open_attempts: int, not_known: bool | None
) -> None:
    held = event(
        Tag.REQUEST_HELD, code="SIGN_ERROR", **({} if not_known is None else {"not_known": not_known})
    )
    row = request(state=State.HELD, attempts=1, open_attempts=open_attempts)
    doubtful = not_known is not False or open_attempts > 0
    for message in (
        thread_replies.step(ENGLISH, held, row),
        direct_messages.to_requester(ENGLISH, held, row),
    ):
        assert (DOUBT in message.text) is doubtful


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_our_own_codes_are_said_and_shown_only_to_the_operator(words: Words) -> None:
    """Whose line names the code that docs/operator.md lists."""
    for code in causes.OURS:
        doubtful = {"problem": code, "attempts": 2, "open_attempts": 2, "unknown_at": NOW}
        found = [event(tag, code=code, kind="unknown", attempt=1) for tag in _WITH_A_CODE]
        texts = [thread_replies.step(words, each, request()).text for each in found]
        texts += [story.sentence(words, each) for each in found]
        for state in State:
            texts += [readable(message) for message in shown(words, request(state=state, **doubtful))]
        for_operator = words("*For the operator* ({code}): {advice}", code=f"`{code}`", advice="")
        for text in texts:
            assert f"`{code}`" not in text.replace(for_operator, "")


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_what_was_refused_and_why_is_said_in_words(words: Words) -> None:
    assert set(causes.REFUSALS) == {*Reason, "not_together"} - {Reason.ALLOWED}
    assert set(causes.ACTIONS) >= {*ClickAction, "pause", "resume", "edit", "approve_together", "send"}
    for reason in causes.REFUSALS:
        for action in causes.ACTIONS:
            assert "`" not in story.sentence(words, refused_click(reason, action))


def test_every_code_of_ours_has_its_words() -> None:
    # These are raised before there is an attempt.
    before = {"BAD_SETTING", "BAD_REQUEST", "UNDECRYPTABLE"}
    assert {code.name for code in OURS if not causes.status_of(code.name)} - before <= set(causes.OURS)


def test_where_approvals_were_not_read_none_are_counted() -> None:
    message = ephemerals.answer(ENGLISH, refused_click(Reason.NOT_HELD, "retry"), REQUEST)
    assert "Approvals needed: 2." in message.text
    assert "0 of 2" not in message.text


#: Words that claim a post which is only promised: it is made after the answer, perhaps much later.
POSTED = re.compile(
    r"\bI called\b|were (called|reminded)|goes to <#|(is|are|was|were) posted in|code is in the card"
)


def test_no_answer_claims_a_post_that_is_only_promised() -> None:
    for state in State:
        row = request(state=state, coupon_code="7777", closed_at=NOW, urged_at=NOW)
        for message in [*now_messages(ENGLISH, row, [WANG]), *other_messages(ENGLISH, row, "word")]:
            assert POSTED.search(readable(message)) is None, readable(message)


def test_where_an_undo_ends_is_told_by_what_there_is() -> None:
    asked = event(Tag.UNDO_CREATED, "U0AGENT", undoes=12, reason="")
    alone = direct_messages.to_requester(ENGLISH, asked, request(state=State.SENT))
    assert "The thread of its card tells how it ends." in alone.text
    # A line of a batch has no card.
    line = direct_messages.to_requester(ENGLISH, asked, request(state=State.SENT, batch=3, batch_row=2))
    assert "its card" not in line.text
    assert "`/coupon status 12` tells how it ends." in line.text
