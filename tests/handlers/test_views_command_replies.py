"""Answers to `/coupon`: what was read, what came of it, what would be right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.model import State
from coupons.permissions import Reason
from coupons.policy import Limit
from handlers.cleaning import Undone
from handlers.misread import Misread, Problem
from handlers.parsing import parse
from handlers.views import command_replies, failures, misreads, refusals
from handlers.views.help import help_text
from tests.handlers.views_samples import CATALOGUE, OPENID, REQUEST, STOCKS, readable, request
from tests.words import ENGLISH


def test_a_request_is_echoed_as_it_was_understood() -> None:
    message = command_replies.submitted(ENGLISH, REQUEST, (), approval_channel="C0APPROVE")
    assert message.text == (
        "I read: customer `oU…jWeS6o`, stock *¥10 off, late delivery* (`1212121212`), ¥10.00. "
        "Request #12 needs 2 approvals. Its card will be posted in <#C0APPROVE>. "
        "Reason: Parcel came 3 days late"
    )


def test_one_approval_is_told_in_the_singular() -> None:
    message = command_replies.submitted(
        ENGLISH, request(approvals_needed=1), (), approval_channel="C0APPROVE"
    )
    assert "Request #12 needs 1 approval. Its card will be posted in <#C0APPROVE>." in message.text


@pytest.mark.parametrize("state", State)
def test_a_delivery_that_comes_twice_gets_the_same_answer_whatever_happened_between(state: State) -> None:
    first = command_replies.submitted(ENGLISH, REQUEST, (Undone.LINK,), approval_channel="C0APPROVE")
    again = request(state=state, rev=9, attempts=3, open_attempts=1, closed_by="U0LI", problem="TIMEOUT")
    assert command_replies.submitted(ENGLISH, again, (Undone.LINK,), approval_channel="C0APPROVE") == first


@pytest.mark.parametrize("kind", Undone)
def test_all_that_was_undone_is_told(kind: Undone) -> None:
    message = command_replies.submitted(ENGLISH, REQUEST, (kind,), approval_channel="C0APPROVE")
    plain = command_replies.submitted(ENGLISH, REQUEST, (), approval_channel="C0APPROVE")
    assert readable(message) != readable(plain)
    assert "Please check that customer and stock are right." in message.text


@pytest.mark.parametrize(
    ("typed", "read", "right"),
    [
        (
            "sned x",
            "I read `sned`, which is no command of mine. Did you mean `/coupon send`?",
            "`/coupon help`",
        ),
        ("frobnicate", "I read `frobnicate`, which is no command of mine.", "`/coupon help`"),
        (f"{OPENID} late-10", "I read `oU…jWeS6o`, perhaps an openid", "`/coupon help`"),
        ("check", "I read no customer", "`/coupon check oUpF8uMu…ChOPENID late-10`"),
        (f"check {OPENID}", "I read a customer but no stock", "late-10"),
        ("send oUpF8uMuAJO—M2pxb1Q9zNjWeS6o late-10", "the character `EM DASH U+2014`", "late-10"),
        ("send oUpF8uMu.AJOM2pxb1Q9zNjWeS6o late-10", "the character `FULL STOP U+002E`", "late-10"),
        ("send late-10 x", "I read the customer `late-10`, which has 7 characters.", "late-10"),
        (f"send {'o' * 65} late-10", "which has 65 characters. An openid has at most 64", "late-10"),
        (
            f"send {OPENID} late-10 {'x' * 501}",
            "I read a reason of 501 characters. It may have at most 500",
            "",
        ),
        ("status", "I read no number of a request.", "`/coupon status 12`"),
        ("cancel twelve", "I read `twelve` where the number of a request belongs.", "`/coupon cancel 12`"),
        ("cancel 12 13", "I read `13` at the end", "`/coupon cancel 12`"),
        ("list all", "I read `all` at the end", "`/coupon list`"),
    ],
)
def test_a_slip_is_answered_with_what_was_read_and_the_right_form(typed: str, read: str, right: str) -> None:
    misread = parse(typed)
    assert isinstance(misread, Misread)
    text = command_replies.misread(ENGLISH, misread, CATALOGUE).text
    assert read in text
    assert right in text.rpartition("\n")[2]


def test_each_problem_has_its_own_sentence() -> None:
    read = Misread(
        problem=Problem.UNKNOWN_SUBCOMMAND, subcommand="send", read="x" * 20, character="y", count=1, limit=2
    )
    sentences = {misreads.sentence(ENGLISH, replace(read, problem=problem), CATALOGUE) for problem in Problem}
    assert len(sentences) == len(Problem)


def test_an_unknown_stock_is_answered_with_the_nearest_first() -> None:
    lines = command_replies.unknown_stock(ENGLISH, "cold", CATALOGUE).text.splitlines()
    assert lines[0] == "I read the stock `cold`, which is not in the catalogue. Did you mean one of these?"
    assert lines[1] == "• `cold-20`: ¥20 off, cold meal (¥20.00, `1313131313`)"
    assert lines[2] == "• `late-10`: ¥10 off, late delivery (¥10.00, `1212121212`)"


def test_of_many_stocks_only_those_like_it_are_shown() -> None:
    many = [
        replace(STOCKS[0], alias=f"late-{number}", stock_id=f"9{number:09}", name="x") for number in range(30)
    ]
    assert 1 <= command_replies.unknown_stock(ENGLISH, "late-7", many).text.count("•") <= 6
    assert "•" not in command_replies.unknown_stock(ENGLISH, "qqqqqqqq", many).text


def test_a_long_catalogue_is_cut_between_stocks_and_the_rest_is_counted() -> None:
    many = [replace(STOCKS[0], alias=f"late-{number}", stock_id=f"9{number:09}") for number in range(100)]
    listing = help_text(ENGLISH, many).blocks[-1]["text"]["text"]
    shown = listing.count("•")
    assert 10 < shown < 100
    assert listing.endswith(f")\n(+{100 - shown})")


@pytest.mark.parametrize(
    ("reason", "limit", "words"),
    [
        (Reason.CUSTOMER_LIMIT, Limit(2, 30), "This customer has reached the limit of 2 in 30 days"),
        (Reason.AGENT_LIMIT, Limit(50, 1), "You have reached your limit of 50 requests in 1 day;"),
        (Reason.AGENT_LIMIT, None, "You have reached your limit for coupons."),
        (Reason.NOT_AGENT, None, "role `agents`"),
        (Reason.OUTSIDER, None, "another company"),
        (Reason.GUEST, None, "This account may not ask for coupons."),
    ],
)
def test_a_refused_command_says_that_no_request_was_made_and_why(
    reason: Reason, limit: Limit | None, words: str
) -> None:
    text = refusals.command_refused(ENGLISH, reason, limit=limit).text
    assert text.startswith("No request was made. ")
    assert words in text


def test_the_list_has_one_line_for_each_open_request() -> None:
    message = command_replies.open_list(ENGLISH, [REQUEST, request(id=13, state=State.UNKNOWN)])
    assert message.text.splitlines() == [
        "Your open requests: 2",
        "*#12* ⏳ Waiting for approval: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`",
        "*#13* ❓ Not known yet: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`",
    ]
    assert command_replies.open_list(ENGLISH, []).text.startswith("You have no open requests.")


@pytest.mark.parametrize(
    ("reason", "state", "words"),
    [
        (Reason.NOT_REQUESTER, State.PENDING, "only <@U0AGENT> can withdraw it"),
        (
            Reason.SENDING_BEGAN,
            State.UNKNOWN,
            "nobody can call that back. Its card shows how it ends. Where it stands: Not known yet.",
        ),
        (
            Reason.SENDING_BEGAN,
            State.HELD,
            "an approver can close it (`/coupon close 12`). Where it stands: Held.",
        ),
        (Reason.NOT_REQUESTER, State.HELD, "Approvers can close it on its card."),
        (Reason.TOO_LATE, State.SENT, "cannot be withdrawn any more. Where it stands: Sent."),
        (Reason.TOO_LATE, State.CANCELLED, "is withdrawn already"),
    ],
)
def test_what_cannot_be_withdrawn_is_told_with_where_it_stands(
    reason: Reason, state: State, words: str
) -> None:
    assert words in command_replies.cannot_cancel(ENGLISH, reason, request(state=state)).text


def test_the_help_shows_each_command_with_an_example() -> None:
    text = readable(help_text(ENGLISH, CATALOGUE))
    for subcommand in ("send", "status 12", "list", "cancel 12", "retry 12", "help"):
        assert f"`/coupon {subcommand}" in text
    assert "`late-10`: ¥10 off, late delivery (¥10.00, `1212121212`)" in text


def test_the_example_openid_could_not_be_sent_to() -> None:
    example = misreads.send_example(ENGLISH, CATALOGUE).strip("`").removeprefix("/coupon ")
    assert isinstance(parse(example), Misread)


def test_our_own_failures_never_say_that_nothing_was_kept_unless_it_is_known() -> None:
    for message in (failures.something_went_wrong(ENGLISH, "ab12cd"), failures.not_sure_it_was_kept(ENGLISH)):
        assert "look with `/coupon list`" in message.text
        assert "Nothing" not in message.text
    assert "`ab12cd`" in failures.something_went_wrong(ENGLISH, "ab12cd").text
    assert failures.slack_did_not_answer(ENGLISH).text.startswith("Nothing was done")


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("Refunded already", None),
        ("x" * 500, None),
        ("中" * 500, None),
        ("x" * 501, "The reason has 501 characters. It may have at most 500."),
        ("", "Please say why, so that the requester knows what to do."),
        ("  \n", "Please say why, so that the requester knows what to do."),
    ],
)
def test_a_decline_needs_a_reason_of_at_most_500_characters(reason: str, problem: str | None) -> None:
    assert command_replies.decline_reason_problem(ENGLISH, reason) == problem


@pytest.mark.parametrize("reason", [Reason.CUSTOMER_LIMIT, Reason.AGENT_LIMIT])
def test_where_a_sum_is_limited_too_no_count_is_said_to_be_reached(reason: Reason) -> None:
    assert "limit of 5" in refusals.command_refused(ENGLISH, reason, limit=Limit(5, 30)).text
    both = refusals.command_refused(ENGLISH, reason, limit=Limit(5, 30, fen=3000)).text
    assert "5" not in both
    assert "limit for coupons" in both
