"""Files people put into a form, and their download, which needs the token and its scope."""

import secrets
from dataclasses import dataclass

from aiohttp import web

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.state import State, StoredFile

LOGIN_PAGE = "<!DOCTYPE html><html><body>Sign in to the workspace</body></html>"
TYPES = {"csv": "text/csv", "txt": "text/plain", "json": "application/json"}
UNKNOWN_TYPE = "application/octet-stream"


def upload(state: State, user: str, name: str, content: bytes) -> JSON:
    """Keep a file and give its file object, as it stands in `state.values` of a file input."""
    file_id = f"F0{secrets.token_hex(5).upper()}"
    state.files[file_id] = StoredFile(file_id, user, name, content)
    return file_json(state, state.files[file_id])


def file_json(state: State, file: StoredFile) -> JSON:
    extension = file.name.rpartition(".")[2].lower()
    link = f"{state.base_url}/files/{state.setup.team_id}-{file.id}/{file.name}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.name,
        "mimetype": TYPES.get(extension, UNKNOWN_TYPE),
        "filetype": extension,
        "user": file.user,
        "user_team": state.setup.team_id,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": link,
        "url_private_download": link,
    }


def files_info(caller: Caller, arguments: Arguments) -> JSON:
    file = caller.state.files.get(arguments.need("file"))
    if file is None:
        raise SlackError("file_not_found")
    return {"file": file_json(caller.state, file)}


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
        kind = file_json(self.state, file)["mimetype"]
        return web.Response(body=file.content, content_type=kind)
