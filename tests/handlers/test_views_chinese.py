"""The views in Simplified Chinese: whole, true, and as a support team in China would say it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from inline_snapshot import snapshot

from coupons.events import Tag
from coupons.model import State
from coupons.policy import Limit, Reason
from handlers.cleaning import Undone
from handlers.parsing import Misread, parse
from handlers.views import (
    card,
    command_replies,
    direct_messages,
    ephemerals,
    failures,
    modals,
    problems,
    refusals,
    thread_replies,
)
from handlers.views.message import Message
from tests.handlers.test_views_limits import marked
from tests.handlers.test_views_truth import CODES, rows, shown
from tests.handlers.views_samples import (
    APPROVERS,
    CATALOGUE,
    LI,
    NOW,
    REQUEST,
    STOCKS,
    WANG,
    event_messages,
    events,
    every_message,
    now_messages,
    other_messages,
    readable,
    refused_click,
    request,
    written,
)
from tests.words import CHINESE

DOUBT = "客户是否拿到了券"
#: Words that claim a coupon.
CLAIMS = re.compile(r"已发券|已发放|发放成功|已发出|已到账|已领取|拿到|得到券|已确认发券")
NO_COUPON = "客户不会因这个申请得到券"
#: Letters that belong to both languages: tokens of Slack, code, settings, WeChat Pay's fields, names.
COMMON = re.compile(
    r"<[^>]*>|`[^`]*`|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:_[a-z]+)+|attempt:finished|coupon\.toml|openid|AppID"
    r"|Request-ID|Slack|oUpF…eS6o|cb[0-9a-f]{30}|UTC"
)
CHINESE_ROW = {
    "stock_name": "满减券",
    "reason": "包裹晚到",
    "decline_reason": "已退款",
}


def english_left(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]{2,}", COMMON.sub(" ", text))


def everything() -> Iterator[Message]:
    for state in State:
        for problem in ("", "NO_AUTH", "WHO_KNOWS"):
            row = request(state=state, attempts=1, problem=problem, closed_at=NOW, **CHINESE_ROW)
            yield from every_message(CHINESE, row, [WANG, LI], "七")


def test_no_english_is_left_in_any_message() -> None:
    left = {
        (tuple(words), text)
        for message in everything()
        for text in [message.text, *written(message.blocks)]
        # The customer may read English, whatever the agent reads.
        if not text.startswith("We have put a coupon")
        if (words := english_left(text.replace(STOCKS[0].name, "").replace(STOCKS[1].name, "")))
    }
    assert left == set()


@pytest.mark.parametrize("tell", [problems.for_agent, problems.for_operator])
def test_no_english_is_left_in_any_advice(tell: object) -> None:
    assert callable(tell)
    for code in [*problems._ADVICE, "", "HTTP_418"]:
        assert not english_left(tell(CHINESE, code)), code


def test_no_english_is_left_in_the_decline_form() -> None:
    form = modals.decline_modal(CHINESE, 12, modals.Origin("C0APPROVE", "5.000100"))
    assert not [text for text in written(form) if english_left(text)]


def test_what_formats_stands_free_of_chinese_letters() -> None:
    # Right beside a letter Slack leaves `*粗体*` and code as they are, marks and all.
    stuck = re.compile(r"[\u4e00-\u9fff](`[^`\n]+`|\*[^*\n]+\*)|(`[^`\n]+`|\*[^*\n]+\*)[\u4e00-\u9fff]")
    found: set[str] = set()
    for message in everything():
        for text in [message.text, *marked(message.blocks)]:
            spans = re.sub(r"(`[^`\n]+`|\*[^*\n]+\*)", "\x01", text)
            found |= set(re.findall(r"[\u4e00-\u9fff]\x01|\x01[\u4e00-\u9fff]", spans)) and {text}
    assert stuck.search("请*确认*金额")
    assert found == set()


def test_sentences_follow_one_another_as_in_chinese() -> None:
    for message in everything():
        assert not re.search(r"[。？！，：；] (?=[\u4e00-\u9fff])", message.text)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENT])
def test_no_state_but_sent_says_that_the_customer_has_the_coupon(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        for message in shown(CHINESE, row):
            text = readable(message).replace(DOUBT, "").replace(NO_COUPON, "")
            assert CLAIMS.findall(text.replace("否则客户可能得到两张券", "")) == []


def test_no_other_message_about_a_request_that_is_not_sent_claims_it() -> None:
    tags = [each for each in events() if each.tag != Tag.REQUEST_SENT]
    for state in State:
        if state is not State.SENT:
            row = request(state=state, attempts=1, open_attempts=1)
            for message in [
                *now_messages(CHINESE, row, [WANG]),
                *event_messages(CHINESE, row, tags),
                *other_messages(CHINESE, row, "word"),
            ]:
                text = readable(message).replace(DOUBT, "").replace(NO_COUPON, "")
                assert CLAIMS.findall(text) == []


@pytest.mark.parametrize("state", [State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD])
def test_where_an_attempt_may_have_given_the_coupon_that_is_said(state: State, *, long_form: bool) -> None:
    for row in rows(state, every_code=long_form):
        on_the_wire = 1 if state is State.SENDING and row.running else 0
        if row.unknown_at is not None or row.open_attempts > on_the_wire or state is State.UNKNOWN:
            text = card.card(CHINESE, row, [], approvers=APPROVERS).text
            assert DOUBT in text
            assert "请勿另行申请" in text


def test_advice_for_a_final_no_is_not_given_while_it_is_not_known() -> None:
    for code in CODES:
        for state in (State.UNKNOWN, State.SENDING, State.APPROVED, State.HELD):
            row = request(state=state, problem=code, attempts=2, open_attempts=2, unknown_at=NOW)
            for message in shown(CHINESE, row):
                assert "换一个批次" not in readable(message)


def test_the_card_in_each_state() -> None:
    drawn = {
        str(state): card.card(
            CHINESE,
            request(
                state=state,
                attempts=int(state not in {State.PENDING, State.APPROVED}),
                problem="NOT_ENOUGH" if state in {State.HELD, State.REFUSED} else "",
                closed_at=NOW,
                closed_by="U0LI",
                **CHINESE_ROW,
            ),
            [WANG],
            approvers=APPROVERS,
        ).text
        for state in State
    }
    assert drawn == snapshot(
        {
            "pending": "待审批：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。已批准 1/2（<@U0WANG>）。原因：包裹晚到",
            "approved": "已批准：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。接下来机器人会请求微信支付发券。原因：包裹晚到",
            "sending": "发券中：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。微信支付尚未确认发券。机器人会用同一个商户请求单号再次请求。原因：包裹晚到",
            "sent": "已发券：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。微信支付已确认发券（<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>）。券码请在审批卡片的消息列里查看。原因：包裹晚到",
            "unknown": "结果未知：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。目前还不知道客户是否拿到了券。机器人正在用同一个商户请求单号核实。在此期间请勿另行申请，否则客户可能得到两张券。原因：包裹晚到",
            "refused": "微信支付已拒绝：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。客户不会因这个申请得到券。这个批次暂时已发完。原因：包裹晚到",
            "held": "需人工处理：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。需要运维人员先排除问题。之后由审批人重试或关闭；在此之前它不会自动继续。在此期间请勿另行申请，否则客户可能得到两张券。原因：包裹晚到",
            "closed": "已关闭：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。<@U0LI> 已关闭。客户不会因这个申请得到券。原因：包裹晚到",
            "declined": "已驳回：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。<@U0LI> 已驳回。客户不会因这个申请得到券。原因：包裹晚到",
            "cancelled": "已撤回：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。<@U0LI> 已撤回。客户不会因这个申请得到券。原因：包裹晚到",
            "expired": "已过期：<@U0AGENT> 的申请 #12，满减券（¥10.00），客户 `oUpF…eS6o` 。截至 <!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC> 未集齐所需批准。客户不会因这个申请得到券。原因：包裹晚到",
        }
    )


def test_a_whole_waiting_card() -> None:
    drawn = card.card(CHINESE, request(**CHINESE_ROW), [WANG], approvers=APPROVERS)
    assert list(written(drawn.blocks)) == snapshot(
        [
            "申请 #12：¥10.00",
            """\
