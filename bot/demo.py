"""The main job, played: both stand-ins here, the real bot as its own process, all over real sockets."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from sandbox.slack.messages import Message
from sandbox.slack.running import Slack
from sandbox.slack.transcript import Transcript
from sandbox.slack.workspace import Workspace
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keys import Merchant, make_keys
from sandbox.wechatpay.stand_in import WeChatPay
from sandbox.wechatpay.stocks import Stock

_STOCK = Stock(stock_id="1212121212", name="¥10 off, late delivery", value_fen=1000)
_COUPON_TOML = """\
approval_channel = "C0APPROVE"

[roles]
agents = ["S0AGENTS", "S0LEADS"]
approvers = ["S0LEADS"]

[[stock]]
stock_id = "1212121212"
alias = "late-10"
name = "¥10 off, late delivery"
value_fen = 1000
code_mode = "WECHATPAY_MODE"
"""
#: Made up, like everything here.
_CUSTOMERS = ("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oKx3TzQ0bN5h-Rr7LwYc2fVd8MgE", "oPq9sWv1HuC4_Za6XjTn0kBe5RiL")
T = TypeVar("T")

_START_S = 30.0
_WAIT_S = 20.0


class Broken(Exception):
    """Something was not as promised; the text says what."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The stand-ins, the bot's process, and where the words go."""

    slack: Slack
    wechatpay: WeChatPay
    bot: asyncio.subprocess.Process
    environ: Mapping[str, str]
    out: TextIO


async def play(out: TextIO) -> int:
    """0 when all was as promised, 1 when not."""
    try:
        async with _stage(out) as stage:
            for scene in (
                _an_agent_asks_and_a_lead_approves,
                _nobody_approves_the_own_request,
                _a_lost_answer,
            ):
                await _play_scene(stage, scene)
            await _stop(stage.bot)
            await _audit(stage)
    except (Broken, TimeoutError) as error:
        print(f"\nNOT as promised: {error}", file=out)
        return 1
    print("\nAll as promised: 2 requests approved, 2 coupons given, 1 declined, 0 doubled, 0 lost.", file=out)
    return 0


# --- the scenes


async def _an_agent_asks_and_a_lead_approves(stage: Stage) -> None:
    """Agent Li asks for a coupon, lead Wang approves, the code arrives."""
    await _ask(stage, "U0LI", _CUSTOMERS[0], "parcel came four days late")
    card = await _card(stage, 1)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await _code_arrives(stage, coupons=1, requester="U0LI")


async def _nobody_approves_the_own_request(stage: Stage) -> None:
    """Lead Wang asks and clicks Approve on the own request: refused. Zhao declines, with a reason."""
    await _ask(stage, "U0WANG", _CUSTOMERS[1], "box was dented")
    card = await _card(stage, 2)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await _sees(lambda: stage.slack.ephemerals("U0WANG", card.channel), stage, "a self-approval is refused")
    zhao = stage.slack.person("U0ZHAO")
    opened = await zhao.click(card.channel, card.ts, "decline_request")
    await zhao.submit(await opened.view(_WAIT_S), {"reason": "The photo shows an intact box"})
    await _sees(lambda: stage.slack.dms("U0WANG"), stage, "the requester hears of the decline")
    await _card_says(stage, card, "Declined")
    await _sees(
        lambda: stage.slack.messages(card.channel, thread_ts=card.ts), stage, "the card's thread tells of it"
    )
    if len(stage.wechatpay.ledger.coupons) != 1:
        raise Broken("a declined request reached WeChat Pay")


async def _a_lost_answer(stage: Stage) -> None:
    """WeChat Pay gives the coupon, and its answer is lost on the wire. The bot says so, asks again with the
    same number, and the customer has one coupon."""
    stage.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER))
    await _ask(stage, "U0LI", _CUSTOMERS[2], "refund took two weeks")
    card = await _card(stage, 3)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await _code_arrives(stage, coupons=2, requester="U0LI")
    sends = stage.wechatpay.ledger.sends_of(stage.wechatpay.ledger.coupons[-1].out_request_no)
    if len(sends) < 2 or len({send.body for send in sends}) != 1:  # noqa: PLR2004 - the lost one and its repeat
        raise Broken("a lost answer was not settled by repeating the same bytes")


# --- what people do and see


async def _ask(stage: Stage, who: str, openid: str, reason: str) -> None:
    answer = await stage.slack.person(who).command("C0SUPPORT", f"/coupon send {openid} late-10 {reason}")
    if answer.error:
        raise Broken(f"/coupon send was not acked: {answer.error}")


