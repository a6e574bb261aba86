"""People and user groups as they stand now. They change while the app runs, and the app is not told."""

from dataclasses import replace
from datetime import datetime

from sandbox.slack.clock import zone
from sandbox.slack.errors import JSON
from sandbox.slack.setup import Person, Setup, UserGroup


class Directory:
    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        bot = Person(setup.bot_user_id, setup.bot_name.lower().replace(" ", "-"), setup.bot_name, is_bot=True)
        self.people = {person.id: person for person in (bot, *setup.people)}
        self.groups = {group.id: group for group in setup.groups}

    def get(self, user: object) -> Person | None:
        return self.people.get(user) if isinstance(user, str) else None

    def name(self, user: str) -> str:
        person = self.people.get(user)
        return person.shown_name if person else user

    def team_of(self, person: Person) -> str:
        return person.team_id or self._setup.team_id

    def is_outsider(self, person: Person) -> bool:
        return self.team_of(person) != self._setup.team_id

    def put(self, person: Person) -> None:
        self.people[person.id] = person

    def set_members(self, group: str, members: tuple[str, ...]) -> None:
        self.groups[group] = replace(self.groups[group], members=members)

    def user_json(self, person: Person, *, include_locale: bool) -> JSON:
        """The `user` of users.info. A deactivated account loses its time zone and guest marks, as in
        Slack."""
        body: JSON = {
            "id": person.id,
            "team_id": self.team_of(person),
            "name": person.handle,
            "deleted": person.deleted,
            "is_bot": person.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
            "profile": {
                "real_name": person.real_name,
                "real_name_normalized": person.real_name,
                "display_name": person.display_name,
                "display_name_normalized": person.display_name,
                "title": person.title,
                "team": self.team_of(person),
            },
        }
        if self.is_outsider(person):
            body["is_stranger"] = True
        if person.deleted:
            return body
        body |= {
            "real_name": person.real_name,
            "tz": person.tz,
            "tz_offset": _offset_seconds(person.tz),
            "is_admin": person.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": person.is_restricted or person.is_ultra_restricted,
            "is_ultra_restricted": person.is_ultra_restricted,
        }
        if include_locale:
            body["locale"] = person.locale
        return body

    def group_json(self, group: UserGroup, *, include_users: bool) -> JSON:
        body: JSON = {
            "id": group.id,
            "team_id": self._setup.team_id,
            "is_usergroup": True,
            "name": group.name,
            "handle": group.handle,
            "date_create": 1_700_000_000,
            "date_delete": 0,
            "user_count": len(group.members),
        }
        if include_users:
            body["users"] = list(group.members)
        return body


def _offset_seconds(tz: str) -> int:
    offset = datetime.now(zone(tz)).utcoffset()
    return int(offset.total_seconds()) if offset else 0