*批次*
满减券 (`1212121212`)\
""",
            """\
*客户*
`oUpF…eS6o`\
""",
            """\
*申请人*
<@U0AGENT>\
""",
            """\
*申请时间*
<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>\
""",
            "原因",
            "包裹晚到",
            """\
⏳ *待审批*
已批准 1/2（<@U0WANG>）。\
""",
            "批准",
            "批准 ¥10.00？",
            "满减券（¥10.00），客户 oUpF…eS6o。所需批准集齐后，券会立即发出，无法收回。",
            "批准",
            "再想想",
            "驳回",
            "撤回",
            "提醒审批人",
            "申请 #12 是你提交的吗？",
            "只有申请人可以撤回（申请就此结束）或提醒审批人（会 @ 他们，每半小时最多一次）。",
            "继续",
            "再想想",
            "可审批（申请人本人除外）：<!subteam^S0LEADS>、<@U0WANG>",
            "过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>",
        ]
    )


def test_a_whole_held_card() -> None:
    row = request(state=State.HELD, attempts=1, open_attempts=1, problem="NO_CLEAR_ANSWER", **CHINESE_ROW)
    assert list(written(card.card(CHINESE, row, [WANG], approvers=APPROVERS).blocks)) == snapshot(
        [
            "申请 #12：¥10.00",
            """\
