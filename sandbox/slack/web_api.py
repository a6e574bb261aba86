"""`/api/<method>` over HTTP: read the call, check token and scope, run it, answer as Slack does."""

import json
from typing import Any

from aiohttp import web

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.faults import Fault, FaultKind, Faults
from sandbox.slack.methods import Method, Run, method_table
from sandbox.slack.misbehaving import NOT_PROCESSED, Misbehaving
from sandbox.slack.state import Call, State

FORM = ("application/x-www-form-urlencoded", "multipart/form-data")


class WebApi:
    def __init__(self, state: State, faults: Faults, misbehaving: Misbehaving, open_socket: Run) -> None:
        self._state = state
        self._faults = faults
        self._misbehaving = misbehaving
        self._methods = method_table(open_socket)

    async def handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        try:
            values, is_json = await read_values(request)
            unreadable: SlackError | None = None
        except SlackError as error:
            values, is_json, unreadable = {}, False, error
        token = _token(request, values)
        fault = self._faults.draw(name, values.get("channel"))
        if fault is not None:
            self._state.changes.note("fault", method=name, fault=fault.kind.value)

        def process() -> web.Response:
            try:
                if unreadable:
                    raise unreadable
                body = {"ok": True, **self._run(name, token, values, is_json=is_json)}
            except SlackError as error:
                body = error.body
            self._record(name, values, body.get("error"), fault)
            return web.json_response(body, headers=self._headers(name, token))

        if fault is not None and fault.kind in NOT_PROCESSED:
            self._record(name, values, None, fault)
        return await self._misbehaving.answer(request, fault, process)

    def _run(self, name: str, token: str | None, values: JSON, *, is_json: bool) -> JSON:
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        caller = self._caller(token, method)
        caller.need_scope(*method.scopes)
        # A method that reads forms only sees nothing of a JSON body, and says that arguments are missing.
        return method.run(caller, Arguments({} if is_json and not method.reads_json else values))

    def _caller(self, token: str | None, method: Method) -> Caller:
        setup = self._state.setup
        if not token:
            raise SlackError("not_authed")
        if token == setup.bot_token:
            caller = Caller(self._state, "bot", setup.bot_scopes)
        elif token == setup.app_token:
            caller = Caller(self._state, "app", setup.app_scopes)
        else:
            raise SlackError("invalid_auth")
        if caller.token_kind not in method.tokens:
            raise SlackError("not_allowed_token_type")
        return caller

    def _headers(self, name: str, token: str | None) -> dict[str, str]:
        setup = self._state.setup
        scopes = {setup.bot_token: setup.bot_scopes, setup.app_token: setup.app_scopes}.get(token or "")
        if scopes is None:
            return {}
        method = self._methods.get(name)
        accepted = ",".join(method.scopes) if method else ""
        return {"x-oauth-scopes": ",".join(scopes), "x-accepted-oauth-scopes": accepted}

    def _record(self, name: str, values: JSON, error: Any, fault: Fault | None) -> None:
        record_call(self._state, name, values, 200, error, fault)


def record_call(
    state: State, method: str, values: JSON, status: int, error: str | None, fault: Fault | None
) -> None:
    """Keep the call, and what its caller got to see of it."""
    answered: int | None = status
    processed = fault is None or fault.kind not in NOT_PROCESSED
    if fault is not None:
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                answered, error = 429, "ratelimited"
            case FaultKind.SERVER_ERROR:
                answered = fault.status
            case FaultKind.API_ERROR:
                error = fault.error
            case FaultKind.CUT_BEFORE | FaultKind.CUT_AFTER:
                answered = None
    shown = {key: value for key, value in values.items() if key != "token"}
    kind = fault.kind.value if fault else None
    state.calls.append(Call(state.clock(), method, shown, answered, error, kind, processed))
    state.changes.note("call", method=method, status=answered, error=error, fault=kind)


def _token(request: web.Request, values: JSON) -> str | None:
    """From the header, or from a form's `token`; Slack takes none from a query string."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and token:
        return token
    posted = values.get("token")
    return posted if isinstance(posted, str) and "token" not in request.query else None


async def read_values(request: web.Request) -> tuple[JSON, bool]:
    """The arguments and whether they came as JSON. Raises SlackError: invalid_json, invalid_post_type, …"""
    query: JSON = dict(request.query)
    if request.method == "GET" or not request.can_read_body:
        return query, False
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return query | body, True
    if request.content_type in FORM:
        form = await request.post()
        return query | {key: value for key, value in form.items() if isinstance(value, str)}, False
    raise SlackError("invalid_post_type")
