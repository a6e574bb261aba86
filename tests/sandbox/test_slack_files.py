"""Files the app uploads, in Slack's three steps, and whatever it may download."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import CannotDoError, Message, Slack, Workspace

CONTENT = "seq,tag\n1,bot:started\n"


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace().serve() as running:
        yield running


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)


async def shared(slack: Slack, channel: str) -> Message:
    return await slack.wait_for(lambda: next((m for m in slack.messages(channel) if m.file_ids), None))


async def upload(client: AsyncWebClient, content: bytes, sent: bytes | None = None) -> tuple[str, int]:
    """The first two steps: the file's id, and how the upload was answered."""
    asked = await client.files_getUploadURLExternal(filename="a.csv", length=len(content))
    async with (
        aiohttp.ClientSession() as http,
        http.post(asked["upload_url"], data=content if sent is None else sent) as answer,
    ):
        return str(asked["file_id"]), answer.status


async def test_an_upload_is_shared_with_its_comment(slack: Slack, client: AsyncWebClient) -> None:
    done = await client.files_upload_v2(
        channel="C0APPROVE", content=CONTENT, filename="audit.csv", title="Audit", initial_comment="As asked"
    )
    # Slack shares a moment later: the answer knows the file, not the message.
    assert slack.messages("C0APPROVE") == []
    message = await shared(slack, "C0APPROVE")
    assert (message.text, message.user, message.file_ids) == ("As asked", "U0BOT", (done["file"]["id"],))
    history = await client.conversations_history(channel="C0APPROVE")
    (file,) = history["messages"][0]["files"]
    assert (file["name"], file["title"], file["mimetype"], file["size"]) == (
        "audit.csv",
        "Audit",
        "text/csv",
        len(CONTENT),
    )
    headers = {"Authorization": f"Bearer {slack.setup.bot_token}"}
    async with aiohttp.ClientSession() as http, http.get(file["url_private"], headers=headers) as answer:
        assert await answer.text() == CONTENT


async def test_a_file_for_one_person_goes_to_the_opened_direct_message(
    slack: Slack, client: AsyncWebClient
) -> None:
    with pytest.raises(SlackApiError, match=r"\^\[CGDZ\]"):
        await client.files_upload_v2(channel="U0FIN", content=CONTENT, filename="a.csv")
    opened = await client.conversations_open(users="U0FIN")
    await client.files_upload_v2(channel=opened["channel"]["id"], content=CONTENT, filename="a.csv")
    assert (await shared(slack, "D0FIN")).file_ids


async def test_a_file_can_hang_in_a_thread(slack: Slack, client: AsyncWebClient) -> None:
    parent = await client.chat_postMessage(channel="C0APPROVE", text="card")
    await client.files_upload_v2(
        channel="C0APPROVE", content=CONTENT, filename="a.csv", thread_ts=parent["ts"]
    )
    (reply,) = await slack.wait_for(lambda: slack.messages("C0APPROVE", thread_ts=parent["ts"]))
    assert reply.file_ids
    file_id, _ = await upload(client, b"x")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.files_completeUploadExternal(
            files=[{"id": file_id}], channel_id="C0APPROVE", thread_ts="1.000000"
        )


async def test_without_a_channel_the_file_stays_with_the_app(slack: Slack, client: AsyncWebClient) -> None:
    await client.files_upload_v2(content=CONTENT, filename="a.csv")
    (file,) = slack.state.files.values()
    found = await client.files_info(file=file.id)
    assert (found["file"]["name"], found["file"]["user"]) == ("a.csv", "U0BOT")
    assert all(not conversation.messages for conversation in slack.state.conversations)


async def test_bytes_that_are_not_as_many_as_announced_make_no_file(client: AsyncWebClient) -> None:
    file_id, status = await upload(client, b"four", sent=b"three")
    assert status == 400
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": file_id}])


async def test_an_upload_is_completed_once_and_never_before_the_bytes_came(client: AsyncWebClient) -> None:
    asked = await client.files_getUploadURLExternal(filename="a.csv", length=1)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": asked["file_id"]}])
    file_id, status = await upload(client, b"x")
    assert status == 200
    await client.files_completeUploadExternal(files=[{"id": file_id}])
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": file_id}])


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0SUPPORT", "not_in_channel"), ("C0NOWHERE", "channel_not_found"), ("#support", "invalid_arguments")],
)
async def test_a_file_goes_only_where_the_bot_is(slack: Slack, channel: str, error: str) -> None:
    async with Workspace(bot_scopes=("chat:write.public", "files:write")).serve() as other:
        client = AsyncWebClient(other.setup.bot_token, base_url=other.api_url)
        with pytest.raises(SlackApiError, match=error):
            await client.files_upload_v2(channel=channel, content=CONTENT, filename="a.csv")


async def test_uploading_needs_its_scope() -> None:
    async with Workspace(bot_scopes=("chat:write", "files:read")).serve() as slack:
        client = AsyncWebClient(slack.setup.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError, match="missing_scope") as refused:
            await client.files_upload_v2(channel="C0APPROVE", content=CONTENT, filename="a.csv")
        assert refused.value.response["needed"] == "files:write"


async def test_the_first_step_reads_forms_only_as_the_real_one_does(
    slack: Slack, client: AsyncWebClient
) -> None:
    with pytest.raises(SlackApiError, match="missing required field: filename"):
        await client.api_call("files.getUploadURLExternal", json={"filename": "a.csv", "length": 3})
    with pytest.raises(SlackApiError, match="missing_argument"):
        await client.files_getUploadURLExternal(filename="a.csv", length=0)
    assert slack.state.uploads == {}


async def test_a_file_too_large_for_a_form_is_not_taken(slack: Slack) -> None:
    with pytest.raises(CannotDoError, match="10485760"):
        slack.person("U0LI").upload("big.csv", b"x" * (10 * 1024 * 1024 + 1))


async def test_a_file_of_any_name_can_be_downloaded(slack: Slack) -> None:
    file = slack.person("U0LI").upload("退款 #1?/..%.csv", b"x")
    headers = {"Authorization": f"Bearer {slack.setup.bot_token}"}
    async with aiohttp.ClientSession() as http, http.get(file["url_private"], headers=headers) as answer:
        assert await answer.read() == b"x"
