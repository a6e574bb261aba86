"""Takes changed key files without a restart: read, checked and tried on WeChat Pay, and only then used."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog

from bot.config.settings import FILES, Settings, SettingsProblems
from bot.wechatpay_client import wechatpay_client
from wechatpay import Client, WechatPayError
from wechatpay.answers import Checked
from wechatpay.certificates import CERTIFICATES_TARGET
from wechatpay.errors import BadSetting
from wechatpay.reading import members_of

_EVERY_S = 60.0
#: For all files together; one pipe that nobody fills is named before.
_READ_WITHIN_S = 30.0
#: What can be swapped, a key always together with its number; the others are held by parts that were built
#: with them.
_SWAPPED = (
    "wechatpay_private_key",
    "wechatpay_serial_no",
    "wechatpay_public_key",
    "wechatpay_public_key_id",
)


class KeyFiles:
    """`reread` reads settings and files as at start (blocking). Whatever is wrong, the old keys stay."""

    def __init__(
        self,
        settings: Settings,
        *,
        reread: Callable[[], Settings],
        wechatpay: Client,
        logger: structlog.stdlib.BoundLogger,
    ) -> None:
        self._in_use = settings
        self._reread = reread
        self._wechatpay = wechatpay
        self._logger = logger
        self._asked = asyncio.Event()
        self._said = ""
        #: What a thread reads; it stays while that is not done.
        self._reading: asyncio.Future[Settings] | None = None

    def check_now(self) -> None:
        """Do not wait for the minute to be over: SIGHUP."""
        # What is wrong is said again to whoever asks.
        self._said = ""
        self._asked.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._asked.wait()
            except TimeoutError:
                pass
            self._asked.clear()
            await self.check()

    async def check(self) -> None:
        """Once. Never raises for what the files or WeChat Pay say: that is a line in the log."""
        try:
            settings = await self._settings_now()
            changed = _changed(self._in_use, settings, _SWAPPED)
            if changed:
                await self._take(settings)
        except SettingsProblems as error:
            self._say("key_files_not_taken", "; ".join(error.problems))
        except BadSetting as error:
            self._say("key_files_not_taken", str(error))
        except TimeoutError:
            self._say(
                "key_files_not_taken", f"the files could not be read within {_READ_WITHIN_S:.0f} seconds"
            )
        except WechatPayError as error:
            # A key without its new number, as between two copies of a roll-over, is seen by WeChat Pay only.
            self._say("key_files_not_taken", f"{error}. {error.operator}")
        else:
            others = [name.lower() for name in FILES if name.lower() not in _SWAPPED]
            stale = _changed(self._in_use, settings, others)
            if stale:
                self._say("restart_needed", f"{', '.join(stale)} changed and will be used after a restart")
            elif not changed:
                self._said = ""

    async def _settings_now(self) -> Settings:
        """Read in a thread that nobody waits for at the end: a dead network drive may never answer.

        One at a time. Raises TimeoutError, and what `reread` raises.
        """
        if self._reading is None:
            loop = asyncio.get_running_loop()
            future = self._reading = loop.create_future()

            def read() -> None:
                done: Callable[[], None]
                try:
                    found = self._reread()
                except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                    done = partial(future.set_exception, error)
                else:
                    done = partial(future.set_result, found)
                # The loop may have ended.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(done)

            threading.Thread(target=read, name="key files", daemon=True).start()
        reading = self._reading
        async with asyncio.timeout(_READ_WITHIN_S):
            await asyncio.wait({reading})
        self._reading = None
        return reading.result()

    async def _take(self, settings: Settings) -> None:
        async with wechatpay_client(settings) as candidate:
            await _try(candidate)
            self._wechatpay.rekey(merchant=candidate.merchant, public_keys=candidate.keys.fixed)
        swapped = {name: getattr(settings, name) for name in _SWAPPED}
        names = _changed(self._in_use, settings, _SWAPPED)
        self._in_use = self._in_use.model_copy(update=swapped)
        self._said = ""
        self._logger.info("key_files_taken", settings=names)

    def _say(self, event: str, sentence: str) -> None:
        # Once a minute the same would be noise, and each answer has another Request-ID.
        same = re.sub(r"\[Request-ID [^\]]*\]", "", sentence)
        if same != self._said:
            self._said = same
            self._logger.error(event, problem=sentence, still_used="the keys read before")


async def _try(candidate: Client) -> None:
    """A signed answer proves both: WeChat Pay signs no answer to a request whose signature did not hold.

    Whatever it says: a merchant with a public key only gets a 404. Raises WechatPayError.
    """
    came_back = await candidate.call("GET", CERTIFICATES_TARGET)
    if isinstance(came_back, Checked) and came_back.verified:
        return
    if candidate.keys.trouble is not None:
        # In certificate mode the first thing to fail is the download, and what failed it is the news.
        raise candidate.keys.trouble
    members_of(came_back, hide="")
    raise BadSetting("WeChat Pay's answer proves nothing about the new keys")


def _changed(old: Settings, new: Settings, names: tuple[str, ...] | list[str]) -> list[str]:
    """The variables of these names whose values differ."""
    return sorted(name.upper() for name in names if getattr(old, name) != getattr(new, name))
