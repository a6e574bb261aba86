"""Home as it is read, in both languages."""

from __future__ import annotations

from typing import Any

from inline_snapshot import snapshot

from coupons.model import Pause, State
from coupons.week import WeekLine
from handlers.views import home
from handlers.views.home import OpenRequest, Overview
from tests.handlers.home_samples import URL, decisions, open_batches, week
from tests.handlers.test_views_home import AGENT_LIMIT, BUDGET, check_view
from tests.handlers.views_samples import ABOUT, LI, NOW, request, written
from tests.words import CHINESE, ENGLISH


def sample() -> Overview:
    waits = request(
        id=14,
        approvals_needed=1,
        requester="U0SUN",
        raised=("customer_limit",),
        ticket="T-4711",
        card_channel="C0APPROVE",
        card_ts="5.000100",
    )
    back = request(id=16, approvals_needed=1, requester="U0SUN", undoes=9)
    small = request(id=15, approvals_needed=1, requester="U0SUN", reason="", value_fen=500)
    done = request(id=9, state=State.SENT, coupon_code="7777 8888", closed_at=NOW)
    no = request(
        id=8, state=State.DECLINED, decline_reason="Already refunded", closed_by="U0LI", closed_at=NOW
    )
    return Overview(
        may_ask=True,
        may_approve=True,
        may_pause=True,
        waiting=(OpenRequest(waits, (), ABOUT), OpenRequest(small), OpenRequest(back)),
        together=(waits, small),
        mine=(OpenRequest(request(), (LI,)),),
        recent=(done, no),
        undoable=frozenset({done.id}),
        left=(AGENT_LIMIT, BUDGET),
        **open_batches(1),
        decided=decisions(done, 1),
        week=week(7),
        my_week=WeekLine(name="U0LI", count=3, fen=3000),
        workspace_url=URL,
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
            "*Waiting for you: 3*",
            """\
*#14* <@U0SUN> asks for *¥10.00*: ¥10 off, late delivery for `oU…jWeS6o`, since <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. Approvals: 0 of 1. <https://shop.slack.com/archives/C0APPROVE/p5000100|Its card>
It needs 1 approval more than its rule asks for: the customer's limit is reached.
Reason: Parcel came 3 days late
Ticket: T-4711.
This customer so far: 2 coupons, ¥30.00 together, the last <!date^1795314172^{date_short_pretty} {time}|2026-11-22 02:22 UTC>. Also open: #11.
The agent's 24 hours until then: 3 requests, ¥40.00 together.\
""",
            "Approve | Approve ¥10.00? | ¥10 off, late delivery (¥10.00) for customer oU…jWeS6o. With the last approval needed, the coupon goes out at once and cannot be called back. | Approve | Not yet | Decline",
            "*#15* <@U0SUN> asks for *¥5.00*: ¥10 off, late delivery for `oU…jWeS6o`, since <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. Approvals: 0 of 1.",
            "Approve | Approve ¥5.00? | ¥10 off, late delivery (¥5.00) for customer oU…jWeS6o. With the last approval needed, the coupon goes out at once and cannot be called back. | Approve | Not yet | Decline",
            """\
*#16* <@U0SUN> asks to take back *¥10.00*, the coupon of request #9: ¥10 off, late delivery for `oU…jWeS6o`, since <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. Approvals: 0 of 1.
Reason: Parcel came 3 days late\
""",
            "Approve | Approve ¥10.00? | ¥10 off, late delivery (¥10.00) for customer oU…jWeS6o. With the last approval needed, the coupon is taken back at once, if the customer has not used it. That is for good. | Approve | Not yet | Decline",
            "Approve 2 at once (¥15.00) | Approve 2 requests, ¥15.00 together? | These: #14, #15. With the last approval needed, the coupons go out at once and cannot be called back. | Approve | Not yet",
            "*Batches that wait for you*",
            """\
*Batch 7* ⏳ Waiting for approval: 2,000 coupons (¥24,000.00) out of late parcels.xlsx
Asked for by <@U0AGENT>, <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. Approvals: 1 of 2 (<@U0WANG>). <https://shop.slack.com/archives/C0APPROVE/p5000100|Its card>\
""",
            "*Batches under way*",
            """\
*Batch 200* ⏸️ Paused: 2,000 coupons (¥24,000.00) out of late parcels.xlsx
Asked for by <@U0AGENT>, <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. <https://shop.slack.com/archives/C0APPROVE/p5000100|Its card>\
""",
            "Compensate a customer",
            "*Your open requests: 1*",
            """\
*#12* ⏳ Waiting for approval: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`
Approvals: 1 of 2 (<@U0LI>). | Withdraw | Remind the approvers | Request #12 | Withdrawing ends it. Reminding the approvers mentions them in the card's thread, at most every half hour. | Go on | Not yet\
""",
            "*Your open batches*",
            """\
*Batch 400* 🚚 Being sent: 2,000 coupons (¥24,000.00) out of late parcels.xlsx
Asked for by <@U0AGENT>, <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>. <https://shop.slack.com/archives/C0APPROVE/p5000100|Its card>\
""",
            "*Your last finished requests*",
            """\
*#9* ✅ Sent: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`
Coupon code: `7777 8888` | Take it back | Ask to take it back? | The coupon of request #9 (¥10.00) is taken back once approvers have said yes, if the customer has not used it by then. | Ask for it | Not yet\
""",
            """\
*#8* ✋ Declined: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`
Reason: Already refunded\
""",
            "In the last 7 days 3 coupons (¥30.00) were sent for your requests.",
            "*What is left*",
            """\
• Your own limit: 47 of 50 requests are left. Counted over the last 24 hours. Beyond it, a request needs one approval more.
• Everybody's budget: ¥1,200.50 of ¥2,000.00 is left. Counted over the last 7 days.\
""",
            """\
*Decided by you in the last 7 days*
*#9* ✅ Sent: ¥10 off, late delivery (¥10.00) for `oU…jWeS6o`. You approved it <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>.\
""",
            """\
*The last 7 days*
22 coupons sent, ¥220.00. Customers used 7 coupons (¥35.00) in these days, as far as is known. 7 requests declined. From asking to the last approval: 4 min 12 s in the middle, 2 h 10 min at the longest.\
""",
            """\
*By agent*
• <@U0AGENT007>: 7 coupons, ¥70.00
• <@U0AGENT006>: 6 coupons, ¥60.00
• <@U0AGENT005>: 5 coupons, ¥50.00
• <@U0AGENT004>: 4 coupons, ¥40.00
• <@U0AGENT003>: 3 coupons, ¥30.00
• 2 others: 3 coupons, ¥30.00\
""",
            """\
*By stock*
• ¥10 off, late delivery (`1212121207`): 7 coupons, ¥70.00
• ¥10 off, late delivery (`1212121206`): 6 coupons, ¥60.00
• ¥10 off, late delivery (`1212121205`): 5 coupons, ¥50.00
• ¥10 off, late delivery (`1212121204`): 4 coupons, ¥40.00
• ¥10 off, late delivery (`1212121203`): 3 coupons, ¥30.00
• 2 others: 3 coupons, ¥30.00\
""",
            "Send me this as a picture",
            "Commands, in any channel: `/coupon send`, `/coupon list`, `/coupon help`. For approvers: `/coupon pause`, `/coupon resume`.",
        ]
    )


