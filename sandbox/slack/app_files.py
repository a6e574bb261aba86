"""Files the app brings: an address to upload to, the bytes, and the sharing, in three steps as in Slack."""

import asyncio
import re
import secrets
from dataclasses import dataclass, replace

from aiohttp import web

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.conversations import Conversation
from sandbox.slack.errors import JSON, SlackError, refused
from sandbox.slack.faults import Faults
from sandbox.slack.files import new_file_id
from sandbox.slack.limits import POST_CHARACTERS, checked_text
from sandbox.slack.misbehaving import Misbehaving
from sandbox.slack.state import Draft, State
from sandbox.slack.stored_files import PendingUpload, StoredFile

# People's ids do not fit: a file for one person goes to the id of the direct message, opened before.
CHANNEL_ID = re.compile(r"[CGDZ][A-Z0-9]+")
SHARED_AFTER_SECONDS = 0.05


def get_upload_url(caller: Caller, arguments: Arguments) -> JSON:
    """files.getUploadURLExternal: an address for the bytes of one file, of exactly this length."""
    name = arguments.need("filename")
    try:
        length = int(arguments.need("length"))
    except ValueError:
        raise refused("invalid_arguments", ["must provide a number [json-pointer:/length]"]) from None
    if length < 1:
        raise SlackError("missing_argument")
    key, file_id = secrets.token_hex(16), new_file_id()
    caller.state.uploads[key] = PendingUpload(file_id, name, length)
    return {"upload_url": f"{caller.state.base_url}/upload/v1/{key}", "file_id": file_id}


def complete_upload(caller: Caller, arguments: Arguments) -> JSON:
    """files.completeUploadExternal: the files become real, and are shared where the app says; without a
    channel they stay private to it.

    Sharing is asynchronous in Slack: the answer knows no ts, and the message comes a moment after it.
    """
    files = _uploaded(caller.state, arguments.structure("files", "invalid_arguments"), caller.bot)
    channel = _channel(caller, arguments)
    comment = checked_text(arguments.raw("initial_comment"), at_most=POST_CHARACTERS)
    thread_ts = arguments.raw("thread_ts")
    if thread_ts is not None and (channel is None or channel.find(thread_ts) is None):
        raise SlackError("invalid_arguments", detail="thread_ts is no message of that channel")
    for file in files:
        caller.state.files[file.id] = file
    _forget(caller.state, files)
    if channel is not None:
        draft = Draft(
            channel,
            caller.bot,
            comment,
            thread_ts=thread_ts,
            source="files.completeUploadExternal",
            file_ids=tuple(file.id for file in files),
        )
        asyncio.get_running_loop().call_later(SHARED_AFTER_SECONDS, caller.state.post, draft)
    return {"files": [caller.state.file_json(file) for file in files]}


def _channel(caller: Caller, arguments: Arguments) -> Conversation | None:
    if arguments.raw("channels"):
        raise SlackError("invalid_arguments", detail="the sandbox shares in one channel: channel_id")
    channel = arguments.raw("channel_id")
    if channel is None:
        return None
    if not isinstance(channel, str) or not CHANNEL_ID.fullmatch(channel):
        complaint = "input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]"
        raise refused("invalid_arguments", [complaint])
    conversation = caller.visible(channel)
    if conversation.is_archived:
        raise SlackError("is_archived")
    # chat:write.public does not help here: files need the bot in the channel.
    if not caller.is_member(conversation):
        raise SlackError("not_in_channel")
    return conversation


def _uploaded(state: State, named: object, bot: str) -> list[StoredFile]:
    """Raises SlackError: invalid_arguments; file_not_found for one never announced, never sent, or done."""
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) for each in named):
        raise refused("invalid_arguments", ["must provide an array of files [json-pointer:/files]"])
    by_id = {upload.file_id: upload for upload in state.uploads.values()}
    found = []
    for each in named:
        upload = by_id.get(each.get("id"))
        if upload is None or upload.content is None:
            raise SlackError("file_not_found")
        title = str(each.get("title") or upload.name)
        found.append(StoredFile(upload.file_id, bot, upload.name, upload.content, title))
    return found


def _forget(state: State, files: list[StoredFile]) -> None:
    done = {file.id for file in files}
    state.uploads = {key: upload for key, upload in state.uploads.items() if upload.file_id not in done}


@dataclass(frozen=True, slots=True)
class Uploads:
    """`/upload/v1/…`: the bytes, bare or as one part of a form. The address is the permission: no token.

    Among the faults its name is `upload`.
    """

    state: State
    faults: Faults
    misbehaving: Misbehaving

    async def handle(self, request: web.Request) -> web.Response:
        content = await _content(request)
        fault = self.faults.draw("upload", None)
        return await self.misbehaving.answer(
            request, fault, lambda: self._keep(request.match_info["key"], content)
        )

    def _keep(self, key: str, content: bytes) -> web.Response:
        upload = self.state.uploads.get(key)
        if upload is None:
            return web.Response(status=404, text="no such upload")
        if len(content) != upload.length:
            said = f"{len(content)} bytes came, {upload.length} were announced"
            return web.Response(status=400, text=said)
        self.state.uploads[key] = replace(upload, content=content)
        return web.Response(text=f"OK - {len(content)}")


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    form = await request.post()
    files = [part.file.read() for part in form.values() if isinstance(part, web.FileField)]
    return files[0] if files else b""
