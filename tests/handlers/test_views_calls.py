"""Calls, news, direct messages with the words for the customer, and the answers to refused clicks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from coupons.events import Tag
from coupons.model import State
from coupons.permissions import MUST_SAY, Reason
from handlers.views import direct_messages, ephemerals, thread_replies
from handlers.views.for_customer import to_paste
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.views_samples import (
    APPROVERS,
    NOW,
    OPENID,
    REQUEST,
    STOCKS,
    event,
    readable,
    refused_click,
    request,
)
from tests.words import CHINESE, ENGLISH, LANGUAGES

both = pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])


# --- calls and news


def replies(words: Words) -> list[str]:
    row = request(rule=2)
    return [
        thread_replies.step(words, each, row, approvers=APPROVERS).text
        for each in (
            event(Tag.REQUEST_APPROVED, approvals=[], rule=2),
            event(Tag.REQUEST_URGED, "U0AGENT"),
            event(Tag.REQUEST_REMINDED, waited_ms=3_600_000, mention=None),
            event(Tag.REQUEST_REMINDED, waited_ms=30_000, mention="S0MANAGERS"),
        )
    ] + [
        thread_replies.news(words, each).text
        for each in (
            event(Tag.SENDING_PAUSED, "U0WANG", reason=f"wrong <!channel> *stock* for {OPENID}"),
            event(Tag.SENDING_PAUSED, "U0WANG", reason=""),
            event(Tag.SENDING_RESUMED, "U0WANG"),
            event(Tag.DATABASE_RESTORED, kind="tail", posted_seq=9, head_seq=5),
            event(Tag.DATABASE_RESTORED, kind="rewritten", posted_seq=9, head_seq=12),
            event(Tag.DATABASE_RESTORED, kind="key", posted_seq=9, head_seq=12, key="9c1185a5c5e9fc54"),
        )
    ]


def test_calls_and_news_in_english() -> None:
    assert replies(ENGLISH) == snapshot(
        [
            "Request #12 needs no approval by rule 2: it is approved automatically.",
            "<@U0AGENT> asks for a decision on request #12: <!subteam^S0LEADS>, <@U0WANG>. It expires <!date^1795486972^{date_short_pretty} {time}|2026-11-24 02:22 UTC>.",
            "Request #12 has waited 1 hour for a decision: <!subteam^S0LEADS>, <@U0WANG>. It expires <!date^1795486972^{date_short_pretty} {time}|2026-11-24 02:22 UTC>.",
            "Request #12 has waited 1 minute for a decision: <!subteam^S0LEADS>, <@U0WANG>. <!subteam^S0MANAGERS>: please see to it. It expires <!date^1795486972^{date_short_pretty} {time}|2026-11-24 02:22 UTC>.",
            "⏸️ <@U0WANG> paused sending. Nothing can be approved, and nothing goes out, until an approver types `/coupon resume`. Asking, declining and withdrawing go on; no request expires meanwhile. Reason: wrong &lt;!channel&gt; ＊stock＊ for oU…jWeS6o",
            "⏸️ <@U0WANG> paused sending. Nothing can be approved, and nothing goes out, until an approver types `/coupon resume`. Asking, declining and withdrawing go on; no request expires meanwhile.",
            "▶️ <@U0WANG> resumed sending. Requests can be approved again, and those approved go out now.",
            "🚨 The database ends at event #5, but a checkpoint of event #9 stands in the audit channel: an older file was put back, or the end was cut off. Sending is paused, since requests that were sent already may look open in it. An operator puts the newer file back, or runs `coupon-bot reconcile`; then an approver types `/coupon resume`.",
            "🚨 The database holds another event #9 than the checkpoint in the audit channel says: an older file was put back and used, or the log was changed. Sending is paused, since requests that were sent already may look open in it. An operator puts the newer file back, or runs `coupon-bot reconcile`; then an approver types `/coupon resume`.",
            "🚨 The checkpoint of event #9 in the audit channel was signed with the key 9c1185a5c5e9fc54. The bot has another key now, and no command changed it. Sending is paused, since whoever writes the log anew would take the key away. An operator puts the key's file back and starts the bot again, or, if it is lost, runs `coupon-bot audit checkpoint --lost-key 9c1185a5c5e9fc54`; then an approver types `/coupon resume`.",
        ]
    )


def test_calls_and_news_in_chinese() -> None:
    assert replies(CHINESE) == snapshot(
        [
            "申请 #12 按规则 2 无需审批，已自动批准。",
            "<@U0AGENT> 请审批人处理申请 #12：<!subteam^S0LEADS>、<@U0WANG>。过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>。",
            "申请 #12 已等待审批 1 小时：<!subteam^S0LEADS>、<@U0WANG>。过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>。",
            "申请 #12 已等待审批 1 分钟：<!subteam^S0LEADS>、<@U0WANG>。<!subteam^S0MANAGERS>：请跟进处理。过期时间：<!date^1795486972^{date_short_pretty} {time}|2026年11月24日 02:22 UTC>。",
            "⏸️ <@U0WANG> 已暂停发券。在审批人输入 `/coupon resume` 之前，不能批准任何申请，也不会发出任何券。申请、驳回和撤回照常；期间申请不会过期。原因：wrong &lt;!channel&gt; ＊stock＊ for oU…jWeS6o",
            "⏸️ <@U0WANG> 已暂停发券。在审批人输入 `/coupon resume` 之前，不能批准任何申请，也不会发出任何券。申请、驳回和撤回照常；期间申请不会过期。",
            "▶️ <@U0WANG> 已恢复发券。可以继续批准申请，已批准的现在开始发出。",
            "🚨 数据库止于事件 #5，但审计频道里有事件 #9 的检查点：放回了较旧的文件，或者末尾被截去。发券已暂停，因为其中已发券的申请可能显示为未完成。请运维放回较新的文件，或运行 `coupon-bot reconcile`；之后由审批人输入 `/coupon resume`。",
            "🚨 数据库中的事件 #9 与审计频道里的检查点不符：放回并使用了较旧的文件，或者日志被更改。发券已暂停，因为其中已发券的申请可能显示为未完成。请运维放回较新的文件，或运行 `coupon-bot reconcile`；之后由审批人输入 `/coupon resume`。",
            "🚨 审计频道中事件 #9 的检查点由密钥 9c1185a5c5e9fc54 签署。机器人现在用的是另一把密钥，而没有任何命令更换过它。发券已暂停，因为重写日志的人会把密钥拿走。请运维放回密钥文件并重新启动机器人；如果密钥已丢失，则运行 `coupon-bot audit checkpoint --lost-key 9c1185a5c5e9fc54`；之后由审批人输入 `/coupon resume`。",
        ]
    )


@both
@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_nobody_is_called_to_what_is_decided(words: Words, state: State) -> None:
    for tag in (Tag.REQUEST_URGED, Tag.REQUEST_REMINDED):
        if (tag, state) == (Tag.REQUEST_URGED, State.HELD):
            continue
        message = thread_replies.step(words, event(tag, "U0AGENT"), request(state=state), approvers=APPROVERS)
        assert "S0LEADS" not in readable(message)


@both
def test_the_requester_calls_the_approvers_to_what_is_held(words: Words) -> None:
    held = request(state=State.HELD, problem="NOT_ENOUGH")
    message = thread_replies.step(words, event(Tag.REQUEST_URGED, "U0AGENT"), held, approvers=APPROVERS)
    assert "<!subteam^S0LEADS>" in message.text


# --- direct messages


def buttons(message: Message) -> list[str]:
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


@both
@pytest.mark.parametrize("state", State)
def test_only_what_was_declined_or_expired_can_be_edited_and_sent_again(words: Words, state: State) -> None:
    for tag in (Tag.REQUEST_DECLINED, Tag.REQUEST_EXPIRED):
        message = direct_messages.to_requester(
            words, event(tag, "U0LI", reason="Refunded"), request(state=state)
        )
        assert (buttons(message) == ["edit_request"]) is (state in {State.DECLINED, State.EXPIRED})


@both
def test_with_the_code_come_sentences_to_copy_each_in_a_block_of_its_own(words: Words) -> None:
    ready = to_paste(LANGUAGES, REQUEST, None, "77 88`9")
    found = event(Tag.REQUEST_SENT, coupon_code="77 88`9", by="answer")
    message = direct_messages.to_requester(words, found, request(state=State.SENT), to_paste=ready)
    copied = [
        part["elements"]
        for block in message.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_preformatted"
    ]
    assert copied == [[{"type": "text", "text": sentence}] for sentence in ready]


def test_the_usual_words_for_the_customer_tell_amount_code_and_how_long() -> None:
    assert to_paste(LANGUAGES, REQUEST, replace(STOCKS[0], valid_days=30), "7788") == snapshot(
        (
            "我们已将一张 ¥10.00 的优惠券放入您的微信卡包，券码：7788。有效期 30 天。",
            "We have put a coupon of ¥10.00 into your WeChat Pay cards. Its code is 7788. It can be used for 30 days.",
        )
    )
    assert to_paste(LANGUAGES, REQUEST, None, "7788") == snapshot(
        (
            "我们已将一张 ¥10.00 的优惠券放入您的微信卡包，券码：7788。",
            "We have put a coupon of ¥10.00 into your WeChat Pay cards. Its code is 7788.",
        )
    )


def test_the_stocks_own_words_take_the_place_of_the_usual_ones_as_they_are() -> None:
    own = replace(STOCKS[0], customer_words={"zh": "抱歉！{code} {day} {{", "en": "Sorry: {code}, {code}"})
    assert to_paste(LANGUAGES, REQUEST, own, "7788") == ("抱歉！7788 {day} {{", "Sorry: 7788, 7788")
    half = replace(STOCKS[0], customer_words={"en": "Sorry: {code}"})
    chinese, english = to_paste(LANGUAGES, REQUEST, half, "7788")
    assert "优惠券" in chinese
    assert english == "Sorry: 7788"


# --- clicks


ACTIONS = ("approve", "decline", "retry", "cancel", "urge", "pause", "resume")


@both
def test_every_reason_for_which_a_click_can_be_refused_has_its_sentence(words: Words) -> None:
    general = ephemerals.answer(words, refused_click("who knows"), REQUEST).text
    # The last ones stop a form or a command, which answer at once.
    at_once = {*MUST_SAY, Reason.OTHER_DATA, Reason.AWAY, Reason.NOT_AWAY, Reason.NOT_DEPUTY}
    for reason in set(Reason) - {Reason.ALLOWED, Reason.NO_SUCH_REQUEST} - at_once:
        for action in ACTIONS:
            assert ephemerals.answer(words, refused_click(reason, action), REQUEST).text != general, reason


def refused(words: Words) -> list[str]:
    urged = request(urged_at=NOW)
    began = request(state=State.SENDING, running=True, attempts=1, open_attempts=1)
    closed = request(state=State.DECLINED, closed_by="U0LI", closed_at=NOW)
    return [
        ephemerals.answer(words, refused_click(reason, action), row).text
        for reason, action, row in (
            (Reason.NOT_REQUESTER, "cancel", REQUEST),
            (Reason.NOT_REQUESTER, "urge", REQUEST),
            (Reason.TOO_SOON, "urge", urged),
            (Reason.TOO_LATE, "urge", closed),
            (Reason.SENDING_BEGAN, "cancel", began),
            (Reason.PAUSED, "approve", REQUEST),
            (Reason.PAUSED, "pause", None),
            (Reason.NOT_PAUSED, "resume", None),
            (Reason.NOT_APPROVER, "pause", None),
            (Reason.NOT_APPROVER, "resume", None),
        )
    ]


def test_the_answers_of_the_menu_and_of_a_pause_in_english() -> None:
    assert refused(ENGLISH) == snapshot(
        [
            "Nothing has changed. Request #12 is not yours: only <@U0AGENT> can withdraw it. Approvers can decline it on its card. Where it stands: Waiting for approval. Approvals needed: 2.",
            "Nothing has changed. Request #12 is not yours: only <@U0AGENT> can remind the approvers of it.",
            "Nothing has changed. A reminder of request #12 was asked for at <!date^1795400572^{date_short_pretty} {time}|2026-11-23 02:22 UTC>; the next can be from <!date^1795402372^{date_short_pretty} {time}|2026-11-23 02:52 UTC> on.",
            "Nothing has changed. Request #12 waits for no approver now, so there is nobody to remind. Where it stands: Declined. <@U0LI> declined it. The customer gets no coupon from this request.",
            "Nothing has changed. Request #12 cannot be withdrawn any more: WeChat Pay was asked for the coupon already, and nobody can call that back. Its card shows how it ends. Where it stands: Sending. The bot is asking WeChat Pay for the coupon now.",
            "Nothing has changed. Sending is paused, so request #12 cannot be approved now. It can be once an approver has typed `/coupon resume`. Where it stands: Waiting for approval. Approvals needed: 2.",
            "Nothing has changed. Sending is paused already.",
            "Nothing has changed. Sending is not paused, so there is nothing to resume.",
            "Nothing has changed. Only approvers may pause and resume sending.",
            "Nothing has changed. Only approvers may pause and resume sending.",
        ]
    )


def test_the_answers_of_the_menu_and_of_a_pause_in_chinese() -> None:
    assert refused(CHINESE) == snapshot(
        [
            "未作任何更改。申请 #12 不是你的：只有 <@U0AGENT> 可以撤回。审批人可以在卡片上驳回。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。申请 #12 不是你提交的，只有 <@U0AGENT> 可以提醒审批人。",
            "未作任何更改。已于 <!date^1795400572^{date_short_pretty} {time}|2026年11月23日 02:22 UTC> 就申请 #12 提出过催办，<!date^1795402372^{date_short_pretty} {time}|2026年11月23日 02:52 UTC> 之后可以再次催办。",
            "未作任何更改。申请 #12 现在不需要审批人处理，因此没有人可提醒。当前状态：已驳回。<@U0LI> 已驳回。客户不会因这个申请得到券。",
            "未作任何更改。申请 #12 已不能撤回：已向微信支付请求发券，无法收回。结果会显示在卡片上。当前状态：发券中。机器人正在请求微信支付发券。",
            "未作任何更改。发券已暂停，申请 #12 现在不能批准。等审批人输入 `/coupon resume` 恢复之后才可以。当前状态：待审批。需要 2 人批准。",
            "未作任何更改。发券已经暂停了。",
            "未作任何更改。发券没有暂停，无需恢复。",
            "未作任何更改。只有审批人可以暂停和恢复发券。",
            "未作任何更改。只有审批人可以暂停和恢复发券。",
        ]
    )
