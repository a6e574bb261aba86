"""Each reads their own language; what many read follows coupon.toml."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sandbox.slack import Workspace, slow
from tests.world import COUPON_TOML, OPENID, world


async def test_a_chinese_agent_is_answered_in_chinese_while_the_card_stays_english(tmp_path: Path) -> None:
    # Li's Slack is in Chinese (zh-CN), Qian's in English.
    async with world(tmp_path, workspace=Workspace()) as shop:
        answer = await shop.send(f"send {OPENID} late-10 包裹晚到", "U0LI")
        assert "需要 1 人批准" in answer.text
        number = shop.newest()
        card = await shop.card(number)
        assert f"Request #{number}" in card.words()
        assert "Waiting for approval" in card.words()
        await shop.approve(number, "U0LI")
        await shop.whisper("U0LI", f"申请 #{number} 是你自己提交的")
        await shop.approve(number, "U0QIAN")
        await shop.state(number, "sent")
        [notice] = [message.words() for message in shop.slack.dms("U0LI")]
        assert f"你的申请 #{number} 已发券。" in notice
        await shop.reply(number, f"The coupon of request #{number} is sent.")
        english = await shop.send(f"status {number}", "U0QIAN")
        assert "Sent" in english.text


async def test_cards_and_threads_follow_the_setting_while_an_english_lead_is_answered_in_english(
    tmp_path: Path,
) -> None:
    (tmp_path / "coupon.toml").write_text(f'language = "zh-CN"\n{COUPON_TOML}', encoding="utf-8")
    async with world(tmp_path, workspace=Workspace()) as shop:
        number = await shop.ask()
        card = await shop.card(number)
        assert "待审批" in card.words()
        await shop.approve(number, "U0QIAN")
        await shop.state(number, "sent")
        await shop.reply(number, f"申请 #{number} 已发券。")
        done = await shop.card(number)
        assert "已发券" in done.words()
        await shop.slack.person("U0QIAN").click(card.channel, card.ts, "approve_request", stale=True)
        await shop.whisper("U0QIAN", "Nothing has changed.")


async def test_the_decline_form_and_its_errors_are_in_the_approvers_language(tmp_path: Path) -> None:
    async with world(tmp_path, workspace=Workspace()) as shop:
        number = await shop.ask()
        card = await shop.card(number)
        wang = shop.slack.person("U0WANG")
        opened = await wang.click(card.channel, card.ts, "decline_request")
        view = await opened.view()
        assert "驳回这个申请" in str(view)


async def test_a_slow_slack_costs_the_language_and_not_the_answer(tmp_path: Path) -> None:
    async with world(tmp_path, workspace=Workspace()) as shop:
        shop.slack.faults.next("users.info", slow(60.0))
        async with asyncio.timeout(30):
            answer = await shop.send("help", "U0SUN")
        assert "Compensate a customer" in answer.text
        again = await shop.send("help", "U0SUN")
        assert "补偿客户" in again.text
