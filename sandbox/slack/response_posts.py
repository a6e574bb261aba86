"""Posts to a response_url: five within thirty minutes, no token, in any channel the person was in."""

import json

from aiohttp import web

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.faults import Faults
from sandbox.slack.limits import POST_CHARACTERS, checked_blocks, checked_metadata, checked_text, need_words
from sandbox.slack.messages import Message
from sandbox.slack.misbehaving import NOT_PROCESSED, Misbehaving
from sandbox.slack.permits import ResponseUrl
from sandbox.slack.state import Draft, State
from sandbox.slack.web_api import record_call

GONE = ("expired_url", "used_url")


class ResponsePosts:
    def __init__(self, state: State, faults: Faults, misbehaving: Misbehaving) -> None:
        self._state = state
        self._faults = faults
        self._misbehaving = misbehaving

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        key = request.match_info["key"]
        fault = self._faults.draw("response_url", None)
        if fault is not None:
            self._state.changes.note("fault", method="response_url", fault=fault.kind.value)

        def process() -> web.Response:
            body: JSON = {}
            try:
                url = self._state.response_urls.check(key)
                body = _object(raw)
                self._post(url, body)
                url.uses += 1
            except SlackError as error:
                status = 404 if error.code in GONE else 400
                record_call(self._state, "response_url", body, status, error.code, fault)
                return web.json_response(error.body, status=status)
            record_call(self._state, "response_url", body, 200, None, fault)
            return web.json_response({"ok": True})

        if fault is not None and fault.kind in NOT_PROCESSED:
            record_call(self._state, "response_url", {}, 200, None, fault)
        return await self._misbehaving.answer(request, fault, process)

    def _post(self, url: ResponseUrl, body: JSON) -> None:
        original = self._original(url)
        if body.get("delete_original"):
            if original is not None:
                self._state.delete(original)
            return
        text = checked_text(body.get("text"), at_most=POST_CHARACTERS)
        blocks = checked_blocks(body.get("blocks"))
        metadata = checked_metadata(body.get("metadata"))
        need_words(text, blocks)
        if body.get("replace_original") and original is not None:
            self._state.edit(original, text=text, blocks=blocks, metadata=metadata or original.metadata)
            return
        conversation = self._state.conversations.get(url.channel)
        if conversation is None:
            raise SlackError("channel_not_found")
        if conversation.is_archived:
            raise SlackError("channel_is_archived")
        everyone = body.get("response_type") == "in_channel"
        draft = Draft(
            conversation,
            self._state.setup.bot_user_id,
            text,
            blocks,
            metadata,
            thread_ts=body.get("thread_ts") or url.thread_ts,
            visible_to=None if everyone else url.user,
            source="response_url",
        )
        self._state.post(draft)

    def _original(self, url: ResponseUrl) -> Message | None:
        """The message that was clicked. A command has none: replacing it posts a new one."""
        conversation = self._state.conversations.get(url.channel)
        if conversation is None or url.message_ts is None:
            return None
        return conversation.seen_by(url.user, url.message_ts)


def _object(raw: bytes) -> JSON:
    try:
        body = json.loads(raw)
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body
