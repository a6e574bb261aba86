"""Small building bricks for saying what JSON must look like, with complaints worded and pointed as Slack's
are."""

from collections.abc import Callable, Collection
from typing import Any

from sandbox.slack.errors import JSON


class Problems:
    """Complaints so far, each `what is wrong [json-pointer:/where]`."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, complaint: str, pointer: str) -> None:
        self.lines.append(f"{complaint} [json-pointer:{pointer}]")


Shape = Callable[[Problems, Any, str], None]


def string(at_most: int, at_least: int = 1) -> Shape:
    """A string whose length is counted in characters as sent (`&amp;` is five), not bytes."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, str):
            problems.add("must provide a string", pointer)
        elif len(value) > at_most:
            problems.add(f"must be less than {at_most + 1} characters", pointer)
        elif len(value) < at_least:
            problems.add(f"must be more than {at_least - 1} characters", pointer)

    return check


def boolean(problems: Problems, value: Any, pointer: str) -> None:
    if not isinstance(value, bool):
        problems.add("must provide a boolean", pointer)


def whole(lowest: int, highest: int) -> Shape:
    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.add("must provide an integer", pointer)
        elif not lowest <= value <= highest:
            problems.add(f"must be between {lowest} and {highest}", pointer)

    return check


def one_of(*allowed: str) -> Shape:
    def check(problems: Problems, value: Any, pointer: str) -> None:
        if value not in allowed:
            problems.add(f"must be one of: {', '.join(allowed)}", pointer)

    return check


def array(of: Shape, at_most: int, at_least: int = 1) -> Shape:
    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            problems.add("must provide an array", pointer)
            return
        if len(value) > at_most:
            problems.add(f"no more than {at_most} items allowed", pointer)
        if len(value) < at_least:
            problems.add(f"no fewer than {at_least} items allowed", pointer)
        for index, item in enumerate(value):
            of(problems, item, f"{pointer}/{index}")

    return check


def record(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    """An object with these fields and no others; `type` is looked at by whoever chose this shape."""
    fields = {**required, **(optional or {})}

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            problems.add("must provide an object", pointer)
            return
        for name in required:
            if name not in value:
                problems.add(f"missing required field: {name}", pointer)
        for name, item in value.items():
            if name in fields:
                fields[name](problems, item, f"{pointer}/{name}")
            elif name != "type":
                problems.add(f"invalid additional property: {name}", pointer)

    return check


def by_type(shapes: dict[str, Shape], allowed: Collection[str] | None = None) -> Shape:
    """An object whose `type` chooses its shape, out of those allowed in this place."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            problems.add("must provide an object", pointer)
            return
        kind = value.get("type")
        if kind is None:
            problems.add("missing required field: type", pointer)
        elif kind not in shapes or (allowed is not None and kind not in allowed):
            problems.add(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            shapes[kind](problems, value, pointer)

    return check


def both(*shapes: Shape) -> Shape:
    """All of these hold. The later ones may rely on nothing the earlier ones complained about."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        for shape in shapes:
            before = len(problems.lines)
            shape(problems, value, pointer)
            if len(problems.lines) > before:
                return

    return check


def text(at_most: int, *kinds: str) -> Shape:
    """A text object of these kinds (plain_text, mrkdwn)."""
    body = string(at_most)
    plain = record({"text": body}, {"emoji": boolean})
    marked = record({"text": body}, {"verbatim": boolean})
    return by_type({"plain_text": plain, "mrkdwn": marked}, kinds)


def exactly_one(*names: str) -> Shape:
    def check(problems: Problems, value: JSON, pointer: str) -> None:
        present = [name for name in names if name in value]
        if len(present) != 1:
            problems.add(f"must provide exactly one of: {', '.join(names)}", pointer)

    return check


def any_of(*names: str) -> Shape:
    def check(problems: Problems, value: JSON, pointer: str) -> None:
        if not any(name in value for name in names):
            problems.add(f"missing required field: {names[0]}", pointer)

    return check
