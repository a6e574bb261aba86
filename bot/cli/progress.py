"""How far a long command is, for a person who waits at a terminal; a program or a log sees nothing of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import click

#: What is shorter is over before a bar could be read.
_LONG: Final = 50_000
_STEPS: Final = 100

Tell = Callable[[int, int], None]


@contextmanager
def progress(label: str) -> Iterator[Tell]:
    """Call it with the place that was reached, and with the last one."""
    with ExitStack() as stack:
        bar: Any = None
        reached = 0

        def tell(place: int, last: int) -> None:
            nonlocal bar, reached
            if last < _LONG or not sys.stderr.isatty():
                return
            if bar is None:
                steps = last // _STEPS
                bar = stack.enter_context(
                    click.progressbar(length=last, label=label, file=sys.stderr, update_min_steps=steps)
                )
            bar.update(place - reached)
            reached = place

        yield tell
