"""The running bot: start checks, loops, the way in from Slack, and the drain on SIGTERM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.acks import Acks
from bot.bells import Bells
from bot.channel_watch import ChannelWatch
from bot.clock import steady_ms, utc_ms
from bot.clock_checks import clock_check, compare_log, hear_slack, hear_wechatpay, log_doubt
from bot.config.coupon_toml import CouponToml
from bot.config.settings import Settings
from bot.database_watch import watch_database
from bot.health import health_app
from bot.http_side import serve
from bot.key_files import KeyFiles
from bot.metrics import Metrics
from bot.needs import Need
from bot.notify import PATH as NOTIFY_PATH
from bot.notify_wiring import notify
from bot.parts import Parts
from bot.pauses import Pauses
from bot.readiness import Readiness, StartRefused, until_reached
from bot.restore_checks import RestoreCheck, tell_stop, until_done
from bot.slack_app import session, web_client
from bot.slack_events import SlackEvents
from bot.socket_mode import SocketMode
from bot.start_checks import config_problems, config_warnings
from bot.troubles import Troubles
from bot.wechat_proof import NOT_THERE, WRONG_ADDRESS, prove_answers, reach_wechatpay, why_not
from bot.wechatpay_client import wechatpay_client
from bot.wiring import build
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable, StorageUnavailable
from coupons.leases import Holding, name_of_this_start
from coupons.model import Request
from coupons.outcome import Outcome
from coupons.ports import Clock
from coupons.settling import Pace
from handlers.directory import SlackDirectory
from handlers.web_api import SlackError
from handlers.workspace_checks import FILE_SCOPES, HISTORY_SCOPES, READ_SCOPES, find_workspace
from storage.ledger import SqliteLedger
from wechatpay import Client, WechatPayError

#: Certificates may change with a day's notice; WeChat Pay asks to look every 12 hours.
_CERTIFICATES_EVERY_S = 12 * 3600.0
_WARN_BEFORE_END_S = 30 * 24 * 3600
#: Supervisors commonly kill 30 seconds after SIGTERM; what is then in flight stays resumable.
_DRAIN_S = 25.0
#: What the log says of a token without these.
_WITHOUT = {
    HISTORY_SCOPES: "posts_may_come_twice",
    READ_SCOPES: "files_cannot_be_read",
    FILE_SCOPES: "files_cannot_be_sent",
}


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
        pauses: Pauses | None = None,
        clock: Clock = utc_ms,
        steady: Clock = steady_ms,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self._settings = settings
        self._config = config
        self._logger = logger
        self._pace = pace or Pace(per_second=config.sends_per_second, in_flight=config.sends_at_once)
        self._pauses = pauses or Pauses()
        self._clock = ClockWatch(clock, steady=steady)
        self._reread = reread
        self._key_files: KeyFiles | None = None
        self._troubles = Troubles(logger)
        self.metrics = Metrics()
        self.readiness = Readiness()
        self.readiness.watch(Need.CLOCK, clock_check(self._clock))
        self.metrics.follow(lambda need: self.readiness.why(need) is not None)
        self._bells = Bells()
        self._holder = name_of_this_start()
        self._channel = ChannelWatch(
            config.approval_channel,
            readiness=self.readiness,
            troubles=self._troubles,
            bell=self._bells.showing,
            pauses=self._pauses,
            logger=logger,
        )
        #: What the start did without, by name: tried again beside the work.
        self._put_off: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
        self._socket: SocketMode | None = None
        self._slack_events: SlackEvents | None = None
        acks, token, secret = Acks(self.metrics), settings.slack_app_token, settings.slack_signing_secret
        if token is not None:
            self._socket = SocketMode(
                token.get_secret_value(), acks=acks, readiness=self.readiness, troubles=self._troubles
            )
        elif secret is not None:
            self._slack_events = SlackEvents(secret.get_secret_value(), acks=acks, logger=logger)

    def check_files(self) -> None:
        """Take changed key files now: for SIGHUP."""
        if self._key_files is not None:
            self._key_files.check_now()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises Refusal and BadSetting."""
        async with AsyncExitStack() as stack:
            clock = self._clock
            wechatpay = await stack.enter_async_context(
                wechatpay_client(self._settings, self._tell, clock=clock, signed_at=hear_wechatpay(clock))
            )
            self.readiness.watch(Need.SIGNATURES, lambda: wechatpay.trust.problem)
            ledger = SqliteLedger(
                self._settings.coupon_database,
                clock=clock,
                on_commit=self._bells.ring,
                moment=clock.moment,
            )
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
            raise StartRefused(*problems)
        for warning in await self._reach_slack(lambda: config_warnings(config, directory)):
            self._logger.warning("settings_doubtful", problem=warning)
        for scopes, event in _WITHOUT.items():
            if lacking := workspace.lacks(scopes):
                self._logger.warning(event, missing_scopes=lacking)
        first = RestoreCheck(self._settings, ledger=ledger, clock=self._clock, logger=self._logger)
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
            holder=self._holder,
            troubles=self._troubles,
            pace=self._pace,
            pauses=self._pauses,
            on_outcome=self._on_outcome,
            on_lookup=self._on_lookup,
            on_doubt=log_doubt(self._logger),
            sign=first.sign,
        )
        await first.compare(slack, config.audit_channel, bot_user=workspace.bot_user)
        channels = dict.fromkeys(filter(None, (config.approval_channel, config.audit_channel)))
        numbers = partial(first.raise_numbers, slack, channels, bot_user=workspace.bot_user)
        if not await numbers():
            self._put_off["numbers"] = partial(until_done, numbers, self._troubles)
        await first.tell_start()
        return parts

    async def _reach_slack(self, call: Any) -> Any:
        return await until_reached(
            call,
            need=Need.SLACK,
            sentence=lambda _: "Slack does not answer",
            healing=(SlackError, DirectoryUnavailable),
            readiness=self.readiness,
            troubles=self._troubles,
        )

    # --- work

    async def _work(
        self,
        parts: Parts,
        slack: AsyncWebClient,
        wechatpay: Client,
        ledger: SqliteLedger,
        stopping: asyncio.Task[bool],
    ) -> None:
        clock_loops = Holding("clock loops", holder=self._holder, ledger=ledger, steady=self._clock.steady)
        loops = [asyncio.create_task(loop.run(clock_loops), name=name) for name, loop in parts.loops.items()]
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
            for loop in parts.loops.values():
                loop.stop()
            for task in beside:
                task.cancel()
            await asyncio.wait([*loops, *beside], timeout=_DRAIN_S)
            await parts.after_ack.drain()
            await tell_stop(ledger, self._troubles)
        for running in loops:
            # A loop that died of a bug must not leave a bot that only looks alive.
            if running.done():
                running.result()

    def _beside(
        self, parts: Parts, slack: AsyncWebClient, wechatpay: Client, ledger: SqliteLedger
    ) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        work = [
            *((name, begin()) for name, begin in self._put_off.items()),
            ("directory", parts.directory.keep_fresh(self._agent_groups(), self._troubles.expected)),
            ("home", parts.home.run()),
            (
                "database",
                watch_database(ledger, self.readiness, self._logger, every_s=self._pauses.database_s),
            ),
            ("approval channel", self._channel.run(slack, parts.announcer)),
            ("proof", prove_answers(wechatpay)),
        ]
        if self._socket is not None:
            work.append(("socket", self._socket.keep_address_fresh()))
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

    def _on_lookup(self, answered: bool) -> None:  # noqa: FBT001 - the one thing that a caller of it tells
        self.metrics.coupon_lookups.labels(answered="yes" if answered else "no").inc()

    def _on_outcome(self, request: Request, outcome: Outcome) -> None:
        self._troubles.attempted(request, outcome)
        self.metrics.attempts.labels(outcome=outcome.kind).inc()
        if outcome.status is None:
            self.readiness.lacks(Need.WECHATPAY, f"WeChat Pay does not answer ({outcome.code})")
        elif outcome.code == NOT_THERE:
            self.readiness.lacks(Need.WECHATPAY, WRONG_ADDRESS)
        else:
            self.readiness.has(Need.WECHATPAY)

    def _agent_groups(self) -> tuple[str, ...]:
        return tuple(entry for entry in self._config.policy.agents if entry.startswith("S"))

    async def _keep_certificates(self, wechatpay: Client) -> None:
        while True:
            await until_reached(
                wechatpay.keys.refresh,
                need=Need.WECHATPAY,
                sentence=partial(
                    why_not, otherwise="WeChat Pay's platform certificates could not be downloaded"
                ),
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
        app = health_app(self.readiness, self.metrics.registry, partial(self._count_posts, ledger))
        if self._slack_events is not None:
            app.router.add_post("/slack/events", self._slack_events.handle)
        heard = notify(
            self._settings,
            wechatpay=wechatpay,
            ledger=ledger,
            clock=self._clock,
            metrics=self.metrics,
            troubles=self._troubles,
            logger=self._logger,
        )
        stack.push_async_callback(heard.aclose)
        app.router.add_post(NOTIFY_PATH, heard.handle)
        host, port = self._settings.coupon_listen
        try:
            addresses = await stack.enter_async_context(serve(app, host, port))
        except OSError as error:
            raise StartRefused(
                f"COUPON_LISTEN is {host}:{port}, but nothing can listen there: {error.strerror}"
            ) from error
        self._logger.info("listening", addresses=addresses)

    async def _count_posts(self, ledger: SqliteLedger) -> None:
        try:
            waiting = await ledger.read(lambda rows: rows.waiting_posts())
        except StorageUnavailable:
            # `/readyz` says so.
            waiting = None
        self.metrics.wait(waiting, self._clock())

    async def _open(self, parts: Parts, stopping: asyncio.Task[bool]) -> None:
        if self._slack_events is not None:
            self._slack_events.open(parts.app)
        if self._socket is not None:
            await self._socket.open(parts.app, stopping)

    async def _close(self) -> None:
        if self._slack_events is not None:
            self._slack_events.close()
        if self._socket is not None:
            await self._socket.close()
