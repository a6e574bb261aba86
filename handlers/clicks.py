"""A click is kept before its ack, with the place where it was made; it is decided by what is true later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from coupons.desk import Desk
from coupons.model import ClickAction, NewClick
from coupons.ports import Clock
from handlers import payloads
from handlers.after_ack import ACK_WITHIN_S
from handlers.views import modals

#: Of a button on what is neither a message nor a view of ours: no request is shown like that.
_NOWHERE = "-"


class Clicks:
    """`on_trouble` hears of what was not kept."""

    def __init__(
        self,
        *,
        desk: Desk,
        approval_channel: str,
        clock: Clock,
        on_trouble: Callable[[BaseException], str],
    ) -> None:
        self._desk = desk
        self._channel = approval_channel
        self._clock = clock
        self._on_trouble = on_trouble

    async def keep(self, click: NewClick) -> bool:
        """False: it was not, and gets no ack."""
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                await self._desk.keep_click(click)
        except Exception as error:  # noqa: BLE001 - no ack, so that Slack itself shows that it failed
            self._on_trouble(error)
            return False
        return True

    def click(
        self,
        body: Mapping[str, Any],
        action: ClickAction,
        number: int,
        *,
        key: str,
        origin: modals.Origin,
        reason: str = "",
        of_batch: bool = False,
    ) -> NewClick:
        """`number`: of the request, or of the batch."""
        return NewClick(
            key=key,
            action=action,
            request_id=0 if of_batch else number,
            batch=number if of_batch else None,
            person=payloads.person(body),
            team=payloads.team(body),
            channel=origin.channel or self.place(body),
            reason=reason,
            at=self._clock(),
            message_ts=origin.ts,
            out_request_no=origin.out_request_no,
        )

    def place(self, body: Mapping[str, Any]) -> str:
        """Where an answer is looked for: where it was clicked. On Home: the person's direct messages."""
        if channel := payloads.channel(body):
            return channel
        on_card = body.get("type") == "view_submission" and not modals.was_opened_from_home(body["view"])
        return self._channel if on_card else payloads.person(body)


def origin_of(body: Mapping[str, Any], action: Mapping[str, Any]) -> modals.Origin:
    """What a button was pressed on."""
    channel, container = payloads.channel(body), body.get("container") or {}
    ts = container.get("message_ts") or (body.get("message") or {}).get("ts")
    shown = str(action.get("block_id") or "")
    # An answer that only one person sees is no card; like Home it says which request it shows.
    if channel and ts and not container.get("is_ephemeral"):
        return modals.Origin(channel=channel, ts=str(ts), out_request_no=shown)
    # Views have no place; those of Home say with each block which request it shows.
    return modals.Origin(out_request_no=shown or _NOWHERE)