*批次*
满减券 (`1212121212`)\
""",
            """\
*客户*
`oUpF…eS6o`\
""",
            """\
*申请人*
<@U0AGENT>\
""",
            """\
*申请时间*
<!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC>\
""",
            "原因",
            "包裹晚到",
            """\
🛑 *需人工处理*
不知道客户是否拿到了券。需要运维人员先查明情况。之后由审批人重试或关闭；在此之前它不会自动继续。在此期间请勿另行申请，否则客户可能得到两张券。\
""",
            "*运维人员请看* （`NO_CLEAR_ANSWER`）：长时间没有收到微信支付可信的应答。请先在商户平台查询该商户请求单号，再重试。重试沿用同一个商户请求单号，所以最多只会有一张券。",
            "重试",
            "重试 ¥10.00？",
            "满减券（¥10.00），客户 oUpF…eS6o。不知道客户是否拿到了券。重试会沿用同一个商户请求单号。请先排除原因，再重试。",
            "重试",
            "再想想",
            "关闭申请",
            "关闭申请 #12？",
            "申请到此结束，不会发券。机器人会先在微信支付查询这张券。",
            "关闭申请",
            "再想想",
            "可以重试或关闭：<!subteam^S0LEADS>、<@U0WANG>",
            "已批准 1/2（<@U0WANG>）。",
            "商户请求单号：`cb0123456789abcdef0123456789abcd`",
        ]
    )


def test_each_step_in_the_thread() -> None:
    row = request(**CHINESE_ROW)
    assert [thread_replies.step(CHINESE, each, row).text for each in events("已退款")] == snapshot(
        [
            "<@U0WANG> 已批准（1/2）。",
            "<@U0LI> 已批准（2/2）。接下来机器人会请求微信支付发券。",
            "申请 #12 已集齐所需批准：<@U0WANG>、<@U0LI>。",
            "<@U0LI> 驳回了申请 #12。客户不会因这个申请得到券。原因：已退款",
            "<@U0AGENT> 撤回了申请 #12。客户不会因这个申请得到券。",
            "申请 #12 已过期：未按时集齐所需批准。客户不会因这个申请得到券。",
            "<@U0WANG> 重试了申请 #12。重试沿用同一个商户请求单号，所以最多只会有一张券。",
            "申请 #12：待审批。需要 2 人批准。",
            "微信支付对申请 #12 的一个应答现在才收到，与该申请的结果不符。须由运维人员与微信支付核对： `coupon-bot reconcile` 。",
            "<@U0LI> 关闭了申请 #12。客户不会因这个申请得到券。原因：已退款",
            "申请 #12：目前还不知道客户是否拿到了券。机器人正在用同一个商户请求单号核实。在此期间请勿另行申请，否则客户可能得到两张券。上次请求：微信支付返回 `NO_AUTH`。",
            """\
