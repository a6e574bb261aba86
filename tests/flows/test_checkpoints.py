"""Signed checkpoints in the audit channel, an older file put back, and settings that were changed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.cli.main import cli
from bot.config.settings import load_settings
from bot.config.settings_digest import digests
from bot.slack_app import session, web_client
from sandbox.slack import Message, api_error
from storage.audit import GENESIS, digest
from storage.checkpoints import found_in, key_file, load_key, sign, was_signed_by
from storage.migrations import GUARDS
from storage.proof.verify import verify
from tests.storage.records import connect
from tests.world import COUPON_TOML, World, until, world

AUDIT = "C0AUDIT"
RESTORED = "select body from event where tag = 'database:restored' order by seq"
WITH_AUDIT_CHANNEL = f'audit_channel = "{AUDIT}"\n{COUPON_TOML}\n[audit]\ncheckpoint_events = 12\n'


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[World]:
    (tmp_path / "coupon.toml").write_text(WITH_AUDIT_CHANNEL, encoding="utf-8")
    async with world(tmp_path) as here:
        yield here


def rewrite(database: Path) -> None:
    """All of the log anew, each event a second later."""
    connection = connect(database)
    connection.execute("drop trigger event_is_never_updated")
    prev = GENESIS
    for seq, body in connection.execute("select seq, body from event order by seq").fetchall():
        read = json.loads(body)
        text = body.replace(f'"ts":{read["ts"]}', f'"ts":{read["ts"] + 1000}')
        hashed = digest(prev, text.encode())
        connection.execute(
            "update event set body = ?, prev = ?, hash = ? where seq = ?", (text, prev, hashed, seq)
        )
        prev = hashed
    connection.execute(GUARDS["event_is_never_updated"])
    connection.commit()
    connection.close()


def posted(shop: World) -> list[Message]:
    return [message for message in shop.slack.messages(AUDIT) if "coupon-checkpoint" in message.words()]


async def checkpoints(shop: World, count: int) -> list[str]:
    found = await until(lambda: posted(shop) if len(posted(shop)) >= count else None)
    return [message.words() for message in found]


async def test_the_first_start_posts_one_that_an_auditor_can_check(shop: World) -> None:
    [text] = await checkpoints(shop, 1)
    assert "The audit log holds" in text
    # It stands in the text and in the block.
    [checkpoint] = set(found_in(text))
    assert was_signed_by(checkpoint, load_key(shop.folder / "coupon.db"))
    assert verify(shop.folder / "coupon.db").rows > checkpoint.seq


async def test_a_restart_neither_doubles_nor_misses_one_and_many_events_make_another(shop: World) -> None:
    await checkpoints(shop, 1)
    await shop.stop()
    await shop.start()
    for _ in range(3):
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
    assert len(posted(shop)) == 1
    # The loop looks every half minute; a start looks at once.
    await shop.stop()
    await shop.start()
    first, second = (next(iter(found_in(text))) for text in await checkpoints(shop, 2))
    assert second.seq - first.seq >= 12


async def test_it_is_told_until_slack_takes_it(shop: World) -> None:
    await checkpoints(shop, 1)
    assert len(posted(shop)) == 1
    [row] = shop.rows("select body from event where tag = 'audit:checkpoint'")
    detail = json.loads(row["body"])["detail"]
    assert detail["line"] in posted(shop)[0].words()


async def older_file(shop: World) -> tuple[int, str]:
    """A checkpoint is posted of what the file that is put back does not hold; returns its place."""
    await checkpoints(shop, 1)
    await shop.stop()
    for file in shop.folder.glob("coupon.db*"):
        shutil.copy(file, shop.folder / f"older-{file.name}")
    await shop.start()
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "sent")
    await shop.approve(await shop.ask())
    await shop.stop()
    await shop.start()
    texts = await checkpoints(shop, 2)
    await shop.stop()
    for file in shop.folder.glob("coupon.db*"):
        file.unlink()
    for file in shop.folder.glob("older-coupon.db*"):
        file.rename(file.with_name(file.name.removeprefix("older-")))
    return max(found.seq for text in texts for found in found_in(text)), texts[-1]


async def test_an_older_file_put_back_pauses_sending_and_is_told_once(shop: World) -> None:
    seq, _ = await older_file(shop)
    await shop.start()
    said = await until(
        lambda: [m.words() for m in shop.slack.messages("C0APPROVE") if "ends at event" in m.words()] or None
    )
    assert f"a checkpoint of event #{seq} stands in the audit channel" in said[0]
    await until(lambda: [m for m in shop.slack.messages(AUDIT) if "ends at event" in m.words()] or None)
    assert shop.rows("select by from pause")[0]["by"] == "system"
    # Nobody sends until a person says so.
    number = await shop.ask()
    await shop.approve(number)
    await shop.whisper("U0WANG", "paused")
    assert len(shop.rows("select 1 from request where state = 'sent'")) == 0
    await shop.stop()
    await shop.start()
    assert [
        json.loads(row["body"])["detail"]["kind"]
        for row in shop.rows("select body from event where tag = 'database:restored'")
    ] == ["tail"]
    await shop.send("resume", "U0WANG")
    await until(lambda: shop.rows("select 1 from pause") == [] or None)
    await shop.stop()
    # Still the same find: it pauses nobody again.
    await shop.start()
    assert shop.rows("select 1 from pause") == []
    shop.audit_holds()


async def test_the_channel_proves_the_log_on_the_command_line(shop: World) -> None:
    await checkpoints(shop, 1)
    await shop.stop()
    result = await verified(shop)
    assert result.exit_code == 0, result.output
    assert re.search(r"checkpoint of #\d+, signed .*: the log still holds it", result.output)
    await shop.start()
    await older_file(shop)
    result = await verified(shop)
    assert result.exit_code == 1
    assert "the log has no #" in result.output


async def verified(shop: World) -> Any:
    environ = dict.fromkeys(os.environ) | dict(shop.environ)
    words = ["audit", "verify", "--against", "channel", "--database", str(shop.folder / "coupon.db")]
    run = CliRunner(env=environ)
    return await asyncio.to_thread(run.invoke, cli, words, prog_name="coupon-bot")


async def test_a_key_taken_away_with_the_log_written_anew_pauses_sending(shop: World) -> None:
    """What the old key signed was posted by this bot, whatever key lies there now."""
    [text] = await checkpoints(shop, 1)
    [posted_then] = set(found_in(text))
    await shop.stop()
    rewrite(shop.folder / "coupon.db")
    key_file(shop.folder / "coupon.db").unlink()
    await shop.start()
    details = [json.loads(row["body"])["detail"] for row in shop.rows(RESTORED)]
    assert [(each["kind"], each["posted_seq"]) for each in details] == [("rewritten", posted_then.seq)]
    assert shop.rows("select by from pause") == [{"by": "system"}]
    await shop.stop()
    result = await verified(shop)
    assert (result.exit_code, "the log was written anew" in result.stderr) == (1, True)
    # Nor by saying that the key is lost.
    lost = [
        "audit",
        "checkpoint",
        "--lost-key",
        posted_then.key,
        "--database",
        str(shop.folder / "coupon.db"),
    ]
    assert (await asyncio.to_thread(CliRunner().invoke, cli, lost)).exit_code == 0
    assert (await verified(shop)).exit_code == 1
    await shop.start()


async def test_a_key_that_nobody_changed_by_command_pauses_sending_until_that_is_said(shop: World) -> None:
    [text] = await checkpoints(shop, 1)
    [before] = set(found_in(text))
    await shop.stop()
    key_file(shop.folder / "coupon.db").unlink()
    await shop.start()
    said = await until(
        lambda: [m.words() for m in shop.slack.messages("C0APPROVE") if before.key in m.words()] or None
    )
    assert f"checkpoint of event #{before.seq} in the audit channel was signed with the key" in said[0]
    assert f"`coupon-bot audit checkpoint --lost-key {before.key}`" in said[0]
    assert shop.rows("select reason from pause")[0]["reason"].endswith(f"another key ({before.key})")
    await shop.stop()
    result = await verified(shop)
    assert (result.exit_code, f"posted by this bot, names the key {before.key}" in result.stderr) == (1, True)
    lost = ["audit", "checkpoint", "--lost-key", before.key, "--database", str(shop.folder / "coupon.db")]
    assert (await asyncio.to_thread(CliRunner().invoke, cli, lost)).exit_code == 0
    result = await verified(shop)
    assert (result.exit_code, result.stderr) == (0, "")
    await shop.start()
    # It goes on when a person says so, and not before.
    assert shop.rows("select by from pause") == [{"by": "system"}]
    await shop.send("resume", "U0WANG")
    await until(lambda: shop.rows("select 1 from pause") == [] or None)
    await shop.stop()
    await shop.start()
    assert shop.rows("select 1 from pause") == []
    assert len(shop.rows(RESTORED)) == 1
    shop.audit_holds()


async def test_a_key_changed_by_command_stops_nobody(shop: World) -> None:
    await checkpoints(shop, 1)
    await shop.stop()
    renew = ["audit", "checkpoint", "--new-key", "--database", str(shop.folder / "coupon.db")]
    assert (await asyncio.to_thread(CliRunner().invoke, cli, renew)).exit_code == 0
    await shop.start()
    assert shop.rows("select 1 from pause") == []
    await shop.stop()
    result = await verified(shop)
    assert (result.exit_code, result.stderr) == (0, "")
    await shop.start()


async def test_a_checkpoint_that_somebody_typed_stops_nobody(shop: World) -> None:
    """Into a reason for example, which this bot posts where both channels are one."""
    await checkpoints(shop, 1)
    await shop.stop()
    forged = sign(Ed25519PrivateKey.generate(), 1, "ab" * 32, now=0)
    async with session() as http:
        client = web_client(shop.slack.setup.bot_token, base_url=shop.slack.api_url, session=http)
        await client.chat_postMessage(channel=AUDIT, text=f"⏸️ Paused sending. Reason: 🔏 {forged.line}")
    await shop.start()
    assert shop.rows("select 1 from pause") == []
    await shop.stop()
    result = await verified(shop)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"names another key ({forged.key}): not looked at" in result.stdout
    await shop.start()


async def test_checkpoints_that_another_signed_prove_nothing(shop: World) -> None:
    await checkpoints(shop, 1)
    forged = posted(shop)[0].words().replace("seq=", "seq=9")
    await shop.stop()
    async with session() as http:
        client = web_client(shop.slack.setup.bot_token, base_url=shop.slack.api_url, session=http)
        await client.chat_postMessage(channel=AUDIT, text=forged)
    await shop.start()
    assert shop.rows("select 1 from pause") == []
    assert shop.rows("select 1 from event where tag = 'database:restored'") == []


async def test_without_the_history_the_bot_starts_all_the_same(shop: World) -> None:
    await checkpoints(shop, 1)
    await shop.stop()
    shop.slack.faults.next("conversations.history", api_error("missing_scope"))
    await shop.start()
    assert shop.rows("select 1 from pause") == []


async def test_changed_settings_are_named_and_no_value_of_them_is_kept(shop: World) -> None:
    await shop.stop()
    toml = shop.folder / "coupon.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace("checkpoint_events = 12", "checkpoint_events = 13"), encoding="utf-8")
    await shop.start()
    details = [
        json.loads(row["body"])["detail"]
        for row in shop.rows("select body from event where tag = 'settings:changed'")
    ]
    assert [(each["added"], each["removed"], each["changed"]) for each in details] == [
        ([], [], []),
        ([], [], ["audit.checkpoint_events"]),
    ]
    kept = json.dumps(details)
    for name in ("SLACK_BOT_TOKEN", "WECHATPAY_APIV3_KEY", "WECHATPAY_MCHID"):
        assert shop.environ[name] not in kept
        assert name in details[0]["digests"]
    # Keyed with what only this machine has: nobody can try out which value a digest is of.
    settings, key = load_settings(shop.environ), load_key(shop.folder / "coupon.db").private_bytes_raw()
    assert details[1]["digests"] == digests(settings, key=key)
    assert not set(details[1]["digests"].values()) & set(digests(settings, key=bytes(32)).values())
    # The same settings again are no event.
    await shop.stop()
    await shop.start()
    assert len(shop.rows("select 1 from event where tag = 'settings:changed'")) == 2
    started = json.loads(shop.rows("select body from event where tag = 'bot:started'")[0]["body"])["detail"]
    assert set(started) == {"version", "sqlite"}


async def test_checkpoints_say_how_far_numbers_were_where_the_cards_are_gone(shop: World) -> None:
    await checkpoints(shop, 1)
    for _ in range(4):
        await shop.approve(await shop.ask())
    await shop.stop()
    await shop.start()
    await checkpoints(shop, 2)
    await shop.stop()
    for message in shop.slack.messages("C0APPROVE"):
        shop.slack.delete_message("C0APPROVE", message.ts)
    # Without its key, too: nobody can sign for the old one any more.
    for file in shop.folder.glob("coupon.db*"):
        file.unlink()
    await shop.start()
    assert await shop.ask() == 5
