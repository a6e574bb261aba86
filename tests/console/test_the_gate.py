"""Nothing without a link, each link once, and only for auditors."""

from __future__ import annotations

import asyncio

import pytest

from console import sign_in
from tests.console.visiting import AUDITOR, Place, place

EVERYWHERE = (
    "/",
    "/search?q=late",
    "/search.csv?q=late",
    "/request/1",
    "/charts",
    "/log",
    "/log.json",
    "/log.csv?sql=select+1",
    "/log.db",
    "/log/requests",
    "/log/requests.json",
    "/log/requests.csv?_stream=1",
    "/log/by-agent.csv?agent=U0AGENT01",
    "/log/customer.json",
    "/_internal",
    "/_memory",
    "/-/static/app.css",
    "/-/versions",
    "/-/versions.json",
    "/-/actor.json",
    "/-/metadata.json",
    "/-/permissions",
    "/-/databases.json",
    "/favicon.ico",
    "/console.css",
    "/sign-in/",
    "/sign-in.json",
    "//sign-in",
    "/sign-out",
    "/.json",
)


@pytest.mark.parametrize("cookie", ["", "coupon_console=forged", "ds_actor=root"])
async def test_nothing_is_reachable_without_a_session(here: Place, cookie: str) -> None:
    visitor = here.visitor()
    visitor.cookie = cookie
    for path in EVERYWHERE:
        for answer in (await visitor.get(path), await visitor.post(path)):
            assert answer.status == 401, path
            assert "/coupon audit open" in answer.text, path
            assert "U0AGENT" not in answer.text, path


async def test_a_link_signs_in_once(here: Place) -> None:
    token = here.link()
    visitor = here.visitor()
    answer = await visitor.post("/sign-in", token=token)
    assert answer.status == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=Lax" in answer.headers["set-cookie"]
    (event,) = here.events()
    assert (event.tag, event.actor) == ("console:signed_in", AUDITOR)
    assert (await visitor.get("/")).status == 200

    again = here.visitor()
    refused = await again.post("/sign-in", token=token)
    assert (refused.status, sign_in.USED in refused.text) == (403, True)
    (event,) = here.events()
    assert (event.tag, event.actor, event.detail["reason"]) == ("console:refused", AUDITOR, "used")
    assert (await again.get("/")).status == 401


