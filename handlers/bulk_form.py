"""The form with a file: opened by `/coupon bulk` or from a message with a file, checked, submitted.

What is in the file is read after the ack. Its delivery and the file name a draft for ever, so a submission
that Slack delivers twice makes one draft.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.asking import Stopped
from coupons.batch_asking import BatchAsking
from coupons.batches import NewBatch
from coupons.catalogue import Catalogue
from coupons.errors import DirectoryUnavailable, StorageUnavailable
from coupons.ports import Clock
from coupons.reasons import Reasons
from handlers import parsing, payloads
from handlers.after_ack import ACK_WITHIN_S, AfterAck
from handlers.bulk.bulk_file import MOST_BYTES
from handlers.directory import Readers
from handlers.posting import Poster
from handlers.views import bulk_form, failures, inputs, refusals
from handlers.views.bulk_form import FILE_TYPES, BulkPrefill, GivenFile
from handlers.views.inputs import value_of
from handlers.views.words import Words
from handlers.web_api import SlackError, open_view

#: A name may be longer than anything is shown of it.
_NAME_LONGEST = 200


class BulkForm:
    """`on_trouble` keeps the error under the reference that the person is told."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        asking: BatchAsking,
        catalogue: Catalogue,
        reasons: Reasons,
        poster: Poster,
        after_ack: AfterAck,
        readers: Readers,
        clock: Clock,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._client = client
        self._asking = asking
        self._catalogue = catalogue
        self._reasons = reasons
        self._poster = poster
        self._after_ack = after_ack
        self._readers = readers
        self._clock = clock
        self._on_trouble = on_trouble

    def register(self, app: AsyncApp) -> None:
        app.shortcut("bulk_from_message")(self.on_message)
        app.view("bulk_form")(self.on_submit)

    def open_soon(self, trigger_id: str, user: str, prefill: BulkPrefill) -> None:
        """After the ack: the trigger is good for three seconds."""
        self._after_ack.begin(self._open(trigger_id, user, prefill))

    async def _open(self, trigger_id: str, user: str, prefill: BulkPrefill) -> None:
        words = await self._readers.words(user)
        view = bulk_form.bulk_form(words, prefill)
        try:
            await open_view(self._client, trigger_id, view)
        except SlackError as error:
            self._on_trouble(error)
            await self._poster.tell(prefill.channel, user, failures.send_form_did_not_open(words))

    async def on_message(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """With the message's file, which the person sees there; its address is the ticket."""
        await ack()
        message, channel = body.get("message") or {}, payloads.channel(body)
        files = _lists(message.get("files") or ())
        prefill = BulkPrefill(
            file=files[0] if len(files) == 1 else None,
            files_of_message=len(files),
            ticket=payloads.permalink(body, channel, str(message.get("ts") or "")),
            channel=channel,
        )
        self.open_soon(body["trigger_id"], payloads.person(body), prefill)

    async def on_submit(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        user = payloads.person(body)
        words = await self._readers.words(user)
        file, wrong = _read_file(words, view)
        if file is None:
            await ack(response_action="errors", errors={"file": wrong})
            return
        if (stock_id := _stock_id(view)) and self._catalogue.find(stock_id) is None:
            # Gone since the form was opened: lines without one would be told that none was chosen.
            await ack(response_action="errors", errors={"stock": inputs.choose_a_coupon(words)})
            return
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                result = await self._asking.receive(self._new(body, view, file), team=payloads.team(body))
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            wrong = failures.slack_did_not_answer(words).text
        except (TimeoutError, StorageUnavailable) as error:
            self._on_trouble(error)
            wrong = failures.not_kept_click_again(words).text
        except Exception as error:  # noqa: BLE001 - whatever it is, a person waits for an honest answer
            wrong = failures.something_went_wrong(words, self._on_trouble(error)).text
        else:
            if isinstance(result, Stopped):
                wrong = refusals.stopped(words, result).text
        if wrong:
            # A file that is known has no field of its own.
            await ack(response_action="errors", errors={_field(view): wrong[:2000]})
            return
        await ack()
        answer = bulk_form.received(words, file.name)
        self._after_ack.begin(self._poster.tell(bulk_form.channel_of(view), user, answer))

    def _new(self, body: Mapping[str, Any], view: Mapping[str, Any], file: GivenFile) -> NewBatch:
        reason, ticket = parsing.reason_and_ticket(
            str(value_of(view, "reason") or ""), str(value_of(view, "ticket") or "")
        )
        tickets = self._readers.channel.tickets
        return NewBatch(
            # Whoever corrects the file in a form that may have been taken already is heard, too.
            delivery=payloads.delivery_key(body, file.file_id),
            requester=payloads.person(body),
            file_id=file.file_id,
            file_name=file.name,
            stock_id=_stock_id(view),
            reason=self._reasons.spelled(reason)[: parsing.REASON_LONGEST],
            ticket=tickets.number(ticket),
            asked_at=self._clock(),
        )


def _read_file(words: Words, view: Mapping[str, Any]) -> tuple[GivenFile | None, str]:
    """The file, or what is wrong."""
    known = bulk_form.file_of(view)
    if known is not None:
        return known, ""
    files = value_of(view, "file", "files") or ()
    file = next((each for each in files if isinstance(each, dict) and each.get("id")), None)
    if file is None:
        return None, bulk_form.no_file(words)
    if int(file.get("size") or 0) > MOST_BYTES:
        return None, bulk_form.file_too_big(words, megabytes=MOST_BYTES // 2**20)
    return _given(file), ""


def _stock_id(view: Mapping[str, Any]) -> str:
    return str((value_of(view, "stock", "selected_option") or {}).get("value") or "")


def _lists(files: Sequence[Any]) -> list[GivenFile]:
    """Those that may be a list of customers, by their names."""
    found = (each for each in files if isinstance(each, dict) and each.get("id"))
    return [
        _given(each) for each in found if str(each.get("name") or "").lower().rpartition(".")[2] in FILE_TYPES
    ]


def _given(file: Mapping[str, Any]) -> GivenFile:
    name = str(file.get("name") or file.get("title") or file["id"])
    return GivenFile(file_id=str(file["id"]), name=name[:_NAME_LONGEST])


def _field(view: Mapping[str, Any]) -> str:
    """Under which an error stands that is of no field in particular."""
    return "stock" if bulk_form.file_of(view) else "file"