申请 #12 需人工处理：运维人员要先排除问题。
*运维人员请看* （`NO_AUTH`）：微信支付提示本商户无权调用商家券接口，或无权用该批次发券。请在商户平台检查权限，并确认批次由谁创建（其他商户的批次需要委托营销），然后重试。重试沿用同一个商户请求单号，所以最多只会有一张券。\
""",
            """\
申请 #12 需人工处理：运维人员要先查明情况。不知道客户是否拿到了券。
*运维人员请看* （`NO_AUTH`）：微信支付提示本商户无权调用商家券接口，或无权用该批次发券。请在商户平台检查权限，并确认批次由谁创建（其他商户的批次需要委托营销），然后重试。重试沿用同一个商户请求单号，所以最多只会有一张券。\
""",
            """\
申请 #12 需人工处理：运维人员要先查明情况。不知道客户是否拿到了券。
*运维人员请看* （`NO_AUTH`）：微信支付提示本商户无权调用商家券接口，或无权用该批次发券。请在商户平台检查权限，并确认批次由谁创建（其他商户的批次需要委托营销），然后重试。重试沿用同一个商户请求单号，所以最多只会有一张券。\
""",
            "微信支付拒绝了申请 #12。客户不会因这个申请得到券。机器人与微信支付之间的配置有问题。",
            "申请 #12 已发券。微信支付已用签名应答确认。券码：`7777 8888`",
            "申请 #12 已发券。在微信支付的客户券列表里，已查到这个商户请求单号对应的券。券码：`7777 8888`",
            "申请 #12 按规则 2 无需审批，已自动批准。",
            "<@U0AGENT> 请审批人处理申请 #12：审批人。过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>。",
            "申请 #12 已等待审批 2 小时：审批人。过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>。",
            "申请 #12 已等待审批 1 分钟：审批人。<!subteam^S0MANAGERS>：请跟进处理。过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
        ]
    )


def test_each_direct_message() -> None:
    row = request(**CHINESE_ROW)
    assert [direct_messages.to_requester(CHINESE, each, row).text for each in events("已退款")] == snapshot(
        [
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "<@U0LI> 驳回了你的申请 #12。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。客户不会因这个申请得到券。原因：已退款",
            "<@U0AGENT> 撤回了你的申请 #12。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。客户不会因这个申请得到券。",
            "你的申请 #12 已过期：截至 <!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC> 未集齐所需批准。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。客户不会因这个申请得到券。如果仍要补偿客户，请用 `/coupon send` 重新申请。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "<@U0LI> 关闭了你的申请 #12（此前需人工处理）。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。客户不会因这个申请得到券。如果仍要补偿客户，请用 `/coupon send` 重新申请。原因：已退款",
            "申请 #12：目前还不知道客户是否拿到了券。机器人正在用同一个商户请求单号核实。在此期间请勿另行申请，否则客户可能得到两张券。上次请求：微信支付返回 `NO_AUTH`。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。",
            """\
你的申请 #12 需人工处理。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。
机器人与微信支付之间的配置有问题。它不会自动继续：需要运维人员先解决原因，再由审批人重试或关闭。 `/coupon urge 12` 可以提醒审批人；有结果时会通知你。在此期间请勿另行申请，否则客户可能得到两张券。\
""",
            """\
你的申请 #12 需人工处理。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。
不知道客户是否拿到了券。它不会自动继续：需要运维人员先解决原因，再由审批人重试或关闭。 `/coupon urge 12` 可以提醒审批人；有结果时会通知你。在此期间请勿另行申请，否则客户可能得到两张券。\
""",
            """\
