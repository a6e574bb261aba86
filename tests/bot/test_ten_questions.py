"""The first ten questions of an auditor are answered by the commands and Slack lines that the page names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.long_log import fill
from bot.cli.main import cli
from coupons.audit_words import EVERYTHING, read_words

PAGE = Path(__file__).parents[2] / "docs" / "auditor.md"
QUESTIONS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+\. ", line)
]
COMMANDS = [each for row in QUESTIONS for each in re.findall(r"`(audit [^`]+)`", row[2])]
LINES = [each for row in QUESTIONS for each in re.findall(r"`/coupon audit ([^`]+)`", row[1])]
#: These two ask Slack and WeChat Pay, and have tests of their own.
ELSEWHERE = ("audit verify --against channel", "audit reconcile --month 2026-10")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "coupon.db"
    fill(path, 2_000)
    return path


def test_there_are_ten_and_each_has_a_command_a_line_and_a_page() -> None:
    assert len(QUESTIONS) == 10
    for question, in_slack, command, page in QUESTIONS:
        assert "/coupon audit" in in_slack, question
        assert "`audit " in command, question
        assert page.startswith("`/"), question


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in ELSEWHERE])
def test_each_command_answers(database: Path, command: str) -> None:
    words = [*shlex.split(command, comments=False), "--database", str(database)]
    result = CliRunner().invoke(cli, words, prog_name="coupon-bot")
    assert (result.exit_code, result.exception) == (0, None), result.stderr
    assert result.stdout.strip()


@pytest.mark.parametrize("line", LINES)
def test_each_line_is_a_question_that_is_understood(line: str) -> None:
    # A person who is chosen from Slack's list arrives as a mention.
    text = re.sub(r"@(\w+)", lambda name: f"<@U0{name[1].upper()}>", line)
    assert read_words(text, find_stock=lambda _word: None) != EVERYTHING
