"""How something becomes an event: what it tells, who did it, and what the log makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import (
    Annotated,
    Any,
    ClassVar,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_origin,
    get_type_hints,
)

#: JSON without floats: two programs may print the same float differently, and the text is hashed.
Json = Union[str, int, bool, None, "list[Json]", "dict[str, Json]"]

#: The actor of what no person did.
SYSTEM = "system"

T = TypeVar("T")
#: A detail that tells of a person: for docs/privacy.md, and for whoever hands a log on.
Personal: TypeAlias = Annotated[T, "personal"]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, before the log gives it `seq`, `ts` and its place in the chain."""

    tag: str
    actor: str
    request_id: int | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log; `ts` in UTC milliseconds."""

    seq: int
    ts: int
    tag: str
    actor: str
    request_id: int | None
    detail: Mapping[str, Json]


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Payload:
    """What an event tells beside who did it, when, and with which request: frozen, by keywords only.

    Its fields are the keys of `detail`; one whose default is None is left out while it is None.
    """

    tag: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init_subclass__(cls, *, tag: str = "") -> None:
        dataclass(frozen=True, kw_only=True)(cls)
        if tag:
            cls.tag = tag

    def done_by(self, actor: str, request_id: int | None = None) -> Event:
        """`actor`: a Slack user id, or SYSTEM."""
        values = ((each.name, getattr(self, each.name), each.default) for each in fields(self))
        detail = {name: value for name, value, default in values if value is not None or default is not None}
        return Event(self.tag, actor, request_id, cast("dict[str, Json]", detail))


def personal(payload: type[Payload]) -> tuple[str, ...]:
    """The names of its personal fields."""
    hints = get_type_hints(payload, include_extras=True)
    return tuple(each.name for each in fields(payload) if get_origin(hints[each.name]) is Annotated)