你的申请 #12 需人工处理。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。
不知道客户是否拿到了券。它不会自动继续：需要运维人员先解决原因，再由审批人重试或关闭。 `/coupon urge 12` 可以提醒审批人；有结果时会通知你。在此期间请勿另行申请，否则客户可能得到两张券。\
""",
            """\
微信支付拒绝了你的申请 #12。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。
客户不会因这个申请得到券。机器人与微信支付之间的配置有问题。\
""",
            "你的申请 #12 已发券。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。微信支付已用签名应答确认。券码：`7777 8888`",
            "你的申请 #12 已发券。批次：满减券（¥10.00）。客户：`oUpF…eS6o` 。在微信支付的客户券列表里，已查到这个商户请求单号对应的券。券码：`7777 8888`",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
            "申请 #12：待审批。需要 2 人批准。",
        ]
    )


def test_each_answer_to_a_click_that_changed_nothing() -> None:
    def answered(reason: Reason, action: str) -> str:
        return ephemerals.answer(CHINESE, refused_click(reason, action), REQUEST).text

    found = [answered(reason, action) for reason in Reason for action in ("approve", "decline", "retry")]
    assert list(dict.fromkeys(found)) == snapshot(
        [
            "未作任何更改。无法对申请 #12 执行这个操作。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。你来自其他公司或工作区，只有本工作区的成员可以审批商家券。",
            "未作任何更改。只有真人可以审批商家券，而这个账号是机器人。",
            "未作任何更改。这个账号已停用，不能审批商家券。",
            "未作任何更改。你是本工作区的访客，访客不能审批商家券。",
            "未作任何更改。你不在可以申请发券的人员之列。",
            "未作任何更改。你不在申请 #12 的审批人之列，审批人名单见审批卡片。",
            "未作任何更改。申请 #12 需人工处理时，只有能审批它的人可以重试或关闭它。卡片上写明了是哪些人。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。申请 #12 是你自己提交的，须由其他人审批。如需撤回，请输入 `/coupon cancel 12`",
            "未作任何更改。你已经批准过申请 #12，同一个人的批准只计一次。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。你已经批准过申请 #12，不能再驳回。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。你对申请 #12 的操作来晚了。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。只有需人工处理的申请才能重试或关闭，而 #12 不是。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。申请 #12 不是你提交的，只有 <@U0AGENT> 可以这样做。",
            "未作任何更改。申请 #12 已不能撤回：已向微信支付请求发券，无法收回。结果会显示在卡片上。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。该客户已达到上限。",
            "未作任何更改。你的申请数已达到上限。",
            "未作任何更改。该批次已达到上限。",
            "未作任何更改。发券预算目前已用完。",
            "未作任何更改。当天免审批的额度已用完，须由审批人决定。",
            "未作任何更改。不久前 #12 已有相同的申请。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。发券已暂停，申请 #12 现在不能批准。等审批人输入 `/coupon resume` 恢复之后才可以。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。发券没有暂停，无需恢复。",
            "未作任何更改。刚刚已就申请 #12 提出过催办。",
            "申请 #12 尚未关闭。不知道客户是否拿到了券。因此机器人先在微信支付查询：共 2 次，间隔 10 分钟；已完成 0 次，都没有找到。结果会写在卡片的消息列中；如果没有这张券，届时即可关闭。",
            "未作任何更改。只有被驳回的申请可以修改后重新提交，且只能一次；申请 #12 不行。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。这不是来自申请 #12 现在的卡片，而是来自一条旧消息，它说的可能是另一位客户。卡片本身还没有发出。",
            "未作任何更改。申请 #12 是批量申请中的一行，随整个批量申请一起批准、驳回、撤回和提醒。",
            "未作任何更改。应用主页上显示为申请 #12 的，可能是另一个申请。请重新打开主页，查看现在的申请。",
        ]
    )


def test_what_was_read_and_what_is_needed() -> None:
    message = command_replies.submitted(
        CHINESE, request(**CHINESE_ROW), tuple(Undone), approval_channel="C0APPROVE"
    )
    assert list(written(message.blocks)) == snapshot(
        [
            "已读到：客户 `oUpF…eS6o` ，批次 *满减券* （`1212121212`），¥10.00。",
            "原因",
            "包裹晚到",
            """\
