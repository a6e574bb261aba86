"""What stands on the card in each state, as it is read in both languages."""

from __future__ import annotations

from typing import Any

from inline_snapshot import snapshot

from coupons.model import State
from handlers.views import card
from handlers.views.words import Words
from tests.handlers.views_samples import APPROVERS, LI, NOW, WANG, request, written
from tests.words import CHINESE, ENGLISH

CHANGES: dict[State, dict[str, Any]] = {
    State.PENDING: {},
    State.APPROVED: {"approvals_needed": 0, "rule": 2},
    State.SENDING: {"attempts": 1, "running": True, "open_attempts": 1},
    State.UNKNOWN: {"attempts": 1, "open_attempts": 1, "unknown_at": NOW, "problem": "TIMEOUT"},
    State.HELD: {"attempts": 1, "problem": "NOT_ENOUGH"},
    State.SENT: {"attempts": 1, "closed_at": NOW, "coupon_code": "7"},
    State.REFUSED: {"attempts": 1, "closed_at": NOW, "problem": "RULE_LIMIT"},
    State.DECLINED: {"closed_at": NOW, "closed_by": "U0LI", "decline_reason": "Refunded"},
    State.CANCELLED: {"closed_at": NOW, "closed_by": "U0AGENT"},
    State.EXPIRED: {"closed_at": NOW},
    State.CLOSED: {"attempts": 1, "closed_at": NOW, "closed_by": "U0LI", "problem": "NOT_ENOUGH"},
}


def below_the_facts(words: Words) -> dict[str, list[str]]:
    """What changes with the state: all below the reason, the sentences of the confirms left out."""
    shown = {}
    for state, changes in CHANGES.items():
        given = [] if changes.get("approvals_needed") == 0 else [WANG, LI]
        message = card.card(words, request(state=state, **changes), given, approvers=APPROVERS)
        shown[str(state)] = [
            text for block in message.blocks[3:] if block["type"] != "actions" for text in written(block)
        ]
    return shown


def test_the_card_of_each_state_in_english() -> None:
    assert below_the_facts(ENGLISH) == snapshot(
        {
            "pending": [
                """\
⏳ *Waiting for approval*
Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).\
""",
                "May decide, except the requester: <!subteam^S0LEADS>, <@U0WANG>",
                "Expires <!date^1795486972^{date_short_pretty} {time}|2026-11-24 02:22 UTC>",
            ],
            "approved": [
                """\
👍 *Approved*
The bot asks WeChat Pay for the coupon next.\
""",
                "Automatic: no approval needed by rule 2.",
            ],
            "sending": [
                """\
📨 *Sending*
The bot is asking WeChat Pay for the coupon now.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "out_request_no: `cb0123456789abcdef0123456789abcd`",
            ],
            "unknown": [
                """\
❓ *Not known yet*
It is not known yet whether the customer got the coupon. The bot is finding out, with the same out_request_no. Please do not ask for another one meanwhile: that could give the customer two.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "out_request_no: `cb0123456789abcdef0123456789abcd`",
                "Last attempt: no whole answer came in time",
            ],
            "held": [
                """\
🛑 *Held*
An operator must put something right first. Then an approver retries it, or closes it; until then it waits. Please do not ask for another one meanwhile: that could give the customer two.\
""",
                "*For the operator* (`NOT_ENOUGH`): The stock is used up. Raise its max_coupons (its budget) on the merchant platform; then retry. The same out_request_no is used again, so that there can be only one coupon.",
                "May retry or close it: <!subteam^S0LEADS>, <@U0WANG>",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "out_request_no: `cb0123456789abcdef0123456789abcd`",
            ],
            "sent": [
                """\
✅ *Sent*
WeChat Pay has confirmed the coupon (<!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>). Look for its code in the card's thread.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "out_request_no: `cb0123456789abcdef0123456789abcd`",
            ],
            "refused": [
                """\
⛔ *Refused by WeChat Pay*
The customer gets no coupon from this request. This customer already has as many coupons of this stock as WeChat Pay allows. Choose another stock.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "out_request_no: `cb0123456789abcdef0123456789abcd`",
                "Last attempt: WeChat Pay said `RULE_LIMIT`",
                "Ended <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>",
            ],
            "declined": [
                """\
✋ *Declined*
<@U0LI> declined it. The customer gets no coupon from this request.\
""",
                "Why",
                "Refunded",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "Ended <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>",
            ],
            "cancelled": [
                """\
↩️ *Withdrawn*
<@U0AGENT> withdrew it. The customer gets no coupon from this request.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "Ended <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>",
            ],
            "expired": [
                """\
⌛ *Expired*
It did not get its approvals by <!date^1795486972^{date_short_pretty} {time}|2026-11-24 02:22 UTC>. The customer gets no coupon from this request.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "Ended <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>",
            ],
            "closed": [
                """\
⏹️ *Closed*
<@U0LI> closed it. The customer gets no coupon from this request.\
""",
                "Approvals: 2 of 2 (<@U0WANG>, <@U0LI>).",
                "out_request_no: `cb0123456789abcdef0123456789abcd`",
                "Ended <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>",
            ],
        }
    )


