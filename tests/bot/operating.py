"""The program as an operator types it, beside both stand-ins on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from bot.cli.main import cli
from sandbox.slack.running import Slack
from sandbox.slack.workspace import Workspace
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.world import OPENID, STOCKS, environment, keys

#: Never to be seen on a terminal.
SECRETS = ("xoxb-sandbox-bot", "xapp-sandbox-app", "PRIVATE KEY", keys().merchant.apiv3_key, OPENID)


@dataclass(slots=True)
class Operator:
    """Types commands; `environ` is the environment they are typed in."""

    slack: Slack
    wechatpay: WeChatPay
    folder: Path
    environ: dict[str, str | None] = field(default_factory=dict)

    async def types(self, *words: str, stdin: str | bytes | None = None, shows: bool = False) -> Result:
        """On a thread, since the command has a loop of its own. `shows`: openids may be seen."""
        runner = CliRunner(env=self.environ)

        def run() -> Result:
            return runner.invoke(cli, list(words), prog_name="coupon-bot", input=stdin)

        result = await asyncio.to_thread(run)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        if not shows:
            assert [secret for secret in SECRETS if secret in result.output] == []
        return result

    def without(self, beginning: str) -> None:
        """As if these variables had never been set."""
        for name in self.environ:
            if name.startswith(beginning):
                self.environ[name] = None

    def toml(self, old: str, new: str) -> None:
        """Change coupon.toml."""
        path = self.folder / "coupon.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def files(self) -> list[str]:
        """What is in the bot's folder."""
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def requests(self) -> list[str]:
        """What reached WeChat Pay."""
        return [f"{request.method} {request.url}" for request in self.wechatpay.ledger.requests]


@asynccontextmanager
async def operator(
    folder: Path,
    *,
    mode: KeyMode = KeyMode.PUBLIC_KEY,
    workspace: Workspace | None = None,
    **wechatpay: Any,
) -> AsyncGenerator[Operator]:
    """Everything as it must be, to be broken by the test."""
    stand_in = WeChatPay(keys(), stocks=STOCKS, mode=mode, **wechatpay)
    async with (workspace or Workspace()).serve() as slack, stand_in.serve() as running:
        environ: Mapping[str, str] = environment(slack, running.url, folder, mode=mode)
        (folder / "apiclient_key.pem").chmod(0o600)
        yield Operator(slack, stand_in, folder, dict(environ))
