"""`/coupon audit`: the log in a window of its own, for auditors; each page and story is asked for anew."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.audit_words import BadWord
from coupons.auditing import Auditing, NotAuditor
from coupons.errors import CouponsError
from handlers import payloads
from handlers.after_ack import AfterAck
from handlers.directory import Readers
from handlers.posting import Poster
from handlers.views import audit, audit_answers, failures
from handlers.views.message import Message
from handlers.views.words import Words
from handlers.web_api import SlackError, ask, open_view, update_view

View = dict[str, Any]


class Audit:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        auditing: Auditing,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        console_url: str,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._client = client
        self._auditing = auditing
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._console_url = console_url
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        app.action("audit_older")(self.on_page)
        app.action("audit_newer")(self.on_page)
        app.action("audit_export")(self.on_export)
        app.action("audit_story")(self.on_story)
        app.action("audit_other")(self.on_story)
        app.action("audit_openid")(self.on_openid)

    # --- the command

    async def answer(self, words: Words, text: str, person: str) -> Message | View:
        """A View is to be opened after the ack. Raises what `Auditing` raises, less what it can answer."""
        if text.casefold() == "help":
            return audit_answers.how_to_ask(words)
        if not audit_answers.fits(text):
            return audit_answers.too_long(words, len(text))
        try:
            return await self._first_page(words, text, person)
        except NotAuditor:
            return audit_answers.may_not_audit(words)
        except BadWord as error:
            return audit_answers.bad_word(words, error)

    async def _first_page(self, words: Words, text: str, person: str) -> Message | View:
        if text.casefold() == "open":
            made = await self._auditing.open_console(person)
            return audit_answers.link(words, self._console_url, made)
        asked = self._auditing.read(text)
        number, note = asked.only_request, ""
        if number is not None:
            story = await self._auditing.story(person, number)
            if story is not None:
                return audit.one(words, story)
            if asked.or_text is None:
                return audit_answers.no_such(words, number)
            note = audit_answers.number_as_text(words, number)
        return audit.results(words, await self._auditing.search(person, text), note=note)

    def open_soon(self, command: Mapping[str, Any], view: View) -> None:
        """After the ack: the trigger is good for three seconds."""
        self._after_ack.begin(self._open(command, view))

    async def _open(self, command: Mapping[str, Any], view: View) -> None:
        try:
            await open_view(self._client, command["trigger_id"], view)
        except SlackError as error:
            self._on_trouble(error)
            person = payloads.person(command)
            words = await self._readers.words(person)
            await self._poster.tell(payloads.channel(command), person, audit_answers.did_not_open(words))

    # --- in the window

    async def on_page(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        self._after_ack.begin(self._page(body, action))

    async def _page(self, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        text, below = _search_in(body["view"])
        if action.get("action_id") == "audit_newer":
            below = below[:-1]
        elif (place := payloads.number(action.get("value"))) is not None:
            below = (*below, place)

        async def draw(words: Words, person: str) -> View:
            return audit.results(words, await self._auditing.search(person, text, below))

        await self._redraw(body, draw)

    async def on_export(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self._after_ack.begin(self._export(body))

    async def _export(self, body: Mapping[str, Any]) -> None:
        text, below = _search_in(body["view"])

        async def draw(words: Words, person: str) -> View:
            count = await self._auditing.export(person, text)
            page = await self._auditing.search(person, text, below)
            return audit.results(words, page, note=audit_answers.on_its_way(words, count))

        await self._redraw(body, draw)

    async def on_story(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        self._after_ack.begin(self._story(body, action))

    async def _story(self, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        number = payloads.number(action.get("value"))
        if number is None:
            return

        async def draw(words: Words, person: str) -> View | None:
            story = await self._auditing.story(person, number)
            return None if story is None else audit.one(words, story)

        # From the list it lies on top, so that its closing leads back; another request takes its place.
        await self._redraw(body, draw, push=action.get("action_id") == "audit_story")

    async def on_openid(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        self._after_ack.begin(self._openid(body, action))

    async def _openid(self, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        number = payloads.number(action.get("value"))
        if number is None:
            return

        async def draw(words: Words, person: str) -> View | None:
            request = await self._auditing.openid(person, number)
            story = await self._auditing.story(person, number)
            if request is None or story is None:
                return None
            return audit.one(words, story, openid=request.openid)

        await self._redraw(body, draw)

    async def _redraw(
        self,
        body: Mapping[str, Any],
        draw: Callable[[Words, str], Coroutine[Any, Any, View | None]],
        *,
        push: bool = False,
    ) -> None:
        person, view = payloads.person(body), body["view"]
        words = await self._readers.words(person)
        try:
            drawn = await draw(words, person)
            if drawn is None:
                return
            if push:
                await ask(self._client, "views.push", as_json=True, trigger_id=body["trigger_id"], view=drawn)
            else:
                await update_view(self._client, view, drawn)
        except NotAuditor:
            await self._poster.tell("", person, audit_answers.may_not_audit(words))
        except (CouponsError, SlackError, BadWord) as error:
            # The window may have been closed or redrawn meanwhile; what is lost is a look, not a deed.
            await self._poster.tell("", person, failures.something_went_wrong(words, self._on_trouble(error)))


def _search_in(view: Mapping[str, Any]) -> tuple[str, tuple[int, ...]]:
    known = audit.metadata_of(view)
    below = known.get("below")
    places = tuple(place for place in (below if isinstance(below, list) else []) if isinstance(place, int))
    return str(known.get("text") or ""), places
