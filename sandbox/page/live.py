"""One open page: a stream of events, of which each tells only what changed since the last."""

import asyncio
from collections.abc import Iterator

from aiohttp import web

from sandbox.page.news import News, dumps
from sandbox.page.seen import Seen
from sandbox.slack.changes import Change
from sandbox.slack.state import State

HEART_BEAT_SECONDS = 15.0
HEART_BEAT = b": heart-beat\n\n"
MESSAGES = (
    "message_posted",
    "message_updated",
    "message_deleted",
    "ephemeral_posted",
    "ephemeral_updated",
    "ephemeral_deleted",
)
MODALS = ("view_opened", "view_updated", "view_closed", "view_errors", "view_problem", "view_busy")
MEMBERSHIP = ("member_joined", "member_left")


class Reader:
    """Where one page stands in the workspace's numbered changes. It keeps no queue: whoever reads slowly is
    told less often, never holds anything back for the others."""

    def __init__(self, user: str, state: State, seen: Seen, news: News) -> None:
        self._user = user
        self._state = state
        self._seen = seen
        self._news = news
        self._after: int | None = None
        self._world: dict[str, str] = {}

    def next(self) -> bytes:
        """The events since the last call, at first everything; b"" for none."""
        changes = self._state.changes.after(self._after) if self._after is not None else None
        self._after = self._state.changes.last
        if changes is None or any(self._moves(change) for change in changes):
            events = [("hello", dumps(self._seen.hello(self._user)))]
        else:
            events = list(self._changed(changes))
        for name, text in self._news.world().items():
            if self._world.get(name) != text:
                self._world[name] = text
                events.append((name, text))
        # A lone surrogate typed by somebody must not end the stream.
        return "".join(f"event: {name}\ndata: {text}\n\n" for name, text in events).encode("utf-8", "replace")

    def _moves(self, change: Change) -> bool:
        """Whoever comes into a channel sees all of it, whoever leaves nothing: the page begins anew."""
        return change.kind in MEMBERSHIP and change.detail["user"] == self._user

    def _changed(self, changes: list[Change]) -> Iterator[tuple[str, str]]:
        kinds = {change.kind for change in changes}
        if "person_changed" in kinds:
            yield "people", dumps({"people": self._seen.people()})
        if "channel_archived" in kinds:
            yield "channels", dumps({"channels": self._seen.channels(self._user)})
        # As it is now, once, however often it changed.
        places = dict.fromkeys((c.detail["channel"], c.detail["ts"]) for c in changes if c.kind in MESSAGES)
        for channel, ts in places:
            message = self._seen.at(self._user, channel, ts)
            if message is not None:
                yield "message", dumps(self._seen.message(message))
        mine = {change.kind for change in changes if change.detail.get("user") == self._user}
        if mine.intersection(MODALS):
            yield "modals", dumps({"stack": self._seen.modals(self._user)})
        if mine.intersection(("home_published", "view_busy")):
            yield "home", dumps({"view": self._seen.home(self._user)})


async def stream(
    request: web.Request, reader: Reader, news: News, *, patience_seconds: float
) -> web.StreamResponse:
    """Runs until the page goes, the server closes, or the page has not taken what it was sent for
    `patience_seconds`."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    news.readers += 1
    news.poke()
    try:
        while not news.closing:
            version = news.version
            chunk = reader.next()
            if chunk:
                await _write(response, chunk, patience_seconds)
            try:
                async with asyncio.timeout(HEART_BEAT_SECONDS):
                    await news.newer(version)
            except TimeoutError:
                await _write(response, HEART_BEAT, patience_seconds)
    except (TimeoutError, ConnectionError):
        # Gone, or too slow: dropped with what it has not read. A page that lives connects again.
        if request.transport is not None:
            request.transport.abort()
    finally:
        news.readers -= 1
        news.poke()
    return response


async def _write(response: web.StreamResponse, chunk: bytes, patience_seconds: float) -> None:
    async with asyncio.timeout(patience_seconds):
        await response.write(chunk)
