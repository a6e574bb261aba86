"""The page's stream of events over real HTTP: who is told what, and readers that come and go."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from sandbox.page import Page, serve_page
from sandbox.slack import Slack
from sandbox.wechatpay import WeChatPay
from tests.sandbox.page_client import AUDIT, Looking, looking, no_audit
from tests.sandbox.small_app import SmallApp, form

JSON = dict[str, Any]


async def test_hello_tells_the_workspace_as_this_person_may_see_it(li: Looking, slack: Slack) -> None:
    hello = li.hello
    assert (hello["me"]["id"], hello["me"]["locale"], hello["me"]["tz"]) == ("U0LI", "zh-CN", "Asia/Shanghai")
    assert {person["id"] for person in hello["people"]} == set(slack.state.directory.people)
    assert {p["id"] for p in hello["people"] if p["outsider"]} == {"U0OUT"}
    assert {p["id"] for p in hello["people"] if p["bot"]} == {"U0BOT"}
    assert {p["id"] for p in hello["people"] if p["deleted"]} == {"U0GONE"}
    assert [(c["id"], c["kind"], c["member"]) for c in hello["channels"]] == [
        ("C0APPROVE", "public_channel", True),
        ("C0SUPPORT", "public_channel", True),
        ("D0LI", "im", True),
    ]
    assert hello["commands"] == [
        {"command": "/coupon", "description": "Compensate a customer", "usage_hint": "send <openid> <stock>"}
    ]
    assert [(s["type"], s["callback_id"]) for s in hello["shortcuts"]] == [
        ("global", "send_coupon"),
        ("message", "compensate"),
    ]
    assert hello["app"] == {"id": "A0COUPON", "name": "Coupon Bot", "bot_user_id": "U0BOT"}
    assert (hello["modals"], hello["home"], hello["messages"]) == ([], None, [])
    await li.until(lambda: li.last("audit"))
    kinds = [kind for kind, _ in li.events]
    assert (kinds[0], sorted(kinds[1:])) == ("hello", ["audit", "faults", "money"])


async def test_looking_at_a_direct_message_does_not_open_it(li: Looking, slack: Slack) -> None:
    assert "D0LI" in [channel["id"] for channel in li.hello["channels"]]
    assert slack.state.conversations.get("D0LI") is None


async def test_a_second_hello_brings_everything_that_stands(page: Page, slack: Slack, li: Looking) -> None:
    first = slack.person("U0LI").say("C0SUPPORT", "first")
    slack.person("U0WANG").say("C0SUPPORT", "second", thread_ts=first.ts)
    async with looking(page.url, "U0SUN") as sun:
        found = [(m["username"], m["text"], m["thread_ts"]) for m in sun.hello["messages"]]
        assert found == [("Li", "first", None), ("Wang", "second", first.ts)]


async def test_nobody_is_not_a_person_and_a_bot_has_no_screen(page: Page) -> None:
    async with aiohttp.ClientSession() as http:
        for user in ("U0NOBODY", "U0BOT"):
            async with http.get(f"{page.url}api/live", params={"person": user}) as answer:
                assert (answer.status, list(await answer.json())) == (422, ["error"])


async def test_an_outsider_sees_their_channel_and_nothing_else(
    page: Page, li: Looking, slack: Slack, app: SmallApp
) -> None:
    slack.person("U0LI").say("C0SUPPORT", "inner matters")
    await app.client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="for Li alone")
    await app.client.chat_postMessage(channel="U0LI", text="in the DM with Li")
    await app.client.chat_postMessage(channel="C0AUDIT", text="hidden checkpoint")
    await li.act("home")
    async with looking(page.url, "U0OUT") as outsider:
        channels = [(c["id"], c["member"]) for c in outsider.hello["channels"]]
        assert channels == [("C0APPROVE", True), ("D0OUT", True)]
        await app.client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="for Li alone, live")
        slack.person("U0LI").say("C0SUPPORT", "inner matters, live")
        await li.act("say", channel="C0SUPPORT", text="/coupon form")
        await app.client.chat_postMessage(channel="C0APPROVE", text="for all here")
        await outsider.message("C0APPROVE", lambda m: m["text"] == "for all here")
        assert [m["text"] for m in outsider.messages.values()] == ["for all here"]
        for secret in ("inner matters", "for Li alone", "in the DM", "checkpoint", "send_form", "Opened"):
            assert secret not in outsider.words()
    await li.until(lambda: (li.last("modals") or {}).get("stack"))
    for seen in ("inner matters, live", "for Li alone, live", "in the DM"):
        await li.until(lambda seen=seen: seen in li.words())  # type: ignore[misc]  # bound at once


async def test_an_outsider_cannot_do_what_slack_does_not_let_them(
    page: Page, slack: Slack, app: SmallApp
) -> None:
    said = slack.person("U0LI").say("C0SUPPORT", "inner")
    async with looking(page.url, "U0OUT") as outsider:
        for act, body in (
            ("say", {"channel": "C0APPROVE", "text": "/coupon help"}),
            ("say", {"channel": "C0SUPPORT", "text": "hello"}),
            ("shortcut", {"callback_id": "send_coupon"}),
            ("shortcut", {"callback_id": "compensate", "channel": "C0SUPPORT", "ts": said.ts}),
        ):
            assert await outsider.refused(act, **body)
    assert app.heard == []


async def test_whoever_joins_sees_the_channel_and_whoever_leaves_loses_it(
    li: Looking, slack: Slack, app: SmallApp
) -> None:
    await app.client.chat_postMessage(channel="C0AUDIT", text="checkpoint 17")
    slack.join("C0AUDIT", "U0LI")
    await li.message("C0AUDIT", lambda m: m["text"] == "checkpoint 17")
    slack.leave("C0AUDIT", "U0LI")
    await li.until(lambda: not any(channel == "C0AUDIT" for channel, _ in li.messages))


async def test_a_deleted_message_and_an_archived_channel_are_told(
    li: Looking, slack: Slack, app: SmallApp
) -> None:
    sent = await app.client.chat_postMessage(channel="C0APPROVE", text="gone soon")
    await li.message("C0APPROVE", lambda m: m["text"] == "gone soon")
    await app.client.chat_delete(channel="C0APPROVE", ts=sent["ts"])
    await li.until(lambda: not li.messages)
    slack.archive("C0SUPPORT")
    channels = await li.until(lambda: li.last("channels"))
    assert [c["id"] for c in channels["channels"] if c["archived"]] == ["C0SUPPORT"]


async def test_only_what_changed_is_told(li: Looking, slack: Slack) -> None:
    await li.until(lambda: li.last("audit"))
    before = len(li.events)
    slack.state.views.open("U0WANG", form(), "trigger")
    slack.person("U0WANG").say("C0SUPPORT", "one")
    await li.message("C0SUPPORT", lambda m: m["text"] == "one")
    assert [kind for kind, _ in li.events[before:]] == ["message"]


async def test_the_money_side_tells_coupons_requests_and_what_is_wrong_with_a_signature(
    li: Looking, wechatpay: WeChatPay
) -> None:
    wechatpay.give("oAbcdefghijklmnop", "1212121212", "REQ_1")
    async with wechatpay.serve() as running:
        status, _, _ = await li.get(f"{running.url}/v3/certificates")
        assert status == 401
    money = await li.until(
        lambda: (m := li.last("money")) and m["requests"] and m["requests"][0]["took_ms"] is not None and m
    )
    (stock,) = money["stocks"]
    assert (stock["given"], stock["max_coupons"], stock["budget_left_fen"]) == (1, 3, 1000)
    (coupon,) = money["coupons"]
    assert (coupon["openid"], coupon["out_request_no"], coupon["state"]) == (
        "oAbcdefghijklmnop",
        "REQ_1",
        "SENDED",
    )
    (request,) = money["requests"]
    assert (request["path"], request["status"], request["code"]) == ("/v3/certificates", 401, "SIGN_ERROR")
    assert request["signature"] == "no authorization"
    assert money["totals"] == {"coupons": 1, "fen": 500, "requests": 1}
    use = {"stock_id": coupon["stock_id"], "coupon_code": coupon["coupon_code"]}
    assert await li.post("api/coupons/use", json=use) == (200, {})
    await li.until(lambda: (li.last("money") or {})["coupons"][0]["state"] == "USED")
    for wrong in (use, {**use, "stock_id": "1"}):
        assert (await li.post("api/coupons/use", json=wrong))[0] == 422


async def test_the_audit_is_told_when_it_changes_and_asked_only_while_somebody_looks(
    slack: Slack, wechatpay: WeChatPay
) -> None:
    asked = 0

    async def growing() -> JSON:
        nonlocal asked
        asked += 1
        return {**AUDIT, "events": list(range(asked))}

    async with serve_page(slack, wechatpay, audit=growing) as page:
        slack.person("U0LI").say("C0SUPPORT", "nobody looks")
        await asyncio.sleep(0)
        assert asked == 0
        async with looking(page.url, "U0LI") as li:
            await li.until(lambda: len((li.last("audit") or {"events": []})["events"]) >= 2)


async def test_a_reader_that_reads_nothing_is_dropped_and_holds_nobody_up(
    slack: Slack, wechatpay: WeChatPay
) -> None:
    async with serve_page(slack, wechatpay, audit=no_audit, patience_seconds=2) as page:
        address = urlsplit(page.url)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((address.hostname, address.port))
            deaf.sendall(f"GET /api/live?person=U0WANG HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            async with asyncio.timeout(60):
                await page.until_read_by(1)
                async with looking(page.url, "U0LI") as li:
                    assert page.readers == 2
                    for number in range(300):
                        slack.person("U0LI").say("C0SUPPORT", f"{number} " + "x" * 39_000)
                    await li.message("C0SUPPORT", lambda m: m["text"].startswith("299 "))
                    await page.until_read_by(1)
                    assert len(li.messages) == 300


async def test_a_browser_that_goes_away_is_forgotten_at_the_next_word(page: Page, slack: Slack) -> None:
    async with asyncio.timeout(60):
        async with looking(page.url, "U0LI"):
            assert page.readers == 1
        while page.readers:
            slack.person("U0LI").say("C0SUPPORT", "is anybody there?")
            await asyncio.sleep(0.01)


async def test_open_pages_do_not_keep_the_server_from_closing(slack: Slack, wechatpay: WeChatPay) -> None:
    async with asyncio.timeout(60):
        http = aiohttp.ClientSession()
        async with serve_page(slack, wechatpay, audit=no_audit) as page:
            stream = await http.get(f"{page.url}api/live")
            await page.until_read_by(1)
        assert page.readers == 0
        stream.close()
        await http.close()
