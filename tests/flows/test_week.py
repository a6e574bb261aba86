"""The week: sent to who approves at the time that is set, and to who asks for it on Home."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.clock import utc_ms
from coupons.days import BEIJING
from coupons.week_reports import report_week_to
from sandbox.slack import Message, api_error
from tests.clocks import SetClock
from tests.flows.test_home import opened, shows
from tests.storage.records import open_ledger
from tests.world import COUPON_TOML, World, until, world

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def of_week(shop: World, who: str) -> list[Message]:
    return [message for message in shop.slack.dms(who) if "What was given from" in message.text]


async def test_a_lead_has_the_week_as_a_picture_at_its_time_and_when_they_ask(tmp_path: Path) -> None:
    now = datetime.now(UTC).astimezone(BEIJING)
    week = f'{COUPON_TOML}\n[week]\nweekday = "{DAYS[now.weekday()]}"\nhour = {now.hour}\n'
    (tmp_path / "coupon.toml").write_text(week, encoding="utf-8")
    async with world(tmp_path) as shop:
        for who in ("U0WANG", "U0ZHAO"):
            [message] = await until(lambda who=who: of_week(shop, who) or None)  # type: ignore[misc]  # bound now
            assert "0 coupons sent, ¥0.00. 0 requests declined." in message.text
            [file] = message.file_ids
            assert shop.slack.state.files[file].name.startswith("week-20")
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")

        view = await opened(shop, "U0WANG", "1 coupon sent, ¥10.00.")
        wang = shop.slack.person("U0WANG")
        await wang.press(view, "home_week_picture")
        _, asked = await until(lambda: found if len(found := of_week(shop, "U0WANG")) == 2 else None)
        assert "*1* <@U0LI>: 1 coupon, ¥10.00" in asked.text
        assert "*A* ¥10 off, late delivery (`1212121212`): 1 coupon, ¥10.00" in asked.text
        [file] = asked.file_ids
        picture = tmp_path / "week.png"
        picture.write_bytes(shop.slack.state.files[file].content)
        with Image.open(picture) as image:
            assert (image.format, image.size) == ("PNG", (1200, 560))
        # Impatience is one wish.
        await wang.press(await shows(shop, "U0WANG", "The week follows"), "home_week_picture")
        await shop.quiet()
        assert len(of_week(shop, "U0WANG")) == 2
        assert len(of_week(shop, "U0ZHAO")) == 1

        # Who approves no more, on a screen that had not caught up.
        shop.slack.set_group("S0LEADS", ["U0ZHAO", "U0QIAN"])
        await shop.stop()
        # And who approved when it was promised.
        promised = open_ledger(shop.folder / "coupon.db", SetClock(now_ms := utc_ms()))
        await promised.write(lambda tx: report_week_to(tx, "U0WANG", now_ms + 60_000))
        await promised.close()
        await shop.start()
        await wang.press(view, "home_week_picture")
        refused = await until(lambda: [e for e in shop.events() if e["tag"] == "click:refused"] or None)
        assert [(e["actor"], e["detail"]["reason"]) for e in refused] == [("U0WANG", "not_approver")]
        # And who cannot have the picture has the figures.
        shop.slack.faults.next("files.getUploadURLExternal", api_error("missing_scope"))
        await shop.slack.person("U0ZHAO").press(await opened(shop, "U0ZHAO", "By stock"), "home_week_picture")
        _, without = await until(lambda: found if len(found := of_week(shop, "U0ZHAO")) == 2 else None)
        assert "Slack takes no file from the bot" in without.text
        await shop.quiet()
        assert len(of_week(shop, "U0WANG")) == 2
        assert not without.file_ids
        shop.audit_holds()
