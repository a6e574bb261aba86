"""The panel of faults, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.slack import Slack
from sandbox.wechatpay import Fault, FaultKind, WeChatPay
from tests.sandbox.page_client import Looking
from tests.sandbox.small_app import SmallApp

JSON = dict[str, Any]


async def test_faults_are_queued_counted_and_taken_away(
    li: Looking, slack: Slack, wechatpay: WeChatPay
) -> None:
    def waiting(side: str) -> dict[str, int]:
        return {
            fault["kind"]: fault["waiting"] for fault in (li.last("faults") or {})[side] if fault["waiting"]
        }

    for kind, fault in (
        ("lost_answer", Fault(FaultKind.LOST_ANSWER)),
        ("system_error", Fault(FaultKind.SYSTEM_ERROR_500)),
        ("rate_limited", Fault(FaultKind.RATE_LIMITED)),
        ("unsigned", Fault(FaultKind.UNSIGNED)),
    ):
        assert await li.post("api/faults", json={"side": "wechatpay", "kind": kind, "times": 2}) == (200, {})
        await li.until(lambda kind=kind: waiting("wechatpay").get(kind) == 2)  # type: ignore[misc]  # bound at once
        assert fault.label() in wechatpay.faults.summary()["queued"]["send"]
    await li.post("api/faults", json={"side": "slack", "kind": "rate_limited"})
    await li.until(lambda: waiting("slack") == {"rate_limited": 1})
    await li.post("api/faults", json={"side": "wechatpay", "kind": "clear"})
    await li.until(lambda: waiting("wechatpay") == {})
    assert (waiting("slack"), slack.faults.waiting) == ({"rate_limited": 1}, 1)
    await li.post("api/faults", json={"kind": "clear"})
    await li.until(lambda: waiting("slack") == {})


async def test_a_fault_that_was_met_waits_no_more(li: Looking, app: SmallApp) -> None:
    await li.post("api/faults", json={"side": "slack", "kind": "rate_limited"})
    with pytest.raises(Exception, match="ratelimited"):
        await app.client.chat_postMessage(channel="C0APPROVE", text="x")
    await li.until(lambda: all(fault["waiting"] == 0 for fault in (li.last("faults") or {})["slack"]))
    assert any(f["waiting"] for kind, data in li.events if kind == "faults" for f in data["slack"])


async def test_every_fault_is_told_in_both_languages(li: Looking) -> None:
    faults = await li.until(lambda: li.last("faults"))
    assert {side: [fault["kind"] for fault in faults[side]] for side in faults} == {
        "wechatpay": ["lost_answer", "system_error", "rate_limited", "slow", "unsigned", "rotation"],
        "slack": ["rate_limited", "cut_socket"],
    }
    for fault in (*faults["wechatpay"], *faults["slack"]):
        assert all(fault[words][language] for words in ("label", "explain") for language in ("en", "zh"))


async def test_the_socket_is_cut_now_and_a_certificate_changed_now(
    li: Looking, slack: Slack, app: SmallApp, wechatpay: WeChatPay
) -> None:
    assert len(slack.sockets.links) == 1
    await li.post("api/faults", json={"side": "slack", "kind": "cut_socket"})
    await slack.wait_for(lambda: not slack.sockets.links)
    old = wechatpay._keys.usual.serial
    assert await li.post("api/faults", json={"side": "wechatpay", "kind": "rotation"}) == (200, {})
    assert wechatpay._keys.usual.serial != old


@pytest.mark.parametrize(
    "body",
    [
        {"side": "wechatpay", "kind": "cut_socket"},
        {"side": "moon", "kind": "clear"},
        {"kind": "lost_answer"},
        {"side": "slack", "kind": "rate_limited", "times": 0},
        {"side": "slack", "kind": "rate_limited", "times": "2"},
    ],
)
async def test_a_fault_there_is_not_is_one_sentence(li: Looking, body: JSON) -> None:
    status, answer = await li.post("api/faults", json=body)
    assert (status, list(answer)) == (422, ["error"])
