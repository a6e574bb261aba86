""".env.example names every variable, describes each in a line, and holds no secret."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from bot.config.settings import FILES, NAMES, load_settings

LINES = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8").splitlines()
ASSIGNMENT = re.compile(r"(?P<optional># )?(?P<name>[A-Z0-9_]+)=(?P<value>.*)")
FOUND = [found for line in LINES if (found := ASSIGNMENT.fullmatch(line))]


def variable(name: str) -> str:
    """The contract's name: `X` for `X_FILE` too."""
    return name if name in NAMES else name.removesuffix("_FILE")


def test_its_names_are_those_that_the_settings_know() -> None:
    names = [found["name"] for found in FOUND]
    assert sorted(variable(name) for name in names) == sorted(NAMES)
    assert {variable(name) for name in names if name not in NAMES} <= FILES


def test_each_variable_has_a_line_of_its_own_above_it() -> None:
    for above, line in itertools.pairwise(LINES):
        if ASSIGNMENT.fullmatch(line):
            assert re.fullmatch(r"# .{15,}\.", above), line
            assert not ASSIGNMENT.fullmatch(above)


def test_it_holds_no_secret_and_no_merchants_number() -> None:
    for found in FOUND:
        if not found["optional"]:
            assert found["value"] in {"", "xoxb-...", "xapp-..."} or found["name"].endswith("_FILE")


@pytest.mark.parametrize(
    "name",
    ["SLACK_API_URL", "WECHATPAY_API_URL", "WECHATPAY_SEND_PATH", "COUPON_DATABASE", "COUPON_LISTEN"],
)
def test_what_is_commented_out_shows_the_default(name: str) -> None:
    (shown,) = (found["value"] for found in FOUND if found["name"] == name and found["optional"])
    needed = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "WECHATPAY_MCHID": "1900000001",
        "WECHATPAY_APPID": "wxd678efh567hg6787",
        "WECHATPAY_SERIAL_NO": "3775B6A45ACD588826D15E583A95F5DD0123ABCD",
        "WECHATPAY_PRIVATE_KEY": "PEM",
        "WECHATPAY_APIV3_KEY": "k" * 32,
    }
    default, given = load_settings(needed), load_settings(needed | {name: shown})
    assert getattr(given, name.lower()) == getattr(default, name.lower())
