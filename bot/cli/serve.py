"""`coupon-bot audit serve`: the log in a browser, for auditors who come by a link from Slack."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

import click

from bot.cli.options import DATABASE, must_exist, refuse
from bot.config.coupon_toml import CouponToml, load_coupon_toml
from bot.config.settings import AskingSettings, load_part
from handlers.web_api import SlackError
from storage.store import Store
from wechatpay.errors import BadSetting

_LISTEN = re.compile(r"(?P<host>[^\s\[\]:]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})", re.ASCII)
_NO_EXTRA: Final = (
    "`audit serve` needs the extra audit-ui, which is not installed; pip install 'coupon-bot[audit-ui]' "
    "does that"
)
_NO_AUDITORS: Final = (
    "coupon.toml names no auditors, so nobody could sign in; name users or groups as auditors under [roles]"
)
#: What a shell reports of a program that Ctrl-C ended.
_INTERRUPTED: Final = 130


@click.command("serve", short_help="Show the log in a browser until SIGTERM or Ctrl-C.")
@DATABASE
@click.option(
    "--listen",
    default="127.0.0.1:8001",
    show_default=True,
    help="Address and port. Browsers reach it by console_url of coupon.toml.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The coupon.toml that names the auditors; else COUPON_CONFIG, else coupon.toml here.",
)
def serve(store: Store, listen: str, config: Path | None) -> None:
    """Show the log in a browser until SIGTERM or Ctrl-C; the way in is `/coupon audit open` in Slack."""
    if find_spec("datasette") is None:
        refuse([_NO_EXTRA])
    must_exist(store)
    host, port = _address(listen)
    with store.read():
        pass
    settings = load_part(os.environ, AskingSettings)
    toml = load_coupon_toml(config or Path(os.environ.get("COUPON_CONFIG") or "coupon.toml"))
    if not toml.policy.auditors:
        refuse([_NO_AUDITORS])
    _run(store, settings, toml, host, port)


def _run(store: Store, settings: AskingSettings, toml: CouponToml, host: str, port: int) -> NoReturn:
    # Here, so that no other command loads Datasette.
    from bot.console_server.server import serve_until  # noqa: PLC0415

    ended_by: list[signal.Signals] = []

    async def until_signal() -> None:
        stop = asyncio.Event()

        def end(name: signal.Signals) -> None:
            ended_by.append(name)
            stop.set()

        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, end, name)
        await serve_until(
            stop, store, settings, toml, host, port, tell=lambda line: click.echo(line, err=True)
        )

    try:
        asyncio.run(until_signal())
    except SlackError as error:
        refuse([f"Slack does not answer: {error}"])
    except BadSetting as error:
        refuse([str(error)])
    sys.exit(_INTERRUPTED if ended_by[:1] == [signal.SIGINT] else 0)


def _address(listen: str) -> tuple[str, int]:
    found = _LISTEN.fullmatch(listen)
    if found is None or int(found["port"]) > 65535:  # noqa: PLR2004 - the highest port
        refuse([f"--listen is {listen}, which is no address; 127.0.0.1:8001 is one"])
    return found["host"].strip("[]"), int(found["port"])
