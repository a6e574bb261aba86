"""A browser's side of the page, without the browser: its stream of events, and its acts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

JSON = dict[str, Any]
WAIT_S = 60.0
AUDIT: JSON = {
    "events": [],
    "proof": {"good": True, "sentence": {"en": "Whole.", "zh": "完整。"}, "events": 0, "head": None},
}


async def no_audit() -> JSON:
    return AUDIT


class Looking:
    """One person's screen. `events` is all it was told, oldest first; `messages` as the page keeps them."""

    def __init__(self, url: str, user: str, http: aiohttp.ClientSession) -> None:
        self.events: list[tuple[str, JSON]] = []
        self.messages: dict[tuple[str, str], JSON] = {}
        self._url = url
        self._user = user
        self._http = http
        self._changed = asyncio.Event()

    @property
    def hello(self) -> JSON:
        return self.last("hello") or {}

    def last(self, kind: str) -> JSON | None:
        return next((data for name, data in reversed(self.events) if name == kind), None)

    def words(self) -> str:
        """Everything this screen was ever told."""
        return json.dumps(self.events, ensure_ascii=False)

    async def until(self, found: Callable[[], Any]) -> Any:
        """The first true value of `found`, asked after each event. Raises TimeoutError."""
        async with asyncio.timeout(WAIT_S):
            while not (value := found()):
                self._changed.clear()
                await self._changed.wait()
        return value

    async def message(self, channel: str, holds: Callable[[JSON], Any]) -> JSON:
        """The message of this channel for which `holds`, awaited."""

        def found() -> JSON | None:
            return next((m for (place, _), m in self.messages.items() if place == channel and holds(m)), None)

        message: JSON = await self.until(found)
        return message

    async def act(self, act: str, **body: Any) -> JSON:
        """Raises AssertionError with the sentence where the page refuses."""
        status, answer = await self.try_act(act, **body)
        assert status == 200, answer
        return answer

    async def refused(self, act: str, **body: Any) -> str:
        status, answer = await self.try_act(act, **body)
        assert status == 422, (status, answer)
        return str(answer["error"])

    async def try_act(self, act: str, **body: Any) -> tuple[int, JSON]:
        return await self.post(f"api/people/{self._user}/{act}", json=body)

    async def post(
        self, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> tuple[int, JSON]:
        given = {"X-Sandbox": "1"} if headers is None else headers
        async with self._http.post(self._url + path, headers=given, **options) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        url = path if path.startswith("http") else self._url + path
        async with self._http.get(url, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def read(self) -> None:
        name, data = "", ""
        async with self._http.get(f"{self._url}api/live", params={"person": self._user}) as stream:
            async for raw in stream.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = line.removeprefix("data: ")
                elif not line and name:
                    self._take(name, json.loads(data))
                    name = ""

    def _take(self, name: str, data: JSON) -> None:
        self.events.append((name, data))
        if name == "hello":
            self.messages = {(m["channel"], m["ts"]): m for m in data["messages"]}
        elif name == "message" and data["deleted"]:
            self.messages.pop((data["channel"], data["ts"]), None)
        elif name == "message":
            self.messages[data["channel"], data["ts"]] = data
        self._changed.set()


@asynccontextmanager
async def looking(url: str, user: str) -> AsyncGenerator[Looking]:
    """A screen that has said hello."""
    # Messages are told whole on one line, and one may have 40,000 characters.
    async with aiohttp.ClientSession(read_bufsize=2**22) as http:
        screen = Looking(url, user, http)
        reading = asyncio.create_task(screen.read())
        try:
            await screen.until(lambda: screen.hello)
            yield screen
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
