"""Changed key files: tried on WeChat Pay before they are used, named when they are bad, never a gap."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot import key_files
from bot.config.settings import Settings, load_settings
from bot.key_files import KeyFiles
from bot.wechatpay_client import wechatpay_client
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.world import keys
from wechatpay.answers import Checked
from wechatpay.client import Client

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
STRANGE = rsa.generate_private_key(65537, 2048)
STRANGE_PRIVATE = STRANGE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
STRANGE_PUBLIC = STRANGE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Desk:
    """A client as the bot builds it, its files, and the log."""

    private: Path
    public: Path
    serial_no: Path
    public_id: Path
    environ: dict[str, str]
    client: Client
    files: KeyFiles
    lines: list[dict[str, object]]
    pay: WeChatPay

    async def works(self) -> bool:
        came_back = await self.client.call("GET", "/v3/marketing/busifavor/stocks/1")
        return isinstance(came_back, Checked) and came_back.verified

    def said(self, event: str) -> list[str]:
        return [
            str(line.get("problem", line.get("settings"))) for line in self.lines if line["event"] == event
        ]


@pytest.fixture(params=[KeyMode.PUBLIC_KEY, KeyMode.CERTIFICATE])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    mode: KeyMode = request.param
    merchant = keys().merchant
    private, public = tmp_path / "apiclient_key.pem", tmp_path / "pub_key.pem"
    serial_no, public_id = tmp_path / "serial_no", tmp_path / "pub_key_id"
    private.write_text(merchant.private_key_pem)
    serial_no.write_text(f"{merchant.serial_no}\n")
    public.write_text(merchant.public_key_pem)
    public_id.write_text(f"{merchant.public_key_id}\n")
    pay = WeChatPay(keys(), mode=mode)
    async with pay.serve() as running:
        environ = TOKENS | {
            "WECHATPAY_MCHID": merchant.mchid,
            "WECHATPAY_APPID": merchant.appid,
            "WECHATPAY_SERIAL_NO_FILE": str(serial_no),
            "WECHATPAY_PRIVATE_KEY_FILE": str(private),
            "WECHATPAY_APIV3_KEY": merchant.apiv3_key,
            "WECHATPAY_API_URL": running.url,
        }
        if mode is KeyMode.PUBLIC_KEY:
            environ |= {
                "WECHATPAY_PUBLIC_KEY_ID_FILE": str(public_id),
                "WECHATPAY_PUBLIC_KEY_FILE": str(public),
            }
        lines: list[dict[str, object]] = []

        def keep(_logger: object, level: str, event: structlog.typing.EventDict) -> str:
            lines.append(dict(event))
            raise structlog.DropEvent

        logger = structlog.wrap_logger(None, processors=[keep], wrapper_class=structlog.stdlib.BoundLogger)
        settings = load_settings(environ)
        async with wechatpay_client(settings) as client:
            files = KeyFiles(settings, reread=lambda: load_settings(environ), wechatpay=client, logger=logger)
            yield Desk(private, public, serial_no, public_id, environ, client, files, lines, pay)


async def test_unchanged_files_are_read_and_nothing_is_done(desk: Desk) -> None:
    before = desk.client.merchant
    await desk.files.check()
    assert desk.client.merchant is before
    assert desk.lines == []


async def test_a_key_that_was_wrong_at_start_is_put_right_without_a_restart(desk: Desk) -> None:
    right = desk.private.read_text()
    desk.client.rekey(
        merchant=replace(desk.client.merchant, private_key=STRANGE), public_keys=desk.client.keys.fixed
    )
    desk.private.write_text(STRANGE_PRIVATE)
    stale = KeyFiles(
        load_settings(desk.environ),
        reread=lambda: load_settings(desk.environ),
        wechatpay=desk.client,
        logger=desk.files._logger,
    )
    assert not await desk.works()
    desk.private.write_text(right)
    await stale.check()
    assert desk.said("key_files_taken") == ["['WECHATPAY_PRIVATE_KEY']"]
    assert await desk.works()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("", "is empty", id="empty, as while it is being written"),
        pytest.param("no key", "no -----BEGIN line", id="no PEM"),
        pytest.param(keys().merchant.certificate_pem, "is a certificate", id="certificate"),
        pytest.param(STRANGE_PRIVATE, "SIGN_ERROR", id="a good key that WeChat Pay does not accept"),
    ],
)
async def test_a_bad_new_file_is_named_once_and_the_old_key_stays(
    desk: Desk, text: str, sentence: str
) -> None:
    before = desk.client.merchant
    desk.private.write_text(text)
    for _ in range(3):
        await desk.files.check()
    [problem] = desk.said("key_files_not_taken")
    assert sentence in problem
    assert "BEGIN PRIVATE" not in problem
    assert desk.client.merchant is before
    assert await desk.works()
    desk.files.check_now()  # who asks is told again
    await desk.files.check()
    assert len(desk.said("key_files_not_taken")) == 2


@pytest.mark.parametrize("desk", [KeyMode.PUBLIC_KEY], indirect=True)
async def test_a_public_key_that_cannot_verify_wechat_pays_answers_is_not_taken(desk: Desk) -> None:
    desk.public.write_text(STRANGE_PUBLIC)
    await desk.files.check()
    [problem] = desk.said("key_files_not_taken")
    assert "signature does not fit" in problem
    assert await desk.works()


async def test_a_new_key_and_its_serial_are_used_from_the_next_call_on_and_the_old_may_be_withdrawn(
    desk: Desk,
) -> None:
    old, new = desk.client.merchant.serial_no, desk.pay.issue_certificate()
    desk.private.write_text(new.private_key_pem)
    desk.serial_no.write_text(f"{new.serial_no}\n")
    await desk.files.check()
    assert desk.said("key_files_taken") == ["['WECHATPAY_PRIVATE_KEY', 'WECHATPAY_SERIAL_NO']"]
    assert desk.client.merchant.serial_no == new.serial_no
    desk.pay.withdraw_certificate(old)
    assert await desk.works()
    await desk.files.check()
    assert desk.said("restart_needed") == []


@pytest.mark.parametrize("changed", ["private", "serial_no"])
async def test_half_of_a_new_pair_is_refused_in_words_until_the_other_half_is_there(
    desk: Desk, changed: str
) -> None:
    before, new = desk.client.merchant, desk.pay.issue_certificate()
    halves = {"private": new.private_key_pem, "serial_no": new.serial_no}
    getattr(desk, changed).write_text(halves[changed])
    await desk.files.check()
    [problem] = desk.said("key_files_not_taken")
    assert "SIGN_ERROR" in problem
    assert "private key and serial number are of one and the same certificate" in problem
    assert desk.client.merchant is before
    assert await desk.works()
    for half, text in halves.items():
        getattr(desk, half).write_text(text)
    await desk.files.check()
    assert desk.client.merchant.serial_no == new.serial_no
    assert await desk.works()


@pytest.mark.parametrize("desk", [KeyMode.PUBLIC_KEY], indirect=True)
async def test_a_new_public_key_is_taken_with_its_id_and_not_without(desk: Desk) -> None:
    new = desk.pay.issue_public_key()
    [old] = desk.client.keys.fixed
    desk.public.write_text(new.public_key_pem)
    await desk.files.check()
    [problem] = desk.said("key_files_not_taken")
    assert "the public key is another's than its id says" in problem
    assert desk.client.keys.fixed == (old,)
    assert await desk.works()
    desk.public_id.write_text(new.public_key_id)
    await desk.files.check()
    assert desk.said("key_files_taken") == ["['WECHATPAY_PUBLIC_KEY', 'WECHATPAY_PUBLIC_KEY_ID']"]
    assert [key.serial_no for key in desk.client.keys.fixed] == [new.public_key_id]
    assert await desk.works()


async def test_a_new_apiv3_key_is_said_to_need_a_restart(desk: Desk) -> None:
    desk.environ["WECHATPAY_APIV3_KEY"] = "k" * 32
    await desk.files.check()
    [problem] = desk.said("restart_needed")
    assert problem.startswith("WECHATPAY_APIV3_KEY changed")


async def test_other_secrets_that_changed_are_said_to_need_a_restart(desk: Desk) -> None:
    desk.environ["SLACK_BOT_TOKEN"] = "xoxb-2"
    for _ in range(3):
        await desk.files.check()
    [problem] = desk.said("restart_needed")
    assert problem.startswith("SLACK_BOT_TOKEN changed")


async def test_sighup_does_not_wait_for_the_minute(desk: Desk) -> None:
    """The loop waits a minute; asked, it looks at once."""
    looked = asyncio.Event()
    read = desk.files._reread

    def reread() -> object:
        loop.call_soon_threadsafe(looked.set)
        return read()

    loop = asyncio.get_running_loop()
    desk.files._reread = reread  # type: ignore[assignment]
    running = asyncio.create_task(desk.files.run())
    try:
        desk.files.check_now()
        async with asyncio.timeout(60):
            await looked.wait()
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_files_that_never_answer_are_told_and_one_thread_waits_for_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive that is gone, where no time limit of ours reaches."""
    monkeypatch.setattr(key_files, "_READ_WITHIN_S", 0.05)
    answers, begun = threading.Event(), []

    def reread() -> Settings:
        begun.append(threading.current_thread())
        answers.wait(10)
        return load_settings(desk.environ)

    files = KeyFiles(
        load_settings(desk.environ), reread=reread, wechatpay=desk.client, logger=desk.files._logger
    )
    for _ in range(3):
        await files.check()
    [problem] = desk.said("key_files_not_taken")
    assert "could not be read within" in problem
    [thread] = begun
    assert thread.daemon, "the end of the program does not wait for it"
    answers.set()
    thread.join()
    new = desk.pay.issue_certificate()
    desk.private.write_text(new.private_key_pem)
    desk.serial_no.write_text(new.serial_no)
    monkeypatch.setattr(key_files, "_READ_WITHIN_S", 10.0)
    for _ in range(2):
        await files.check()
    assert desk.client.merchant.serial_no == new.serial_no
