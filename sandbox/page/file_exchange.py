"""Files on the page: put into a form by a person, and read by whoever may."""

from urllib.parse import quote

from aiohttp import web

from sandbox.page.seen import Seen
from sandbox.slack.acting import Actor
from sandbox.slack.errors import JSON, CannotDoError
from sandbox.slack.files import MOST_BYTES
from sandbox.slack.state import State

PICTURES = ("image/png", "image/jpeg", "image/gif")


async def take_upload(request: web.Request, actor: Actor) -> JSON:
    """A form with one part, `file`. Raises CannotDoError: no such part, or more than 10 MB."""
    try:
        part = (await request.post()).get("file")
    except web.HTTPRequestEntityTooLarge:
        raise CannotDoError(f"a form takes files of up to {MOST_BYTES} bytes") from None
    except ValueError:
        part = None
    if not isinstance(part, web.FileField):
        raise CannotDoError("the part `file` is missing")
    # Browsers send the bare name; anything else is not to make a path.
    name = part.filename.replace("\\", "/").rpartition("/")[2] or "file"
    return {"file_id": actor.upload(name, part.file.read())["id"]}


def give_file(state: State, seen: Seen, user: str, file_id: str) -> web.Response:
    """Answers 404 for what is not there and for what this person does not see, alike."""
    file = state.files.get(file_id)
    if file is None or user not in state.directory.people or not seen.may_read(user, file_id):
        return web.json_response({"error": "there is no such file"}, status=404)
    how = "inline" if file.mimetype in PICTURES else "attachment"
    headers = {"Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name, safe='')}"}
    return web.Response(body=file.content, content_type=file.mimetype, headers=headers)