async def test_two_clicks_at_once_sign_in_one(here: Place) -> None:
    token = here.link()
    answers = await asyncio.gather(*(here.visitor().post("/sign-in", token=token) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [303, 403, 403, 403, 403, 403]


async def test_whoever_only_fetches_the_link_does_not_use_it_up(here: Place) -> None:
    token = here.link()
    for _ in range(3):
        page = await here.visitor().get(f"/sign-in?token={token}")
        assert page.status == 200
        assert "set-cookie" not in page.headers
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
    assert (await here.visitor().post("/sign-in", token=token)).status == 303


async def test_a_link_made_while_the_clock_was_ahead_is_not_good_for_hours(here: Place) -> None:
    token = here.link()
    here.time.now -= 26 * 3_600_000
    answer = await here.visitor().post("/sign-in", token=token)
    assert (answer.status, sign_in.EXPIRED in answer.text) == (403, True)


async def test_who_signed_in_while_the_clock_was_ahead_is_signed_in_for_no_longer(here: Place) -> None:
    visitor = here.visitor()
    assert (await visitor.post("/sign-in", token=here.link())).status == 303
    here.time.now -= 60_000
    assert (await visitor.get("/")).status == 200
    here.time.now -= 26 * 3_600_000
    assert (await visitor.get("/")).status == 401


async def test_an_old_link_is_refused(here: Place) -> None:
    token = here.link()
    here.time.now += 600_000
    answer = await here.visitor().post("/sign-in", token=token)
    assert (answer.status, sign_in.EXPIRED in answer.text) == (403, True)
    (event,) = here.events()
    assert (event.actor, event.detail["reason"]) == (AUDITOR, "expired")


@pytest.mark.parametrize("token", ["", "forged", "x" * 100_000, "\ud83d\ude00"])
async def test_a_forged_link_is_refused(here: Place, token: str) -> None:
    answer = await here.visitor().post(
        "/sign-in", token=token.encode("utf-16", "surrogatepass").decode("utf-16")
    )
    assert (answer.status, sign_in.UNKNOWN.split(",")[0] in answer.text) == (403, True)
    (event,) = here.events()
    assert (event.tag, event.actor, event.detail["reason"]) == ("console:refused", "system", "unknown")


async def test_guesses_do_not_fill_the_log(here: Place) -> None:
    before = here.events()[0].seq
    for _ in range(40):
        assert (await here.visitor().post("/sign-in", token="guess")).status in {403, 429}
    assert here.events()[0].seq == before + 30
    assert (await here.visitor().post("/sign-in", token=here.link())).status == 303


async def test_who_is_no_auditor_any_more_is_refused(here: Place) -> None:
    token = here.link()
    here.slack.auditors.clear()
    answer = await here.visitor().post("/sign-in", token=token)
    assert (answer.status, "no auditor" in answer.text) == (403, True)
    assert here.events()[0].detail["reason"] == "not_auditor"


async def test_while_slack_is_silent_nobody_signs_in_and_the_link_stays_good(here: Place) -> None:
    token = here.link()
    here.slack.answers = False
    assert (await here.visitor().post("/sign-in", token=token)).status == 503
    here.slack.answers = True
    assert (await here.visitor().post("/sign-in", token=token)).status == 303


async def test_a_session_ends_after_eight_hours(here: Place) -> None:
    visitor = await here.signed_in()
    here.time.now += 8 * 3_600_000 - 1
    assert (await visitor.get("/search")).status == 200
    here.time.now += 1
    assert (await visitor.get("/search")).status == 401


async def test_signing_out_ends_the_session_for_a_copied_cookie_too(here: Place) -> None:
    visitor = await here.signed_in()
    copied = visitor.cookie
    assert (await visitor.post("/sign-out")).status == 200
    visitor.cookie = copied
    assert (await visitor.get("/")).status == 401


async def test_a_new_start_signs_everybody_out(here: Place) -> None:
    visitor = await here.signed_in()
    visitor.console = place(here.database).console
    assert (await visitor.get("/")).status == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_click_from_another_site_does_nothing(here: Place, site: str) -> None:
    visitor = await here.signed_in()
    assert (await visitor.post("/request/1/openid", site=site)).status == 403
    assert (await visitor.post("/sign-out", site=site)).status == 403
    assert (await visitor.get("/search")).status == 200
    token = here.link()
    assert (await here.visitor().post("/sign-in", site=site, token=token)).status == 403
    assert "openid:viewed" not in {event.tag for event in here.events(50)}


@pytest.mark.parametrize(
    ("origin", "status"), [("http://127.0.0.1:8001", 200), ("http://evil.example", 403), ("null", 403)]
)
async def test_a_browser_that_names_only_the_origin_is_checked_by_it(
    here: Place, origin: str, status: int
) -> None:
    visitor = await here.signed_in()
    assert (await visitor.ask("POST", "/sign-out", b"", {"origin": origin})).status == status


async def test_every_answer_forbids_frames_scripts_and_copies(here: Place) -> None:
    visitor = await here.signed_in()
    for path in ("/", "/search?q=late", "/request/1", "/charts", "/log/requests", "/log/looks", "/nowhere"):
        answer = await visitor.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text


async def test_behind_a_proxy_links_and_cookie_are_those_of_console_url(here: Place) -> None:
    safe = place(here.database, url="https://audit.example/console")
    answer = await safe.visitor().post("/sign-in", token=safe.link())
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["location"] == "/console/"
    visitor = await safe.signed_in()
    for start in ("/console", "/console/", "/"):
        assert 'href="/console/charts"' in (await visitor.get(start)).text
    # Also where the proxy in front of it takes the path away, or speaks to it under another name.
    for path in ("/console/log/requests", "/log/requests"):
        page = (await visitor.get(path, host="inner:1")).text
        assert "https://audit.example/console/log/requests?state=declined" in page
        assert "inner:1" not in page
        assert "/console/console" not in page
        assert 'href="/log' not in page
        assert 'href="/console/log/requests.csv?' in page
    for path in ("/console/log/refusals.csv", "/console/log/requests.csv?_stream=1&request__gt=5"):
        assert (await visitor.get(path)).status == 200
