"""Where a command writes: a new file, whole or not at all, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot.cli.options import too_narrow
from storage.errors import ExportRefused
from storage.export import new_file


@contextmanager
def stream_of(output: str) -> Iterator[TextIO]:
    """Of `--output`. Raises ExportRefused."""
    if not output:
        raise ExportRefused("--output names no file; give the path of a new one, or - for standard output")
    if output == "-":
        with standard_output() as stream:
            yield stream
    else:
        with new_file(Path(output)) as stream:
            yield stream


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Written out when this ends. Raises ExportRefused, when its disk is full for example."""
    if sys.stdout is None:
        # The shell's >&- closes it.
        raise ExportRefused("standard output is closed, so nothing can be written there")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # `| head` has enough, and click ends the program without a word.
        raise
    except UnicodeEncodeError as error:
        raise ExportRefused(too_narrow(error)) from error
    except OSError as error:
        # What is left would fail once more at the end of the program, and Python would tell of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ExportRefused(f"standard output cannot be written: {error.strerror or error}") from error
