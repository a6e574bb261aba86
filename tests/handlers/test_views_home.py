"""The Home tab: within Slack's limits whatever people typed, true, and in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coupons.model import Pause, Request, State
from coupons.permissions import Reason
from coupons.policy import Limit, WhenReached
from coupons.rules import Left, Used
from coupons.week import WeekLine
from handlers.views import home
from handlers.views import week as week_words
from handlers.views.channel_loss import ChannelLoss, Lost
from handlers.views.home import OpenRequest, Overview
from handlers.views.words import Words
from tests.handlers.home_samples import URL, decisions, open_batches, week
from tests.handlers.test_views_chinese import english_left
from tests.handlers.test_views_limits import (
    CODE,
    UNSEEN,
    both_languages,
    check_block,
    check_button,
    check_message,
    check_mrkdwn,
    check_overflow,
    hostile_text,
    marked,
)
from tests.handlers.views_samples import ABOUT, LI, NOW, OPENID, WANG, request, written
from tests.words import CHINESE, ENGLISH

AGENT_LIMIT = Left(Reason.AGENT_LIMIT, Limit(50, 1, WhenReached.APPROVE), 47, None)
BUDGET = Left(Reason.BUDGET_LIMIT, Limit(None, 7, fen=200_000), None, 120_050)


def overview(row: Request, many: int = 1, typed: str = "late parcels.xlsx") -> Overview:
    """As much of everything as is read at most."""
    number = count(row.id)
    row = replace(row, card_channel="C0APPROVE", card_ts="5.000100")

    def another(**changes: Any) -> Request:
        each = next(number)
        return replace(row, id=each, out_request_no=f"cb{each:030}"[:32], **changes)

    rows = tuple(another(state=State.PENDING) for _ in range(many))
    return Overview(
        may_ask=True,
        may_approve=True,
        may_pause=True,
        pause=None,
        waiting=tuple(OpenRequest(each, (LI,), ABOUT) for each in rows),
        together=rows[: home.SHOWN],
        held=tuple(another(state=State.HELD) for _ in range(many)),
        mine=tuple(OpenRequest(another(), (LI, WANG)) for _ in range(many)),
        recent=(recent := tuple(another() for _ in range(min(many, home.LATELY)))),
        undoable=frozenset(each.id for each in recent if each.state is State.SENT),
        left=(AGENT_LIMIT, BUDGET),
        **open_batches(many, typed),
        decided=decisions(row, many, typed),
        week=week(many, row.stock_name),
        my_week=WeekLine(name="U0LI", count=many, fen=many * 1000) if many else None,
        my_used=Used(many, many * 500),
        workspace_url=URL,
    )


def check_view(view: home.View) -> None:
    assert view["type"] == "home"
    assert 1 <= len(view["blocks"]) <= 100
    assert len(json.dumps(view).encode()) < 250_000
    for block in view["blocks"]:
        if block["type"] == "actions":
            for element in block["elements"]:
                if element["action_id"] == "home_approve_together":
                    assert len(element["value"]) <= 2_000
                    shown = [pair.split(":") for pair in element["value"].split(",")]
                    assert all(len(number) == 32 for _, number in shown)
                    check_button({**element, "value": shown[0][0]})
                else:
                    check_button(element)
        else:
            check_block(block)
        if "accessory" in block:
            accessory = block["accessory"]
            (check_overflow if accessory["type"] == "overflow" else check_button)(accessory)
    ids = [block["block_id"] for block in view["blocks"] if "block_id" in block]
    assert len(set(ids)) == len(ids)
    for text in marked(view["blocks"]):
        check_mrkdwn(text)
    assert not UNSEEN.search("\n".join(written(view["blocks"])).replace("\n", " "))


@both_languages
@example(typed="&" * 3_000, name="&" * 3_000, state=State.DECLINED, many=100)
@example(typed="😀" * 3_000, name="😀" * 300, state=State.SENT, many=100)
@given(typed=hostile_text, name=hostile_text, state=st.sampled_from(State), many=st.integers(0, 100))
def test_slack_takes_every_home_whatever_people_typed(
    words: Words, typed: str, name: str, state: State, many: int
) -> None:
    row = request(
        id=999_999_999_999_999_900,
        state=state,
        stock_name=name,
        reason=typed,
        decline_reason=typed,
        coupon_code=typed[:128],
        raised=("customer_limit", "x"),
        duplicate_of=3,
        value_fen=99_999_999_999,
    )
    seen = overview(row, many, typed)
    check_view(home.home(words, seen))
    check_view(
        home.home(
            words,
            replace(seen, pause=Pause("U0LI", NOW, typed)),
            note=words(home.NOT_TOGETHER),
            lost=Lost("C0APPROVE", ChannelLoss.NO_ACCESS),
        )
    )
    check_view(home.without_role(words, approvers=[typed] * 30, trusted=True))


@both_languages
@example(name="&" * 3_000)
@given(name=hostile_text)
def test_slack_takes_every_week_beside_its_picture_and_without_one(words: Words, name: str) -> None:
    for many in (0, 1, 7):
        found = week(many, name)
        text = week_words.comment(words, found)
        assert len(text) <= 3_900
        check_mrkdwn(text)
        check_message(week_words.without_picture(words, found))


@both_languages
@given(typed=hostile_text)
def test_only_we_format_on_home(words: Words, typed: str) -> None:
    def marks(text: str) -> list[str]:
        row = request(reason=text, decline_reason=text, stock_name=text or "x", state=State.DECLINED)
        seen = replace(overview(row, 1, text), pause=Pause("U0LI", NOW, text))
        view = home.home(words, seen)
        return ["".join(c for c in CODE.sub("", mrkdwn) if c in "*_~`") for mrkdwn in marked(view["blocks"])]

    harmless = marks("harmless" if typed.strip() else typed)
    # A reason of invisible characters alone is no reason, but still a line of its own: nothing to count.
    assert marks(typed) == harmless


@both_languages
def test_no_full_openid_stands_on_home(words: Words) -> None:
    row = request(reason=f"for {OPENID}", decline_reason=OPENID, state=State.DECLINED)
    seen = replace(overview(row), pause=Pause("U0LI", NOW, f"see {OPENID}"))
    assert OPENID not in json.dumps(home.home(words, seen))


def test_a_coupon_code_stands_only_with_what_was_sent() -> None:
    for state in State:
        row = request(state=state, coupon_code="7777 8888")
        seen = Overview(
            may_ask=True,
            may_approve=True,
            recent=(row,),
            mine=(OpenRequest(row),),
            waiting=(OpenRequest(row),),
        )
        assert ("7777 8888" in json.dumps(home.home(ENGLISH, seen))) is (state is State.SENT)


@pytest.mark.parametrize(("many", "offered"), [(0, False), (1, False), (2, True)])
def test_approving_together_takes_at_least_two(many: int, *, offered: bool) -> None:
    seen = overview(request(), many)
    assert ("home_approve_together" in json.dumps(home.home(ENGLISH, seen))) is offered


def test_what_one_click_approves_is_what_its_confirm_lists_with_the_sum() -> None:
    seen = overview(request(), 12)
    [button] = [
        element
        for block in home.home(ENGLISH, seen)["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == "home_approve_together"
    ]
    numbers = [pair.split(":")[0] for pair in button["value"].split(",")]
    assert len(numbers) == 10
    assert button["confirm"]["title"]["text"] == "Approve 10 requests, ¥100.00 together?"
    assert ", ".join(f"#{number}" for number in numbers) in button["confirm"]["text"]["text"]


@both_languages
def test_while_sending_is_paused_nothing_can_be_approved_and_everything_declined(words: Words) -> None:
    seen = replace(overview(request(), 3), pause=Pause("U0LI", NOW, ""))
    ids = action_ids(home.home(words, seen))
    assert not {"approve_request", "home_approve_together"} & ids.keys()
    assert ids["decline_request"] == 3


def test_only_what_can_be_withdrawn_or_reminded_of_has_the_menu() -> None:
    for state in State:
        seen = Overview(may_ask=True, may_approve=False, mine=(OpenRequest(request(state=state)),))
        menus = action_ids(home.home(ENGLISH, seen)).get("more_request", 0)
        assert menus == (1 if state in {State.PENDING, State.APPROVED, State.HELD} else 0)


def test_only_what_may_be_asked_back_has_the_button_and_no_request_has_two_blocks() -> None:
    sent = tuple(
        request(id=number, out_request_no=f"cb{number:030}", state=State.SENT) for number in (1, 2, 3)
    )
    # Read a moment before: retried, and sent since.
    held = (replace(sent[1], state=State.HELD),)
    seen = Overview(
        may_ask=True, may_approve=True, held=held, recent=sent, undoable=frozenset({sent[0].id, sent[1].id})
    )
    view = home.home(ENGLISH, seen)
    check_view(view)
    [shown] = [block for block in view["blocks"] if block.get("accessory")]
    assert shown["block_id"] == sent[0].out_request_no
    assert (shown["accessory"]["action_id"], shown["accessory"]["value"]) == ("undo_request", "1")


def test_what_is_held_stands_on_the_home_of_who_can_act_with_both_buttons_and_what_to_do() -> None:
    held = tuple(request(id=number, state=State.HELD, problem="NOT_ENOUGH") for number in range(1, 13))
    view = home.home(ENGLISH, Overview(may_ask=False, may_approve=True, held=held))
    ids = action_ids(view)
    assert (ids["retry_request"], ids["close_request"]) == (10, 10)
    text = json.dumps(view)
    assert "Held, needs you: 12" in text
    assert "Raise its max_coupons" in text
    assert "close_request" not in json.dumps(home.home(ENGLISH, Overview(may_ask=True, may_approve=True)))


def action_ids(view: home.View) -> dict[str, int]:
    found: dict[str, int] = {}
    for block in view["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if "action_id" in element:
                found[element["action_id"]] = found.get(element["action_id"], 0) + 1
    return found


def test_no_english_is_left_on_the_chinese_home() -> None:
    for state in State:
        row = request(
            state=state,
            stock_name="满减券",
            reason="包裹晚到",
            decline_reason="已退款",
            coupon_code="七",
            problem="NO_AUTH",
        )
        view = home.home(CHINESE, overview(row, 2, "名单"), note=CHINESE(home.NOT_TOGETHER))
        assert {text for text in written(view["blocks"]) if english_left(text)} == set()