申请 #12 需要 2 人批准。卡片将发到 <#C0APPROVE> 。
已把全角字母和数字当作半角处理。已去掉不可见字符。已去掉词语两边的引号或标记。已把换行和特殊空格当作普通空格。Slack 把部分内容变成了链接或提及，已按你看到的文字处理。已去掉命令前的短横线。已把 … 当作三个英文句点。请核对客户和批次是否正确。\
""",
            "有误？开始发券前可用 `/coupon cancel 12` 撤回。",
        ]
    )


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (
            "sned x",
            snapshot("""\
读到 `sned` ，没有这个命令。你想输入的是 `/coupon send` 吗？
全部命令和示例：`/coupon help`\
"""),
        ),
        (
            "frobnicate",
            snapshot("""\
读到 `frobnicate` ，没有这个命令。
全部命令和示例：`/coupon help`\
"""),
        ),
        (
            "send oUpF8uMuAJO—M2pxb1Q9zNjWeS6o late-10",
            snapshot("""\
读到客户 `oUpF…eS6o` ，其中有字符 `EM DASH U+2014` ，这是编辑器或输入法自动替换出来的，原文无从得知。openid 错一个字符，券就会发给陌生人，所以不能猜。请从保存纯文本的地方重新复制 openid。
示例：`/coupon send oUpF8uMu…ChOPENID late-10 包裹晚到 3 天`\
"""),
        ),
        (
            "send oUpF8uMu.AJOM2pxb1Q9zNjWeS6o late-10",
            snapshot("""\
读到客户 `oUpF…eS6o` ，其中有字符 `FULL STOP U+002E` 。openid 只含字母、数字、`-` 和 `_` ，请重新复制。
示例：`/coupon send oUpF8uMu…ChOPENID late-10 包裹晚到 3 天`\
"""),
        ),
        (
            "send late-10 x",
            snapshot("""\
读到客户 `late-10` ，只有 7 个字符。openid 至少 16 个字符，通常是 28 个。请完整复制；先写客户，再写批次。
示例：`/coupon send oUpF8uMu…ChOPENID late-10 包裹晚到 3 天`\
"""),
        ),
        (
            "status",
            snapshot("""\
没有读到申请编号。编号在审批卡片上，也可以用 `/coupon list` 查看自己的申请。
示例：`/coupon status 12`\
"""),
        ),
        (
            "cancel 12 13",
            snapshot("""\
末尾读到了 `13` ，这里不应有内容，请删掉。
示例：`/coupon cancel 12`\
"""),
        ),
    ],
)
def test_a_slip_is_answered_with_what_was_read_and_the_right_form(typed: str, answer: str) -> None:
    misread = parse(typed)
    assert isinstance(misread, Misread)
    assert command_replies.misread(CHINESE, misread, CATALOGUE).text == answer


def test_the_other_replies() -> None:
    row = request(**CHINESE_ROW)
    found = [
        command_replies.unknown_stock(CHINESE, "cold", CATALOGUE),
        refusals.command_refused(CHINESE, Reason.CUSTOMER_LIMIT, limit=Limit(2, days=30)),
        refusals.command_refused(CHINESE, Reason.AGENT_LIMIT, limit=Limit(50, days=1)),
        refusals.command_refused(CHINESE, Reason.NOT_AGENT),
        command_replies.open_list(CHINESE, [row, request(id=13, state=State.UNKNOWN, **CHINESE_ROW)]),
        command_replies.cancelled(CHINESE, row),
        command_replies.cannot_cancel(
            CHINESE, Reason.SENDING_BEGAN, request(state=State.SENDING, running=True)
        ),
        command_replies.no_such_request(CHINESE, 99),
        command_replies.checking(CHINESE, 12),
        command_replies.help_text(CHINESE, CATALOGUE),
        failures.something_went_wrong(CHINESE, "ab12cd"),
        failures.not_sure_it_was_kept(CHINESE),
        failures.database_lost(CHINESE),
        failures.slack_did_not_answer(CHINESE),
        failures.not_kept_click_again(CHINESE),
    ]
    assert [message.text for message in found] == snapshot(
        [
            """\
