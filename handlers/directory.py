"""Slack's present word on people and groups, at most 30 seconds old; and in which language somebody reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from coupons.errors import DirectoryUnavailable
from coupons.model import Person
from coupons.ports import Clock
from handlers.views.words import Languages, Words
from handlers.web_api import SlackError, ask

#: What the contract allows for group membership; a person's state is held to the same.
MAX_AGE_MS = 30_000
#: A language decides nothing, so an old one does: listeners ask for it.
_LOCALE_AGE_MS = 3_600_000
#: Renewed a little before, for the groups that listeners ask for: they must not wait for the network.
_RENEW_S = 20.0

#: Not to be had for our bot: somebody from outside.
_STRANGERS = frozenset({"user_not_found", "user_not_visible"})
#: The group does not exist (any more), or the plan has no groups: nobody is in it.
_NO_GROUP = frozenset({"no_such_subteam", "plan_upgrade_required", "subteam_not_found"})
#: What a listener, whose ack is waited for, may spend on a person's language.
_SOON_S = 0.25

V = TypeVar("V")


class _Fresh(Generic[V]):
    """Values by key, never older than is asked for, fetched once for all who wait."""

    def __init__(self, fetch: Callable[[str], Awaitable[V]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._values: dict[str, tuple[int, V]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, key: str, max_age_ms: int = MAX_AGE_MS) -> V:
        if (value := self._fresh_value(key, max_age_ms)) is not None:
            return value[1]
        async with self._locks.setdefault(key, asyncio.Lock()):
            if (value := self._fresh_value(key, max_age_ms)) is not None:
                return value[1]
            return await self.renew(key)

    async def renew(self, key: str) -> V:
        asked_at = self._clock()
        value = await self._fetch(key)
        self._values[key] = (asked_at, value)
        return value

    def _fresh_value(self, key: str, max_age_ms: int) -> tuple[int, V] | None:
        kept = self._values.get(key)
        # abs: a wall clock set back must not keep a value for ever.
        return kept if kept is not None and abs(self._clock() - kept[0]) <= max_age_ms else None


class SlackDirectory:
    """`coupons.ports.Directory` over `users.info` and `usergroups.users.list`."""

    def __init__(self, client: AsyncWebClient, *, team: str, clock: Clock) -> None:
        self._client = client
        self._team = team
        self._people: _Fresh[Person] = _Fresh(self._fetch_person, clock)
        self._groups: _Fresh[frozenset[str]] = _Fresh(self._fetch_members, clock)

    async def person(self, user_id: str) -> Person:
        return await self._people.get(user_id)

    async def locale(self, user_id: str) -> str:
        """As Slack writes it, `zh-CN`; empty when Slack did not say. Raises DirectoryUnavailable."""
        return (await self._people.get(user_id, _LOCALE_AGE_MS)).locale

    async def members(self, group_id: str) -> frozenset[str]:
        return await self._groups.get(group_id)

    async def keep_fresh(self, groups: Iterable[str], on_trouble: Callable[[BaseException], object]) -> None:
        """For ever: renew the groups that are asked for inside listeners, ahead of time."""
        names = tuple(groups)
        while names:
            for group in names:
                try:
                    await self._groups.renew(group)
                except DirectoryUnavailable as error:
                    on_trouble(error)
            await asyncio.sleep(_RENEW_S)

    async def _fetch_person(self, user_id: str) -> Person:
        try:
            answer = await ask(self._client, "users.info", user=user_id, include_locale="true")
        except SlackError as error:
            if error.code in _STRANGERS:
                return Person(user_id=user_id, team="", is_outsider=True)
            raise DirectoryUnavailable(f"Slack did not say who {user_id} is") from error
        return _person(user_id, answer.get("user") or {}, self._team)

    async def _fetch_members(self, group_id: str) -> frozenset[str]:
        try:
            answer = await ask(self._client, "usergroups.users.list", usergroup=group_id)
        except SlackError as error:
            if error.code in _NO_GROUP:
                return frozenset()
            raise DirectoryUnavailable(f"Slack did not say who is in {group_id}") from error
        return frozenset(answer.get("users") or ())


def _person(user_id: str, user: dict[str, Any], team: str) -> Person:
    # On Enterprise Grid a colleague's home team may be another one of the same company.
    grid_teams = (user.get("enterprise_user") or {}).get("teams") or ()
    home = user.get("team_id") or team
    return Person(
        user_id=user_id,
        team=team if team in grid_teams else home,
        is_bot=bool(user.get("is_bot")),
        is_deactivated=bool(user.get("deleted")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_outsider=bool(user.get("is_stranger")),
        locale=str(user.get("locale") or ""),
    )


class Readers:
    """`language` is coupon.toml's: of cards and threads, and of those whose language Slack does not tell."""

    def __init__(
        self,
        directory: SlackDirectory,
        languages: Languages,
        *,
        language: str,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._directory = directory
        self.languages = languages
        self._on_trouble = on_trouble
        #: For what many people read.
        self.channel = languages.of(language)

    async def words(self, user_id: str, *, within_s: float = _SOON_S) -> Words:
        """By the person's Slack locale; asked of Slack once, and then only now and again."""
        try:
            async with asyncio.timeout(within_s):
                locale = await self._directory.locale(user_id)
        except TimeoutError:
            # A slow Slack costs a person the language, never the answer.
            locale = ""
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            locale = ""
        return self.languages.of(locale) if locale else self.channel
