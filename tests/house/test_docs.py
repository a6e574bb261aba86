"""What the documents promise exists."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bot.cli.main import cli
from coupons.events import Tag
from handlers.parsing import SUBCOMMANDS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_of_the_program_has_help_and_a_place_in_the_docs() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name, command in cli.commands.items():
        assert command.help, name
        assert f"coupon-bot {name}" in pages, name
        for inner, subcommand in getattr(command, "commands", {}).items():
            assert subcommand.help, f"{name} {inner}"
            assert f"{name} {inner}" in pages, f"{name} {inner}"


def test_every_slash_command_is_on_the_page_of_those_who_use_it() -> None:
    readers = ("agent", "approver", "auditor")
    pages = "".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in readers)
    for name in SUBCOMMANDS:
        assert f"/coupon {name}" in pages, name


@pytest.mark.parametrize("name", ["agent", "approver"])
def test_the_chinese_page_says_as_much_as_the_english_one(name: str) -> None:
    """The same headings, tables, commands and pictures, in the same order."""
    english, chinese = (
        (ROOT / "docs" / f"{name}{mark}.md").read_text(encoding="utf-8") for mark in ("", ".zh-CN")
    )

    def shape(page: str) -> list[str]:
        lines = (re.match(r"#+ |\| |!\[|\d\.|- ", line) for line in page.splitlines())
        return [line[0] for line in lines if line]

    assert shape(chinese) == shape(english)
    commands = r"/coupon(?: [a-z]+\b)?"
    assert re.findall(commands, chinese) == re.findall(commands, english)
    pictures = r"\(pictures/([a-z-]+)"
    assert re.findall(pictures, chinese) == re.findall(pictures, english)


def test_every_picture_stands_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert f"pictures/{picture.name}" in pages, picture.name


def test_every_tag_of_the_log_is_on_the_auditors_page() -> None:
    page = (ROOT / "docs" / "auditor.md").read_text(encoding="utf-8")
    for tag in Tag:
        assert f"`{tag}`" in page, tag


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers[0] == 1
    assert all(second == first + 1 for first, second in pairwise(numbers))


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"(?:`|^ {4})make ([a-z]+)", pages, re.MULTILINE))
    assert named
    assert named <= made


ROOMS = (
    "benchmarks",
    "bot",
    "console",
    "coupons",
    "docs",
    "findings",
    "handlers",
    "sandbox",
    "storage",
    "wechatpay",
)
_FILE = re.compile(
    rf"(?<![\w./-])(?:{'|'.join((*ROOMS, 'tests'))})/[\w./-]*"
    r"\.(?:css|html|js|json|md|po|py|sh|sql|toml|txt)\b"
)


def test_every_file_that_the_developers_page_names_is_there() -> None:
    page = (ROOT / "docs" / "developer.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-zA-Z_./-]+/[a-zA-Z_.-]*)`", page)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_file_that_a_page_or_a_comment_names_is_there() -> None:
    code = [path for room in ROOMS for kind in ("py", "sh") for path in (ROOT / room).rglob(f"*.{kind}")]
    gone = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in (*PAGES, *code, ROOT / "pyproject.toml", ROOT / "Makefile")
        for name in _FILE.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert gone == []


def test_each_decision_bears_its_number() -> None:
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        assert page.read_text(encoding="utf-8").startswith(f"# {int(page.name[:4])}. "), page.name
