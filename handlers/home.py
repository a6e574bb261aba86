"""The app's Home tab: shown when it is opened, and anew after each change, for those who look at it.

Nothing here is promised: a Home that could not be shown is shown at the next change or opening.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from coupons.absence_desk import AbsenceDesk
from coupons.desk import Desk
from coupons.leases import Holding
from coupons.loops import Bell, Loop, OnTrouble
from coupons.model import ClickAction, NewClick
from coupons.ports import Clock
from handlers import payloads
from handlers.after_ack import ACK_WITHIN_S, AfterAck
from handlers.approval_channel import ApprovalChannel
from handlers.directory import Readers
from handlers.home_facts import WEEK_S, HomeFacts, Pending
from handlers.views import home
from handlers.web_api import RateLimited, SlackError, ask

#: What the language of a view that is shown beside may cost.
_LANGUAGE_WITHIN_S = 3.0
#: Who opened it so long ago has gone on to something else. Whoever opens it again is shown it at once.
_WATCHED_S = 3600.0
_MOST_WATCHERS = 500
_AT_ONCE = 8
_NOTE_S = 60.0


@dataclass(slots=True)
class _Watcher:
    """Somebody whose Home we keep fresh. Times are the loop's."""

    opened_at: float = 0.0
    #: Not shown anything before.
    free_at: float = 0.0
    #: Slack's, of the view that we showed last; with it an older view never replaces a newer one.
    hash: str = ""
    #: That view; empty: not known.
    shown: str = ""
    note: str = ""
    note_until: float = 0.0
    is_opening: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Home(Loop):
    """`open_form` takes a trigger and a user id. `approvers`: whom those without a role are told to ask.

    `pause_s`: between two views for one person. What changes meanwhile is shown together.
    """

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        facts: HomeFacts,
        desk: Desk,
        absence_desk: AbsenceDesk,
        readers: Readers,
        open_form: Callable[[str, str], Coroutine[Any, Any, None]],
        approvers: tuple[str, ...],
        approval_channel: ApprovalChannel,
        clock: Clock,
        bell: Bell,
        pause_s: float,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._client = client
        self._facts = facts
        self._desk = desk
        self._absence_desk = absence_desk
        self._readers = readers
        self._open_form = open_form
        self._approvers = approvers
        self._channel = approval_channel
        self._clock = clock
        self._pause_s = pause_s
        #: No round for everybody before that.
        self._rests_until = 0.0
        #: The one that opened last stands last.
        self._watchers: dict[str, _Watcher] = {}
        #: Slack's 429 is for the method, whoever's Home it is.
        self._closed_until = 0.0
        self._after_ack = AfterAck(on_trouble)

    def register(self, app: AsyncApp) -> None:
        app.event("app_home_opened")(self.on_opened)
        app.action("home_open_form")(self.on_open_form)
        app.action("home_approve_together")(self.on_approve_together)
        app.action("home_week_picture")(self.on_week_picture)
        app.action("home_back")(self.on_back)

    async def run(self, holding: Holding | None = None) -> None:
        """Until cancelled."""
        try:
            await super().run(holding)
        finally:
            self._after_ack.cancel()

    async def step(self) -> float | None:
        """Also without any change of ours: groups and languages change in Slack."""
        wait_s = max(self._rests_until, self._closed_until) - _now()
        if wait_s > 0:
            return wait_s
        again_s = None
        try:
            again_s = await self._round()
        except Exception as error:  # noqa: BLE001 - no trouble with one view may stop all that follow
            self._on_trouble(error)
        self._rests_until = _now() + self._pause_s
        return again_s

    # --- listeners

    async def on_opened(self, event: dict[str, Any]) -> None:
        # Also heard when somebody opens the messages.
        if event.get("tab") != "home":
            return
        user = str(event["user"])
        watcher = self._watch(user)
        watcher.hash = str((event.get("view") or {}).get("hash") or "")
        self._show_soon(user, watcher)

    async def on_open_form(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self._after_ack.begin(self._open_form(str(body["trigger_id"]), payloads.person(body)))

    async def on_week_picture(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        user, now = payloads.person(body), self._clock()
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                follows = await self._facts.report_week_to(user, now)
        except Exception as error:  # noqa: BLE001 - no ack, so that Slack itself shows that it failed
            self._on_trouble(error)
            return
        await ack()
        watcher = self._watch(user)
        if follows:
            watcher.note, watcher.note_until = home.WEEK_FOLLOWS, _now() + _NOTE_S
        self._show_soon(user, watcher)

    async def on_approve_together(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """One kept click for each, all or none; each is judged by itself, and refused by itself."""
        user, shown = payloads.person(body), _confirmed_requests(action)
        numbers = [number for number, _ in shown]
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                allowed = await self._facts.may_be_approved_together(numbers)
                if allowed:
                    await self._desk.keep_clicks(self._clicks(body, shown))
                else:
                    await self._facts.refuse_together(user, numbers)
        except Exception as error:  # noqa: BLE001 - no ack, so that Slack itself shows that it failed
            self._on_trouble(error)
            return
        await ack()
        if not allowed:
            # Shown before coupon.toml was changed.
            watcher = self._watch(user)
            watcher.note, watcher.note_until = home.NOT_TOGETHER, _now() + _NOTE_S
            self._show_soon(user, watcher)

    async def on_back(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Ends the absence that was shown, and no later one; the change itself shows Home anew."""
        try:
            async with asyncio.timeout(ACK_WITHIN_S):
                await self._absence_desk.end(
                    payloads.person(body), began_at=payloads.number(action.get("value"))
                )
        except Exception as error:  # noqa: BLE001 - no ack, so that Slack itself shows that it failed
            self._on_trouble(error)
            return
        await ack()

    def _clicks(self, body: Mapping[str, Any], shown: Sequence[tuple[int, str]]) -> list[NewClick]:
        person = payloads.person(body)
        return [
            NewClick(
                key=payloads.delivery_key(body, "home_approve_together", number),
                action=ClickAction.APPROVE,
                request_id=number,
                person=person,
                team=payloads.team(body),
                channel=person,
                reason="",
                at=self._clock(),
                # A view of an older version does not say which: then it is refused.
                out_request_no=out_request_no or "-",
            )
            for number, out_request_no in shown
        ]

    # --- who looks

    def _watch(self, user: str) -> _Watcher:
        watcher = self._watchers.pop(user, None) or _Watcher()
        watcher.opened_at = _now()
        self._watchers[user] = watcher
        while len(self._watchers) > _MOST_WATCHERS:
            del self._watchers[next(iter(self._watchers))]
        return watcher

    def _show_soon(self, user: str, watcher: _Watcher) -> None:
        if not watcher.is_opening:
            watcher.is_opening = True
            self._after_ack.begin(self._show_opened(user, watcher))

    async def _show_opened(self, user: str, watcher: _Watcher) -> None:
        try:
            await asyncio.sleep(max(0.0, watcher.free_at - _now(), self._closed_until - _now()))
            watcher.is_opening = False
            watcher.shown = ""
            await self._show(user, watcher, await self._facts.pending())
        except Exception as error:  # noqa: BLE001 - nobody awaits this task
            self._failed(error)
        finally:
            watcher.is_opening = False

    # --- showing

    async def _round(self) -> float | None:
        """Everybody who looks; what has stayed the same is not shown again. Returns when to come again."""
        now = _now()
        self._watchers = {
            user: watcher for user, watcher in self._watchers.items() if now - watcher.opened_at < _WATCHED_S
        }
        if not self._watchers:
            return None
        pending, gate = await self._facts.pending(), asyncio.Semaphore(_AT_ONCE)

        async def show(user: str, watcher: _Watcher) -> None:
            async with gate:
                await self._show(user, watcher, pending)

        due = []
        for user, watcher in self._watchers.items():
            if max(watcher.free_at, self._closed_until) > now:
                self._bell.ring()
            else:
                due.append(show(user, watcher))
        for result in await asyncio.gather(*due, return_exceptions=True):
            if isinstance(result, Exception):
                self._failed(result)
        return WEEK_S if pending.week_is_old else None

    async def _show(self, user: str, watcher: _Watcher, pending: Pending) -> None:
        async with watcher.turn:
            view = await self._draw(user, watcher, pending)
            drawn = json.dumps(view)
            if drawn == watcher.shown:
                return
            seen = {"hash": watcher.hash} if watcher.hash else {}
            # Until Slack says that it stands: it may, or may not.
            watcher.shown = watcher.hash = ""
            watcher.free_at = _now() + self._pause_s
            answer = await ask(self._client, "views.publish", as_json=True, user_id=user, view=view, **seen)
            watcher.shown, watcher.hash = drawn, str((answer.get("view") or {}).get("hash") or "")

    async def _draw(self, user: str, watcher: _Watcher, pending: Pending) -> home.View:
        words = await self._readers.words(user, within_s=_LANGUAGE_WITHIN_S)
        trusted = await self._facts.trusts(user)
        seen = await self._facts.overview(user, pending) if trusted else None
        if seen is None:
            return home.without_role(words, approvers=self._approvers, trusted=trusted)
        note = words(watcher.note) if watcher.note and _now() < watcher.note_until else ""
        return home.home(words, seen, note=note, lost=self._channel.lost)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, RateLimited):
            self._closed_until = max(self._closed_until, _now() + error.retry_after)
            self._bell.ring()
        elif isinstance(error, SlackError) and error.code == "hash_conflict":
            # Another one was shown meanwhile: drawn anew from the rows, ours is no older.
            self._bell.ring()
            return
        self._on_trouble(error)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _confirmed_requests(action: Mapping[str, Any]) -> list[tuple[int, str]]:
    """The requests that the person confirmed, each with its `out_request_no`; only a client that is not
    Slack's sends anything else."""
    parts = str(action.get("value") or "").split(",")[: home.SHOWN]
    pairs = (part.partition(":") for part in parts)
    return [
        (number, out_request_no)
        for digits, _, out_request_no in pairs
        if (number := payloads.number(digits)) is not None
    ]
