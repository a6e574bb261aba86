"""docs/operator.md names what `/readyz` and `/metrics` name, word for word."""

from __future__ import annotations

import re
from pathlib import Path

from bot.metrics import Metrics
from bot.needs import LOSSES, Need
from bot.readiness import Readiness

PAGE = (Path(__file__).parents[2] / "docs" / "operator.md").read_text(encoding="utf-8")


def table(head: str) -> list[list[str]]:
    """The cells of the rows under this head."""
    found = re.search(rf"^{re.escape(head)}\n\| --- .*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found, head
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in found[1].splitlines()]


def test_the_table_of_what_makes_readyz_fall_is_the_codes() -> None:
    written = [[f"`{need}`", LOSSES[need].when, LOSSES[need].cure] for need in Need]
    assert table("| need | falls when | cure |") == written


def test_readyz_says_the_cure_of_the_table() -> None:
    readiness = Readiness()
    for need in Need:
        readiness.lacks(need, f"no {need}")
    assert readiness.lines() == [f"{need}: no {need}. Cure: {LOSSES[need].cure}" for need in Need]


def test_the_table_of_metrics_is_the_codes() -> None:
    metrics = Metrics()
    metrics.follow(lambda _need: False)
    metrics.wait({}, 0)
    written = []
    for family in metrics.registry.collect():
        labels = sorted({label for sample in family.samples for label in sample.labels if label != "le"})
        name = f"{family.name}_total" if family.type == "counter" else family.name
        written.append([f"`{name}`", family.type, ", ".join(labels), family.documentation])
    assert table("| metric | kind | labels | counts |") == written
