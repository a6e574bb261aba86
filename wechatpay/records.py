"""Records from JSON and back, by their own annotations: the fields have the names of the wire.

Reading forgives: new members are ignored, unknown words of a closed set stay text, and a value of another
type than promised is like a missing one (as `null` is).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from wechatpay.errors import Malformed

R = TypeVar("R")
_Reader = Callable[[Any], Any]


def read(record: type[R], members: Mapping[str, Any]) -> R:
    """Missing members become None, () or "", whichever the annotation allows."""
    readers = _readers(cast("Hashable", record))
    return record(**{name: reader(members.get(name)) for name, reader in readers.items()})


def promised(record: type[R], members: Mapping[str, Any], *, echo: Mapping[str, Any]) -> R:
    """A record whose fields without a default must be there, and which says the same as the request, `echo`,
    where it repeats members of it. Raises Malformed."""
    found = read(record, members)
    wrong = []
    for field in fields(cast("Any", record)):
        value = getattr(found, field.name)
        missing = value is None or value == ""
        is_promised = field.default is MISSING and field.default_factory is MISSING
        if (missing and is_promised) or (not missing and echo.get(field.name, value) != value):
            wrong.append(field.name)
    if wrong:
        raise Malformed(f"the genuine answer lacks or changes {', '.join(wrong)}", verified=True)
    return found


def wire(value: object) -> Any:
    """What JSON takes: records as objects without the members that are None, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: wire(member) for name, member in members.items() if member is not None}
    return [wire(entry) for entry in value] if isinstance(value, tuple | list) else value


@functools.cache
def _readers(record: type[Any]) -> dict[str, _Reader]:
    return {name: _reader(kind) for name, kind in get_type_hints(record).items()}


def _reader(kind: Any) -> _Reader:
    """For `str`, for a tuple, and for what is None when missing: text, words, numbers, flags, records."""
    alternatives = [each for each in get_args(kind) if each is not NoneType] if get_origin(kind) else [kind]
    if get_origin(kind) is tuple:
        return functools.partial(_entries, (), _reader(get_args(kind)[0]))
    first, missing = alternatives[0], None if NoneType in get_args(kind) else ""
    if get_origin(first) is tuple:
        return functools.partial(_entries, None, _reader(get_args(first)[0]))
    if issubclass(first, StrEnum):
        return functools.partial(_word, first, missing)
    if issubclass(first, str):
        return functools.partial(_text, missing)
    return functools.partial(_record if is_dataclass(first) else _exactly, first)


def _text(missing: str | None, value: Any) -> str | None:
    # Lone surrogates from JSON escapes would break the first file or terminal they reach.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else missing


def _word(words: type[StrEnum], missing: str | None, value: Any) -> str | None:
    text = _text(missing, value)
    return words(text) if text in list(words) else text


def _exactly(kind: type[Any], value: Any) -> Any:
    return value if type(value) is kind else None  # a bool is no number


def _record(record: type[Any], value: Any) -> Any:
    return read(record, value) if isinstance(value, dict) else None


def _entries(missing: tuple[()] | None, reader: _Reader, value: Any) -> tuple[Any, ...] | None:
    if not isinstance(value, list):
        return missing
    found = [reader(entry) for entry in value]
    return tuple(entry for entry in found if entry is not None and entry != "")
