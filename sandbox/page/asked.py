"""The body of a request of the page, read member by member; what is missing or wrong is one sentence."""

import json
from typing import Any

from aiohttp import web

from sandbox.slack.errors import JSON, CannotDoError


class Asked:
    def __init__(self, members: JSON) -> None:
        self._members = members

    @classmethod
    async def read(cls, request: web.Request) -> "Asked":
        """Raises CannotDoError for what is no JSON object."""
        try:
            members = json.loads(await request.read())
        except ValueError:
            members = None
        if not isinstance(members, dict):
            raise CannotDoError("the body is no JSON object")
        return cls(members)

    def value(self, name: str) -> Any:
        return self._members.get(name)

    def text(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str):
            raise CannotDoError(f"{name} is {value!r}; a text expected")
        return value

    def maybe_text(self, name: str) -> str | None:
        return self.text(name) if self._members.get(name) is not None else None

    def whole(self, name: str, default: int) -> int:
        value = self._members.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise CannotDoError(f"{name} is {value!r}; a whole number expected")
        return value

    def record(self, name: str) -> JSON:
        value = self._members.get(name)
        if not isinstance(value, dict):
            raise CannotDoError(f"{name} is {value!r}; an object expected")
        return value
