"""The console as one ASGI application: the gate, its own pages, and the few of Datasette's that are meant."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from datasette.utils.asgi import Request, Response

from console import unhandled
from console.address_checks import NotAsked
from console.columns import KINDS, NUMBERS, detail, head
from console.explaining import UNKNOWN, explained
from console.form_body import posted
from console.headers import guarded
from console.language import WORDS, state_name, words
from console.log_database import NAME, WRITTEN, LogDatabase, LogDatasette
from console.pages import Pages
from console.person_names import COLUMNS, People
from console.ports import Outside
from console.queries import METADATA, NoSql, NoSuchPage, Queries
from console.record_access import AccessRecord
from console.sessions import Session, Sessions, cookie, secret_of
from console.sign_in import NOT_AUDITOR, OPEN, Guesses, SignInRefused, sign_in, still
from coupons.days import beijing_time
from coupons.events import Tag
from coupons.money import in_yuan, yuan

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Scope = dict[str, Any]

_HERE: Final = Path(__file__).parent
_SETTINGS: Final = {
    "allow_download": False,
    "allow_facet": True,
    "suggest_facets": False,
    "allow_csv_stream": True,
    "default_allow_sql": False,
    "max_returned_rows": 1000,
    "default_facet_size": 8,
    "default_page_size": 50,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 800,
    # Longer than anything that can be asked: words that somebody looked for are read whole.
    "truncate_cells_html": 5_000,
    "num_sql_threads": 3,
    "default_cache_ttl": 0,
}


class Console:
    """Raises nothing: whatever happens is a page."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._base = urlsplit(outside.url).path.rstrip("/")
        self._secure = outside.url.startswith("https:")
        settings = {**_SETTINGS, "base_url": f"{self._base}/", "force_https_urls": self._secure}
        self.datasette = LogDatasette(
            [], template_dir=str(_HERE / "templates"), metadata=METADATA, settings=settings
        )
        self.datasette.remove_database("_memory")
        self.database = LogDatabase(self.datasette, outside.database)
        self.datasette.add_database(self.database, name=NAME)
        unhandled.install()
        self._app = self.datasette.app()
        css = (_HERE / "console.css").read_text(encoding="utf-8")
        self._digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
        self.datasette.jinja_env.globals |= {
            "css": css,
            "base": self._base,
            "kinds": KINDS,
            "numbers": NUMBERS,
            "tags": tuple(Tag),
            "words": words,
            "language": lambda: WORDS.get().language,
        }
        filters: dict[str, Callable[[Any], object]] = {
            "beijing": beijing_time,
            "yuan": yuan,
            "in_yuan": in_yuan,
            "head": head,
            "detail": detail,
            "state": state_name,
            "ticket_address": lambda text: outside.ticket_address(str(text or "")),
            "cause": lambda code: outside.cause(WORDS.get().language, code),
        }
        self.datasette.jinja_env.filters |= filters
        self._sessions = Sessions(outside.clock)
        self._guesses = Guesses(outside.clock)
        access = AccessRecord(outside)
        people = People(outside)
        self.datasette.jinja_env.globals |= {"learn_cells": people.learn_cells, "of_people": COLUMNS}
        self.datasette.jinja_env.filters["person"] = people.shown_as
        self._pages = Pages(outside, self.database, access, people, self._render)
        self._queries = Queries(self.datasette, self.database, access, outside.url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = str(scope["path"])
        if self._base and path.startswith(f"{self._base}/"):
            path = path[len(self._base) :]
        elif self._base and path == self._base:
            path = "/"
        # The sign-in page's address holds the link's secret. Elsewhere without a referrer a browser on plain
        # http would name no origin, either.
        send = guarded(send, self._digest, "no-referrer" if path == "/sign-in" else "same-origin")
        scope = {**scope, "path": path, "raw_path": path.encode("ascii", "replace")}
        begun = False
        WRITTEN.set(False)
        WORDS.set(self._outside.language(Request(scope, receive).headers.get("accept-language") or ""))

        async def watched(message: dict[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._answer(Request(scope, receive), path, watched)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a sentence
            if begun:
                # Without the end that was promised the server breaks the connection off, and whoever fetches
                # a file sees that it is not whole.
                self._outside.note(error)
                return
            await (await self._of(error, path)).asgi_send(send)

    async def _of(self, error: Exception, path: str) -> Any:
        """The answer to what went wrong; it may hold what this person asked for, and a log may not."""
        sentence, status = explained(error) or (words(UNKNOWN, reference=self._outside.note(error)), 500)
        if path.endswith(".json"):
            return Response.json({"ok": False, "error": sentence, "status": status}, status=status)
        return await self._reply(sentence, status)

    async def _answer(self, request: Any, path: str, send: Send) -> None:
        if path == "/sign-in":
            await (await self._sign_in(request)).asgi_send(send)
            return
        secret = secret_of(request)
        session = self._sessions.find(secret)
        if session is None:
            await (await self._reply(words("You are not signed in."), 401, out=True)).asgi_send(send)
        elif request.method not in {"GET", "HEAD"} and not _same_origin(request):
            await (
                await self._reply(words("That click came from another site, so nothing was done."), 403)
            ).asgi_send(send)
        elif path == "/sign-out" and request.method == "POST":
            self._sessions.end(secret)
            answer = await self._reply(words("You are signed out."), 200, out=True)
            answer.headers["set-cookie"] = cookie("", secure=self._secure)
            await answer.asgi_send(send)
        else:
            await self._to_auditor(request, path, session, secret, send)

    async def _to_auditor(self, request: Any, path: str, session: Session, secret: str, send: Send) -> None:
        """Whoever is none any more is out, and finds nothing but the way in."""
        now = await still(self._outside, session)
        if now is None:
            self._sessions.end(secret)
            await (await self._reply(words(NOT_AUDITOR), 403, out=True)).asgi_send(send)
        elif path == f"/{NAME}" or path.startswith((f"/{NAME}/", f"/{NAME}.")):
            await self._of_datasette(request, path, now, send)
        else:
            answer = await self._pages.answer(request, path, now)
            await (answer or await self._reply(words("There is no such page."), 404, now)).asgi_send(send)

    async def _of_datasette(self, request: Any, path: str, session: Session, send: Send) -> None:
        try:
            answer = await self._queries.before(request, path, session)
        except NoSuchPage:
            answer = await self._reply(words("There is no such page."), 404, session)
        except NoSql:
            answer = await self._reply(
                words("SQL is for those whom console_sql in coupon.toml names."), 403, session
            )
        if answer is not None:
            await answer.asgi_send(send)
        else:
            await self._queries.pass_on(self._app, request, session, send)

    async def _sign_in(self, request: Any) -> Any:
        if request.method == "GET":
            # Whoever draws a preview of the link, or looks whether it is safe, fetches it, too: only the
            # button uses it up.
            token = request.args.get("token") or ""
            return Response.html(
                await self._render("sign_in.html", {"token": token, "title": words("Sign in")})
            )
        if request.method != "POST" or not _same_origin(request, at_sign_in=True):
            return await self._reply(
                words("That click came from another site, so nothing was done."), 403, out=True
            )
        try:
            found = await sign_in(self._outside, self._guesses, await _token(request))
        except SignInRefused as error:
            return await self._reply(words(str(error)), error.status, out=True)
        secret = self._sessions.begin(found.person, sql=found.sql)
        headers = {"location": f"{self._base}/", "set-cookie": cookie(secret, secure=self._secure)}
        return Response("", status=303, headers=headers)

    async def _reply(
        self, sentence: str, status: int, session: Session | None = None, *, out: bool = False
    ) -> Any:
        """One sentence; `out`: to somebody who is not signed in, with how to be."""
        context = {
            "sentence": sentence,
            "how": words(OPEN) if out else "",
            "title": words("Console"),
            "session": session,
        }
        return Response.html(await self._render("sentence.html", context), status=status)

    async def _render(self, name: str, context: Mapping[str, Any]) -> str:
        template = self.datasette.jinja_env.get_template(name)
        return str(await template.render_async({"session": None, **context}))


def _same_origin(request: Any, *, at_sign_in: bool = False) -> bool:
    """By what browsers say of a request and no page can change."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        # "none": by the person's own hand.
        return site in {"same-origin", "none"}
    if at_sign_in and origin in {None, "null"}:
        # The sign-in page sends no referrer, which over plain http makes its origin "null"; the link's
        # secret is what counts there.
        return True
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


async def _token(request: Any) -> str:
    try:
        return (await posted(request)).get("token", "")[:200]
    except NotAsked:
        return ""
