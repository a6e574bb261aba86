"""The whole bot between its two stand-ins, over real HTTP and WebSockets on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.clock import utc_ms
from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import load_settings
from bot.pauses import Pauses
from bot.service import Service
from coupons.ports import Clock
from coupons.settling import Pace
from sandbox.slack.acting import Answer
from sandbox.slack.messages import Message
from sandbox.slack.running import Slack
from sandbox.slack.workspace import EVERYBODY, Workspace
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.keys import KeyMaterial, make_keys
from sandbox.wechatpay.stand_in import WeChatPay
from sandbox.wechatpay.stocks import CodeMode, Stock
from storage.driver import sqlite3
from storage.proof.verify import verify
from tests.empty_database import empty_database

T = TypeVar("T")

#: The same people, all with Slack in English: tests quote English sentences.
ENGLISH_TEAM = Workspace(people=tuple(replace(person, locale="en-US") for person in EVERYBODY))

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
LATE, BIG = "1212121212", "3434343434"

STOCKS = (
    Stock(stock_id=LATE, name="late", value_fen=1000),
    Stock(stock_id=BIG, name="big", value_fen=5000),
    Stock(stock_id="5656565656", name="own codes", value_fen=1000, code_mode=CodeMode.MERCHANT_API),
    Stock(
        stock_id="7878787878",
        name="uploaded",
        value_fen=1000,
        code_mode=CodeMode.MERCHANT_UPLOAD,
        uploaded_codes=("UP-1", "UP-2", "UP-3"),
    ),
)

COUPON_TOML = """
approval_channel = "C0APPROVE"

[roles]
agents = ["S0AGENTS", "U0WANG"]
approvers = ["S0LEADS"]

[[stock]]
stock_id = "1212121212"
alias = "late-10"
name = "¥10 off, late delivery"
value_fen = 1000
code_mode = "WECHATPAY_MODE"

[[stock]]
stock_id = "3434343434"
alias = "sorry-50"
name = "¥50 off, with apologies"
value_fen = 5000
code_mode = "WECHATPAY_MODE"

[[stock]]
stock_id = "5656565656"
alias = "own-10"
name = "¥10 off, our own code"
value_fen = 1000
code_mode = "MERCHANT_API"

[[stock]]
stock_id = "7878787878"
alias = "uploaded-10"
name = "¥10 off, uploaded code"
value_fen = 1000
code_mode = "MERCHANT_UPLOAD"

[[rule]]
max_value_fen = 2000
approvals = 1

[[rule]]
approvals = 2

