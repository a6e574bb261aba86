"""The program as it is typed: what it prints, and its exit status."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from storage.migrations import LATEST
from tests.storage.records import ROOT, make_log, rows, tamper

COMMANDS = (
    (),
    ("run",),
    ("demo",),
    ("manifest",),
    ("migrate",),
    ("audit",),
    ("audit", "verify"),
    ("audit", "show"),
    ("audit", "search"),
    ("audit", "serve"),
    ("audit", "reconcile"),
    ("reconcile",),
    ("audit", "report"),
    ("audit", "openid"),
    ("audit", "export"),
    ("audit", "checkpoint"),
    ("wechat",),
    ("wechat", "stock"),
    ("wechat", "coupons"),
    ("wechat", "coupon"),
    ("wechat", "certificates"),
    ("wechat", "call"),
    ("doctor",),
    ("erase",),
    ("rules",),
    ("rules", "try"),
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Twelve events: two requests from asking to the coupon, and two that wait."""
    path = tmp_path / "coupon.db"
    make_log(path, 12)
    return path


def typed(*words: object, **environ: str) -> Result:
    """In this process; whatever is raised beyond an exit status fails the test."""
    result = CliRunner(env=dict(environ)).invoke(cli, [str(word) for word in words], prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def commands(group: click.Group, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)


def test_every_command_is_known_here() -> None:
    """So that a new one cannot come without the promises below."""
    assert sorted([(), *dict(commands(cli))]) == sorted(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_each_command_helps_with_a_sentence_and_status_0(words: tuple[str, ...], asked: str) -> None:
    result = typed(*words, asked)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: {' '.join(('coupon-bot', *words))}")
    assert "." in result.stdout


def test_what_a_command_of_the_log_does_is_told_in_one_line_that_is_not_cut() -> None:
    printed = typed("audit", "--help").stdout.partition("Commands:\n")[2].splitlines()
    assert len(printed) == len([words for words in COMMANDS if words[:1] == ("audit",) and words[1:]])
    assert [line for line in printed if not line.endswith(".") or line.endswith("..")] == []


@pytest.mark.parametrize(
    "words",
    [
        ("rnu",),
        ("audit", "verfy"),
        ("audit", "verify", "--datbase", "x"),
        ("audit", "show", "--request", "twelve"),
        ("run", "now"),
    ],
    ids=" ".join,
)
def test_what_is_mistyped_ends_with_status_2_and_the_usage_on_stderr(words: tuple[str, ...]) -> None:
    result = typed(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: coupon-bot" in result.stderr
    assert "Error: " in result.stderr


def test_as_a_program_it_says_the_same_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "No such command 'nothing'" in done.stderr
    assert "Traceback" not in done.stderr


def test_manifest_prints_the_file_byte_for_byte() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "manifest"], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == (ROOT / "manifest.yml").read_bytes()


# --- migrate


def test_migrate_makes_a_database_says_so_and_then_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    made = typed("migrate", "--database", path)
    assert made.exit_code == 0
    assert "m001" in made.stdout
    assert rows(path, "pragma user_version") == [(LATEST,)]
    again = typed("migrate", COUPON_DATABASE=str(path))
    assert (again.exit_code, again.stdout) == (0, f"{path}: nothing to do\n")


def test_migrate_keeps_every_row(database: Path) -> None:
    before = rows(database, "select * from event"), rows(database, "select * from request")
    assert typed("migrate", "--database", database).exit_code == 0
    assert before == (rows(database, "select * from event"), rows(database, "select * from request"))


def test_migrate_refuses_what_is_no_database_of_ours_and_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("eggs, milk\n" * 200)
    result = typed("migrate", "--database", path)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert path.read_text() == "eggs, milk\n" * 200


def test_migrate_into_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    result = typed("migrate", "--database", tmp_path / "nowhere" / "coupon.db")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "nowhere" in result.stderr


# --- audit


def test_verify_says_that_a_whole_log_is_whole(database: Path) -> None:
    result = typed("audit", "verify", "--database", database)
    assert result.exit_code == 0
    [(head,)] = rows(database, "select hash from event order by seq desc limit 1")
    assert f"whole. 12 events, head #12 {head[:16]}" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("update event set body = replace(body, 'U0WANG', 'U0QIAN') where seq = 3", "#3"),
        ("delete from event where seq = 4", "#4"),
        ("update request set coupon_code = 'ANOTHER' where id = 1", "#1"),
        ("delete from approval where request_id = 2", "#2"),
    ],
)
def test_verify_ends_with_1_and_says_where_a_log_was_damaged(
    database: Path, tmp_path: Path, damage: str, words: str
) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(database, copy)
    tamper(copy, damage)
    result = typed("audit", "verify", "--database", copy)
    assert result.exit_code == 1
    [sentence] = result.stderr.splitlines()
    assert "NOT whole" in sentence
    assert words in sentence
    # The one beside it is as it was.
    assert typed("audit", "verify", "--database", database).exit_code == 0


