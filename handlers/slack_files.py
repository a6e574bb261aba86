"""A file of the workspace, downloaded with the bot's token.

The token opens everything that the bot may see: it goes to Slack's own hosts and nowhere else, whatever the
address of a file says, and no redirect is followed.
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from handlers.web_api import AnswerLost, Denied, RateLimited, SlackError, Unreachable, ask, seconds

#: For commercial workspaces, and for those of the United States' government.
_HOSTS: Final = ("slack.com", "slack-gov.com")
#: Of the whole download: files of this size come in seconds.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_read=15)
_MISSING_SCOPE: Final = "missing_scope"
_OK: Final = 200
_TOO_MANY: Final = 429
_NOT_THERE: Final = frozenset({404, 410})
_SERVER: Final = 500
#: How Slack marks what it keeps only the name of: deleted, or older than a free workspace shows.
_NOT_KEPT: Final = frozenset({"tombstone", "hidden_by_limit"})


class FileGone(SlackError):
    """Slack shows the bot no such file, perhaps not yet."""


class FileElsewhere(SlackError):
    """Slack has only a link to it."""


class FileTooBig(SlackError):
    """More bytes than are wanted."""


class NoScope(SlackError):
    """The installation may not read files."""


class SlackFiles:
    """`client` has the token, and the session and proxy for all calls."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._own = URL(client.base_url).origin()

    async def download(self, file_id: str, *, at_most: int) -> bytes:
        """All of its bytes. Raises FileGone, FileElsewhere, FileTooBig, NoScope.

        And SlackError: try again.
        """
        file = await self._about(file_id)
        if file.get("mode") in _NOT_KEPT:
            raise FileGone("file_deleted")
        if file.get("is_external") or file.get("mode") == "external":
            raise FileElsewhere("is_external")
        size = int(file.get("size") or 0)
        if size > at_most:
            raise FileTooBig("too_big")
        url = file.get("url_private_download") or file.get("url_private")
        if not url:
            # It is still being taken in.
            raise AnswerLost("no_address")
        address = _address(url)
        if address is None or not self._is_slacks(address):
            raise FileElsewhere("not_at_slack")
        content = await self._get(address, at_most=at_most, is_html=_is_html(str(file.get("mimetype") or "")))
        if size and len(content) != size:
            # The rest of it would be customers who are left out in silence.
            raise AnswerLost("file_cut_short")
        return content

    async def _about(self, file_id: str) -> dict[str, Any]:
        try:
            answer = await ask(self._client, "files.info", file=file_id)
        except Unreachable as error:
            raise FileGone(error.code) from error
        except Denied as error:
            raise (NoScope if error.code == _MISSING_SCOPE else FileGone)(error.code) from error
        file = answer.get("file")
        return file if isinstance(file, dict) else {}

    def _is_slacks(self, address: URL) -> bool:
        if address.origin() == self._own:
            return True
        host = address.host or ""
        is_slacks = any(host == each or host.endswith(f".{each}") for each in _HOSTS)
        return is_slacks and address.scheme == "https" and address.is_default_port()

    async def _get(self, address: URL, *, at_most: int, is_html: bool) -> bytes:
        session = self._client.session
        if session is None:
            raise AnswerLost("no_session")
        try:
            async with session.get(
                address,
                headers={"Authorization": f"Bearer {self._client.token}"},
                proxy=self._client.proxy,
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as answer:
                _check(answer, is_html=is_html)
                return await _content(answer, at_most)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerLost(type(error).__name__) from error


def _check(answer: aiohttp.ClientResponse, *, is_html: bool) -> None:
    """Raises SlackError unless the file itself comes."""
    if answer.status in _NOT_THERE:
        raise FileGone(f"http_{answer.status}")
    if answer.status == _TOO_MANY:
        raise RateLimited(seconds(answer.headers.get("Retry-After")))
    if answer.status >= _SERVER:
        raise AnswerLost(f"http_{answer.status}")
    # Whoever may not read it is sent to the page for signing in, or gets that page in place of the file.
    if answer.status != _OK or (_is_html(answer.content_type) and not is_html):
        raise NoScope(f"http_{answer.status}")


async def _content(answer: aiohttp.ClientResponse, at_most: int) -> bytes:
    content = bytearray()
    async for part in answer.content.iter_any():
        content += part
        if len(content) > at_most:
            raise FileTooBig("too_big")
    return bytes(content)


def _address(text: object) -> URL | None:
    try:
        address = URL(str(text))
    except ValueError:
        return None
    return address if address.host and address.scheme in {"https", "http"} else None


def _is_html(kind: str) -> bool:
    return kind.partition(";")[0].strip().lower() == "text/html"
