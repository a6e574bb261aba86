"""Loads modules without looking for garbage among them: there is none, and it takes a tenth of the time.

Nor is there any at the end of the process, where all of it would be looked through once more.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is there at its end stays for as long as the process runs, and is not looked through again."""
    before, was_on = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > before:
            gc.freeze()
        if was_on:
            gc.enable()