def test_home_in_chinese() -> None:
    assert lines(home.home(CHINESE, sample())) == snapshot(
        [
            "商家券",
            "*待你审批：3*",
            """\
*#14* <@U0SUN> 申请 *¥10.00*：¥10 off, late delivery，客户 `oU…jWeS6o`，自 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 起等待。已批准 0/1。<https://shop.slack.com/archives/C0APPROVE/p5000100|查看卡片>
在规则要求之外还需 1 人批准，原因：该客户已达到上限。
原因：Parcel came 3 days late
工单：T-4711。
该客户此前：2 张券，合计 ¥30.00，最近一张：<!date^1795314172^{date_short_pretty} {time}|2026年11月22日 02:22 UTC>。另有未完结的申请：#11。
申请人截至当时的 24 小时：3 个申请，合计 ¥40.00。\
""",
            "批准 | 批准 ¥10.00？ | ¥10 off, late delivery（¥10.00），客户 oU…jWeS6o。所需批准集齐后，券会立即发出，无法收回。 | 批准 | 再想想 | 驳回",
            "*#15* <@U0SUN> 申请 *¥5.00*：¥10 off, late delivery，客户 `oU…jWeS6o`，自 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 起等待。已批准 0/1。",
            "批准 | 批准 ¥5.00？ | ¥10 off, late delivery（¥5.00），客户 oU…jWeS6o。所需批准集齐后，券会立即发出，无法收回。 | 批准 | 再想想 | 驳回",
            """\
*#16* <@U0SUN> 申请收回申请 #9 的券（*¥10.00*）：¥10 off, late delivery，客户 `oU…jWeS6o`，自 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 起等待。已批准 0/1。
原因：Parcel came 3 days late\
""",
            "批准 | 批准 ¥10.00？ | ¥10 off, late delivery（¥10.00），客户 oU…jWeS6o。获得所需的最后一次批准后，只要客户还没有使用，这张券会立即收回，不能恢复。 | 批准 | 再想想 | 驳回",
            "一次批准 2 个（¥15.00） | 批准 2 个申请，合计 ¥15.00？ | 申请编号：#14、#15。所需批准集齐后，这些券会立即发出，无法收回。 | 批准 | 再想想",
            "*待你审批的批量申请*",
            """\
*批量申请 7* ⏳ 待审批：文件 late parcels.xlsx 中的 2,000 张券（¥24,000.00）
<@U0AGENT> 于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 申请。已批准 1/2（<@U0WANG>）。<https://shop.slack.com/archives/C0APPROVE/p5000100|查看卡片>\
""",
            "*进行中的批量申请*",
            """\
*批量申请 200* ⏸️ 已暂停：文件 late parcels.xlsx 中的 2,000 张券（¥24,000.00）
<@U0AGENT> 于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 申请。<https://shop.slack.com/archives/C0APPROVE/p5000100|查看卡片>\
""",
            "补偿客户",
            "*你未完结的申请：1 个*",
            """\
*#12* ⏳ 待审批：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`
已批准 1/2（<@U0LI>）。 | 撤回 | 提醒审批人 | 申请 #12 | 撤回后申请即结束。提醒审批人会在卡片的消息列中提到他们，最多每半小时一次。 | 继续 | 再想想\
""",
            "*你未完结的批量申请*",
            """\
*批量申请 400* 🚚 发送中：文件 late parcels.xlsx 中的 2,000 张券（¥24,000.00）
<@U0AGENT> 于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 申请。<https://shop.slack.com/archives/C0APPROVE/p5000100|查看卡片>\
""",
            "*你最近完结的申请*",
            """\
*#9* ✅ 已发券：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`
券码：`7777 8888` | 收回 | 申请收回这张券？ | 申请 #9 的券（¥10.00）会在审批人批准后收回，前提是客户届时还没有使用。 | 提交申请 | 再想想\
""",
            """\
*#8* ✋ 已驳回：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`
原因：Already refunded\
""",
            "最近 7 天，你的申请共发出 3 张券（¥30.00）。",
            "*剩余额度*",
            """\
• 你的额度：还剩 47 个申请（共 50 个）。按最近 1 天计算。超出后，每个申请要多一次批准。
• 全体预算：还剩 ¥1,200.50（共 ¥2,000.00）。按最近 7 天计算。\
""",
            """\
*你最近 7 天的审批*
*#9* ✅ 已发券：¥10 off, late delivery（¥10.00），客户 `oU…jWeS6o`。你于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 批准。\
""",
            """\
*最近 7 天*
发出 22 张券，¥220.00。据目前所知，这几天客户核销了 7 张券（¥35.00）。驳回 7 个申请。从申请到最后一次批准：中位数 4 分 12 秒，最长 2 小时 10 分。\
""",
            """\
*按客服*
• <@U0AGENT007>：7 张券，¥70.00
• <@U0AGENT006>：6 张券，¥60.00
• <@U0AGENT005>：5 张券，¥50.00
• <@U0AGENT004>：4 张券，¥40.00
• <@U0AGENT003>：3 张券，¥30.00
• 其他 2 个：3 张券，¥30.00\
""",
            """\
*按批次*
• ¥10 off, late delivery (`1212121207`)：7 张券，¥70.00
• ¥10 off, late delivery (`1212121206`)：6 张券，¥60.00
• ¥10 off, late delivery (`1212121205`)：5 张券，¥50.00
• ¥10 off, late delivery (`1212121204`)：4 张券，¥40.00
• ¥10 off, late delivery (`1212121203`)：3 张券，¥30.00
• 其他 2 个：3 张券，¥30.00\
""",
            "以图片发给我",
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
            "In the last 7 days nothing was sent for your requests.",
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
            "最近 7 天，你的申请没有发出券。",
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
