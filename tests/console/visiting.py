"""A console over a real file, and somebody who visits it without a browser."""

from __future__ import annotations

import asyncio
import hashlib
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlencode

import structlog
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from bot.config.coupon_toml import load_coupon_toml
from bot.console_server.ports import noting, outside
from console.app import Console
from coupons.audit_events import ConsoleLinkMade
from coupons.errors import DirectoryUnavailable
from coupons.model import Person
from coupons.ports import Transaction
from coupons.recording import Recorded
from storage.store import Store
from tests.storage.records import newest
from tests.world import COUPON_TOML

AUDITOR, OTHER = "U0FIN", "U0LI"
TEAM = "T0SHOP"
URL = "http://127.0.0.1:8001"


class _Compiled(BytecodeCache):
    """Templates are compiled once, and not for each console: that took a quarter of the time."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED: Final = _Compiled()


@dataclass
class Slack:
    """Stands in for the directory: who is an auditor now."""

    auditors: set[str] = field(default_factory=lambda: {AUDITOR})
    deactivated: set[str] = field(default_factory=set)
    answers: bool = True
    #: What people are called; each id that was asked for is in `asked`.
    names: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    #: While it is set, names come at once.
    tells: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.tells.set()

    async def name(self, user_id: str) -> str:
        self.asked.append(user_id)
        await self.tells.wait()
        return self.names.get(user_id, "") if self.answers else ""

    async def person(self, user_id: str) -> Person:
        if not self.answers:
            raise DirectoryUnavailable("no answer")
        return Person(user_id=user_id, team=TEAM, is_deactivated=user_id in self.deactivated)

    async def members(self, group_id: str) -> frozenset[str]:
        if not self.answers:
            raise DirectoryUnavailable("no answer")
        return frozenset(self.auditors)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Time:
    now: int

    def __call__(self) -> int:
        return self.now


class Visitor:
    """Keeps its cookie; `site` is what a browser says of where a click came from."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.cookie = ""

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, b"", headers)

    async def post(self, path: str, site: str = "same-origin", **values: str) -> Answer:
        body = urlencode(values).encode()
        kind = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        return await self.ask("POST", path, body, {**kind, "sec-fetch-site": site})

    async def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        bare, _, query = path.partition("?")
        named = {"host": "127.0.0.1:8001", **headers, **({"cookie": self.cookie} if self.cookie else {})}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(bare),
            "raw_path": bare.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.console(scope, receive, send)
        got = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        if "set-cookie" in got:
            self.cookie = got["set-cookie"].split(";")[0]
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Answer(sent[0]["status"], got, text)


@dataclass
class Place:
    """`sql` in coupon.toml names U0SQL."""

    database: Path
    slack: Slack
    time: Time
    console: Console
    #: What the console's log says.
    lines: io.StringIO

    def link(self, person: str = AUDITOR, *, lasts_ms: int = 600_000) -> str:
        """The token of a link as `/coupon audit open` makes it."""
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).hexdigest()
        now, until = self.time(), self.time() + lasts_ms

        def make(tx: Transaction) -> None:
            tx.add_console_link(digest=digest, person=person, made_at=now, expires_at=until)
            tx.append(ConsoleLinkMade(expires_at=until).done_by(person))

        Store(self.database, clock=self.time).write_once(make)
        return token

    def visitor(self) -> Visitor:
        return Visitor(self.console)

    async def signed_in(self, person: str = AUDITOR) -> Visitor:
        visitor = self.visitor()
        answer = await visitor.post("/sign-in", token=self.link(person))
        assert answer.status == 303
        return visitor

    def events(self, limit: int = 1) -> list[Recorded]:
        return newest(self.database, limit)


def place(database: Path, *, url: str = URL) -> Place:
    toml = database.parent / "coupon.toml"
    words = COUPON_TOML.replace("[roles]", '[roles]\nauditors = ["S0FIN"]')
    words = 'ticket_pattern = ".+"\nticket_url = "https://desk.example/t/{ticket}"\n' + words
    toml.write_text(words + f'\n[audit]\nconsole_url = "{url}"\nconsole_sql = ["U0SQL"]\n', encoding="utf-8")
    slack, time = Slack(), Time(newest(database, 1)[-1].ts + 60_000)
    lines = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(lines), processors=[structlog.processors.JSONRenderer()]
    )
    note = noting(logger)
    config = load_coupon_toml(toml)
    parts = outside(
        Store(database, clock=time), config, slack, team=TEAM, url=url, note=note, name=slack.name
    )
    console = Console(parts)
    console.datasette.jinja_env.bytecode_cache = _COMPILED
    return Place(database, slack, time, console, lines)
