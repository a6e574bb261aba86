"""`/_sandbox/…`: the workspace for another process, or a page in a browser. JSON in, JSON out, no token."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox.slack import admin_json
from sandbox.slack.acting import Actor
from sandbox.slack.answers import Answer
from sandbox.slack.deliveries import Twice
from sandbox.slack.errors import JSON, CannotDoError
from sandbox.slack.running import Slack
from sandbox.slack.transcript import Transcript
from sandbox.slack.view_store import View

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LONGEST_POLL_SECONDS = 60.0


class Admin:
    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_sandbox/workspace", self._json(lambda _: admin_json.workspace(self._slack))),
            web.get("/_sandbox/messages", self._json(self._messages)),
            web.get("/_sandbox/ephemerals", self._json(self._ephemerals)),
            web.get("/_sandbox/views", self._json(self._views)),
            web.get("/_sandbox/calls", self._json(self._calls)),
            web.get("/_sandbox/deliveries", self._json(self._deliveries)),
            web.get("/_sandbox/events", self._events),
            web.get("/_sandbox/transcript", self._transcript),
            web.post("/_sandbox/people/{user}/{act}", _reported(self._act)),
            web.post("/_sandbox/people/{user}", _reported(self._person)),
            web.post("/_sandbox/groups/{group}", _reported(self._group)),
            web.post("/_sandbox/channels/{channel}", _reported(self._channel)),
            web.post("/_sandbox/faults", _reported(self._faults)),
            web.delete("/_sandbox/faults", _reported(self._no_faults)),
            web.post("/_sandbox/sockets", _reported(self._sockets)),
            web.post("/_sandbox/duplicate", _reported(self._duplicate)),
        ]

    def _json(self, read: Callable[[web.Request], Any]) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            return web.json_response(read(request))

        return _reported(handler)

    # Reading

    def _messages(self, request: web.Request) -> list[JSON]:
        thread_ts, deleted = request.query.get("thread_ts"), "deleted" in request.query
        found = self._slack.messages(request.query["channel"], thread_ts=thread_ts, deleted=deleted)
        return [admin_json.message(self._slack, item) for item in found]

    def _ephemerals(self, request: web.Request) -> list[JSON]:
        found = self._slack.ephemerals(request.query.get("user"), request.query.get("channel"))
        return [admin_json.message(self._slack, item) for item in found]

    def _views(self, request: web.Request) -> list[JSON]:
        return [admin_json.view(self._slack, item) for item in self._slack.views(request.query.get("user"))]

    def _calls(self, request: web.Request) -> list[JSON]:
        return [asdict(call) for call in self._slack.calls(request.query.get("method"))]

    def _deliveries(self, request: web.Request) -> list[JSON]:  # noqa: ARG002 - takes no question
        return [admin_json.delivery(item) for item in self._slack.deliveries]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Changes after number `after`; with none yet, waits for one up to `timeout` seconds (default 25)."""
        after = int(request.query.get("after", 0))
        seconds = min(float(request.query.get("timeout", 25)), LONGEST_POLL_SECONDS)
        changes = self._slack.state.changes
        try:
            found = await changes.wait_for(lambda: changes.after(after), seconds)
        except TimeoutError:
            found = []
        events = [admin_json.change(item) for item in found]
        return web.json_response({"events": events, "last": changes.last}, dumps=_dumps)

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        drawn = Transcript(self._slack, viewer=query.get("viewer"), color="color" in query)
        text = drawn.channel(query["channel"]) if "channel" in query else drawn.everything()
        return web.Response(text=text)

    # Acting

    async def _act(self, request: web.Request) -> web.StreamResponse:
        actor = self._slack.person(request.match_info["user"])
        body = await _body(request)
        if request.match_info["act"] == "say":
            said = actor.say(body["channel"], body["text"], thread_ts=body.get("thread_ts"))
            return web.json_response(admin_json.message(self._slack, said))
        answer = await self._answer(actor, request.match_info["act"], body)
        return web.json_response(admin_json.answer(self._slack, answer))

    async def _answer(self, actor: Actor, act: str, body: JSON) -> Answer:
        twice = Twice(body["twice"]) if "twice" in body else None
        match act:
            case "command":
                return await actor.command(body["channel"], body["text"], twice=twice)
            case "click":
                return await actor.click(
                    body["channel"],
                    body["ts"],
                    body["action_id"],
                    body.get("value"),
                    confirm=bool(body.get("confirm", True)),
                    stale=bool(body.get("stale", False)),
                    twice=twice,
                )
            case "press":
                view = self._view(body)
                return await actor.press(view, body["action_id"], body.get("value"), twice=twice)
            case "submit":
                return await actor.submit(self._view(body), body.get("values"), twice=twice)
            case "close":
                return await actor.close(self._view(body), everything=bool(body.get("everything")))
            case "open_home":
                return await actor.open_home(twice=twice)
            case _:
                raise CannotDoError(f"there is nothing called {act!r} to do")

    def _view(self, body: JSON) -> View:
        return self._slack.state.views.by_id[body["view_id"]]

    # Changing the world

    async def _person(self, request: web.Request) -> web.StreamResponse:
        self._slack.set_person(request.match_info["user"], **await _body(request))
        return web.json_response({"ok": True})

    async def _group(self, request: web.Request) -> web.StreamResponse:
        self._slack.set_group(request.match_info["group"], (await _body(request))["members"])
        return web.json_response({"ok": True})

    async def _channel(self, request: web.Request) -> web.StreamResponse:
        """`{"do": "archive" | "unarchive"}`, `{"do": "remove", "user"}`, `{"do": "invite", "user", "by"}`."""
        channel, body = request.match_info["channel"], await _body(request)
        match body.get("do"):
            case "archive":
                self._slack.archive(channel)
            case "unarchive":
                self._slack.unarchive(channel)
            case "remove":
                self._slack.leave(channel, body["user"])
            case "invite":
                await self._slack.invite(channel, body["user"], by=body["by"])
            case other:
                raise ValueError(
                    f"channels are archived, unarchived, invited to, removed from, not {other!r}"
                )
        return web.json_response({"ok": True})

    async def _faults(self, request: web.Request) -> web.StreamResponse:
        """`{"method", "kind", …}` with `times` (default 1), or with `share` and `seed` for a rate."""
        body = await _body(request)
        fault = admin_json.fault(body)
        if "share" in body:
            self._slack.faults.rate(body["method"], fault, float(body["share"]), int(body.get("seed", 0)))
        else:
            self._slack.faults.next(body["method"], fault, times=int(body.get("times", 1)))
        return web.json_response({"ok": True})

    async def _no_faults(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - a route's shape
        self._slack.faults.clear()
        return web.json_response({"ok": True})

    async def _sockets(self, request: web.Request) -> web.StreamResponse:
        """`{"do": "cut" | "silence" | "disconnect", "reason": …}`, to all open links."""
        body = await _body(request)
        match body.get("do"):
            case "cut":
                self._slack.sockets.cut()
            case "silence":
                self._slack.sockets.silence()
            case "disconnect":
                await self._slack.sockets.disconnect(str(body.get("reason", "refresh_requested")))
            case other:
                raise ValueError(f"sockets can be cut, silenced or disconnected, not {other!r}")
        return web.json_response({"ok": True})

    async def _duplicate(self, request: web.Request) -> web.StreamResponse:
        self._slack.duplicate = Twice((await _body(request))["twice"])
        return web.json_response({"ok": True})


def _reported(handler: Handler) -> Handler:
    """One sentence for what cannot be done: 409 a person could not, 404 no such thing, 400 not understood."""

    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except CannotDoError as error:
            return web.json_response({"error": str(error)}, status=409)
        except KeyError as error:
            return web.json_response({"error": f"missing or unknown: {error.args[0]}"}, status=404)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return wrapped


async def _body(request: web.Request) -> JSON:
    """Raises ValueError when it is no JSON object."""
    body = await request.json() if request.can_read_body else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - one kind of complaint for the caller
    return body


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
