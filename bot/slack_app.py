"""Bolt, wired for us: no network inside a listener, the ack out as soon as the listener ends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from wechatpay.hosts import is_loopback
from wechatpay.proxies import EnvironmentProxies

#: A post that hangs longer counts as lost, and is looked for.
_TIMEOUT_S = 15


def web_client(token: str | None, *, base_url: str, session: aiohttp.ClientSession | None) -> AsyncWebClient:
    """One connection pool for all calls.

    No retry handlers: slack_sdk's default one repeats a call whose connection broke, and so posts twice.
    Raises BadSetting for a proxy of the environment that cannot be used.
    """
    client = AsyncWebClient(
        token=token, base_url=base_url, session=session, timeout=_TIMEOUT_S, retry_handlers=[]
    )
    # Set afterwards: without one, slack_sdk takes what it finds in the environment, whatever NO_PROXY says.
    client.proxy = proxy_for(base_url)
    return client


def proxy_for(address: str) -> str | None:
    """The proxy of the environment, read as for WeChat Pay; a stand-in on this machine is behind none.

    Raises BadSetting.
    """
    found = None if is_loopback(URL(address).host or "") else EnvironmentProxies().of(address)
    return None if found is None else str(found)


def session(on_date: Callable[[str], None] = lambda _date: None) -> aiohttp.ClientSession:
    """`on_date` hears each answer's `Date`. Who calls names the proxy: see `proxy_for`."""

    async def answered(
        _session: aiohttp.ClientSession, _context: object, end: aiohttp.TraceRequestEndParams
    ) -> None:
        on_date(end.response.headers.get("Date", ""))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), trace_configs=[trace])


def bolt_app(
    client: AsyncWebClient,
    *,
    team: str,
    bot_user: str,
    signing_secret: str | None,
) -> AsyncApp:
    """`signing_secret` None: Socket Mode, where the socket itself is authenticated."""

    async def authorize(**_: Any) -> AuthorizeResult:
        # Ours, so that Bolt asks Slack nothing before a listener runs, and takes no OAuth settings from the
        # environment.
        return AuthorizeResult(enterprise_id=None, team_id=team, bot_user_id=bot_user, bot_token=client.token)

    return AsyncApp(
        # Without one Bolt reads the source of every caller on the stack to name itself after a file.
        name="coupon-bot",
        # Without a token: each request's is the one of `authorize`, and Bolt warns of a second one.
        client=web_client(None, base_url=client.base_url, session=client.session),
        logger=logging.getLogger("slack_bolt.AsyncApp"),
        authorize=authorize,
        signing_secret=signing_secret or "socket-mode",
        request_verification_enabled=signing_secret is not None,
        # Without it Bolt looks for the ack every 10 ms. Our listeners do nothing after it.
        process_before_response=True,
        attaching_function_token_enabled=False,
    )
