"""Clicks under the preview of a batch and on its card, and the form that strikes lines out.

As with requests: kept before the ack, and decided after it by what is true then.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.batch_terms import rows_of
from coupons.model import ClickAction, State
from coupons.ports import Ledger, Reading
from coupons.reasons import Wording
from handlers import payloads
from handlers.after_ack import ACK_WITHIN_S, AfterAck
from handlers.cleaning import drop_invisible, fold_width
from handlers.clicks import Clicks, origin_of
from handlers.directory import Readers
from handlers.posting import Poster
from handlers.views import failures, modals, struck_rows
from handlers.web_api import SlackError, open_view

_BUTTONS = {
    "submit_batch": ClickAction.SUBMIT_BATCH,
    "discard_batch": ClickAction.DISCARD_BATCH,
    "approve_batch": ClickAction.APPROVE_BATCH,
    "pause_batch": ClickAction.PAUSE_BATCH,
    "resume_batch": ClickAction.RESUME_BATCH,
    "cancel_batch": ClickAction.CANCEL_BATCH,
}
_FORMS = ("decline_batch", "strike_lines")
#: Of rows: an editor's, for a hyphen or a comma.
_MARKS = str.maketrans("–—−～、", "----,")


class BatchActions:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        clicks: Clicks,
        ledger: Ledger,
        client: AsyncWebClient,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        templates: Sequence[Wording],
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._clicks = clicks
        self._ledger = ledger
        self._client = client
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._templates = templates
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        for action_id in _BUTTONS:
            app.action(action_id)(self.on_button)
        for action_id in _FORMS:
            app.action(action_id)(self.on_form)
        app.view("strike_form")(self.on_strike_form)

    async def on_button(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        number, pressed = payloads.number(action.get("value")), str(action["action_id"])
        if number is None:
            await ack()
            return
        click = self._clicks.click(
            body,
            _BUTTONS[pressed],
            number,
            key=payloads.delivery_key(body, pressed, number),
            origin=origin_of(body, action),
            of_batch=True,
        )
        if await self._clicks.keep(click):
            await ack()

    async def on_form(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        number = payloads.number(action.get("value"))
        if number is not None:
            # After the ack: the trigger is good for three seconds, and Slack's answer may take as long.
            origin = origin_of(body, action)
            self._after_ack.begin(self._open(body, str(action["action_id"]), number, origin))

    async def on_strike_form(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        number = modals.batch_of(view)
        if number is None:
            await ack()
            return
        typed = str(view["state"]["values"]["rows"]["value"].get("value") or "")
        rows = fold_width(drop_invisible(typed)).translate(_MARKS).strip()
        words = await self._readers.words(payloads.person(body))
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                wrong = await self._ledger.read(partial(_problem, batch_id=number, rows=rows))
        except Exception as error:  # noqa: BLE001 - the form stays open and says so
            self._on_trouble(error)
            await ack(response_action="errors", errors={"rows": failures.not_kept_click_again(words).text})
            return
        if wrong is not None:
            await ack(response_action="errors", errors={"rows": struck_rows.problem(words, wrong, typed)})
            return
        click = self._clicks.click(
            body,
            ClickAction.STRIKE_LINES,
            number,
            key=payloads.delivery_key(body, hashlib.sha256(rows.encode()).hexdigest()),
            origin=modals.origin_of(view),
            reason=rows,
            of_batch=True,
        )
        if await self._clicks.keep(click):
            await ack()
        else:
            await ack(response_action="errors", errors={"rows": failures.not_kept_click_again(words).text})

    async def _open(self, body: Mapping[str, Any], pressed: str, number: int, origin: modals.Origin) -> None:
        person = payloads.person(body)
        words = await self._readers.words(person)
        try:
            if pressed == "decline_batch":
                templates = modals.decline_templates(self._templates, words, self._readers.channel)
                view = modals.decline_batch_modal(words, number, origin, templates)
            else:
                view = modals.strike_modal(words, number, origin)
            await open_view(self._client, body["trigger_id"], view)
        except SlackError as error:
            self._on_trouble(error)
            await self._poster.tell(
                self._clicks.place(body), person, failures.batch_form_did_not_open(words, number)
            )


def _problem(rows_of_ledger: Reading, *, batch_id: int, rows: str) -> struck_rows.RowsProblem | None:
    """What is wrong with rows as they were typed, as far as the batch tells now; None: nothing."""
    last = rows_of_ledger.last_row_of_batch(batch_id)
    ranges = rows_of(rows, last=last)
    if ranges is None:
        return struck_rows.unreadable(rows, last=last)
    struck: set[int] = set()
    for first, end in ranges:
        found = rows_of_ledger.requests_of_rows(
            batch_id, State.PENDING, first=first, last=end, limit=struck_rows.MOST + 1
        )
        struck.update(line.id for line in found)
        if len(struck) > struck_rows.MOST:
            return struck_rows.RowsProblem(struck_rows.WrongRows.TOO_MANY)
    if not struck:
        return struck_rows.RowsProblem(struck_rows.WrongRows.NO_LINE)
    batch = rows_of_ledger.batch(batch_id)
    all_lines = batch is not None and len(struck) >= batch.size
    return struck_rows.RowsProblem(struck_rows.WrongRows.ALL_LINES) if all_lines else None
