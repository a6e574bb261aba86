"""The whole bot in a process of its own, between two stand-ins in this one."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.slack import Slack, Workspace
from sandbox.wechatpay import Merchant, Stock, WeChatPay, make_keys

STOCK, STOCK_ID = "late-10", "1212121212"
APPROVAL_CHANNEL, SUPPORT_CHANNEL = "C0APPROVE", "C0SUPPORT"
REQUESTER, APPROVER = "U0LI", "U0WANG"

_PROJECT = Path(__file__).resolve().parent.parent
_START_S = 30.0
_STOP_S = 30.0
_LOG_SHOWN = 4_000

_COUPON_TOML = f"""
approval_channel = "{APPROVAL_CHANNEL}"

[roles]
agents = ["S0AGENTS"]
approvers = ["S0LEADS"]

[[stock]]
stock_id = "{STOCK_ID}"
alias = "{STOCK}"
name = "¥10 off, late delivery"
value_fen = 1000
code_mode = "WECHATPAY_MODE"

[duplicates]
hours = 0

[[rule]]
"""
ONE_APPROVAL = "approvals = 1\n"
#: Everything goes at once: what is asked for is approved by the rule.
NO_APPROVAL = "approvals = 0\nper_day = { count = 100000, fen = 100000000 }\n"


class BotEnded(RuntimeError):
    """The bot's process ended while it was needed; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class RunningBot:
    """A bot whose socket is open, and both sides it talks to."""

    slack: Slack
    wechatpay: WeChatPay
    #: Its database lies here.
    folder: Path


def openid(number: int) -> str:
    """Each customer's own."""
    return f"oUpF8uMuAJO_M2pxb1Q9{number:08d}"


@asynccontextmanager
async def running_bot(rule: str = ONE_APPROVAL) -> AsyncGenerator[RunningBot]:
    """Everything is stopped and removed at the end. Raises BotEnded when the bot ends before."""
    with tempfile.TemporaryDirectory(prefix="coupon-bench-") as name:
        folder = Path(name)
        keys = make_keys()
        wechatpay = WeChatPay(keys, stocks=[Stock(STOCK_ID)])
        async with Workspace().serve() as slack, wechatpay.serve() as running:
            environ = _environment(slack, running.url, keys.merchant, folder, rule)
            async with _process(environ, folder / "bot.log"):
                await slack.wait_for(lambda: bool(slack.sockets.links), timeout=_START_S)
                yield RunningBot(slack, wechatpay, folder)


def _environment(
    slack: Slack, wechatpay_url: str, merchant: Merchant, folder: Path, rule: str
) -> dict[str, str]:
    """All the bot gets to see: nothing of this shell's own settings may reach it."""
    key_file, config = folder / "apiclient_key.pem", folder / "coupon.toml"
    key_file.touch(mode=0o600)
    key_file.write_text(merchant.private_key_pem)
    config.write_text(_COUPON_TOML + rule)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "SLACK_BOT_TOKEN": slack.setup.bot_token,
        "SLACK_APP_TOKEN": slack.setup.app_token,
        "SLACK_API_URL": slack.api_url,
        "WECHATPAY_MCHID": merchant.mchid,
        "WECHATPAY_APPID": merchant.appid,
        "WECHATPAY_SERIAL_NO": merchant.serial_no,
        "WECHATPAY_PRIVATE_KEY_FILE": str(key_file),
        "WECHATPAY_APIV3_KEY": merchant.apiv3_key,
        "WECHATPAY_PUBLIC_KEY_ID": merchant.public_key_id,
        "WECHATPAY_PUBLIC_KEY": merchant.public_key_pem,
        "WECHATPAY_API_URL": wechatpay_url,
        "COUPON_DATABASE": str(folder / "coupon.db"),
        "COUPON_CONFIG": str(config),
        "COUPON_LISTEN": "127.0.0.1:0",
    }


@asynccontextmanager
async def _process(environ: dict[str, str], log: Path) -> AsyncIterator[None]:
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            env=environ,
            cwd=_PROJECT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            # Ctrl-C is for us, who then stop it.
            start_new_session=True,
        )

    async def watch() -> None:
        status = await process.wait()
        raise _ended(status, log)

    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch())
            yield
            watching.cancel()
        process.terminate()
        status = await asyncio.wait_for(process.wait(), _STOP_S)
        if status != 0:
            raise _ended(status, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _ended(status: int, log: Path) -> BotEnded:
    return BotEnded(f"the bot ended with status {status}:\n{log.read_text()[-_LOG_SHOWN:]}")
