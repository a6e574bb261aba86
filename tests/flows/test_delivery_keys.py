"""The keys of Slack's deliveries, byte by byte as every release has written them.

WeChat Pay knows a coupon by a number derived from such a key. With another key after an upgrade, a delivery
that Slack repeats, or that is done again after a restore, would be given a second coupon.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from coupons.request_number import out_request_no
from sandbox.slack.view_store import View
from tests.world import COUPON_TOML, LATE, OPENID, until, world

TOGETHER = f"{COUPON_TOML}\n[home]\napprove_together_fen = 1000\n"


def _with(view: View | None, action_id: str) -> View | None:
    return view if view is not None and view.element(action_id) is not None else None


async def test_each_way_to_ask_and_to_decide_has_the_key_that_it_always_had(tmp_path: Path) -> None:
    (tmp_path / "coupon.toml").write_text(TOGETHER, encoding="utf-8")
    async with world(tmp_path) as shop:
        team = shop.slack.setup.team_id
        li, wang = shop.slack.person("U0LI"), shop.slack.person("U0WANG")

        typed = await shop.send(f"send {OPENID} late-10 parcel four days late")
        card = await shop.card(1)
        await li.command("C0SUPPORT", "/coupon")
        form = await shop.slack.wait_for(lambda: li.modal)
        await li.submit(form, {"openid": OPENID, "stock": LATE, "reason": "late again"})
        await shop.card(2)
        made = shop.rows("select out_request_no from request order by id")
        assert [row["out_request_no"] for row in made] == [
            out_request_no(f"{team}:{typed.trigger_id}"),
            out_request_no(f"{team}:{form.id}"),
        ]

        retried = await shop.send("retry 1", "U0WANG")
        urged = await li.click(card.channel, card.ts, "more_request", "urge:1")
        opened = await wang.click(card.channel, card.ts, "decline_request")
        reason = await opened.view()
        await wang.submit(reason, {"reason": "on time"})
        await shop.state(1, "declined")
        await shop.ask()
        await wang.open_home()
        home = await until(lambda: _with(wang.home, "home_approve_together"))
        together = await wang.press(home, "home_approve_together")
        await shop.state(2, "sent")
        await shop.state(3, "sent")
        approved = await shop.approve(await shop.ask())
        await shop.state(4, "sent")
        assert [row["key"] for row in shop.rows("select key from click order by id")] == [
            f"{team}:{retried.trigger_id}:1",
            f"{team}:{urged.trigger_id}:more_request:urge:1",
            f"{team}:{reason.id}:{hashlib.sha256(b'on time').hexdigest()}",
            f"{team}:{together.trigger_id}:home_approve_together:2",
            f"{team}:{together.trigger_id}:home_approve_together:3",
            f"{team}:{approved.trigger_id}:approve_request:4",
        ]
