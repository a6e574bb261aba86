"""The Home tab: within Slack's limits whatever people typed, true, and in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from coupons.model import Pause, Request, State
from coupons.policy import Limit, Reason, WhenReached
from coupons.rules import Left
from handlers.views import home
from handlers.views.home import OpenRequest, Overview
from handlers.views.words import Words
from tests.handlers.test_views_chinese import english_left
from tests.handlers.test_views_limits import (
    CODE,
    UNSEEN,
    both_languages,
    check_block,
    check_button,
    check_mrkdwn,
    check_overflow,
    hostile_text,
    marked,
)
from tests.handlers.views_samples import LI, NOW, OPENID, WANG, request, written
from tests.words import CHINESE, ENGLISH

AGENT_LIMIT = Left(Reason.AGENT_LIMIT, Limit(50, 1, WhenReached.APPROVE), 47, None)
BUDGET = Left(Reason.BUDGET_LIMIT, Limit(None, 7, fen=200_000), None, 120_050)


def overview(row: Request, many: int = 1) -> Overview:
    """As much of everything as is read at most."""
    number = count(row.id)

    def another(**changes: Any) -> Request:
        each = next(number)
        return replace(row, id=each, out_request_no=f"cb{each:030}"[:32], **changes)

    rows = tuple(another(state=State.PENDING) for _ in range(many))
    return Overview(
        may_ask=True,
        may_approve=True,
        may_pause=True,
        pause=None,
        waiting=tuple(OpenRequest(each, (LI,)) for each in rows),
        together=rows[: home.SHOWN],
        mine=tuple(OpenRequest(another(), (LI, WANG)) for _ in range(many)),
        recent=tuple(another() for _ in range(min(many, home.SHOWN))),
        left=(AGENT_LIMIT, BUDGET),
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
            check_overflow(block["accessory"])
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
    seen = overview(row, many)
    check_view(home.home(words, seen))
    check_view(
        home.home(words, replace(seen, pause=Pause("U0LI", NOW, typed)), note=words(home.NOT_TOGETHER))
    )
    check_view(home.without_role(words, approvers=[typed] * 30, trusted=True))


@both_languages
@given(typed=hostile_text)
def test_only_we_format_on_home(words: Words, typed: str) -> None:
    def marks(text: str) -> list[str]:
        row = request(reason=text, decline_reason=text, stock_name=text or "x", state=State.DECLINED)
        seen = replace(overview(row), pause=Pause("U0LI", NOW, text))
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


def sample() -> Overview:
    waits = request(id=14, approvals_needed=1, requester="U0SUN", raised=("customer_limit",))
    small = request(id=15, approvals_needed=1, requester="U0SUN", reason="", value_fen=500)
    done = request(id=9, state=State.SENT, coupon_code="7777 8888", closed_at=NOW)
    no = request(
        id=8, state=State.DECLINED, decline_reason="Already refunded", closed_by="U0LI", closed_at=NOW
    )
    return Overview(
        may_ask=True,
        may_approve=True,
        may_pause=True,
        waiting=(OpenRequest(waits), OpenRequest(small)),
        together=(waits, small),
        mine=(OpenRequest(request(), (LI,)),),
        recent=(done, no),
        left=(AGENT_LIMIT, BUDGET),
    )


def lines(view: home.View) -> list[str]:
    """What is read, block by block."""
    return [" | ".join(shown(block)) for block in view["blocks"]]


def shown(block: dict[str, Any]) -> list[str]:
    return list(written([block]))


def test_home_in_english() -> None:
    assert lines(home.home(ENGLISH, sample())) == snapshot(
        [
            "Coupons",
            "*Waiting for you: 2*",
            """\
*#14* <@U0SUN> asks for *¥10.00*: ¥10 off, late delivery for `oU…jWeS6o`, since <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. Approvals: 0 of 1.
It needs 1 approval more than its rule asks for: the customer's limit is reached.
Reason: Parcel came 3 days late\
""",
            "Approve | Approve ¥10.00? | ¥10 off, late delivery (¥10.00) for customer oU…jWeS6o. With the last approval needed, the coupon goes out at once and cannot be called back. | Approve | Not yet | Decline",
            "*#15* <@U0SUN> asks for *¥5.00*: ¥10 off, late delivery for `oU…jWeS6o`, since <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. Approvals: 0 of 1.",
            "Approve | Approve ¥5.00? | ¥10 off, late delivery (¥5.00) for customer oU…jWeS6o. With the last approval needed, the coupon goes out at once and cannot be called back. | Approve | Not yet | Decline",
            "Approve 2 at once (¥15.00) | Approve 2 requests, ¥15.00 together? | These: #14, #15. With the last approval needed, the coupons go out at once and cannot be called back. | Approve | Not yet",
            "Compensate a customer",
            "*Your open requests: 1*",
            """\
*#12* ⏳ Waiting for approval: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`
Approvals: 1 of 2 (<@U0LI>). | Withdraw | Remind the approvers | Request #12 | Withdrawing ends it. Reminding the approvers mentions them in the card's thread, at most every half hour. | Go on | Not yet\
""",
            "*Your last finished requests*",
            """\
*#9* ✅ Sent: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`
Coupon code: `7777 8888`\
""",
            """\
*#8* ✋ Declined: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`
Reason: Already refunded\
""",
            "*What is left*",
            """\
• Your own limit: 47 of 50 requests are left. Counted over the last 24 hours. Beyond it, a request needs one approval more.
• Everybody's budget: ¥1,200.50 of ¥2,000.00 is left. Counted over the last 7 days.\
""",
            "Commands, in any channel: `/coupon send`, `/coupon list`, `/coupon help`. For approvers: `/coupon pause`, `/coupon resume`.",
        ]
    )


