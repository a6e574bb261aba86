"""Whoever is no auditor any more is out of the console at the next page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.console.visiting import AUDITOR, Place, Slack

PAGES = (
    "/",
    "/request/1",
    "/search?q=late",
    "/month",
    "/log/requests",
    "/log/requests.csv",
    "/log/looks.json",
)


def dismiss(slack: Slack) -> None:
    slack.auditors.discard(AUDITOR)


def deactivate(slack: Slack) -> None:
    slack.deactivated.add(AUDITOR)


@pytest.mark.parametrize("leave", [dismiss, deactivate])
@pytest.mark.parametrize("page", PAGES)
async def test_the_next_page_is_refused_and_the_session_over(
    here: Place, page: str, leave: Callable[[Slack], None]
) -> None:
    visitor = await here.signed_in()
    leave(here.slack)
    answer = await visitor.get(page)
    assert answer.status == 403
    assert "You are no auditor by Slack" in answer.text
    [refused] = here.events()
    assert (refused.tag, refused.actor) == ("console:refused", AUDITOR)
    assert refused.detail == {"where": "browser", "reason": "not_auditor"}
    # Taken back into the group they come in by a new link, and not by the old session.
    here.slack.auditors.add(AUDITOR)
    here.slack.deactivated.clear()
    assert (await visitor.get(page)).status == 401
    assert (await (await here.signed_in()).get("/")).status == 200


async def test_while_slack_is_silent_nothing_is_shown_and_nobody_signed_out(here: Place) -> None:
    visitor = await here.signed_in()
    here.slack.answers = False
    before = here.events()
    answer = await visitor.get("/request/1")
    assert (answer.status, "Slack did not say" in answer.text) == (503, True)
    assert here.events() == before
    here.slack.answers = True
    assert (await visitor.get("/request/1")).status == 200


async def test_who_may_no_longer_write_sql_reads_the_pages_still(here: Place) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    statement = "/log?sql=select+state+from+requests"
    assert (await visitor.get(statement)).status == 200

    async def nobody(_person: str) -> bool:
        return False

    here.console._outside = replace(here.console._outside, may_write_sql=nobody)
    assert (await visitor.get(statement)).status == 403
    assert (await visitor.get("/")).status == 200