# Most flows ask for the same customer again and again; those of the guard switch it on.
[duplicates]
hours = 0
"""

#: Short pauses: what is promised about them is their order and number, not their length.
QUICK = Pace(
    pauses_s=(0.02, 0.05, 0.1, 0.2), too_fast_s=(0.02, 0.05, 0.1, 0.2), tries=8, quiet_ms=300, in_flight=16
)

_KEYS: list[KeyMaterial] = []


def keys() -> KeyMaterial:
    """Made once: RSA keys are slow to make, and no test changes them."""
    if not _KEYS:
        _KEYS.append(make_keys())
    return _KEYS[0]


def environment(slack: Slack, wechatpay_url: str, folder: Path, *, mode: KeyMode) -> dict[str, str]:
    """The settings of the contract, for these two stand-ins."""
    merchant = keys().merchant
    key_file = folder / "apiclient_key.pem"
    key_file.write_text(merchant.private_key_pem)
    config = folder / "coupon.toml"
    if not config.exists():
        config.write_text(COUPON_TOML)
    values = {
        "SLACK_BOT_TOKEN": slack.setup.bot_token,
        "SLACK_APP_TOKEN": slack.setup.app_token,
        "SLACK_API_URL": slack.api_url,
        "WECHATPAY_MCHID": merchant.mchid,
        "WECHATPAY_APPID": merchant.appid,
        "WECHATPAY_SERIAL_NO": merchant.serial_no,
        "WECHATPAY_PRIVATE_KEY_FILE": str(key_file),
        "WECHATPAY_APIV3_KEY": merchant.apiv3_key,
        "WECHATPAY_API_URL": wechatpay_url,
        "COUPON_DATABASE": str(folder / "coupon.db"),
        "COUPON_CONFIG": str(config),
        "COUPON_LISTEN": "127.0.0.1:0",
    }
    if mode is not KeyMode.CERTIFICATE:
        values["WECHATPAY_PUBLIC_KEY_ID"] = merchant.public_key_id
        values["WECHATPAY_PUBLIC_KEY"] = merchant.public_key_pem
    return values


#: For what never comes: a busy machine is slow, and being patient costs nothing where a wait ends well.
PATIENCE_S = 60.0
#: Cards that are drawn anew for what stands beside them rest up to a minute, once there were many of them.
_REDRAWS_REST_S = 60.0


async def until(condition: Callable[[], T | None], within_s: float = PATIENCE_S) -> T:
    """The first value that is not None. Rows change without telling us, so they are looked at again."""
    async with asyncio.timeout(within_s):
        while (found := condition()) is None:  # noqa: ASYNC110 - another process may write the rows
            await asyncio.sleep(0.01)
    return found


@dataclass(slots=True)
class World:
    """What a flow holds in its hand."""

    slack: Slack
    wechatpay: WeChatPay
    folder: Path
    environ: dict[str, str]
    pace: Pace = QUICK
    clock: Clock = utc_ms
    pauses: Pauses = field(default_factory=Pauses)
    service: Service | None = None
    _running: asyncio.Task[None] | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    #: While the bot runs: which file it is, and a connection to it.
    _reader: tuple[int, Any] | None = None

    # --- the bot

    async def start(self) -> None:
        settings = load_settings(self.environ)
        config = load_coupon_toml(settings.coupon_config)
        self.service = Service(
            settings,
            config,
            logger=structlog.get_logger(),
            pace=self.pace,
            pauses=self.pauses,
            clock=self.clock,
        )
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self.service.run(self._stop))
        connected = asyncio.create_task(self.slack.wait_for(lambda: bool(self.slack.sockets.links) or None))
        await asyncio.wait({connected, self._running}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            connected.cancel()
            self._running.result()
        await connected

    async def stop(self) -> None:
        self._stop.set()
        # The bot's own must be the last connection: its closing writes the WAL back.
        self._close_reader()
        if self._running is not None:
            await self._running
        self._running = None

    # --- people

    async def send(self, text: str, who: str = "U0LI", **options: Any) -> Answer:
        return await self.slack.person(who).command("C0SUPPORT", f"/coupon {text}", **options)

    async def ask(self, stock: str = "late-10", who: str = "U0LI", openid: str = OPENID) -> int:
        """A request, its card standing; returns its number."""
        answer = await self.send(f"send {openid} {stock} parcel four days late", who)
        number = self.newest()
        assert f"#{number}" in answer.text, answer.text
        await self.card(number)
        return number

    async def approve(self, number: int, who: str = "U0WANG", **options: Any) -> Answer:
        card = await self.card(number)
        return await self.slack.person(who).click(card.channel, card.ts, "approve_request", **options)

    async def decline(self, number: int, why: str, who: str = "U0WANG") -> None:
        card = await self.card(number)
        person = self.slack.person(who)
        opened = await person.click(card.channel, card.ts, "decline_request")
        view = await opened.view()
        await person.submit(view, {"reason": why})

    # --- what is there to see

    async def card(self, number: int) -> Message:
        return await until(lambda: self.card_now(number))

    def card_now(self, number: int) -> Message | None:
        row = self.row(number)
        if row is None or row["card_ts"] is None:
            return None
        return self.slack.message(row["card_channel"], row["card_ts"])

    def thread(self, number: int) -> list[str]:
        card = self.card_now(number)
        assert card is not None
        return [reply.words() for reply in self.slack.messages(card.channel, thread_ts=card.ts)]

    async def reply(self, number: int, words: str) -> str:
        """A reply in the card's thread that has these words."""
        await self.card(number)
        return await self.slack.wait_for(
            lambda: next((reply for reply in self.thread(number) if words in reply), None)
        )

    async def state(self, number: int, *states: str) -> str:
        """Wait until the row *and* the card have reached one of these states."""

        def reached() -> str | None:
            row = self.row(number)
            return row["state"] if row is not None and row["state"] in states else None

        found = await until(reached)
        await self.quiet()
        return found

    async def quiet(self) -> None:
        """Until everything promised to Slack has been told."""
        await until(
            lambda: not self.rows("select 1 from outbox") or None, within_s=PATIENCE_S + _REDRAWS_REST_S
        )

    async def whisper(self, who: str, words: str) -> str:
        """An ephemeral answer to a click of this person (not to a command) that has these words."""

        def heard() -> str | None:
            answers = [m for m in self.slack.ephemerals(who) if m.source == "chat.postEphemeral"]
            return next((m.words() for m in answers if words in m.words()), None)

        return await until(heard)

    # --- what is on disk

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        if self._running is None or self._stop.is_set():
            with closing(self._connect()) as connection:
                return [dict(row) for row in connection.execute(sql, values)]
        file = self._file()
        if self._reader is None or self._reader[0] != file:
            self._close_reader()
            self._reader = file, self._connect()
        return [dict(row) for row in self._reader[1].execute(sql, values)]

    def _connect(self) -> Any:
        # With the bot's own driver: two SQLite libraries in one process undo each other's file locks.
        connection = sqlite3.connect(f"file:{self.folder / 'coupon.db'}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        return connection

    def _file(self) -> int:
        """Which file stands at the path now; 0: none."""
        path = self.folder / "coupon.db"
        return path.stat().st_ino if path.exists() else 0

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader[1].close()
            self._reader = None

    def row(self, number: int) -> dict[str, Any] | None:
        found = self.rows("select * from request where id = :id", id=number)
        return found[0] if found else None

    def newest(self) -> int:
        return int(self.rows("select max(id) as id from request")[0]["id"])

    def events(self, number: int | None = None) -> list[dict[str, Any]]:
        found = [json.loads(row["body"]) for row in self.rows("select body from event order by seq")]
        return [event for event in found if number is None or event["request_id"] == number]

    def tags(self, number: int) -> list[str]:
        return [event["tag"] for event in self.events(number)]

    def audit_holds(self) -> None:
        verify(self.folder / "coupon.db")


@asynccontextmanager
async def world(
    folder: Path,
    *,
    mode: KeyMode = KeyMode.PUBLIC_KEY,
    workspace: Workspace | None = None,
    pace: Pace = QUICK,
    clock: Clock = utc_ms,
    pauses: Pauses | None = None,
    stand_in: WeChatPay | None = None,
    **wechatpay: Any,
) -> AsyncGenerator[World]:
    """Both stand-ins and the bot, all running; everything is closed at the end.

    `stand_in`: for one that does more than a WeChatPay with the options `wechatpay`.
    """
    stand_in = stand_in or WeChatPay(keys(), stocks=STOCKS, mode=mode, **wechatpay)
    team = workspace or ENGLISH_TEAM
    # Slack's three seconds are promised by flows that say so, and measured by the benchmarks.
    async with team.serve(ack_seconds=PATIENCE_S) as slack, stand_in.serve() as running:
        slack.state.triggers.seconds = PATIENCE_S
        environ = environment(slack, running.url, folder, mode=mode)
        here = World(slack, stand_in, folder, environ, pace, clock, pauses or Pauses())
        empty_database(folder / "coupon.db")
        await here.start()
        try:
            yield here
        finally:
            stand_in.release()
            await here.stop()
