"""Who somebody is: Slack's word, asked once for all who wait, and never older than 30 seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.slack_app import session, web_client
from coupons.errors import DirectoryUnavailable
from coupons.model import Person
from handlers import directory as module
from handlers.directory import MAX_AGE_MS, SlackDirectory
from sandbox.slack import Workspace, api_error, rate_limited, server_error, slow
from sandbox.slack.faults import Fault
from sandbox.slack.running import Slack

TEAM = "T0SHOP"


class Time:
    """Milliseconds; stands still until set."""

    def __init__(self) -> None:
        self.now = 1_795_400_000_000

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True, slots=True)
class Office:
    slack: Slack
    directory: SlackDirectory
    time: Time

    def calls(self, method: str) -> int:
        return len(self.slack.calls(method))


@asynccontextmanager
async def office_of(workspace: Workspace) -> AsyncGenerator[Office]:
    async with workspace.serve() as slack, session() as http:
        client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
        time = Time()
        yield Office(slack, SlackDirectory(client, team=TEAM, clock=time), time)


@pytest.fixture
async def office() -> AsyncGenerator[Office]:
    async with office_of(Workspace()) as here:
        yield here


async def test_64_who_ask_for_one_group_at_once_make_one_call(office: Office) -> None:
    answers = await asyncio.gather(*(office.directory.members("S0LEADS") for _ in range(64)))
    assert set(answers) == {frozenset({"U0WANG", "U0ZHAO", "U0QIAN"})}
    assert office.calls("usergroups.users.list") == 1


async def test_64_who_ask_for_one_person_at_once_make_one_call(office: Office) -> None:
    answers = await asyncio.gather(*(office.directory.person("U0LI") for _ in range(64)))
    assert set(answers) == {Person(user_id="U0LI", team=TEAM, locale="zh-CN")}
    assert office.calls("users.info") == 1


async def test_one_who_gives_up_waiting_does_not_spoil_it_for_the_others(office: Office) -> None:
    """A listener has 2.2 seconds; the decider behind it waits on."""
    office.slack.faults.next("usergroups.users.list", slow(0.5))
    impatient = asyncio.create_task(office.directory.members("S0LEADS"))
    patient = asyncio.create_task(office.directory.members("S0LEADS"))
    await office.slack.wait_for(lambda: office.slack.faults.waiting == 0 or None)
    impatient.cancel()
    assert "U0WANG" in await patient


async def test_a_value_serves_for_30_seconds_and_not_longer(office: Office) -> None:
    assert "U0WANG" in await office.directory.members("S0LEADS")
    assert not (await office.directory.person("U0WANG")).is_deactivated
    office.slack.set_group("S0LEADS", ["U0ZHAO"])
    office.slack.set_person("U0WANG", deleted=True)
    office.time.now += MAX_AGE_MS
    assert MAX_AGE_MS == 30_000
    assert "U0WANG" in await office.directory.members("S0LEADS")
    office.time.now += 1
    assert await office.directory.members("S0LEADS") == {"U0ZHAO"}
    assert (await office.directory.person("U0WANG")).is_deactivated


async def test_age_counts_from_the_question_and_not_from_a_slow_answer(office: Office) -> None:
    office.slack.faults.next("usergroups.users.list", slow(0.2))
    asking = asyncio.create_task(office.directory.members("S0LEADS"))
    await office.slack.wait_for(lambda: office.slack.faults.waiting == 0 or None)
    office.time.now += MAX_AGE_MS
    await asking
    office.time.now += 1
    await office.directory.members("S0LEADS")
    assert office.calls("usergroups.users.list") == 2


async def test_a_wall_clock_set_back_keeps_no_value_for_ever(office: Office) -> None:
    await office.directory.members("S0LEADS")
    office.time.now -= MAX_AGE_MS + 1
    await office.directory.members("S0LEADS")
    assert office.calls("usergroups.users.list") == 2


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("U0LI", Person(user_id="U0LI", team=TEAM, locale="zh-CN")),
        ("U0GONE", Person(user_id="U0GONE", team=TEAM, is_deactivated=True)),
        ("U0GUEST", Person(user_id="U0GUEST", team=TEAM, is_guest=True, locale="en-US")),
        ("U0BOT", Person(user_id="U0BOT", team=TEAM, is_bot=True, locale="en-US")),
        ("U0OUT", Person(user_id="U0OUT", team="T0PARTNER", is_outsider=True, locale="en-US")),
        ("U0NOBODY", Person(user_id="U0NOBODY", team="", is_outsider=True)),
    ],
)
async def test_everybody_is_known_for_what_they_are(office: Office, user: str, expected: Person) -> None:
    assert await office.directory.person(user) == expected


async def test_somebody_whom_slack_does_not_show_is_an_outsider(office: Office) -> None:
    office.slack.faults.next("users.info", api_error("user_not_visible"))
    assert (await office.directory.person("U0LI")).is_outsider


async def test_in_a_group_that_is_gone_there_is_nobody(office: Office) -> None:
    assert await office.directory.members("S0CLOSED") == frozenset()


async def test_on_a_plan_without_groups_there_is_nobody_in_any() -> None:
    async with office_of(Workspace(paid_plan=False)) as office:
        assert await office.directory.members("S0LEADS") == frozenset()


@pytest.mark.parametrize(
    "fault",
    [
        server_error(),
        rate_limited(1),
        api_error("missing_scope"),
        api_error("invalid_auth"),
        api_error("ratelimited"),
    ],
    ids=lambda fault: f"{fault.kind}{fault.error}",
)
async def test_whoever_cannot_be_asked_about_is_neither_trusted_nor_remembered(
    office: Office, fault: Fault
) -> None:
    office.slack.faults.next("users.info", fault)
    office.slack.faults.next("usergroups.users.list", fault)
    with pytest.raises(DirectoryUnavailable, match="U0LI"):
        await office.directory.person("U0LI")
    with pytest.raises(DirectoryUnavailable, match="S0LEADS"):
        await office.directory.members("S0LEADS")
    assert await office.directory.person("U0LI") == Person(user_id="U0LI", team=TEAM, locale="zh-CN")
    assert "U0WANG" in await office.directory.members("S0LEADS")


async def test_a_value_too_old_is_not_used_even_when_slack_is_away(office: Office) -> None:
    await office.directory.members("S0LEADS")
    office.time.now += MAX_AGE_MS + 1
    office.slack.faults.next("usergroups.users.list", server_error())
    with pytest.raises(DirectoryUnavailable):
        await office.directory.members("S0LEADS")


async def test_groups_asked_for_in_listeners_are_renewed_ahead_and_a_bad_answer_stops_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module._RENEW_S * 1000 < MAX_AGE_MS
    monkeypatch.setattr(module, "_RENEW_S", 0.01)
    troubles: list[BaseException] = []
    keeping = asyncio.create_task(office.directory.keep_fresh(("S0AGENTS", "S0LEADS"), troubles.append))
    await office.slack.wait_for(lambda: office.calls("usergroups.users.list") >= 4 or None)
    office.slack.faults.next("usergroups.users.list", server_error())
    await office.slack.wait_for(lambda: bool(troubles) or None)
    office.slack.set_group("S0AGENTS", ["U0SUN"])
    enough = office.calls("usergroups.users.list") + 4
    await office.slack.wait_for(lambda: office.calls("usergroups.users.list") >= enough or None)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    before = office.calls("usergroups.users.list")
    assert await office.directory.members("S0AGENTS") == {"U0SUN"}
    assert office.calls("usergroups.users.list") == before
    [trouble] = troubles
    assert isinstance(trouble, DirectoryUnavailable)


async def test_a_language_decides_nothing_and_may_be_an_hour_old(office: Office) -> None:
    assert await office.directory.locale("U0LI") == "zh-CN"
    office.time.now += 3_600_000
    assert await office.directory.locale("U0LI") == "zh-CN"
    assert office.calls("users.info") == 1
    office.time.now += 1
    await office.directory.locale("U0LI")
    assert office.calls("users.info") == 2
    # The person's rights stay held to 30 seconds.
    office.time.now += MAX_AGE_MS + 1
    await office.directory.person("U0LI")
    assert office.calls("users.info") == 3
