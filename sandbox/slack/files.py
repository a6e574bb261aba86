"""Files people put into a form, and their download, which needs the token and its scope."""

import secrets
from dataclasses import dataclass

from aiohttp import web

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import JSON, CannotDoError, SlackError
from sandbox.slack.state import State
from sandbox.slack.stored_files import StoredFile

LOGIN_PAGE = "<!DOCTYPE html><html><body>Sign in to the workspace</body></html>"


# A file input takes files of up to 10 MB each.
MOST_BYTES = 10 * 1024 * 1024


def new_file_id() -> str:
    return f"F0{secrets.token_hex(5).upper()}"


def upload(state: State, user: str, name: str, content: bytes) -> JSON:
    """Keep a file and give its file object, as it stands in `state.values` of a file input.

    Raises CannotDoError for one larger than Slack's client lets into a form."""
    if len(content) > MOST_BYTES:
        raise CannotDoError(f"{name} has {len(content)} bytes; a form takes files of up to {MOST_BYTES}")
    file_id = new_file_id()
    state.files[file_id] = StoredFile(file_id, user, name, content)
    return state.file_json(state.files[file_id])


def files_info(caller: Caller, arguments: Arguments) -> JSON:
    file = caller.state.files.get(arguments.need("file"))
    if file is None:
        raise SlackError("file_not_found")
    return {"file": caller.state.file_json(file)}


@dataclass(frozen=True, slots=True)
class Downloads:
    """`/files/…`. Without the right token or scope Slack answers 200 with a login page."""

    state: State

    async def handle(self, request: web.Request) -> web.Response:
        setup = self.state.setup
        file = self.state.files.get(request.match_info["file"].removeprefix(f"{setup.team_id}-"))
        if file is None:
            return web.Response(status=404, text="no such file")
        allowed = request.headers.get("Authorization") == f"Bearer {setup.bot_token}"
        if not allowed or "files:read" not in setup.bot_scopes:
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        return web.Response(body=file.content, content_type=file.mimetype)