@pytest.mark.parametrize("command", ["verify", "show", "search"])
def test_reading_a_log_that_is_not_there_ends_with_2_and_makes_no_file(tmp_path: Path, command: str) -> None:
    missing = tmp_path / "coupon.db"
    result = typed("audit", command, "--database", missing)
    assert result.exit_code == 2
    [sentence] = result.stderr.splitlines()
    assert str(missing) in sentence
    assert "does not exist" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["verify", "show", "search"])
def test_reading_something_else_as_a_log_ends_with_2(tmp_path: Path, command: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("eggs, milk\n" * 200)
    result = typed("audit", command, "--database", path)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_show_tells_one_requests_story_in_order(database: Path) -> None:
    result = typed("audit", "show", "--request", 2, "--database", database)
    assert result.exit_code == 0
    head, timeline = result.stdout.split("What happened, in Beijing time:\n")
    assert head.startswith("Request #2: sent\n")
    found, _ = timeline.split("\n\n")
    assert [line.split()[0] for line in found.splitlines()] == ["6", "7", "8", "9", "10"]
    assert "U0LI asked for 1212121212 (¥10.00), which needs 1 approval" in timeline
    assert "the coupon was sent: CODE1" in timeline


def test_show_without_a_request_prints_the_newest_oldest_first(database: Path) -> None:
    result = typed("audit", "show", "--limit", 3, "--database", database)
    head, *lines = result.stdout.splitlines()
    assert "Beijing time" in head
    assert [line.split()[:3] for line in lines] == [
        [seq, "2026-11-23", "10:13:20"] for seq in ("10", "11", "12")
    ]


def test_proving_changes_nothing_in_the_file(database: Path) -> None:
    before = database.read_bytes()
    typed("audit", "verify", "--database", database)
    typed("audit", "checkpoint", "--database", database)
    assert database.read_bytes() == before


INTERRUPTED = """
import sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == "bot.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, CtrlC())
from bot.__main__ import main
main()
"""


def test_each_command_is_where_it_is_looked_for_and_says_what_it_is_for() -> None:
    for words, command in commands(cli):
        assert command.name == words[-1]
        assert command.get_short_help_str()


@pytest.mark.parametrize(
    "words", [("audit", "verify"), ("audit", "export"), ("audit", "report"), ("erase",), ("migrate",)]
)
def test_what_only_needs_the_file_does_not_load_slack(words: tuple[str, ...]) -> None:
    """Else each of these takes two seconds to start."""
    program = f"""
import sys
from bot.cli.main import cli
cli({[*words, "--help"]}, standalone_mode=False)
print(sorted({{"aiohttp", "httpx", "slack_bolt", "datasette"}} & set(sys.modules)))
"""
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "not_loaded"),
    [
        (("verify",), {"cryptography", "pydantic", "coupons.events", "storage.rows"}),
        (("search", "nobody-called-it-so"), {"cryptography", "pydantic", "storage.proof.verify"}),
    ],
    ids=["verify", "search"],
)
def test_a_command_loads_what_it_needs_and_no_more(
    words: tuple[str, ...], not_loaded: set[str], database: Path
) -> None:
    """These are most of the time that a short log takes."""
    program = f"""
import sys
from bot.cli.main import cli
cli({["audit", *words, "--database", str(database)]}, standalone_mode=False)
print(sorted({not_loaded} & set(sys.modules)))
"""
    # In a checkout, whose coupon.toml is read for its aliases.
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


def test_ctrl_c_while_the_program_is_still_loading_leaves_no_traceback() -> None:
    found = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("rnu",), "run"),
        (("docter",), "doctor"),
        (("Audit",), "audit"),
        (("audit", "verfy"), "verify"),
        (("wechat", "cupons"), "coupons"),
    ],
    ids=str,
)
def test_a_word_that_is_no_command_is_answered_with_the_nearest(words: tuple[str, ...], nearest: str) -> None:
    result = typed(*words)
    assert result.exit_code == 2
    assert f"Error: No such command {words[-1]!r}; did you mean {nearest!r}?" in result.stderr


def test_a_word_that_is_like_none_gets_no_guess() -> None:
    assert "did you mean" not in typed("xyzzy").stderr


def test_the_version_is_the_changelogs() -> None:
    newest = re.search(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert newest is not None
    result = typed("--version")
    assert (result.exit_code, result.stdout) == (0, f"coupon-bot {newest[1]}\n")


def test_a_missing_coupon_toml_is_told_together_with_missing_settings(tmp_path: Path) -> None:
    result = typed("run", COUPON_CONFIG=str(tmp_path / "coupon.toml"), COUPON_LISTEN="nowhere")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    for words in (
        "WECHATPAY_MCHID is missing",
        "COUPON_LISTEN reads 'nowhere'",
        "coupon.toml cannot be read",
    ):
        assert [line for line in lines if words in line], words


def test_a_place_of_coupon_toml_that_is_none_is_told_once(tmp_path: Path) -> None:
    result = typed("run", COUPON_CONFIG=f'"{tmp_path}/coupon.toml"')
    assert result.exit_code == 2
    assert len([line for line in result.stderr.splitlines() if "COUPON_CONFIG" in line]) == 1
