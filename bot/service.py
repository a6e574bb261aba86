"""The running bot: start checks, loops, the way in from Slack, and the drain on SIGTERM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channel_watch import ChannelWatch
from bot.clock import steady_ms, utc_ms
from bot.clock_checks import clock_check, compare_log, hear_slack, hear_wechatpay, log_doubt
from bot.coupon_toml import CouponToml
from bot.database_watch import watch_database
from bot.first_look import FirstLook, tell_stop
from bot.health import health_app
from bot.key_files import KeyFiles
from bot.metrics import Metrics
from bot.needs import Need
from bot.notify import PATH as NOTIFY_PATH
from bot.readiness import Readiness, until_reached
from bot.settings import Settings
from bot.slack_app import session, web_client
from bot.start_checks import APP_TOKEN_REFUSED, app_token_problem, config_problems
from bot.troubles import Troubles
from bot.wechat_proof import prove_answers, reach_wechatpay
from bot.wiring import Bells, Parts, build, notify, wechatpay_client
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable
from coupons.model import Request
from coupons.ports import Clock, Outcome
from coupons.settling import Pace
from handlers.directory import SlackDirectory
from handlers.premises import HISTORY_SCOPES, WorkspaceRefused, find_workspace
from handlers.web_api import SlackError
from storage.ledger import SqliteLedger
from wechatpay.client import Client
from wechatpay.errors import WechatPayError

#: Certificates may change with a day's notice; WeChat Pay asks to look every 12 hours.
_CERTIFICATES_EVERY_S = 12 * 3600.0
_WARN_BEFORE_END_S = 30 * 24 * 3600
#: Supervisors commonly kill 30 seconds after SIGTERM; what is then in flight stays resumable.
_DRAIN_S = 25.0
#: An address for Socket Mode that did not open by then is thrown away for a new one.
_CONNECT_S = 10.0
_SOCKET_WATCH_S = 5.0


class StartRefused(Exception):
    """What cannot get better by waiting; `problems` has one sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Service:
    """One run of the bot, from an open database to a drained one.

    `reread` reads the settings and their files anew; without it changed key files need a restart.
    """

    def __init__(
        self,
        settings: Settings,
        config: CouponToml,
        *,
        logger: structlog.stdlib.BoundLogger,
        pace: Pace | None = None,
        clock: Clock = utc_ms,
        steady: Clock = steady_ms,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self._settings = settings
        self._config = config
        self._logger = logger
        self._pace = pace or Pace()
        self._clock = ClockWatch(clock, steady=steady)
        self._reread = reread
        self._key_files: KeyFiles | None = None
        self._troubles = Troubles(logger)
        self._metrics = Metrics()
        self.readiness = Readiness()
        self.readiness.watch(Need.SOCKET, self._socket_check)
        self.readiness.watch(Need.CLOCK, clock_check(self._clock))
        self._metrics.follow(lambda need: self.readiness.why(need) is not None)
        self._bells = Bells()
        self._channel = ChannelWatch(
            config.approval_channel,
            readiness=self.readiness,
            troubles=self._troubles,
            bell=self._bells.showing,
            logger=logger,
        )
        self._app: AsyncApp | None = None
        self._socket: AsyncSocketModeHandler | None = None

    def look_at_files(self) -> None:
        """Take changed key files now: for SIGHUP."""
        if self._key_files is not None:
            self._key_files.look_now()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises StartRefused, BadSetting, DatabaseRefused and CheckpointRefused."""
        async with AsyncExitStack() as stack:
            clock = self._clock
            wechatpay = await stack.enter_async_context(
                wechatpay_client(self._settings, self._tell, clock=clock, signed_at=hear_wechatpay(clock))
            )
            self.readiness.watch(Need.SIGNATURES, lambda: wechatpay.trust.problem)
            ledger = SqliteLedger(self._settings.coupon_database, clock=clock, on_commit=self._bells.ring)
            stack.push_async_callback(ledger.close)
            http = await stack.enter_async_context(session(hear_slack(clock)))
            await compare_log(clock, ledger)
            await self._listen(stack, wechatpay, ledger)
            slack = web_client(
                self._settings.slack_bot_token.get_secret_value(),
                base_url=self._settings.slack_api_url,
                session=http,
            )
            starting = asyncio.create_task(self._start(slack, wechatpay, ledger))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                await asyncio.wait({starting})
                return
            parts = starting.result()
            await self._work(parts, slack, wechatpay, ledger, stopping)

    # --- start

    async def _start(self, slack: AsyncWebClient, wechatpay: Client, ledger: SqliteLedger) -> Parts:
        config = self._config
        groups = config.policy.groups
        workspace = await self._reach_slack(lambda: find_workspace(slack, uses_groups=bool(groups)))
        directory = SlackDirectory(slack, team=workspace.team, clock=self._clock)
        problems = await self._reach_slack(lambda: config_problems(config, slack, directory, workspace))
        if problems:
            raise StartRefused(tuple(problems))
        lacking = HISTORY_SCOPES - workspace.scopes
        if workspace.scopes and lacking:
            self._logger.warning("posts_may_come_twice", missing_scopes=sorted(lacking))
        first = FirstLook(self._settings, ledger=ledger, clock=self._clock, logger=self._logger)
        parts = build(
            self._settings,
            config,
            workspace=workspace,
            directory=directory,
            approval_channel=self._channel.channel,
            slack=slack,
            wechatpay=wechatpay,
            ledger=ledger,
            clock=self._clock,
            bells=self._bells,
            metrics=self._metrics,
            troubles=self._troubles,
            pace=self._pace,
            on_outcome=self._on_outcome,
            on_doubt=log_doubt(self._logger),
            sign=first.sign,
        )
        await first.compare(slack, config.audit_channel, bot_user=workspace.bot_user)
        channels = dict.fromkeys(filter(None, (config.approval_channel, config.audit_channel)))
        await first.raise_numbers(slack, channels, bot_user=workspace.bot_user)
        await first.tell_start()
        return parts

    async def _reach_slack(self, call: Any) -> Any:
        try:
            return await until_reached(
                call,
                need=Need.SLACK,
                sentence="Slack does not answer",
                healing=(SlackError, DirectoryUnavailable),
                readiness=self.readiness,
                troubles=self._troubles,
            )
        except WorkspaceRefused as error:
            raise StartRefused(error.problems) from error

    # --- work

    async def _work(
        self,
        parts: Parts,
        slack: AsyncWebClient,
        wechatpay: Client,
        ledger: SqliteLedger,
        stopping: asyncio.Task[bool],
    ) -> None:
        loops = [asyncio.create_task(worker.run(), name=name) for name, worker in parts.workers.items()]
        beside = [
            asyncio.create_task(work, name=name)
            for name, work in self._beside(parts, slack, wechatpay, ledger)
        ]
        try:
            await self._open(parts, stopping)
            self.readiness.has(Need.START)
            self._logger.info("ready", mode="socket" if self._socket else "http")
            await asyncio.wait([stopping, *loops], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.readiness.lacks(Need.START, "the bot is stopping")
            await self._close()
            for worker in parts.workers.values():
                worker.stop()
            for task in beside:
                task.cancel()
            await asyncio.wait([*loops, *beside], timeout=_DRAIN_S)
            await parts.actions.drain()
            await parts.form.drain()
            await parts.audit.drain()
            await tell_stop(ledger, self._troubles)
        for loop in loops:
            # A loop that died of a bug must not leave a bot that only looks alive.
            if loop.done():
                loop.result()

    def _beside(
        self, parts: Parts, slack: AsyncWebClient, wechatpay: Client, ledger: SqliteLedger
    ) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        work = [
            ("directory", parts.directory.keep_fresh(self._agent_groups(), self._troubles.expected)),
            ("socket", self._keep_socket_address_fresh()),
            ("home", parts.home.run()),
            ("database", watch_database(ledger, self.readiness, self._logger)),
            ("approval channel", self._channel.run(slack, parts.announcer)),
            ("proof", prove_answers(wechatpay)),
        ]
        if self._settings.wechatpay_public_key_id is None:
            work.append(("wechatpay", self._keep_certificates(wechatpay)))
        else:
            work.append(("wechatpay", reach_wechatpay(wechatpay, self.readiness, self._troubles)))
        if self._reread is not None:
            self._key_files = KeyFiles(
                self._settings, reread=self._reread, wechatpay=wechatpay, logger=self._logger
            )
            work.append(("key files", self._key_files.run()))
        return work

    def _tell(self, word: str, sentence: str) -> None:
        self._logger.warning(word, problem=sentence)

    def _on_outcome(self, request: Request, outcome: Outcome) -> None:
        self._troubles.attempted(request, outcome)
        self._metrics.attempts.labels(outcome=outcome.kind).inc()
        if outcome.status is None:
            self.readiness.lacks(Need.WECHATPAY, f"WeChat Pay does not answer ({outcome.code})")
        else:
            self.readiness.has(Need.WECHATPAY)

    def _agent_groups(self) -> tuple[str, ...]:
        return tuple(entry for entry in self._config.policy.agents if entry.startswith("S"))

    async def _keep_certificates(self, wechatpay: Client) -> None:
        while True:
            await until_reached(
                wechatpay.keys.refresh,
                need=Need.WECHATPAY,
                sentence="WeChat Pay's platform certificates could not be downloaded",
                healing=(WechatPayError,),
                readiness=self.readiness,
                troubles=self._troubles,
            )
            self._warn_of_the_end(wechatpay)
            await asyncio.sleep(_CERTIFICATES_EVERY_S)

    def _warn_of_the_end(self, wechatpay: Client) -> None:
        now = self._clock() // 1000
        ends = wechatpay.keys.ring.verifies_until(now=now)
        if ends is not None and ends - now < _WARN_BEFORE_END_S:
            self._tell(
                "certificate_ends",
                f"the last platform certificate ends on {datetime.fromtimestamp(ends, UTC):%Y-%m-%d} and no "
                "successor can be downloaded yet; look at the console, or move to the public key",
            )

    # --- the way in

    async def _listen(self, stack: AsyncExitStack, wechatpay: Client, ledger: SqliteLedger) -> None:
        app = health_app(self.readiness, self._metrics.registry)
        if self._settings.slack_app_token is None:
            app.router.add_post("/slack/events", self._slack_events)
        heard = notify(
            self._settings,
            wechatpay=wechatpay,
            ledger=ledger,
            clock=self._clock,
            metrics=self._metrics,
            troubles=self._troubles,
            logger=self._logger,
        )
        stack.push_async_callback(heard.aclose)
        app.router.add_post(NOTIFY_PATH, heard.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        host, port = self._settings.coupon_listen
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartRefused(
                (f"COUPON_LISTEN is {host}:{port}, but nothing can listen there: {error.strerror}",)
            ) from error
        self._logger.info("listening", addresses=[f"{name[0]}:{name[1]}" for name in runner.addresses])

    def _socket_check(self) -> str | None:
        if self._socket is None:
            return None
        session = self._socket.client.current_session
        return "Slack's Socket Mode is not connected" if session is None or session.closed else None

    async def _keep_socket_address_fresh(self) -> None:
        while True:
            await asyncio.sleep(_SOCKET_WATCH_S)
            if self._socket is not None and self._socket_check() is not None:
                # An address is good once, and soon. After a longer outage slack_sdk would try the dead one
                # for ever; having none, it asks for another.
                self._socket.client.wss_uri = None

    async def _slack_events(self, request: web.Request) -> web.Response:
        if self._app is None:
            return web.Response(status=503, text="the bot is starting")
        try:
            # Bolt reads the JSON before it looks at the signature, and takes all of it for JSON.
            heard = await to_bolt_request(request)
        except (ValueError, RecursionError):
            return web.Response(status=400, text="this is no payload of Slack's")
        return await to_aiohttp_response(await self._app.async_dispatch(heard))

    async def _open(self, parts: Parts, stopping: asyncio.Task[bool]) -> None:
        token = self._settings.slack_app_token
        if token is None:
            self._app = parts.app
            return
        # Known before it is open, so that it is closed whatever comes, and `/readyz` tells of it.
        socket = self._socket = AsyncSocketModeHandler(parts.app, token.get_secret_value())
        connecting = asyncio.create_task(self._connect(socket))
        await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not connecting.done():
            connecting.cancel()
            await asyncio.wait({connecting})
        else:
            connecting.result()

    async def _connect(self, socket: AsyncSocketModeHandler) -> None:
        async def connect() -> None:
            try:
                # Asked for here: slack_sdk's connect swallows every error, repeats it for ever, and never
                # asks for a new address once it has one.
                socket.client.wss_uri = await socket.client.issue_new_wss_url()
                async with asyncio.timeout(_CONNECT_S):
                    await socket.connect_async()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                code = str(error.response.get("error"))
                if code in APP_TOKEN_REFUSED:
                    raise StartRefused((app_token_problem(code),)) from error
                raise

        await until_reached(
            connect,
            need=Need.SLACK,
            sentence="Slack's Socket Mode is not connected",
            healing=(SlackClientError, aiohttp.ClientError, TimeoutError, OSError),
            readiness=self.readiness,
            troubles=self._troubles,
        )

    async def _close(self) -> None:
        self._app = None
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]
