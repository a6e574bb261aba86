"""What a person must put right: one kind of error, said in one place, whichever command meets it."""

from __future__ import annotations

import pickle

import click
import pytest
from click.testing import CliRunner

from bot.cli.lazy_group import LazyGroup
from bot.cli.wechat_call import TargetRefused
from bot.config.settings import SettingsProblems
from bot.config.toml_tables import CouponTomlProblems
from bot.readiness import StartRefused
from coupons.csv_rows import BillRefused
from coupons.errors import Refusal, StorageUnavailable
from handlers.workspace_checks import WorkspaceRefused
from storage.errors import CheckpointRefused, DatabaseRefused, ExportRefused

KINDS = (
    BillRefused,
    CheckpointRefused,
    CouponTomlProblems,
    DatabaseRefused,
    ExportRefused,
    SettingsProblems,
    StartRefused,
    TargetRefused,
    WorkspaceRefused,
)


def _run(error: Exception) -> tuple[int, str, str]:
    """Of a command in a group in a group, as `audit search` is."""
    outer, inner = LazyGroup("outer", places={}), LazyGroup("inner", places={})

    @inner.command()
    def work() -> None:
        raise error

    outer.add_command(inner)
    result = CliRunner().invoke(outer, ["inner", "work"])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_said_a_sentence_a_line_with_status_2(kind: type[Refusal]) -> None:
    error = kind("the first is wrong", "and the second")
    assert _run(error) == (2, "", "the first is wrong\nand the second\n")
    assert str(error) == "the first is wrong\nand the second"
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_what_was_not_kept_is_said_like_it() -> None:
    assert _run(StorageUnavailable("the disk is full")) == (2, "", "the disk is full\n")


def test_a_fault_of_ours_is_not_hidden_as_a_refusal() -> None:
    result = CliRunner().invoke(LazyGroup("outer", places={}, commands=[_broken]), ["broken"])
    assert isinstance(result.exception, KeyError)


@click.command("broken")
def _broken() -> None:
    raise KeyError("code")
