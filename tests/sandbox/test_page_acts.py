"""What people do on the page, over real HTTP, with a small Bolt app behind the workspace."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import aiohttp
import pytest

from sandbox.page import Page
from sandbox.slack import Slack
from tests.sandbox.page_client import Looking, looking
from tests.sandbox.small_app import SmallApp, card

JSON = dict[str, Any]


async def test_what_is_said_comes_to_everybody_in_the_channel_with_mentions_resolved(
    page: Page, li: Looking
) -> None:
    async with looking(page.url, "U0WANG") as wang:
        await li.act("say", channel="C0SUPPORT", text="@wang a<b")
        said = await wang.message("C0SUPPORT", lambda m: m["user"] == "U0LI")
        assert (said["text"], said["blocks"], said["bot"]) == ("<@U0WANG|wang> a&lt;b", None, False)
        await wang.act("say", channel="C0SUPPORT", text="yes", thread_ts=said["ts"])
        reply = await li.message("C0SUPPORT", lambda m: m["text"] == "yes")
        assert (reply["thread_ts"], reply["username"]) == (said["ts"], "Wang")
    assert await li.refused("say", channel="C0SUPPORT", text="  ")
    assert await li.refused("say", channel="C0SUPPORT", text="x", thread_ts="1.000000")


async def test_a_command_is_answered_for_the_person_alone(li: Looking, app: SmallApp) -> None:
    await li.act("say", channel="C0SUPPORT", text="/coupon help")
    message = await li.message("C0SUPPORT", lambda m: m["text"] == "You said help")
    assert (message["ephemeral"], message["bot"], message["username"]) == (True, True, "Coupon Bot")
    assert app.heard[0]["user_id"] == "U0LI"
    await li.act("say", channel="D0LI", text="/coupon here")
    assert app.heard[1]["channel_name"] == "directmessage"


async def test_a_command_that_cannot_be_is_refused_in_slacks_words(li: Looking, app: SmallApp) -> None:
    assert (
        await li.refused("say", channel="C0SUPPORT", text="/voucher x") == "/voucher is not a valid command"
    )
    said = await li.act("say", channel="C0SUPPORT", text="plain")
    assert said == {}
    ts = next(iter(li.messages), ("", ""))[1] or (await li.message("C0SUPPORT", lambda m: True))["ts"]
    sentence = await li.refused("say", channel="C0SUPPORT", text="/coupon x", thread_ts=ts)
    assert sentence == "/coupon is not supported in threads. Sorry!"
    assert app.heard == []
    late = await li.refused("say", channel="C0SUPPORT", text="/coupon silence")
    assert late == '/coupon failed with the error "operation_timeout"'
    message = await li.message("C0SUPPORT", lambda m: m["username"] == "Slackbot")
    assert (message["text"], message["ephemeral"]) == (late, True)


async def test_a_click_reaches_the_app_and_the_card_changes_in_place(li: Looking, app: SmallApp) -> None:
    for value in ("17", "18"):
        await app.client.chat_postMessage(channel="C0APPROVE", text=value, blocks=card(value))
    seventeen = await li.message("C0APPROVE", lambda m: m["text"] == "17")
    assert seventeen["blocks"] == card("17")
    await li.message("C0APPROVE", lambda m: m["text"] == "18")
    where = {"channel": "C0APPROVE", "ts": seventeen["ts"], "action_id": "approve"}
    assert await li.refused("click", **where, block_id="buttons-18", value="17")
    await li.act("click", **where, block_id="buttons-17", value="17")
    redrawn = await li.message("C0APPROVE", lambda m: m["text"] == "Approved")
    assert (redrawn["ts"], redrawn["edited"], redrawn["blocks"]) == (seventeen["ts"], True, None)
    assert await li.refused("click", **where, block_id="buttons-17", value="17")
    action = app.heard[0]["actions"][0]
    assert (action["value"], action["block_id"]) == ("17", "buttons-17")


async def test_options_are_asked_of_the_app_in_messages_and_forms(li: Looking, app: SmallApp) -> None:
    await app.client.chat_postMessage(channel="C0APPROVE", text="17", blocks=card("17"))
    shown = await li.message("C0APPROVE", lambda m: m["text"] == "17")
    where = {"channel": "C0APPROVE", "ts": shown["ts"], "action_id": "stock", "block_id": "buttons-17"}
    found = await li.act("options", **where, query="l")
    assert [option["value"] for option in found["options"]] == ["late", "lost"]
    assert (app.heard[0]["type"], app.heard[0]["message"]["ts"]) == ("block_suggestion", shown["ts"])
    # Chosen in a message, it is the message's state too.
    await li.act("click", **where, value=found["options"][0])
    chosen = app.heard[1]["state"]["values"]["buttons-17"]["stock"]["selected_option"]
    assert chosen["value"] == "late"
    assert await li.act("options", **where, query="") == {"options": []}
    assert len(app.heard) == 2


async def open_form(li: Looking) -> JSON:
    await li.act("shortcut", callback_id="send_coupon")
    (view,) = await li.until(lambda: (li.last("modals") or {}).get("stack"))
    return dict(view)


async def test_a_form_is_opened_filled_in_refused_at_the_field_and_sent(li: Looking, app: SmallApp) -> None:
    view = await open_form(li)
    assert (view["type"], view["definition"]["callback_id"], view["busy"]) == ("modal", "send_form", False)
    at = {"view_id": view["id"]}
    found = await li.act("options", **at, action_id="value", block_id="stock", query="lo")
    await li.act("press", **at, action_id="value", block_id="stock", value=found["options"][0])
    pressed = app.heard[-1]["actions"][0]
    assert (pressed["block_id"], pressed["selected_option"]["value"]) == ("stock", "lost")
    missing = await li.act("submit", **at, values={"openid": ""})
    assert missing == {"errors": {"openid": "Please complete this required field."}}
    short = await li.act("submit", **at, values={"openid": "oAb"})
    assert list(short["errors"]) == ["openid"]
    nobody = await li.act("submit", **at, values={"openid": "oNobody", "stock": found["options"][0]})
    assert nobody == {"errors": {"openid": "Nobody has this openid."}}
    message = await li.until(
        lambda: [v for v in (li.last("modals") or {})["stack"] if v["errors"] and not v["busy"]]
    )
    assert message[0]["values"]["openid"]["value"]["value"] == "oNobody"
    assert any(kind == "modals" and data["stack"][0]["busy"] for kind, data in li.events if data.get("stack"))
    assert await li.act("submit", **at, values={"openid": "oAbcd"}) == {}
    await li.until(lambda: (li.last("modals") or {})["stack"] == [])
    assert "view" in await li.refused("submit", **at, values={"openid": "oAbcd"})


async def test_a_form_the_app_does_not_answer_stays_and_says_so(li: Looking, app: SmallApp) -> None:
    view = await open_form(li)
    values = {"openid": "oSilence", "stock": {"text": {"type": "plain_text", "text": "L"}, "value": "late"}}
    sentence = await li.refused("submit", view_id=view["id"], values=values)
    assert sentence == "We had some trouble connecting. Try again?"
    assert [v["id"] for v in (li.last("modals") or {})["stack"]] == [view["id"]]
    await li.act("close", view_id=view["id"])
    await li.until(lambda: (li.last("modals") or {})["stack"] == [])


async def test_nobody_presses_in_anothers_form(page: Page, li: Looking, app: SmallApp) -> None:
    view = await open_form(li)
    async with looking(page.url, "U0WANG") as wang:
        for act, body in (
            ("press", {"action_id": "value", "block_id": "stock", "value": None}),
            ("submit", {"values": {"openid": "oAbcd"}}),
            ("close", {}),
            ("options", {"action_id": "value", "block_id": "stock", "query": "lo"}),
        ):
            assert "U0WANG does not have" in await wang.refused(act, view_id=view["id"], **body)
    assert [payload["type"] for payload in app.heard] == ["shortcut"]


async def test_a_file_goes_into_the_form_and_the_app_downloads_it(
    li: Looking, app: SmallApp, slack: Slack
) -> None:
    view = await open_form(li)
    data = aiohttp.FormData()
    data.add_field("file", b"openid,stock\n", filename="codes.csv", content_type="text/csv")
    status, answer = await li.post("api/people/U0LI/upload", data=data)
    assert status == 200
    stock = {"text": {"type": "plain_text", "text": "L"}, "value": "late"}
    values = {"openid": "oAbcd", "stock": stock, "codes": [{"id": answer["file_id"], "name": "codes.csv"}]}
    await li.act("submit", view_id=view["id"], values=values)
    (file,) = app.heard[-1]["view"]["state"]["values"]["codes"]["value"]["files"]
    headers = {"Authorization": f"Bearer {slack.setup.bot_token}"}
    async with aiohttp.ClientSession() as http, http.get(file["url_private"], headers=headers) as got:
        assert await got.text() == "openid,stock\n"


async def test_a_form_takes_ones_own_files_only_and_not_too_many(
    li: Looking, slack: Slack, app: SmallApp
) -> None:
    view = await open_form(li)
    theirs = slack.person("U0WANG").upload("theirs.csv", b"x")["id"]
    own = [slack.person("U0LI").upload(f"{n}.csv", b"x")["id"] for n in range(2)]
    status, answer = await li.try_act(
        "submit", view_id=view["id"], values={"openid": "oAbcd", "codes": [theirs]}
    )
    assert (status, theirs in answer["error"]) == (422, True)
    refused = await li.act("submit", view_id=view["id"], values={"openid": "oAbcd", "codes": own})
    assert refused["errors"]["codes"] == "2 files chosen; the field takes 1"
    big = aiohttp.FormData()
    big.add_field("file", BytesIO(b"x" * (10 * 1024 * 1024 + 1)), filename="big.csv", content_type="text/csv")
    status, answer = await li.post("api/people/U0LI/upload", data=big)
    assert (status, "10485760" in answer["error"]) == (422, True)
    assert [payload["type"] for payload in app.heard] == ["shortcut"]


async def test_home_is_opened_and_pressed(li: Looking, app: SmallApp) -> None:
    await li.act("home")
    view = await li.until(lambda: (li.last("home") or {}).get("view"))
    assert (view["type"], view["definition"]["blocks"][0]["text"]["text"]) == ("home", "Opened 1 times")
    await li.act("press", view_id=view["id"], action_id="more", block_id="home")
    await li.until(lambda: "Opened 2 times" in str(li.last("home")))


async def test_a_message_shortcut_carries_the_message(li: Looking, slack: Slack, app: SmallApp) -> None:
    said = slack.person("U0WANG").say("C0SUPPORT", "parcel came late")
    where = {"channel": "C0SUPPORT", "ts": said.ts}
    await li.act("shortcut", callback_id="compensate", **where)
    (view,) = await li.until(lambda: (li.last("modals") or {}).get("stack"))
    assert view["values"]["reason"]["value"]["value"] == "parcel came late"
    assert "no message shortcut" in await li.refused("shortcut", callback_id="send_coupon", **where)


async def test_a_changed_language_is_the_persons_language_in_slack(li: Looking, app: SmallApp) -> None:
    await li.act("locale", locale="en-US")
    people = await li.until(lambda: li.last("people"))
    assert next(p["locale"] for p in people["people"] if p["id"] == "U0LI") == "en-US"
    found = await app.client.users_info(user="U0LI", include_locale=True)
    assert found["user"]["locale"] == "en-US"
    assert "'tlh'" in await li.refused("locale", locale="tlh")


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("dance", {}),
        ("say", {"channel": "C0SUPPORT"}),
        ("say", {"channel": ["C0SUPPORT"], "text": "x"}),
        ("submit", {"view_id": "V0", "values": {}}),
        ("click", {"channel": "C0SUPPORT", "ts": "1.0", "action_id": "approve", "block_id": "b"}),
        ("shortcut", {"callback_id": "nothing"}),
    ],
)
async def test_what_cannot_be_is_one_sentence(li: Looking, act: str, body: JSON) -> None:
    assert "Traceback" not in await li.refused(act, **body)


async def test_a_file_is_read_by_those_who_see_its_message_only(
    page: Page, li: Looking, app: SmallApp
) -> None:
    await li.act("say", channel="D0LI", text="hello")
    await app.client.files_upload_v2(
        filename="总表.csv", content="a,b\n", channel="D0LI", initial_comment="Your export", title="Export"
    )
    message = await li.message("D0LI", lambda m: m["files"])
    (file,) = message["files"]
    assert (message["text"], file["name"], file["mimetype"], file["size"]) == (
        "Your export",
        "总表.csv",
        "text/csv",
        4,
    )
    path = file["url"].lstrip("/")
    status, body, headers = await li.get(f"{path}?person=U0LI")
    assert (status, body) == (200, b"a,b\n")
    assert headers["Content-Disposition"].startswith("attachment;")
    for stranger in ("U0WANG", "U0OUT", "U0NOBODY", ""):
        status, body, _ = await li.get(f"{path}?person={stranger}")
        assert (status, b"a,b" in body) == (404, False)
