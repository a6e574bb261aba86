"""What the demo stands on: both stand-ins here, the real bot as its own process, all over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from sandbox.slack.messages import Message
from sandbox.slack.running import Slack
from sandbox.slack.server import serve
from sandbox.slack.setup import Setup
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.keys import Merchant, make_keys
from sandbox.wechatpay.stand_in import WeChatPay
from sandbox.wechatpay.stocks import Stock

T = TypeVar("T")

#: For what does not come: a small machine that does other things beside may take long.
START_S = 120.0
WAIT_S = 60.0


class Broken(Exception):
    """Something was not as promised; the text says what."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The stand-ins, the bot's process, and where the words go."""

    slack: Slack
    wechatpay: WeChatPay
    bot: asyncio.subprocess.Process
    environ: Mapping[str, str]
    log: Path
    out: TextIO

    @property
    def database(self) -> Path:
        """The bot's, which it writes while it runs: to be opened by `storage` only, and for reading."""
        return Path(self.environ["COUPON_DATABASE"])

    async def sees(self, condition: Callable[[], T | None], promise: str) -> T:
        """The first true value of `condition`. Raises Broken with the promise that was not kept."""
        try:
            return await self.slack.wait_for(lambda: condition() or None, WAIT_S)
        except TimeoutError as error:
            raise Broken(f"{promise}: not within {WAIT_S:.0f} s") from error

    async def card(self, number: int) -> Message:
        """The card of this request, waiting for a decision."""

        def standing() -> Message | None:
            cards = self.slack.messages("C0APPROVE")
            return next((card for card in cards if card.element("approve_request", str(number))), None)

        return await self.sees(standing, f"the card of request #{number} stands")

    async def stop_bot(self) -> None:
        """SIGTERM, and the bot ends when its work in flight is done. Raises Broken when it does not."""
        # Ctrl-C in a terminal reaches the bot as well, which may have ended by itself.
        with suppress(ProcessLookupError):
            self.bot.send_signal(signal.SIGTERM)
        try:
            status = await asyncio.wait_for(self.bot.wait(), WAIT_S)
        except TimeoutError as error:
            raise Broken(f"the bot still runs {WAIT_S:.0f} s after SIGTERM") from error
        if status:
            raise Broken(f"the bot ended with status {status} after SIGTERM; 0 was promised")


@asynccontextmanager
async def open_stage(
    setup: Setup,
    out: TextIO,
    *,
    stocks: Sequence[Stock],
    coupon_toml: str,
    mode: KeyMode = KeyMode.PUBLIC_KEY,
) -> AsyncGenerator[Stage]:
    """A bot connected to a Slack of this setup and a WeChat Pay with these stocks; all is gone at the end.

    Raises Broken when the bot does not come up."""
    print("Starting a Slack workspace, a WeChat Pay and the bot on this machine ...", file=out, flush=True)
    keys = make_keys()
    wechatpay = WeChatPay(keys, stocks=stocks, mode=mode)
    with tempfile.TemporaryDirectory(prefix="coupon-demo-") as name:
        folder = Path(name)
        async with serve(setup) as slack, wechatpay.serve() as running:
            (folder / "coupon.toml").write_text(coupon_toml, encoding="utf-8")
            environ = _environment(folder, slack, running.url) | _merchant(folder, keys.merchant, mode)
            log = folder / "bot.log"
            with log.open("wb") as lines:
                bot = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot", "run", env=environ, stderr=lines
                )
            try:
                stage = Stage(slack, wechatpay, bot, environ, log, out)
                await _connected(stage)
                yield stage
            finally:
                if bot.returncode is None:
                    bot.kill()
                    await bot.wait()


async def _connected(stage: Stage) -> None:
    ended = asyncio.create_task(stage.bot.wait())
    connected = asyncio.create_task(stage.slack.wait_for(lambda: bool(stage.slack.sockets.links), START_S))
    await asyncio.wait({ended, connected}, return_when=asyncio.FIRST_COMPLETED)
    if not connected.done():
        connected.cancel()
        raise Broken(f"the bot ended while starting:\n{await asyncio.to_thread(stage.log.read_text)}")
    ended.cancel()
    connected.result()


def _environment(folder: Path, slack: Slack, wechatpay_url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    return kept | {
        # What its commands print is read as UTF-8, whatever the terminal takes.
        "PYTHONUTF8": "1",
        "SLACK_BOT_TOKEN": slack.setup.bot_token,
        "SLACK_APP_TOKEN": slack.setup.app_token,
        "SLACK_API_URL": slack.api_url,
        "WECHATPAY_API_URL": wechatpay_url,
        "COUPON_DATABASE": str(folder / "coupon.db"),
        "COUPON_CONFIG": str(folder / "coupon.toml"),
        "COUPON_LISTEN": "127.0.0.1:0",
    }


def _merchant(folder: Path, merchant: Merchant, mode: KeyMode) -> dict[str, str]:
    """Without the public key the bot downloads the platform's certificates."""
    key_file = folder / "apiclient_key.pem"
    key_file.write_text(merchant.private_key_pem, encoding="utf-8")
    known = {
        "WECHATPAY_MCHID": merchant.mchid,
        "WECHATPAY_APPID": merchant.appid,
        "WECHATPAY_SERIAL_NO": merchant.serial_no,
        "WECHATPAY_PRIVATE_KEY_FILE": str(key_file),
        "WECHATPAY_APIV3_KEY": merchant.apiv3_key,
    }
    if mode is KeyMode.CERTIFICATE:
        return known
    return known | {
        "WECHATPAY_PUBLIC_KEY_ID": merchant.public_key_id,
        "WECHATPAY_PUBLIC_KEY": merchant.public_key_pem,
    }