def test_the_card_of_each_state_in_chinese() -> None:
    assert below_the_facts(CHINESE) == snapshot(
        {
            "pending": [
                """\
⏳ *待审批*
已批准 2/2（<@U0WANG>、<@U0LI>）。\
""",
                "可审批（申请人本人除外）：<!subteam^S0LEADS>、<@U0WANG>",
                "过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>",
            ],
            "approved": [
                """\
👍 *已批准*
接下来机器人会请求微信支付发券。\
""",
                "自动批准：按规则 2 无需审批。",
            ],
            "sending": [
                """\
📨 *发券中*
机器人正在请求微信支付发券。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "商户请求单号：`cb0123456789abcdef0123456789abcd`",
            ],
            "unknown": [
                """\
❓ *结果未知*
目前还不知道客户是否拿到了券。机器人正在用同一个商户请求单号核实。在此期间请勿另行申请，否则客户可能得到两张券。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "商户请求单号：`cb0123456789abcdef0123456789abcd`",
                "上次请求：没有及时收到完整应答",
            ],
            "held": [
                """\
🛑 *需人工处理*
需要运维人员先排除问题。之后由审批人重试或关闭；在此之前它不会自动继续。在此期间请勿另行申请，否则客户可能得到两张券。\
""",
                "*运维人员请看* （`NOT_ENOUGH`）：批次已发完。请在商户平台提高 max_coupons（批次预算），然后重试。重试沿用同一个商户请求单号，所以最多只会有一张券。",
                "可以重试或关闭：<!subteam^S0LEADS>、<@U0WANG>",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "商户请求单号：`cb0123456789abcdef0123456789abcd`",
            ],
            "sent": [
                """\
✅ *已发券*
微信支付已确认发券（<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>）。券码请在审批卡片的消息列里查看。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "商户请求单号：`cb0123456789abcdef0123456789abcd`",
            ],
            "refused": [
                """\
⛔ *微信支付已拒绝*
客户不会因这个申请得到券。这个客户在该批次的领券数已达微信支付允许的上限。请换一个批次。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "商户请求单号：`cb0123456789abcdef0123456789abcd`",
                "上次请求：微信支付返回 `RULE_LIMIT`",
                "结束于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>",
            ],
            "declined": [
                """\
✋ *已驳回*
<@U0LI> 已驳回。客户不会因这个申请得到券。\
""",
                "原因",
                "Refunded",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "结束于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>",
            ],
            "cancelled": [
                """\
↩️ *已撤回*
<@U0AGENT> 已撤回。客户不会因这个申请得到券。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "结束于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>",
            ],
            "expired": [
                """\
⌛ *已过期*
截至 <!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC> 未集齐所需批准。客户不会因这个申请得到券。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "结束于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>",
            ],
            "closed": [
                """\
⏹️ *已关闭*
<@U0LI> 已关闭。客户不会因这个申请得到券。\
""",
                "已批准 2/2（<@U0WANG>、<@U0LI>）。",
                "商户请求单号：`cb0123456789abcdef0123456789abcd`",
                "结束于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>",
            ],
        }
    )
