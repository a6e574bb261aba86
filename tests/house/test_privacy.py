"""What events tell is said in a few files; docs/privacy.md says which of it is personal, as they do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from coupons import absence_events, audit_events, batch_events, coupon_events, undo_events, waiting_events
from coupons.events import Tag
from coupons.recording import Payload, personal

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "privacy.md"


def records(parent: type[Payload] = Payload) -> Iterator[type[Payload]]:
    for child in parent.__subclasses__():
        if "tag" in child.__dict__:
            yield child
        yield from records(child)


def test_every_tag_has_one_record_in_the_files_of_events() -> None:
    tags = [record.tag for record in records()]
    assert sorted(tags) == sorted(Tag)
    assert {record.__module__ for record in records()} == {
        Tag.__module__,
        audit_events.__name__,
        absence_events.__name__,
        batch_events.__name__,
        coupon_events.__name__,
        undo_events.__name__,
        waiting_events.__name__,
    }


def test_the_page_and_the_records_agree() -> None:
    lines = re.findall(r"^\| `([a-z_]+:[a-z_]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    detail = {tag: set(re.findall(r"`([a-z_]+)`", details)) for tag, details in lines}
    assert detail == {record.tag: set(personal(record)) for record in records() if personal(record)}


def test_no_record_holds_an_openid() -> None:
    for record in records():
        assert "openid" not in record.__dataclass_fields__, record


def test_the_product_makes_events_of_records_alone() -> None:
    """An `Event` made by hand could tell what nobody marked as personal."""
    for room in ("bot", "console", "coupons", "handlers", "storage", "wechatpay"):
        for file in (HOUSE / room).rglob("*.py"):
            if file.name == "recording.py":
                continue
            called = {
                node.func.id
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert "Event" not in called, file
