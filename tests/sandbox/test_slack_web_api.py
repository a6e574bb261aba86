"""The Web API as the real client sees it: tokens, scopes, posting, reading, and Slack's names for a no."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Channel, ManualClock, Slack, Workspace
from sandbox.slack.workspace import APPROVE, AUDIT, SUPPORT


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve() as running:
        yield running


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return as_bot(slack)


def as_bot(slack: Slack, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token or slack.setup.bot_token, base_url=slack.api_url, retry_handlers=[])


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_auth_test_names_the_bot_and_its_scopes(client: AsyncWebClient, slack: Slack) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0SHOP", "U0BOT", "B0COUPON")
    assert answer.headers["x-oauth-scopes"] == ",".join(slack.setup.bot_scopes)


async def test_each_wrong_token_has_its_own_error(slack: Slack) -> None:
    assert await error(as_bot(slack, "xoxb-other").auth_test()) == "invalid_auth"
    assert (
        await error(as_bot(slack, slack.setup.app_token).users_info(user="U0LI")) == "not_allowed_token_type"
    )
    wrong = as_bot(slack).apps_connections_open(app_token=slack.setup.bot_token)
    assert await error(wrong) == "not_allowed_token_type"
    async with aiohttp.ClientSession() as http, http.post(slack.api_url + "auth.test") as answer:
        assert (await answer.json())["error"] == "not_authed"


async def test_a_token_in_the_query_string_counts_for_nothing(slack: Slack) -> None:
    url = f"{slack.api_url}auth.test?token={slack.setup.bot_token}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert (await answer.json())["error"] == "not_authed"


async def test_a_missing_scope_says_what_is_needed_and_what_is_there() -> None:
    async with Workspace(bot_scopes=("commands", "chat:write")).serve() as slack:
        with pytest.raises(SlackApiError) as caught:
            await as_bot(slack).users_info(user="U0LI")
    body = caught.value.response
    assert (body["error"], body["needed"], body["provided"]) == (
        "missing_scope",
        "users:read",
        "commands,chat:write",
    )


async def test_reading_a_private_channel_needs_the_scope_of_private_channels() -> None:
    async with Workspace(bot_scopes=("channels:history", "channels:read")).serve() as slack:
        client = as_bot(slack)
        await client.conversations_history(channel="C0APPROVE")
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_history(channel="C0AUDIT")
    assert caught.value.response["needed"] == "groups:history"


async def test_an_unknown_method_is_unknown(client: AsyncWebClient) -> None:
    assert await error(client.api_call("chat.postMesage")) == "unknown_method"


async def test_reading_methods_do_not_see_a_json_body(client: AsyncWebClient) -> None:
    assert await error(client.api_call("users.info", json={"user": "U0LI"})) == "invalid_arguments"
    assert (await client.api_call("users.info", params={"user": "U0LI"}))["user"]["id"] == "U0LI"


async def test_a_body_that_is_no_json_is_refused(slack: Slack) -> None:
    headers = {"Authorization": f"Bearer {slack.setup.bot_token}", "Content-Type": "application/json"}
    url = slack.api_url + "chat.postMessage"
    async with aiohttp.ClientSession() as http:
        async with http.post(url, data=b"{", headers=headers) as answer:
            assert (await answer.json())["error"] == "invalid_json"
        async with http.post(url, data=b"[]", headers=headers) as answer:
            assert (await answer.json())["error"] == "json_not_object"


async def test_a_post_is_stored_exactly_as_sent(client: AsyncWebClient, slack: Slack) -> None:
    text = "5 &lt; 6 &amp; <@U0LI> 优惠券 *x*"
    posted = await client.chat_postMessage(channel="C0APPROVE", text=text)
    (message,) = slack.messages("C0APPROVE")
    assert (message.text, message.ts, message.user) == (text, posted["ts"], "U0BOT")
    assert posted["message"]["text"] == text


async def test_ts_are_strings_with_six_decimals_that_only_grow() -> None:
    async with Workspace().serve(clock=ManualClock(1_795_400_572.0)) as slack:
        client = as_bot(slack)
        stamps = [(await client.chat_postMessage(channel="C0APPROVE", text="x"))["ts"] for _ in range(3)]
    assert stamps == ["1795400572.000000", "1795400572.000001", "1795400572.000002"]


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0SUPPORT", "not_in_channel"),
        ("C0OLD", "is_archived"),
        ("C0SECRET", "channel_not_found"),
        ("U0NOBODY", "channel_not_found"),
        ("U0OUT", "channel_not_found"),
        ("U0GONE", "user_disabled"),
        ("U0BOT", "cannot_dm_bot"),
        (None, "channel_not_found"),
    ],
)
async def test_posting_where_the_bot_may_not_has_slacks_error(channel: str | None, expected: str) -> None:
    old = Channel("C0OLD", "old", ("U0BOT",), is_archived=True)
    secret = Channel("C0SECRET", "secret", ("U0FIN",), is_private=True)
    async with Workspace(channels=(APPROVE, SUPPORT, AUDIT, old, secret)).serve() as slack:
        body = {"channel": channel, "text": "x"}
        assert await error(as_bot(slack).api_call("chat.postMessage", json=body)) == expected
        assert not any(slack.messages(c.id) for c in slack.state.conversations)


async def test_write_public_lets_the_bot_post_in_public_channels_without_an_invitation() -> None:
    async with Workspace(bot_scopes=("chat:write", "chat:write.public")).serve() as slack:
        await as_bot(slack).chat_postMessage(channel="C0SUPPORT", text="x")
        assert len(slack.messages("C0SUPPORT")) == 1


async def test_posting_to_a_person_opens_the_dm_and_answers_with_its_id(
    client: AsyncWebClient, slack: Slack
) -> None:
    posted = await client.chat_postMessage(channel="U0LI", text="hello")
    assert posted["channel"] == "D0LI"
    assert (await client.conversations_open(users="U0LI"))["channel"]["id"] == "D0LI"
    assert [message.text for message in slack.dms("U0LI")] == ["hello"]
    update = client.chat_update(channel="U0LI", ts=posted["ts"], text="new")
    assert await error(update) == "channel_not_found"
    await client.chat_update(channel="D0LI", ts=posted["ts"], text="new")


async def test_an_app_without_its_messages_tab_has_no_dms() -> None:
    async with Workspace(messages_tab_enabled=False).serve() as slack:
        post = as_bot(slack).chat_postMessage(channel="U0LI", text="x")
        assert await error(post) == "messages_tab_disabled"


async def test_an_update_keeps_the_blocks_and_metadata_it_does_not_name(
    client: AsyncWebClient, slack: Slack
) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "old"}}]
    metadata = {"event_type": "card", "event_payload": {"delivery": "7"}}
    ts = (await client.chat_postMessage(channel="C0APPROVE", text="a", blocks=blocks, metadata=metadata))[
        "ts"
    ]
    await client.chat_update(channel="C0APPROVE", ts=ts, text="b")
    message = slack.message("C0APPROVE", ts)
    assert (message.text, len(message.blocks), message.metadata) == ("b", 1, metadata)
    await client.chat_update(channel="C0APPROVE", ts=ts, text="c", blocks=[], metadata={})
    assert (message.text, message.blocks, message.metadata) == ("c", [], None)
    assert [version.text for version in message.versions] == ["a", "b"]
    assert message.edited_ts is not None


async def test_only_own_live_messages_can_be_updated_or_deleted(client: AsyncWebClient, slack: Slack) -> None:
    theirs = slack.person("U0LI").say("C0APPROVE", "mine")
    assert (
        await error(client.chat_update(channel="C0APPROVE", ts=theirs.ts, text="x")) == "cant_update_message"
    )
    assert await error(client.chat_delete(channel="C0APPROVE", ts=theirs.ts)) == "cant_delete_message"
    ts = (await client.chat_postMessage(channel="C0APPROVE", text="x"))["ts"]
    await client.chat_delete(channel="C0APPROVE", ts=ts)
    assert await error(client.chat_update(channel="C0APPROVE", ts=ts, text="x")) == "message_not_found"
    assert [m.text for m in slack.messages("C0APPROVE")] == ["mine"]
    assert slack.message("C0APPROVE", ts).deleted


async def test_a_ts_given_as_a_number_finds_nothing(client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C0APPROVE", text="x"))["ts"]
    body = {"channel": "C0APPROVE", "ts": float(ts), "text": "y"}
    assert await error(client.api_call("chat.update", json=body)) == "message_not_found"


async def test_an_ephemeral_reaches_one_member_and_no_history(client: AsyncWebClient, slack: Slack) -> None:
    await client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="psst")
    assert [m.text for m in slack.ephemerals("U0LI")] == ["psst"]
    assert slack.ephemerals("U0WANG") == []
    assert (await client.conversations_history(channel="C0APPROVE"))["messages"] == []
    slack.leave("C0APPROVE", "U0LI")
    again = client.chat_postEphemeral(channel="C0APPROVE", user="U0LI", text="psst")
    assert await error(again) == "user_not_in_channel"
    support = client.chat_postEphemeral(channel="C0SUPPORT", user="U0LI", text="psst")
    assert await error(support) == "not_in_channel"


async def test_replies_hang_on_parents_only(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel="C0APPROVE", text="p"))["ts"]
    reply = (await client.chat_postMessage(channel="C0APPROVE", text="r", thread_ts=parent))["ts"]
    nowhere = client.chat_postMessage(channel="C0APPROVE", text="r", thread_ts="1.000001")
    assert await error(nowhere) == "thread_not_found"
    deeper = client.chat_postMessage(channel="C0APPROVE", text="r", thread_ts=reply)
    assert await error(deeper) == "cannot_reply_to_message"


async def test_a_permalink_points_at_the_message_and_its_thread(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel="C0APPROVE", text="p"))["ts"]
    reply = (await client.chat_postMessage(channel="C0APPROVE", text="r", thread_ts=parent))["ts"]
    link = (await client.chat_getPermalink(channel="C0APPROVE", message_ts=reply))["permalink"]
    assert link.endswith(f"/archives/C0APPROVE/p{reply.replace('.', '')}?thread_ts={parent}&cid=C0APPROVE")
    lost = client.chat_getPermalink(channel="C0APPROVE", message_ts="1.000001")
    assert await error(lost) == "message_not_found"


async def test_history_shows_metadata_only_when_asked_and_no_replies(client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"delivery": "7"}}
    parent = await client.chat_postMessage(channel="C0APPROVE", text="p", metadata=metadata)
    await client.chat_postMessage(channel="C0APPROVE", text="r", thread_ts=parent["ts"], metadata=metadata)
    bare = (await client.conversations_history(channel="C0APPROVE"))["messages"]
    full = (await client.conversations_history(channel="C0APPROVE", include_all_metadata=True))["messages"]
    assert [("metadata" in m, m["text"], m["reply_count"]) for m in bare] == [(False, "p", 1)]
    assert [m["metadata"] for m in full] == [metadata]
    thread = await client.conversations_replies(
        channel="C0APPROVE", ts=parent["ts"], include_all_metadata=True
    )
    assert [(m["text"], m["metadata"]) for m in thread["messages"]] == [("p", metadata), ("r", metadata)]


async def test_history_is_newest_first_and_oldest_is_exclusive(client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel="C0APPROVE", text=str(n)))["ts"] for n in range(4)]
    later = await client.conversations_history(channel="C0APPROVE", oldest=stamps[1])
    assert [m["ts"] for m in later["messages"]] == [stamps[3], stamps[2]]
    both = await client.conversations_history(
        channel="C0APPROVE", oldest=stamps[1], latest=stamps[2], inclusive=True
    )
    assert [m["ts"] for m in both["messages"]] == [stamps[2], stamps[1]]
    wrong = client.conversations_history(channel="C0APPROVE", oldest="yesterday")
    assert await error(wrong) == "invalid_ts_oldest"


async def test_the_clients_own_paging_walks_a_history_to_its_end(
    client: AsyncWebClient, slack: Slack
) -> None:
    for number in range(5):
        await client.chat_postMessage(channel="C0APPROVE", text=str(number))
    slack.state.page_cap = 2
    pages = [page["messages"] async for page in await client.conversations_history(channel="C0APPROVE")]
    assert [[m["text"] for m in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


async def test_replies_are_paged_oldest_first(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel="C0APPROVE", text="p"))["ts"]
    for number in range(3):
        await client.chat_postMessage(channel="C0APPROVE", text=str(number), thread_ts=parent)
    first = await client.conversations_replies(channel="C0APPROVE", ts=parent, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_replies(channel="C0APPROVE", ts=parent, limit=2, cursor=cursor)
    texts = [m["text"] for page in (first, second) for m in page["messages"]]
    assert (texts, first["has_more"], second["has_more"]) == (["p", "0", "1", "2"], True, False)
    unknown = client.conversations_replies(channel="C0APPROVE", ts="1.000001")
    assert await error(unknown) == "thread_not_found"


async def test_members_come_in_pages_and_a_made_up_cursor_is_refused(client: AsyncWebClient) -> None:
    found: list[str] = []
    async for page in await client.conversations_members(channel="C0APPROVE", limit=4):
        found.extend(page["members"])
    assert found == list(APPROVE.members)
    assert await error(client.conversations_members(channel="C0APPROVE", cursor="abc")) == "invalid_cursor"
    assert await error(client.conversations_members(channel="C0APPROVE", limit=1001)) == "invalid_limit"


async def test_history_of_a_channel_the_bot_is_not_in_is_closed(client: AsyncWebClient) -> None:
    assert await error(client.conversations_history(channel="C0SUPPORT")) == "not_in_channel"
    assert (await client.conversations_info(channel="C0SUPPORT"))["channel"]["is_member"] is False


async def test_listing_shows_only_private_channels_the_bot_is_in(
    client: AsyncWebClient, slack: Slack
) -> None:
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert [c["id"] for c in listed["channels"]] == ["C0APPROVE", "C0SUPPORT", "C0AUDIT"]
    slack.leave("C0AUDIT", "U0BOT")
    slack.archive("C0SUPPORT")
    listed = await client.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    assert [c["id"] for c in listed["channels"]] == ["C0APPROVE"]


async def test_users_info_tells_agents_guests_outsiders_and_leavers_apart(client: AsyncWebClient) -> None:
    li = (await client.users_info(user="U0LI", include_locale=True))["user"]
    assert (li["locale"], li["tz"], li["tz_offset"], li["is_restricted"]) == (
        "zh-CN",
        "Asia/Shanghai",
        28800,
        False,
    )
    assert "locale" not in (await client.users_info(user="U0LI"))["user"]
    out = (await client.users_info(user="U0OUT"))["user"]
    assert (out["team_id"], out["is_stranger"]) == ("T0PARTNER", True)
    assert (await client.users_info(user="U0GUEST"))["user"]["is_ultra_restricted"] is True
    assert (await client.users_info(user="U0GONE"))["user"]["deleted"] is True
    assert await error(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_an_outsider_who_shares_no_channel_is_not_visible(client: AsyncWebClient, slack: Slack) -> None:
    slack.leave("C0APPROVE", "U0OUT")
    assert await error(client.users_info(user="U0OUT")) == "user_not_visible"


async def test_group_membership_is_what_it_is_now(client: AsyncWebClient, slack: Slack) -> None:
    slack.set_group("S0LEADS", ["U0QIAN", "U0GONE"])
    assert (await client.usergroups_users_list(usergroup="S0LEADS"))["users"] == ["U0QIAN", "U0GONE"]
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert {g["id"]: g["users"] for g in groups}["S0LEADS"] == ["U0QIAN", "U0GONE"]
    assert await error(client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"


async def test_a_free_workspace_has_no_user_groups() -> None:
    async with Workspace(paid_plan=False).serve() as slack:
        listing = as_bot(slack).usergroups_users_list(usergroup="S0LEADS")
        assert await error(listing) == "plan_upgrade_required"


async def test_every_call_is_kept_with_its_outcome_and_without_its_token(
    client: AsyncWebClient, slack: Slack
) -> None:
    await client.chat_postMessage(channel="C0APPROVE", text="x")
    await error(client.chat_postMessage(channel="C0NOWHERE", text="x"))
    calls = slack.calls("chat.postMessage")
    assert [(c.status, c.error, c.arguments["channel"]) for c in calls] == [
        (200, None, "C0APPROVE"),
        (200, "channel_not_found", "C0NOWHERE"),
    ]
    form = {"token": slack.setup.bot_token, "channel": "C0APPROVE", "text": "by form"}
    url = slack.api_url + "chat.postMessage"
    async with aiohttp.ClientSession() as http, http.post(url, data=form) as answer:
        assert (await answer.json())["ok"]
    assert slack.setup.bot_token not in repr(slack.calls())


async def test_waiting_reports_what_happened_instead(client: AsyncWebClient, slack: Slack) -> None:
    await client.chat_postMessage(channel="C0APPROVE", text="x")
    with pytest.raises(TimeoutError, match="message_posted channel=C0APPROVE"):
        await slack.wait_for(lambda: slack.dms("U0LI"), timeout=0.01)
