"""Whatever is wrong with coupon.toml, all of it is told at once, in sentences."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from bot.config.coupon_toml import load_coupon_toml
from bot.config.toml_tables import CouponTomlProblems
from tests.bot.test_coupon_toml import EXAMPLE, problems_of, read, stock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "coupon.toml"


def test_all_problems_are_told_at_once(file: Path) -> None:
    text = 'approval_channel = 1\ncolour = 1\n[roles]\nagents = ["x"]\napprovers = ["U0A"]\n'
    text += (
        stock("1", "a")
        + stock("1", "a")
        + "[limits]\nper_agent = {count = 0, days = 0}\n[expiry]\nhours = 0\n"
    )
    problems = problems_of(file, text)
    assert [problem.partition(" reads")[0].partition(",")[0].partition(";")[0] for problem in problems] == [
        "approval_channel",
        "[roles] agents 1",
        "[[stock]] 1 and [[stock]] 2 have the same stock_id '1'",
        "[[stock]] 1 and [[stock]] 2 have the same alias 'a'",
        "[limits] per_agent count",
        "[limits] per_agent days",
        "[expiry] hours",
        "unknown key 'colour'",
    ]


def test_a_missing_file_is_one_sentence_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CouponTomlProblems) as caught:
        load_coupon_toml(tmp_path / "absent.toml")
    (problem,) = caught.value.problems
    assert problem.startswith(f"{tmp_path / 'absent.toml'} cannot be read (No such file or directory); ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('approval_channel = "C0A"\n[roles\n', "line 2, column 7"),
        ("approval_channel = C0A\n", "line 1, column 20"),
        ("a = 1\na = 2\n", "line 2, column 6"),
        ("a = [", "end of document"),
    ],
)
def test_a_slip_in_the_writing_is_named_with_its_line(file: Path, text: str, place: str) -> None:
    (problem,) = problems_of(file, text)
    assert re.fullmatch(re.escape(f"{file}, {place}: this is not TOML: ") + r"[^(]+", problem)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        *((f"/{name}", True) for name in ("slack/events", "healthz", "metrics", "v1", "wechatpay/notify")),
        *((f"/{name}", True) for name in ("log", "search", "request/", "sign-in", "month")),
        *((f"/{name}", False) for name in ("", "audit", "audit/log", "logbook", "searching")),
    ],
)
def test_the_console_is_nowhere_where_something_else_is(file: Path, path: str, taken: bool) -> None:
    url = f"https://bot.example.com{path}"
    text = EXAMPLE.read_text(encoding="utf-8") + f'\n[audit]\nconsole_url = "{url}"\n'
    file.write_text(text, encoding="utf-8")
    if not taken:
        assert load_coupon_toml(file).console_url == url.rstrip("/")
        return
    (problem,) = problems_of(file, text)
    assert repr(url) in problem
    assert "whose path is none of the bot's or the console's own" in problem


@pytest.mark.parametrize("text", ["a = " + "[" * 9_000 + "]" * 9_000, "a = " + "{b = " * 9_000])
def test_brackets_in_brackets_are_one_sentence(file: Path, text: str) -> None:
    (problem,) = problems_of(file, text)
    assert problem.startswith(f"{file} holds brackets in brackets")


def test_a_file_in_another_encoding_is_one_sentence(file: Path) -> None:
    file.write_bytes('approval_channel = "批"'.encode("gb18030"))
    with pytest.raises(CouponTomlProblems, match="is not in UTF-8; it must be saved as UTF-8"):
        load_coupon_toml(file)


LINES = EXAMPLE.read_text(encoding="utf-8").splitlines()
LITERALS = ["1", "-1", "true", '"x"', "1.5", "[]", "[[1]]", "{}", "{x = 1}", "1979-05-27", "nan", "9" * 30]


@pytest.mark.parametrize("at", [number for number, line in enumerate(LINES) if re.match(r"\w+ = ", line)])
def test_whatever_stands_after_a_key_the_answer_is_sentences(file: Path, at: int) -> None:
    """Every line of the example, with values of every type: never a traceback, never a wrong type let in."""
    for literal in LITERALS:
        changed = [*LINES]
        changed[at] = f"{LINES[at].partition(' = ')[0]} = {literal}"
        with contextlib.suppress(CouponTomlProblems):
            config = read(file, "\n".join(changed))
            assert isinstance(config.policy.expiry_ms, int)
            assert all(type(each.value_fen) is int for each in config.catalogue)
