"""docs/privacy.md says of every event which of its details tell of a person, and says it as the code does."""

from __future__ import annotations

import re
from pathlib import Path

from coupons.events import Tag
from coupons.personal import PERSONAL

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"


def test_it_is_said_of_every_tag() -> None:
    assert set(PERSONAL) == set(Tag)


def test_the_page_and_the_code_agree() -> None:
    lines = re.findall(r"^\| `([a-z_]+:[a-z_]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {tag: tuple(re.findall(r"`([a-z_]+)`", details)) for tag, details in lines}
    assert told == {str(tag): details for tag, details in PERSONAL.items() if details}
