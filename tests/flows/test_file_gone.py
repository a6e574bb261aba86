"""The database goes from under the running bot: it says so, gives nothing, ends when told, loses nothing."""

from __future__ import annotations

from pathlib import Path

from bot.needs import Need
from bot.pauses import Pauses
from storage.proof.verify import verify
from tests.storage.records import rows
from tests.storage.test_open_files import saved_copy
from tests.world import until, world


async def test_nothing_is_given_from_a_deleted_database_and_its_copy_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "coupon.db"
    async with world(tmp_path, pauses=Pauses(database_s=0.05)) as shop:
        number = await shop.ask()
        card = await shop.card(number)
        assert shop.service is not None
        readiness = shop.service.readiness
        assert readiness.why(Need.DATABASE) is None
        path.unlink()
        # Nobody has to ask for anything: the bot looks by itself.
        sentence = await until(lambda: readiness.why(Need.DATABASE))
        assert f"{path} was deleted, moved away or replaced" in sentence
        assert "Stop the bot, put the file back" in sentence
        for words in (f"status {number}", "list", "send oUpF8uMuAJO_M2pxb1Q9zNjWeS99 late-10 second"):
            answer = await shop.send(words)
            assert "the file of my database is not in its place" in answer.text, words
        # Its click is never acked: Slack shows its person that it failed.
        shop.slack.sockets._ack_seconds = 1.0
        await shop.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
        assert shop.wechatpay.ledger.coupons == []
        await shop.stop()
        copy = saved_copy(path)
        assert rows(copy, "select id, state from request") == [(number, "pending")]
        assert verify(copy).rows > 0
        # What the sentence says to do: then all goes on.
        copy.replace(path)
        await shop.start()
        await shop.approve(number)
        await shop.state(number, "sent")
        shop.audit_holds()
    assert len(shop.wechatpay.ledger.coupons) == 1
