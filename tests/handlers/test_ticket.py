from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.ticket import TICKET_LONGEST, take_ticket


@pytest.mark.parametrize(
    ("typed", "reason", "ticket"),
    [
        ("迟到 ticket:881，客户很生气", "迟到，客户很生气", "881"),
        ("see ticket:881, lost", "see, lost", "881"),
        ("ticket:881。", "", "881"),
        ("late ticket:ABC-1 again", "late again", "ABC-1"),
        ("TICKET： INC_12/7.", "", "INC_12/7"),
        ("迟到，工单：881；很生气", "迟到，很生气", "881"),
        ("客户ticket:881", "客户", "881"),
        ("late (ticket:#881)", "late", "#881"),
        ("late (see ticket:881)", "late (see)", "881"),
        ("ticket:881,lost", "lost", "881"),
        ("ticket:881!", "", "881"),
        ("😡 ticket:881", "😡", "881"),
        ("ticket:https://desk.example/t/88?a=1,2&b=3, late", "late", "https://desk.example/t/88?a=1,2&b=3"),
        ("ticket:https://desk.example/t/88。 late", "late", "https://desk.example/t/88"),
        ("ticket:、 ticket:2", "ticket:", "2"),
    ],
)
def test_a_ticket_ends_at_white_space_or_punctuation_and_the_other_words_stay(
    typed: str, reason: str, ticket: str
) -> None:
    assert take_ticket(typed) == (reason, ticket)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "late",
        "ticket",
        "ticket:",
        "ticket: ，",
        "see https://desk.example/ticket:1",
        "myticket:1",
        f"ticket:{'9' * 101}",
    ],
)
def test_where_no_ticket_can_be_kept_the_words_stay_as_they_are(typed: str) -> None:
    assert take_ticket(typed) == (typed, "")


@given(st.text(max_size=80), st.text(max_size=40))
def test_nothing_that_means_something_is_lost(before: str, after: str) -> None:
    typed = f"{before} ticket:{after}"
    reason, ticket = take_ticket(typed)
    assert len(ticket) <= TICKET_LONGEST
    if ticket:
        letters = [sign for sign in reason + ticket + "ticket" if sign.isalnum()]
        assert sorted(sign for sign in typed if sign.isalnum()) == sorted(letters) or "工单" in typed
