"""Files to Slack, in three calls: an address for the bytes, the bytes, and the sharing.

Only the last one shows anything to anybody; what was uploaded and not shared is seen by nobody, and Slack
throws it away. So the first two are simply made again, and of the third it is found out whether it stands, as
of any other post (`PostOnce.share`).

Whoever has a file to tell of from the outbox:

    name = promised_name(waiting, f"batch-{batch.id}-bad-lines", "csv")
    files = [OutgoingFile(name, stream)]
    await self._once.share(waiting, batch.requester, files, comment=comment)
    await self._finish(waiting)

`stream` is open for reading bytes: a `TemporaryFile`, which is gone with the process, or a `BytesIO` of what
is small. Several files come in one message. `comment` is mrkdwn; people's text in it is escaped. Denied with
the code `missing_scope`: the installation lacks `files:write` (`file_not_taken` says it to the person).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.days import beijing_time
from coupons.posts import WaitingPost
from handlers.web_api import AnswerLost, RateLimited, ask, seconds

#: Some 10 MB through a slow proxy.
_UPLOAD_S: Final = 60.0
_OK: Final = 200
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """`name`: the same at each try of one promise, and of no other one; it is looked for by that.

    `content` is read from its start to its end, and closed.
    """

    name: str
    content: BinaryIO = field(repr=False)


def promised_name(waiting: WaitingPost, stem: str, ending: str) -> str:
    """`batch-12-20261201-090000.csv`: with the time of the promise, in Beijing."""
    at = beijing_time(waiting.promised_at).translate(str.maketrans(" ", "-", "-:"))
    return f"{stem}-{at}.{ending}"


async def upload(client: AsyncWebClient, file: OutgoingFile) -> str:
    """The first two calls; Slack's id of the file. Harmless to repeat. Raises SlackError.

    The address is a permission for whoever has it: it stands in no error and no log.
    """
    length = file.content.seek(0, os.SEEK_END)
    file.content.seek(0)
    # Slack takes no JSON here (https://docs.slack.dev/reference/methods/files.getUploadURLExternal).
    given = await ask(client, "files.getUploadURLExternal", filename=file.name, length=length)
    await _send(client, str(given["upload_url"]), file)
    return str(given["file_id"])


async def share(
    client: AsyncWebClient, ids: Mapping[str, str], channel: str, *, comment: str, thread_ts: str | None
) -> None:
    """The third: `ids` of what was uploaded, by name, in one message. Slack posts it a moment later, so that
    the answer knows no `ts`. Raises SlackError.
    """
    arguments: dict[str, Any] = {"channel_id": channel, "initial_comment": comment}
    if thread_ts is not None:
        arguments["thread_ts"] = thread_ts
    files = [{"id": file_id, "title": name} for name, file_id in ids.items()]
    await ask(client, "files.completeUploadExternal", as_json=True, files=files, **arguments)


async def _send(client: AsyncWebClient, address: str, file: OutgoingFile) -> None:
    # slack_sdk's own way holds the whole file in memory, and writes the address into its errors and logs.
    kept_open = client.session is not None
    http = client.session or aiohttp.ClientSession()
    try:
        answer = await http.post(
            address,
            # Read as it goes out.
            data=file.content,
            headers={"Content-Type": "application/octet-stream"},
            proxy=client.proxy,
            ssl=client.ssl or True,
            timeout=aiohttp.ClientTimeout(total=_UPLOAD_S),
            # Slack's address is the end of the way.
            allow_redirects=False,
        )
        answer.release()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        # Without its cause: aiohttp writes the address into some of its messages.
        raise AnswerLost(f"upload_{type(error).__name__}") from None
    finally:
        if not kept_open:
            await http.close()
    if answer.status == _TOO_MANY:
        raise RateLimited(seconds(answer.headers.get("Retry-After")))
    if answer.status != _OK:
        raise AnswerLost(f"upload_http_{answer.status}")
