"""`/coupon audit`: whoever may see the log asks it from Slack, nobody else; each access is kept."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack import api_error
from sandbox.slack.view_store import View
from tests.world import COUPON_TOML, OPENID, World, until, world

AUDITED = COUPON_TOML.replace('approvers = ["S0LEADS"]', 'approvers = ["S0LEADS"]\nauditors = ["U0FIN"]')
CHEN = "U0FIN"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[World]:
    (tmp_path / "coupon.toml").write_text(AUDITED, encoding="utf-8")
    async with world(tmp_path) as here:
        yield here
        here.audit_holds()


def text(view: View | None) -> str:
    return "" if view is None else json.dumps(view.definition, ensure_ascii=False)


async def asked(shop: World, words: str, shows: str, who: str = CHEN) -> View:
    """The window that opens for this command."""
    await shop.send(f"audit {words}".strip(), who)
    return await window(shop, shows, who)


async def window(shop: World, shows: str, who: str = CHEN) -> View:
    def now() -> View | None:
        view = shop.slack.person(who).modal
        return view if view is not None and shows in text(view) else None

    return await until(now)


async def press(shop: World, view: View, action_id: str, value: str | None = None) -> None:
    await shop.slack.person(CHEN).press(view, action_id, value)


def accesses(shop: World) -> list[tuple[str, str, Any]]:
    """What was kept of who looked."""
    about = ("audit:", "openid:", "console:")
    found = [event for event in shop.events() if event["tag"].startswith(about)]
    return [(event["tag"], event["actor"], event["detail"]) for event in found]


async def sent(shop: World, **options: Any) -> int:
    number = await shop.ask(**options)
    await shop.approve(number)
    await shop.state(number, "sent")
    return number


async def test_an_auditor_sees_who_gave_what_to_whom_newest_first(shop: World) -> None:
    first = await sent(shop)
    second = await shop.ask("sorry-50", openid="another-customer-2")
    view = await asked(shop, "", f"*#{second}*")
    shown = text(view)
    assert shown.index(f"*#{second}*") < shown.index(f"*#{first}*")
    assert "approved by <@U0WANG>" in shown
    assert "parcel four days late" in shown
    row = shop.row(first)
    assert row is not None
    assert row["coupon_code"] in shown
    assert OPENID not in shown
    assert accesses(shop) == [
        ("audit:searched", CHEN, {"where": "slack", "words": "", "found": 2, "page": 1}),
    ]


async def test_each_word_narrows_and_a_person_is_named_by_a_mention(shop: World) -> None:
    small, big = await sent(shop), await shop.ask("sorry-50", who="U0SUN", openid="another-customer-2")
    for words, expected in (
        ("agent:@sun", [big]),
        ("agent:@li", [small]),
        ("approver:@wang", [small]),
        ("late-10", [small]),
        ("stock:sorry-50", [big]),
        ("state:pending", [big]),
        ("amount:>=20", [big]),
        ("parcel", [big, small]),
        ("parcel agent:@sun", [big]),
        (f"openid:{OPENID}", [small]),
        (OPENID, [small]),
        ("openid:nobody-has-this-one", []),
        ("since:2020-01", [big, small]),
        ("until:2020-01", []),
        ('"four days"', [big, small]),
    ):
        view = await asked(shop, words, "Looked for")
        assert [int(number) for number in re.findall(r"\*#(\d+)\*", text(view))] == expected, words
        await shop.slack.person(CHEN).close(view)
    assert OPENID not in json.dumps(accesses(shop))
    assert ("audit:searched", CHEN) in {access[:2] for access in accesses(shop)}
    assert "customer:1" in json.dumps(accesses(shop))
    # As on the command line and in the browser.
    assert "openid:?" in json.dumps(accesses(shop))


async def test_a_number_alone_is_the_request_of_that_number(shop: World) -> None:
    """Not another one whose reason has the number in it."""
    first = await sent(shop)
    await shop.send(f"send another-customer-2 sorry-50 +{first} 881", "U0LI")
    second = shop.newest()
    view = await asked(shop, str(first), f"#{first} ")
    assert "Show the whole openid" in text(view)
    assert accesses(shop)[-1][0] == "audit:viewed"
    await shop.slack.person(CHEN).close(view)
    view = await asked(shop, "881", "There is no request #881, so I looked for the number")
    assert f"*#{second}*" in text(view)
    assert f"*#{first}*" not in text(view)
    await shop.slack.person(CHEN).close(view)
    view = await asked(shop, f'"{first}"', "Looked for")
    assert f"*#{second}*" in text(view)


async def test_an_auditor_reads_beijing_time_wherever_they_sit(shop: World) -> None:
    """A picture of the window says when it was, whoever made it."""
    number = await sent(shop)
    row = shop.row(number)
    assert row is not None
    at = datetime.fromtimestamp(row["created_at"] // 1000, timezone(timedelta(hours=8)))
    written = f"{at:%Y-%m-%d %H:%M:%S} Beijing time"
    for words, shows in (
        ("", f"*#{number}*"),
        (f"#{number}", "Show the whole"),
        ("tag:request:created", "created"),
    ):
        view = await asked(shop, words, shows)
        assert written in text(view), words
        assert "<!date" not in text(view), words
        await shop.slack.person(CHEN).close(view)


async def test_whoever_is_no_auditor_sees_nothing_and_that_they_asked_is_kept(shop: World) -> None:
    number = await shop.ask()
    for words in ("", f"#{number}", "open", "agent:@li"):
        answer = await shop.send(f"audit {words}", "U0LI")
        assert "you are not among them" in answer.text
    assert shop.slack.person("U0LI").modal is None
    assert [access[:2] for access in accesses(shop)] == [("audit:refused", "U0LI")] * 4
    assert shop.rows("select * from console_link") == []


async def test_somebody_who_lost_the_role_while_the_window_was_open_sees_no_more(shop: World) -> None:
    number = await shop.ask()
    view = await asked(shop, "", f"*#{number}*")
    shop.slack.set_person(CHEN, is_restricted=True)
    # Who somebody is, is remembered for half a minute.
    await shop.stop()
    await shop.start()
    for action_id, value in (("audit_story", str(number)), ("audit_export", None)):
        await press(shop, view, action_id, value)
    await until(
        lambda: (
            True if sum("you are not among them" in m.words() for m in shop.slack.dms(CHEN)) == 2 else None
        )
    )
    assert shop.slack.person(CHEN).modal == view
    assert [access[:2] for access in accesses(shop)][1:] == [("audit:refused", CHEN)] * 2
    assert files(shop) == []


async def test_one_request_is_told_whole_on_one_screen(shop: World) -> None:
    first, second = await sent(shop), await sent(shop)
    view = await asked(shop, f"#{second}", "Open")
    shown = text(view)
    for words in (
        f"#{second} ✅ Sent",
        "<@U0LI> asked for",
        "<@U0WANG> approved it (1 of 1)",
        "attempt 1: sent, HTTP 200, signature good, Request-ID",
        "the coupon was sent: ",
        "This customer has 1 other request:",
        f"*#{first}*",
    ):
        assert words in shown, words
    assert OPENID not in shown
    # The other one takes its place.
    await press(shop, view, "audit_other", str(first))
    await window(shop, f"#{first} ✅ Sent")
    assert [access[0] for access in accesses(shop)] == ["audit:viewed", "audit:viewed"]


async def test_a_story_opened_from_the_list_lies_on_top_of_it(shop: World) -> None:
    number = await sent(shop)
    results = await asked(shop, "parcel", f"*#{number}*")
    await press(shop, results, "audit_story", str(number))
    story = await window(shop, "approved it (1 of 1)")
    assert story.previous_view_id == results.id
    await shop.slack.person(CHEN).close(story)
    await window(shop, "Looked for `parcel`")


async def test_the_whole_openid_is_shown_on_request_and_that_is_an_event(shop: World) -> None:
    number = await sent(shop)
    view = await asked(shop, f"#{number}", "Show the whole openid")
    await press(shop, view, "audit_openid", str(number))
    await window(shop, OPENID)
    viewed = [event for event in shop.events(number) if event["tag"] == "openid:viewed"]
    assert [(event["actor"], event["detail"]) for event in viewed] == [
        (CHEN, {"where": "slack", "customer": 1})
    ]
    assert OPENID not in json.dumps(shop.events())


async def test_older_and_newer_pages(shop: World) -> None:
    numbers = [await shop.ask(openid=f"{OPENID[:-2]}{n:02}") for n in range(12)]
    view = await asked(shop, "", f"*#{numbers[-1]}*")
    assert f"*#{numbers[1]}*" not in text(view)
    await press(shop, view, "audit_older")
    view = await window(shop, f"*#{numbers[0]}*")
    assert f"*#{numbers[2]}*" not in text(view)
    assert "audit_older" not in text(view)
    await press(shop, view, "audit_newer")
    view = await window(shop, f"*#{numbers[-1]}*")
    assert "audit_newer" not in text(view)


async def test_what_was_found_comes_as_a_file_to_the_direct_messages(shop: World) -> None:
    number = await sent(shop)
    await shop.ask("sorry-50", openid="another-customer-2", who="U0SUN")
    view = await asked(shop, "agent:@li", f"*#{number}*")
    await press(shop, view, "audit_export")
    await window(shop, "A file with 1 row is on its way")
    [file] = await until(lambda: files(shop) or None)
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    row = shop.row(number)
    assert row is not None
    assert [(row["request"], row["approvers"], row["value_yuan"]) for row in rows] == [
        (str(number), "U0WANG", "10.00")
    ]
    # As WeChat Pay's bills have it: a spreadsheet would round the long number.
    assert rows[0]["coupon_code"] == f"`{row['coupon_code']}"
    assert OPENID not in file.content.decode()
    [message] = [message for message in shop.slack.dms(CHEN) if message.file_ids]
    assert "Audit log, 1 row, newest first" in message.words()
    assert ("audit:exported", CHEN) in {access[:2] for access in accesses(shop)}


def files(shop: World) -> list[Any]:
    shared = {file for message in shop.slack.dms(CHEN) for file in message.file_ids}
    return [file for file in shop.slack.state.files.values() if file.id in shared]


async def test_an_installation_without_the_scope_for_files_says_what_is_missing(shop: World) -> None:
    number = await shop.ask()
    view = await asked(shop, "", f"*#{number}*")
    shop.slack.faults.next("files.getUploadURLExternal", api_error("missing_scope"))
    await press(shop, view, "audit_export")
    message = await until(
        lambda: next((m.words() for m in shop.slack.dms(CHEN) if "files:write" in m.words()), None)
    )
    assert "missing_scope" in message
    await shop.quiet()


async def test_single_events_can_be_asked_for(shop: World) -> None:
    number = await shop.ask()
    await shop.approve(number, "U0LI")
    await shop.whisper("U0LI", "Nothing has changed")
    view = await asked(shop, "tag:click:refused", "was not allowed")
    assert "<@U0LI> wanted to approve it and was not allowed to" in text(view)
    view = await asked(shop, "tag:bot:started", "the bot started")
    assert "audit_story" not in text(view)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("agnet:@li", "do not know that key. Did you mean `agent`"),
        ("agent:li", "nobody that Slack knows"),
        ("state:done", "It must be like `pending`, `approved`"),
        ("since:yesterday", "It must be like `2026-10, 2026-10-03`"),
        ("stock:a stock:b", "`stock` twice"),
        ("tag:request:sent state:sent", "narrowed by `actor`"),
        ("since:2026-10 until:2026-09", "which have no day in common"),
        ("x" * 501, "501 characters"),
        ("#999", "no request #999"),
        ("help", "Keys:"),
    ],
)
async def test_what_cannot_be_understood_is_answered_by_what_would_be_right(
    shop: World, words: str, answer: str
) -> None:
    message = await shop.send(f"audit {words}", CHEN)
    assert answer in message.text
    assert shop.slack.person(CHEN).modal is None


async def test_a_window_that_does_not_open_is_told(shop: World) -> None:
    await shop.ask()
    shop.slack.faults.next("views.open", api_error("expired_trigger_id"))
    await shop.send("audit", CHEN)
    await until(
        lambda: next(
            (m for m in shop.slack.ephemerals(CHEN) if "did not open the window" in m.words()),
            next((m for m in shop.slack.dms(CHEN) if "did not open the window" in m.words()), None),
        )
    )


async def test_the_link_to_the_console_is_kept_only_as_its_digest(shop: World) -> None:
    answer = await shop.send("audit open", CHEN)
    found = re.search(r"http://127\.0\.0\.1:8001/sign-in\?token=([\w-]{43})", answer.text)
    assert found is not None
    [row] = shop.rows("select * from console_link")
    assert row["digest"] == hashlib.sha256(found[1].encode()).hexdigest()
    assert (row["person"], row["used_at"], row["expires_at"] - row["made_at"]) == (CHEN, None, 600_000)
    whole = b"".join(path.read_bytes() for path in shop.folder.glob("coupon.db*"))
    assert found[1].encode() not in whole
    assert [access[:2] for access in accesses(shop)] == [("console:link_made", CHEN)]


async def test_an_openid_typed_into_a_reason_is_in_no_event_and_no_row(shop: World) -> None:
    other = "oUpF8uMuAJO_M2pxb1Q9zNjWeS99"
    await shop.send(f"send {OPENID} late-10 {OPENID} and {other} got the wrong parcel ticket:{other}")
    number = shop.newest()
    await shop.card(number)
    await shop.decline(number, f"{OPENID} has one")
    await shop.state(number, "declined")
    await shop.send(f"pause {other} complains", "U0WANG")
    await until(lambda: shop.rows("select 1 from pause") or None)
    kept = json.dumps(
        shop.rows("select body from event") + shop.rows("select reason from pause"), default=dict
    )
    row = shop.row(number)
    assert row is not None
    assert (row["reason"], row["decline_reason"]) == (
        "oU…jWeS6o and oU…jWeS99 got the wrong parcel",
        "oU…jWeS6o has one",
    )
    assert row["ticket"] == "oU…jWeS99"
    assert OPENID not in kept
    assert other not in kept


async def test_where_a_request_stands_is_told_to_its_requester_and_to_those_whose_business_it_is(
    tmp_path: Path,
) -> None:
    named = re.sub(r"(?m)^agents = .*$", 'agents = ["U0LI"]', AUDITED)
    (tmp_path / "coupon.toml").write_text(named, encoding="utf-8")
    async with world(tmp_path) as shop:
        number = await shop.ask()
        for who in ("U0LI", "U0WANG", CHEN):
            assert f"#{number}" in (await shop.send(f"status {number}", who)).text
        assert "can see this" in (await shop.send(f"status {number}", "U0SUN")).text
