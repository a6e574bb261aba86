"""The collector of garbage while modules are loaded, and after."""

from __future__ import annotations

import gc
import subprocess
import sys
from importlib import import_module

import pytest

from bot.loading import loading
from tests.storage.records import ROOT


def test_it_collects_again_after_what_was_loaded_and_after_what_could_not_be() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), loading():
        import_module("nobody_has_such_a_module")
    assert gc.isenabled()


def test_a_bot_loads_no_reader_and_no_writer_of_workbooks() -> None:
    """A file is read in a process of its own, and few batches are ever written."""
    program = "import sys, bot.cli.running; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {"xlsxwriter", "python_calamine", "handlers.bulk.reading", "babel"} & set(found.stdout.split())
    assert loaded == set()


def test_what_was_loaded_is_not_looked_through_again() -> None:
    program = """
import gc
from bot.loading import loading
with loading():
    import email.message
print(gc.get_freeze_count() > 1000)
with loading():
    import email.message
gc.unfreeze()
with loading():
    import email.message
print(gc.get_freeze_count())
"""
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True", "0"]
