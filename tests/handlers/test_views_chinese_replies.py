"""Each answer to a command in Chinese, whole."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from coupons.model import ClickAction, State
from coupons.permissions import Reason
from coupons.policy import Limit
from handlers.cleaning import Undone
from handlers.misread import Misread
from handlers.parsing import parse
from handlers.views import (
    command_replies,
    failures,
    modals,
    refusals,
)
from handlers.views.help import help_text
from tests.handlers.test_views_chinese import CHINESE_ROW
from tests.handlers.views_samples import (
    CATALOGUE,
    request,
    written,
)
from tests.words import CHINESE


def test_what_was_read_and_what_is_needed() -> None:
    message = command_replies.submitted(
        CHINESE, request(**CHINESE_ROW), tuple(Undone), approval_channel="C0APPROVE"
    )
    assert list(written(message.blocks)) == snapshot(
        [
            "已读到：客户 `oU…jWeS6o` ，批次 *满减券* （`1212121212`），¥10.00。",
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
读到客户 `oU…jWeS6o` ，其中有字符 `EM DASH U+2014` ，这是编辑器或输入法自动替换出来的，原文无从得知。openid 错一个字符，券就会发给陌生人，所以不能猜。请从保存纯文本的地方重新复制 openid。
示例：`/coupon send oUpF8uMu…ChOPENID late-10 包裹晚到 3 天`\
"""),
        ),
        (
            "send oUpF8uMu.AJOM2pxb1Q9zNjWeS6o late-10",
            snapshot("""\
读到客户 `oU…jWeS6o` ，其中有字符 `FULL STOP U+002E` 。openid 只含字母、数字、`-` 和 `_` ，请重新复制。
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
        command_replies.checking(CHINESE, 12, ClickAction.RETRY),
        help_text(CHINESE, CATALOGUE),
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
*#12* ⏳ 待审批：满减券（¥10.00），客户 `oU…jWeS6o`
*#13* ❓ 结果未知：满减券（¥10.00），客户 `oU…jWeS6o`\
""",
            "申请 #12 已撤回。客户不会因这个申请得到券。",
            "申请 #12 已不能撤回：已向微信支付请求发券，无法收回。结果会显示在卡片上。当前状态：发券中。机器人正在请求微信支付发券。",
            "没有申请 `#99` 。可用 `/coupon list` 查看你未完结的申请。",
            "正在确认申请 #12 能否重试。如果不能，稍后会告诉你；如果能，会写在它的卡片消息列里。",
            """\
用微信支付商家券补偿客户；哪些要先经主管审批，由规则决定
*申请*
• `/coupon` 打开表单；`/coupon send oUpF8uMu…ChOPENID late-10 包裹晚到 3 天` 直接申请一张券
• `/coupon bulk` 用文件为许多客户申请
• `/coupon check oUpF8uMu…ChOPENID late-10` 查看需要什么审批，不通知任何人
• `/coupon list` 查看你未完结的申请
• `/coupon urge 12` 提醒申请 #12 的审批人
• `/coupon cancel 12` 撤回你的申请 #12，仅限发券开始之前
• `/coupon undo 12` 申请收回 #12 的券（尚未使用时）
*查询*
• `/coupon customer oUpF8uMu…ChOPENID` 查看客户已获得的券
• `/coupon ticket ABC-123` 查看一个工单的券，不论是哪位客户
• `/coupon status 12` 查看申请 #12 的状态
• `/coupon stocks` 查看可发的券
• `/coupon help` 显示本说明
*审批*
• 在审批频道的卡片上，或在本应用的主页上批准和驳回
• `/coupon retry 12` 重试需人工处理的申请； `/coupon close 12` 关闭它
• `/coupon away friday @wang` 登记不在岗并请人代为审批；`/coupon back` 提前结束
• `/coupon pause` 和 `/coupon resume` 暂停和恢复所有发券
*审计*
• `/coupon audit` 查询审计日志； `/coupon audit open` 在浏览器中打开
*批次*
• `late-10` ：¥10 off, late delivery（¥10.00，`1212121212` ）
• `cold-20` ：¥20 off, cold meal（¥20.00，`1313131313` ）\
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