读到批次 `cold` ，目录里没有。你想要的是不是下面这些？
• `cold-20` ：¥20 off, cold meal（¥20.00，`1313131313` ）
• `late-10` ：¥10 off, late delivery（¥10.00，`1212121212` ）\
""",
            "申请未提交。这个客户已达 30 天内 2 次的上限（未完结的申请也计入）。可以问主管还能怎样补偿。",
            "申请未提交。你已达 1 天内 50 个申请的上限（未完结的也计入）。请联系主管。",
            "申请未提交。你没有申请商家券的权限。运维人员可以把你加入角色 `agents`",
            """\
你未完结的申请：2 个
*#12* ⏳ 待审批：满减券（¥10.00），客户 `oUpF…eS6o`
*#13* ❓ 结果未知：满减券（¥10.00），客户 `oUpF…eS6o`\
""",
            "申请 #12 已撤回。客户不会因这个申请得到券。",
            "申请 #12 已不能撤回：已向微信支付请求发券，无法收回。结果会显示在卡片上。当前状态：发券中。机器人正在请求微信支付发券。",
            "没有申请 `#99` 。可用 `/coupon list` 查看你未完结的申请。",
            "正在确认申请 #12 能否重试。如果不能，稍后会告诉你；如果能，会写在它的卡片消息列里。",
            """\
用微信支付商家券补偿客户；哪些要先经主管审批，由规则决定
• `/coupon` 打开表单；`/coupon send oUpF8uMu…ChOPENID late-10 包裹晚到 3 天` 直接申请一张券
• `/coupon bulk` 用文件为许多客户申请
• `/coupon check oUpF8uMu…ChOPENID late-10` 查看需要什么审批，不通知任何人
• `/coupon customer oUpF8uMu…ChOPENID` 查看客户已获得的券
• `/coupon stocks` 查看可发的券
• `/coupon status 12` 查看申请 #12 的状态
• `/coupon list` 查看你未完结的申请
• `/coupon urge 12` 提醒申请 #12 的审批人
• `/coupon cancel 12` 撤回你的申请 #12，仅限发券开始之前
• `/coupon retry 12` 重试需人工处理的申请； `/coupon close 12` 关闭它（审批人）
• `/coupon pause` 和 `/coupon resume` 暂停和恢复所有发券（审批人）
• `/coupon audit` 查询审计日志（审计人员）
• `/coupon help` 显示本说明\
""",
            "机器人内部出错，不确定这次操作是否已保存。请先用 `/coupon list` 查看，再决定是否重新输入。如果反复出现，请把这个编号交给运维人员：`ab12cd`",
            "未能及时确认这次操作是否已保存。请过一分钟用 `/coupon list` 查看，再决定是否重新输入。",
            "未执行任何操作：数据库文件已不在原处，因此不再记录，也不再发券。请通知运维人员，等文件放回后再重新输入。",
            "未执行任何操作：Slack 没有返回用户组成员。请过一分钟重新输入。",
            "未能确认这次操作是否已保存。请再试一次，重复操作只计一次。",
        ]
    )


def test_the_decline_form() -> None:
    assert list(
        written(modals.decline_modal(CHINESE, 12, modals.Origin("C0APPROVE", "5.000100")))
    ) == snapshot(
        [
            "驳回这个申请",
            "驳回",
            "返回",
            "为什么驳回申请 #12？",
            "申请人和审批频道里的所有人都能看到，并会记入审计日志。",
        ]
    )
    assert command_replies.decline_reason_problem(CHINESE, "x" * 501) == snapshot(
        "原因有 501 个字符，最多 500 个。"
    )
