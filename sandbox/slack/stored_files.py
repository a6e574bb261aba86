"""Files as the workspace keeps them, and the file object that answers and payloads carry."""

from dataclasses import dataclass, field
from urllib.parse import quote

from sandbox.slack.errors import JSON

MIMETYPES = {
    "csv": "text/csv",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
}
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`user` put it there; the app's own files have the bot's user id."""

    id: str
    user: str
    name: str
    content: bytes = field(repr=False)
    title: str = ""

    @property
    def mimetype(self) -> str:
        """By the name's ending alone, as for any upload nobody has looked into."""
        return MIMETYPES.get(self.extension, UNKNOWN_TYPE)

    @property
    def extension(self) -> str:
        return self.name.rpartition(".")[2].lower()


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """An upload address that was given to the app. `content` is None until the bytes came."""

    file_id: str
    name: str
    length: int
    content: bytes | None = field(default=None, repr=False)


def file_json(file: StoredFile, *, base_url: str, team_id: str) -> JSON:
    link = f"{base_url}/files/{team_id}-{file.id}/{quote(file.name, safe='')}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.extension,
        "user": file.user,
        "user_team": team_id,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": link,
        "url_private_download": link,
    }
