"""SIGHUP on the real program: it takes good new keys, names a bad file, and goes on working."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from sandbox.slack.workspace import Workspace
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.faults.bot_process import bot_process
from tests.world import STOCKS, World, environment, keys, until


def write(path: str, text: str) -> None:
    Path(path).write_text(text)


def a_writer(pipe: Path) -> int | None:
    """The pipe's other end, once somebody reads from it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


async def test_a_secret_in_a_pipe_that_is_not_filled_again_keeps_nobody_from_ending_the_bot(
    tmp_path: Path,
) -> None:
    log, pipe = tmp_path / "bot.log", tmp_path / "apiv3"
    os.mkfifo(pipe)
    async with Workspace().serve() as slack, WeChatPay(keys(), stocks=STOCKS).serve() as running:
        environ = environment(slack, running.url, tmp_path, mode=KeyMode.PUBLIC_KEY)
        secret = environ.pop("WECHATPAY_APIV3_KEY")
        async with bot_process(environ | {"WECHATPAY_APIV3_KEY_FILE": str(pipe)}, log) as bot:
            starting = asyncio.create_task(bot.start(slack))
            writer = await until(lambda: a_writer(pipe))
            os.write(writer, f"{secret}\n".encode())
            os.close(writer)
            await starting
            await until(lambda: '"ready"' in log.read_text() or None)
            bot.signal(signal.SIGHUP)
            # The second reading has begun; it gets nothing, and no end.
            writer = await until(lambda: a_writer(pipe))
            async with asyncio.timeout(8.0):
                assert await bot.stop() == 0
            os.close(writer)


async def test_a_bad_key_file_is_named_and_then_a_key_rolled_over_without_a_restart(tmp_path: Path) -> None:
    """The bot goes on with what it has; then new key and serial side by side with the old ones, SIGHUP, the
    old ones withdrawn, a coupon sent.
    """
    log, serial_no = tmp_path / "bot.log", tmp_path / "serial_no"
    wechatpay = WeChatPay(keys(), stocks=STOCKS)
    async with Workspace().serve() as slack, wechatpay.serve() as running:
        environ = environment(slack, running.url, tmp_path, mode=KeyMode.PUBLIC_KEY)
        old = environ.pop("WECHATPAY_SERIAL_NO")
        write(str(serial_no), old)
        shop = World(slack, wechatpay, tmp_path, environ)
        async with bot_process(environ | {"WECHATPAY_SERIAL_NO_FILE": str(serial_no)}, log) as bot:
            await bot.start(slack)
            # The socket stands a moment before the loops are told of it.
            await until(lambda: '"ready"' in log.read_text() or None)
            write(environ["WECHATPAY_PRIVATE_KEY_FILE"], keys().merchant.certificate_pem)
            bot.signal(signal.SIGHUP)
            await until(lambda: "key_files_not_taken" in log.read_text() or None)
            assert "WECHATPAY_PRIVATE_KEY_FILE" in log.read_text()
            assert "is a certificate" in log.read_text()
            new = wechatpay.issue_certificate()
            write(environ["WECHATPAY_PRIVATE_KEY_FILE"], new.private_key_pem)
            write(str(serial_no), new.serial_no)
            bot.signal(signal.SIGHUP)
            await until(lambda: "key_files_taken" in log.read_text() or None)
            wechatpay.withdraw_certificate(old)
            number = await shop.ask()
            await shop.approve(number)
            await shop.state(number, "sent")
            assert len(wechatpay.ledger.coupons) == 1
            assert await bot.stop() == 0