def test_home_in_chinese() -> None:
    assert lines(home.home(CHINESE, sample())) == snapshot(
        [
            "商家券",
            "*待你审批：2*",
            """\
*#14* <@U0SUN> 申请 *¥10.00*：¥10 off, late delivery，客户 `oU…jWeS6o`，自 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 起等待。已批准 0/1。
在规则要求之外还需 1 人批准，原因：该客户已达到上限。
原因：Parcel came 3 days late\
""",
            "批准 | 批准 ¥10.00？ | ¥10 off, late delivery（¥10.00），客户 oU…jWeS6o。所需批准集齐后，券会立即发出，无法收回。 | 批准 | 再想想 | 驳回",
            "*#15* <@U0SUN> 申请 *¥5.00*：¥10 off, late delivery，客户 `oU…jWeS6o`，自 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 起等待。已批准 0/1。",
            "批准 | 批准 ¥5.00？ | ¥10 off, late delivery（¥5.00），客户 oU…jWeS6o。所需批准集齐后，券会立即发出，无法收回。 | 批准 | 再想想 | 驳回",
            "一次批准 2 个（¥15.00） | 批准 2 个申请，合计 ¥15.00？ | 申请编号：#14、#15。所需批准集齐后，这些券会立即发出，无法收回。 | 批准 | 再想想",
            "补偿客户",
            "*你未完结的申请：1 个*",
            """\
*#12* ⏳ 待审批：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`
已批准 1/2（<@U0LI>）。 | 撤回 | 提醒审批人 | 申请 #12 | 撤回后申请即结束。提醒审批人会在卡片的消息列中提到他们，最多每半小时一次。 | 继续 | 再想想\
""",
            "*你最近完结的申请*",
            """\
*#9* ✅ 已发券：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`
券码：`7777 8888`\
""",
            """\
*#8* ✋ 已驳回：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`
原因：Already refunded\
""",
            "*剩余额度*",
            """\
• 你的额度：还剩 47 个申请（共 50 个）。按最近 1 天计算。超出后，每个申请要多一次批准。
• 全体预算：还剩 ¥1,200.50（共 ¥2,000.00）。按最近 7 天计算。\
""",
            "在任意频道可用的命令：`/coupon send`、`/coupon list`、`/coupon help`。审批人可用：`/coupon pause`、`/coupon resume`。",
        ]
    )


def test_a_paused_home_with_nothing_in_it_in_both_languages() -> None:
    seen = Overview(
        may_ask=True, may_approve=True, may_pause=True, pause=Pause("U0LI", NOW, "budget ran out")
    )
    assert lines(home.home(ENGLISH, seen, note=ENGLISH(home.NOT_TOGETHER))) == snapshot(
        [
            "Coupons",
            "⚠️ Nothing was approved: these requests may no longer be approved together. Please approve them one by one.",
            "⏸️ <@U0LI> paused sending (<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>): until somebody types `/coupon resume`, nothing can be approved and nothing goes out. Reason: budget ran out",
            "*Waiting for you*",
            "Nothing waits for your decision.",
            "Compensate a customer",
            "*Your open requests*",
            "You have no open requests.",
            "Commands, in any channel: `/coupon send`, `/coupon list`, `/coupon help`. For approvers: `/coupon pause`, `/coupon resume`.",
        ]
    )
    assert lines(home.home(CHINESE, seen, note=CHINESE(home.NOT_TOGETHER))) == snapshot(
        [
            "商家券",
            "⚠️ 未批准任何申请：这些申请不能再一次批准，请逐个批准。",
            "⏸️ <@U0LI> 已暂停发券（<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>）：在有人输入 `/coupon resume` 之前，不能批准任何申请，也不会发出任何券。原因：budget ran out",
            "*待你审批*",
            "没有待你审批的申请。",
            "补偿客户",
            "*你未完结的申请*",
            "你没有未完结的申请。",
            "在任意频道可用的命令：`/coupon send`、`/coupon list`、`/coupon help`。审批人可用：`/coupon pause`、`/coupon resume`。",
        ]
    )


def test_home_of_somebody_without_a_role_in_both_languages() -> None:
    for words in (ENGLISH, CHINESE):
        check_view(home.without_role(words, approvers=["S0LEADS", "U0WANG"], trusted=True))
    views = [
        home.without_role(words, approvers=approvers, trusted=trusted)
        for words in (ENGLISH, CHINESE)
        for approvers, trusted in ((["S0LEADS", "U0WANG"], True), ([], True), (["S0LEADS"], False))
    ]
    assert [lines(view)[1] for view in views] == snapshot(
        [
            "You are not among those who ask for coupons or approve them. If you should be, please ask <!subteam^S0LEADS>, <@U0WANG>; an operator then adds you to a role.",
            "You are not among those who ask for coupons. An operator can add you to a role.",
            "Only full members of this workspace give coupons here. If you think that you should too, please ask whoever invited you.",
            "你目前不能申请或审批商家券。如有需要，请联系 <!subteam^S0LEADS>、<@U0WANG>，再由运维人员为你添加角色。",
            "你目前不能申请商家券。运维人员可以为你添加角色。",
            "这里只有本工作区的正式成员可以发券。如果你认为自己也需要，请联系邀请你的人。",
        ]
    )


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
        view = home.home(CHINESE, overview(row, 2), note=CHINESE(home.NOT_TOGETHER))
        assert {text for text in written(view["blocks"]) if english_left(text)} == set()