async def _card(stage: Stage, number: int) -> Message:
    def standing() -> Message | None:
        cards = stage.slack.messages("C0APPROVE")
        return next((card for card in cards if card.element("approve_request", str(number))), None)

    return await _sees(standing, stage, f"the card of request #{number} stands")


async def _code_arrives(stage: Stage, *, coupons: int, requester: str) -> None:
    await asyncio.wait_for(
        stage.wechatpay.ledger.until(lambda ledger: len(ledger.coupons) == coupons), _WAIT_S
    )
    code = stage.wechatpay.ledger.coupons[-1].coupon_code
    card = stage.slack.messages("C0APPROVE")[-1]

    def told() -> bool:
        threads = stage.slack.messages(card.channel, thread_ts=card.ts)
        notices = stage.slack.dms(requester)
        return all(any(code in message.words() for message in place) for place in (threads, notices))

    await _sees(told, stage, "the coupon code stands in the thread and in the requester's DM")
    await _card_says(stage, card, "Sent")


async def _card_says(stage: Stage, card: Message, state: str) -> None:
    def said() -> bool:
        return state in card.words() and not card.element("approve_request")

    await _sees(said, stage, f"the card says {state} and has no buttons any more")


async def _sees(condition: Callable[[], T | None], stage: Stage, promise: str) -> T:
    try:
        return await stage.slack.wait_for(lambda: condition() or None, _WAIT_S)
    except TimeoutError as error:
        raise Broken(f"{promise}: not within {_WAIT_S:.0f} s") from error


# --- around them


async def _play_scene(stage: Stage, scene: Callable[[Stage], Awaitable[None]]) -> None:
    before = stage.slack.state.timestamp()
    print(f"\n### {' '.join((scene.__doc__ or '').split())}\n", file=stage.out)
    await scene(stage)
    columns = min(shutil.get_terminal_size().columns, 100)
    transcript = Transcript(stage.slack, after=before, columns=columns, color=stage.out.isatty())
    print(transcript.everything(), file=stage.out)


async def _audit(stage: Stage) -> None:
    for command in ("show", "verify"):
        print(f"\n$ coupon-bot audit {command}\n", file=stage.out, flush=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "audit",
            command,
            env=dict(stage.environ),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        print(printed.decode(), end="", file=stage.out)
        if process.returncode:
            raise Broken(f"audit {command} ended with status {process.returncode}")


@asynccontextmanager
async def _stage(out: TextIO) -> AsyncGenerator[Stage]:
    print("Starting a Slack workspace, a WeChat Pay and the bot on this machine ...", file=out, flush=True)
    keys = make_keys()
    wechatpay = WeChatPay(keys, stocks=[_STOCK])
    with tempfile.TemporaryDirectory(prefix="coupon-demo-") as folder:
        async with Workspace().serve() as slack, wechatpay.serve() as running:
            environ = _environment(Path(folder), slack, running.url, keys.merchant)
            log = Path(folder) / "bot.log"
            with log.open("wb") as lines:
                bot = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot", "run", env=environ, stderr=lines
                )
            try:
                await _connected(slack, bot, log)
                yield Stage(slack, wechatpay, bot, environ, out)
            finally:
                if bot.returncode is None:
                    bot.kill()
                    await bot.wait()


async def _connected(slack: Slack, bot: asyncio.subprocess.Process, log: Path) -> None:
    ended = asyncio.create_task(bot.wait())
    connected = asyncio.create_task(slack.wait_for(lambda: bool(slack.sockets.links) or None, _START_S))
    await asyncio.wait({ended, connected}, return_when=asyncio.FIRST_COMPLETED)
    if not connected.done():
        connected.cancel()
        raise Broken(f"the bot ended while starting:\n{await asyncio.to_thread(log.read_text)}")
    ended.cancel()
    connected.result()


async def _stop(bot: asyncio.subprocess.Process) -> None:
    bot.send_signal(signal.SIGTERM)
    status = await asyncio.wait_for(bot.wait(), _WAIT_S)
    if status:
        raise Broken(f"the bot ended with status {status} after SIGTERM; 0 was promised")


def _environment(folder: Path, slack: Slack, wechatpay_url: str, merchant: Merchant) -> dict[str, str]:
    key_file, config = folder / "apiclient_key.pem", folder / "coupon.toml"
    key_file.write_text(merchant.private_key_pem, encoding="utf-8")
    config.write_text(_COUPON_TOML, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    return kept | {
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
